"""`anime-color`: train, color, recolor, score. Exit code 0, or 2 with one line that says what to do."""

import argparse
import sys
from pathlib import Path

import numpy as np

from anime_color import chroma, directions, engine, noise, presets, recipes, runs, settings
from anime_color.callbacks import NotFinite
from anime_color.colorizer import Colorizer
from anime_color.directions import SLIDERS
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
    begun = train_parser.add_mutually_exclusive_group()
    begun.add_argument("--preset", default="practical", help="tiny, practical (default) or faithful")
    begun.add_argument(
        "--from", dest="start", metavar="PRESET|RUN", help="fine-tune these weights, with their settings"
    )
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

    chroma_parser.add_argument("--around", type=_positive(int), metavar="K", help="variations of the K-th coloring")
    chroma_parser.add_argument("--distance", type=float, default=0.5, help="of the variations, in radians (0.5)")

    colorize_parser = commands.add_parser("colorize", help="color one picture once, at its own size")
    colorize_parser.add_argument("--character", metavar="FILE", help="the noise and the palette of a saved character")
    colorize_parser.add_argument("--save-character", metavar="FILE", help="keep this coloring's noise and palette")
    colorize_parser.add_argument(
        "--move", action="append", default=[], metavar="NAME=AMOUNT", help="; ".join(map(" in ".join, SLIDERS.items()))
    )
    colorize_parser.set_defaults(command=_colorize)

    recolor_parser = commands.add_parser("recolor", help="new colors in a part of a picture: a sheet, or one of it")
    region = recolor_parser.add_mutually_exclusive_group(required=True)
    region.add_argument("--mask", metavar="MASK.png", help="where this picture of the same size is not black")
    region.add_argument("--box", type=_numbers(4), metavar="LEFT,TOP,RIGHT,BOTTOM")
    region.add_argument("--click", type=_numbers(2), action="append", metavar="X,Y", help="on a piece of even color")
    recolor_parser.set_defaults(command=_recolor)

    for picked in (colorize_parser, recolor_parser):
        picked.add_argument("picture", metavar="PICTURE")
        picked.add_argument("--weights", required=True, metavar="PRESET|RUN")
        picked.add_argument("--out", required=True, metavar="OUT.png")
        picked.add_argument("--pick", type=_positive(int), metavar="K", help="the K-th coloring of the sheet, from 1")
        picked.add_argument("--noises", type=_positive(int), default=25, help="of the sheet")
        picked.add_argument("--seed", type=int, default=0, help="of the sheet")

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


def _numbers(count):
    def read(text):
        numbers = tuple(int(number) for number in text.split(","))
        if len(numbers) != count:
            raise ValueError
        return numbers

    read.__name__ = f"{count} whole numbers with commas between"
    return read


def _train(options):
    if options.score_epochs < 0:
        raise BadInput(f"--score-epochs {options.score_epochs}: needed is a number from 0, which is none")
    if options.start:
        chosen, said = runs.fine_tuning(options.recipe, options.start, options.faces)
    else:
        chosen, said = settings.preset(options.recipe, options.preset), None
    chosen = settings.with_values(chosen, options.set)
    print(engine.devices())
    if said:
        print(said)
    trainer = runs.train(
        options.recipe,
        chosen,
        options.faces,
        options.run,
        options.epochs,
        options.steps,
        options.minutes,
        score_epochs=options.score_epochs,
        start=options.start,
    )
    print(f"{options.run}: {trainer.steps_done} steps; the same command with a larger budget continues")
    if options.start:
        print(f"\nbefore and after, on pictures of {options.faces} that were not trained on:\n")
        scores, context = scoring.side_by_side([options.start, options.run], options.faces)
        print(results.table(scores, context))


def _chroma(options):
    _check_png(options.out)
    colorizer = Colorizer.from_preset(options.weights)
    noises = colorizer.noises(options.noises, options.seed, options.schedule)
    facts = {"seed": options.seed, "schedule": options.schedule, "weights": colorizer.name}
    if options.around:
        chosen = _picked(noises, options.around)
        noises = noise.neighbors(chosen, options.noises, options.distance, options.seed)
        facts |= {"around": options.around, "distance": options.distance}
    sheets, clipped = [], []
    for rgb in [open_image(picture) for picture in options.pictures]:
        sheets.append(chroma.sheet(rgb, colorizer.chroma(rgb, noises)))
        clipped.append(colorizer.clipped)
    chroma.save_png(chroma.stack(sheets), options.out, facts)
    print(f"{options.out}: {len(sheets)} x {options.noises} colorings by {colorizer.name}{_desaturated(clipped)}")


def _colorize(options):
    _check_png(options.out)
    if options.character and (options.pick or options.move or options.save_character):
        raise BadInput("--character brings its own noise: leave out --pick, --move and --save-character")
    colorizer = Colorizer.from_preset(options.weights)
    facts = {"weights": colorizer.name}
    if options.character:
        colored = colorizer.colorize(options.picture, character=options.character)
    else:
        chosen = _picked(colorizer.noises(options.noises, options.seed), options.pick or 1)
        sliders = _sliders(options.move)
        if sliders:
            chosen = directions.find(colorizer).moved(chosen, **sliders)
        colored = colorizer.colorize(options.picture, chosen)
        facts |= {"noise": " ".join(f"{number:.4f}" for number in chosen)}
    chroma.save_png(colored, options.out, facts)
    print(f"{options.out}: colored by {colorizer.name}{_desaturated(colorizer.clipped)}")
    if options.save_character:
        colorizer.character(options.picture, chosen).save(options.save_character)
        print(f"{options.save_character}: the noise and the palette of it, for --character")


def _recolor(options):
    _check_png(options.out)
    colorizer = Colorizer.from_preset(options.weights)
    noises = colorizer.noises(options.noises, options.seed)
    if options.pick:
        noises = _picked(noises, options.pick)[None]
    picture = options.picture if options.pick else open_image(options.picture)  # a sheet lies on white
    colorings = colorizer.recolor(picture, options.mask or options.box or options.click, noises)
    shown = colorings[0] if options.pick else chroma.sheet(picture, colorings)
    chroma.save_png(shown, options.out, {"seed": options.seed, "weights": colorizer.name})
    print(f"{options.out}: {len(colorings)} recolored by {colorizer.name}")


def _check_png(path):
    if not path.lower().endswith(".png"):
        raise BadInput(f"--out {path}: needed is a name ending in .png")


def _picked(noises, number):
    if number > len(noises):
        raise BadInput(f"coloring {number} of a sheet of {len(noises)}: pick one from 1 to {len(noises)}")
    return noises[number - 1]


def _sliders(assignments):
    """{"warmth": 8.0} of ["warmth=8"]."""
    sliders = {}
    for assignment in assignments:
        name, _, amount = assignment.partition("=")
        try:
            sliders[name] = float(amount)
        except ValueError:
            raise BadInput(f"--move {assignment}: needed is name=number with a name of {', '.join(SLIDERS)}") from None
    return sliders


def _desaturated(clipped):
    return f"; {100 * np.mean(clipped):.1f} % of the pixels desaturated to keep their lightness in sRGB"


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
