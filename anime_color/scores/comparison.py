"""Which of several scored systems is better, and whether the numbers are enough to say so."""

from dataclasses import dataclass, replace

import numpy as np

from anime_color.scores import bootstrap
from anime_color.scores.measures import MEASURES


@dataclass(frozen=True)
class Score:
    """name, about, baseline: of the system. noises: how many colorings of a face. estimates: by the names of
    `measures.MEASURES`; what cannot be told is missing. kid_deviation: standard deviation of KID x 1000 over subsets.
    caveats: what a reader must know. takes: what it was given of a face; those that take the same compete."""

    name: str
    about: dict
    baseline: bool
    noises: int
    estimates: dict
    kid_deviation: float
    caveats: list
    takes: str = "gray picture"


def best(scores, name):
    """The system that is best in the measure `name`, or None: where it has no direction, or where the interval of
    another reaches that of the best, so that they tie. Baselines do not compete."""
    real = next((s.estimates.get(name) for s in scores if s.name == "real colors"), None)
    better = MEASURES[name].better
    if not better or (better == "real" and real is None):
        return None

    def far(value):
        return {"higher": -value, "lower": value, "real": abs(value - real.value) if real else 0}[better]

    rivals = [s for s in scores if not s.baseline and name in s.estimates]
    if len(rivals) < 2:
        return None
    first, *others = sorted(rivals, key=lambda s: far(s.estimates[name].value))
    top = first.estimates[name]
    apart = all(s.estimates[name].low > top.high or s.estimates[name].high < top.low for s in others)
    return first if apart else None


def over_seeds(name, scores):
    """One `Score` of a system trained with several seeds: the mean over them.

    Its intervals come from redrawing seeds and faces both; three seeds are few, so take the width for what it is.
    """
    if len(scores) == 1:
        return replace(scores[0], name=f"{name}, 1 seed")
    # by the name, for seed 0 of one system has nothing to do with seed 0 of another
    random = np.random.default_rng(list(name.encode()))
    picked = random.integers(0, len(scores), (bootstrap.REPLICATES, len(scores)))
    estimates = {}
    for measure in scores[0].estimates:
        each = [score.estimates[measure] for score in scores if measure in score.estimates]
        if len(each) == len(scores):
            replicates = np.stack([estimate.replicates for estimate in each])
            count = replicates.shape[1]  # costly ones have fewer
            redrawn = replicates[picked[:count], np.arange(count)[:, None]].mean(axis=1)
            estimates[measure] = bootstrap.of(np.mean([estimate.value for estimate in each]), redrawn)
    return replace(
        scores[0],
        name=f"{name}, {len(scores)} seeds",
        estimates=estimates,
        kid_deviation=float(np.mean([score.kid_deviation for score in scores])),
        caveats=list(dict.fromkeys(caveat for score in scores for caveat in score.caveats)),
    )


def difference(a, b, measure):
    """The estimate of the measure of `a` less that of `b`, two scores on the same faces. The faces are redrawn for
    both alike, so what makes a face hard for both does not widen the interval; one that holds 0 is a tie."""
    first, second = a.estimates[measure], b.estimates[measure]
    return bootstrap.of(first.value - second.value, first.replicates - second.replicates)


def sentence(a, b, measure):
    """`difference` in words."""
    found, digits, unit = difference(a, b, measure), MEASURES[measure].digits, MEASURES[measure].unit
    interval = (
        f"{found.value:+.{digits}f} ({found.low:+.{digits}f} to {found.high:+.{digits}f}){' ' * bool(unit)}{unit}"
    )
    return f"{MEASURES[measure].title}: {interval}{'' if found.low > 0 or found.high < 0 else ', a tie'}"
