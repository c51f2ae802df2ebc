"""From what networks paint to pixels at the picture's own size: regions cut out along its lightness, colors enlarged
along its lines, and finished by a table (`color.swatches`).

Planes are (K, H, W) here, a region or a color after the other, for pixels that lie together are read together.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
from joblib import cpu_count
from PIL import Image
from scipy import ndimage

from anime_color import color

FINISHED_AT_ONCE = 2**20  # pixels of all colorings, finished by one thread, which bounds the memory
CUT_AT = 512  # longest side at which borders are brought to the lines; what is larger is enlarged from there
EDGE = 0.15  # change of scaled lightness, 7.5 L*, at which what lies on the other side counts little
REACH = 1.5  # pixels of the region network from which a border is brought to its line
FLAT = 1e-3  # variance of a guide in a window, that of some 3 % of its range, below which it says nothing about colors
CERTAINTY = 4  # how much less than the inside of a region counts what lies between two


def mixture(planes, palettes, means, lightness):
    """A function that gives scaled ab (2 N, rows, W) like a painter's sketch, of palettes (N, K, 4) mixed as planes
    (K, h, w), whose sum over K is 1, say. means: the mean lightness of each region (K,). lightness: (H, W)."""
    colors, slopes = np.split(palettes, 2, -1)
    flat = colors - slopes * means[:, None]
    # ab = sum over k of share k * (color - slope * mean) + lightness * sum of share k * slope: one matrix for all
    matrix = np.concatenate([part.transpose(2, 0, 1).reshape(-1, len(planes)) for part in (flat, slopes)])
    matrix = np.ascontiguousarray(matrix, "float32")

    def ab(rows):
        l, shares = lightness[rows], resized(planes, lightness.shape, rows)  # noqa: E741
        flat, slope = np.split((matrix @ shares.reshape(len(shares), -1)).reshape(-1, *l.shape), 2)
        slope *= l
        flat += slope
        return flat

    return ab


def finished(sketch, lightness, count):
    """(`count` pictures uint8 (N, H, W, 3), share of the pixels of each that had to be desaturated) of a function that
    gives scaled ab (2 N, rows, W), a of each, then b of each, of a slice of rows, and of scaled lightness (H, W)."""
    height, width = lightness.shape
    pictures = np.empty((count, height, width, 3), "uint8")
    rows = max(1, FINISHED_AT_ONCE // (width * count))

    def finish(top):
        band = slice(top, min(top + rows, height))
        places = color.places_of_lightness(lightness[band])
        ab = sketch(band)
        ab += 1
        ab *= color.AB_PLACES_EACH
        ab += np.float32(0.5)
        clipped = np.zeros(count)
        for i, (a, b) in enumerate(zip(*np.split(ab, 2), strict=True)):
            found = color.looked_up(places, a, b)
            pictures[i, band] = found.view("uint8").reshape(*found.shape, 4)[..., :3]
            clipped[i] = np.count_nonzero(found >> 24)
        return clipped

    color.swatches()
    with ThreadPoolExecutor(cpu_count()) as threads:
        return pictures, sum(threads.map(finish, range(0, height, rows))) / (height * width)


def cut_out(m, lightness):
    """Soft regions (K, H, W), the sum over K 1, at the size of scaled lightness (H, W) up to `CUT_AT`, of regions
    (K, h, w) as the network gives them. Borders move to where the lightness has its lines."""
    ratio = min(1, CUT_AT / max(lightness.shape))
    height, width = (max(1, round(side * ratio)) for side in lightness.shape)
    shares = np.moveaxis(resized(m, (height, width)), 0, -1).copy()
    reach = REACH * max(height / m.shape[1], width / m.shape[2])
    if reach > REACH:
        shares *= (shares * shares).sum(-1, keepdims=True) ** CERTAINTY
        shares = _spread(shares, resized(lightness[None], (height, width))[0], reach)
        shares /= shares.sum(-1, keepdims=True)
    return np.ascontiguousarray(np.moveaxis(shares, -1, 0))


def along(planes, small, guide):
    """Planes (C, h, w) at the size of `guide` (H, W), with its edges, see `along_rows`."""
    return along_rows(planes, small, guide)(slice(None))


def along_rows(planes, small, guide):
    """A function that gives a slice of rows of planes (C, h, w) at the size of `guide` (H, W), with its edges: what the
    guide has beyond its reduced form `small` (h, w) tells what the planes have beyond theirs. The local linear model of
    the guided filter (He et al. 2010), windows of 3 x 3 small pixels."""
    if small.shape == guide.shape:
        return lambda rows: planes[:, rows]
    mean = partial(ndimage.uniform_filter, size=3, mode="nearest")
    mean_small = mean(small)
    variance = mean(small * small) - mean_small**2
    slopes = np.stack([(mean(small * plane) - mean_small * mean(plane)) / (variance + FLAT) for plane in planes])

    def enlarged(rows):
        beyond = guide[rows] - resized(small[None], guide.shape, rows)[0]
        return resized(planes, guide.shape, rows) + resized(slopes, guide.shape, rows) * beyond

    return enlarged


def resized(planes, size, rows=slice(None)):
    """The given rows of planes (K, h, w) at another `size` (height, width), bilinear, or the mean of all pixels where
    they get smaller."""
    if planes.shape[1:] == tuple(size):
        return planes[:, rows]
    top, bottom, _ = rows.indices(size[0])
    box = (0, top * planes.shape[1] / size[0], planes.shape[2], bottom * planes.shape[1] / size[0])
    pictures = (Image.fromarray(np.ascontiguousarray(plane, "float32")) for plane in planes)
    return np.stack([p.resize((size[1], bottom - top), Image.Resampling.BILINEAR, box) for p in pictures])


def _spread(shares, guide, reach):
    """Averages shares (H, W, K) over `reach` pixels, but not across edges of `guide` (H, W): one pass of the recursive
    filter of the domain transform (Gastal and Oliveira 2011, equations 11 and 21)."""
    for _ in range(2):  # down and up the columns, then the same along the rows
        distance = 1 + np.abs(np.diff(guide, axis=0)) * np.float32(reach / EDGE)
        kept = np.exp(distance * np.float32(-np.sqrt(2) / reach))[..., None]
        step, last = np.empty_like(shares[0]), len(shares) - 1
        for j in range(last):
            _follow(shares[j + 1], shares[j], kept[j], step)
        for j in range(last, 0, -1):
            _follow(shares[j - 1], shares[j], kept[j - 1], step)
        # a line's pixels have to lie together
        shares, guide = np.ascontiguousarray(shares.swapaxes(0, 1)), guide.T
    return shares


def _follow(line, before, kept, step):
    """line += kept * (before - line), without new memory."""
    np.subtract(before, line, out=step)
    step *= kept
    line += step


def in_square(picture):
    """(A picture (H, W) or (H, W, 3) in the middle of a white square, where it lies there: slices of rows and
    columns)."""
    height, width = picture.shape[:2]
    side = max(height, width)
    place = tuple(slice((side - length) // 2, (side - length) // 2 + length) for length in (height, width))
    square = np.full((side, side, *picture.shape[2:]), 255, "uint8")
    square[place] = picture
    return square, place
