"""The two phases that teach regions and palettes before a critic looks at them (networks/regions.py has the model)."""

import keras
import numpy as np
from keras import ops

from anime_color.faces import Endless
from anime_color.networks import palette_reader, regions
from anime_color.training.phases import Phase, Term, Update, falling

AT_ONCE = 50  # faces that are read together
SLOPE_WEIGHT = 0.3  # of an error in a slope beside one in a color


GUESS_WEIGHT = 0.2  # of the mean color that is read off the features


def explaining_regions(slopes=True, share=1.0):
    """The phase in which the network "regions" learns to cut pictures so that each region has one color; no noise, no
    critic."""
    terms = explaining_terms(slopes)
    return Phase("regions", (Update("regions", terms, ("regions",), schedule=falling(0.5)),), share)


def explaining_terms(slopes=True):
    """Terms of the network "regions": a real picture is painted with its own fitted palette and held against itself;
    and its mean color is read off the features, so that these learn what tells colors."""

    def painting(scene):
        m = scene.once("regions", "l")["regions"]
        l, ab = (ops.average_pool(scene.batch[name], 2, 2) for name in ("l", "ab"))  # noqa: E741
        return _distance(regions.painted(m, regions.fitted(m, ab, l, slopes), l), ab)

    def guessing(scene):
        guessed = scene.once("regions", "l")["guess"]
        side = scene.batch["ab"].shape[1] // guessed.shape[1]
        return _distance(guessed, ops.average_pool(scene.batch["ab"], side, side))

    return Term("painting", painting), Term("guess", guessing, GUESS_WEIGHT)


def palette_flow(slopes=True, batch_size=64, standardize=True, share=1.0, seed=0):
    """The phase in which the network "palette" learns to lead noise to the palettes of real faces, given what their
    regions look like: flow matching (Lipman et al. 2023, equation 9; the straight paths of Liu et al. 2023). Tokens and
    palettes of all faces are computed once, so that its steps cost no convolution.

    standardize: set the means and deviations of tokens and palettes to those of these faces.
    """

    def error(scene):
        palette = scene.batch["palette"]
        start = ops.reshape(scene.drawn(), ops.shape(palette))
        time = keras.random.uniform((scene.count, 1), seed=scene.seed_generator)
        between = (1 - time[..., None]) * start + time[..., None] * palette
        given = {"tokens": scene.batch["tokens"], "palette": between, "time": time}
        off = scene.outputs("palette", given) - (palette - start)
        weight = scene.batch["weight"][..., None] * ops.convert_to_tensor([1.0, 1.0, SLOPE_WEIGHT, SLOPE_WEIGHT])
        return ops.mean(weight * off * off)

    def batches(networks, faces):
        return Palettes(networks, faces, slopes, batch_size, standardize, seed)

    update = Update("palette", (Term("flow", error),), ("palette",), schedule=falling(0.4))
    return Phase("palette", (update,), share, batches)


class Palettes(keras.utils.PyDataset):
    """Batches {"tokens" (B, K, T), "palette" (B, K, 4) standardized, "weight" (B, K)} of all faces and their mirror
    images, read by the networks as they are. The weight grows with the root of a region's area."""

    def __init__(self, networks, faces, slopes, batch_size, standardize, seed):
        super().__init__()
        self.batch_size, self.seed = batch_size, seed
        read = palette_reader(networks["regions"], slopes)
        found = {"tokens": [], "palette": [], "area": []}
        for mirrored in (False, True):
            for start in range(0, faces.count, AT_ONCE):
                seen = faces.at(np.arange(start, min(start + AT_ONCE, faces.count)), mirrored)
                for name, value in read.predict_on_batch({n: seen[n] for n in ("l", "ab")}).items():
                    found[name].append(value)
        found = {name: np.concatenate(values) for name, values in found.items()}
        area = found["area"][..., None]
        sampler = networks["generator"].get_layer("sampler")
        scale = sampler.get_layer("palette_standardized")
        if standardize:
            tokens, palette = found["tokens"], found["palette"]
            networks["palette"].get_layer("tokens_standardized").take(tokens.mean((0, 1)), tokens.std((0, 1)) + 1e-5)
            mean = (area * palette).sum(0) / area.sum(0)
            scale.take(mean, np.sqrt((area * (palette - mean) ** 2).sum(0) / area.sum(0)) + 1e-3)
        self.tokens = found["tokens"]
        self.palette = (found["palette"] - ops.convert_to_numpy(scale.mean)) / ops.convert_to_numpy(scale.deviation)
        self.weight = np.sqrt(area[..., 0]) / np.sqrt(area).mean()

    def __len__(self):
        return -(-len(self.tokens) // self.batch_size)

    def __getitem__(self, index):
        epoch, batch = divmod(index, len(self))
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.tokens))
        chosen = order[batch * self.batch_size : (batch + 1) * self.batch_size]
        return {"tokens": self.tokens[chosen], "palette": self.palette[chosen], "weight": self.weight[chosen]}

    def after(self, steps):
        """The same batches from the given one on, without end."""
        return Endless(self, steps)


def _distance(first, second):
    """Mean length of the difference of two ab, smooth at 0."""
    off = first - second
    return ops.mean(ops.sqrt(ops.sum(off * off, -1) + 1e-4))
