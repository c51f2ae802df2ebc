"""A coloring in hand: a color and a slope for each region of a picture. Read it, edit it, save it, put it on again.

As JSON a palette is whole, and it is the character file: its regions find those of another picture by their looks.
{"format": 2, "weights": "chroma-128", "regions": [{"name": "hair", "color": "#3060c0", "lab": [L*, a*, b*],
"slope": [d a*, d b* per L*], "area": 0.12, "looks": [...]}, ...]}

As GPL, the format of GIMP, Inkscape and Krita, it is the list of its colors.
"""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import ImageColor

from anime_color import color
from anime_color.coloring.naming import NAMES
from anime_color.files import written_aside
from data_prep.errors import BadInput

FORMAT = 2
LARGEST = 1e4  # of any number in a file
LEAST_AREA = 5e-4  # of a picture, below which a region's color is not worth showing


@dataclass(frozen=True)
class Palette:
    """The colors of one coloring of a picture with E regions.

    weights: name of the weights that cut the picture. names: the part that each region is, a tuple of E.
    entries: ab at the mean lightness, and d ab / d l, scaled (E, 4); NaN where nothing is decided.
    lightness, area: mean scaled lightness of each region, and its share of the picture (E,).
    tokens: what each region looks like to the network (E, T).
    """

    weights: str
    names: tuple
    entries: np.ndarray
    lightness: np.ndarray
    area: np.ndarray
    tokens: np.ndarray

    @cached_property
    def colors(self):
        """What each region looks like at its mean lightness, sRGB uint8 (E, 3)."""
        lab = np.concatenate([self.lightness[:, None], np.nan_to_num(self.entries[:, :2])], 1)
        return color.painted(lab[None])[0][0]

    @property
    def shown(self):
        """The regions (numbers) that can be seen in the picture, the largest first."""
        order = np.argsort(-self.area, kind="stable")
        return order[self.area[order] >= LEAST_AREA]

    def regions(self, which):
        """The regions (numbers) of a name in this picture, or of a number. BadInput if there are none."""
        if str(which).isdigit():
            if int(which) < len(self.names):
                return np.array([int(which)])
            raise BadInput(f"region {which}: the picture has regions 0 to {len(self.names) - 1}")
        if which not in NAMES:
            raise BadInput(f"region {which!r}: allowed are {', '.join(NAMES)}, or a region's number")
        found = np.flatnonzero([name == which and area > 0 for name, area in zip(self.names, self.area, strict=True)])
        if not len(found):
            there = {name for name, area in zip(self.names, self.area, strict=True) if area > 0}
            raise BadInput(f"region {which!r}: none in this picture; there are {', '.join(sorted(there))}")
        return found

    def with_color(self, which, value):
        """This palette with another color, at its own lightness, in the regions of a name or number.

        value: as `ab_of` takes it.
        """
        entries = self.entries.copy()
        entries[self.regions(which), :2] = ab_of(value)
        return replace(self, entries=entries)

    def without(self, which):
        """This palette with nothing decided in the regions of a name or number: what samples the rest to match it
        leaves those free."""
        entries = self.entries.copy()
        entries[self.regions(which)] = np.nan
        return replace(self, entries=entries)

    def with_gpl(self, path):
        """This palette with the colors of a GPL file that `save` wrote and somebody edited: one for each region that is
        shown, in its order. Colors that are as they were keep their whole precision."""
        found, shown = read_gpl(path), self.shown
        if len(found) != len(shown):
            raise BadInput(
                f"{path}: {len(found)} colors for the {len(shown)} regions of this coloring; edit a palette that was "
                f"saved for this picture"
            )
        palette, before = self, self.colors
        for region, value in zip(shown, found, strict=True):
            if (before[region] != value).any():
                palette = palette.with_color(region, value)
        return palette

    def save(self, path):
        """Writes the palette: all of it to NAME.json, its colors to NAME.gpl."""
        path = Path(path)
        text = {".json": self._json, ".gpl": self._gpl}.get(path.suffix.lower())
        if text is None:
            raise BadInput(f"{path}: needed is a name ending in .json or .gpl")
        path.parent.mkdir(parents=True, exist_ok=True)
        with written_aside(path) as aside:
            aside.write_text(text(), "utf-8")

    def strip(self, width, height):
        """A picture uint8 (height, width, 3) of the colors, each as wide as its region is large."""
        shown = self.shown
        ends = np.round(np.cumsum(self.area[shown]) / self.area[shown].sum() * width).astype(int)
        row = np.repeat(self.colors[shown], np.diff(ends, prepend=0), axis=0)
        return np.repeat(row[None], height, axis=0)

    def _json(self):
        lab = color.unscale(np.concatenate([self.lightness[:, None], self.entries[:, :2]], 1))
        slopes = self.entries[:, 2:] * (color.AB_SCALE / color.LIGHTNESS_SCALE)
        regions = [
            {
                "name": self.names[i],
                "color": "#" + bytes(self.colors[i]).hex(),
                "lab": [round(float(x), 6) for x in lab[i]],
                "slope": [round(float(x), 6) for x in slopes[i]],
                "area": round(float(self.area[i]), 5),
                "looks": [round(float(x), 4) for x in self.tokens[i]],
            }
            for i in range(len(self.names))
        ]
        return json.dumps({"format": FORMAT, "weights": self.weights, "regions": regions}, indent=1) + "\n"

    def _gpl(self):
        lines = ["{:3} {:3} {:3}\t{} {}".format(*self.colors[i], self.names[i], i) for i in self.shown]
        return "\n".join(["GIMP Palette", f"Name: {self.weights}", "Columns: 8", "#", *lines]) + "\n"


def ab_of(value):
    """Scaled ab (2,) of a color, see `lab_of`."""
    return lab_of(value)[1:]


def lab_of(value):
    """Scaled lab (3,) of a color: "#3060c0", a color's English name, or (red, green, blue) from 0 to 255. BadInput if
    it is none of these."""
    needed = "needed is #rrggbb, a color's English name, or red, green, blue from 0 to 255"
    try:
        rgb = ImageColor.getrgb(value)[:3] if isinstance(value, str) else tuple(int(part) for part in value)
    except (ValueError, TypeError, OverflowError) as error:
        raise BadInput(f"color {value!r}: {needed}") from error
    if len(rgb) != 3 or not all(0 <= part <= 255 for part in rgb):
        raise BadInput(f"color {value!r}: {needed}")
    return color.rgb_to_lab(np.array(rgb, "uint8")[None, None])[0, 0]


def load(path):
    """The `Palette` of a JSON file. BadInput says what is wrong with it."""
    try:
        described = json.loads(text_of(path))
        found = described["format"]
        regions = described["regions"] if found == FORMAT else []
        names = tuple(region["name"] for region in regions)
        lab, slopes, area, tokens = (
            np.array([region[name] for region in regions], "float32") for name in ("lab", "slope", "area", "looks")
        )
        weights = str(described["weights"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f"{path}: not a palette as JSON ({type(error).__name__}); save the palette again") from error
    if found != FORMAT:
        raise BadInput(
            f"{path}: palette or character file of format {found}; this version reads {FORMAT}: color the picture "
            f"again and save its palette"
        )
    count = len(names)
    fits = lab.shape == (count, 3) and slopes.shape == (count, 2) and area.shape == (count,) and tokens.ndim == 2
    if not (
        fits and set(names) <= set(NAMES) and all((np.abs(x) < LARGEST).all() for x in (lab, slopes, area, tokens))
    ):
        raise BadInput(f"{path}: its regions are not what a palette has; save the palette again")
    lab = color.scale(lab)
    entries = np.concatenate([lab[:, 1:], slopes * (color.LIGHTNESS_SCALE / color.AB_SCALE)], 1)
    return Palette(weights, names, entries, lab[:, 0], area, tokens)


def read_gpl(path):
    """The colors of a GPL file, uint8 (N, 3). BadInput says what is wrong with it."""
    return np.array([rgb for rgb, _ in gpl_rows(path)], "uint8").reshape(-1, 3)


def gpl_rows(path):
    """The entries of a GPL file: [((red, green, blue), name), ...]. BadInput says what is wrong with it."""
    lines = text_of(path).splitlines()
    if not lines or lines[0].strip() != "GIMP Palette":
        raise BadInput(f"{path}: not a GPL palette: its first line is not 'GIMP Palette'")
    found = [line.split(maxsplit=3) for line in lines[1:] if line.strip()[:1].isdigit()]
    for number, entry in enumerate(found):
        if len(entry) < 3 or not all(part.isdigit() and int(part) <= 255 for part in entry[:3]):
            raise BadInput(
                f"{path}: not a GPL palette: color {number} has not three numbers from 0 to 255; save the palette again"
            )
    return [(tuple(map(int, entry[:3])), entry[3].strip() if len(entry) == 4 else "") for entry in found]


def text_of(path):
    """The text of a palette's file. BadInput if it has none."""
    try:
        return Path(path).read_text("utf-8")
    except FileNotFoundError as error:
        raise BadInput(f"{path}: no such file; give a saved palette") from error
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"{path}: not a palette ({type(error).__name__}); give a saved one") from error
