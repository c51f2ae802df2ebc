"""Realism scores: Frechet distance, KID, the two-sample classifier; and the intervals of every score."""

import numpy as np
import pytest
from scipy import linalg

from anime_color.scores import bootstrap, frechet_distance, kid, kid_subsets, statistics, two_sample
from data_prep.errors import BadInput


@pytest.fixture
def random():
    return np.random.default_rng(0)


def frechet(a, b):
    return frechet_distance(*statistics(a), *statistics(b))


ORIGIN, EYE = np.zeros(3), np.eye(3)


@pytest.mark.parametrize(
    "a, b, distance",
    [
        ((ORIGIN, EYE), (ORIGIN, EYE), 0),
        ((ORIGIN, EYE), (ORIGIN + 1, EYE), 3),
        ((ORIGIN, EYE), (ORIGIN, 4 * EYE), 3),
        (([0], [[1]]), ([1], [[4]]), 2),
        (([1, 2], [[2, 0.5], [0.5, 1]]), ([0, 1], [[1, -0.3], [-0.3, 3]]), 2.929312),
    ],
)
def test_frechet_reference_values(a, b, distance):
    assert frechet_distance(*a, *b) == pytest.approx(distance, abs=5e-7)
    assert frechet_distance(*b, *a) == pytest.approx(distance, abs=5e-7)


@pytest.mark.parametrize("size", [2, 8, 32])
def test_frechet_agrees_with_a_general_matrix_root(size, random):
    a, b = (values @ values.T for values in random.normal(0, 1, (2, size, size + 3)))
    mean_a, mean_b = random.normal(0, 1, (2, size))
    root = linalg.sqrtm(a @ b).real
    expected = ((mean_a - mean_b) ** 2).sum() + np.trace(a + b - 2 * root)
    assert frechet_distance(mean_a, a, mean_b, b) == pytest.approx(expected)


@pytest.mark.parametrize("count", [10, 200], ids=["singular", "full rank"])
def test_frechet_of_a_set_to_itself_is_zero_in_any_order(count, random):
    a, b = random.normal(0, 1, (2, count, 32))
    assert frechet(a, a) == pytest.approx(0, abs=1e-6)
    assert frechet(a, b[::-1]) == pytest.approx(frechet(a, b)) and frechet(a, b) > 1


def test_statistics_are_mean_and_covariance():
    mean, covariance = statistics([[0, 0], [2, 0], [1, 3]])
    assert mean == pytest.approx([1, 1]) and covariance == pytest.approx(np.array([[1, 0], [0, 3]]))
    assert statistics([[1.0], [3.0]])[1].shape == (1, 1)


@pytest.mark.parametrize("count, biased", [(100, 21.9), (200, 11.1), (500, 4.54), (1000, 2.21), (4000, 0.55)])
def test_frechet_of_one_distribution_is_biased_by_the_count(count, biased, random):
    assert frechet(*random.normal(0, 1, (2, count, 64))) == pytest.approx(biased, rel=0.06)


def test_kid_is_not_biased_where_frechet_is(random):
    sets = random.normal(0, 1, (40, 2, 100, 64))
    values = [kid(a, b) for a, b in sets]
    assert np.mean([frechet(a, b) for a, b in sets]) == pytest.approx(21.9, abs=0.5)
    assert abs(np.mean(values)) < 0.005 and min(values) < 0


def test_kid_reference_value():
    a, b = [[1, 0], [0, 1], [1, 1]], [[0, 0], [2, 0], [0, 2]]
    assert kid(a, b) == pytest.approx(-4.638889, abs=5e-7)  # 31/12 + 1 - 2 * 37/9


def test_kid_agrees_with_loops(random):
    a, b = random.normal(0, 1, (7, 5)), random.normal(0.5, 2, (9, 5))

    def mean(x, y, distinct):
        return np.mean(
            [(p @ q / 5 + 1) ** 3 for i, p in enumerate(x) for j, q in enumerate(y) if not distinct or i != j]
        )

    assert kid(a, b) == pytest.approx(mean(a, a, True) + mean(b, b, True) - 2 * mean(a, b, False))
    assert kid(b, a[::-1]) == pytest.approx(kid(a, b))


def test_kid_of_split_halves_is_near_zero_and_of_other_sets_far(random):
    values = random.normal(0, 1, (400, 64))
    mean, deviation = kid_subsets(values[:200], values[200:])
    assert abs(mean) < 3 * deviation
    assert kid_subsets(values[:200], values[200:]) == (mean, deviation), "the same subsets at every call"
    mean, deviation = kid_subsets(values[:200], values[200:] + 1)
    assert mean > 3 * deviation


ZEROS = np.zeros((8, 4))


@pytest.mark.parametrize(
    "call, needed",
    [
        (lambda: statistics(ZEROS[:1]), "at least 2 pictures"),
        (lambda: statistics(ZEROS[0]), "at least 2 pictures"),
        (lambda: statistics(ZEROS + np.nan), "features holds NaN"),
        (lambda: kid(ZEROS[:1], ZEROS), "features_a .*at least 2 pictures"),
        (lambda: kid(ZEROS, ZEROS + np.inf), "features_b holds NaN or infinite"),
        (lambda: kid(ZEROS, np.zeros((8, 5))), "4 and 5 values: needed are those of one network"),
        (lambda: kid_subsets(ZEROS[:3], ZEROS), "sets of 3 and 8: needed are at least 4"),
        (lambda: frechet_distance(ORIGIN, EYE, ORIGIN[:2], EYE), r"needed are \(d,\), \(d, d\)"),
        (lambda: frechet_distance(ORIGIN, EYE, ORIGIN, EYE[:2]), r"needed are \(d,\), \(d, d\)"),
        (lambda: frechet_distance(ORIGIN, EYE, ORIGIN, EYE * np.nan), "covariance holds NaN"),
        (lambda: two_sample(*np.zeros((3, 4, 16, 16, 3)), np.zeros((0, 16, 16, 3))), "at least one picture"),
        (lambda: two_sample(*np.zeros((3, 4, 16, 16, 3)), np.zeros((4, 8, 8, 3))), "needed is one size"),
        (lambda: two_sample(*np.zeros((3, 4, 16, 16, 3)), np.full((4, 16, 16, 3), np.nan)), "fake_unseen holds NaN"),
    ],
)
def test_sets_that_cannot_be_compared_are_refused(call, needed):
    with pytest.raises(BadInput, match=needed):
        call()


def test_the_classifier_tells_sets_apart_that_differ(random):
    sets = random.normal(0, 0.3, (4, 40, 16, 16, 3)).astype("float32")
    sets[[1, 3], ..., 1] += 0.5
    right = two_sample(*sets)
    assert right.shape == (80,) and right.dtype == bool and right.mean() > 0.95


def test_the_classifier_cannot_tell_one_distribution_from_itself(random):
    right = two_sample(*random.normal(0, 0.3, (4, 200, 16, 16, 3)).astype("float32"))
    assert right.mean() == pytest.approx(0.5, abs=0.1)  # four standard deviations of 400 guesses


# Intervals --------------------------------------------------------------------------------------------------


def test_wilsons_interval_of_a_share():
    half = bootstrap.share(np.arange(100) < 50)
    assert (half.value, half.low, half.high) == pytest.approx((0.5, 0.404, 0.596), abs=5e-4)
    pairs = bootstrap.share(np.ones(50), of_each=2)  # one of each face's two decisions is right
    assert (pairs.value, pairs.low, pairs.high) == (half.value, half.low, half.high)
    sure = bootstrap.share(np.ones(100))
    assert sure.value == 1 and 0.95 < sure.low < 0.97 and sure.high == pytest.approx(1)


def test_the_interval_of_a_mean_holds_it_and_narrows_with_faces(random):
    values = random.normal(7, 2, 400)
    found = bootstrap.mean(values)
    assert found.value == pytest.approx(values.mean()) and found.low < found.value < found.high
    assert found.high - found.low == pytest.approx(2 * 1.96 * values.std() / 20, rel=0.1)
    assert found.replicates.shape == (1000,) and found.replicates.mean() == pytest.approx(found.value, abs=0.02)
    constant = bootstrap.mean(np.full(9, 3.0))
    assert (constant.value, constant.low, constant.high) == pytest.approx((3, 3, 3))


def test_faces_without_a_value_are_left_out(random):
    values = random.normal(7, 2, 50)
    holes = np.where(np.arange(50) % 5, values, np.nan)
    assert bootstrap.mean(holes).value == pytest.approx(values[np.arange(50) % 5 > 0].mean())
    lonely = bootstrap.mean([np.nan, 4.0, np.nan])
    assert (lonely.value, lonely.low, lonely.high) == pytest.approx((4, 4, 4))
    assert bootstrap.mean([np.nan, np.nan]) is None


def test_replicates_of_as_many_faces_are_paired(random):
    values = random.normal(7, 2, 60)
    a, b = bootstrap.mean(values), bootstrap.mean(2 * values + 1)
    assert b.replicates == pytest.approx(2 * a.replicates + 1)
    assert bootstrap.share(values > 7).replicates == pytest.approx(bootstrap.mean(values > 7).replicates)
