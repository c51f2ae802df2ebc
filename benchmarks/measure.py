"""Measuring side by side: rounds A B A B, so that a machine that drifts drifts for both sides."""

import multiprocessing
import resource
import sys
import time

import numpy as np

# Spawned, never forked, and from a parent that imports no backend: what a child counts as its peak memory begins
# with the memory of its parent.
PROCESSES = multiprocessing.get_context("spawn")
MB = 1e6
PEAK_UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes


def machine():
    """`engine.machine`. Imports the backend, so call it `apart`."""
    from anime_color.training import engine

    return engine.machine()


def apart(function, *arguments):
    """What `function(*arguments)` returns, in a process of its own."""
    with PROCESSES.Pool(1) as pool:
        return pool.apply(function, arguments)


class Side:
    """A process that runs `work(lap, *arguments)`, which calls `lap(faces)` after each unit of work and never ends.

    Calling the side lets one lap pass, and returns its seconds; between calls it waits. `faces` is how many faces
    the lap has seen, `peak` the most memory that the process has held so far, in MB.
    """

    def __init__(self, work, *arguments):
        self.connection, theirs = PROCESSES.Pipe()
        self.process = PROCESSES.Process(target=_run, args=(theirs, work, arguments), daemon=True)
        self.process.start()
        theirs.close()

    def __call__(self):
        self.connection.send("go")
        seconds, self.faces, self.peak = self.connection.recv()
        return seconds

    def end(self):
        self.process.terminate()
        self.process.join()


def _run(connection, work, arguments):
    def lap(faces):
        nonlocal started
        seconds = time.perf_counter() - started
        connection.send((seconds, faces, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * PEAK_UNIT / MB))
        connection.recv()
        started = time.perf_counter()

    connection.recv()
    started = time.perf_counter()
    work(lap, *arguments)


def thinned(faces, every):
    """Leaves every so-many-th face of a `faces.Faces`."""
    for name in ("sets", "rows", "labels"):
        setattr(faces, name, getattr(faces, name)[::every])


def rounds(sides, repeats, warm_up=1):
    """Seconds (sides, repeats), the sides called in turn; the first `warm_up` rounds are not counted."""
    return np.array([[side() for side in sides] for _ in range(warm_up + repeats)])[warm_up:].T


def row(title, measure, sides):
    """A row of the table and of the JSON lines.

    sides: by name, the values (repeats,) or one value. Each is reported by its median, and two also by the ratio
    first / second: median over the rounds, least and most.
    """
    values = [np.atleast_1d(value) for value in sides.values()]
    medians = {name: float(np.median(value)) for name, value in zip(sides, values, strict=True)}
    found = {"title": title, "measure": measure, "sides": medians}
    if len(values) == 2:
        ratios = values[0] / values[1]
        found |= {"ratio": float(np.median(ratios)), "ratio_range": [float(ratios.min()), float(ratios.max())]}
    return found


def line(row):
    """A row as a line of an aligned table."""
    text = f"  {row['measure']:<36}"
    text += "".join(f"{name:>14} {value:>9,.{0 if value >= 100 else 1}f}" for name, value in row["sides"].items())
    if "ratio" in row:
        least, most = row["ratio_range"]
        text += f"   ratio {row['ratio']:5.2f}" + f" ({least:.2f} to {most:.2f})" * (least < most)
    return text
