"""Batches of random faces that are the same on every backend, in place of `faces.Faces`."""

import numpy as np

from anime_color.faces import Endless


class Faces:
    """One batch of `size` faces a pass, new ones each time."""

    def __init__(self, size):
        self.count = size

    def __len__(self):
        return 1

    def __getitem__(self, index):
        random = np.random.default_rng(index)
        lightness = random.uniform(-1, 1, (self.count, 32, 32, 1))
        ab = random.uniform(-0.5, 0.5, (self.count, 32, 32, 2))
        return {"l": lightness.astype("float32"), "ab": ab.astype("float32")}

    def at(self, positions, mirrored=False):
        """The faces of the first pass."""
        return {name: values[positions] for name, values in self[0].items()}

    def after(self, steps):
        return Endless(self, steps)
