"""Which colors a picture has, and how much of each: histograms of 6 x 6 x 6 bins of sRGB, as Comicolorization reads a
reference (Furusawa et al. 2017).

    histogram   (216,) float32   the share of the pixels in each bin, of sum 1; bin 36 r + 6 g + b, r, g, b in 0..5
"""

import numpy as np

EACH = 6
BINS = EACH**3
KINDS = ("histogram", "palette")  # as which a network reads one: a palette tells which bins there are


def bins(rgb):
    """The bin of each color, int (...), of uint8 (..., 3)."""
    red, green, blue = np.moveaxis(np.minimum(np.asarray(rgb).astype("int64") * EACH // 255, EACH - 1), -1, 0)
    return EACH * EACH * red + EACH * green + blue


def histogram(rgb):
    """The histogram of a picture, uint8 (..., 3)."""
    counts = np.bincount(bins(rgb).ravel(), minlength=BINS)
    return (counts / counts.sum()).astype("float32")


def rebalanced(shares, which, rate):
    """Shares (N,) with `rate` times as much of number `which`, at most their sum; the others are scaled so that the sum
    stays as it was."""
    shares = np.asarray(shares, "float64")
    total, others = shares.sum(), np.delete(shares, which).sum()
    if not others:
        return shares.astype("float32")
    found = shares * ((total - min(shares[which] * rate, total)) / others)
    found[which] = min(shares[which] * rate, total)
    return found.astype("float32")
