"""Line art from pictures: three extractors, a mix of them for training, and scans of drawn line art made even.

What colors line art is trained on lines that were extracted from colored pictures. Trained on one extractor it learns
that extractor by heart, so several are mixed (`mixed`). Everything here takes one picture, uint8 (H, W, 3) or (H, W),
of any size, and gives lines, uint8 (H, W), 0 ink .. 255 paper; a flat picture of any tone is paper. Widths are in
pixels of a picture whose longer side is `SIDE` (or what an `XDoG` says) and grow with the picture, so a large picture
has lines of the same character as a small one.

Sources: Winnemoeller, Kyprianidis and Olsen, "XDoG: an extended difference-of-Gaussians compendium including advanced
image stylization" (2012); J. Canny, "A computational approach to edge detection" (1986); N. Otsu (1979); parameters
from the code of Lee and Lee's two-stage colorization (2019) and of its relatives, named beside them.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy import ndimage
from skimage import feature, filters

from .errors import BadInput

# The published parameters are in pixels, of the draft's 128 or the second stage's 512. Which of them is meant is not
# said; what is here gave lines like an illustrator's on faces of 128 px and illustrations of 1,000.
DRAFT, SIDE, FULL = 128, 256, 512
# A narrower wide Gaussian hardly sees the neighbors, and lines of small pictures are broken.
MIN_REACH = 1.2


@dataclass(frozen=True)
class XDoG:
    """One set of parameters of `xdog`.

    sigma, k: standard deviation of the narrow Gaussian in pixels at `side`; the wide one has k times as much.
    near, far: weights of the two; a flat picture of gray g has the difference (near - far) * g.
    of_gray: whether the difference is multiplied by the gray, so that shadows have more ink than lights.
    epsilon, phi: from `epsilon` up the difference is paper; below, it darkens with the slope `phi`.
    side: the longer side, in pixels, that `sigma` is meant for.

    Raises BadInput unless sigma and side are above 0, k above 1, and near above far, so that flats stay light.
    """

    sigma: float
    k: float
    near: float
    far: float
    of_gray: bool
    epsilon: float
    phi: float
    side: int

    def __post_init__(self):
        if not (self.sigma > 0 and self.side > 0 and self.k > 1 and self.near > self.far):
            raise BadInput(f"{self}: give sigma and side above 0, k above 1 and near above far")


XDOG = {
    # SerialLain3170/Colorization: sharpened (1 + p) G - p G', p = 19, times the gray; sigma is 0.3, 0.4 or 0.5
    "bold": XDoG(sigma=0.4, k=4.5, near=20, far=19, of_gray=True, epsilon=0.01, phi=1e9, side=DRAFT),
    # qweasdd/manga-colorization: 7 (G - 0.95 G'), for whole pages
    "fine": XDoG(sigma=0.5, k=8, near=7, far=7 * 0.95, of_gray=False, epsilon=-0.1, phi=89.25, side=FULL),
}
XDOG_SIGMAS = (0.3, 0.4, 0.5)

# OpenCV's customary thresholds, on gradients of gray 0..255 by unsmoothed Sobel filters.
CANNY_LOW, CANNY_HIGH = 100, 200
# Unsmoothed, Canny draws the dithering and both sides of every ink line. This is about the width of one.
CANNY_SIGMA = 2.0
# The Sobel filters' own smoothing: a step of height 1 has the gradient 8 / (sqrt(2 pi) 0.8) = 4.
SOBEL_SIGMA = 0.8

# A scan's light and paper are estimated on a grid of this many cells along the longer side, of no fewer pixels than
# tell ink from paper. What is darker than DEEPEST times the lightest paper is ink, not shadow, however large; so is
# what is lighter but no wider than the share FILL of that side. A wider FILL would keep the shadow of a book's spine.
CELLS, MIN_CELL = 32, 8
FILL = 0.2
DEEPEST = 0.5
# A cell's paper is the gray that this percentage of its pixels does not exceed: lines are dark, and never all of it.
PAPER_PERCENTILE = 90
# Paper is white down to this many standard deviations of its grain, and the darkest ink, this share of the pixels or
# where that is lighter this gray, is black.
GRAIN = 4.0
INK_PERCENTILE = 0.5
FAINTEST_INK = 0.75


def xdog(picture: np.ndarray, parameters: str | XDoG = "fine", fills: bool = False) -> np.ndarray:
    """Lines by an extended difference of Gaussians (Winnemoeller et al. 2012, equations 5 to 8).

    D = near G(sigma) - far G(k sigma) of the gray 0..1, times the gray where `of_gray` says so; paper where
    D >= epsilon, else 1 + tanh(phi (D - epsilon)). An edge becomes a line on its darker side; an ink line is kept.

    `parameters` is a name in `XDOG` or a set of one's own. As published, "bold" turns flats darker than a tenth
    into solid ink; `fills` keeps that, else the gray is lifted above it, and dark hair is as empty as in line art.

    Raises BadInput for another picture or an unknown name.
    """
    if isinstance(parameters, str):
        if parameters not in XDOG:
            raise BadInput(f"xdog: parameters are {parameters!r}; give one of {', '.join(XDOG)}, or an XDoG")
        parameters = XDOG[parameters]
    gray = _gray(picture).astype(np.float32) / 255
    if parameters.of_gray and not fills:
        gray = _lifted(gray, parameters)
    sigma = parameters.sigma * max(gray.shape) / parameters.side
    near = ndimage.gaussian_filter(gray, sigma, mode="nearest")
    far = ndimage.gaussian_filter(gray, max(MIN_REACH, parameters.k * sigma), mode="nearest")
    difference = parameters.near * near - parameters.far * far
    if parameters.of_gray:
        difference *= gray
    below = np.minimum(difference - parameters.epsilon, 0)
    return np.rint(255 * (1 + np.tanh(parameters.phi * below))).astype(np.uint8)


def dilate_difference(picture: np.ndarray, width: float = 1.0) -> np.ndarray:
    """Soft lines: how much darker each pixel is than the lightest one near it, as in rapidrabbit76/PaintsTensorFlow.

    255 - (dilated gray - gray). The neighborhood is a square that reaches `width` pixels at `SIDE`, at least one,
    to each side: 3 x 3 as in 2019 (its successor draws 4 and 5).

    Raises BadInput for another picture or a width that is not above 0.
    """
    _check_positive("dilate_difference: width", width)
    gray = _gray(picture)
    reach = max(1, round(width * max(gray.shape) / SIDE))
    return 255 - (ndimage.maximum_filter(gray, 2 * reach + 1, mode="nearest") - gray)


def canny(picture: np.ndarray, sigma: float = CANNY_SIGMA, width: float = 1.0) -> np.ndarray:
    """Edges by Canny (1986), `width` pixels wide at `SIDE` and never thinner than one; ink or paper, nothing between.

    `sigma` is the smoothing in pixels at `SIDE`. The thresholds, 100 and 200 for an unsmoothed picture of 0..255,
    fall as smoothing flattens edges, so that a step of 25 to 50 grays is found at any size. Wide ink lines get an
    edge on either side.

    Raises BadInput for another picture, or a sigma or width that is not above 0.
    """
    _check_positive("canny: sigma", sigma)
    _check_positive("canny: width", width)
    gray = _gray(picture)
    scale = max(gray.shape) / SIDE
    smooth = sigma * scale
    flattened = SOBEL_SIGMA / np.hypot(SOBEL_SIGMA, smooth)
    # no edge is found in the outermost pixels, so they are put on twice and cut off
    padded = np.pad(gray, 2, mode="edge")
    edges = feature.canny(padded, smooth, CANNY_LOW * flattened, CANNY_HIGH * flattened, mode="nearest")[2:-2, 2:-2]
    edges = ndimage.maximum_filter(edges, max(1, round(width * scale)), mode="nearest")
    return np.where(edges, 0, 255).astype(np.uint8)


def _xdog_bold(picture: np.ndarray) -> np.ndarray:
    """`xdog` with the set "bold": wide, sure lines, some of them strips of shadow."""
    return xdog(picture, "bold")


def _xdog_fine(picture: np.ndarray) -> np.ndarray:
    """`xdog` with the set "fine": thin lines."""
    return xdog(picture, "fine")


EXTRACTORS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "xdog_bold": _xdog_bold,
    "xdog_fine": _xdog_fine,
    "dilate_difference": dilate_difference,
    "canny": canny,
}


def extract(picture: np.ndarray, name: str = "xdog_fine") -> np.ndarray:
    """Lines, uint8 (H, W), of a picture, by the extractor with this name in `EXTRACTORS`.

    Raises BadInput for an unknown name, or a picture that is not uint8 (H, W, 3) or (H, W).
    """
    if not isinstance(name, str) or name not in EXTRACTORS:
        raise BadInput(f"extract: the extractor is {name!r}; give one of {', '.join(EXTRACTORS)}")
    return EXTRACTORS[name](picture)


def mixed(picture: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Lines, uint8 (H, W), for training: by an extractor, parameters and a pen drawn from `random`.

    Every fourth drawing is made black and white, the others are lightened, ink becoming up to 0.3 (as AlacGAN
    does). The same state of `random` gives the same lines.

    Raises BadInput for another picture.
    """
    name = random.choice(list(EXTRACTORS))
    if name.startswith("xdog"):
        parameters = XDOG[name.removeprefix("xdog_")]
        lines = xdog(picture, replace(parameters, sigma=random.choice(XDOG_SIGMAS)), fills=random.random() < 0.25)
    elif name == "dilate_difference":
        lines = dilate_difference(picture, width=random.choice((1.0, 1.5, 2.0)))
    else:
        lines = canny(picture, sigma=random.uniform(1.5, 2.5), width=random.choice((1.0, 2.0)))
    if random.random() < 0.25:
        return _black_and_white(lines, "otsu")
    return 255 - np.rint(random.uniform(0.7, 1) * (255 - lines.astype(np.float32))).astype(np.uint8)


def cleaned(scan: np.ndarray, threshold: int | str | None = None) -> np.ndarray:
    """Lines, uint8 (H, W), of a scan or photograph of line art: even white paper, the darkest ink black.

    The gray is divided by an estimate of paper and light, then stretched between the ink and the grain of the paper.
    With a `threshold`, what is darker than it (1..255) is ink and all else is paper; "otsu" finds it (Otsu 1979).
    Line art that is clean already comes back as it is. Solid black may be of any size; gray lighter than half of
    the paper, and wider than a sixth of the picture, is taken for shadow and becomes paper.

    Raises BadInput for another picture or threshold.
    """
    whole = isinstance(threshold, int | np.integer) and not isinstance(threshold, bool)
    if threshold is not None and threshold != "otsu" and not (whole and 1 <= threshold <= 255):
        raise BadInput(f'cleaned: threshold is {threshold!r}; give a whole number of 1 to 255, "otsu" or None')
    gray = _gray(scan).astype(np.float32) + 1  # black paper, too, can be divided by
    even = gray / _paper(gray)
    lines = np.rint(255 * _stretched(even)).astype(np.uint8)
    return lines if threshold is None else _black_and_white(lines, threshold)


def _gray(picture: np.ndarray) -> np.ndarray:
    """uint8 (H, W), the luma of a checked picture."""
    array = isinstance(picture, np.ndarray)
    fits = array and (picture.ndim == 2 or (picture.ndim == 3 and picture.shape[2] == 3))
    if not fits or picture.dtype != np.uint8 or 0 in picture.shape:
        found = f"an array of {picture.dtype} {picture.shape}" if array else f"a {type(picture).__name__}"
        raise BadInput(f"lines: the picture is {found}; give uint8 of shape (H, W, 3) or (H, W), as open_image does")
    return picture if picture.ndim == 2 else np.asarray(Image.fromarray(picture).convert("L"))


def _check_positive(name: str, value: float) -> None:
    if not 0 < value < np.inf:
        raise BadInput(f"{name} is {value!r}; give a number above 0")


def _lifted(gray: np.ndarray, parameters: XDoG) -> np.ndarray:
    """The gray brought from 0..1 to lowest..1, where a flat of `lowest` is just paper.

    A flat gray g has the difference (near - far) g^2; the margin is for rounding.
    """
    lowest = min(1, 1.1 * np.sqrt(max(0, parameters.epsilon) / (parameters.near - parameters.far)))
    return np.float32(lowest) + np.float32(1 - lowest) * gray


def _paper(gray: np.ndarray) -> np.ndarray:
    """float32 (H, W): how light the paper is everywhere, of grays (H, W) of 1 and more."""
    height, width = gray.shape
    cell = max(MIN_CELL, -(-max(height, width) // CELLS))
    rows, columns = -(-height // cell), -(-width // cell)
    whole = np.pad(gray, ((0, rows * cell - height), (0, columns * cell - width)), mode="edge")
    cells = whole.reshape(rows, cell, columns, cell).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    grid = np.percentile(cells, PAPER_PERCENTILE, axis=-1).astype(np.float32)
    no_paper = grid < DEEPEST * grid.max()
    nearest = ndimage.distance_transform_edt(no_paper, return_distances=False, return_indices=True)
    grid = _closed(grid[tuple(nearest)], max(1, round(FILL * max(grid.shape) / 2)))
    # two cells more on each side continue the slope, or the outer half of the outermost cells would be flat
    grid = ndimage.gaussian_filter(np.pad(grid, 2, mode="reflect", reflect_type="odd"), 1, mode="nearest")
    smooth = Image.fromarray(grid).resize(((columns + 4) * cell, (rows + 4) * cell), Image.Resampling.BICUBIC)
    first = 2 * cell
    return np.maximum(np.asarray(smooth)[first : first + height, first : first + width], 1)


def _closed(grid: np.ndarray, reach: int) -> np.ndarray:
    """The grid (R, C) with what is dark over at most 2 `reach` cells made as light as what is around it.

    A closing alone makes the outermost cells as light as those `reach` cells inside, where light falls off towards
    the border; so there the slope of what is further inside is continued.
    """
    closed = ndimage.grey_closing(grid, size=2 * reach + 1, mode="nearest")
    for turn in (lambda cells: cells, np.flipud, np.transpose, lambda cells: np.fliplr(cells).T):
        edge, found = turn(closed), turn(grid)  # views: the first `reach` rows are a border of the picture
        if len(edge) > 2 * reach:
            slope = (edge[reach] - edge[2 * reach]) / reach
            continued = edge[reach] + slope * np.arange(reach, 0, -1, dtype=grid.dtype)[:, None]
            edge[:reach] = np.clip(continued, found[:reach], edge[:reach])
    return closed


def _stretched(even: np.ndarray) -> np.ndarray:
    """0..1: grays (H, W) of even paper, its grain brought to 1 and the darkest ink to 0."""
    paper = even[even >= min(FAINTEST_INK, even.max())]
    middle = np.median(paper)
    grain = 1.4826 * np.median(np.abs(paper - middle))  # the standard deviation, which faint lines hardly change
    white = np.clip(middle - GRAIN * grain, FAINTEST_INK, 1)
    black = min(np.percentile(even, INK_PERCENTILE), FAINTEST_INK * white)
    return np.clip((even - black) / (white - black), 0, 1)


def _black_and_white(lines: np.ndarray, threshold: int | str) -> np.ndarray:
    if threshold == "otsu":
        if lines.min() == lines.max():
            return np.full_like(lines, 255)
        threshold = int(filters.threshold_otsu(lines)) + 1  # Otsu's own threshold is still ink
    return np.where(lines < threshold, 0, 255).astype(np.uint8)
