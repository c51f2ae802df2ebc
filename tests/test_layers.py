"""Layers: merged they give the coloring back; a region is a layer with its name."""

import sys

import numpy as np
import pytest
from psd_tools import PSDImage
from psd_tools.constants import BlendMode

from anime_color.coloring import layers
from anime_color.coloring.colorizer import Colorizer
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput
from tests.test_region_networks import made


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer(made()[2], size=32, multiple=16, name="tiny")


@pytest.mark.parametrize("with_alpha", [False, True])
def test_merged_layers_give_the_coloring_back(colorizer, tmp_path, with_alpha):
    drawn = draw(5, 120)
    alpha = 255 * (drawn.mask > 0).astype("uint8")
    flats = colorizer.flats(np.dstack([drawn.rgb, alpha]) if with_alpha else drawn.rgb)
    palette = flats.palette(3 * flats.sampled(colorizer.noises(1))[0])  # strong colors, some out of the gamut
    layers.save(tmp_path / "rin.psd", flats, palette)
    psd = PSDImage.open(tmp_path / "rin.psd")
    group, drawing = psd
    assert (group.name, drawing.name, drawing.blend_mode) == ("flats", "drawing", BlendMode.LUMINOSITY)
    assert {layer.name for layer in group} <= {f"{palette.names[i]} {i}" for i in palette.shown}
    assert len(group) >= 2
    gray = np.asarray(drawing.topil().convert("RGB"))
    assert (gray == gray[..., :1]).all()
    (coloring,) = flats.paint([palette])
    covered = np.zeros(alpha.shape, bool)
    for layer in group:
        covered[layer.top : layer.bottom, layer.left : layer.right] |= (
            np.asarray(layer.composite(force=True))[..., 3] > 0
        )
    assert (covered == (alpha > 0) if with_alpha else covered).all()
    merged = np.asarray(psd.composite(force=True).convert("RGBA")).astype(int)
    seen = alpha > 0 if with_alpha else np.full(alpha.shape, True)
    assert np.abs(merged[seen][:, :3] - coloring[seen][:, :3]).max() <= 2  # levels of 255
    assert (merged[..., 3] == (alpha if with_alpha else 255)).all()


def test_flats_are_flat_where_the_coloring_is(colorizer):
    """One color at different lightness: the flat is one color but where it shows that it is not."""
    shades = np.linspace(60, 200, 50)[:, None]
    rgb = (shades + [30, 0, -20]).round().astype("float32")
    flat = layers._flat(rgb, rgb[25])
    assert (np.abs(flat.astype(int) - rgb[25]).max(1) <= 1).all()


def test_without_psd_tools_the_message_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "psd_tools", None)
    with pytest.raises(BadInput, match=r"pip install 'anime-color\[layers\]'"):
        layers.check()
