"""One job of the pipeline: a reference in, its faces or the reason for leaving it out."""

import hashlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from .crops import MIN_SIDE, has_white_background, is_gray, resize, square_crop, square_pad
from .groups import fingerprint
from .pictures import BadPicture, open_image
from .sources import DrawnReference


@dataclass(frozen=True)
class Options:
    """What a face set is made with; `cascade` is the file that finds faces, or None to look for none."""

    size: int
    pad: bool
    white_background: bool
    cascade: Path | None


@dataclass(frozen=True)
class Face:
    """A row of the manifest in the making; drawn faces know their character."""

    name: str
    sha256: str
    label: str
    fingerprint: np.ndarray
    character: int | None = None


# a face, and what is packed for it: "faces" (S, S, 3) uint8, for drawn faces more
Prepared = tuple[Face, dict[str, np.ndarray]]


@dataclass(frozen=True)
class LeftOut:
    """A file that gives no face, and why; `broken` where the file itself is at fault."""

    name: str
    reason: str
    detail: str = ""
    broken: bool = False


def prepare(reference, options: Options) -> list[Prepared] | LeftOut:
    """The faces of one reference, in a fixed order."""
    if isinstance(reference, DrawnReference):
        return [_draw(reference, options.size)]
    return _from_picture(reference, options)


def _draw(reference: DrawnReference, size: int) -> Prepared:
    from .drawn_faces import draw

    drawn = draw(seed=reference.seed, size=size)
    face = Face(
        reference.name,
        hashlib.sha256(drawn.rgb.tobytes()).hexdigest(),
        f"character {drawn.label:06}",
        fingerprint(drawn.rgb),
        character=drawn.label,
    )
    return face, {"faces": drawn.rgb, "masks": drawn.mask, "boxes": drawn.boxes, "lines": drawn.lines}


def _from_picture(reference, options: Options) -> list[Prepared] | LeftOut:
    try:
        content = reference.read()
        picture = open_image(content)
    except BadPicture as error:
        return LeftOut(reference.name, error.reason, str(error), broken=True)
    if min(picture.shape[:2]) < MIN_SIDE:
        return LeftOut(reference.name, "too small")
    if is_gray(picture):
        return LeftOut(reference.name, "gray")
    views = _views(reference.name, picture, options)
    if not views:
        return LeftOut(reference.name, "no face")
    if options.white_background:
        views = {name: view for name, view in views.items() if has_white_background(view)}
        if not views:
            return LeftOut(reference.name, "not white")
    sha256, label = hashlib.sha256(content).hexdigest(), _folder(reference.name)
    faces = ((name, resize(square_pad(view), options.size)) for name, view in views.items())
    return [(Face(name, sha256, label, fingerprint(pixels)), {"faces": pixels}) for name, pixels in faces]


def _views(name: str, picture: np.ndarray, options: Options) -> dict[str, np.ndarray]:
    """What is to be seen of the picture in each face, by the face's name."""
    if options.cascade is None:
        return {name: picture if options.pad else square_crop(picture)}
    from .detection import face_squares  # late: it brings in scikit-image

    # enlarged more than twice, a face would teach blur
    squares = face_squares(picture, options.cascade, options.size // 2, options.pad)
    colored = (square for square in squares if not is_gray(square))
    return {f"{name}#{number}": square for number, square in enumerate(colored)}


def _folder(name: str) -> str:
    folder = str(PurePosixPath(name).parent)
    return "" if folder == "." else folder
