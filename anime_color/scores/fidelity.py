"""How near a coloring is to the original colors. Caution scores well here: a gray picture has the right lightness."""

import numpy as np
from skimage import color as skimage_color
from skimage import metrics

from anime_color import color
from anime_color.scores import inputs
from data_prep.errors import BadInput

SSIM_WINDOW = 11


def psnr(a, b):
    """Peak signal-to-noise ratio in dB of two uint8 RGB pictures (..., H, W, 3), over all pixels and channels;
    infinite for equal ones. Several pictures give an array: average these, never their squared errors."""
    a, b = inputs.pictures(a=a, b=b)
    error = ((a.astype("float32") - b) ** 2).mean(axis=(-3, -2, -1), dtype="float64")
    with np.errstate(divide="ignore"):
        return 10 * np.log10(255**2 / error)


def ssim(a, b):
    """Structural similarity of two uint8 RGB pictures (H, W, 3), at most 1: Gaussian window of 11 x 11, sigma 1.5, a
    mean over the channels (Wang et al. 2004). scikit-image, with the paper's window instead of its own."""
    a, b = inputs.pictures(a=a, b=b)
    if a.ndim != 3 or min(a.shape[:2]) < SSIM_WINDOW:
        raise BadInput(f"a, b {a.shape}: needed is one picture of at least {SSIM_WINDOW} px a side")
    return metrics.structural_similarity(
        a, b, channel_axis=-1, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )


def ciede2000(a, b):
    """CIEDE2000 color difference (Sharma et al. 2005); about 1 is just visible.

    a, b: uint8 RGB pictures (..., H, W, 3), which give the mean over their pixels, or L*, a*, b* values as floats
        (..., 3), which give the difference of each.
    """
    if np.asarray(a).dtype != np.uint8:
        a, b = inputs.numbers(3, a=a, b=b)
        return skimage_color.deltaE_ciede2000(a, b)
    a, b = inputs.pictures(a=a, b=b)
    a, b = (color.unscale(color.rgb_to_lab(picture)) for picture in (a, b))
    return skimage_color.deltaE_ciede2000(a, b).mean(axis=(-2, -1))


def ab_error(ab, original):
    """Mean distance over the pixels to the original's colors, in Lab units (N,), of colorings ab (N, H, W, 2); its
    least and its mean over the N are the best-of-N and the mean-of-N error."""
    [ab], [original] = inputs.numbers(2, ab=ab), inputs.numbers(2, original=original)
    if ab.shape[-3:] != original.shape:
        raise BadInput(f"colorings {ab.shape} of an original {original.shape}: needed is one size")
    return np.linalg.norm(ab - original, axis=-1).mean(axis=(-2, -1))
