"""`python -m benchmarks.references`: who colors best as a reference tells, the paper's way or chroma's palette?

    python -m benchmarks.references --weights chroma-128 comicolorization-128 --faces FACES --out references.jsonl

Every figure comes with its 95 % interval.

same reference    test faces, each told its own colors
cross-reference   test faces, each told the colors of another one: how far the coloring's colors are from those of the
                  reference (sliced Wasserstein distance of ab, Lab units), KID x 1000
pages             built-in comic pages, six panels and two characters, told who is in which: CIEDE2000 between the mean
                  colors that a character's hair or clothes have in its panels, and between them and the true ones; the
                  milliseconds of a page of 1,200 px
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
from skimage.color import deltaE_ciede2000

from anime_color import color
from anime_color.coloring import pages
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Faces
from anime_color.scores import bootstrap, features, obedience, scoring, systems
from benchmarks.measure import thinned
from data_prep.drawn_faces import PARTS
from data_prep.drawn_pages import draw_page
from data_prep.errors import BadInput

FIRST = 50_000  # pages whose characters nothing was trained on
SEEN = ("hair", "clothes", "skin")  # what is compared


def main(arguments=None):
    parser = argparse.ArgumentParser(prog="python -m benchmarks.references", description=__doc__.split("\n")[0])
    parser.add_argument("--weights", nargs="+", required=True, metavar="PRESET|RUN")
    parser.add_argument("--faces", required=True, help="face set, scored on its test split")
    parser.add_argument("--every", type=int, default=1, help="score every N-th face (1)")
    parser.add_argument("--pages", type=int, default=20, help="how many (20)")
    parser.add_argument("--out", required=True, type=Path, help="JSON lines")
    options = parser.parse_args(arguments)
    exam = Faces(options.faces, "test", flips=False, shuffle=False)
    thinned(exam, options.every)
    real = scoring.Reference.of(options.faces, features.load("faces"))
    with open(options.out, "w", encoding="utf-8") as file:
        for weights in options.weights:
            colorizer = Colorizer.from_preset(weights)
            found = [(about, on_faces(colorizer, exam, real, further)) for about, further in REFERENCES.items()]
            for about, estimates in (*found, ("pages", on_pages(colorizer, options.pages))):
                values = {name: [round(v, 3) for v in (e.value, e.low, e.high)] for name, e in estimates.items()}
                print(json.dumps({"weights": weights, "what": about} | values), file=file, flush=True)
                told = (f"{name} {v[0]:g} ({v[1]:g} to {v[2]:g})" for name, v in values.items())
                print(f"{weights}, {about}", *told, sep="\n  ", flush=True)


REFERENCES = {"same reference": 0, "cross-reference": 0.5}  # how far on in the exam the reference is, a part of it


def on_faces(colorizer, exam, real, further):
    """Obedience and realism of the faces of `exam`, each told the colors of one that is `further` on."""
    noise, distances, step = colorizer.noises(1), [], round(further * exam.count)

    def paint(number, rgb):
        reference = exam.rgb([(number + step) % exam.count])[0]
        lab = next(colorizer.lab(colorizer.given(rgb), noise, reference=reference))
        ab, told = (color.unscale(some)[..., 1:] for some in (lab, color.rgb_to_lab(reference)))
        distances.append(obedience.reference_distance(ab, told))
        return lab[None]

    found = scoring.score(systems.System("", paint, takes=colorizer.takes), exam, real).estimates
    kept = {"kid": found["kid"]} if further else {name: found[name] for name in ("kid", "psnr", "ab_error_best")}
    return {"reference_distance": bootstrap.mean(distances), **kept}


def on_pages(colorizer, count):
    """How alike a character's parts are in its panels, how true, and how long a page takes."""
    drawn, seconds, apart, off = colorizer.takes == "line art", [], {}, {}
    for seed in range(FIRST, FIRST + count):
        page = draw_page(seed)
        given = page.lines if drawn else color.luma(page.rgb)
        given = np.repeat(given[..., None], 3, -1)
        names = [str(label) for label in page.labels]
        references = dict(zip(map(str, page.characters), (one.rgb for one in page.references), strict=True))
        panels = [pages.Panel(*box, name) for box, name in zip(page.panels, names, strict=True)]
        began = time.perf_counter()
        colored, _ = pages.color_page(given, panels, references, colorizer)
        seconds.append(time.perf_counter() - began)
        painted, true = (color.unscale(color.rgb_to_lab(some)) for some in (colored, page.rgb))
        for name in SEEN:
            part = PARTS.index(name)
            for character in references:
                places = [panel.place for panel in panels if panel.reference == character]
                masks = [page.mask[place] for place in places]
                apart.setdefault(name, []).append(
                    obedience.inconsistency([painted[place] for place in places], masks, part)
                )
                means = [
                    [some[place][mask == part].mean(0) for place, mask in zip(places, masks, strict=True)]
                    for some in (painted, true)
                ]
                off.setdefault(name, []).append(deltaE_ciede2000(*map(np.array, means)).mean())
    return {
        **{f"{name}_apart": bootstrap.mean(some) for name, some in apart.items()},
        **{f"{name}_off": bootstrap.mean(some) for name, some in off.items()},
        "milliseconds": bootstrap.mean(1000 * np.array(seconds)),
    }


if __name__ == "__main__":
    try:
        main()
    except BadInput as error:
        raise SystemExit(f"references: {error}") from None
