"""`anime-color`: train, color, recolor, score, study. Exit code 0, or 2 with one line that says what to do."""

import argparse
import io
import sys
from pathlib import Path

from anime_color import presets, recipes, settings
from anime_color.arguments import check_folder, check_out, positive
from anime_color.coloring import commands as coloring
from anime_color.coloring import noise, page_command
from anime_color.faces import SPLITS
from anime_color.scores import results, scoring
from anime_color.study import commands as study
from anime_color.training import engine, runs
from anime_color.training.callbacks import NotFinite
from data_prep.errors import BadInput


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
    train_parser.add_argument(
        "--also", action="append", default=[], metavar="NAME=FACESET", help="a further set: cartoons=... for cartoongan"
    )
    train_parser.add_argument("--run", required=True, help="folder of the run")
    begun = train_parser.add_mutually_exclusive_group()
    begun.add_argument("--preset", default="practical", help="tiny, practical (default) or faithful")
    begun.add_argument(
        "--from", dest="start", metavar="PRESET|RUN", help="fine-tune these weights, with their settings"
    )
    train_parser.add_argument("--epochs", type=positive(int), help="passes over the faces, over all sessions")
    train_parser.add_argument("--steps", type=positive(int), help="train steps, over all sessions")
    train_parser.add_argument("--minutes", type=positive(float), help="minutes of training, over all sessions")
    train_parser.add_argument("--pictures", type=positive(int), metavar="N", help="train on so many, drawn by the seed")
    train_parser.add_argument("--score-epochs", type=int, default=5, metavar="N", help="scores in the log every N (5)")
    train_parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="change one setting")
    train_parser.set_defaults(command=_train)

    coloring.add_to(commands)
    page_command.add_to(commands)

    score_parser = commands.add_parser("score", help="score weights on faces never trained on, side by side")
    score_parser.add_argument("systems", nargs="*", metavar="PRESET|RUN")
    score_parser.add_argument("--weights", nargs="+", default=[], metavar="PRESET|RUN", help="more of them")
    score_parser.add_argument("--faces", required=True, metavar="FACESET")
    score_parser.add_argument("--also", action="append", default=[], metavar="NAME=FACESET", help="as in train")
    score_parser.add_argument("--out", metavar="SCORES.jsonl", help="JSON lines; a picture is written beside them")
    score_parser.add_argument("--split", default="test", help=f"test (default), or of {', '.join(SPLITS)}")
    score_parser.add_argument("--noises", type=positive(int), default=25)
    score_parser.add_argument("--seed", type=int, default=0)
    score_parser.add_argument("--features", default="faces", help="faces (default) or inception")
    score_parser.set_defaults(command=_score)

    study.add_to(commands)

    presets_parser = commands.add_parser("presets", help="list shipped weights, and the recipes with their settings")
    presets_parser.set_defaults(command=_presets)
    return parser


def _train(options):
    if options.score_epochs < 0:
        raise BadInput(f"--score-epochs {options.score_epochs}: needed is a number from 0, which is none")
    check_folder("--run", options.run, options.run)
    if options.start is not None:
        chosen, said = runs.fine_tuning(options.recipe, options.start, options.faces, options.pictures)
    else:
        chosen, said = settings.preset(options.recipe, options.preset), None
    chosen, others = settings.with_values(chosen, options.set), _further(options.also)
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
        others=others,
        most=options.pictures,
    )
    print(f"{options.run}: {trainer.steps_done} steps; the same command with a larger budget continues")
    if options.start is not None:
        print(f"\nbefore and after, on pictures of {options.faces[0]} that were not trained on:\n")
        scores, context = scoring.side_by_side([options.start, options.run], options.faces[0], others=others)
        print(results.table(scores, context))


def _further(assignments):
    """{"cartoons": "cartoons256"} of ["cartoons=cartoons256"]."""
    sets = {}
    for assignment in assignments:
        name, separator, folder = assignment.partition("=")
        if not (name and separator and folder) or name in sets:
            raise BadInput(f"--also {assignment}: needed is NAME=FACESET, each name once")
        sets[name] = folder
    return sets


def _score(options):
    names = options.systems + options.weights
    if not names:
        raise BadInput("nothing to score: name one or more presets or run folders (see anime-color presets)")
    if options.out is not None:
        check_out("--out", options.out, ".jsonl")
        check_out("--out", str(Path(options.out).with_suffix(".png")), ".png")  # the picture beside them
    noise.schedule("balanced", 1, options.noises, options.seed)  # bad ones are told before the faces are looked at
    scores, context = scoring.side_by_side(
        names,
        options.faces,
        options.split,
        options.noises,
        options.seed,
        options.features,
        progress=True,
        others=_further(options.also),
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
