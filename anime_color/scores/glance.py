"""A few scores of a few faces in a second or two: what a training run logs, and when it raises an alarm."""

import math
from dataclasses import dataclass

import numpy as np

from anime_color import color
from anime_color.scores import colors, diversity, fidelity, realism
from anime_color.scores.features import Features

NAMES = ("kid", "colorfulness", "gray_share", "brown_share", "pairwise_ab_cells", "ab_error_best")
FEWEST_COLORED = 1 / 3  # of the share that is not gray in the data
MORE_BROWN = 0.25  # of all pixels, than in the data


@dataclass(frozen=True)
class Real:
    """rgb: the faces to color, uint8 (N, S, S, 3), never trained on. features: a feature network. summaries: those
    of real faces that are not among `rgb`. gray_share, brown_share: of `rgb`."""

    rgb: np.ndarray
    features: Features
    summaries: np.ndarray
    gray_share: float
    brown_share: float

    @classmethod
    def of(cls, rgb, others, features):
        """From the faces to color and others of the same kind, uint8 (M, S, S, 3)."""
        lab = color.unscale(color.rgb_to_lab(rgb))
        gray, brown = colors.gray_share(lab[..., 1:]).mean(), colors.brown_share(lab).mean()
        return cls(rgb, features, features(others)[0], float(gray), float(brown))


def scores(colorizer, real, noises):
    """The scores `NAMES` of a colorizer with fixed noises (K, latent), as floats, those of one coloring where it has no
    noise; KID x 1000 is of all K colorings of
    all faces at once, so a little high: read how it changes."""
    each, summaries = [], []
    for rgb in real.rgb:
        colorings = colorizer.chroma(colorizer.given(rgb), noises, **colorizer.said(rgb))
        summaries.append(real.features(colorings)[0])
        lab = color.unscale(color.rgb_to_lab(colorings))
        original = color.unscale(color.rgb_to_lab(rgb))
        each.append(
            (
                colors.colorfulness(colorings).mean(),
                colors.gray_share(lab[..., 1:]).mean(),
                colors.brown_share(lab).mean(),
                diversity.mean_pairwise_ab(lab[..., 1:], diversity.CELLS) if len(noises) > 1 else math.nan,
                fidelity.ab_error(lab[..., 1:], original[..., 1:]).min(),
            )
        )
    kid = 1000 * realism.kid(np.concatenate(summaries), real.summaries)
    values = dict(zip(NAMES, (kid, *map(float, np.mean(each, axis=0))), strict=True))
    return {name: value for name, value in values.items() if math.isfinite(value)}


def alarms(values, real):
    """What is plainly wrong with `scores`, in words; a list, empty if nothing is."""
    found = []
    if 1 - values["gray_share"] < FEWEST_COLORED * (1 - real.gray_share):
        found.append(f"everything gray: {values['gray_share']:.0%} of the pixels, {real.gray_share:.0%} in real faces")
    if values["brown_share"] > real.brown_share + MORE_BROWN:
        found.append(
            f"everything brown: {values['brown_share']:.0%} of the pixels, {real.brown_share:.0%} in real faces"
        )
    if values.get("pairwise_ab_cells", math.inf) < diversity.NOISE_IGNORED:
        found.append(
            f"noise ignored: colorings of a face differ by {values['pairwise_ab_cells']:.1f} Lab units, "
            f"less than the {diversity.NOISE_IGNORED:.0f} that can be seen"
        )
    return found
