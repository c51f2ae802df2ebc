"""Character files: the noise and the palette of a liked coloring, to color the character's other pictures alike.

{"format": 1, "weights": "chroma-128", "noise": [0.31, ...], "palette": [[L*, a*, b*], ...]}
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.cluster.vq import kmeans2

from anime_color import color
from anime_color.files import written_aside
from data_prep.errors import BadInput

FORMAT = 1
COLORS = 10
LARGEST = 200  # of any number of a character: Lab units, or deviations of noise
SAMPLED = 20_000  # pixels that a palette is found from
LIGHTNESS_WEIGHT = 0.5  # of a unit of L* against one of a* or b*, in which color of the palette is meant
REACH = 10.0  # Lab units: how softly a pixel chooses between two colors of the palette


class Character(NamedTuple):
    """weights: name of the weights that the noise belongs to. noise: (latent,). palette: L*, a*, b* (K, 3)."""

    weights: str
    noise: np.ndarray
    palette: np.ndarray

    def save(self, path):
        """Writes the character file."""
        described = {
            "format": FORMAT,
            "weights": self.weights,
            "noise": [float(number) for number in self.noise],
            "palette": [[round(float(x), 1) for x in entry] for entry in self.palette],
        }
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as aside:
            aside.write_text(json.dumps(described, indent=1) + "\n", "utf-8")


def load(path):
    """The `Character` of a file. BadInput says what is wrong with it."""
    try:
        described = json.loads(Path(path).read_text("utf-8"))
        found = described["format"]
        noise, palette = (np.asarray(described[name], "float32") for name in ("noise", "palette"))
        weights = described["weights"]
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file; give a character file") from error
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise BadInput(f"{path}: not a character file ({type(error).__name__}); save the character again") from error
    if found != FORMAT:
        raise BadInput(f"{path}: character file of format {found}; this version reads {FORMAT}")
    fits = noise.ndim == 1 and palette.ndim == 2 and palette.shape[1] == 3 and len(palette) and isinstance(weights, str)
    if not fits or not ((np.abs(noise) < LARGEST).all() and (np.abs(palette) < LARGEST).all()):
        raise BadInput(
            f"{path}: noise {noise.shape}, palette {palette.shape}: needed are finite, (latent,) and (colors, 3), "
            f"none beyond ±{LARGEST}"
        )
    return Character(weights, noise, palette)


def palette(rgb, colors=COLORS):
    """The `colors` (fewer if the picture has fewer) that stand best for a picture uint8 (H, W, 3): L*, a*, b*
    (K, 3), by k-means, the most frequent first."""
    lab = color.unscale(color.rgb_to_lab(rgb)).reshape(-1, 3)
    lab = lab[:: max(1, len(lab) // SAMPLED)]
    colors = min(colors, len(np.unique(lab.round(), axis=0)))
    weight = np.array([LIGHTNESS_WEIGHT, 1, 1], "float32")
    _, nearest = kmeans2(lab * weight, colors, minit="++", seed=0, missing="warn" if colors == 1 else "raise")
    return np.stack([lab[nearest == k].mean(0) for k in np.argsort(-np.bincount(nearest, minlength=colors))])


def drawn_to(lab, palette):
    """Scaled `lab` (..., 3) whose colors move to those of `palette` (K, 3) that are nearest to them; lightness stays.

    A pixel's color becomes the mean of the palette's, weighted by exp(-d^2 / 2 REACH^2) of its distance to each.
    """
    weight = np.array([LIGHTNESS_WEIGHT, 1, 1], "float32")
    there = color.unscale(lab)[..., None, :] * weight
    distance = ((there - palette * weight) ** 2).sum(-1) / (2 * REACH**2)
    share = np.exp(distance.min(-1, keepdims=True) - distance)
    share /= share.sum(-1, keepdims=True)
    ab = color.scale(share @ palette)[..., 1:]
    return np.concatenate([lab[..., :1], ab], -1).astype("float32")
