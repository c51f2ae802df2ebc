"""Color: reference values of CIELAB, both directions, both forms."""

import numpy as np
import pytest

from anime_color import color
from data_prep.errors import BadInput

# sRGB -> L*, a*, b* (D65), to the rounding of the matrices
REFERENCE = {
    (255, 0, 0): (53.24, 80.09, 67.20),
    (0, 255, 0): (87.74, -86.18, 83.18),
    (0, 0, 255): (32.30, 79.19, -107.86),
    (255, 255, 0): (97.14, -21.55, 94.48),
    (0, 255, 255): (91.11, -48.09, -14.13),
    (255, 0, 255): (60.32, 98.23, -60.82),
    (128, 128, 128): (53.585, 0, 0),
    (255, 224, 196): (91.03, 6.48, 17.65),
}
LUMA_LIGHTNESS = {(255, 0, 0): 22.70, (0, 255, 0): 74.20, (0, 0, 255): 5.62, (255, 150, 190): 71.54}


@pytest.fixture(scope="module")
def cube():
    """Every sRGB color of a 33 x 33 x 33 grid, as one picture."""
    steps = np.linspace(0, 255, 33).round().astype("uint8")
    return np.stack(np.meshgrid(steps, steps, steps), -1).reshape(33, -1, 3)


def one(rgb):
    return np.array(rgb, "uint8").reshape(1, 1, 3)


@pytest.mark.parametrize("rgb", REFERENCE)
def test_reference_values(rgb):
    assert color.unscale(color.rgb_to_lab(one(rgb))).ravel() == pytest.approx(REFERENCE[rgb], abs=0.02)


@pytest.mark.parametrize("rgb", LUMA_LIGHTNESS)
def test_luma_lightness_is_the_ancestors(rgb):
    luma, true = (color.unscale(color.rgb_to_lab(one(rgb), kind)).ravel() for kind in ("luma", "lab"))
    assert luma[0] == pytest.approx(LUMA_LIGHTNESS[rgb], abs=0.05)
    assert luma[1:] == pytest.approx(true[1:])


def test_scales_of_the_contract(cube):
    lab = color.rgb_to_lab(cube)
    assert lab.dtype == np.float32
    assert lab[..., 0].min() == pytest.approx(-1) and lab[..., 0].max() == pytest.approx(1)
    assert 0.9 < np.abs(lab[..., 1:]).max() <= 0.981
    assert color.scale(np.array([50.0, 110, -55])) == pytest.approx([0, 1, -0.5])


def test_gray_has_no_color_and_one_lightness():
    gray = np.repeat(np.arange(256, dtype="uint8").reshape(16, 16, 1), 3, -1)
    true, luma = color.rgb_to_lab(gray), color.rgb_to_lab(gray, "luma")
    assert np.abs(color.unscale(true)[..., 1:]).max() < 1e-2
    assert luma[..., 0] == pytest.approx(true[..., 0], abs=1e-5)


def test_round_trip_is_exact(cube):
    assert (color.lab_to_rgb(color.rgb_to_lab(cube)) == cube).all()


def test_tensor_forms_agree_with_numpy(cube):
    lab = color.rgb_to_lab(cube)
    assert np.abs(np.asarray(color.rgb_to_lab_tensor(cube / 255)) - lab).max() < 1e-3
    invented = np.random.default_rng(0).uniform(-1, 1, (64, 64, 3)).astype("float32")
    for some in (lab, invented):
        back = np.asarray(color.lab_to_rgb_tensor(some))
        assert np.abs(back - color.lab_to_rgb(some) / 255).max() < 1e-3 + 0.5 / 255


def test_out_of_gamut_tells_real_colors_from_others(cube):
    lab = color.rgb_to_lab(cube)
    assert not color.out_of_gamut(lab).any()
    assert color.out_of_gamut(np.array([[[0.9, 0.9, -0.9], [1, 0.1, 0]]])).all()


def test_into_gamut_keeps_lightness_and_hue(cube):
    lab = color.rgb_to_lab(cube)
    assert (color.into_gamut(lab) == lab).all()
    invented = np.random.default_rng(0).uniform(-1, 1, (64, 64, 3)).astype("float32")
    real = color.into_gamut(invented)
    assert not color.out_of_gamut(real).any()
    assert (real[..., 0] == invented[..., 0]).all()
    cross = real[..., 1] * invented[..., 2] - real[..., 2] * invented[..., 1]
    assert np.abs(cross).max() < 1e-6
    ratio = np.linalg.norm(real[..., 1:], axis=-1) / np.linalg.norm(invented[..., 1:], axis=-1)
    assert ratio.max() <= 1.0001
    shown = color.unscale(color.rgb_to_lab(color.lab_to_rgb(real)))[..., 0]
    assert np.abs(shown - color.unscale(invented)[..., 0]).max() < 1.0


@pytest.mark.parametrize(
    "rgb", [np.zeros((4, 4, 3)), np.zeros((4, 4), "uint8"), np.zeros((4, 4, 4), "uint8")], ids=["float", "2-D", "RGBA"]
)
def test_other_arrays_are_refused(rgb):
    with pytest.raises(BadInput, match="uint8"):
        color.rgb_to_lab(rgb)


def test_unknown_lightness_is_refused():
    with pytest.raises(BadInput, match="allowed are lab, luma"):
        color.rgb_to_lab(one((1, 2, 3)), "hsv")


def test_painted_is_the_picture_in_gamut_and_tells_what_was_outside():
    lab = np.random.default_rng(0).uniform(-0.9, 0.9, (2, 40, 300, 3)).astype("float32")
    rgb, outside = color.painted(lab)
    assert outside == pytest.approx(color.out_of_gamut(lab).mean())
    assert np.abs(rgb.astype(int) - color.lab_to_rgb(color.into_gamut(lab))).max() <= 1
    kept = color.unscale(color.rgb_to_lab(rgb))[..., 0]
    assert np.abs(kept - color.unscale(lab)[..., 0]).max() < 1.0


def test_a_brush_paints_many_colors_of_one_lightness_as_one_after_the_other():
    lab = np.random.default_rng(1).uniform(-0.6, 0.6, (5, 20, 30, 3)).astype("float32")
    lab[..., 0] = lab[0, ..., 0]
    lab[3, ..., 1:] = 0
    brush = color.Brush(lab[0, ..., 0], count=5)
    for some in (lab, lab[:2], lab[3:]):  # fewer than the brush has room for, after more
        pictures, desaturated = brush(some[..., 1], some[..., 2])
        for picture, count, one_lab in zip(pictures, desaturated, some, strict=True):
            expected, share = color.painted(one_lab)
            assert (picture == expected).all() and count == round(share * picture[..., 0].size)
    assert desaturated[0] == 0 and desaturated[1] > 0


def test_luma_of_one_picture_with_the_hue_of_another(cube):
    assert color.luma(np.uint8([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]])).tolist() == [76, 150, 29, 9]
    gray = color.luma(cube)
    assert np.abs(color.with_luma(cube, gray).astype(int) - cube).max() <= 1  # a picture with its own luma is itself
    middle = np.full(cube.shape[:-1], 128, "uint8")
    repainted = color.with_luma(cube, middle)
    inside = ((repainted > 0) & (repainted < 255)).all(-1)
    assert inside.any() and np.abs(color.luma(repainted)[inside].astype(int) - 128).max() <= 1
    grays = np.repeat(gray[..., None], 3, -1)
    assert (color.with_luma(grays, middle) == 128).all()  # what is rendered gray stays gray
