"""`python -m benchmarks.line_art`: what colors line art best from equal minutes, and what sums cost against
concatenations.

    python -m benchmarks.line_art --faces TRAIN... --out FOLDER --minutes 6 --seeds 2
    python -m benchmarks.line_art --faces TRAIN... --out FOLDER --runs runs/first runs/second

Each variant trains the given minutes of processor time, is scored on the test faces of the first set with the fixed
extractor of `Colorizer.given`, and timed on one drawing of 512 px. Scores are kept in the folder; what is there is not
made again.
"""

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

from benchmarks.measure import apart

VARIANTS = {
    "two_stage": ("two_stage", {}),
    "two_stage, concatenated": ("two_stage", {"join": "concatenate"}),
    "chroma_lines": ("chroma_lines", {}),
}
NOISES = 4
TIMED = 5  # colorings, of which the fastest counts


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.line_art", description=__doc__.split("\n")[0])
    parser.add_argument("--faces", required=True, nargs="+", metavar="FACESET")
    parser.add_argument("--out", required=True, type=Path, metavar="FOLDER")
    parser.add_argument("--minutes", type=float, default=6.0)
    parser.add_argument("--seeds", type=int, default=1, help="how many, from 0")
    parser.add_argument("--variants", nargs="+", default=list(VARIANTS), choices=VARIANTS, metavar="NAME")
    parser.add_argument("--runs", nargs="*", type=Path, metavar="RUN|PRESET", help="score these instead of training")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    found = []
    if options.runs is not None:
        found = [_scored(str(run), options.out / Path(run).name, options.faces[0]) for run in options.runs]
    else:
        for seed in range(options.seeds):
            for name in options.variants:
                run = options.out / f"{name.replace(', ', '-')}-{seed}"
                apart(_train, name, seed, options.faces, run, options.minutes)
                found.append(_scored(str(run), run.with_name(f"{run.name}-scores"), options.faces[0]))
    print(apart(_table, found))
    for path in found:
        print(path.name, json.loads(path.with_suffix(".cost.json").read_text()))


# In processes of their own, so that nothing of one is charged to the other -----------------------------------


def _train(name, seed, faces, run, minutes):
    from anime_color import settings
    from anime_color.training import runs

    recipe, changes = VARIANTS[name]
    chosen = replace(settings.preset(recipe), seed=seed, **changes)
    runs.train(recipe, chosen, faces, run, minutes=minutes, score_epochs=0, verbose=0, timer=time.process_time)


def _scored(run, path, faces):
    if not path.with_suffix(".json").exists():
        apart(_score, run, faces, path)
    return path


def _score(run, faces, path):
    import numpy as np

    from anime_color import Colorizer
    from anime_color.scores import results, scoring
    from data_prep.drawn_faces import draw

    colorizer = Colorizer.from_preset(run)
    drawing = np.repeat(draw(20_007, 512).lines[..., None], 3, -1)
    seconds = []
    for _ in range(TIMED):
        began = time.perf_counter()
        colorizer.colorize(drawing)
        seconds.append(time.perf_counter() - began)
    cost = {"parameters": colorizer.generator.count_params(), "milliseconds": round(1000 * min(seconds))}
    path.with_suffix(".cost.json").write_text(json.dumps(cost))
    [score], context = scoring.side_by_side([run], faces, noises=NOISES, baselines=False)
    results.save(score, context, path)


def _table(paths):
    from anime_color.scores import results

    loaded = [results.load(path.with_suffix(".json")) for path in paths]
    return results.markdown([score for score, _ in loaded], loaded[0][1])


if __name__ == "__main__":
    main()
