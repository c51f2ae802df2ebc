"""Latent vectors: the schedules of a chroma sheet, neighbors of a noise, ways from one to another."""

import numpy as np

from data_prep.errors import BadInput

SCHEDULES = ("balanced", "random", "segments", "normalized_segments")


def schedule(name, latent_size, count=25, seed=0):
    """The noise of a chroma sheet, float32 (count, latent_size).

    name: "balanced" draws noises that are equally far from each other and cancel out: the corners of a regular simplex
        in a random position, each of the norm sqrt(latent) that training noise has; of more than latent + 1 noises,
        several simplices. One sheet then shows the colors of the data in about their shares: docs/results.md has what
        that is worth.
        "random" draws each noise alone, N(0, 1), as in training.
        "segments" is the ancestor's: the vector is cut into 5 segments, and one segment at a time takes the
        constant offsets -2, -1, 0, 1, 2 while the rest is zero. It repeats: offset 0 gives the zero vector in
        each of the 5 segments, so 25 rows hold 21 vectors; and their norms, 0 to 2 sqrt(latent/5), are not those
        of training noise.
        "normalized_segments" mends both: the offsets are -2, -1, -0.5, 1, 2 on one segment of a fixed random
        vector, and each row is scaled to the norm sqrt(latent) that training noise has.
    count: how many vectors; the two segment schedules have 25.
    seed: of the random draw.
    """
    if name not in SCHEDULES:
        raise BadInput(f"schedule={name!r}: allowed are {', '.join(SCHEDULES)}")
    if not isinstance(count, int) or not 1 <= count <= 1024:
        raise BadInput(f"noises={count!r}: needed is a whole number from 1 to 1024")
    if not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise BadInput(f"seed={seed!r}: needed is a whole number from 0 to 2^32 - 1")
    random = np.random.default_rng(seed)
    if name == "balanced":
        groups = np.array_split(np.arange(count), -(-count // (latent_size + 1)))
        return np.concatenate([_simplex(len(group), latent_size, random) for group in groups]).astype("float32")
    if name == "random":
        return random.standard_normal((count, latent_size)).astype("float32")
    if count != 25 or latent_size < 5:
        raise BadInput(f"schedule={name!r} has 25 noises of at least 5 numbers: given {count} of {latent_size}")
    normalized = name == "normalized_segments"
    rows = np.tile(random.standard_normal(latent_size) if normalized else np.zeros(latent_size), (25, 1))
    offsets = (-2, -1, -0.5, 1, 2) if normalized else (-2, -1, 0, 1, 2)
    for row, (segment, offset) in enumerate((s, o) for s in range(5) for o in offsets):
        edges = np.linspace(0, latent_size, 6).round().astype(int)
        rows[row, edges[segment] : edges[segment + 1]] = offset
    if normalized:
        rows *= np.sqrt(latent_size) / np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype("float32")


def _simplex(count, size, random):
    """Up to size + 1 vectors (count, size) of the norm sqrt(size): the corners of a regular simplex around zero."""
    rows = random.standard_normal((count, size))
    if count > 1:
        # left singular vectors of centered rows: as many directions as there are corners, but the one that all share
        left, _, right = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
        rows = left[:, : count - 1] @ right[: count - 1]
    return rows * np.sqrt(size) / np.linalg.norm(rows, axis=1, keepdims=True)


def neighbors(choice, count=25, distance=0.5, seed=0):
    """Variations (count, latent) around a noise `choice` (latent,), float32: the choice itself, then noises at the
    angle `distance` in radians from it, 0 to pi/2, in random directions; all have its norm."""
    if not 0 < distance <= np.pi / 2:
        raise BadInput(f"distance={distance}: needed is an angle above 0 and up to {np.pi / 2:.2f} radians")
    choice = np.asarray(choice, "float64")
    norm = np.linalg.norm(choice)
    if choice.ndim != 1 or len(choice) < 2 or not norm > 0 or not np.isfinite(norm):
        raise BadInput(f"choice {choice.shape}: needed is one noise of at least 2 numbers, not all zero")
    away = np.random.default_rng([seed, 1]).standard_normal((count, len(choice)))  # not the noises of a sheet
    away -= (away @ choice / norm**2)[:, None] * choice
    away *= norm / np.linalg.norm(away, axis=1, keepdims=True)
    varied = np.cos(distance) * choice + np.sin(distance) * away
    varied[0] = choice
    return varied.astype("float32")


def sweep(start, end, frames):
    """`frames` noises on the great circle from `start` to `end` (latent,), float32: each has a norm that training
    noise has, where a straight line would pass close to zero."""
    start, end = np.asarray(start, "float64"), np.asarray(end, "float64")
    cosine = start @ end / (np.linalg.norm(start) * np.linalg.norm(end))
    angle = np.arccos(np.clip(cosine, -1, 1))
    t = np.linspace(0, 1, frames)[:, None]
    if np.sin(angle) < 1e-6:
        return ((1 - t) * start + t * end).astype("float32")
    return ((np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / np.sin(angle)).astype("float32")
