"""Color gray anime faces many ways: see README.md for the two commands, docs/architecture.md for the house."""

import contextlib
import os


@contextlib.contextmanager
def _native_stderr_closed():
    """TensorFlow reports every start on the native stderr, before any setting could silence it; a user should see
    only what concerns the faces. Python's own errors still arrive."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
try:
    with _native_stderr_closed():
        import keras  # noqa: F401  (its backend is what speaks)
except ModuleNotFoundError as error:
    if error.name not in ("tensorflow", "jax", "torch"):
        raise
    raise ImportError(
        f"Keras cannot find {error.name}: pip install tensorflow (or tensorflow-cpu), or set KERAS_BACKEND=jax or torch"
    ) from error

from anime_color.coloring import chroma, directions, noise, palettes  # noqa: E402
from anime_color.coloring.colorizer import Colorizer  # noqa: E402

__all__ = ["Colorizer", "chroma", "directions", "noise", "palettes"]
