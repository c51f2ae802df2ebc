"""Which of several scored systems is better, and whether the numbers are enough to say so."""

from dataclasses import dataclass, field, replace

import numpy as np

from anime_color.scores import bootstrap
from anime_color.scores.measures import MEASURES


@dataclass(frozen=True)
class Score:
    """name, about, baseline: of the system. noises: how many colorings of a face. estimates: by the names of
    `measures.MEASURES`; what cannot be told is missing. kid_deviation: standard deviation of KID x 1000 over subsets.
    caveats: what a reader must know. takes: what it was given of a face; those that take the same compete. worst: the
    few faces whose best coloring is farthest from the original, [[index in the face set, ab error], ...]."""

    name: str
    about: dict
    baseline: bool
    noises: int
    estimates: dict
    kid_deviation: float
    caveats: list
    takes: str = "gray picture"
    worst: list = field(default_factory=list)


def best(scores, name):
    """The system that is best in the measure `name`, or None: where it has no direction, or where the interval of
    another reaches that of the best, so that they tie. Baselines do not compete."""
    real = next((s.estimates.get(name) for s in scores if s.name == "real colors"), None)
    if not MEASURES[name].better or (MEASURES[name].better == "real" and real is None):
        return None

    def far(value):
        return _far(name, value, real and real.value)

    rivals = [s for s in scores if not s.baseline and name in s.estimates]
    if len(rivals) < 2:
        return None
    first, *others = sorted(rivals, key=lambda s: far(s.estimates[name].value))
    top = first.estimates[name]
    apart = all(s.estimates[name].low > top.high or s.estimates[name].high < top.low for s in others)
    return first if apart else None


def _far(name, value, real):
    """How far a value of the measure `name`, or an array of them, is from the best; `real` is that of real colors."""
    better = MEASURES[name].better
    if better == "real":
        return abs(value - real)
    return -value if better == "higher" else value


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
    return less(first, second)


def less(first, second):
    """The estimate of one estimate less another, whose replicates are of the same draws."""
    return bootstrap.of(first.value - second.value, first.replicates - second.replicates)


def gain(after, before, measure, real):
    """The estimate of how much better `after` is than `before` in a measure, in its unit, paired as in `difference`:
    positive is better. None for a measure without a direction, or one that a score lacks.

    real: the score of the real colors, which some measures are to be near.
    """
    scores = [score.estimates.get(measure) for score in (before, after, real)]
    better = MEASURES[measure].better
    if not better or None in scores[:2] or (better == "real" and scores[2] is None):
        return None
    first, second, goal = scores
    goals = (goal.value, goal.replicates) if better == "real" else (None, None)
    return bootstrap.of(
        _far(measure, first.value, goals[0]) - _far(measure, second.value, goals[0]),
        _far(measure, first.replicates, goals[1]) - _far(measure, second.replicates, goals[1]),
    )


def apart(estimate):
    """Whether the interval of a difference holds no 0: otherwise it is a tie."""
    return estimate.low > 0 or estimate.high < 0


def sentence(a, b, measure):
    """`difference` in words."""
    found, digits, unit = difference(a, b, measure), MEASURES[measure].digits, MEASURES[measure].unit
    interval = (
        f"{found.value:+.{digits}f} ({found.low:+.{digits}f} to {found.high:+.{digits}f}){' ' * bool(unit)}{unit}"
    )
    return f"{MEASURES[measure].title}: {interval}{'' if apart(found) else ', a tie'}"
