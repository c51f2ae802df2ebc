"""Directions: sliders in units that hold, on a generator whose colors are known."""

import keras
import numpy as np
import pytest

from anime_color import color
from anime_color.coloring import directions, noise
from anime_color.coloring.colorizer import Colorizer
from data_prep.errors import BadInput


@pytest.fixture(scope="module")
def known():
    """A colorizer whose noise is the color: a* = 10 z0 + 5 and b* = 10 z1 + 5 everywhere, z2 is without effect."""
    lightness, vector = keras.Input((None, None, 1), name="l"), keras.Input((3,), name="noise")
    ab = keras.layers.Lambda(lambda x: x[0] * 0 + (10 * x[1][:, None, None, :2] + 5) / 110)
    lab = keras.layers.Concatenate()([lightness, ab([lightness, vector])])
    return Colorizer(keras.Model({"l": lightness, "noise": vector}, lab), size=32)


@pytest.fixture(scope="module")
def found(known):
    return directions.find(known, faces=1, noises=200)


def ab(colorizer, vector):
    """The mean a*, b* of a middle gray, where sRGB has room for all that is asked."""
    (lab,) = colorizer.lab(np.full((32, 32, 3), 119, "uint8"), vector[None])
    return color.unscale(lab)[..., 1:].mean((0, 1))


def test_sliders_move_what_they_name_by_their_unit(known, found):
    start = np.array([0.5, 0.5, 2], "float32")  # a* = b* = 10
    warmer = found.moved(start, warmth=6, redness=0)
    assert ab(known, warmer) == pytest.approx([10, 16], abs=2)
    assert warmer[2] == pytest.approx(2, abs=0.2)
    turned = found.moved(start, hair_hue=90)
    assert ab(known, turned) == pytest.approx([-10, 10], abs=3)
    assert (found.moved(start) == start).all()
    assert found.certainty["warmth"] > 0.9


def test_more_saturation_on_average(known, found):
    vectors = noise.schedule("random", 3, 20, seed=1)
    before, after = (
        np.mean([np.linalg.norm(ab(known, v)) for v in some])
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
def test_senseless_sliders_are_refused(found, sliders, said):
    with pytest.raises(BadInput, match=said):
        found.moved(np.zeros(3), **sliders)


def test_too_few_noises_are_refused(known):
    with pytest.raises(BadInput, match="noises=3"):
        directions.find(known, noises=3)
