"""`python -m benchmarks.palette_control`: do names, clicks, locks and characters do what they say?

    python -m benchmarks.palette_control --faces FACES --characters CHARACTERS --out control.jsonl

Every figure comes with its 95 % interval over faces. FACES is a face set whose test split the weights were not trained
on, CHARACTERS one with a label for each character.

names       drawn faces, on white and before made-up scenes: share of pixels named right, and intersection over union
            of each part
clicks      drawn faces: one click on the hair, intersection over union of the hair and what is recolored
locks       the mean color of the hair locked to the true one, and in both arms the hair then painted as it was: best ab
            error of the noises and KID x 1000 tell of the rest
characters  one picture colored, its palette carried to another picture of the same character: CIEDE2000 between the
            mean colors of a part in the two, with its lightness set aside, against the same noise alone
"""

import argparse
import json
from itertools import chain
from pathlib import Path

import numpy as np
from skimage import color as skimage_color

from anime_color import color
from anime_color.coloring import naming
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Faces
from anime_color.scores import bootstrap, features, scoring, systems
from benchmarks.measure import thinned
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput

DRAWN, SIZE, FIRST = 200, 256, 20 * 4000  # drawn faces, a character each, that nothing was trained or named by
DARK, BRIGHT = 15.0, 95.0  # L* between which colors can be seen
MIDDLE = 60.0  # L* at which colors are compared
PAIRS = 10  # pictures of a character that a coloring is carried to


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.palette_control", description=__doc__.split("\n")[0])
    parser.add_argument("--weights", default="chroma-128")
    parser.add_argument("--faces", required=True, help="face set, scored on its test split")
    parser.add_argument("--characters", required=True, help="face set with a label for each character")
    parser.add_argument("--every", type=int, default=2, help="score every N-th face (2)")
    parser.add_argument("--out", required=True, type=Path, help="JSON lines")
    options = parser.parse_args(arguments)
    colorizer = Colorizer.from_preset(options.weights)
    with open(options.out, "w", encoding="utf-8") as file:
        for found in chain(
            names(colorizer), clicks(colorizer), locks(colorizer, options), characters(colorizer, options)
        ):
            about, estimates = found
            values = {n: [round(v, 3) for v in (e.value, e.low, e.high)] for n, e in estimates.items() if e is not None}
            print(json.dumps({"what": about} | values), file=file, flush=True)
            print(about, *[f"{n} {v[0]:g} ({v[1]:g} to {v[2]:g})" for n, v in values.items()], sep="\n  ", flush=True)


def names(colorizer):
    """Pixels named right on drawn faces, and intersection over union of each part."""
    random = np.random.default_rng(1)
    for about in ("on white", "before made-up scenes"):
        right, overlap = [], {name: [] for name in naming.NAMES}
        for drawn, truth in _drawn():
            rgb = (
                drawn.rgb if about == "on white" else np.where(truth[..., None], drawn.rgb, naming.scene(random, SIZE))
            )
            flats = colorizer.flats(rgb)
            there = {name: flats.share(name) for name in naming.NAMES if name in np.array(flats.names)[flats.occurring]}
            found = np.stack([there.get(name, 0 * flats.l) for name in naming.NAMES]).argmax(0)
            right.append((found == truth).mean())
            for part, name in enumerate(naming.NAMES):
                overlap[name].append(_overlap(found == part, truth == part))
        parts = {name: bootstrap.mean(some) for name, some in overlap.items()}
        yield f"names, {about}", {"right": bootstrap.mean(right)} | parts


def clicks(colorizer):
    """Intersection over union of the hair, and what changes by a click on it; where colors can be seen at all."""
    found, random = [], np.random.default_rng(0)
    for drawn, truth in _drawn():
        lightness = color.unscale(color.rgb_to_lab(drawn.rgb))[..., 0]
        hair, seen = truth == naming.NAMES.index("hair"), (lightness > DARK) & (lightness < BRIGHT)
        y, x = random.choice(np.argwhere(hair))
        changed = (colorizer.recolor(drawn.rgb, [(x, y)], 8) != drawn.rgb).any((0, -1))
        found.append(_overlap(changed & seen, hair & seen))
    yield "click on the hair", {"overlap": bootstrap.mean(found)}


def locks(colorizer, options):
    """The rest of a picture with and without its true hair color given."""
    exam = Faces(options.faces, "test", flips=False, shuffle=False)
    thinned(exam, options.every)
    reference, noises = scoring.Reference.of(options.faces, features.load("faces")), colorizer.noises()

    def painting(locked):
        def paint(number, rgb):
            flats = colorizer.flats(rgb)
            own, lock = flats.fitted(), flats.palette(None)
            hair = np.flatnonzero([name == "hair" for name in flats.names])
            hair = hair[flats.area[hair] > 0]
            if locked and len(hair):
                lock.entries[hair, :2] = np.average(own[hair, :2], axis=0, weights=flats.area[hair])
            planes = flats.sketch(flats.sampled(noises, lock))(slice(None))
            ab = np.moveaxis(planes.reshape(2, len(noises), *rgb.shape[:2]), 0, -1)
            lab = color.rgb_to_lab(rgb)
            share = flats.share("hair")[..., None] if len(hair) else 0
            ab = share * lab[..., 1:] + (1 - share) * ab
            return np.concatenate([np.broadcast_to(lab[..., :1], (*ab.shape[:-1], 1)), ab], -1)

        return systems.System("locked" if locked else "free", paint)

    found = [scoring.score(painting(locked), exam, reference).estimates for locked in (False, True)]
    measures = ("ab_error_best", "ab_error_mean", "kid", "two_sample", "pairwise_ab_cells")
    for name, estimates in zip(("hair free", "hair locked"), found, strict=True):
        yield name, {measure: estimates[measure] for measure in measures}
    pairs = {m: [some[m] for some in found] for m in ("ab_error_best", "kid")}
    less = {m: bootstrap.of(b.value - a.value, b.replicates - a.replicates) for m, (a, b) in pairs.items()}
    yield "locked less free", less


def characters(colorizer, options):
    """Colors of the parts in other pictures of a character, against the kept coloring."""
    faces = Faces(options.characters, "test", flips=False, shuffle=False)
    noises, ways = colorizer.noises(), {"noise alone": {}, "palette carried": {}}
    for label in np.unique(faces.labels):
        first, *others = [
            colorizer.flats(faces.rgb([i])[0]) for i in np.flatnonzero(faces.labels == label)[: PAIRS + 1]
        ]
        entries = first.sampled(noises)
        for noise, kept in zip(noises, entries, strict=True):
            palette = first.palette(kept)
            for other in others:
                painted = {
                    "noise alone": other.sampled(noise[None])[0],
                    "palette carried": other.sampled(noise[None], other.carried(palette))[0],
                }
                for way, there in painted.items():
                    for name in ("hair", "eyes", "skin", "clothes"):
                        off = _difference(_mean(first, kept, name), _mean(other, there, name))
                        ways[way].setdefault(name, {}).setdefault(int(label), []).append(off)
    for way, parts in ways.items():
        yield (
            f"characters: {way}",
            {
                name: bootstrap.mean([np.nanmean(some) for some in by_label.values()])
                for name, by_label in parts.items()
            },
        )


def _drawn():
    """(drawn face, its parts as `naming.NAMES`) of each of `DRAWN` characters."""
    for number in range(DRAWN):
        drawn = draw(FIRST + 20 * number, SIZE)
        yield drawn, naming.parts(drawn)


def _overlap(found, truth):
    return (found & truth).sum() / max((found | truth).sum(), 1) if truth.any() or found.any() else np.nan


def _mean(flats, entries, name):
    weight = flats.area * np.array([other == name for other in flats.names])
    return weight @ entries[:, :2] / weight.sum() if weight.sum() > 0 else np.full(2, np.nan)


def _difference(first, second):
    """CIEDE2000 between two scaled ab at one lightness."""
    lab = (np.array([MIDDLE, *ab * color.AB_SCALE]) for ab in (first, second))
    return float(skimage_color.deltaE_ciede2000(*lab))


if __name__ == "__main__":
    try:
        main()
    except BadInput as error:
        raise SystemExit(f"palette_control: {error}") from None
