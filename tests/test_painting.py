"""Painting with regions: cut out along the lines, mixed for all noises at once, finished by a table."""

import numpy as np
import pytest

from anime_color import color
from anime_color.coloring import painting
from anime_color.coloring.colorizer import Colorizer
from anime_color.coloring.naming import NAMES
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput
from tests.test_region_networks import K, made


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer(made()[2], size=32, multiple=16, name="tiny")


def test_shares_of_regions_add_up_at_any_size(colorizer):
    for size in (20, 96, 700):
        found = colorizer.regions(draw(3, 1024).rgb[:: 1024 // size, :: 1024 // size])
        assert found.shares.shape[0] == K == len(found.names) and set(found.names) <= set(NAMES)
        assert found.shares.sum(0) == pytest.approx(1, abs=1e-4) and found.shares.min() > -1e-6


def test_a_border_moves_to_the_line():
    """The network's border lies two of its pixels beside a black line between two halves of one lightness."""
    lightness = np.full((64, 64), 0.6, "float32")
    lightness[:, 31:33] = -1
    m = np.zeros((2, 16, 16), "float32")
    m[0, :, :9], m[1, :, 9:] = 1, 1  # the border at pixel 36 of 64
    m[:, :, 7:10] = [[[0.6, 0.5, 0.4]], [[0.4, 0.5, 0.6]]]  # unsure from 28 to 40
    first = painting.cut_out(m, lightness)[0]
    assert first[:, :30].min() > 0.9 and first[:, 34:].max() < 0.5
    steepest = np.abs(np.diff(first.mean(0))).argmax()
    assert 29 <= steepest <= 34


def test_many_noises_need_the_regions_once(colorizer, monkeypatch):
    calls, read = [], colorizer.painter.read
    predict = read.predict_on_batch
    monkeypatch.setattr(read, "predict_on_batch", lambda x: calls.append(x.shape) or predict(x))
    assert colorizer.chroma(draw(3, 48).rgb, 25).shape == (25, 48, 48, 3)
    assert calls == [(1, 32, 32, 1)]


def test_at_the_size_of_training_it_paints_what_the_generator_paints(colorizer):
    rgb = draw(3, 32).rgb
    noises = colorizer.noises(3)
    lab = np.stack(list(colorizer.lab(rgb, noises)))
    given = np.repeat(color.rgb_to_lab(rgb)[None, ..., :1], 3, 0)
    expected = colorizer.generator.predict_on_batch({"l": given, "noise": noises})
    assert np.corrcoef(lab[..., 1:].ravel(), expected[..., 1:].ravel())[0, 1] > 0.9


def test_weights_without_regions_say_so():
    from anime_color import networks

    plain = Colorizer(networks.film_generator(width=8, latent_size=8), size=32, name="old")
    with pytest.raises(BadInput, match="weights old: they know no regions"):
        plain.regions(draw(3, 48).rgb)


def test_the_table_agrees_with_computing_and_keeps_the_lightness():
    lab = color.rgb_to_lab(np.random.default_rng(0).integers(0, 256, (40, 40, 3), dtype=np.uint8))
    lab[:5, :, 1:] *= 2  # out of the gamut
    a, b = (np.ascontiguousarray((lab[..., i] + 1) * color.AB_PLACES_EACH + 0.5) for i in (1, 2))
    found = color.looked_up(color.places_of_lightness(lab[..., 0]), a, b)
    rgb = found.view("uint8").reshape(40, 40, 4)[..., :3]
    exact = color.lab_to_rgb(color.into_gamut(lab))
    off = np.linalg.norm(color.unscale(color.rgb_to_lab(rgb)) - color.unscale(color.rgb_to_lab(exact)), axis=-1)
    assert off[5:].mean() < 1.2 and np.percentile(off[5:], 99) < 4  # Lab units
    lightness = color.unscale(color.rgb_to_lab(rgb))[..., 0] - color.unscale(lab)[..., 0]
    assert np.abs(lightness).max() < 1
    assert ((found >> 24 == 255)[5:]).mean() < 0.1 < (found >> 24 == 255)[:5].mean()


@pytest.mark.parametrize("shade", [0, 255])
def test_black_and_white_stay_themselves(colorizer, shade):
    colorings = colorizer.chroma(np.full((40, 40, 3), shade, "uint8"), 2)
    assert np.abs(colorings.astype(int) - shade).max() <= 2
