"""`anime-color`: train, color, recolor, score. Exit code 0, or 2 with one line that says what to do."""

import argparse
import io
import math
import os
import sys
import tempfile
from pathlib import Path

import numpy as np

from anime_color import presets, recipes, settings
from anime_color.coloring import chroma, directions, noise
from anime_color.coloring.colorizer import Colorizer
from anime_color.coloring.directions import SLIDERS
from anime_color.scores import results, scoring
from anime_color.training import engine, runs
from anime_color.training.callbacks import NotFinite
from data_prep.errors import BadInput
from data_prep.pictures import open_image, open_with_alpha


def main(arguments=None):
    """Runs one command; returns the exit code."""
    options = _parser().parse_args(arguments)
    return exit_code("anime-color", lambda: options.command(options))


def exit_code(program, command):
    """Calls `command()`; returns 0, or 2 after one line on stderr, begun with the name of the program."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # names may hold what the terminal cannot show
    try:
        command()
        return 0
    except (BadInput, NotFinite) as error:
        said = error
    except OSError as error:
        name, reason = error.filename2 or error.filename or "a file", error.strerror or error
        said = BadInput(f"{name}: cannot be read or written ({reason}); check the path, its permissions and the space")
    print(f"{program}: {said}", file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    def error(self, message):
        # argparse would print the usage as well; a user gets one line that says what to mend
        self.exit(2, f"anime-color: {' '.join(message.split())}; see {self.prog} --help\n")


def _parser():
    parser = _Parser("anime-color", description="Color gray anime faces many ways.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    train_parser = commands.add_parser("train", help="train a recipe on a face set; the same command continues the run")
    train_parser.add_argument("recipe", metavar="RECIPE", help=" or ".join(recipes.NAMES))
    train_parser.add_argument(
        "--faces", required=True, nargs="+", metavar="FACESET", help="folders made by python -m data_prep"
    )
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
    chroma_parser.add_argument(
        "--schedule", default="balanced", help=f"{', '.join(noise.SCHEDULES)}; default %(default)s"
    )
    chroma_parser.set_defaults(command=_chroma)

    chroma_parser.add_argument("--around", type=_positive(int), metavar="K", help="variations of the K-th coloring")
    chroma_parser.add_argument("--distance", type=_positive(float), help="of the variations, in radians (0.5)")

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
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            needed = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text!r} given, needed is a {needed} above 0")
        return number

    return read


def _numbers(count):
    def read(text):
        try:
            numbers = tuple(int(number) for number in text.split(","))
        except ValueError:
            numbers = ()
        if len(numbers) != count:
            raise argparse.ArgumentTypeError(f"{text!r} given, needed are {count} whole numbers with commas between")
        return numbers

    return read


def _train(options):
    if options.score_epochs < 0:
        raise BadInput(f"--score-epochs {options.score_epochs}: needed is a number from 0, which is none")
    _check_folder("--run", options.run, options.run)
    if options.start is not None:
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
    if options.start is not None:
        print(f"\nbefore and after, on pictures of {options.faces[0]} that were not trained on:\n")
        scores, context = scoring.side_by_side([options.start, options.run], options.faces[0])
        print(results.table(scores, context))


def _chroma(options):
    _check_out("--out", options.out, ".png", options.pictures)
    if options.distance and not options.around:
        raise BadInput(f"--distance {options.distance:g}: that of variations; give --around too, or leave it out")
    colorizer = Colorizer.from_preset(options.weights)
    noises = colorizer.noises(options.noises, options.seed, options.schedule)
    facts = {"seed": options.seed, "schedule": options.schedule, "weights": colorizer.name}
    if options.around:
        chosen = _picked(noises, options.around)
        distance = options.distance or 0.5
        noises = noise.neighbors(chosen, options.noises, distance, options.seed)
        facts |= {"around": options.around, "distance": distance}
    sheets, clipped = [], []
    for rgb in [open_image(picture) for picture in options.pictures]:
        sheets.append(chroma.sheet(rgb, colorizer.chroma(rgb, noises)))
        clipped.append(colorizer.clipped)
    chroma.save_png(chroma.stack(sheets), options.out, facts)
    print(f"{options.out}: {len(sheets)} x {options.noises} colorings by {colorizer.name}{_desaturated(clipped)}")


def _colorize(options):
    known, saved = options.character is not None, options.save_character is not None
    _check_out("--out", options.out, ".png", [options.picture])
    if saved:
        _check_out("--save-character", options.save_character, ".json", [])
    if known and (options.pick or options.move or saved):
        raise BadInput("--character brings its own noise: leave out --pick, --move and --save-character")
    sliders = _sliders(options.move)
    colorizer = Colorizer.from_preset(options.weights)
    picture = _pixels(options.picture)
    facts = {"weights": colorizer.name}
    if known:
        colored = colorizer.colorize(picture, character=options.character)
    else:
        chosen = _picked(colorizer.noises(options.noises, options.seed), options.pick or 1)
        if sliders:
            chosen = directions.find(colorizer).moved(chosen, **sliders)
        colored = colorizer.colorize(picture, chosen)
        facts |= {"noise": " ".join(f"{number:.4f}" for number in chosen)}
    character = colorizer.character(picture, chosen) if saved else None  # what is bad is told before a file is written
    chroma.save_png(colored, options.out, facts)
    print(f"{options.out}: colored by {colorizer.name}{_desaturated(colorizer.clipped)}")
    if saved:
        character.save(options.save_character)
        print(f"{options.save_character}: the noise and the palette of it, for --character")


def _recolor(options):
    region = next(given for given in (options.mask, options.box, options.click) if given is not None)
    _check_out("--out", options.out, ".png", [options.picture, *([options.mask] if options.mask else [])])
    colorizer = Colorizer.from_preset(options.weights)
    noises = colorizer.noises(options.noises, options.seed)
    if options.pick:
        noises = _picked(noises, options.pick)[None]
    picture = _pixels(options.picture) if options.pick else open_image(options.picture)  # a sheet lies on white
    colorings = colorizer.recolor(picture, region, noises)
    shown = colorings[0] if options.pick else chroma.sheet(picture, colorings)
    chroma.save_png(shown, options.out, {"seed": options.seed, "weights": colorizer.name})
    print(f"{options.out}: {len(colorings)} recolored by {colorizer.name}")


def _check_out(option, path, suffix, read):
    """BadInput if a file with the name `path` cannot be written, or is one of those that are `read`: told before any
    work."""
    if not path.lower().endswith(suffix):
        raise BadInput(f"{option} {path}: needed is a name ending in {suffix}")
    _check_folder(option, path, os.path.dirname(path))
    if os.path.isdir(path):
        raise BadInput(f"{option} {path}: a folder has this name; name another file")
    there = os.path.realpath(path)  # also what missing/../face.png will be
    if os.path.exists(there) and any(os.path.exists(one) and os.path.samefile(there, one) for one in read):
        raise BadInput(f"{option} {path}: would overwrite what the command reads; name another file")


def _check_folder(option, path, folder):
    """BadInput if nothing can be made in `folder`, there or not: tried out, for permissions do not tell it all."""
    try:
        folder = Path(os.path.realpath(folder))
        while not folder.exists():
            folder = folder.parent
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"{option} {path}: cannot be written ({error.strerror}); name another place") from error


def _pixels(path):
    """A picture as an array that keeps its transparency: read at once, so that a bad one is told before long work."""
    rgb, alpha = open_with_alpha(path)
    return rgb if alpha is None else np.dstack([rgb, alpha])


def _picked(noises, number):
    if number > len(noises):
        raise BadInput(f"coloring {number} of a sheet of {len(noises)}: pick one from 1 to {len(noises)}")
    return noises[number - 1]


def _sliders(assignments):
    """{"warmth": 8.0} of ["warmth=8"]."""
    sliders = {}
    for assignment in assignments:
        name, _, amount = assignment.partition("=")
        if name in sliders:
            raise BadInput(f"--move {assignment}: {name} is moved twice; give it once")
        try:
            sliders[name] = float(amount)
        except ValueError:
            raise BadInput(f"--move {assignment}: needed is name=number with a name of {', '.join(SLIDERS)}") from None
    directions.check(sliders)
    return sliders


def _desaturated(clipped):
    return f"; {100 * np.mean(clipped):.1f} % of the pixels desaturated to keep their lightness in sRGB"


def _score(options):
    names = options.systems + options.weights
    if not names:
        raise BadInput("nothing to score: name one or more presets or run folders (see anime-color presets)")
    if options.out is not None:
        _check_out("--out", options.out, ".jsonl", [])
        _check_out("--out", str(Path(options.out).with_suffix(".png")), ".png", [])  # the picture beside them
    noise.schedule("balanced", 1, options.noises, options.seed)  # bad ones are told before the faces are looked at
    scores, context = scoring.side_by_side(
        names, options.faces, options.split, options.noises, options.seed, options.features, progress=True
    )
    print(results.table(scores, context))
    if options.out is not None:
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
