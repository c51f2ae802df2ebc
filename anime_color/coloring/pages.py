"""Comic pages: panels are found or given, each is colored by its reference, put back at full size, the ink on top.

    page = open_image("page.png")
    colored, told = pages.color_page(page, pages.find(page), pages.references("characters/"), colorizer)

As JSON, panels are a list of [left, top, width, height] in pixels, or of {"panel": [...], "reference": "rin"}.
"""

import json
import warnings
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from skimage import measure, morphology, segmentation

from anime_color import color
from anime_color.coloring import likeness
from anime_color.coloring import references as colors_of
from anime_color.coloring.colorizer import SHORTEST_SIDE
from anime_color.coloring.regions import whole_number
from anime_color.files import written_aside
from data_prep import lines as line_art
from data_prep.errors import BadInput
from data_prep.pictures import FORMATS

WHITE = 235  # luma of 255 above which a pixel belongs to a gutter
SEARCH_SIDE = 1000  # longer side at which panels are looked for
CLOSED = 0.004  # of that side: gaps in a drawing that are narrower do not divide it
SMALLEST = 0.01  # share of the page below which a drawing is no panel
FRAME = 0.05  # share of a panel's sides in which its frame is looked for
INK, ALONG = 128, 0.7  # a frame: more than this share of a row or column is darker than this luma
NEARLY = (21, 233)  # of 255: what is darker is made black, what is lighter white
PALE = 210  # of 255: the mean of an area that may be empty paper
GAP = 0.008  # of a panel's shorter side: half of the gaps in lines through which paper does not run out
SUFFIXES = tuple(f".{name.lower()}" for name in (*FORMATS, "jpg", "tif"))


@dataclass(frozen=True)
class Panel:
    """left, top, width, height: in pixels. reference: the name of the reference that it is colored by; None: the one
    that looks most like it."""

    left: int
    top: int
    width: int
    height: int
    reference: str | None = None

    @property
    def place(self):
        """Its rows and columns, two slices."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


def find(page):
    """The panels of a page uint8 (H, W, 3), in reading order from left to right: what white that reaches the border of
    the page does not. BadInput if there is none."""
    height, width = page.shape[:2]
    shrink = max(1, max(height, width) / SEARCH_SIDE)
    size = tuple(max(1, round(side / shrink)) for side in (width, height))
    small = np.asarray(Image.fromarray(color.luma(page)).resize(size, Image.Resampling.BOX))
    white = np.pad(small > WHITE, 1, constant_values=True)
    parts = measure.label(white, connectivity=1)
    drawn = (parts != parts[0, 0])[1:-1, 1:-1]
    drawn = morphology.closing(drawn, morphology.disk(max(1, round(CLOSED * max(size)))))
    boxes = [
        [left, top, right, bottom]
        for top, left, bottom, right in (region.bbox for region in measure.regionprops(measure.label(drawn)))
        if (right - left) * (bottom - top) >= SMALLEST * drawn.size
    ]
    boxes = _apart(boxes)
    if not boxes:
        raise BadInput("no panels found: the page has no drawing inside white gutters; give the panels as JSON")
    panels = []
    for box in boxes:
        left, top = (int(side * shrink) for side in box[:2])
        right, bottom = (min(round(side * shrink), most) for side, most in zip(box[2:], (width, height), strict=True))
        panels.append(Panel(left, top, right - left, bottom - top))
    return _in_reading_order(panels)


def load(path):
    """The panels of a JSON file, as they are written there: `checked` looks at them."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file; give panels as JSON, [[left, top, width, height], ...]") from error
    except (OSError, ValueError, RecursionError) as error:
        raise BadInput(
            f"{path}: no panels ({type(error).__name__}); needed is [[left, top, width, height], ...]"
        ) from error


def save(panels, path):
    """Writes panels as JSON, to be edited."""
    entries = [{"panel": [p.left, p.top, p.width, p.height], "reference": p.reference} for p in panels]
    with written_aside(path) as aside:
        aside.write_text(json.dumps(entries, indent=1) + "\n", "utf-8")


def checked(panels, size):
    """The list of `Panel` that `panels` means on a page of `size` (H, W): rectangles, dictionaries as in the file, or
    panels. What reaches over the border of the page is cut there, with a warning. BadInput names the panel that is
    none, by its number from 0, or two that overlap."""
    if not isinstance(panels, (list, tuple)) or not panels:
        raise BadInput(f"panels {panels!r}: needed is a list of [left, top, width, height] with at least one")
    found = [_checked(number, panel, size) for number, panel in enumerate(panels)]
    covered = np.full(size, -1, int)
    for number, panel in enumerate(found):
        there = covered[panel.place].max()
        if there >= 0:
            raise BadInput(f"panels {there} and {number} overlap: make one of them smaller")
        covered[panel.place] = number
    return found


def references(path):
    """{name: uint8 (H, W, 3)} of a colored picture, or of all pictures of a folder; their names without ending.
    BadInput names the one that cannot be read or is gray."""
    path = Path(path)
    files = sorted(one for one in path.iterdir() if one.suffix.lower() in SUFFIXES) if path.is_dir() else [path]
    if not files:
        raise BadInput(f"{path}: no picture in this folder; put a colored picture of each character there")
    named = {}
    for file in files:
        if file.stem in named:
            raise BadInput(f"{file}: another picture there has the name {file.stem}; name each character once")
        named[file.stem] = colors_of.colored(file)
    return named


def color_page(page, panels, references, colorizer, seed=0):
    """(The colored page uint8 (H, W, 3), its panels, each with the name of its reference).

    page: uint8 (H, W, 3). panels: as `checked` takes them. references: {name: uint8 (H, W, 3)}.
    colorizer: one that takes a reference. seed: of the colors that no reference tells.
    Outside the panels, on their frames, and where its ink is black, the page stays as it is; in line art, paper that
    nothing is drawn on stays white. BadInput for weights, panels or references that do not fit.
    """
    if "reference" not in colorizer.conditions:
        raise BadInput(f"weights {colorizer.name}: they take no reference; pages need chroma or comicolorization")
    drawn = colorizer.takes == "line art"
    panels = _with_references(page, checked(panels, page.shape[:2]), references, drawn)
    painting, colored = _painting(colorizer, references, seed), page.copy()
    lines = line_art.cleaned(page) if drawn else None
    for number, panel in enumerate(panels):
        inside = _inside_frame(page[panel.place])
        try:
            painted, background = painting(page[panel.place][inside], panel.reference)
        except BadInput as error:
            raise BadInput(f"panel {number}: {error}") from error
        if drawn:
            painted = _clean(painted, lines[panel.place][inside], background)
        colored[panel.place][inside] = painted
    return colored, panels


def _painting(colorizer, references, seed):
    """A function of a panel (H, W, 3) and the name of its reference: (what is painted, uint8 (H, W, 3), how much of
    each pixel is background, (H, W), or None if nobody can tell)."""
    if not colorizer.knows_regions:
        return lambda panel, name: (colorizer.colorize(panel, reference=references[name]), None)
    noise = colorizer.noises(seed=seed)[:1]
    palette_of = cache(lambda name: colorizer.palette_of(references[name]))

    def painted(panel, name):
        flats = colorizer.flats(panel)
        [found] = flats.paint(flats.sampled(noise, flats.carried(palette_of(name))))
        return found, flats.share("background") if "background" in flats.names else 0 * flats.l

    return painted


def _clean(painted, lines, background):
    """A painted panel (H, W, 3) of line art uint8 (H, W): empty paper white, nearly white and nearly black in full, as
    the paper does it, and the ink on top. Empty is what reaches the panel's border and is background, or, if nobody
    can tell, pale."""
    white, gap = lines > INK, max(1, round(GAP * min(lines.shape)))
    areas = measure.label(morphology.erosion(white, morphology.disk(gap)), connectivity=1)
    areas = segmentation.expand_labels(areas, 2 * gap) * white
    for number in np.unique(np.concatenate([areas[0], areas[-1], areas[:, 0], areas[:, -1]])):
        area = areas == number
        if number and (painted[area].mean() > PALE if background is None else background[area].mean() > 0.5):
            painted[area] = 255
    painted[(painted < NEARLY[0]).all(-1)] = 0
    painted[(painted > NEARLY[1]).all(-1)] = 255
    return np.minimum(painted, lines[..., None])


def _with_references(page, panels, references, drawn):
    if not references:
        raise BadInput("no reference given: needed is a colored picture of each character")
    for number, panel in enumerate(panels):
        if panel.reference is not None and panel.reference not in references:
            raise BadInput(f"panel {number}: no reference {panel.reference!r}; there are {', '.join(references)}")
    open_ones = [panel for panel in panels if panel.reference is None]
    shown = [page[panel.place] for panel in open_ones]
    chosen = iter(likeness.likest([panel[_inside_frame(panel)] for panel in shown], references, drawn))
    return [panel if panel.reference is not None else replace(panel, reference=next(chosen)) for panel in panels]


def _inside_frame(panel):
    """Rows and columns, two slices, of a panel (H, W, 3) that its drawn frame leaves: no network is to take that for a
    part of the drawing. All of a panel that is too small to lose any."""
    dark, inside = color.luma(panel) < INK, []
    for across, length in ((1, len(panel)), (0, panel.shape[1])):
        line, reach = dark.mean(across) > ALONG, round(FRAME * length)
        first = max(np.flatnonzero(line[:reach]), default=-1) + 1
        last = length - 1 - max(np.flatnonzero(line[::-1][:reach]), default=-1)
        inside.append(slice(first, last) if last - first >= SHORTEST_SIDE else slice(None))
    return tuple(inside)


def _checked(number, panel, size):
    if isinstance(panel, Panel):
        panel = {"panel": [panel.left, panel.top, panel.width, panel.height], "reference": panel.reference}
    rectangle, reference = (panel.get("panel"), panel.get("reference")) if isinstance(panel, dict) else (panel, None)
    if not isinstance(rectangle, (list, tuple)) or len(rectangle) != 4:
        raise BadInput(f"panel {number}: {panel!r} given, needed is [left, top, width, height]")
    if reference is not None and not isinstance(reference, str):
        raise BadInput(f"panel {number}: reference {reference!r}; needed is the name of a picture")
    left, top, width, height = (whole_number(side, f"panel {number}") for side in rectangle)
    if width < 1 or height < 1:
        raise BadInput(f"panel {number}: {width}x{height} px; needed is a width and a height above 0")
    right, bottom = min(left + width, size[1]), min(top + height, size[0])
    inside = (max(left, 0), max(top, 0), right - max(left, 0), bottom - max(top, 0))
    if min(inside[2:]) < SHORTEST_SIDE:
        raise BadInput(
            f"panel {number}: {max(inside[2], 0)}x{max(inside[3], 0)} px of it lie on the page of {size[1]}x{size[0]} "
            f"px; needed is {SHORTEST_SIDE} px a side"
        )
    if inside != (left, top, width, height):
        warnings.warn(f"panel {number}: cut at the border of the page, {list(inside)}", stacklevel=4)
    return Panel(*inside, reference)


def _apart(boxes):
    """Boxes [left, top, right, bottom], those that overlap made one."""
    merged = True
    while merged:
        merged = False
        for i, one in enumerate(boxes):
            for other in boxes[i + 1 :]:
                if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]:
                    one[:] = [*np.minimum(one[:2], other[:2]), *np.maximum(one[2:], other[2:])]
                    boxes.remove(other)
                    merged = True
                    break
    return boxes


def _in_reading_order(panels):
    """Rows from above, each from the left: a panel belongs to the row whose first panel's height its middle is
    within."""
    rows = []
    for panel in sorted(panels, key=lambda p: p.top):
        middle = panel.top + panel.height / 2
        row = next((row for row in rows if row[0].top <= middle <= row[0].top + row[0].height), None)
        rows.append([panel]) if row is None else row.append(panel)
    return [panel for row in rows for panel in sorted(row, key=lambda p: p.left)]
