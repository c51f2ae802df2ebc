"""What is in boxes, cut out of pictures and put back: bilinear, as products with matrices, on any backend.

Boxes (batch, N, 4) are x0, y0, x1, y1 in pixels, the last two not included. On features that are `factor` times
smaller, corners are truncated to whole numbers; what has become narrower than a pixel gets one.
"""

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable("anime_color")
class Crops(layers.Layer):
    """What is in boxes of pictures (batch, H, W, C), each stretched to side x side: (batch * N, side, side, C)."""

    def __init__(self, side, **options):
        super().__init__(**options)
        self.side = side

    def call(self, pictures, boxes):
        height, width, channels = ops.shape(pictures)[1], ops.shape(pictures)[2], pictures.shape[-1]
        left, top, right, bottom = _corners(boxes, 1, height, width)
        rows, columns = (
            ops.cast(_cut(*ends, length, self.side), pictures.dtype)
            for ends, length in (((top, bottom), height), ((left, right), width))
        )
        found = ops.einsum("bnih,bhwc->bniwc", rows, pictures)
        return ops.reshape(ops.einsum("bnjw,bniwc->bnijc", columns, found), (-1, self.side, self.side, channels))

    def compute_output_shape(self, pictures_shape, boxes_shape):
        return (None, self.side, self.side, pictures_shape[-1])

    def get_config(self):
        return super().get_config() | {"side": self.side}


def placing(boxes, factor, height, width, size):
    """A function that puts features (batch * N, h, w, C) into their boxes: (batch, N, H, W, C), zeros outside."""
    left, top, right, bottom = _corners(boxes, factor, height, width)
    h, w = size
    rows, columns = _pasted(top, bottom, height, h), _pasted(left, right, width, w)
    count = ops.shape(boxes)[1]

    def place(features):
        features = ops.reshape(features, (-1, count, h, w, features.shape[-1]))
        found = ops.einsum("bnih,bnhwc->bniwc", ops.cast(rows, features.dtype), features)
        return ops.einsum("bnjw,bniwc->bnijc", ops.cast(columns, features.dtype), found)

    return place


def inside(boxes, factor, height, width):
    """1 inside each box, 0 outside: (batch, N, H, W, 1)."""
    left, top, right, bottom = (side[..., None] for side in _corners(boxes, factor, height, width))
    rows, columns = (ops.cast(ops.arange(length), "float32") for length in (height, width))
    down = ops.cast(ops.logical_and(rows >= top, rows < bottom), "float32")
    across = ops.cast(ops.logical_and(columns >= left, columns < right), "float32")
    return (down[..., :, None] * across[..., None, :])[..., None]


def _corners(boxes, factor, height, width):
    """left, top, right, bottom (batch, N) of boxes on a picture `factor` times smaller, of height x width pixels: whole
    numbers, truncated, at least one pixel wide, moved inside."""
    sides = []
    for start, end, length in ((0, 2, width), (1, 3, height)):
        length = ops.cast(length, "float32")
        first, last = (ops.floor(ops.cast(boxes[..., i], "float32") / factor) for i in (start, end))
        last = ops.maximum(last, first + 1)
        beyond = ops.maximum(last - length, 0)
        sides.append((first - beyond, last - beyond))
    (left, right), (top, bottom) = sides
    return left, top, right, bottom


def _between(source, length):
    """The weights (..., length) with which a place between pixels 0 .. length - 1 is mixed of them, bilinear."""
    pixels = ops.cast(ops.arange(length), "float32")
    return ops.maximum(0.0, 1 - ops.abs(source[..., None] - pixels))


def _cut(first, last, length, side):
    """Matrices (batch, N, side, length) that stretch pixels first .. last - 1 of a line to `side` pixels."""
    first, last = first[..., None], last[..., None]
    places = (ops.cast(ops.arange(side), "float32") + 0.5) / side
    return _between(ops.clip(first + places * (last - first) - 0.5, first, last - 1), length)


def _pasted(first, last, length, side):
    """Matrices (batch, N, length, side) that stretch a line of `side` pixels to pixels first .. last - 1 of a line of
    `length`; zeros elsewhere."""
    pixels, first, last = ops.cast(ops.arange(length), "float32"), first[..., None], last[..., None]
    source = ops.clip((pixels - first + 0.5) * side / (last - first) - 0.5, 0, side - 1)
    inside = ops.cast(ops.logical_and(pixels >= first, pixels < last), "float32")
    return _between(source, side) * inside[..., None]
