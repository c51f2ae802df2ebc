"""Painters of line art: any drawing in, painted once or many ways; what is no line art is refused."""

import keras
import numpy as np
import pytest

from anime_color import color, recipes
from anime_color.coloring import painters, painting
from anime_color.coloring.colorizer import Colorizer
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput


def tiny(name):
    """The generator of a tiny recipe, untrained."""
    recipe = recipes.get(name)
    return recipe.build(recipe.Settings.tiny()).networks["generator"]


@pytest.fixture(scope="module")
def two_stage():
    """Untrained, with kernels of such a size that hints are seen in what comes out."""
    keras.utils.set_random_seed(0)
    generator, random = tiny("two_stage"), np.random.default_rng(0)
    for variable in generator.trainable_variables:
        if len(variable.shape) == 4:
            scale = np.sqrt(1 / np.prod(variable.shape[:3]))
            variable.assign(random.normal(0, scale, variable.shape))
    return Colorizer(generator, 32, multiple=32, name="tiny")


@pytest.fixture(scope="module")
def shaded():
    keras.utils.set_random_seed(0)
    return Colorizer(tiny("chroma_lines"), 32, multiple=32, name="shaded")


@pytest.fixture(scope="module")
def face():
    return draw(3, 96).rgb


@pytest.fixture(scope="module")
def drawing(face, two_stage):
    return two_stage.given(face)


def frame(height, width, ink=0, paper=255):
    """A box of lines, 2 px wide, on paper."""
    picture = np.full((height, width, 3), paper, "uint8")
    picture[4 : height - 4, 4 : width - 4] = ink
    picture[6 : height - 6, 6 : width - 6] = paper
    return picture


def lab_of(picture):
    return color.unscale(color.rgb_to_lab(picture))


# A painter that paints once ---------------------------------------------------------------------------------


def test_what_it_takes_and_listens_to(two_stage):
    assert two_stage.takes == "line art" and two_stage.conditions == ("dots", "threshold")
    assert not two_stage.knows_regions


@pytest.mark.parametrize("shape", [(32, 32), (127, 255), (300, 41), (16, 16)])
def test_any_size_comes_back_painted_once(two_stage, shape):
    colorings = two_stage.chroma(frame(*shape))
    assert colorings.shape == (1, *shape, 3) and colorings.dtype == np.uint8
    assert (two_stage.colorize(frame(*shape)) == colorings[0]).all()
    assert two_stage.clipped.shape == (1,)


def test_there_is_no_noise(two_stage):
    assert two_stage.latent_size == 0 and two_stage.noises().shape == two_stage.noises(7, seed=3).shape == (1, 0)


def test_alpha_is_kept_and_what_is_transparent_is_paper(two_stage):
    alpha = np.full((60, 50), 255, "uint8")
    alpha[:, 30:] = 0
    colored = two_stage.colorize(np.dstack([frame(60, 50), alpha]))
    assert colored.shape == (60, 50, 4) and (colored[..., 3] == alpha).all()
    on_paper = frame(60, 50)
    on_paper[:, 30:] = 255
    assert (colored[..., :3] == two_stage.colorize(on_paper)).all()


def test_a_dot_changes_the_picture_and_its_color_and_place_matter(two_stage, drawing):
    colorings = [
        two_stage.colorize(drawing, dots=dots)
        for dots in ([], [(48, 48, "red", 8)], [(48, 48, "blue", 8)], [(20, 70, "red", 8)], [(48, 48, "red")])
    ]
    assert (colorings[0] == two_stage.colorize(drawing)).all()
    for i, one in enumerate(colorings):
        for other in colorings[:i]:
            assert (one != other).any()


def test_dots_come_from_a_file_too(two_stage, drawing, tmp_path):
    (tmp_path / "dots.json").write_text('[[48, 48, "red", 8]]')
    from_file = two_stage.colorize(drawing, dots=tmp_path / "dots.json")
    assert (from_file == two_stage.colorize(drawing, dots=[(48, 48, "red", 8)])).all()


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ({"lock": {"hair": "red"}}, "lock: weights tiny do not know it; conditions that they know: dots, threshold"),
        ({"noise": np.zeros(8)}, "noise: weights tiny do not know it; conditions that they know: dots, threshold"),
        ({"dots": [(96, 0, "red")]}, "outside the picture of 96x96 px"),
        ({"dots": 5}, "needed is a list"),
        ({"threshold": 300}, "threshold is 300"),
        ({"threshold": 0}, "threshold is 0; give a whole number of 1 to 255"),
        ({"threshold": "all"}, "threshold is 'all'"),
    ],
)
def test_unknown_and_senseless_conditions_are_refused(two_stage, drawing, condition, said):
    with pytest.raises(BadInput, match=said):
        two_stage.colorize(drawing, **condition)


def test_what_needs_regions_or_a_gray_picture_is_refused(two_stage, drawing):
    with pytest.raises(BadInput, match="weights tiny: they know no regions"):
        two_stage.flats(drawing)
    with pytest.raises(BadInput, match="weights tiny: they take line art; recolor with those of a gray picture"):
        two_stage.recolor(drawing, (0, 0, 9, 9))


# Line art ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shade", [0, 128, 255])
def test_empty_drawings_are_refused(two_stage, shade):
    with pytest.raises(BadInput, match="no line on the drawing: needed is dark ink on light paper"):
        two_stage.colorize(np.full((40, 60, 3), shade, "uint8"))


def test_pictures_that_are_mostly_dark_are_refused(two_stage):
    dark = np.zeros((64, 64, 3), "uint8")
    dark[::4] = 255  # three quarters are ink
    with pytest.raises(BadInput, match="mostly dark: needed is line art.*chroma-128 color gray pictures"):
        two_stage.colorize(dark)
    assert two_stage.colorize(255 - dark).shape == (64, 64, 3)  # a quarter


def test_a_threshold_decides_what_is_ink(two_stage):
    """Two lines, one of them faint: of a high threshold both are ink, of a low one the black one alone."""
    drawing = np.full((64, 64, 3), 255, "uint8")
    drawing[:, 20:22] = 0
    black = drawing.copy()
    drawing[:, 40:42] = 150
    both = black.copy()
    both[:, 40:42] = 0
    assert (two_stage.colorize(drawing, threshold=100) == two_stage.colorize(black)).all()
    assert (two_stage.colorize(drawing, threshold=200) == two_stage.colorize(both)).all()
    assert (painters.ink_of(drawing, 100) == black[..., 0]).all()
    assert set(np.unique(painters.ink_of(drawing, "otsu"))) == {0, 255} != set(np.unique(painters.ink_of(drawing)))


def test_what_an_artist_would_have_begun_with_is_line_art(two_stage, shaded, face):
    for colorizer in (two_stage, shaded):
        given = colorizer.given(face)
        assert given.shape == face.shape and given.dtype == np.uint8
        assert (given == given[..., :1]).all() and (given != face).any()
        assert (given > 200).mean() > 0.7 and (given < 100).any()
        painters.ink_of(given)
    gray = Colorizer(shaded.generator.get_layer("chroma"), 32)
    assert gray.takes == "gray picture" and (gray.given(face) == face).all()


# The door of chroma -----------------------------------------------------------------------------------------


def test_a_drawing_has_many_colorings_of_one_lightness(shaded, drawing):
    assert shaded.takes == "line art" and shaded.conditions == (
        "noise",
        "lock",
        "dots",
        "reference",
        "threshold",
    )
    assert shaded.knows_regions and shaded.latent_size > 0
    colorings = shaded.chroma(drawing)
    assert colorings.shape == (25, 96, 96, 3)
    lab = lab_of(colorings)
    assert lab[..., 1:].std(0).mean() > 1  # Lab units
    assert np.abs(lab[..., 0] - lab[:1, ..., 0]).max() < 2
    noises = shaded.noises()
    assert np.abs(shaded.colorize(drawing, noises[3]).astype(int) - colorings[3]).max() <= 1


def test_the_lightness_is_that_of_the_drawn_picture(shaded, drawing):
    flats = shaded.flats(drawing)
    assert flats.rgb.shape == drawing.shape and (flats.rgb != drawing).any()
    found = lab_of(shaded.colorize(drawing))[..., 0]
    assert np.abs(found - (flats.l + 1) * 50).max() < 2
    assert shaded.regions(drawing).shares.shape == (24, 96, 96)


def test_its_locks_come_out_and_the_rest_is_sampled(shaded, drawing):
    flats = shaded.flats(drawing)
    name = flats.names[flats.area.argmax()]
    mine = flats.palette(None).regions(name)
    locked = flats.sampled(shaded.noises(3), {name: "#c03060"})
    ab = color.rgb_to_lab(np.array([[[0xC0, 0x30, 0x60]]], "uint8"))[0, 0, 1:]
    assert np.abs(locked[:, mine, :2] - ab).max() < 1e-5
    free, colored = (shaded.colorize(drawing, **lock) for lock in ({}, {"lock": {name: "#c03060"}}))
    assert (free != colored).any()


def test_its_dots_tell_color_and_lightness(shaded, drawing):
    x, y = np.argwhere(drawing[..., 0].T > 250)[400]
    dot = [(int(x), int(y), "#c03060", 5)]
    without, dotted = shaded.flats(drawing), shaded.flats(drawing, dots=dot)
    assert (without.l != dotted.l).any()  # the network of lightness sees it
    at = dotted.at(int(x), int(y))
    palette = dotted.sampled(shaded.noises(2))
    assert palette[:, at, 0].min() == palette[:, at, 0].max() > 0.4  # a* of the dot, 52 of 110, whatever the noise
    assert (shaded.colorize(drawing, dots=dot) != shaded.colorize(drawing)).any()


@pytest.mark.parametrize("shape", [(32, 32), (127, 255), (300, 41)])
def test_the_door_takes_any_size_too(shaded, shape):
    assert shaded.chroma(frame(*shape), 2).shape == (2, *shape, 3)


def test_the_door_refuses_what_it_cannot(shaded, drawing):
    with pytest.raises(BadInput, match="weights shaded: they take line art; recolor with those of a gray picture"):
        shaded.recolor(drawing, "hair")
    with pytest.raises(BadInput, match="no line on the drawing"):
        shaded.chroma(np.full((40, 40, 3), 255, "uint8"))
    with pytest.raises(BadInput, match="mostly dark"):
        shaded.flats(np.repeat(np.where(np.arange(64) % 4, 0, 255).astype("uint8")[:, None, None], 64, 1).repeat(3, 2))
    with pytest.raises(BadInput, match="move: weights shaded do not know it"):
        shaded.colorize(drawing, move={"warmer": 1})
    with pytest.raises(BadInput, match="threshold is 0"):
        shaded.colorize(drawing, threshold=0)


# Along the lines --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def guides():
    """(small (24, 32), guide (96, 128)), 0..1: a drawing of blocks of ink, and its means of 4 x 4 pixels."""
    random = np.random.default_rng(0)
    guide = random.integers(0, 2, (16, 16)).repeat(6, 0).repeat(8, 1) + random.uniform(-0.2, 0.2, (96, 128))
    guide = ((guide + 0.2) / 1.4).astype("float32")
    return guide.reshape(24, 4, 32, 4).mean((1, 3)), guide


def test_planes_of_the_size_of_the_guide_stay_as_they_are(guides):
    planes = np.random.default_rng(1).uniform(-1, 1, (3, 24, 32)).astype("float32")
    assert (painting.along(planes, guides[0], guides[0]) == planes).all()


@pytest.mark.parametrize(("slope", "offset"), [(1, 0), (-0.6, 0.3), (0.25, -0.9)])
def test_what_follows_the_small_guide_follows_the_guide(guides, slope, offset):
    small, guide = guides
    (found,) = painting.along(slope * small[None] + offset, small, guide)
    expected = slope * guide + offset
    (enlarged,) = painting.resized(slope * small[None] + offset, guide.shape)
    mean = small.reshape(8, 3, 8, 4).mean((1, 3))
    spread = (small.reshape(8, 3, 8, 4) ** 2).mean((1, 3)) - mean**2
    uneven = (spread > 0.02).repeat(12, 0).repeat(16, 1)  # flat windows say nothing
    assert uneven.mean() > 0.4
    off, before = np.abs(found - expected)[uneven], np.abs(enlarged - expected)[uneven]
    assert off.mean() < 0.03 * abs(slope) and np.percentile(off, 99) < 0.1 * abs(slope)
    assert off.mean() < 0.25 * before.mean()


def test_planes_of_one_value_stay_so(guides):
    small, guide = guides
    planes = np.array([-0.8, 0, 0.37], "float32")[:, None, None] * np.ones((1, 24, 32), "float32")
    found = painting.along(planes, small, guide)
    assert found.shape == (3, 96, 128)
    assert found == pytest.approx(np.broadcast_to(planes[:, :1, :1], found.shape), abs=1e-4)


def test_a_flat_guide_only_enlarges():
    planes = np.random.default_rng(1).uniform(-1, 1, (2, 6, 8)).astype("float32")
    found = painting.along(planes, np.ones((6, 8), "float32"), np.ones((24, 32), "float32"))
    assert found == pytest.approx(painting.resized(planes, (24, 32)), abs=1e-5)


def test_a_line_of_the_drawing_is_a_line_of_the_picture():
    """Paper is light and ink dark in what was painted small: at full size the ink is where the line is."""
    guide = np.ones((64, 64), "float32")
    guide[:, 33] = 0
    small = guide.reshape(16, 4, 16, 4).mean((1, 3))
    (found,) = painting.along((2 * small - 1)[None], small, guide)
    assert found[32].argmin() == 33 and found[32, 33] < -0.8
    assert found[32, [31, 35]].min() > 0.8  # enlarged alone, they would be half as dark as the line
