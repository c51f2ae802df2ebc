"""What the arguments of commands have in common: kinds of numbers, and places that can be written to, told before any
work."""

import argparse
import math
import os
import tempfile
import time
from pathlib import Path

from data_prep.errors import BadInput

CLOCKS = {"wall": time.monotonic, "cpu": time.process_time}  # what minutes of training are of


def positive(kind):
    def read(text):
        try:
            number = kind(text)
        except ValueError:
            number = math.nan
        if not 0 < number < math.inf:
            needed = "whole number" if kind is int else "number"
            raise argparse.ArgumentTypeError(f"{text!r} given, needed is a {needed} above 0")
        return number

    return read


def numbers(count):
    def read(text):
        try:
            found = tuple(int(number) for number in text.split(","))
        except ValueError:
            found = ()
        if len(found) != count:
            raise argparse.ArgumentTypeError(f"{text!r} given, needed are {count} whole numbers with commas between")
        return found

    return read


def check_out(option, path, suffixes, read=()):
    """BadInput if a file with the name `path` cannot be written, or is one of those that are `read`: told before any
    work."""
    if not path.lower().endswith(suffixes):
        endings = suffixes if isinstance(suffixes, str) else " or ".join(suffixes)
        raise BadInput(f"{option} {path}: needed is a name ending in {endings}")
    check_folder(option, path, os.path.dirname(path))
    if os.path.isdir(path):
        raise BadInput(f"{option} {path}: a folder has this name; name another file")
    there = os.path.realpath(path)  # also what missing/../face.png will be
    if os.path.exists(there) and any(os.path.exists(one) and os.path.samefile(there, one) for one in read):
        raise BadInput(f"{option} {path}: would overwrite what the command reads; name another file")


def check_folder(option, path, folder):
    """BadInput if nothing can be made in `folder`, there or not: tried out, for permissions do not tell it all."""
    try:
        folder = Path(os.path.realpath(folder))
        while not folder.exists():
            folder = folder.parent
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise BadInput(f"{option} {path}: cannot be written ({error.strerror}); name another place") from error
