"""What real faces are like: what scores of realism hold colorings against."""

from dataclasses import dataclass

import numpy as np

from anime_color import color
from anime_color.faces import Faces
from anime_color.scores import colors, realism
from anime_color.scores.features import Features, resized

REFERENCE_FACES = 2000


@dataclass(frozen=True)
class Reference:
    """What real faces are like, told by the train split of a face set.

    faces: their `Faces`, up to 2,000 of them used. features: the network. summaries: theirs, (n, d). chroma, hue:
    histograms of their colors. mean_ab: scaled, (2,). colorfulness: their mean. thumbnails: small scaled lab.
    """

    faces: Faces
    features: Features
    summaries: np.ndarray
    chroma: np.ndarray
    hue: np.ndarray
    mean_ab: np.ndarray
    colorfulness: float
    thumbnails: np.ndarray

    @classmethod
    def of(cls, folder, features, split="train"):
        """The reference of the face set in `folder`."""
        faces = Faces(folder, split, flips=False, shuffle=False)
        positions = np.unique(np.linspace(0, faces.count - 1, REFERENCE_FACES).astype(int))
        summaries, histograms, means, strengths, small = [], [], [], [], []
        for some in np.array_split(positions, -(-len(positions) // 50)):
            rgb = faces.rgb(some)
            summaries.append(features(rgb)[0])
            lab = color.rgb_to_lab(rgb)
            histograms.append(colors.histograms(color.unscale(lab)[..., 1:]))
            means.append(lab[..., 1:].mean(axis=(1, 2)))
            strengths.append(colors.colorfulness(rgb))
            small.append(thumbnails(rgb))
        chroma, hue = (np.sum(counts, axis=0) for counts in zip(*histograms, strict=True))
        return cls(
            faces=faces,
            features=features,
            summaries=np.concatenate(summaries),
            chroma=chroma,
            hue=hue,
            mean_ab=np.concatenate(means).mean(axis=0),
            colorfulness=float(np.concatenate(strengths).mean()),
            thumbnails=np.concatenate(small),
        )


def thumbnails(rgb):
    """Pictures uint8 (N, H, W, 3) as the two-sample classifier sees them."""
    return resized(rgb, min(realism.CLASSIFIER_SIZE, rgb.shape[1]))
