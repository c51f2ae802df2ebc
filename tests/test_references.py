"""References: histograms of colors, lists of colors to edit, and what is painted by them."""

import json

import keras
import numpy as np
import pytest
from PIL import Image

from anime_color import cli, color, histograms, networks, recipes
from anime_color.coloring import references
from anime_color.coloring.colorizer import Colorizer
from anime_color.coloring.references import Colors
from anime_color.faces import Faces
from anime_color.scores import obedience, systems
from anime_color.training import runs
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput

pytestmark = pytest.mark.usefixtures("eagerly")

RED, WHITE, BLACK, ORANGE = (255, 0, 0), (255, 255, 255), (0, 0, 0), (255, 128, 0)


def picture(*rows):
    """A picture of rows of one color each: (color, how many rows of ten pixels)."""
    return np.concatenate([np.full((count, 10, 3), rgb, "uint8") for rgb, count in rows])


def gray(shade=128, height=32, width=40):
    return np.full((height, width, 3), shade, "uint8")


def hexes(colors):
    return ["#" + bytes(rgb).hex() for rgb in colors.rgb]


def same(one, other):
    return (one.rgb == other.rgb).all() and one.shares == pytest.approx(other.shares, abs=1e-6)


@pytest.fixture(scope="module")
def face():
    return draw(3, 96).rgb


@pytest.fixture(scope="module")
def other_face():
    return draw(40, 64).rgb


# Histograms -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rgb", "index"), [(RED, 180), (WHITE, 215), (BLACK, 0), (ORANGE, 198), ((42, 43, 85), 8), ((85, 127, 212), 88)]
)
def test_one_color_is_one_bin(rgb, index):
    """Bins begin at 0, 42.5, 85, 127.5, 170 and 212.5."""
    found = histograms.histogram(np.full((3, 5, 3), rgb, "uint8"))
    assert found.shape == (216,) and found.dtype == np.float32
    assert found[index] == found.sum() == 1


def test_each_value_is_in_the_bin_that_its_sixth_tells():
    values = np.arange(256)
    grays = np.repeat(values[:, None], 3, 1).astype("uint8")
    assert (histograms.bins(grays) == 43 * np.minimum(np.floor(values / 255 * 6 + 1e-9), 5)).all()


def test_shares_are_of_all_pixels_and_their_sum_is_one(face):
    found = histograms.histogram(face)
    assert found.min() >= 0 and found.sum() == pytest.approx(1, abs=1e-6)
    halves = histograms.histogram(picture((RED, 1), (WHITE, 3)))
    assert (halves[180], halves[215]) == (0.25, 0.75)


def test_where_colors_are_and_how_large_the_picture_is_does_not_matter(face):
    found = histograms.histogram(face)
    shuffled = np.random.default_rng(0).permutation(face.reshape(-1, 3)).reshape(face.shape)
    for same_colors in (shuffled, face[:, ::-1], face[::-1], face.repeat(3, 0).repeat(3, 1), face.swapaxes(0, 1)):
        assert (histograms.histogram(same_colors) == found).all()
        assert ((histograms.histogram(same_colors) > 0) == (found > 0)).all()


@pytest.mark.parametrize(
    ("which", "rate", "expected"),
    [
        (0, 2, [0.4, 0.45, 0.15]),
        (1, 0.5, [0.35, 0.3, 0.35]),
        (2, 0, [0.25, 0.75, 0]),
        (1, 9, [0, 1, 0]),
        (0, 1, [0.2, 0.6, 0.2]),
    ],
)
def test_more_of_one_is_less_of_the_others(which, rate, expected):
    assert histograms.rebalanced(np.float32([0.2, 0.6, 0.2]), which, rate) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("rate", [0, 0.3, 1, 1.7, 50])
def test_the_sum_stays_as_it_was(face, rate):
    found = histograms.histogram(face)
    largest = int(found.argmax())
    for shares in (found, 7 * found):
        other = histograms.rebalanced(shares, largest, rate)
        assert other.sum() == pytest.approx(shares.sum(), rel=1e-5) and other.min() >= 0
        assert other[largest] == pytest.approx(min(shares[largest] * rate, shares.sum()), rel=1e-5)
    assert histograms.rebalanced(found, largest, 1) == pytest.approx(found, abs=1e-7)


def test_all_of_a_color_that_is_alone_stays_all():
    assert histograms.rebalanced([0, 1, 0], 1, 0.2).tolist() == [0, 1, 0]


# Colors ---------------------------------------------------------------------------------------------------------


def test_colors_of_a_picture_are_the_means_of_its_bins_the_most_of_it_first():
    found = Colors.of(picture(((200, 10, 10), 1), ((210, 10, 10), 1), ((0, 0, 250), 5), ((90, 200, 90), 3)))
    assert found.rgb.tolist() == [[0, 0, 250], [90, 200, 90], [205, 10, 10]] and found.rgb.dtype == np.uint8
    assert found.shares == pytest.approx([0.5, 0.3, 0.2]) and found.shares.dtype == np.float32


def test_colors_of_a_five_hundredth_and_less_are_not_listed():
    speckled = picture(((0, 0, 250), 98), ((250, 0, 0), 2))
    speckled[0, 0], speckled[-1, 0:3] = (0, 250, 0), (250, 250, 0)  # 1 and 3 of 1,000
    found = Colors.of(speckled)
    assert hexes(found) == ["#0000fa", "#fa0000", "#fafa00"]
    assert found.shares.sum() == pytest.approx(1, abs=1e-6)


def test_the_histogram_of_a_pictures_colors_is_nearly_its_own(face):
    true, found = histograms.histogram(face), Colors.of(face).histogram
    assert found.sum() == pytest.approx(1, abs=1e-6) and np.abs(true - found).sum() < 0.1
    flat = picture((RED, 2), (ORANGE, 5), (BLACK, 3))
    assert Colors.of(flat).histogram == pytest.approx(histograms.histogram(flat), abs=1e-6)


def test_colors_are_listed_alone_or_with_their_shares():
    equal = Colors.listed(["#3060c0", "navy", (255, 128, 0)])
    assert hexes(equal) == ["#3060c0", "#000080", "#ff8000"] and equal.shares == pytest.approx([1 / 3] * 3)
    shared = Colors.listed([("#3060c0", 1), ((255, 128, 0), 3.0)])
    assert hexes(shared) == ["#3060c0", "#ff8000"] and shared.shares == pytest.approx([0.25, 0.75])
    assert equal.histogram[198] == pytest.approx(1 / 3)


def test_every_color_comes_out_as_it_was_told():
    told = np.random.default_rng(0).integers(0, 256, (216, 3))
    assert (Colors.listed(told.tolist()).rgb == told).all()


def test_colors_are_edited_and_stay_what_they_were():
    colors = Colors.listed([("red", 0.5), ("lime", 0.3), ("blue", 0.2)])
    replaced = colors.replaced(1, "gold")
    assert hexes(replaced) == ["#ff0000", "#ffd700", "#0000ff"] and (replaced.shares == colors.shares).all()
    assert hexes(colors)[1] == "#00ff00"
    added = colors.added("gold", 0.5)
    assert hexes(added)[3] == "#ffd700" and added.shares == pytest.approx([0.25, 0.15, 0.1, 0.5])
    assert colors.added("gold", 0).shares[3] == 0 and colors.added("gold", 1).shares.tolist() == [0, 0, 0, 1]
    less = colors.without(0)
    assert hexes(less) == ["#00ff00", "#0000ff"] and less.shares == pytest.approx([0.6, 0.4])
    more = colors.rebalanced(2, 2)
    assert more.shares == pytest.approx([0.375, 0.225, 0.4]) and hexes(more) == hexes(colors)
    assert colors.rebalanced(0, 1).shares == pytest.approx(colors.shares, abs=1e-7)
    assert colors.rebalanced(1, 1000).shares.tolist() == [0, 1, 0]


def test_two_colors_of_one_bin_count_together():
    assert Colors.listed([((250, 0, 0), 1), (RED, 2), (WHITE, 1)]).histogram[180] == pytest.approx(0.75)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.replaced(3, "red"), "color 3: there are colors 0 to 2"),
        (lambda c: c.replaced(-1, "red"), "color -1: there are colors 0 to 2"),
        (lambda c: c.without("hair"), "color 'hair': there are colors 0 to 2"),
        (lambda c: c.rebalanced(True, 2), "color True: there are colors 0 to 2"),
        (lambda c: c.replaced(0, "no color"), "color 'no color': needed is #rrggbb"),
        (lambda c: c.replaced(0, (1, 2)), "needed is #rrggbb"),
        (lambda c: c.added((0, 0, 256), 0.1), "needed is #rrggbb"),
        (lambda c: c.added("red", 1.5), "share 1.5: needed is a number from 0 to 1"),
        (lambda c: c.added("red", None), "share None: needed is a number from 0 to 1"),
        (lambda c: c.rebalanced(0, -1), "rate -1: needed is a number from 0 to 1000"),
        (lambda c: c.rebalanced(0, float("nan")), "rate nan: needed is a number"),
        (lambda c: c.without(0).without(0).without(0), "palette of 0 colors: needed is a list of 1 to 216"),
        (lambda c: c.added("red", 1).without(3), "all shares are 0: give at least one color more"),
    ],
)
def test_senseless_edits_are_refused(change, said):
    with pytest.raises(BadInput, match=said):
        change(Colors.listed(["red", "lime", "blue"]))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "palette of 0 colors: needed is a list of 1 to 216"),
        (["red"] * 1000, "palette of 1000 colors: needed is a list of 1 to 216"),
        ("red", "palette of str colors: needed is a list"),
        ({"red": 1}, "palette of dict colors: needed is a list"),
        (["red", "reddest"], "color 1: color 'reddest': needed is #rrggbb"),
        (["red", None], "color 1: color None: needed is"),
        (["red", ("blue", -1)], "color 1: share -1: needed is a number from 0"),
        (["red", ("blue", "much")], "color 1: share 'much': needed is a number from 0"),
        ([("red", 1), "blue"], "color 1: has no share, others have one; give one to all or to none"),
        ([("red", 0), ("blue", 0)], "all shares are 0"),
    ],
)
def test_senseless_lists_are_refused(given, said):
    with pytest.raises(BadInput, match=said):
        Colors.listed(given)


@pytest.mark.parametrize("shade", [0, 77, 255])
def test_a_gray_picture_tells_no_colors(shade, tmp_path):
    with pytest.raises(BadInput, match="reference: a gray picture tells no colors; give a colored one"):
        Colors.of(gray(shade))
    Image.fromarray(gray(shade)).save(tmp_path / "gray.png")
    with pytest.raises(BadInput, match=r"gray\.png: a gray picture tells no colors"):
        references.histogram(reference=tmp_path / "gray.png")


def test_a_broken_picture_is_refused_by_name(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"\x89PNG no picture")
    for name in ("broken.png", "missing.png"):
        with pytest.raises(BadInput, match=name):
            Colors.of(tmp_path / name)


# Files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["json", "gpl", "JSON"])
def test_colors_come_back_from_their_files(face, tmp_path, ending):
    for number, colors in enumerate((Colors.of(face), Colors.listed([("red", 0.999), ("#010203", 0.001)]))):
        path = tmp_path / f"{number}.{ending}"
        colors.save(path)
        assert (references.load(path).rgb == colors.rgb).all()
        assert references.load(path).shares == pytest.approx(colors.shares, abs=2e-6)
    assert sorted(one.name for one in tmp_path.iterdir()) == [f"0.{ending}", f"1.{ending}"]


def test_as_json_it_is_a_list_of_colors_and_shares(tmp_path):
    path = tmp_path / "rin.json"
    Colors.listed([("#3060c0", 1), ("#ffd700", 3)]).save(path)
    expected = [{"color": "#3060c0", "share": 0.25}, {"color": "#ffd700", "share": 0.75}]
    assert json.loads(path.read_text()) == {"format": 1, "colors": expected}
    path.write_text('{"format": 1, "colors": [{"color": "navy"}, {"color": [255, 128, 0]}]}')
    assert hexes(references.load(path)) == ["#000080", "#ff8000"]


def test_as_gpl_the_names_are_shares_and_other_names_are_none(tmp_path):
    path = tmp_path / "rin.gpl"
    Colors.listed([("#3060c0", 1), ("#ffd700", 3)]).save(path)
    lines = path.read_text().splitlines()
    assert lines[0] == "GIMP Palette" and lines[-2:] == [" 48  96 192\t25 %", "255 215   0\t75 %"]
    path.write_text("GIMP Palette\n255 0 0\thair\n0 0 255\n# a remark\n0 255 0 light green\n")
    found = references.load(path)
    assert hexes(found) == ["#ff0000", "#0000ff", "#00ff00"] and found.shares == pytest.approx([1 / 3] * 3)


def test_another_ending_cannot_be_written(tmp_path):
    with pytest.raises(BadInput, match=r"needed is a name ending in .json or .gpl"):
        Colors.listed(["red"]).save(tmp_path / "colors.txt")
    assert not list(tmp_path.iterdir())


def refused_with_its_name(path, text, said):
    path.write_text(text)
    with pytest.raises(BadInput) as refused:
        references.load(path)
    assert str(refused.value).startswith(f"{path}: ") and said in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no colors as JSON"),
        ("{", "no colors as JSON"),
        ("[]", "no colors as JSON"),
        ("[" * 100_000, "no colors as JSON"),
        ('{"format": 1}', "no colors as JSON"),
        ('{"format": 1, "colors": 7}', "no colors as JSON"),
        ('{"format": 1, "colors": null}', "no colors as JSON"),
        ('{"format": 1, "colors": ["red"]}', "no colors as JSON"),
        ('{"format": 2, "colors": [{"color": "red"}]}', "colors of format 2; this version reads 1"),
        ('{"format": 1, "colors": []}', "palette of 0 colors"),
        ('{"format": 1, "colors": [{"color": "red"}, {"color": "rad"}]}', "color 1: color 'rad'"),
        ('{"format": 1, "colors": [{"color": "red", "share": NaN}]}', "color 0: share nan"),
        ('{"format": 1, "colors": [{"color": "red", "share": 1}, {"color": "red"}]}', "color 1: has no share"),
    ],
)
def test_malformed_json_is_refused_with_the_files_name(tmp_path, text, said):
    refused_with_its_name(tmp_path / "colors.json", text, said)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "not a GPL palette"),
        ("GIMP\n255 0 0", "its first line is not 'GIMP Palette'"),
        ("GIMP Palette\n255 0\n", "color 0 has not three numbers"),
        ("GIMP Palette\n255 0 0\n256 0 0\n", "color 1 has not three numbers"),
        ("GIMP Palette\n#\n", "palette of 0 colors"),
        ("GIMP Palette\n255 0 0\tmuch %\n", "'much %': needed is a share such as 25 %"),
        ("GIMP Palette\n255 0 0\t20 %\n0 0 0\tink\n", "color 1: has no share"),
        ("GIMP Palette\n" + "255 0 0\n" * 1000, "palette of 1000 colors"),
    ],
)
def test_malformed_gpl_is_refused_with_the_files_name(tmp_path, text, said):
    refused_with_its_name(tmp_path / "colors.gpl", text, said)


@pytest.mark.parametrize("name", ["missing.json", "missing.gpl", "."])
def test_files_that_cannot_be_read_are_refused(tmp_path, name):
    with pytest.raises(BadInput, match="palette"):
        references.load(tmp_path / name)


# One of three ways ----------------------------------------------------------------------------------------------


def test_a_histogram_is_told_in_three_ways(face, tmp_path):
    expected = histograms.histogram(face)
    assert (references.histogram(reference=face) == expected).all()
    assert references.histogram(histogram=1000 * expected) == pytest.approx(expected, abs=1e-6)
    assert references.histogram(histogram=expected.tolist()) == pytest.approx(expected, abs=1e-6)
    colors = Colors.of(face)
    colors.save(tmp_path / "colors.json")
    for palette in (colors, tmp_path / "colors.json", str(tmp_path / "colors.json")):
        assert references.histogram(palette=palette) == pytest.approx(colors.histogram, abs=1e-5)
    assert references.histogram(palette=["red", "white"])[[180, 215]].tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({}, "need one of the three, none of them given"),
        ({"reference": picture((RED, 1)), "palette": ["red"]}, "reference and palette given"),
        ({"palette": ["red"], "histogram": np.ones(216)}, "palette and histogram given"),
        ({"histogram": np.ones(215)}, r"histogram float64 \(215,\): needed are 216 numbers from 0"),
        ({"histogram": np.zeros(216)}, "not all 0"),
        ({"histogram": -np.ones(216)}, "216 numbers from 0"),
        ({"histogram": np.full(216, np.nan)}, "216 numbers from 0"),
        ({"histogram": np.full(216, np.inf)}, "infinite numbers"),
        ({"histogram": ["red"] * 216}, "216 numbers from 0"),
        ({"histogram": "red"}, "216 numbers from 0"),
        ({"palette": 7}, "palette of int colors"),
    ],
)
def test_what_is_not_exactly_one_of_them_is_refused(told, said):
    with pytest.raises(BadInput, match=said):
        references.histogram(**told)


# Painting by a reference ----------------------------------------------------------------------------------------


def comic(drawing="lines", reads="histogram", stages=1):
    """An untrained colorizer that a reference is heard in."""
    keras.utils.set_random_seed(0)
    generator = networks.comic_generator(32, 2, 4, drawing, reads)
    kernel = generator.get_layer("unit_lab").kernel
    kernel.assign(3 * np.asarray(keras.ops.convert_to_numpy(kernel)))
    if stages == 2:
        generator = networks.comic_generator_in_two_stages(generator, networks.comic_enlarger(4))
    return Colorizer(generator, 32 * stages, multiple=32 * stages, name="comic")


@pytest.fixture(scope="module")
def drawn():
    return comic()


@pytest.fixture(scope="module")
def shaded():
    return comic("l")


@pytest.fixture(scope="module")
def drawing(drawn, face):
    return drawn.given(face)


def frame(height, width):
    """A box of lines, 2 px wide, on paper."""
    lines = np.full((height, width, 3), 255, "uint8")
    lines[4 : height - 4, 4 : width - 4] = 0
    lines[6 : height - 6, 6 : width - 6] = 255
    return lines


def apart(one, other):
    return np.abs(one.astype(int) - other.astype(int)).max()


def test_what_they_take_and_listen_to(drawn, shaded, face):
    assert drawn.takes == "line art" and shaded.takes == "gray picture"
    assert shaded.conditions == ("reference", "palette", "histogram", "dots")
    assert drawn.conditions == (*shaded.conditions, "threshold")
    for one in (drawn, shaded):
        assert one.needs_reference and not one.knows_regions and one.latent_size == 0
        assert list(one.said(face)) == ["reference"] and (one.said(face)["reference"] == face).all()
    assert (shaded.given(face) == face).all() and (drawn.given(face) != face).any()


@pytest.mark.parametrize("shape", [(32, 32), (127, 255), (300, 41), (16, 16)])
def test_any_size_comes_back_painted_once(drawn, shaded, face, shape):
    for one in (drawn, shaded):
        colorings = one.chroma(frame(*shape), 7, reference=face)
        assert colorings.shape == (1, *shape, 3) and colorings.dtype == np.uint8


def test_exactly_one_reference_is_needed(drawn, shaded, face, drawing):
    for one, given in ((drawn, drawing), (shaded, face)):
        with pytest.raises(BadInput, match="these weights need one of the three, none of them given"):
            one.colorize(given)
        with pytest.raises(BadInput, match="reference and palette given"):
            one.colorize(given, reference=face, palette=["red"])
        with pytest.raises(BadInput, match="a gray picture tells no colors"):
            one.colorize(given, reference=gray())
        with pytest.raises(BadInput, match="lock: weights comic do not know it"):
            one.colorize(given, reference=face, lock={"hair": "red"})


def test_the_three_ways_paint_alike(drawn, drawing, face):
    painted = drawn.colorize(drawing, reference=face)
    assert (drawn.colorize(drawing, histogram=histograms.histogram(face)) == painted).all()
    by_colors = drawn.colorize(drawing, palette=Colors.of(face))
    assert (by_colors == drawn.colorize(drawing, histogram=Colors.of(face).histogram)).all()
    assert (by_colors != drawn.colorize(drawing, palette=["red", "navy"])).any()


@pytest.mark.parametrize("reads", histograms.KINDS)
def test_pixels_of_a_reference_may_lie_anywhere_and_other_colors_paint_otherwise(reads, face, other_face):
    one = comic("lines", reads)
    given = one.given(face)
    painted = one.colorize(given, reference=face)
    shuffled = np.random.default_rng(0).permutation(face.reshape(-1, 3)).reshape(48, 192, 3)
    assert (one.colorize(given, reference=shuffled) == painted).all()
    assert apart(one.colorize(given, reference=other_face), painted) > 5
    fewer = face.copy()
    fewer[:40] = face[0, 0]  # other shares, and fewer bins
    assert (one.colorize(given, reference=fewer) != painted).any()


def test_ink_stays_black_and_gray_pictures_keep_their_lightness(drawn, shaded, face, drawing, other_face):
    painted = drawn.colorize(drawing, reference=other_face)
    assert (drawing == 0).any() and painted[(drawing == 0).all(-1)].max() < 4
    found, before = (
        color.unscale(color.rgb_to_lab(one))[..., 0] for one in (shaded.colorize(face, reference=face), face)
    )
    assert np.abs(found - before).max() < 2


def test_a_picture_lies_in_the_middle_of_a_white_square(drawn, face):
    wide = frame(60, 100)
    square = np.full((100, 100, 3), 255, "uint8")
    square[20:80] = wide
    found, whole = (drawn.colorize(one, reference=face, threshold=128) for one in (wide, square))
    assert (found == whole[20:80]).all()
    moved = [
        drawn.colorize(one, reference=face, threshold=128, dots=[(50, y, "red", 6)])
        for one, y in ((wide, 30), (square, 50))
    ]
    assert (moved[0] == moved[1][20:80]).all() and (moved[0] != found).any()


def test_dots_are_heard_with_their_color_and_place(drawn, drawing, face):
    told = [[], [(48, 48, "red", 8)], [(48, 48, "blue", 8)], [(20, 70, "red", 8)]]
    colorings = [drawn.colorize(drawing, reference=face, dots=dots) for dots in told]
    assert (colorings[0] == drawn.colorize(drawing, reference=face)).all()
    for i, one in enumerate(colorings):
        assert all((one != other).any() for other in colorings[:i])


def test_alpha_is_kept_and_what_is_transparent_is_paper(drawn, face):
    alpha = np.full((60, 60), 255, "uint8")
    alpha[:, 40:] = 0
    colored = drawn.colorize(np.dstack([frame(60, 60), alpha]), reference=face)
    on_paper = frame(60, 60)
    on_paper[:, 40:] = 255
    assert colored.shape == (60, 60, 4) and (colored[..., 3] == alpha).all()
    assert (colored[..., :3] == drawn.colorize(on_paper, reference=face)).all()


def test_two_stages_paint_at_twice_the_size(face):
    one = comic(stages=2)
    given = one.given(face)
    plain, dotted = (one.colorize(given, reference=face, dots=dots) for dots in ([], [(40, 40, "red", 8)]))
    assert plain.shape == face.shape and (plain != dotted).any()


def test_a_mostly_dark_or_empty_drawing_is_refused(drawn, face):
    with pytest.raises(BadInput, match="no line on the drawing"):
        drawn.colorize(gray(255), reference=face)
    bars = np.repeat(np.where(np.arange(64) % 4, 0, 255).astype("uint8")[:, None, None], 64, 1).repeat(3, 2)
    with pytest.raises(BadInput, match="mostly dark"):
        drawn.colorize(bars, reference=face)


# Regions by a reference -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def chroma():
    keras.utils.set_random_seed(0)
    recipe = recipes.get("chroma")
    return Colorizer(recipe.build(recipe.Settings.tiny()).networks["generator"], 32, multiple=32, name="regions")


def test_regions_take_the_colors_that_are_fitted_to_the_reference(chroma, face, other_face):
    flats = chroma.flats(face)
    decided = flats.carried(chroma.palette_of(other_face))
    entries = flats.sampled(chroma.noises(2), decided)
    known = ~np.isnan(decided.entries)
    assert known.any() and (entries[:, known] == decided.entries[known]).all()
    assert (flats.paint(entries) == chroma.chroma(face, 2, reference=other_face)).all()
    by_itself, by_another = (chroma.colorize(face, reference=one) for one in (face, other_face))
    assert (by_itself != by_another).any() and (by_itself != chroma.colorize(face)).any()


def test_of_a_reference_regions_know_more_than_its_colors(chroma, face, other_face):
    """Which region had a color counts, so shuffled pixels are another reference."""
    shuffled = np.random.default_rng(0).permutation(other_face.reshape(-1, 3)).reshape(other_face.shape)
    painted = [chroma.colorize(face, reference=one) for one in (other_face, shuffled)]
    assert (painted[0] != painted[1]).any()


def test_a_lock_comes_on_top_of_a_reference(chroma, face, other_face):
    flats = chroma.flats(face)
    name = flats.names[int(flats.area.argmax())]
    decided = chroma.decided(flats, {name: "#c03060"}, other_face)
    mine = decided.regions(name)
    ab = color.rgb_to_lab(np.uint8([[[0xC0, 0x30, 0x60]]]))[0, 0, 1:]
    assert decided.entries[mine, :2] == pytest.approx(np.broadcast_to(ab, (len(mine), 2)), abs=1e-5)
    locked = chroma.colorize(face, reference=other_face, lock={name: "#c03060"})
    assert (locked != chroma.colorize(face, reference=other_face)).any()


def test_what_regions_cannot_take_is_refused(chroma, face):
    with pytest.raises(BadInput, match="a gray picture tells no colors"):
        chroma.colorize(face, reference=gray())
    for told in ({"palette": ["red"]}, {"histogram": np.ones(216)}):
        with pytest.raises(BadInput, match="weights regions do not know it"):
            chroma.colorize(face, **told)
    with pytest.raises(BadInput, match="lock: a palette, and a reference beside it: give one of the two"):
        chroma.colorize(face, reference=face, lock=chroma.palette_of(face))
    with pytest.raises(BadInput, match="picture of 8x9 px: needed is 16 to 4000 px a side"):
        chroma.palette_of(picture((RED, 9))[:, :8])
    with pytest.raises(BadInput, match="they know no regions"):
        comic().palette_of(face)
    plain = recipes.get("gan")
    plain = Colorizer(plain.build(plain.Settings.tiny()).networks["generator"], 32, multiple=32, name="plain")
    with pytest.raises(BadInput, match="reference: weights plain do not know it"):
        plain.colorize(face, reference=face)


# Scores ---------------------------------------------------------------------------------------------------------


def test_the_distance_of_colors_to_those_of_a_reference():
    """The mean of |cos| over eight directions is 0.628."""
    random = np.random.default_rng(0)
    ab = random.normal(0, 20, (16, 16, 2))
    shuffled = random.permutation(ab.reshape(-1, 2)).reshape(8, 32, 2)
    assert obedience.reference_distance(ab, shuffled) == pytest.approx(0, abs=1e-9)
    mean = np.abs(np.cos(np.arange(8) * np.pi / 8)).mean()
    assert mean == pytest.approx(0.628, abs=1e-3)
    assert obedience.reference_distance(ab + np.array([10, 0]), ab) == pytest.approx(10 * mean)
    assert obedience.reference_distance(ab, ab + np.array([0, -5])) == pytest.approx(5 * mean)


def test_the_distance_knows_how_much_of_a_color_there_is():
    half, quarter = np.zeros((64, 64, 2)), np.zeros((32, 128, 2))
    half[:32, :, 0], quarter[:8, :, 0] = 40, 40
    mean = np.abs(np.cos(np.arange(8) * np.pi / 8)).mean()
    assert obedience.reference_distance(half, quarter) == pytest.approx(40 * mean / 4, rel=0.01)


def test_a_face_is_scored_with_itself_as_reference_and_with_others(drawn, face_set, face):
    small = face[::3, ::3]
    own = systems.of_colorizer(drawn)
    assert own.name == "comic, same reference" and not own.varied and own.takes == "line art"
    [painted] = own.paint(0, small)
    [expected] = drawn.lab(drawn.given(small), drawn.noises(), reference=small)
    assert (painted == expected).all()
    faces = Faces(face_set, "all", flips=False, shuffle=False)
    crossed = systems.cross_reference(drawn, faces, noises=3, seed=5)
    assert crossed.name == "comic, cross-reference" and crossed.varied
    painted = crossed.paint(0, small)
    chosen = faces.rgb(np.random.default_rng(5).choice(60, 3, replace=False))
    expected = [next(drawn.lab(drawn.given(small), drawn.noises(), reference=one)) for one in chosen]
    assert painted.shape == (3, 32, 32, 3) and (painted == np.stack(expected)).all()


def test_a_dot_is_hinted_beside_the_reference(drawn, face):
    small = face[::3, ::3]
    own = systems.of_colorizer(drawn)
    assert (own.hinted(small, []) == own.paint(0, small)[0]).all()
    assert (own.hinted(small, [(16, 16, "red", 3)]) != own.hinted(small, [])).any()


# The command ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(face_set, tmp_path_factory):
    folder = tmp_path_factory.mktemp("references") / "run"
    settings = recipes.get("comicolorization").Settings.tiny()
    runs.train("comicolorization", settings, face_set, folder, steps=1, score_epochs=0, verbose=0)
    return str(folder)


@pytest.fixture
def files(tmp_path, face, other_face):
    """The paths of a picture, a reference, and what is written."""
    for name, rgb in (("face", face), ("rin", other_face), ("gray", gray())):
        Image.fromarray(rgb).save(tmp_path / f"{name}.png")
    return {
        name: str(tmp_path / name) for name in ("face.png", "rin.png", "gray.png", "out.png", "rin.json", "rin.gpl")
    }


def test_colors_of_a_reference_are_kept_edited_and_painted_with(run, files, capsys):
    command = ["colorize", files["face.png"], "--weights", run, "--out", files["out.png"]]
    assert cli.main([*command, "--reference", files["rin.png"], "--save-colors", files["rin.json"]]) == 0
    assert f"{files['rin.json']}: the colors of {files['rin.png']}, for --colors" in capsys.readouterr().out
    by_reference = np.asarray(Image.open(files["out.png"]))
    colors = references.load(files["rin.json"])
    assert same(colors, Colors.of(files["rin.png"]))
    colors.replaced(0, "#00ff00").save(files["rin.gpl"])
    painted = []
    for name in ("rin.json", "rin.gpl"):
        assert cli.main([*command, "--colors", files[name]]) == 0
        painted.append(np.asarray(Image.open(files["out.png"])))
    assert by_reference.shape == painted[0].shape == (96, 96, 3)
    expected = Colorizer.from_preset(run).colorize(files["face.png"], palette=colors)
    assert (painted[0] == expected).all() and (painted[1] != painted[0]).any()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("", "these weights need one of the three, none of them given"),
        ("--reference gray.png", "gray.png: a gray picture tells no colors; give a colored one"),
        ("--reference missing.png", "missing.png"),
        ("--colors missing.json", "missing.json: no such file"),
        ("--reference rin.png --colors rin.json", "--reference and --colors both tell the colors: give one of them"),
        ("--save-colors rin.json", "--save-colors: the colors of a reference; give --reference too, or leave it out"),
        ("--reference rin.png --save-colors rin.txt", "needed is a name ending in .json or .gpl"),
    ],
)
def test_the_command_refuses_in_one_line(run, files, tmp_path, monkeypatch, capsys, options, said):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["colorize", "face.png", "--weights", run, "--out", "out.png", *options.split()]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
