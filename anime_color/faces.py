"""A face set as batches: dictionaries of `l`, `ab` and `label`, read from memory-mapped arrays.

A face set is the folder that `python -m data_prep` writes (its README section names the files). Nothing is loaded
as a whole: a batch reads its own rows, so 30,000 faces cost no memory.
"""

import csv
import json
from pathlib import Path

import keras
import numpy as np

from anime_color import color
from data_prep.errors import BadInput

SPLITS = ("train", "validation", "test", "all")


class Faces(keras.utils.PyDataset):
    """Batches of one split of a face set.

    `faces[i]` is a pure function of `i`, the seed and the files, also past the first pass: pass `i // len(faces)`
    has its own order and flips. So a resumed run goes on with the very batch at which it stopped.

        {"l": (B, S, S, 1), "ab": (B, S, S, 2), "label": (B,) int32}      B is smaller in a pass's last batch

    folder: the face set.
    split: "train", "validation", "test" or "all".
    batch_size: faces a batch.
    size: side in pixels; the face set's own size must be a multiple of it (each block of pixels is averaged).
        None keeps the face set's size.
    lightness: "lab" or "luma", see `color.rgb_to_lab`.
    flips: mirror half of the faces, drawn anew each pass.
    shuffle: another order in each pass; off for scoring.
    """

    def __init__(
        self,
        folder,
        split="train",
        batch_size=16,
        size=None,
        lightness="lab",
        flips=True,
        shuffle=True,
        seed=0,
    ):
        super().__init__()
        self.folder = Path(folder)
        self.description, rows = _read(self.folder)
        if split not in SPLITS:
            raise BadInput(f"split={split!r}: allowed are {', '.join(SPLITS)}")
        if batch_size < 1:
            raise BadInput(f"batch_size={batch_size}: needed is at least 1")
        chosen = [row for row in rows if split in ("all", row["split"])]
        if not chosen:
            raise BadInput(f"{folder}: its {split} split is empty; pack more faces or choose another split")
        self.split, self.batch_size, self.lightness = split, batch_size, lightness
        self.flips, self.shuffle, self.seed = flips, shuffle, seed
        self.rows = np.array([int(row["index"]) for row in chosen])
        self.labels = np.array([int(row["label"]) for row in chosen], "int32")
        self.pixels = np.load(self.folder / "faces.npy", mmap_mode="r")
        own = self.pixels.shape[1]
        self.size = size or own
        if own % self.size:
            raise BadInput(f"{folder}: faces of {own} px cannot be averaged to size={self.size}; pack with --size")

    @property
    def digest(self):
        """The sha256 that tells this face set from any other."""
        return self.description["digest"]

    @property
    def count(self):
        return len(self.rows)

    def __len__(self):
        """Batches a pass."""
        return -(-self.count // self.batch_size)

    def __getitem__(self, index):
        epoch, batch = divmod(index, len(self))
        order, flipped = self._pass(epoch)
        chosen = order[batch * self.batch_size : (batch + 1) * self.batch_size]
        rgb = self.rgb(chosen)
        mirrored = flipped[chosen]
        rgb[mirrored] = rgb[mirrored, :, ::-1]
        lab = color.rgb_to_lab(rgb, self.lightness)
        return {"l": lab[..., :1], "ab": lab[..., 1:], "label": self.labels[chosen]}

    def rgb(self, positions):
        """uint8 pictures (len(positions), size, size, 3) at the given positions of the split."""
        positions = np.asarray(positions)
        pictures = np.stack([self.pixels[row] for row in self.rows[positions]])
        block = pictures.shape[1] // self.size
        if block == 1:
            return pictures
        blocks = pictures.reshape(len(pictures), self.size, block, self.size, block, 3)
        return blocks.mean(axis=(2, 4)).round().astype("uint8")

    def masks(self, positions):
        """Part numbers uint8 (len(positions), size, size) of drawn faces (`data_prep.drawn_faces.PARTS`), or None if
        the face set has no masks."""
        path = self.folder / "masks.npy"
        if not path.is_file():
            return None
        masks = np.load(path, mmap_mode="r")
        step = masks.shape[1] // self.size
        return np.stack([masks[row, step // 2 :: step, step // 2 :: step] for row in self.rows[np.asarray(positions)]])

    def after(self, steps):
        """The same batches from the given one on, without end: what `Trainer.fit` reads."""
        return _Stream(self, steps)

    def _pass(self, epoch):
        random = np.random.default_rng([self.seed, epoch])
        order = random.permutation(self.count) if self.shuffle else np.arange(self.count)
        flipped = random.random(self.count) < 0.5 if self.flips else np.zeros(self.count, bool)
        return order, flipped


class _Stream(keras.utils.PyDataset):
    """Batches of `faces` from number `start` on, without end."""

    num_batches = None

    def __init__(self, faces, start):
        super().__init__()
        self.faces, self.start = faces, start

    def __getitem__(self, index):
        return self.faces[self.start + index]


def _read(folder):
    """(description, manifest rows) of a face set; BadInput if it is none."""
    if not (folder / "faceset.json").is_file():
        raise BadInput(f"{folder}: no face set (faceset.json is missing); make one with python -m data_prep")
    try:
        description = json.loads((folder / "faceset.json").read_text("utf-8"))
        with open(folder / "manifest.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        shape = np.load(folder / "faces.npy", mmap_mode="r").shape
    except (OSError, ValueError) as error:
        raise BadInput(f"{folder}: damaged face set ({error}); pack it again with python -m data_prep") from error
    if len(shape) != 4 or shape[0] != len(rows) or "digest" not in description:
        raise BadInput(f"{folder}: damaged face set (faces {shape}, {len(rows)} rows); pack it again")
    return description, rows
