"""Checkpoints that a stop at any moment cannot spoil.

A checkpoint is a folder named by its step: `generator.npz` (the averaged generator, all that coloring needs),
`training.npz` (everything else that the next step depends on), `state.json`, and `sha256.json`, written last.
It is written under another name, flushed to the disk and then renamed; the newest one that verifies is loaded.
"""

import hashlib
import json
import os
import shutil
import zipfile
from pathlib import Path

import numpy as np

from data_prep.errors import BadInput

KEPT = 2


def save(folder, state, description):
    """Writes the arrays of `Trainer.state()` and the JSON-able `description` (with "steps") below `folder`."""
    folder = Path(folder)
    final = folder / f"{description['steps']:08d}"
    if final.exists():
        return
    aside = folder / f".writing-{os.getpid()}"
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        generator = {k: v for k, v in state.items() if k.startswith("averaged/")}
        _write(aside / "generator.npz", lambda file: np.savez(file, **generator))
        rest = {k: v for k, v in state.items() if k not in generator}
        _write(aside / "training.npz", lambda file: np.savez(file, **rest))
        _write(aside / "state.json", lambda file: file.write(json.dumps(description, indent=1).encode()))
        hashes = {path.name: sha256(path) for path in sorted(aside.iterdir())}
        _write(aside / "sha256.json", lambda file: file.write(json.dumps(hashes, indent=1).encode()))
        os.rename(aside, final)
        _sync(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    for old in _names(folder)[:-KEPT]:
        shutil.rmtree(folder / old)


def newest(folder):
    """The folder of the newest checkpoint that verifies, or None when there is none at all. One that does not is
    named on the way; BadInput when none of several does."""
    names = _names(Path(folder))
    for name in reversed(names):
        fault = _fault(Path(folder) / name)
        if fault is None:
            return Path(folder) / name
        print(f"{Path(folder) / name}: {fault}; trying the one before")
    if names:
        raise BadInput(f"{folder}: none of {len(names)} checkpoints is intact; start a new run folder")
    return None


def load_generator(checkpoint):
    """The weights of the averaged generator, a list of arrays in the order of its variables."""
    arrays = _read(checkpoint / "generator.npz")
    return [arrays[name] for name in sorted(arrays)]


def load_networks(checkpoint, others="training.npz"):
    """Weights by network name, lists of arrays: the averaged generator as "generator", and the other networks of the
    file `others`."""
    found = {"generator": load_generator(checkpoint)}
    arrays = _read(checkpoint / others)
    for key in sorted(arrays):
        kind, _, name = key.rpartition("/")[0].partition("/")
        if kind == "network" and name != "generator":
            found.setdefault(name, []).append(arrays[key])
    return found


def load(checkpoint):
    """(state, description) as they were given to `save`."""
    state = _read(checkpoint / "generator.npz") | _read(checkpoint / "training.npz")
    return state, json.loads((checkpoint / "state.json").read_text())


def narrowed(weights):
    """An array of weights as float16; in float32, if one of its values is too large for that, as moving variances may
    be."""
    return weights.astype("float16" if np.abs(weights).max(initial=0) <= np.finfo("float16").max else "float32")


def sha256(path):
    """Hexadecimal sha256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _names(folder):
    if not folder.is_dir():
        return []
    return sorted(path.name for path in folder.iterdir() if path.name.isdecimal())


def _fault(checkpoint):
    """What is wrong with a checkpoint, None if nothing is."""
    try:
        hashes = json.loads((checkpoint / "sha256.json").read_text())
        for name in ("generator.npz", "training.npz", "state.json"):
            if sha256(checkpoint / name) != hashes[name]:
                return f"{name} is not what was written (its sha256 differs)"
    except (OSError, ValueError, KeyError) as error:
        return f"incomplete ({error})"
    return None


def _read(path):
    try:
        with np.load(path, allow_pickle=False) as arrays:
            return {name: arrays[name] for name in arrays.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise BadInput(f"{path}: not a weight file ({error}); take another checkpoint") from error


def _write(path, write):
    with open(path, "wb") as file:
        write(file)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder):
    """Makes the rename itself survive a power cut, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
