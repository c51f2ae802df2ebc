"""The command `anime-color study`."""

import argparse
import shlex

from anime_color.arguments import CLOCKS, positive
from anime_color.scores import features


def add_to(commands):
    """Adds the command to argparse's subparsers."""
    study = commands.add_parser(
        "study", help="how well weights move to other pictures, as they are and fine-tuned: a page"
    )
    study.add_argument("--weights", required=True, nargs="+", metavar="PRESET|RUN")
    study.add_argument("--faces", required=True, nargs="+", metavar="FACESET", help="trained on its train split")
    study.add_argument("--minutes", required=True, type=positive(float), help="of fine-tuning, for each run")
    study.add_argument("--out", required=True, metavar="FOLDER", help="the page; the same command continues it")
    study.add_argument(
        "--counts",
        nargs="+",
        type=_count,
        default=[25, 100, "all"],
        metavar="N",
        help="pictures to fine-tune on: 25 100 all",
    )
    study.add_argument(
        "--clock", choices=CLOCKS, default="wall", help="cpu: minutes of processor time, for a shared machine"
    )
    study.add_argument("--noises", type=positive(int), default=25, help="colorings of a picture, where there is noise")
    study.add_argument("--seed", type=int, default=0)
    study.add_argument("--features", choices=features.NAMES, default="faces")
    study.set_defaults(command=_study)


def _study(options):
    from anime_color import study  # late: the commands of this room are asked for whatever the command is

    names = ("weights", "faces", "minutes", "counts", "out", "clock", "noises", "seed", "features")
    values = {name: getattr(options, name) for name in names}
    words = ["anime-color", "study"]
    for name, value in values.items():
        words += [
            f"--{name}",
            *(map(str, value) if isinstance(value, list) else [f"{value:g}" if name == "minutes" else str(value)]),
        ]
    page = study.run(**values, command=shlex.join(words))
    if page:
        print(f"{page}: read it")


def _count(text):
    if text != "all" and not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r} given, needed is a whole number above 0, or all")
    return text if text == "all" else int(text)
