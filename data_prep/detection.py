"""Anime faces in a picture, found by a cascade of local binary patterns.

scikit-image evaluates the cascade: OpenCV 5 has no cascade classifiers any more, and this way no OpenCV is needed.
"""

import functools
import hashlib
import os
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image
from skimage.feature import Cascade

from .errors import BadInput

# lbpcascade_animeface by nagadomi (MIT), as published
CASCADE_URL = "https://raw.githubusercontent.com/nagadomi/lbpcascade_animeface/master/lbpcascade_animeface.xml"
CASCADE_SHA256 = "9376d30ac38db6bda2a68b88b3b76bbd7e6aa33af47f7f5c76bc88ca75f1ce30"
MAX_CASCADE_BYTES = 16 * 2**20

# The side of the cascade's window, and the longer side at which a picture is searched at most: both bound the
# time, which grows with the square of the picture's side.
WINDOW = 24
SEARCH_SIDE = 512
NEIGHBORS = 4
OVERLAP = 0.5

# The cascade frames brows to chin. The crop is this many times as wide, and its center lies higher by this share
# of the box, so that the hair is in it.
ENLARGE = 1.8
RAISE = 0.12


def face_boxes(rgb: np.ndarray, cascade: Path, smallest: int = WINDOW) -> list[tuple[int, int, int]]:
    """The faces of a picture (H, W, 3) from left to right, each as left, top and side in pixels.

    Faces with a side under `smallest` pixels, or under 1/20 of the picture's longer side, are passed over.
    """
    height, width = rgb.shape[:2]
    shrink = max(1, max(height, width) / SEARCH_SIDE, smallest / WINDOW)
    small = Image.fromarray(rgb).resize((round(width / shrink), round(height / shrink)), Image.Resampling.BOX)
    if min(small.size) < WINDOW:
        return []
    found = _loaded(cascade).detect_multi_scale(
        np.asarray(small),
        scale_factor=1.1,
        step_ratio=1.0,
        min_size=(WINDOW, WINDOW),
        max_size=(min(small.size), min(small.size)),
        min_neighbor_number=NEIGHBORS,
        intersection_score_threshold=OVERLAP,
    )
    boxes = sorted(tuple(round(box[key] * shrink) for key in ("c", "r", "width")) for box in found)
    largest: list[tuple[int, int, int]] = []
    for box in sorted(boxes, key=lambda box: -box[2]):
        if not any(_center_inside(box, other) for other in largest):
            largest.append(box)
    return sorted(largest)


def face_squares(rgb: np.ndarray, cascade: Path, smallest: int, pad: bool) -> list[np.ndarray]:
    """The faces of a picture with their hair, as squares of at least `smallest` pixels, from left to right.

    A square that reaches over the border is moved inside and made smaller where it must be; with `pad` it
    keeps its place and size, and what lies outside is white.
    """
    boxes = face_boxes(rgb, cascade, round(smallest / ENLARGE))
    squares = (_square(rgb, box, pad) for box in boxes)
    return [square for square in squares if len(square) >= smallest]


def _center_inside(box: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    left, top, side = other
    x, y = box[0] + box[2] / 2, box[1] + box[2] / 2
    return left <= x <= left + side and top <= y <= top + side


def _square(rgb: np.ndarray, box: tuple[int, int, int], pad: bool) -> np.ndarray:
    height, width = rgb.shape[:2]
    side = round(box[2] * ENLARGE)
    if not pad:
        side = min(side, height, width)
    left = round(box[0] + box[2] / 2 - side / 2)
    top = round(box[1] + box[2] * (0.5 - RAISE) - side / 2)
    if not pad:
        left, top = min(max(left, 0), width - side), min(max(top, 0), height - side)
        return rgb[top : top + side, left : left + side]
    square = np.full((side, side, 3), 255, np.uint8)
    inside = rgb[max(top, 0) : top + side, max(left, 0) : left + side]
    down, right = max(-top, 0), max(-left, 0)
    square[down : down + inside.shape[0], right : right + inside.shape[1]] = inside
    return square


@functools.lru_cache(maxsize=2)
def _loaded(cascade: Path) -> Cascade:
    return Cascade(os.fspath(cascade))


def cascade_path(given=None) -> Path:
    """The cascade file to use: the given one, or lbpcascade_animeface from the user's cache, downloaded once.

    Raises `BadInput` when the file is missing or no LBP cascade, or the download fails or is not the pinned file.
    """
    if given is None:
        return _downloaded(Path.home() / ".cache" / "anime-color" / "lbpcascade_animeface.xml")
    path = Path(given).expanduser().resolve()
    if not path.is_file():
        raise BadInput(f"--detect {given}: no such file; give an OpenCV LBP cascade (.xml) or --detect alone")
    try:
        # looked at first, for scikit-image's reader crashes on cascades of another kind
        kind = ElementTree.parse(path).findtext("cascade/featureType")
    except (ElementTree.ParseError, OSError, ValueError) as error:
        raise BadInput(f"--detect {given}: not readable as XML ({error}); give an OpenCV LBP cascade") from error
    if kind != "LBP":
        raise BadInput(f"--detect {given}: features are {kind}; give an OpenCV cascade with LBP features")
    return path


def _downloaded(path: Path) -> Path:
    if path.is_file() and hashlib.sha256(path.read_bytes()).hexdigest() == CASCADE_SHA256:
        return path
    try:
        with urllib.request.urlopen(CASCADE_URL, timeout=30) as answer:
            content = answer.read(MAX_CASCADE_BYTES)
    except OSError as error:
        raise BadInput(
            f"--detect: {CASCADE_URL} cannot be downloaded ({error}); download it elsewhere and pass --detect FILE"
        ) from error
    if hashlib.sha256(content).hexdigest() != CASCADE_SHA256:
        raise BadInput(f"--detect: {CASCADE_URL} is not the expected file (sha256); pass your own with --detect FILE")
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}.part")
    partial.write_bytes(content)
    partial.replace(path)
    return path
