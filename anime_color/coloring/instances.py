"""Which parts of a picture are colored apart: boxes that a user gives, faces or objects that a detector finds."""

import json
import warnings
from pathlib import Path

import numpy as np

from anime_color.coloring import regions
from data_prep.errors import BadInput

MOST = 8  # boxes of a picture, as in the paper
LEAST_SCORE = 0.7  # of an object that is found, as in the paper
DETECTORS = ("faces", "objects")


def boxes(given, rgb):
    """Boxes [(left, top, right, bottom), ...] in pixels, at most `MOST`, of a picture uint8 (H, W, 3).

    given: a list of them; a JSON file with such a list; "faces": those that data_prep's cascade of anime faces finds,
        enlarged by the hair; "objects": what a network of torchvision, trained on photographs (COCO), finds on the gray
        picture. Boxes that reach over the border are cut there, with a warning.
    BadInput names the box that is none, by its number from 0, or says what to install.
    """
    if isinstance(given, str) and given in DETECTORS:
        return (_faces if given == "faces" else _objects)(rgb)[:MOST]
    if isinstance(given, (str, Path)):
        given = load(given)
    if not isinstance(given, (list, tuple, np.ndarray)):
        raise BadInput(f"boxes {given!r}: needed is a list of (left, top, right, bottom), a JSON file, or a detector")
    if len(given) > MOST:
        raise BadInput(f"{len(given)} boxes: at most {MOST} can be taken; leave out the smallest")
    return [_checked(number, box, rgb.shape[:2]) for number, box in enumerate(given)]


def load(path):
    """The boxes of a JSON file, [[left, top, right, bottom], ...]."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadInput(
            f"boxes {path}: no such file, and no detector; needed is a JSON file, or {' or '.join(DETECTORS)}"
        ) from error
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{path}: no boxes ({type(error).__name__}); needed is JSON, [[left, top, right, bottom], ...]"
        ) from error


def _checked(number, box, size):
    height, width = size
    if not isinstance(box, (list, tuple, np.ndarray)) or len(box) != 4:
        raise BadInput(f"box {number}: {box!r} given, needed is (left, top, right, bottom)")
    left, top, right, bottom = found = [regions.whole_number(side, f"box {number}") for side in box]
    if right <= left or bottom <= top:
        raise BadInput(f"box {number}: {tuple(found)} has no area; needed is left < right and top < bottom")
    inside = [min(max(side, 0), most) for side, most in zip(found, (width, height) * 2, strict=True)]
    if inside[2] <= inside[0] or inside[3] <= inside[1]:
        raise BadInput(f"box {number}: {tuple(found)} lies outside the picture of {width}x{height} px")
    if inside != found:
        warnings.warn(f"box {number}: cut at the border of the picture, {tuple(inside)}", stacklevel=5)
    return tuple(inside)


def _faces(rgb):
    from data_prep.detection import ENLARGE, RAISE, cascade_path, face_boxes

    height, width = rgb.shape[:2]
    found = []
    for left, top, side in face_boxes(rgb, cascade_path()):
        x, y, half = left + side / 2, top + side * (0.5 - RAISE), side * ENLARGE / 2
        box = max(0, x - half), max(0, y - half), min(width, x + half), min(height, y + half)
        found.append(tuple(round(end) for end in box))
    return sorted(found, key=lambda box: -(box[2] - box[0]) * (box[3] - box[1]))


def _objects(rgb):
    detector, to_tensor = _detector()
    gray = np.repeat(np.round(rgb @ np.float32([0.299, 0.587, 0.114]))[..., None], 3, -1).astype("uint8")
    (found,) = detector([to_tensor(gray)])
    kept = [
        (float(score), tuple(round(float(end)) for end in box))
        for box, score in zip(found["boxes"], found["scores"], strict=True)
        if float(score) >= LEAST_SCORE
    ]
    return [box for _, box in sorted(kept, reverse=True) if box[2] > box[0] and box[3] > box[1]]


def _detector():
    """(A detector of torchvision, what makes of a picture uint8 (H, W, 3) what it takes)."""
    try:
        from torchvision.models import detection
        from torchvision.transforms.functional import to_tensor
    except ImportError as error:
        raise BadInput(
            "boxes=objects needs torchvision: pip install 'anime-color[objects]' or pip install torchvision; or give "
            "the boxes yourself"
        ) from error
    try:
        network = detection.fasterrcnn_mobilenet_v3_large_fpn(weights="DEFAULT").eval()
    except OSError as error:
        raise BadInput(f"boxes=objects: its weights cannot be downloaded ({error}); give the boxes yourself") from error
    return network, to_tensor
