"""What scores accept, checked in one place."""

import numpy as np

from data_prep.errors import BadInput


def pictures(**named):
    """The arrays themselves, if all are uint8 RGB (..., H, W, 3) of one shape; BadInput names the one that is not."""
    arrays = {name: np.asarray(array) for name, array in named.items()}
    for name, array in arrays.items():
        if array.dtype != np.uint8 or array.ndim < 3 or array.shape[-1] != 3 or not array.size:
            raise BadInput(f"{name} is {array.dtype} {array.shape}: needed is uint8 (..., height, width, 3)")
    _one_shape(arrays)
    return tuple(arrays.values())


def numbers(last, **named):
    """The arrays as floats, if all are finite and their last axis has `last` values; BadInput names the one that
    is not."""
    arrays = {name: np.asarray(array) for name, array in named.items()}
    for name, array in arrays.items():
        if array.ndim < 1 or array.shape[-1] != last or not array.size:
            raise BadInput(f"{name} has shape {array.shape}: needed is (..., {last})")
        finite(name, array)
    _one_shape(arrays)
    return tuple(array.astype(np.result_type(array, "float32"), copy=False) for array in arrays.values())


def finite(name, array):
    """BadInput if `array` holds a NaN or an infinite number."""
    if not np.isfinite(array).all():
        raise BadInput(f"{name} holds NaN or infinite numbers: needed are finite ones; look at what made them")


def _one_shape(arrays):
    shapes = {name: array.shape for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        given = ", ".join(f"{name} {shape}" for name, shape in shapes.items())
        raise BadInput(f"sets of different shape ({given}): needed is one shape; resize or leave out what differs")
