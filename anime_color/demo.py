"""`make demo`: a sheet by the shipped preset; then the main job on built-in faces, from nothing: faces -> regions ->
palettes -> critic -> a chroma sheet of 25, losses and scores.

Everything lands in ./demo. The same command continues the training; MINUTES=10 gives it a larger budget.
PICTURE=portrait.png colors that picture instead, by the shipped preset, in seconds.
"""

import math
import os
import sys
from pathlib import Path

import data_prep
from anime_color import cli, settings
from anime_color.coloring import chroma
from anime_color.coloring.colorizer import Colorizer
from anime_color.scores import results, scoring
from anime_color.training import callbacks, engine, runs
from data_prep import open_image
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput

PRESET = "chroma-128"
FOLDER = Path("demo")
FACES = 600
UNSEEN = 20 * 1000 + 7  # a seed far beyond the faces trained on: another character


def main():
    """Runs the demo; prints where its pictures are. Returns the exit code."""
    if picture := os.environ.get("PICTURE"):
        return cli.exit_code("demo", lambda: color_picture(picture))
    return cli.exit_code("demo", lambda: train_and_paint(_minutes()))


def color_picture(picture):
    """Paints a picture of the user 25 ways with the shipped preset."""
    rgb = open_image(picture)
    colorizer = Colorizer.from_preset(PRESET)
    out = FOLDER / f"{Path(picture).stem}_chroma_sheet.png"
    chroma.save_png(chroma.sheet(rgb, colorizer.chroma(rgb)), out, {"seed": 0, "weights": colorizer.name})
    print(f"25 colorings of {picture} by {colorizer.name}: {out}")


def _minutes():
    text = os.environ.get("MINUTES", "3")
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 < minutes < math.inf:
        raise BadInput(f"MINUTES={text}: needed is a number of minutes above 0, such as MINUTES=10")
    return minutes


def show_the_shipped_one():
    """A sheet by the shipped preset: what training can lead to."""
    colorizer = Colorizer.from_preset(PRESET)
    out = FOLDER / "shipped_sheet.png"
    face = draw(UNSEEN, 256).rgb
    chroma.save_png(chroma.sheet(face, colorizer.chroma(face)), out, {"seed": 0, "weights": colorizer.name})
    print(f"25 colorings of a drawn face by the shipped {colorizer.name}: {out}", flush=True)


def train_and_paint(minutes):
    """Faces, training from nothing, a chroma sheet, losses and scores."""
    print(f"now the same from nothing, {minutes:g} minutes of training: {engine.devices()}", flush=True)
    faces = FOLDER / "faces"
    if not faces.exists():
        data_prep.pack(f"drawn:{FACES}", faces, size=64)
    runs.train("chroma", settings.preset("chroma"), faces, FOLDER / "run", minutes=minutes, verbose=2)
    face = draw(UNSEEN, 128).rgb
    colorizer = Colorizer.from_preset(FOLDER / "run")
    facts = {"seed": 0, "weights": colorizer.name}
    chroma.save_png(chroma.sheet(face, colorizer.chroma(face)), FOLDER / "chroma_sheet.png", facts)
    scores, context = scoring.side_by_side([FOLDER / "run"], faces)
    results.write(scores, context, FOLDER / "scores.jsonl")
    results.picture(scores, context, FOLDER / "scores.png")
    print(loss_table(FOLDER / "run" / "log.csv"))
    print("\nscores on drawn faces never trained on; what each means: notebooks/11_chroma_and_scores.ipynb\n")
    print(results.brief(scores))
    print(f"\n25 colorings of a face never trained on: {FOLDER / 'chroma_sheet.png'}")
    print(f"all scores: {FOLDER / 'scores.jsonl'}; their picture: {FOLDER / 'scores.png'}")


def loss_table(log):
    """The last epoch of each phase of a log, as text: what it learned by, and its losses."""
    last = {row["phase"]: row for row in callbacks.read_log(log)}
    lines = ["phase        epochs   steps  losses"]
    for phase, row in last.items():
        losses = {n: v for n, v in row.items() if n.endswith("_loss") and v}
        said = ", ".join(f"{name.removesuffix('_loss')} {float(value):.3f}" for name, value in losses.items())
        lines.append(f"{phase:<12} {row['epoch']:>6}  {row['steps']:>6}  {said}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
