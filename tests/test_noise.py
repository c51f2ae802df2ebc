"""Noise: the schedules of the chroma sheet."""

import keras
import numpy as np
import pytest

from anime_color.coloring import noise
from anime_color.training import phases
from data_prep.errors import BadInput


def test_segments_are_the_ancestors():
    rows = noise.schedule("segments", 100)
    assert rows.shape == (25, 100) and rows.dtype == np.float32
    assert len(np.unique(rows, axis=0)) == 21
    assert [i for i, row in enumerate(rows) if not row.any()] == [2, 7, 12, 17, 22]
    assert sorted({round(float(np.linalg.norm(row)), 3) for row in rows}) == [0, 4.472, 8.944]
    assert (rows[3, :20] == 1).all() and not rows[3, 20:].any()
    assert (rows[20, 80:] == -2).all() and not rows[20, :80].any()


@pytest.mark.parametrize("latent_size", [8, 16, 100])
def test_normalized_segments_do_not_repeat_and_look_like_training_noise(latent_size):
    rows = noise.schedule("normalized_segments", latent_size)
    assert len(np.unique(rows, axis=0)) == 25
    assert np.linalg.norm(rows, axis=1) == pytest.approx(np.full(25, latent_size**0.5), rel=1e-5)


def test_random_is_seeded_and_begins_alike_for_any_count():
    assert (noise.schedule("random", 8, 5, seed=3) == noise.schedule("random", 8, 25, seed=3)[:5]).all()
    assert (noise.schedule("random", 8, seed=3) != noise.schedule("random", 8, seed=4)).any()


@pytest.mark.parametrize(("latent_size", "count"), [(96, 25), (24, 25), (3, 4), (8, 1), (8, 2)])
def test_balanced_noises_are_equally_far_from_each_other_and_cancel_out(latent_size, count):
    rows = noise.schedule("balanced", latent_size, count, seed=3).astype("float64")
    cosines = rows @ rows.T / latent_size
    assert rows.shape == (count, latent_size)
    assert np.diag(cosines) == pytest.approx(np.ones(count), abs=1e-5)  # the norm of training noise
    if count > 1:
        assert cosines[~np.eye(count, dtype=bool)] == pytest.approx(-1 / (count - 1), abs=1e-5)
        assert rows.mean(axis=0) == pytest.approx(np.zeros(latent_size), abs=1e-5)


def test_more_balanced_noises_than_a_simplex_has_corners_are_several_simplices():
    rows = noise.schedule("balanced", 8, 25).astype("float64")
    assert rows.mean(axis=0) == pytest.approx(np.zeros(8), abs=1e-5) and len(np.unique(rows, axis=0)) == 25


def test_balanced_noises_are_in_any_direction_alike():
    drawn = np.concatenate([noise.schedule("balanced", 4, 5, seed) for seed in range(400)])
    assert np.cov(drawn.T) == pytest.approx(np.eye(4), abs=0.1)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("wild", 8), "schedule='wild'"),
        (("random", 8, 0), "noises=0"),
        (("random", 8, 25, -1), "seed=-1"),
        (("random", 8, 25, 2**64), "seed="),
        (("segments", 8, 24), "has 25 noises"),
        (("segments", 4), "at least 5"),
    ],
)
def test_senseless_schedules_are_refused(arguments, said):
    with pytest.raises(BadInput, match=said):
        noise.schedule(*arguments)


def test_training_noise_is_standard_normal():
    batch = {"l": np.zeros((4000, 1, 1, 1))}
    drawn = np.asarray(phases.Scene({}, batch, 8, keras.random.SeedGenerator(0), ()).drawn())
    assert drawn.mean() == pytest.approx(0, abs=0.02) and drawn.std() == pytest.approx(1, abs=0.02)


def test_sweep_keeps_the_norm():
    start, end = np.eye(2) * 3
    swept = noise.sweep(start, end, 7)
    assert swept[0] == pytest.approx(start) and swept[-1] == pytest.approx(end, abs=1e-6)
    assert np.linalg.norm(swept, axis=1) == pytest.approx(np.full(7, 3.0))
    assert noise.sweep(start, start, 3) == pytest.approx(np.tile(start, (3, 1)))


def test_neighbors_are_at_their_angle_and_keep_the_norm():
    choice = noise.schedule("random", 16, 1, seed=1)[0]
    varied = noise.neighbors(choice, 6, distance=0.4, seed=1)  # of the sheet that the choice is from
    assert (varied[0] == choice).all() and varied.dtype == np.float32
    assert np.linalg.norm(varied, axis=1) == pytest.approx(np.linalg.norm(choice), rel=1e-5)
    assert np.arccos(varied[1:] @ choice / np.linalg.norm(choice) ** 2) == pytest.approx(0.4, abs=1e-3)
    assert len(np.unique(varied, axis=0)) == 6


@pytest.mark.parametrize(
    ("choice", "distance", "said"),
    [(np.zeros(8), 0.5, "not all zero"), (np.ones((2, 8)), 0.5, "one noise"), (np.ones(8), 2, "distance=2")],
)
def test_senseless_neighbors_are_refused(choice, distance, said):
    with pytest.raises(BadInput, match=said):
        noise.neighbors(choice, distance=distance)
