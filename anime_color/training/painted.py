"""What a phase trains on instead of all faces: some of them beside what a network painted of them, or short passes."""

import tempfile

import keras
import numpy as np

from anime_color import color
from anime_color.faces import Endless

AT_ONCE = 16  # faces that are painted together


class Painted(keras.utils.PyDataset):
    """Batches of a share of `faces`, with what `network` makes of each as a further field, painted once when this is
    made and kept as 8-bit pictures in a file, so that it costs no memory.

    faces: a `faces.Faces`.
    network: takes fields of the faces, returns sRGB / 127.5 - 1.
    name: of the further field.
    share: of the faces, drawn by their seed; at least a batch.
    """

    def __init__(self, faces, network, name, share):
        super().__init__()
        self.faces, self.name = faces, name
        count = min(faces.count, max(faces.batch_size, round(share * faces.count)))
        self.chosen = np.random.default_rng([faces.seed, 2]).permutation(faces.count)[:count]
        with tempfile.TemporaryFile() as file:  # it has no name, and is gone with the memory that maps it
            self.pixels = np.memmap(file, "uint8", "w+", shape=(count, faces.size, faces.size, 3))
        for start in range(0, count, AT_ONCE):
            given = faces.at(self.chosen[start : start + AT_ONCE])
            painted = network.predict_on_batch({field: given[field] for field in network.input})
            self.pixels[start : start + AT_ONCE] = color.unscale_rgb(painted)

    def __len__(self):
        """Batches a pass."""
        return -(-len(self.chosen) // self.faces.batch_size)

    def __getitem__(self, index):
        epoch, batch = divmod(index, len(self))
        random = np.random.default_rng([self.faces.seed, epoch, 3])
        order, mirrored = random.permutation(len(self.chosen)), random.random(len(self.chosen)) < 0.5
        some = order[batch * self.faces.batch_size : (batch + 1) * self.faces.batch_size]
        painted = self.pixels[some]
        painted[mirrored[some]] = painted[mirrored[some], :, ::-1]
        return self.faces.at(self.chosen[some], mirrored[some], epoch) | {self.name: color.scale_rgb(painted)}

    def after(self, steps):
        """The same batches from the given one on, without end."""
        return Endless(self, steps)


class Short(keras.utils.PyDataset):
    """The batches of `faces` in passes of so many steps, for what happens after each pass."""

    def __init__(self, faces, steps):
        super().__init__()
        self.faces, self.steps = faces, steps

    def __len__(self):
        return self.steps

    def __getitem__(self, index):
        return self.faces[index]

    def after(self, steps):
        """The same batches from the given one on, without end."""
        return Endless(self, steps)
