"""What colors a picture has: how strong, how many are gray or brown, how far from those of the data."""

import numpy as np

from anime_color.scores import inputs

GRAY_CHROMA = 8.0  # Lab units: below, a color has no hue to speak of
BROWN_HUES = (30.0, 90.0)  # degrees: orange, which is called brown where it is
BROWN_LIGHTNESS = 65.0  # darker than this; skin is lighter

CHROMA_BINS = 140  # of 1 Lab unit; no sRGB color passes 134
HUE_BINS = 72
HUE_BIN = 360 / HUE_BINS  # degrees


def colorfulness(rgb):
    """Colorfulness of uint8 RGB pictures (..., H, W, 3) -> (...) (Hasler and Suesstrunk 2003, signed opponent
    values): 0 none, 15 slight, 33 moderate, 45 average, 59 quite, 82 high."""
    rg, yb = opponents(rgb)
    spread = np.hypot(rg.std(axis=(-2, -1)), yb.std(axis=(-2, -1)))
    return spread + 0.3 * np.hypot(rg.mean(axis=(-2, -1)), yb.mean(axis=(-2, -1)))


def opponents(rgb):
    """Signed opponent values R - G and (R + G)/2 - B of uint8 RGB pictures, each (..., H, W)."""
    [rgb] = inputs.pictures(rgb=rgb)
    r, g, b = np.moveaxis(rgb.astype("float64"), -1, 0)
    return r - g, (r + g) / 2 - b


def chroma_and_hue(ab):
    """(chroma in Lab units, hue in degrees 0..360) of ab (..., 2) in Lab units."""
    return np.hypot(ab[..., 0], ab[..., 1]), np.degrees(np.arctan2(ab[..., 1], ab[..., 0])) % 360


def gray_share(ab):
    """Share of the pixels with a chroma below 8 Lab units, (...) of ab (..., H, W, 2) in Lab units."""
    [ab] = inputs.numbers(2, ab=ab)
    return (chroma_and_hue(ab)[0] < GRAY_CHROMA).mean(axis=(-2, -1))


def brown_share(lab):
    """Share of the pixels that are brown, (...) of lab (..., H, W, 3) in Lab units: chroma from 8, hue of 30 to 90
    degrees, lightness below 65."""
    [lab] = inputs.numbers(3, lab=lab)
    chroma, hue = chroma_and_hue(lab[..., 1:])
    brown = (chroma >= GRAY_CHROMA) & (hue >= BROWN_HUES[0]) & (hue <= BROWN_HUES[1])
    return (brown & (lab[..., 0] < BROWN_LIGHTNESS)).mean(axis=(-2, -1))


def histograms(ab):
    """Counts of pixels by chroma (140 bins of 1 Lab unit) and, of those that are not gray, by hue (72 bins of 5
    degrees), of ab (..., 2)."""
    [ab] = inputs.numbers(2, ab=ab)
    chroma, hue = chroma_and_hue(ab)
    by_chroma = np.bincount(np.minimum(chroma, CHROMA_BINS - 1).astype(int).ravel(), minlength=CHROMA_BINS)
    by_hue = np.bincount((hue[chroma >= GRAY_CHROMA] / HUE_BIN).astype(int) % HUE_BINS, minlength=HUE_BINS)
    return by_chroma, by_hue


def chroma_distance(counts_a, counts_b):
    """Wasserstein-1 distance of two chroma histograms in Lab units; counts (..., bins)."""
    return np.abs(_cumulative_difference(counts_a, counts_b)).sum(-1)


def hue_distance(counts_a, counts_b):
    """Wasserstein-1 distance on the circle of two hue histograms in degrees; NaN where one has no colored pixel."""
    difference = _cumulative_difference(counts_a, counts_b)
    # on a circle mass may go either way around: the median is the best constant flow (Rabin et al. 2011)
    difference = difference - np.median(difference, axis=-1, keepdims=True)
    return np.abs(difference).sum(-1) * HUE_BIN


def _cumulative_difference(counts_a, counts_b):
    a, b = (np.asarray(counts, "float64") for counts in (counts_a, counts_b))
    with np.errstate(invalid="ignore"):
        return np.cumsum(a / a.sum(-1, keepdims=True) - b / b.sum(-1, keepdims=True), axis=-1)
