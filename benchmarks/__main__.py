"""`python -m benchmarks`: about ten minutes on two cores. No number is asserted; ratios are first side / second.

1. Train step of `wgan_gp` faithful, as the ancestor wrote it (ancestor_loop.py) and ours. Its batch of 32 takes
   tens of seconds a step on two cores, so the default here is 8.
2. Train steps of the practical recipes.
3. `data_prep.pack` on two workers and on one.
4. `faces.Faces`: batches per second, and memory.
5. 25 colorings of one face of 256 px: the ancestor's network, and our whole sheet; time and memory.
6. All scores of 25 colorings of 500 faces of 128 px: seconds, and memory.

`python -m benchmarks.scoreboard` is another matter: it trains for hours and scores what came of it.
`python -m benchmarks.chroma_choices` does so for the settings of `chroma`, one changed at a time.
"""

import argparse
import json
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import chroma_sheet, data_preparation, scores, train_step
from benchmarks.measure import apart, line, machine
from data_prep import pack

FACES = 2000


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios measured side by side.")
    parser.add_argument("--batch", type=int, default=8, help="faces an update in 1 (default 8; the ancestor's is 32)")
    parser.add_argument("--repeats", type=int, default=5, help="counted rounds, of which the median (default 5)")
    parser.add_argument("--json", metavar="FILE", default=os.devnull, help="also write the rows as JSON lines")
    options = parser.parse_args()
    if min(options.batch, options.repeats) < 1:
        parser.error("--batch and --repeats: give 1 or more")
    with open(options.json, "w", encoding="utf-8") as file, tempfile.TemporaryDirectory() as scratch:
        about, title = apart(machine), None
        print(about, flush=True)
        print(json.dumps({"machine": about}), file=file)
        for row in measured(Path(scratch), options.batch, options.repeats):
            if row["title"] != title:
                title = row["title"]
                print(f"\n{title}")
            print(line(row), flush=True)
            print(json.dumps(row), file=file, flush=True)
    return 0


def measured(scratch, batch, repeats):
    faces = pack(f"drawn:{FACES}", scratch / "faces", workers=2, progress=sys.stderr.isatty())
    yield from train_step.against_ancestor(faces, batch, repeats)
    yield from train_step.practical_recipes(faces, repeats)
    yield from data_preparation.packing(faces, scratch, repeats)
    yield from data_preparation.reading(faces, repeats)
    yield from chroma_sheet.against_ancestor(repeats)
    yield from scores.all_scores(scratch)


if __name__ == "__main__":
    sys.exit(main())
