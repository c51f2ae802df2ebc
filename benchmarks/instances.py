"""`python -m benchmarks.instances`: do several characters in one picture keep apart?

    python -m benchmarks.instances --scenes SCENES --instcolor instcolor-128 --chroma chroma-128 --out instances.jsonl

SCENES is a face set of composed pictures with boxes. All figures come with their 95 % interval over the scenes of its
test split, in Lab units.

error      the mean distance from the true ab inside the boxes
border     the same in the band outside of them, `BAND` pixels wide
leak       how far the ab inside a box changes when all else is taken out of the picture: what its surroundings do to it
kid        KID x 1000 of the whole scenes

`chroma` colors by noise, so its error tells nothing by itself: it is told the true colors, once those of the whole
picture, once box by box those of each, with the rest told the colors of the picture.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from anime_color import color
from anime_color.coloring.colorizer import SHORTEST_SIDE, Colorizer
from anime_color.faces import Faces
from anime_color.scores import bootstrap, features, scoring, systems
from benchmarks.measure import thinned
from data_prep.errors import BadInput

BAND = 4


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instances", description=__doc__.split("\n")[0])
    parser.add_argument("--scenes", required=True, help="face set with boxes, scored on its test split")
    parser.add_argument("--instcolor", nargs="*", default=[], metavar="PRESET|RUN")
    parser.add_argument("--chroma", nargs="*", default=[], metavar="PRESET|RUN")
    parser.add_argument("--every", type=int, default=1, help="score every N-th scene (1)")
    parser.add_argument("--out", required=True, type=Path, help="JSON lines")
    options = parser.parse_args(arguments)
    scenes = Faces(options.scenes, "test", flips=False, shuffle=False)
    if scenes.boxes(0) is None:
        raise BadInput(f"{options.scenes}: no boxes; make scenes with python -m data_prep FACES --scenes COUNT")
    thinned(scenes, options.every)
    real = scoring.Reference.of(options.scenes, features.load("faces"))
    with open(options.out, "w", encoding="utf-8") as file:
        for painter in painters(options):
            found = {}
            for name, paint in painter.items():
                found[name] = measured(paint, scenes, real)
                told(name, found[name], file)
            (whole, boxed), names = found.values(), [name for name in next(iter(found.values())) if name != "kid"]
            pairs = {n: (boxed[n], whole[n]) for n in names}
            less = {n: bootstrap.of(a.value - b.value, a.replicates - b.replicates) for n, (a, b) in pairs.items()}
            told(f"{name}: less without", less, file)


def told(name, estimates, file):
    values = {n: [round(v, 3) for v in (e.value, e.low, e.high)] for n, e in estimates.items()}
    print(json.dumps({"what": name} | values), file=file, flush=True)
    print(name, *[f"{n} {v[0]:g} ({v[1]:g} to {v[2]:g})" for n, v in values.items()], sep="\n  ", flush=True)


def painters(options):
    """Two ways of each of the weights, the second with boxes: {name: (rgb uint8 (H, W, 3), boxes) -> scaled lab}."""
    for weights in options.instcolor:
        colorizer = Colorizer.from_preset(weights)
        noise = colorizer.noises(1)
        yield {
            f"{weights}, the full-image network alone": lambda rgb, boxes, c=colorizer, n=noise: next(c.lab(rgb, n)),
            f"{weights}, with boxes": lambda rgb, boxes, c=colorizer, n=noise: next(c.lab(rgb, n, boxes=boxes)),
        }
    for weights in options.chroma:
        colorizer = Colorizer.from_preset(weights)
        yield {
            f"{weights}, one palette": lambda rgb, boxes, c=colorizer: _as_it_is(c, rgb),
            f"{weights}, a palette a box": lambda rgb, boxes, c=colorizer: _box_by_box(c, rgb, boxes),
        }


def measured(paint, scenes, real):
    """The estimates of one way to paint."""
    errors, borders, leaks = [], [], []

    def looked_at(number, rgb):
        boxes = [tuple(map(int, box)) for box in scenes.boxes(number) if box[2] > box[0]]
        lab, inside = paint(rgb, boxes), np.zeros(rgb.shape[:2], bool)
        off = np.linalg.norm((color.unscale(lab) - color.unscale(color.rgb_to_lab(rgb)))[..., 1:], axis=-1)
        around, changed = inside.copy(), []
        for left, top, right, bottom in boxes:
            there = slice(top, bottom), slice(left, right)
            inside[there] = True
            around[max(0, top - BAND) : bottom + BAND, max(0, left - BAND) : right + BAND] = True
            alone = np.full_like(rgb, 255)
            alone[there] = rgb[there]
            other = paint(alone, [(left, top, right, bottom)])
            changed.append(np.linalg.norm((color.unscale(other) - color.unscale(lab))[there][..., 1:], axis=-1).mean())
        errors.append(off[inside].mean())
        borders.append(off[around & ~inside].mean())
        leaks.append(np.mean(changed))
        return lab[None]

    found = scoring.score(systems.System("", looked_at), scenes, real).estimates
    each = {"error": errors, "border": borders, "leak": leaks}
    return {name: bootstrap.mean(values) for name, values in each.items()} | {"kid": found["kid"]}


def _as_it_is(colorizer, rgb):
    """A picture in the colors that it has, as far as regions can tell them; gray stays without."""
    try:
        return next(colorizer.lab(rgb, colorizer.noises(1), reference=rgb))
    except BadInput:  # a gray picture tells no colors
        return color.rgb_to_lab(rgb) * np.float32([1, 0, 0])


def _box_by_box(colorizer, rgb, boxes):
    lab = _as_it_is(colorizer, rgb)
    for left, top, right, bottom in boxes:
        if min(right - left, bottom - top) >= SHORTEST_SIDE:
            lab[top:bottom, left:right] = _as_it_is(colorizer, rgb[top:bottom, left:right])
    return lab


if __name__ == "__main__":
    try:
        main()
    except BadInput as error:
        raise SystemExit(f"instances: {error}") from None
