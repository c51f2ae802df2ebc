"""Flats: locks come out, the rest follows; names, clicks and dots mean what a user would say; outside nothing moves."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import ndimage

from anime_color import color, palettes
from anime_color.coloring import naming
from anime_color.coloring.colorizer import Colorizer
from data_prep.drawn_faces import PARTS, draw
from data_prep.errors import BadInput

NUMBER = 20 * 5000  # of a character that nothing was trained or named by


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer.from_preset("chroma-128")


@pytest.fixture(scope="module")
def drawn():
    return draw(NUMBER, 160)


@pytest.fixture(scope="module")
def flats(colorizer, drawn):
    return colorizer.flats(drawn.rgb)


def ab_in(picture, mask):
    return color.unscale(color.rgb_to_lab(picture))[..., 1:][..., mask, :].mean(-2)


def place_of(drawn, part):
    """A pixel well inside a part."""
    depth = ndimage.distance_transform_edt(drawn.mask == PARTS.index(part))
    y, x = np.unravel_index(depth.argmax(), depth.shape)
    return int(x), int(y)


def test_most_pixels_are_named_right():
    """On white and before a scene; an untold guess at the largest part has about half."""
    known, random = Colorizer.from_preset("chroma-128"), np.random.default_rng(5)
    for least, behind in ((0.9, None), (0.75, naming.scene(random, 128))):
        right = []
        for number in range(8):
            face = draw(NUMBER + 20 * number, 128)
            truth = np.where(face.mask == PARTS.index("mouth"), PARTS.index("skin"), face.mask)
            rgb = face.rgb if behind is None else np.where(truth[..., None] == 0, behind, face.rgb)
            cut = known.flats(rgb)
            there = set(np.array(cut.names)[cut.occurring])
            shares = [cut.share(name) if name in there else 0 * cut.l for name in naming.NAMES]
            right.append((np.argmax(shares, 0) == truth).mean())
        assert np.mean(right) > least


def test_two_regions_of_one_color_are_alike():
    colors = np.random.default_rng(0).normal(size=(50, 3, 2))
    colors[:, 1] = 2 * colors[:, 0] + 5
    found = naming.alike(colors)
    assert found[0, 1] == pytest.approx(1) and abs(found[0, 2]) < 0.4 and np.diag(found) == pytest.approx(1)


# Locks ------------------------------------------------------------------------------------------------------


def test_a_locked_color_comes_out_and_the_rest_is_sampled(colorizer, drawn, flats):
    noises = colorizer.noises(4)
    locked = flats.sampled(noises, {"hair": "#3060c0", "eyes": (40, 160, 60)})
    for name, value in (("hair", "#3060c0"), ("eyes", "#28a03c")):
        regions = flats.palette(None).regions(name)
        assert (locked[:, regions, :2] == palettes.ab_of(value)).all()
    free = flats.palette(None).regions("clothes")
    assert locked[:, free].std(0).max() > 0.01
    assert (flats.sampled(noises, {}) == flats.sampled(noises)).all()
    colorings = colorizer.chroma(drawn.rgb, noises, lock={"hair": "#3060c0"})
    bluish = ab_in(colorings, drawn.mask == PARTS.index("hair"))
    assert (bluish[:, 1] < -10).all()  # b* of the hair, dark hair included
    assert (colorizer.colorize(drawn.rgb, noises[1], lock={"hair": "#3060c0"}) == colorings[1]).all()


def test_a_palette_locks_what_is_decided_in_it(colorizer, flats):
    noises = colorizer.noises(3)
    liked = flats.palette(flats.sampled(noises[:1])[0])
    others = flats.sampled(noises, liked.without("hair"))
    hair = np.isin(np.arange(len(flats.names)), liked.regions("hair"))
    assert (others[:, ~hair] == liked.entries[~hair]).all() and others[:, hair].std(0).max() > 0.01


def test_lightness_stays_under_locks_and_dots(colorizer, drawn):
    x, y = place_of(drawn, "hair")
    colored = colorizer.colorize(drawn.rgb, lock={"skin": "#d08060"}, dots=[(x, y, "teal")])
    off = color.unscale(color.rgb_to_lab(colored))[..., 0] - color.unscale(color.rgb_to_lab(drawn.rgb))[..., 0]
    assert np.abs(off).max() < 1


@pytest.mark.parametrize(
    ("lock", "said"),
    [
        ({"hat": "red"}, "region 'hat': allowed are background, skin, hair, eyes, clothes, or a region's number"),
        ({"99": "red"}, "region 99: the picture has regions 0 to 23"),
        ({"hair": "#30g"}, "color '#30g': needed is #rrggbb"),
        ({"hair": (1, 2, 300)}, "color .1, 2, 300.: needed"),
        ({"hair": (1, 2)}, "needed is #rrggbb"),
        ({"hair": None}, "color None: needed"),
    ],
)
def test_senseless_locks_are_refused(colorizer, drawn, lock, said):
    with pytest.raises(BadInput, match=said):
        colorizer.chroma(drawn.rgb, 2, lock=lock)


def test_weights_without_regions_refuse_locks_and_dots():
    from anime_color import networks

    plain = Colorizer(networks.film_generator(width=8, latent_size=8), size=32, name="old")
    for steered in ({"lock": {"hair": "red"}}, {"dots": [(1, 1, "red")]}):
        with pytest.raises(BadInput, match="weights old do not know it"):
            plain.chroma(draw(3, 48).rgb, 2, **steered)
    with pytest.raises(BadInput, match="names and clicks need regions"):
        plain.recolor(draw(3, 48).rgb, [(3, 3)], 2)


# Dots -------------------------------------------------------------------------------------------------------


def test_a_dot_colors_the_hair_to_its_tips(colorizer, drawn):
    x, y = place_of(drawn, "hair")
    colored = colorizer.colorize(drawn.rgb, dots=[(x, y, "#c03060")])
    hair = color.unscale(color.rgb_to_lab(colored))[drawn.mask == PARTS.index("hair")][:, 1]
    assert (hair > 5).mean() > 0.8  # a*: red nearly everywhere
    assert (colorizer.colorize(drawn.rgb, dots=[]) == colorizer.colorize(drawn.rgb)).all()


def test_dots_of_one_color_agree_and_of_two_split_a_region(colorizer, drawn):
    cut = colorizer.flats(drawn.rgb)
    eyes = max(cut.palette(None).regions("eyes"), key=lambda region: cut.area[region])
    (plane,) = cut.planes[cut.occurring == eyes]  # of the picture's own size
    side = np.arange(160) < 80
    left, right = (
        tuple(int(n) for n in np.unravel_index((plane * half).argmax(), plane.shape)[::-1]) for half in (side, ~side)
    )
    alike = colorizer.flats(drawn.rgb, [(*left, "#2040c0"), (*right, "#2040c0")])
    assert len(alike.names) == 24
    with pytest.warns(UserWarning, match="dots of 2 colors on one region: it is split"):
        flats = colorizer.flats(drawn.rgb, [(*left, "#2040c0"), (*right, "#20a020")])
    assert len(flats.names) == 25 and flats.planes.sum(0) == pytest.approx(1, abs=1e-3)
    (colored,) = flats.paint(flats.sampled(colorizer.noises(1)))
    b = color.unscale(color.rgb_to_lab(colored))[..., 2]
    assert b[left[1], left[0]] < b[right[1], right[0]] - 10  # blue here, green there
    palette = flats.palette(flats.sampled(colorizer.noises(1))[0])
    assert palette.tokens[24, -2] * palette.tokens[flats.origin[24], -2] < 0  # x of the two parts
    for use in (lambda: alike.paint([palette]), lambda: alike.sampled(colorizer.noises(1), palette)):
        with pytest.raises(BadInput, match="palette of 25 regions for a picture of 24: dots have split"):
            use()


@pytest.mark.parametrize(
    ("dots", "said"),
    [
        ([(160, 0, "red")], "place .160, 0.: outside the picture of 160x160 px"),
        ([(0, -1, "red")], "outside the picture"),
        ([(1, 2)], "needed is .x, y, color."),
        ([5], "needed is .x, y, color."),
        ([(1.5, 2, "red")], "whole numbers of pixels"),
        ([(1, 2, "#12")], "color '#12': needed"),
        ([(1, 2, "red")] * 10_000, "10000 dots: at most 1000"),
        ([(80, 80, "red"), (80, 80, "blue")], "two colors on one place"),
    ],
)
def test_senseless_dots_are_refused(colorizer, drawn, dots, said):
    with pytest.raises(BadInput, match=said):
        colorizer.colorize(drawn.rgb, dots=dots)


# Recoloring -------------------------------------------------------------------------------------------------


def test_recolor_by_name_and_by_click_means_the_hair(colorizer, drawn, flats):
    hair = drawn.mask == PARTS.index("hair")
    for region in ("hair", [place_of(drawn, "hair")]):
        share = flats.share(region)
        assert (hair & (share > 0.5)).sum() / (hair | (share > 0.5)).sum() > 0.8
        recolored = colorizer.recolor(drawn.rgb, region, 5)
        assert ab_in(recolored, hair).std(0).max() > 3  # Lab units: five look-alikes would be a failure


@pytest.mark.parametrize("part", ["hair", "eyes", "clothes"])
def test_outside_nothing_changes(colorizer, part):
    for number in (2500, 2506):  # ribbons and collars of like colors lie far from the hair
        drawn = draw(20 * number, 256)
        seen = colorizer.flats(drawn.rgb).share(part) > 0.05
        near = ndimage.distance_transform_edt(~seen) <= 256 / 40 + 4  # and the pixels of the planes
        changed = (colorizer.recolor(drawn.rgb, part, 4) != drawn.rgb).any((0, -1))
        assert changed.any() and not (changed & ~near).any()


def test_hair_keeps_no_rim_of_its_old_color(colorizer, drawn):
    hair = drawn.mask == PARTS.index("hair")
    rim = hair & ~ndimage.binary_erosion(hair, iterations=2)
    lightness = color.unscale(color.rgb_to_lab(drawn.rgb))[..., 0]
    shown = rim & (lightness > 25) & (lightness < 90)
    recolored = colorizer.recolor(drawn.rgb, "hair", 8)
    assert (recolored[:, shown] != drawn.rgb[shown]).any((0, -1)).mean() > 0.8


def test_a_gray_picture_gets_colors_in_its_region_alone(colorizer, drawn):
    gray = color.lab_to_rgb(color.rgb_to_lab(drawn.rgb) * np.array([1, 0, 0], "float32"))
    recolored = colorizer.recolor(gray, "clothes", 2)
    changed = (recolored != gray).any((0, -1))
    assert 0 < changed.sum() < 0.7 * changed.size and (recolored[:, :20, :20] == gray[:20, :20]).all()


# Characters -------------------------------------------------------------------------------------------------


def test_a_palette_finds_its_regions_on_another_picture(colorizer, flats):
    """Another pose of the same character: what the noise alone gives is farther from the kept colors."""
    other = colorizer.flats(draw(NUMBER + 7, 160).rgb)
    noises = colorizer.noises(4)
    (kept,) = flats.sampled(noises[:1], {"hair": "#c04080", "eyes": "#3080c0"})
    carried = other.carried(flats.palette(kept))
    assert np.isnan(carried.entries[np.array(other.names) == "background"]).all()
    for name, value in (("hair", "#c04080"), ("eyes", "#3080c0")):
        for region in other.palette(None).regions(name):
            assert carried.entries[region, :2] == pytest.approx(palettes.ab_of(value), abs=1e-3)
    there = other.sampled(noises[1:2], carried)
    assert np.isfinite(there).all() and other.paint(there).shape == (1, 160, 160, 3)


def test_palettes_of_other_weights_are_refused(colorizer, flats):
    foreign = replace(flats.palette(flats.sampled(colorizer.noises(1))[0]), weights="chroma-9")
    for use in (flats.carried, lambda palette: flats.paint([palette]), lambda p: flats.sampled(colorizer.noises(1), p)):
        with pytest.raises(BadInput, match="palette of the weights chroma-9, not of chroma-128"):
            use(foreign)


def test_an_undecided_palette_cannot_be_painted(flats):
    with pytest.raises(BadInput, match="some regions are undecided"):
        flats.paint([flats.palette(None)])
