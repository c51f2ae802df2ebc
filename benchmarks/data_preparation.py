"""Face sets: how fast they are packed, and how fast and in how little memory they are read."""

import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.measure import MB, apart, rounds, row
from data_prep import pack

PACKED = 400
PICTURE_SIDE = 256
READ_BATCH = 32


def packing(folder, scratch, repeats):
    """Rows of `data_prep.pack`: of drawn faces, and of JPEG pictures of the faces in the face set `folder`."""
    pictures = scratch / "pictures"
    pictures.mkdir()
    for number, face in enumerate(np.load(folder / "faces.npy", mmap_mode="r")[:PACKED]):
        Image.fromarray(face).resize((PICTURE_SIDE, PICTURE_SIDE)).save(pictures / f"{number}.jpg", quality=95)
    for source, what in ((f"drawn:{PACKED}", "drawn faces"), (pictures, f"JPEG of {PICTURE_SIDE} px")):
        # the round that is not counted starts the workers
        two, one = rounds([partial(_pack_seconds, source, workers) for workers in (2, 1)], repeats)
        sides = {"two workers": PACKED / two, "one worker": PACKED / one}
        yield row(f"data_prep.pack of {PACKED} faces of 128 px", f"{what}, faces per second", sides)


def _pack_seconds(source, workers):
    with tempfile.TemporaryDirectory() as scratch:
        started = time.perf_counter()
        pack(source, Path(scratch, "faces"), workers=workers, progress=False)
        return time.perf_counter() - started


def reading(folder, repeats):
    """Rows of `faces.Faces`: its speed, and what a process grows by that reads the whole set."""
    rates, grown = apart(_read, folder, repeats)
    title = f"faces.Faces, a set of {(folder / 'faces.npy').stat().st_size / MB:.0f} MB"
    yield row(title, f"batches of {READ_BATCH} a second", {"": rates})
    if grown:
        yield row(title, "memory that its process took, MB", {"": grown[0]})
        yield row(title, "pages of the file in memory, MB", {"": grown[1]})


def _read(folder, repeats):
    from anime_color.faces import Faces

    faces = Faces(folder, "all", READ_BATCH)
    faces[0]  # the first batch imports what the others find
    before, seconds = _resident(), []
    for epoch in range(repeats):
        started = time.perf_counter()
        for batch in range(len(faces)):
            faces[epoch * len(faces) + batch]
        seconds.append(time.perf_counter() - started)
    return len(faces) / np.array(seconds), np.subtract(_resident(), before).tolist()


def _resident():
    """On Linux: MB of the process's own memory, and of file pages mapped into it, which the system can take back."""
    if sys.platform != "linux":
        return []
    status = dict(line.split(":") for line in Path("/proc/self/status").read_text().splitlines())
    return [int(status[name].split()[0]) * 1024 / MB for name in ("RssAnon", "RssFile")]
