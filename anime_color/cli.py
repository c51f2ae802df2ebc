"""`anime-color`: train, chroma, score, presets. Exit code 0, or 2 with one line that says what to do."""

import argparse
import sys
from pathlib import Path

from anime_color import chroma, engine, presets, recipes, runs, settings
from anime_color.callbacks import NotFinite
from anime_color.colorizer import Colorizer
from anime_color.scores import results, scoring
from data_prep.errors import BadInput
from data_prep.pictures import open_image


def main(arguments=None):
    """Runs one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        options.command(options)
    except (BadInput, NotFinite) as error:
        print(f"anime-color: {error}", file=sys.stderr)
        return 2
    return 0


def _parser():
    parser = argparse.ArgumentParser("anime-color", description="Color gray anime faces many ways.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train_parser = commands.add_parser("train", help="train a recipe on a face set; the same command continues the run")
    train_parser.add_argument("recipe", metavar="RECIPE", help=" or ".join(recipes.NAMES))
    train_parser.add_argument("--faces", required=True, metavar="FACESET", help="folder made by python -m data_prep")
    train_parser.add_argument("--run", required=True, help="folder of the run")
    train_parser.add_argument("--preset", default="practical", help="tiny, practical (default) or faithful")
    train_parser.add_argument("--epochs", type=_positive(int), help="passes over the faces, over all sessions")
    train_parser.add_argument("--steps", type=_positive(int), help="train steps, over all sessions")
    train_parser.add_argument("--minutes", type=_positive(float), help="minutes of training, over all sessions")
    train_parser.add_argument("--score-epochs", type=int, default=5, metavar="N", help="scores in the log every N (5)")
    train_parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change one setting")
    train_parser.set_defaults(command=_train)

    chroma_parser = commands.add_parser("chroma", help="color pictures many ways: the chroma sheet")
    chroma_parser.add_argument("pictures", nargs="+", metavar="PICTURE")
    chroma_parser.add_argument("--weights", required=True, metavar="PRESET|RUN")
    chroma_parser.add_argument("--out", required=True, metavar="SHEET.png")
    chroma_parser.add_argument("--noises", type=_positive(int), default=25)
    chroma_parser.add_argument("--seed", type=int, default=0)
    chroma_parser.add_argument("--schedule", default="random", help="random (default), segments or normalized_segments")
    chroma_parser.set_defaults(command=_chroma)

    score_parser = commands.add_parser("score", help="score weights on faces never trained on, side by side")
    score_parser.add_argument("systems", nargs="*", metavar="PRESET|RUN")
    score_parser.add_argument("--weights", nargs="+", default=[], metavar="PRESET|RUN", help="more of them")
    score_parser.add_argument("--faces", required=True, metavar="FACESET")
    score_parser.add_argument("--out", metavar="SCORES.jsonl", help="JSON lines; a picture is written beside them")
    score_parser.add_argument("--split", default="test", help="test (default), validation, train or all")
    score_parser.add_argument("--noises", type=_positive(int), default=25)
    score_parser.add_argument("--seed", type=int, default=0)
    score_parser.add_argument("--features", default="faces", help="faces (default) or inception")
    score_parser.set_defaults(command=_score)

    presets_parser = commands.add_parser("presets", help="list shipped weights, and the recipes with their settings")
    presets_parser.set_defaults(command=_presets)
    return parser


def _positive(kind):
    def read(text):
        if not kind(text) > 0:
            raise ValueError
        return kind(text)

    read.__name__ = f"{kind.__name__} above 0"
    return read


def _train(options):
    chosen = settings.with_values(settings.preset(options.recipe, options.preset), options.set)
    print(engine.devices())
    if options.score_epochs < 0:
        raise BadInput(f"--score-epochs {options.score_epochs}: needed is a number from 0, which is none")
    trainer = runs.train(
        options.recipe,
        chosen,
        options.faces,
        options.run,
        options.epochs,
        options.steps,
        options.minutes,
        score_epochs=options.score_epochs,
    )
    print(f"{options.run}: {trainer.steps_done} steps; the same command with a larger budget continues")


def _chroma(options):
    if not options.out.lower().endswith(".png"):
        raise BadInput(f"--out {options.out}: needed is a name ending in .png")
    colorizer = Colorizer.from_preset(options.weights)
    sheets = []
    for rgb in [open_image(picture) for picture in options.pictures]:
        sheets.append(chroma.sheet(rgb, colorizer.chroma(rgb, options.noises, options.seed, options.schedule)))
    facts = {"seed": options.seed, "schedule": options.schedule, "weights": colorizer.name}
    chroma.save_png(chroma.stack(sheets), options.out, facts)
    print(f"{options.out}: {len(sheets)} x {options.noises} colorings by {colorizer.name}")


def _score(options):
    names = options.systems + options.weights
    if not names:
        raise BadInput("nothing to score: name one or more presets or run folders (see anime-color presets)")
    if options.out and not options.out.lower().endswith(".jsonl"):
        raise BadInput(f"--out {options.out}: needed is a name ending in .jsonl")
    scores, context = scoring.side_by_side(
        names, options.faces, options.split, options.noises, options.seed, options.features, progress=True
    )
    print(results.table(scores, context))
    if options.out:
        out = Path(options.out)
        out.parent.mkdir(parents=True, exist_ok=True)
        results.write(scores, context, out)
        results.picture(scores, context, out.with_suffix(".png"))
        print(f"{out}: {len(scores)} systems; picture: {out.with_suffix('.png')}")


def _presets(options):
    for name in presets.shipped():
        about = presets.read_description(presets.SHIPPED / name / "config.json")
        print(f"{name:16} weights for --weights: {about['recipe']}, {about['steps']} steps, {about['minutes']} minutes")
    for recipe in recipes.NAMES:
        for name in recipes.PRESETS:
            values = settings.preset(recipe, name)
            counts = [
                f"{n} {network.count_params():,}" for n, network in recipes.get(recipe).build(values).networks.items()
            ]
            print(f"{recipe:16} --preset {name:10} {values.size} px, parameters: {', '.join(counts)}")
