"""Batches of random faces that are the same on every backend, in place of `faces.Faces`."""

import numpy as np

from anime_color.faces import Endless
from anime_color.fields import COLORS, Sample


class Faces:
    """One batch of `size` faces of 32 px a pass, new ones each time, with the fields that a system wants."""

    def __init__(self, size, fields=COLORS, others=None):
        self.count, self.fields, self.others = size, fields, others or {}
        self.batch_size, self.size, self.seed = size, 32, 0

    def again(self, **changes):
        """The same faces: all phases train on pictures of this size."""
        return self

    def __len__(self):
        return 1

    def __getitem__(self, index):
        random = np.random.default_rng(index)
        samples = [Sample(_picture(random), 0, random, "lab", self.others) for _ in range(self.count)]
        return {name: np.stack([field(sample) for sample in samples]) for name, field in self.fields.items()}

    def at(self, positions, mirrored=False, epoch=0):
        """The faces of the first pass."""
        return {name: values[positions] for name, values in self[0].items()}

    def rgb(self, positions):
        """Pictures of the first pass."""
        return np.stack([_picture(np.random.default_rng(position)) for position in positions])

    def after(self, steps):
        return Endless(self, steps)


def _picture(random):
    """A picture of random pixels: where a face is flat, rounding would decide."""
    return random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
