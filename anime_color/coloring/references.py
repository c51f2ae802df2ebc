"""The colors of a reference, to be edited: a list of colors, and how much of a picture each has.

    colors = Colors.of(open_image("rin.png"))
    colors = colors.replaced(0, "#3060c0").without(3).added("gold", 0.1).rebalanced(1, 2.0)
    colorizer.colorize("panel.png", palette=colors)

As JSON: {"format": 1, "colors": [{"color": "#3060c0", "share": 0.25}, ...]}. As GPL, the format of GIMP, Inkscape and
Krita, the name of a color tells its share, "25 %"; colors without one have equal shares.
"""

import json
import numbers
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from anime_color import color, histograms
from anime_color.coloring import palettes
from anime_color.files import written_aside
from data_prep import open_image
from data_prep.errors import BadInput

FORMAT = 1
CONDITIONS = ("reference", "palette", "histogram")  # the ways in which a reference is told
LEAST = 0.002  # share of a picture below which a color is not listed: blends at borders
GRAY = 1.0  # Lab units from gray, on average, below which a picture has no colors


@dataclass(frozen=True)
class Colors:
    """rgb: uint8 (C, 3), C from 1 to 216. shares: how much of a picture each has, float32 (C,), of sum 1."""

    rgb: np.ndarray
    shares: np.ndarray

    @classmethod
    def of(cls, picture):
        """Those of a picture: the mean color of each of its 6 x 6 x 6 bins of sRGB, most of it first. BadInput if it is
        gray."""
        rgb = colored(picture).reshape(-1, 3)
        bins = histograms.bins(rgb)
        counts = np.bincount(bins, minlength=histograms.BINS)
        sums = np.stack([np.bincount(bins, rgb[:, i], histograms.BINS) for i in range(3)], -1)
        listed = np.argsort(-counts, kind="stable")
        listed = listed[counts[listed] > LEAST * len(rgb)]
        means = np.round(sums[listed] / counts[listed, None]).astype("uint8")
        return cls(means, (counts[listed] / counts[listed].sum()).astype("float32"))

    @classmethod
    def listed(cls, given):
        """Those of a list of colors, as `palettes.lab_of` takes them, in equal shares, or of pairs (color, share).
        BadInput names the one that is none, by its number from 0."""
        if not isinstance(given, (list, tuple)) or not 1 <= len(given) <= histograms.BINS:
            count = len(given) if isinstance(given, (list, tuple)) else type(given).__name__
            raise BadInput(f"palette of {count} colors: needed is a list of 1 to {histograms.BINS}")
        pairs = [_pair(number, entry) for number, entry in enumerate(given)]
        told = [share for _, share in pairs if share is not None]
        if told and len(told) < len(pairs):
            number = next(i for i, (_, share) in enumerate(pairs) if share is None)
            raise BadInput(f"color {number}: has no share, others have one; give one to all or to none")
        shares = np.array(told or [1.0] * len(pairs))
        if not shares.sum() > 0:
            raise BadInput("palette in which all shares are 0: give at least one color more")
        return cls(np.stack([rgb for rgb, _ in pairs]), (shares / shares.sum()).astype("float32"))

    @property
    def histogram(self):
        """The histogram (216,) of a picture of these colors alone."""
        found = np.bincount(histograms.bins(self.rgb), self.shares, histograms.BINS)
        return (found / found.sum()).astype("float32")

    def replaced(self, number, value):
        """These colors with another one, as `palettes.lab_of` takes it, in place of a number, counted from 0."""
        rgb = self.rgb.copy()
        rgb[self._number(number)] = _rgb_of(value)
        return replace(self, rgb=rgb)

    def added(self, value, share):
        """These colors, and one more with a share of 0 to 1; the others have what is left."""
        share = _share("share", share, 1)
        shares = np.append(self.shares * (1 - share), share).astype("float32")
        return Colors.listed(list(zip([*self.rgb, _rgb_of(value)], shares.tolist(), strict=True)))

    def without(self, number):
        """These colors without one. BadInput if it is the last one."""
        kept = [i for i in range(len(self.rgb)) if i != self._number(number)]
        return Colors.listed([(self.rgb[i], float(self.shares[i])) for i in kept])

    def rebalanced(self, number, rate):
        """These colors with `rate` times as much of one, at most all, see `histograms.rebalanced`."""
        rate = _share("rate", rate, 1000)
        return replace(self, shares=histograms.rebalanced(self.shares, self._number(number), rate))

    def save(self, path):
        """Writes the colors to NAME.json or NAME.gpl."""
        path = Path(path)
        text = {".json": self._json, ".gpl": self._gpl}.get(path.suffix.lower())
        if text is None:
            raise BadInput(f"{path}: needed is a name ending in .json or .gpl")
        with written_aside(path) as aside:
            aside.write_text(text(), "utf-8")

    def _number(self, number):
        if isinstance(number, bool) or number not in range(len(self.rgb)):
            raise BadInput(f"color {number!r}: there are colors 0 to {len(self.rgb) - 1}")
        return int(number)

    def _json(self):
        pairs = zip(self.rgb, self.shares.tolist(), strict=True)
        entries = [{"color": "#" + bytes(rgb).hex(), "share": round(share, 6)} for rgb, share in pairs]
        return json.dumps({"format": FORMAT, "colors": entries}, indent=1) + "\n"

    def _gpl(self):
        rows = [
            "{:3} {:3} {:3}\t{:g} %".format(*rgb, 100 * share) for rgb, share in zip(self.rgb, self.shares, strict=True)
        ]
        return "\n".join(["GIMP Palette", "Name: reference", "Columns: 8", "#", *rows]) + "\n"


def load(path):
    """The `Colors` of a .json or .gpl file. BadInput says what is wrong with it, and with which color."""
    if Path(path).suffix.lower() == ".gpl":
        rows = palettes.gpl_rows(path)
        return _of_file(path, ((rgb, _percent(name)) if name.endswith("%") else rgb for rgb, name in rows))
    try:
        described = json.loads(palettes.text_of(path))
        if described["format"] != FORMAT:
            raise BadInput(f"{path}: colors of format {described['format']!r}; this version reads {FORMAT}")
        pairs = [
            (entry["color"], entry["share"]) if "share" in entry else entry["color"] for entry in described["colors"]
        ]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, BadInput):
            raise
        raise BadInput(f'{path}: no colors as JSON; needed is {{"format": 1, "colors": [{{"color": ...}}]}}') from error
    return _of_file(path, pairs)


def histogram(reference=None, palette=None, histogram=None):
    """The histogram (216,) that a user told in one of three ways. BadInput unless exactly one was given.

    reference: a colored picture, of any size. palette: `Colors`, a list for `Colors.listed`, or a file for `load`.
    histogram: 216 numbers from 0, of any sum.
    """
    told = {n: v for n, v in zip(CONDITIONS, (reference, palette, histogram), strict=True) if v is not None}
    if len(told) != 1:
        found = " and ".join(told) or "none of them"
        raise BadInput(f"reference, palette, histogram: these weights need one of the three, {found} given")
    if reference is not None:
        return histograms.histogram(colored(reference))
    if palette is not None:
        palette = load(palette) if isinstance(palette, (str, Path)) else palette
        return (palette if isinstance(palette, Colors) else Colors.listed(palette)).histogram
    found = np.asarray(histogram)
    if found.shape != (histograms.BINS,) or found.dtype.kind not in "iuf" or not (found >= 0).all() or not found.any():
        raise BadInput(f"histogram {found.dtype} {found.shape}: needed are {histograms.BINS} numbers from 0, not all 0")
    if not np.isfinite(found).all():
        raise BadInput("histogram: infinite numbers; needed are finite ones")
    return (found / found.sum()).astype("float32")


def colored(picture):
    """A reference picture, uint8 (H, W, 3). BadInput if it cannot be read or is gray, for it would tell no colors."""
    rgb = open_image(picture)
    off = color.unscale(color.rgb_to_lab(rgb))[..., 1:]
    if np.linalg.norm(off, axis=-1).mean() < GRAY:
        name = picture if isinstance(picture, (str, Path)) else "reference"
        raise BadInput(f"{name}: a gray picture tells no colors; give a colored one")
    return rgb


def _of_file(path, entries):
    try:
        return Colors.listed(list(entries))
    except BadInput as error:
        raise BadInput(f"{path}: {error}") from error


def _pair(number, entry):
    """(uint8 (3,), share or None) of an entry of a list of colors."""
    value, share = entry, None
    if isinstance(entry, (list, tuple)) and len(entry) == 2:
        value, share = entry
    try:
        return _rgb_of(value), None if share is None else _share("share", share, 2**32)
    except BadInput as error:
        raise BadInput(f"color {number}: {error}") from error


def _rgb_of(value):
    return color.lab_to_rgb(palettes.lab_of(value)[None, None])[0, 0]


def _share(name, value, most):
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 <= value <= most:
        raise BadInput(f"{name} {value!r}: needed is a number from 0 to {most}")
    return float(value)


def _percent(name):
    try:
        return float(name.removesuffix("%")) / 100
    except ValueError as error:
        raise BadInput(f"{name!r}: needed is a share such as 25 %") from error
