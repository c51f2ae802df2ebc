"""Colorizer: any picture in, the same size and lightness out."""

import keras
import numpy as np
import pytest
from PIL import Image

from anime_color import color, networks, presets
from anime_color.coloring.colorizer import Colorizer
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput


@pytest.fixture(scope="module")
def colorizer():
    keras.utils.set_random_seed(0)
    return Colorizer(networks.film_generator(width=8, latent_size=8), size=32)


@pytest.fixture(scope="module")
def face():
    return draw(3, 96).rgb


@pytest.mark.parametrize("shape", [(32, 32), (127, 255), (300, 41), (16, 16), (17, 400)])
def test_any_size_comes_back(colorizer, shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    colorings = colorizer.chroma(picture, noises=2)
    assert colorings.shape == (2, *shape, 3) and colorings.dtype == np.uint8


def ours_of(count=5, factor=2):
    keras.utils.set_random_seed(0)
    regions = networks.region_network(count, 8, factor, 8)
    return networks.generator_of(regions, networks.palette_network(count, 13, 16, 1))


def test_one_colorizer_of_our_own_recipe_takes_one_size_after_the_other():
    """What a backend learned of the first size must not bind the next."""
    ours = Colorizer(ours_of(), size=32, multiple=16)
    for shape in ((32, 32), (32, 80), (90, 32), (40, 40)):
        assert ours.chroma(np.zeros((*shape, 3), "uint8"), 2).shape == (2, *shape, 3)


def test_lightness_is_kept(colorizer, face):
    before = color.unscale(color.rgb_to_lab(face))[..., 0]
    after = color.unscale(color.rgb_to_lab(colorizer.chroma(face, 2)))[..., 0]
    assert np.abs(after - before).max() < 1.0  # L* units; what 8 bits a channel cost


def test_colors_of_the_input_are_not_looked_at(colorizer, face):
    gray = color.lab_to_rgb(color.rgb_to_lab(face) * [1, 0, 0])
    one, other = colorizer.chroma(face, 3).astype(int), colorizer.chroma(gray, 3).astype(int)
    assert np.abs(one - other).mean() < 1


def test_the_same_call_gives_the_same_bytes_and_a_seed_other_ones(colorizer, face):
    first = colorizer.chroma(face, 4, seed=1)
    assert (colorizer.chroma(face, 4, seed=1) == first).all()
    assert (colorizer.chroma(face, 4, seed=2) != first).any()
    two = colorizer.chroma(face, colorizer.noises(4, seed=1)[:2])
    assert np.abs(two.astype(int) - first[:2]).max() <= 1


def test_pictures_in_any_form(colorizer, face, tmp_path):
    Image.fromarray(face).save(tmp_path / "face.png")
    from_array = colorizer.chroma(face, 1)
    for picture in (tmp_path / "face.png", str(tmp_path / "face.png"), Image.fromarray(face)):
        assert (colorizer.chroma(picture, 1) == from_array).all()


def test_alpha_is_kept_and_hidden_pixels_keep_their_lightness(colorizer, face):
    alpha = np.zeros(face.shape[:2], "uint8")
    alpha[20:60], alpha[60:] = 128, 255
    colorings = colorizer.chroma(np.dstack([face, alpha]), 2)
    assert colorings.shape == (2, 96, 96, 4) and (colorings[..., 3] == alpha).all()
    before, after = (color.unscale(color.rgb_to_lab(rgb))[..., 0] for rgb in (face, colorings[0, ..., :3]))
    assert np.abs(after - before).max() < 1.0
    solid = colorizer.chroma(np.dstack([face, np.full_like(alpha, 255)]), 2)
    assert (solid[..., :3] == colorizer.chroma(face, 2)).all()


@pytest.mark.parametrize("sizes", [(256, 512), (512, 1024)])
def test_colors_do_not_depend_on_the_size_of_the_picture(colorizer, sizes):
    small, large = (color.unscale(color.rgb_to_lab(colorizer.chroma(draw(3, size).rgb, 3)))[..., 1:] for size in sizes)
    small = small.repeat(2, axis=1).repeat(2, axis=2)
    assert np.linalg.norm(small - large, axis=-1).mean() < 3  # Lab units


def test_the_share_of_desaturated_pixels_is_told(colorizer, face):
    colorizer.chroma(np.full((32, 32, 3), 255, "uint8"), 3)
    assert colorizer.clipped.shape == (3,) and (colorizer.clipped == 1).all()  # white has but one color
    colorizer.chroma(face, 2)
    assert colorizer.clipped.shape == (2,) and (colorizer.clipped < 1).all()


def test_one_coloring_is_that_of_its_noise(colorizer, face):
    noises = colorizer.noises(4, seed=5)
    colorings = colorizer.chroma(face, noises)
    # networks round one coloring and four differently, by an amount that the processor decides
    differences = [np.abs(colorizer.colorize(face, noises[2]).astype(int) - coloring) for coloring in colorings]
    assert differences[2].max() <= 3 and differences[2].mean() < min(0.05, differences[1].mean() / 10)
    assert (colorizer.colorize(face, seed=5) == colorizer.colorize(face, colorizer.noises(seed=5)[0])).all()


def test_new_colors_stay_inside_their_region(colorizer, face):
    mask = np.zeros(face.shape[:2], bool)
    mask[10:50, 30:70] = True
    recolored = colorizer.recolor(face, mask, 3)
    assert recolored.shape == (3, 96, 96, 3)
    assert (recolored[:, ~mask] == face[~mask]).all()
    assert (recolored[:, mask] == colorizer.chroma(face, 3)[:, mask]).all()
    assert (colorizer.recolor(face, (30, 10, 70, 50), 3) == recolored).all()


def test_the_ancestor_is_bound_to_its_size_and_colors_any_picture(face):
    ancestor = Colorizer(networks.ancestor_generator(32, 8, 10), size=32, lightness="luma")
    assert ancestor.chroma(face, 2).shape == (2, 96, 96, 3)


def test_no_memory_is_asked_for_what_is_too_big(colorizer):
    with pytest.raises(BadInput, match="5000x10 px: needed is 16 to 4000"):
        colorizer.chroma(np.zeros((10, 5000, 3), "uint8"))


@pytest.mark.parametrize(
    ("noises", "said"),
    [(0, "noises=0"), (np.zeros((2, 9)), "2, 9"), (np.full((1, 8), np.nan), "finite"), (np.zeros(8), "needed")],
)
def test_senseless_noises_are_refused(colorizer, face, noises, said):
    with pytest.raises(BadInput, match=said):
        colorizer.chroma(face, noises)


def test_weights_that_are_none_are_refused(tmp_path):
    with pytest.raises(BadInput, match="neither a run folder nor a preset"):
        Colorizer.from_preset("chroma-9000")
    (tmp_path / "run.json").write_text("{}")
    with pytest.raises(BadInput, match="run.json: cannot be read"):
        Colorizer.from_preset(tmp_path)
    (tmp_path / "run.json").write_text('{"recipe": "gan", "settings": {"width": 8}}')
    with pytest.raises(BadInput, match="no checkpoint yet"):
        Colorizer.from_preset(tmp_path)


@pytest.mark.parametrize("name", presets.shipped())
def test_shipped_presets_color(name, face):
    colorizer = Colorizer.from_preset(name)
    count = 5 if colorizer.latent_size else 1
    colorings = colorizer.chroma(colorizer.given(face), 5, **colorizer.said(face))
    assert colorings.shape == (count, 96, 96, 3)
    folder = presets.SHIPPED / name
    assert sum(path.stat().st_size for path in folder.iterdir()) < 12e6
    assert "Known failures" in (folder / "card.md").read_text("utf-8")
    lab = color.unscale(color.rgb_to_lab(colorings))
    assert lab[..., 0].std() > 5  # L* units: an empty picture would be a failure
    assert count == 1 or lab[..., 1:].std(0).mean() > 2  # Lab units: five look-alikes would be one
