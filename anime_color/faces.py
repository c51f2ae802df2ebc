"""A face set as batches: dictionaries of the fields that a system wants, read from memory-mapped arrays.

A face set is the folder that `python -m data_prep` writes (its README section names the files). Nothing is loaded
as a whole: a batch reads its own rows, so 30,000 faces cost no memory.
"""

import hashlib
from pathlib import Path

import keras
import numpy as np

from anime_color.fields import COLORS, Sample
from data_prep.errors import BadInput
from data_prep.face_set import read

SPLITS = ("train", "validation", "test", "unseen", "all")


class Faces(keras.utils.PyDataset):
    """Batches of one split of a face set, the attribute `digest` of which, a sha256, tells it from any other.

    `faces[i]` is a pure function of `i`, the seed and the files, also past the first pass: pass `i // len(faces)`
    has its own order and flips. So a resumed run goes on with the very batch at which it stopped.

        {"l": (B, S, S, 1), "ab": (B, S, S, 2), "label": (B,) int32}      B is smaller in a pass's last batch

    folder: the face set, or several of them, whose faces are mixed.
    split: "train", "validation", "test", "unseen" (validation and test, what no run trains on) or "all".
    batch_size: faces a batch.
    size: side in pixels; the face set's own size must be a multiple of it (each block of pixels is averaged).
        None keeps the face set's size.
    lightness: "lab" or "luma", see `color.rgb_to_lab`.
    flips: mirror half of the faces, drawn anew each pass.
    shuffle: another order in each pass; off for scoring.
    fields: {name: function(`fields.Sample`) -> array}, what a batch holds; None is lightness, color and label, as
        above. What is random in a field depends on the seed, the pass and the face, and on nothing else.
    others: {name: Faces}, further sets, not paired with this one, that fields may draw from.
    most: at most so many pictures of the split, drawn by the seed; a smaller number's are among a larger one's.
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
        fields=None,
        others=None,
        most=None,
    ):
        super().__init__()
        self.options = {name: value for name, value in locals().items() if name not in ("self", "__class__")}
        self.fields, self.others = dict(fields or COLORS), dict(others or {})
        folders = [Path(one) for one in (folder if isinstance(folder, (list, tuple)) else [folder])]
        self.folder = folders[0]
        sets = [read(one) for one in folders]
        if split not in SPLITS:
            raise BadInput(f"split={split!r}: allowed are {', '.join(SPLITS)}")
        for name, value in {"batch_size": batch_size, "most": most}.items():
            if value is not None and value < 1:
                raise BadInput(f"{name}={value}: needed is at least 1")
        splits = {"all": ("train", "validation", "test"), "unseen": ("validation", "test")}.get(split, (split,))
        chosen = [(k, row) for k, (_, rows) in enumerate(sets) for row in rows if row["split"] in splits]
        if not chosen:
            raise BadInput(f"{self.folder}: its {split} split is empty; pack more faces or choose another split")
        drawn = np.sort(np.random.default_rng(seed).permutation(len(chosen))[:most])
        fewer, chosen = len(drawn) < len(chosen), [chosen[number] for number in drawn]
        self.split, self.batch_size, self.lightness = split, batch_size, lightness
        self.flips, self.shuffle, self.seed = flips, shuffle, seed
        self.sets = np.array([k for k, _ in chosen])
        self.rows = np.array([int(row["index"]) for _, row in chosen])
        # a folder's labels follow those of the folder before it
        before = np.cumsum([0, *(max(int(row["label"]) for row in rows) + 1 for _, rows in sets)])
        self.labels = np.array([before[k] + int(row["label"]) for k, row in chosen], "int32")
        self.pixels = [np.load(one / "faces.npy", mmap_mode="r") for one in folders]
        boxes = [one / "boxes.npy" for one in folders]
        self._boxes = [np.load(one, mmap_mode="r") if one.is_file() else None for one in boxes]
        self.size = size or self.pixels[0].shape[1]
        for one, pixels in zip(folders, self.pixels, strict=True):
            if pixels.shape[1] % self.size:
                raise BadInput(
                    f"{one}: faces of {pixels.shape[1]} px cannot be averaged to size={self.size}; pack with --size"
                )
        digests = [description["digest"] for description, _ in sets]
        digests += [f"{name}={one.digest}" for name, one in self.others.items()]
        digests += [f"{k}:{row['index']} " for k, row in chosen] if fewer else []
        self.digest = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()

    def again(self, **changes):
        """The same faces, seen differently: `changes` are arguments of the constructor, such as size or fields."""
        return Faces(**(self.options | changes))

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
        return self.at(chosen, flipped[chosen], epoch)

    def at(self, positions, mirrored=False, epoch=0):
        """The batch of the given positions of the split; `mirrored` says which of them, or all, are mirror images,
        `epoch` the pass that random fields belong to."""
        rgb = self.rgb(positions)
        mirrored = np.broadcast_to(mirrored, len(rgb))
        rgb[mirrored] = rgb[mirrored, :, ::-1]
        randoms = [np.random.default_rng([self.seed, epoch, int(position), 1]) for position in positions]
        boxes = [self.boxes(*one) for one in zip(positions, mirrored, strict=True)]
        samples = [
            Sample(*one, self.lightness, self.others, some)
            for *one, some in zip(rgb, self.labels[positions], randoms, boxes, strict=True)
        ]
        return {name: np.stack([field(sample) for sample in samples]) for name, field in self.fields.items()}

    def rgb(self, positions):
        """uint8 pictures (len(positions), size, size, 3) at the given positions of the split."""
        positions = np.asarray(positions)
        chosen = zip(self.sets[positions], self.rows[positions], strict=True)
        return np.stack([self._reduced(self.pixels[one][row]) for one, row in chosen])

    def _reduced(self, face):
        block = len(face) // self.size
        if block == 1:
            return face
        blocks = face.reshape(self.size, block, self.size, block, 3)
        return blocks.mean(axis=(1, 3)).round().astype("uint8")

    def boxes(self, position, mirrored=False):
        """Boxes float32 (8, 4) of what is in the picture at this position: x0, y0, x1, y1 in pixels, zeros where there
        is none; None if its face set has no boxes."""
        place = self.sets[position]
        if self._boxes[place] is None:
            return None
        found = self._boxes[place][self.rows[position]] * np.float32(self.size / self.pixels[place].shape[1])
        if mirrored:
            there = found[:, 2:3] > found[:, :1]
            found[:, [0, 2]] = np.where(there, self.size - found[:, [2, 0]], 0)
        return found

    def masks(self, positions):
        """Part numbers uint8 (len(positions), size, size) of drawn faces (`data_prep.drawn_faces.PARTS`), or None if
        the face set has no masks or is one of several."""
        path = self.folder / "masks.npy"
        if len(self.pixels) > 1 or not path.is_file():
            return None
        masks = np.load(path, mmap_mode="r")
        step = masks.shape[1] // self.size
        return np.stack([masks[row, step // 2 :: step, step // 2 :: step] for row in self.rows[np.asarray(positions)]])

    def after(self, steps):
        """The same batches from the given one on, without end: what `Trainer.fit` reads."""
        return Endless(self, steps)

    def _pass(self, epoch):
        random = np.random.default_rng([self.seed, epoch])
        order = random.permutation(self.count) if self.shuffle else np.arange(self.count)
        flipped = random.random(self.count) < 0.5 if self.flips else np.zeros(self.count, bool)
        return order, flipped


class Endless(keras.utils.PyDataset):
    """The `batches` from number `start` on, without end."""

    num_batches = None

    def __init__(self, batches, start):
        super().__init__()
        self.batches, self.start = batches, start

    def __getitem__(self, index):
        return self.batches[self.start + index]
