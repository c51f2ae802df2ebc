"""Files that are either whole or not there, and the folder of those that ship with the package."""

import contextlib
import os
from pathlib import Path

SHIPPED = Path(__file__).parent / "weights"


@contextlib.contextmanager
def written_aside(path):
    """Gives another path in the same folder to write to; it takes the name `path` when the block ends well, and is
    removed when it does not."""
    path = Path(path)
    aside = path.with_name(f".writing-{path.name}")
    try:
        yield aside
        os.replace(aside, path)
    finally:
        aside.unlink(missing_ok=True)
