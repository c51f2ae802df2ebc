"""How near a set of pictures is to a set of real ones, told by features of a network that must be named beside it."""

import keras
import numpy as np
from keras import layers

from anime_color.scores import inputs
from data_prep.errors import BadInput

SUBSETS = 100
LARGEST_SUBSET = 1000
CLASSIFIER_SIZE = 64  # pixels a side that the two-sample classifier sees
CLASSIFIER_STEPS = 300
CLASSIFIER_BATCH = 64  # half of it real


def statistics(features):
    """Mean (d,) and covariance (d, d), divisor n - 1, of features (n, d)."""
    features = _features("features", features)
    return features.mean(axis=0), np.atleast_2d(np.cov(features, rowvar=False))


def frechet_distance(mean_a, covariance_a, mean_b, covariance_b):
    """Frechet distance of two Gaussians (Heusel et al. 2017): |mean_a - mean_b|^2 + trace(A + B - 2 (A B)^(1/2)).

    Biased upward by about 1/n for sets of n pictures: compare sets of one n, beside the distance of real to real.
    """
    mean_a, mean_b, a, b = (np.asarray(value, "float64") for value in (mean_a, mean_b, covariance_a, covariance_b))
    if mean_a.ndim != 1 or mean_b.shape != mean_a.shape or not a.shape == b.shape == (len(mean_a), len(mean_a)):
        raise BadInput(
            f"means {mean_a.shape}, {mean_b.shape}, covariances {a.shape}, {b.shape}: needed are (d,), (d, d)"
        )
    for value in (mean_a, mean_b, a, b):
        inputs.finite("mean or covariance", value)
    # trace (A B)^(1/2) by the eigenvalues of A^(1/2) B A^(1/2), which is symmetric: no imaginary part, no singular case
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.maximum(values, 0))) @ vectors.T
    middle = np.linalg.eigvalsh(root @ b @ root)
    return float(((mean_a - mean_b) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * np.sqrt(np.maximum(middle, 0)).sum())


def cubic_kernel(a, b):
    """(x.y/d + 1)^3 of all pairs of features (n, d) and (m, d): (n, m)."""
    return (a @ b.T / a.shape[1] + 1) ** 3


def kid(features_a, features_b):
    """Kernel inception distance (Binkowski et al. 2018): unbiased squared maximum mean discrepancy of features
    (n, d) and (m, d) under the cubic kernel. Near 0 for sets of one kind, also slightly below."""
    a, b = _two_sets(features_a, features_b)
    return float(_within(cubic_kernel(a, a)) + _within(cubic_kernel(b, b)) - 2 * cubic_kernel(a, b).mean())


def kid_subsets(features_a, features_b, seed=0):
    """(mean, standard deviation) of `kid` over 100 random subsets of min(1000, half of the smaller set) features."""
    a, b = _two_sets(features_a, features_b)
    size = min(LARGEST_SUBSET, min(len(a), len(b)) // 2)
    if size < 2:
        raise BadInput(f"sets of {len(a)} and {len(b)}: needed are at least 4 pictures each for subsets")
    random = np.random.default_rng(seed)
    values = [kid(random.permutation(a)[:size], random.permutation(b)[:size]) for _ in range(SUBSETS)]
    return float(np.mean(values)), float(np.std(values, ddof=1))


def _within(kernel):
    count = len(kernel)
    return (kernel.sum() - np.trace(kernel)) / (count * (count - 1))


def two_sample(real, fake, real_unseen, fake_unseen, seed=0):
    """Classifier two-sample score (Lopez-Paz and Oquab 2017): how many of the unseen pictures a fresh small
    classifier, trained on `real` and `fake`, puts right. Booleans (n,); a mean of 0.5 is indistinguishable.

    All scaled lab (n, S, S, 3), at any S; both unseen sets of one length.
    """
    if min(map(len, (real, fake, real_unseen, fake_unseen))) < 1:
        raise BadInput("two-sample classifier: needed is at least one picture to train on and one unseen, of each kind")
    real, fake, real_unseen, fake_unseen = (
        array
        for name, some in {"real": real, "fake": fake, "real_unseen": real_unseen, "fake_unseen": fake_unseen}.items()
        for array in inputs.numbers(3, **{name: some})
    )
    if len({some.shape[1:] for some in (real, fake, real_unseen, fake_unseen)}) > 1:
        raise BadInput("two-sample classifier: pictures of different size; needed is one size")
    keras.utils.set_random_seed(seed)
    x = picture = layers.Input((*real.shape[1:3], 3))
    for width in (16, 32, 64):
        x = layers.Conv2D(width, 4, strides=2, padding="same", kernel_initializer="he_normal")(x)
        x = layers.LeakyReLU(0.2)(x)
    logit = layers.Dense(1)(layers.Dropout(0.3, seed=seed)(layers.GlobalAveragePooling2D()(x)))
    classifier = keras.Model(picture, logit)
    rate = keras.optimizers.schedules.CosineDecay(2e-3, CLASSIFIER_STEPS)
    classifier.compile(keras.optimizers.Adam(rate), keras.losses.BinaryCrossentropy(from_logits=True))
    random = np.random.default_rng(seed)
    half = CLASSIFIER_BATCH // 2
    label = np.repeat(np.float32([[1], [0]]), half, axis=0)
    for _ in range(CLASSIFIER_STEPS):
        batch = np.concatenate([some[random.integers(0, len(some), half)] for some in (real, fake)])
        flipped = random.random(len(batch)) < 0.5
        batch[flipped] = batch[flipped, :, ::-1]
        classifier.train_on_batch(batch, label)
    unseen = np.concatenate([real_unseen, fake_unseen])
    said_real = classifier.predict(unseen, 64, verbose=0)[:, 0] > 0
    return said_real == np.repeat([True, False], [len(real_unseen), len(fake_unseen)])


def _two_sets(features_a, features_b):
    a, b = _features("features_a", features_a), _features("features_b", features_b)
    if a.shape[1] != b.shape[1]:
        raise BadInput(f"features of {a.shape[1]} and {b.shape[1]} values: needed are those of one network")
    return a, b


def _features(name, features):
    features = np.asarray(features, "float64")
    if features.ndim != 2 or len(features) < 2:
        raise BadInput(f"{name} {features.shape}: needed are at least 2 pictures, (pictures, values)")
    inputs.finite(name, features)
    return features
