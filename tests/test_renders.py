"""The painter of generators that render a whole picture: their colors are kept, their lightness is not."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color import color
from anime_color.coloring.colorizer import Colorizer
from anime_color.coloring.painters import RENDER_FACTORS
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput


def rendering(change):
    """A colorizer whose generator makes of a gray picture (B, H, W, 1) what `change` does; it keeps in `seen` how large
    the pictures were."""
    gray = layers.Input((None, None, 1), name="gray")
    generator = keras.Model({"gray": gray}, change(gray))
    colorizer = Colorizer(generator, 64, name="toy")
    seen, predict = [], generator.predict_on_batch

    def kept(given):
        seen.append(given["gray"].shape)
        return predict(given)

    generator.predict_on_batch = kept
    return colorizer, seen


def reddened(gray):
    return layers.Concatenate()([gray * 0.5 + 0.3, gray * 0.5 - 0.1, gray * 0.5 - 0.2])


@pytest.fixture(scope="module")
def face():
    return draw(3, 96).rgb


@pytest.mark.parametrize("shape", [(96, 96), (200, 48), (33, 70)])
@pytest.mark.parametrize("factor", [None, 2, 5])
def test_the_render_is_a_square_and_the_picture_keeps_its_size(shape, factor):
    colorizer, seen = rendering(reddened)
    picture = np.random.default_rng(0).integers(0, 255, (*shape, 3)).astype("uint8")
    given = {} if factor is None else {"render_factor": factor}
    assert colorizer.colorize(picture, **given).shape == (*shape, 3)
    side = 16 * (factor or 4)  # 64 px, what it was trained on
    assert seen == [(1, side, side, 1)]


def test_colors_come_from_the_render_and_lightness_from_the_picture(face):
    colorizer, _ = rendering(reddened)
    lab, original = (color.unscale(color.rgb_to_lab(x)) for x in (colorizer.colorize(face), face))
    assert np.abs(lab[..., 0] - original[..., 0]).max() < 1.0  # 8-bit rounding
    assert lab[..., 1].mean() > 5  # red
    gray, _ = rendering(lambda gray: ops.repeat(gray * 0.3, 3, -1))
    assert np.abs(color.unscale(color.rgb_to_lab(gray.colorize(face)))[..., 1:]).max() < 1.5


def test_a_render_that_is_the_gray_picture_with_its_colors_gives_them_back():
    """A picture of one hue: red times its own gray."""
    shades = np.linspace(60, 200, 64).astype("uint8")
    picture = np.repeat(np.stack([shades, shades // 2, shades // 2], -1)[None], 64, 0)
    weights = np.float32([1, 0.5, 0.5]) / (0.299 + 0.5 * 0.701)
    colorizer, _ = rendering(lambda gray: (gray + 1) * weights - 1)
    assert np.abs(colorizer.colorize(picture).astype(int) - picture).max() <= 3


def test_it_paints_once_and_knows_no_noise(face):
    colorizer, _ = rendering(reddened)
    assert (colorizer.takes, colorizer.conditions, colorizer.latent_size) == ("gray picture", ("render_factor",), 0)
    assert len(colorizer.chroma(face)) == 1


@pytest.mark.parametrize("factor", [1, 46, 2.5, "8"])
def test_senseless_render_factors_are_refused(face, factor):
    with pytest.raises(BadInput, match=f"render_factor={factor!r}.*{RENDER_FACTORS[0]} to {RENDER_FACTORS[1]}"):
        rendering(reddened)[0].colorize(face, render_factor=factor)


def test_what_is_transparent_is_seen_on_white_and_stays_transparent(face):
    colorizer, _ = rendering(reddened)
    alpha = np.full((*face.shape[:2], 1), 255, "uint8")
    alpha[:20] = 0
    painted = colorizer.colorize(np.concatenate([face, alpha], -1))
    assert painted.shape[-1] == 4 and (painted[..., 3:] == alpha).all()
