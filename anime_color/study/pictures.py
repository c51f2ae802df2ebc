"""The pictures of a study's page: colorings with their names, and the curves by number of pictures."""

import numpy as np

from anime_color.coloring import chroma
from anime_color.files import written_aside
from anime_color.scores.measures import MEASURES

LEAST_SIDE = 96  # pixels: smaller pictures are enlarged, so that their names fit
DOTS = 100  # an inch
LETTER = 0.08  # inches, of a letter's width
LINE = 0.2  # inches


def grid(rows, titles, path):
    """Writes a PNG of colorings, a row a system.

    rows: [(name, pictures uint8 (N, S, S, 3)), ...]; commas in a name begin a new line.
    titles: of the N columns.
    """
    from matplotlib.figure import Figure  # heavy, and only this needs it

    side = rows[0][1].shape[1]
    times = -(-LEAST_SIDE // side)
    big = [some.repeat(times, axis=1).repeat(times, axis=2) for _, some in rows]
    picture = chroma.stack([chroma.stack(list(some), axis=1) for some in big])
    height, width = picture.shape[:2]
    left = 0.2 + LETTER * max(len(line) for name, _ in rows for line in name.split(", "))
    size = (left + width / DOTS, LINE + 0.1 + height / DOTS)
    figure = Figure(figsize=size, dpi=DOTS)
    figure.figimage(picture, xo=left * DOTS, yo=0, origin="upper")
    step = side * times + chroma.MARGIN

    def write(text, x, y, **alignment):
        figure.text(x / size[0], 1 - y / size[1], text, fontsize=9, va="center", linespacing=1.4, **alignment)

    for number, title in enumerate(titles):
        write(title, left + (number + 0.5) * step / DOTS, LINE / 2 + 0.05, ha="center")
    for number, (name, _) in enumerate(rows):
        write(name.replace(", ", "\n"), left - 0.1, LINE + 0.1 + (number + 0.5) * step / DOTS, ha="right")
    with written_aside(path) as aside:
        figure.savefig(aside, format="png", dpi=DOTS)


def curves(states, baselines, measures, whole, path):
    """Writes a PNG: each of the `measures` by number of pictures, a line a system, with 95 % intervals.

    states: {weights: {count: Score}}, count 0 for the weights as they are. baselines: scores, of which real colors and
    gray are drawn. whole: the count that is all of the set.
    """
    from matplotlib.figure import Figure

    counts = sorted({count for some in states.values() for count in some})
    names = {0: "as it is", whole: f"all {whole}"}
    figure = Figure(figsize=(4.2 * len(measures), 4), layout="constrained")
    for measure, axes in zip(measures, figure.subplots(1, len(measures), squeeze=False)[0], strict=True):
        for number, (weights, some) in enumerate(states.items()):
            there = [count for count in some if measure in some[count].estimates]
            found = [some[count].estimates[measure] for count in there]
            aside = 0.08 * (number - (len(states) - 1) / 2)  # so that intervals do not hide one another
            axes.errorbar(
                [counts.index(count) + aside for count in there],
                [one.value for one in found],
                yerr=np.transpose([(one.value - one.low, one.high - one.value) for one in found]) if found else None,
                fmt="o-",
                capsize=3,
                color=f"C{number}",
                label=weights,
            )
        for score in baselines:
            bounded = score.name == "real colors" and MEASURES[measure].better != "higher" or score.name == "gray"
            if bounded and measure in score.estimates:
                style = "-" if score.name == "real colors" else "--"
                value = score.estimates[measure].value
                axes.axhline(value, color="0.6", linestyle=style, linewidth=1, label=score.name)
        unit = f", {MEASURES[measure].unit}" if MEASURES[measure].unit else ""
        axes.set_title(f"{MEASURES[measure].title}{unit} ({MEASURES[measure].better} is better)", fontsize=10)
        axes.set_xticks(range(len(counts)), [names.get(count, str(count)) for count in counts])
        axes.set_xlabel("pictures fine-tuned on")
        axes.margins(0.12)
    handles = {
        label: handle for axes in figure.axes for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside lower center", ncols=4, frameon=False)
    with written_aside(path) as aside:
        figure.savefig(aside, format="png", dpi=DOTS)
