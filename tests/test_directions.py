"""Directions: sliders in units that hold, and a certainty that tells how well."""

import numpy as np
import pytest

from anime_color.coloring import directions, noise
from data_prep.errors import BadInput


class Known:
    """Flats of three regions, background, skin, hair, whose noise is the color: a* = 10 z0 + 5, b* = 10 z1 + 5 of the
    skin, and the same with z2 and z3 of the hair; what the background has does not count."""

    seen = np.zeros((3, 5))  # a latent size of 12
    names = ("background", "skin", "hair")
    area = np.array([0.5, 0.25, 0.25])

    def __init__(self, bend=0.0):
        self.bend = bend  # of what the noise does, which no direction foresees

    def sampled(self, noises):
        skin, hair = 10 * noises[:, :2] + 5, 10 * noises[:, 2:4] + 5
        skin = skin + self.bend * (noises[:, :2] ** 2 - 1)
        ab = np.stack([100 * noises[:, 4:6], skin, hair], 1) / 110
        return np.concatenate([ab, 0 * ab], -1)


def colors(flats, vector):
    """(a*, b*) of the figure, (a*, b*) of the hair."""
    ab = flats.sampled(vector[None])[0, :, :2] * 110
    return ab[1:].mean(0), ab[2]


def test_sliders_move_what_they_name_by_their_unit():
    flats = Known()
    found = directions.find(flats)
    start = np.full(12, 0.5, "float32")  # a* = b* = 10
    warmer = found.moved(start, warmth=6, redness=0)
    assert colors(flats, warmer)[0] == pytest.approx([10, 16], abs=0.1)
    assert warmer[4:] == pytest.approx(start[4:], abs=1e-3)
    turned = found.moved(start, hair_hue=90)
    assert colors(flats, turned)[1] == pytest.approx([-10, 10], abs=0.1)
    assert (found.moved(start) == start).all()


def test_certainty_is_what_holds_on_other_noises():
    sure, unsure = (directions.find(Known(bend)).certainty for bend in (0, 20))
    assert sure["warmth"] == sure["hair_hue"] == unsure["hair_hue"] == 1 and list(sure) == list(directions.SLIDERS)
    # of the skin's variance 100 are foreseen and 2 * 20^2 are not, and the hair adds 100 that are
    assert unsure["warmth"] < 0.5


def test_more_saturation_on_average():
    flats = Known()
    found = directions.find(flats)
    vectors = noise.schedule("random", 12, 50, seed=1)
    before, after = (
        np.mean([np.linalg.norm(colors(flats, v)[1]) for v in some])
        for some in (vectors, [found.moved(v, saturation=5) for v in vectors])
    )
    assert after > before + 1


@pytest.mark.parametrize(
    ("sliders", "said"),
    [
        ({"mood": 3}, "slider 'mood': allowed are warmth"),
        ({"warmth": np.inf}, "warmth=inf: allowed are -100 to 100 Lab units"),
        ({"redness": np.nan}, "redness=nan: allowed"),
        ({"warmth": 100, "saturation": -100.5}, "saturation=-100.5: allowed are -100 to 100"),
        ({"hair_hue": 361}, "hair_hue=361: allowed are -360 to 360 degrees"),
    ],
)
def test_senseless_sliders_are_refused(sliders, said):
    found = directions.Directions(np.zeros((5, 3)), np.zeros(5), {})
    with pytest.raises(BadInput, match=said):
        found.moved(np.zeros(3), **sliders)
