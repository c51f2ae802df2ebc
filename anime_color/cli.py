"""`anime-color`: train, chroma, presets. Exit code 0, or 2 with one line that says what to do."""

import argparse
import sys

from anime_color import chroma, engine, presets, recipes, runs, settings
from anime_color.callbacks import NotFinite
from anime_color.colorizer import Colorizer
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
    train_parser.add_argument("recipe", metavar="RECIPE", help="gan or wgan_gp")
    train_parser.add_argument("--faces", required=True, metavar="FACESET", help="folder made by python -m data_prep")
    train_parser.add_argument("--run", required=True, help="folder of the run")
    train_parser.add_argument("--preset", default="practical", help="tiny, practical (default) or faithful")
    train_parser.add_argument("--epochs", type=_positive(int), help="passes over the faces, over all sessions")
    train_parser.add_argument("--steps", type=_positive(int), help="train steps, over all sessions")
    train_parser.add_argument("--minutes", type=_positive(float), help="minutes of training, over all sessions")
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
    trainer = runs.train(
        options.recipe, chosen, options.faces, options.run, options.epochs, options.steps, options.minutes
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
