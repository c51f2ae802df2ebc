"""`python -m benchmarks.scoreboard`: trains recipes on one face set with equal budgets, scores them side by side.

    python -m benchmarks.scoreboard --faces FACES --out BOARD --minutes 20 --steps 600 --seeds 3 --recipes gan wgan_gp

Every recipe and seed trains to `--steps`, is scored, goes on to `--minutes` and is scored again. Stopped anywhere, the
same command continues; another command on the same BOARD adds its recipes or seeds to the tables. `--docs` puts the
tables into a page, between its two scoreboard comments, and the pictures into images/ beside it.

A system of several seeds has one column, the mean over its seeds, with an interval that redraws seeds and faces; the
interval of one seed is that of the faces alone.
"""

import argparse
import json
import sys
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from benchmarks.measure import apart, machine
from data_prep.errors import BadInput

BEGIN, END = "<!-- scoreboard: written by benchmarks/scoreboard.py -->", "<!-- end of scoreboard -->"
COMPARED = ("psnr", "kid", "ab_error_best", "hue_distance", "pairwise_ab_cells", "high_frequency_ab", "leak")


def main(arguments=None):
    """Runs the command; returns the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.docs:
            _around(options.docs)  # told before hours of training
        systems = [_system(name) for name in options.recipes]
        for system in systems:
            for seed in range(options.seeds):
                _one(options, system, seed)
        page = apart(_page, options.out, _budgets(options), apart(machine))
        if options.docs:
            _insert(page, options.docs, options.out)
    except BadInput as error:
        print(f"scoreboard: {error}", file=sys.stderr)
        return 2
    print(page)
    return 0


def _parser():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scoreboard", description=__doc__.split("\n")[0])
    parser.add_argument("--faces", required=True, type=Path, help="face set: trained on its train, scored on its test")
    parser.add_argument("--out", required=True, type=Path, metavar="BOARD", help="folder of the runs and their scores")
    parser.add_argument("--recipes", nargs="+", default=["gan", "wgan_gp"], metavar="RECIPE[:PRESET[:NAME=VALUE,...]]",
                        help="such as chromagan:practical:adversarial=0,classes=0")  # fmt: skip
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0")
    parser.add_argument("--minutes", type=float, default=20.0, help="of training, for each run")
    parser.add_argument("--steps", type=int, help="also score every run at this many train steps")
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall", help="cpu: minutes of processor time, fair "
                        "to runs that share a machine, if each is given one core")  # fmt: skip
    parser.add_argument("--docs", type=Path, metavar="PAGE.md", help="put the tables into this page")
    return parser


def _system(name):
    """(recipe, preset, [changed settings]) of RECIPE:PRESET:NAME=VALUE,..."""
    recipe, preset, changes = (*name.split(":", 2), "", "")[:3]
    return recipe, preset or "practical", changes.split(",") if changes else []


def _budgets(options):
    """{title: name of the file of scores}, in the order in which a run reaches them."""
    steps = {f"equal steps: {options.steps}": f"{options.steps}-steps"} if options.steps else {}
    title = f"equal time: {options.minutes:g} {'CPU ' if options.clock == 'cpu' else ''}minutes"
    return steps | {title: f"{options.minutes:g}-{options.clock}-minutes"}


def _one(options, system, seed):
    """Trains and scores one run as far as that is not done yet."""
    recipe, preset, changes = system
    folder = options.out / "-".join([recipe, preset, *changes, str(seed)])
    for name in _budgets(options).values():
        if (folder / f"{name}.json").exists():
            continue
        budget = {"steps": options.steps} if name.endswith("-steps") else {"minutes": options.minutes}
        print(f"{folder.name}: {name}", flush=True)
        apart(_train, system, seed, options.faces, folder / "run", budget, options.clock)
        apart(_score, folder / "run", options.faces, folder / name)


# In processes of their own, so that a long board holds no memory and no graphs ------------------------------


def _train(system, seed, faces, run, budget, clock):
    from anime_color import settings
    from anime_color.arguments import CLOCKS
    from anime_color.faces import Faces
    from anime_color.training import runs

    recipe, preset, changes = system
    chosen = replace(settings.preset(recipe, preset), seed=seed, size=Faces(faces).size)
    chosen = settings.with_values(chosen, changes)
    runs.train(recipe, chosen, faces, run, **budget, score_epochs=0, verbose=0, timer=CLOCKS[clock])


def _score(run, faces, path):
    from anime_color.scores import results, scoring

    baselines = path.parent.parent / "baselines"
    scores, context = scoring.side_by_side([run], faces, baselines=not baselines.is_dir(), progress=True)
    baselines.mkdir(exist_ok=True)
    path.parent.mkdir(exist_ok=True)
    for number, score in enumerate(scores):
        results.save(score, context, baselines / f"{number}" if score.baseline else path)


def _page(board, budgets, about):
    """The tables as Markdown; their pictures are written into the board."""
    from anime_color.scores import comparison, results

    baselines = [results.load(path) for path in sorted((board / "baselines").glob("*.json"))]
    parts = [f"Machine: {about}."]
    for title, name in budgets.items():
        found = {}
        for path in sorted(board.glob(f"*/{name}.json")):
            found.setdefault(path.parent.name.rpartition("-")[0], []).append(results.load(path))
        contexts = {json.dumps(context["faces"]) for _, context in [*baselines, *sum(found.values(), [])]}
        if len(contexts) > 1:
            raise BadInput(f"{board}: scores on different faces ({'; '.join(contexts)}); use a new folder for each set")
        systems = [comparison.over_seeds(system, [score for score, _ in runs]) for system, runs in found.items()]
        scores, context = [*(score for score, _ in baselines), *systems], baselines[0][1]
        results.picture(scores, context, board / f"scoreboard-{name}.png")
        parts += [
            f"### {title[0].upper()}{title[1:]}",
            results.markdown(scores, context),
            f"![Realism against diversity, {title}](images/scoreboard-{name}.png)",
            "Each run:",
            _runs_table(found),
            *_comparisons(systems),
        ]
    return "\n\n".join(parts)


def _runs_table(found):
    from anime_color.scores.measures import MEASURES

    lines = [
        "| run | steps | " + " | ".join(MEASURES[name].title for name in COMPARED) + " |",
        "|---" * (2 + len(COMPARED)) + "|",
    ]
    for system, runs in found.items():
        for score, _ in runs:
            estimates = {name: score.estimates.get(name) for name in COMPARED}  # of noise, some know nothing
            values = [f"{one.value:.{MEASURES[name].digits}f}" if one else "-" for name, one in estimates.items()]
            seed, steps = score.about["settings"]["seed"], score.about["steps"]
            lines.append(f"| {system}, seed {seed} | {steps} | " + " | ".join(values) + " |")
    return "\n".join(lines)


def _comparisons(systems):
    """In words: what the changed settings of a recipe do, and GAN less WGAN-GP."""
    from anime_color.scores import comparison

    for one, other in combinations(systems, 2):
        kinds = [system.name.partition(",")[0].split("-")[:2] for system in (one, other)]
        (first, preset), (second, other_preset) = kinds
        if preset == other_preset and (first == second or {first, second} == {"gan", "wgan_gp"}):
            both = [name for name in COMPARED if name in one.estimates and name in other.estimates]
            sentences = "\n".join(f"- {comparison.sentence(one, other, name)}" for name in both)
            yield f"`{one.name}` less `{other.name}`, with the 95 % interval of the difference:\n\n{sentences}"


def _around(docs):
    """The text before and after the scoreboard of a page."""
    if not docs.is_file():
        raise BadInput(f"{docs}: no such page")
    before, begin, rest = docs.read_text("utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise BadInput(f"{docs}: needed are the lines {BEGIN} and {END}")
    return before, after


def _insert(page, docs, board):
    before, after = _around(docs)
    docs.write_text(f"{before}{BEGIN}\n\n{page}\n\n{END}{after}", "utf-8")
    for picture in board.glob("scoreboard-*.png"):
        (docs.parent / "images" / picture.name).write_bytes(picture.read_bytes())


if __name__ == "__main__":
    sys.exit(main())
