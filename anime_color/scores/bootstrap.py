"""Estimates with 95 % intervals, by drawing the faces anew (Efron 1979)."""

from dataclasses import dataclass, field

import numpy as np

REPLICATES = 1000
COVERED = (2.5, 97.5)  # percent


@dataclass(frozen=True)
class Estimate:
    """A score and its 95 % interval.

    replicates: the score of each redrawing of the faces, (REPLICATES,). The same number of faces is redrawn the same
        way, so those of two systems on the same faces are paired.
    """

    value: float
    low: float
    high: float
    replicates: np.ndarray = field(repr=False, compare=False)


def redrawings(count):
    """How often each of `count` faces is drawn in each replicate, (REPLICATES, count); the same at every call."""
    random = np.random.default_rng(count)
    return random.multinomial(count, np.full(count, 1 / count), REPLICATES).astype("float64")


def of(value, replicates):
    """The estimate of a value with its replicates."""
    if not np.isfinite(value):
        return None
    low, high = np.percentile(replicates[np.isfinite(replicates)], COVERED)
    return Estimate(float(value), float(low), float(high), replicates)


def mean(values):
    """The estimate of the mean of one value a face; one that is not finite is left out. None if none is left."""
    values = np.asarray(values, "float64")
    there = np.isfinite(values)
    if not there.any():
        return None
    draws = redrawings(len(values))
    with np.errstate(invalid="ignore"):
        return of(values[there].mean(), draws[:, there] @ values[there] / draws[:, there].sum(axis=1))


def share(right, of_each=1):
    """The estimate of a share: `right` (n,) of `of_each` decisions on each of n faces. Wilson's interval, which also
    holds where all or none are right; the replicates are those of redrawn faces."""
    right = np.asarray(right, "float64")
    count, total = right.sum(), of_each * len(right)
    z = 1.959964
    middle = (count + z**2 / 2) / (total + z**2)
    half = z / (total + z**2) * np.sqrt(count * (total - count) / total + z**2 / 4)
    return Estimate(count / total, float(middle - half), float(middle + half), redrawings(len(right)) @ right / total)
