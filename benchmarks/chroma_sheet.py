"""The chroma sheet: 25 colorings of one face of 256 px by the ancestor's network, and the whole sheet by ours."""

from benchmarks.measure import Side, rounds, row

SIZE = 256
NOISES = 25
TITLE = f"{NOISES} colorings of one face of {SIZE} px: the ancestor's network alone, our sheet from RGB to RGB"


def against_ancestor(repeats):
    """Rows: seconds and peak memory."""
    sides = {"ancestor": Side(_ancestor), "chroma": Side(_ours)}
    try:
        ancestor, ours = rounds(sides.values(), repeats, warm_up=2)
        yield row(TITLE, "milliseconds", {"ancestor": 1e3 * ancestor, "chroma": 1e3 * ours})
        yield row(TITLE, "peak memory of its process, MB", {name: side.peak for name, side in sides.items()})
    finally:
        for side in sides.values():
            side.end()


def _ancestor(lap):
    import numpy as np

    from anime_color import networks
    from anime_color.coloring import noise

    generator = networks.ancestor_generator(SIZE)
    given = {"l": np.zeros((NOISES, SIZE, SIZE, 1), "float32"), "noise": noise.schedule("segments", 100)}
    while True:
        generator.predict_on_batch(given)
        lap(NOISES)


def _ours(lap):
    from anime_color.coloring.colorizer import Colorizer
    from data_prep.drawn_faces import draw

    colorizer = Colorizer.from_preset("chroma-128")
    face = draw(0, SIZE).rgb
    while True:
        colorizer.chroma(face, NOISES)
        lap(NOISES)
