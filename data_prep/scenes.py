"""Scenes: pictures with several characters, composed of the faces of face sets, with the exact box of each figure."""

import hashlib
import itertools
import math
from pathlib import Path

import numpy as np
from PIL import Image, ImageChops, ImageFilter, ImageOps
from tqdm import tqdm

from .crops import resize
from .errors import BadInput
from .face_set import Row, describe, growing_arrays, new_folder, read, written_aside
from .groups import SPLITS, numbered

MAX_SCENES = 1_000_000
MAX_BOXES = 8
TWO_FACES = 0.7  # the share of scenes with two faces; the others have three
# the longer sides of the boxes of a scene, by their number, as parts of its side
SIDES = {2: (0.40, 0.62), 3: (0.33, 0.45)}
MAX_OVERLAP = 0.1  # of two boxes, as a part of the smaller one
# After so many places that overlap too much, boxes lose this part of what they are above the smallest side.
TRIES, SHRINK = 20, 0.1
FEW_BACKGROUNDS = 5  # fewer would be learned by heart
# Backgrounds: a gray between two levels, the most by which a channel differs from it, and by which it changes on the
# way down. What is above 255 is white.
PAPER, GRADIENT = (230, 260, 10, 0), (70, 225, 30, 40)

Box = tuple[int, int, int, int]  # left, top, right, bottom


def compose(
    faces,
    out,
    count: int,
    size: int = 128,
    backgrounds=None,
    seed: int = 0,
    progress: bool = True,
) -> Path:
    """Composes `count` scenes as a face set in the new folder `out`, and returns that folder.

    A scene has two or three faces, of different labels where there are several; half of them are mirrored. Those of
    sets with masks.npy are cut out, the others stay squares. Faces and backgrounds are of the split that the scene is
    of, and a split's share of the scenes is that of the faces, but one at least. The first scenes of a larger `count`
    are those of a smaller one.

    Beside the files of a face set there is boxes.npy, (N, 8, 4) float32: x0, y0, x1, y1 of each figure in whole
    pixels, in the order in which they were laid on one another; rows of zeros where there is none. Two boxes share
    a tenth of the smaller one at most.

    faces: a face set, or a list of them, whose faces are mixed; each has labels of its own.
    size: side of the scenes in pixels, a multiple of 32 from 32 to 1024.
    backgrounds: a face set whose pictures lie behind the faces; without one, or where it has fewer than five of a
        split, there are plain papers and soft gradients.
    seed: of all that is random.

    Raises `BadInput`; whatever happens, `out` is either whole or not there.
    """
    out = new_folder(out, size, seed)
    if isinstance(count, bool) or count not in range(1, MAX_SCENES + 1):
        raise BadInput(f"--scenes {count}: give a whole number from 1 to {MAX_SCENES:,}")
    folders = faces if isinstance(faces, list | tuple) else [faces]
    if not folders:
        raise BadInput("SOURCE: no face set given; give one, or several")
    cast = _Pictures(folders)
    views = None if backgrounds is None else _Pictures([backgrounds])
    splits = _shared_out(count, {split: len(cast.of(split)) for split in SPLITS})
    pools = {split: _pool(cast, split) for split in set(splits)}
    behind = {split: [] if views is None else views.of(split) for split in pools}
    source, rows = "+".join(about["source"] for about in cast.abouts), []
    with written_aside(out) as folder:
        with growing_arrays(folder) as append:
            for number, split in enumerate(tqdm(splits, "scenes", disable=not progress, unit="scene")):
                random = np.random.default_rng([seed, number])
                if len(behind[split]) < FEW_BACKGROUNDS:
                    ground = _backdrop(random, size)
                else:
                    ground = resize(views.rgb(random.choice(behind[split])), size)
                figures = [cast.figure(chosen) for chosen in _chosen(random, *pools[split])]
                scene, boxes = _scene(random, ground, figures)
                append({"faces": scene, "boxes": boxes})
                sha256 = hashlib.sha256(scene.tobytes()).hexdigest()
                rows.append(Row(number, f"scenes/{number:06}.png", sha256, number, split, 0, source))
        made_with = {
            "size": size,
            "scenes": count,
            "seed": seed,
            "faces": [about["digest"] for about in cast.abouts],
            "backgrounds": views and views.abouts[0]["digest"],
        }
        describe(folder, made_with, rows, ["scenes"], [])
    return out


class _Pictures:
    """The pictures of face sets, one set after the other, read through memory mapping.

    abouts: what faceset.json says of each set.
    labels, splits: (N,), of each picture; no label is of two sets.
    """

    def __init__(self, folders):
        self.folders = [Path(folder).expanduser() for folder in folders]
        self.abouts, manifests = zip(*map(read, self.folders), strict=True)
        self.pixels = [np.load(folder / "faces.npy", mmap_mode="r") for folder in self.folders]
        self.masks = [_masks(folder, pixels.shape) for folder, pixels in zip(self.folders, self.pixels, strict=True)]
        rows = [(one, row) for one, manifest in enumerate(manifests) for row in manifest]
        self.places = [(one, int(row["index"])) for one, row in rows]
        self.labels = numbered((one, row["label"]) for one, row in rows)
        self.splits = np.array([row["split"] for _, row in rows])

    def of(self, split: str) -> np.ndarray:
        """The numbers of the pictures of a split."""
        return np.flatnonzero(self.splits == split)

    def rgb(self, number: int) -> np.ndarray:
        one, row = self.places[number]
        return self.pixels[one][row]

    def figure(self, number: int) -> Image.Image:
        """The picture with alpha, cut to its figure where a mask tells of one."""
        one, row = self.places[number]
        rgb = Image.fromarray(self.pixels[one][row])
        if self.masks[one] is None:
            return rgb.convert("RGBA")
        inside = Image.fromarray(np.uint8(255) * (self.masks[one][row] != 0))
        # the outermost pixels are half paper: they count for less
        rgb.putalpha(ImageChops.multiply(inside, inside.filter(ImageFilter.BoxBlur(1))))
        box = rgb.getbbox()
        if box is None:
            raise BadInput(f"{self.folders[one]}: damaged face set (face {row} has an empty mask); pack it again")
        return rgb.crop(box)


def _masks(folder: Path, shape: tuple[int, ...]) -> np.ndarray | None:
    """The masks (N, S, S) of a face set whose faces are of this shape, if it has any."""
    path = folder / "masks.npy"
    if not path.is_file():
        return None
    try:
        masks = np.load(path, mmap_mode="r")
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder}: damaged face set ({error}); pack it again with python -m data_prep") from error
    if masks.shape != shape[:3]:
        raise BadInput(f"{folder}: damaged face set (faces {shape}, masks {masks.shape}); pack it again")
    return masks


def _shared_out(count: int, faces: dict[str, int]) -> list[str]:
    """The split of each of `count` scenes, so that scenes are to splits as faces are, but for the one that each gets
    before any gets a second."""
    scenes = {split: 0 for split in faces if faces[split]}
    splits = []
    for _ in range(count):
        split = max(scenes, key=lambda split: faces[split] / scenes[split] if scenes[split] else math.inf)
        scenes[split] += 1
        splits.append(split)
    return splits


def _pool(cast: _Pictures, split: str) -> tuple[np.ndarray, np.ndarray]:
    """The faces of a split (M,), and what must differ in a scene: their labels or, if there is but one, the faces."""
    numbers = cast.of(split)
    if len(numbers) < 2:
        raise BadInput(f"{cast.folders[0]}: its {split} split has 1 face and a scene two or three; pack more faces")
    labels = cast.labels[numbers]
    return numbers, labels if np.ptp(labels) else numbers


def _chosen(random: np.random.Generator, numbers: np.ndarray, kinds: np.ndarray) -> list[int]:
    """The two or three faces of a scene, each of another kind; two where there are no more kinds."""
    wanted = 2 if random.random() < TWO_FACES else 3
    free, chosen = np.arange(len(numbers)), []
    while len(chosen) < wanted and len(free):
        one = random.choice(free)
        chosen.append(numbers[one])
        free = free[kinds[free] != kinds[one]]
    return chosen


def _backdrop(random: np.random.Generator, size: int) -> np.ndarray:
    """A plain paper, or a vertical gradient between two muted colors; uint8 (size, size, 3)."""
    darkest, lightest, tint, change = PAPER if random.random() < 0.5 else GRADIENT
    top = random.uniform(darkest, lightest) + random.uniform(-tint, tint, 3)
    bottom = top + random.uniform(-change, change, 3)
    rows = np.linspace(top, bottom, size)[:, None].clip(0, 255)
    return np.repeat(np.rint(rows).astype(np.uint8), size, axis=1)


def _scene(
    random: np.random.Generator, ground: np.ndarray, figures: list[Image.Image]
) -> tuple[np.ndarray, np.ndarray]:
    """The figures somewhere on the ground (S, S, 3), and their boxes (8, 4)."""
    scene, boxes = Image.fromarray(ground), np.zeros((MAX_BOXES, 4), np.float32)
    for row, (piece, box) in enumerate(_placed(random, figures, len(ground))):
        scene.paste(piece, box, piece)
        boxes[row] = box
    return np.asarray(scene), boxes


def _placed(random: np.random.Generator, figures: list[Image.Image], size: int) -> list[tuple[Image.Image, Box]]:
    """Each figure as large as it is in the scene, and its box; half of them are mirrored."""
    figures = [ImageOps.mirror(figure) if random.random() < 0.5 else figure for figure in figures]
    least, most = SIDES[len(figures)]
    above = random.uniform(0, most - least, len(figures))
    while True:
        sides = np.rint(size * (least + above)).astype(int).tolist()
        # Pillow weighs colors by alpha, so the paper around a figure does not shine through at its edge
        pieces = [
            ImageOps.contain(figure, (side, side), Image.Resampling.BICUBIC)
            for figure, side in zip(figures, sides, strict=True)
        ]
        for _ in range(TRIES):
            boxes = [_box(random, piece, size) for piece in pieces]
            if all(_overlap(one, other) <= MAX_OVERLAP for one, other in itertools.combinations(boxes, 2)):
                return list(zip(pieces, boxes, strict=True))
        above *= 1 - SHRINK


def _box(random: np.random.Generator, piece: Image.Image, size: int) -> Box:
    """Somewhere in the scene."""
    left, top = (int(random.integers(size - side, endpoint=True)) for side in piece.size)
    return left, top, left + piece.width, top + piece.height


def _overlap(one: Box, other: Box) -> float:
    """What two boxes share, as a part of the smaller one."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return max(width, 0) * max(height, 0) / min(areas)
