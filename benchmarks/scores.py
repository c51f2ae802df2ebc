"""All scores but the Inception ones: 25 colorings of 500 faces of 128 px, in one process."""

import resource
import sys
import time

from benchmarks.measure import MB, PEAK_UNIT, apart, row
from data_prep import pack

FACES = 500
NOISES = 25


def all_scores(scratch):
    """Rows of one pass of `scoring.score`. Its colorings are the colors of other faces, brought into the gamut."""
    folder = pack(f"drawn:{FACES}", scratch / "scored", workers=2, progress=sys.stderr.isatty())
    seconds, peak = apart(_score, folder)
    title = f"all scores of {NOISES} colorings of {FACES} faces of 128 px"
    yield row(title, "seconds", {"": seconds})
    yield row(title, "peak memory of the process, MB", {"": peak})


def _score(folder):
    from anime_color.faces import Faces
    from anime_color.scores import features, scoring, systems

    faces = Faces(folder, "all", flips=False, shuffle=False)
    reference = scoring.Reference.of(folder, features.load("faces"), "all")
    *_, others = systems.baselines(reference, NOISES)
    started = time.perf_counter()
    scoring.score(others, faces, reference)
    return time.perf_counter() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT / MB
