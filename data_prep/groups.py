"""Near-duplicate groups, and the split that never parts a group."""

import hashlib

import numpy as np
from PIL import Image
from scipy.fft import dctn
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

# The lowest 16 x 16 frequencies of the gray face at 32 x 32; one below 4 gray levels has no sign of its own.
FREQUENCIES = 16
FAINT = 4
# Two faces are near-duplicates from this cosine of their signs on. Chosen by eye on 6,000 faces of 20 characters:
# above 0.55 every pair is one drawing saved, retouched or given another expression; from 0.5 down pairs of
# different drawings come in, at 0.4 they prevail and would chain into one giant group.
NEAR = 0.55
SPLITS = ("train", "validation", "test")
TRAIN_SHARE, VALIDATION_SHARE = 0.90, 0.05
BLOCK = 512


def fingerprint(rgb: np.ndarray) -> np.ndarray:
    """The signs, int8 (255,) of -1, 0 or 1, of the lowest frequencies of the gray face (S, S, 3), mean left out.

    They hardly change when a face is saved again, resized or tinted.
    """
    gray = Image.fromarray(rgb).convert("L").resize((2 * FREQUENCIES, 2 * FREQUENCIES), Image.Resampling.BOX)
    low = dctn(np.asarray(gray, np.float32), norm="ortho")[:FREQUENCIES, :FREQUENCIES].ravel()[1:]
    return (np.sign(low) * (np.abs(low) > FAINT)).astype(np.int8)


def near_duplicate_groups(fingerprints: np.ndarray, files: list[str]) -> np.ndarray:
    """Group numbers (N,) of fingerprints (N, 255) of faces from files (N,), as sha256.

    Faces of one file share a group, and so do faces joined by a chain of near-duplicates.
    """
    first: dict[str, int] = {}
    rows = [np.arange(len(files))]
    columns = [np.array([first.setdefault(file, index) for index, file in enumerate(files)])]
    lengths = np.sqrt((fingerprints != 0).sum(axis=1, keepdims=True, dtype=np.float32))
    signs = fingerprints / np.maximum(lengths, 1)
    for start in range(0, len(signs), BLOCK):
        row, column = np.nonzero(signs[start : start + BLOCK] @ signs[start:].T >= NEAR)
        rows.append(row + start)
        columns.append(column + start)
    edges = np.concatenate(rows), np.concatenate(columns)
    near = coo_array((np.ones(len(edges[0]), bool), edges), shape=(len(signs), len(signs)))
    return numbered(connected_components(near, directed=False)[1])


def numbered(keys) -> np.ndarray:
    """Numbers (N,) from 0 in the order in which each of the keys (N,) first appears."""
    numbers: dict = {}
    return np.array([numbers.setdefault(key, len(numbers)) for key in keys], int)


def split_groups(groups: np.ndarray, sha256: list[str]) -> list[str]:
    """The split of every face: "train" (about 90 %), "validation" or "test" (5 % each).

    A group's split depends on the smallest sha256 of its files alone, so it stays when pictures are added.
    Only where few groups leave validation or test empty are the groups that come closest moved there.
    """
    smallest: dict[int, str] = {}
    for group, digest in zip(groups, sha256, strict=True):
        smallest[group] = min(digest, smallest.get(group, digest))
    place = {group: _place(digest) for group, digest in smallest.items()}
    split = {group: _split_at(value) for group, value in place.items()}
    last = sorted(place, key=place.get)[-2:]
    if len(place) >= 3 and not {"validation", "test"} <= set(split.values()):
        split |= dict(zip(last, ("validation", "test"), strict=True))
    return [split[group] for group in groups]


def _place(digest: str) -> float:
    """A number in 0..1; hashed again, for the smallest of many digests is not evenly spread."""
    return int(hashlib.sha256(digest.encode()).hexdigest()[:12], 16) / 16**12


def _split_at(place: float) -> str:
    if place < TRAIN_SHARE:
        return "train"
    return "validation" if place < TRAIN_SHARE + VALIDATION_SHARE else "test"
