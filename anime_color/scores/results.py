"""Scores as JSON lines, as a table for people, and as a picture: realism against diversity."""

import itertools
import json
import textwrap
from importlib.metadata import version

import numpy as np

from anime_color.files import written_aside
from anime_color.scores.bootstrap import Estimate
from anime_color.scores.comparison import Score, best
from anime_color.scores.features import RESIZE
from anime_color.scores.measures import BRIEF, MEASURES
from anime_color.training import engine

COLUMN = 15  # characters
DIGITS = 5  # significant ones, in JSON


def context(faces, reference, noises, seed):
    """What every line must say to be comparable: data, features, protocol, versions."""
    return {
        "faces": {"digest": faces.digest, "split": faces.split, "count": faces.count, "size": faces.size},
        "reference": {"split": reference.faces.split, "count": len(reference.summaries)},
        "features": {"name": reference.features.title, "size": reference.features.size, "resize": RESIZE},
        "noises": noises,
        "seed": seed,
        "versions": {name: version(name) for name in ("anime-color", "keras", "numpy", "scikit-image", "scipy")}
        | {"backend": engine.BACKEND},
    }


def line(score, context):
    """A `Score` as a dictionary for JSON: each score as [value, low, high] of its 95 % interval."""
    intervals = {name: (e.value, e.low, e.high) for name, e in score.estimates.items()}
    return {
        "system": score.name,
        "scores": {name: [float(f"{x:.{DIGITS}g}") for x in three] for name, three in intervals.items()},
        "kid_deviation": float(f"{score.kid_deviation:.{DIGITS}g}"),
        "takes": score.takes,
        "noises": score.noises,
        "baseline": score.baseline,
        "caveats": score.caveats,
        "worst": score.worst,
        "about": score.about,
        "context": context,
    }


def write(scores, context, path):
    """Writes the JSON lines."""
    with written_aside(path) as aside:
        aside.write_text("".join(json.dumps(line(score, context)) + "\n" for score in scores), "utf-8")


def save(score, context, path):
    """Keeps one score with all that `load` needs: its line in PATH.json, its replicates in PATH.npz."""
    with written_aside(f"{path}.npz") as aside, open(aside, "wb") as file:
        np.savez_compressed(file, **{name: e.replicates.astype("float32") for name, e in score.estimates.items()})
    write([score], context, f"{path}.json")


def load(path):
    """(score, context) that `save` wrote, of its PATH.json."""
    found = json.loads(path.read_text("utf-8"))
    with np.load(path.with_suffix(".npz"), allow_pickle=False) as replicates:
        intervals = found.pop("scores").items()
        estimates = {name: Estimate(*three, replicates[name].astype("float64")) for name, three in intervals}
    context = found.pop("context")
    return Score(name=found.pop("system"), estimates=estimates, **found), context


def rows(scores, measures=MEASURES, deviation=True):
    """Yields (title, texts, group) of each measure: value and half the width of its interval, the best marked *.

    deviation: the row after KID, of what it is over subsets.
    """
    for name, measure in measures.items():
        if not any(name in score.estimates for score in scores):
            continue
        winner = best(scores, name)
        texts = []
        for score in scores:
            estimate = score.estimates.get(name)
            if estimate is None:
                texts.append("-")
                continue
            half = (estimate.high - estimate.low) / 2
            mark = "*" if score is winner else ""
            texts.append(f"{estimate.value:.{measure.digits}f} ±{half:.{measure.digits}f}{mark}")
        unit = f", {measure.unit}" if measure.unit else ""
        yield f"{SIGNS[measure.better]} {measure.title}{unit}", texts, measure.group
        if name == "kid" and deviation:
            yield "  its deviation over subsets", [f"{score.kid_deviation:.1f}" for score in scores], measure.group


SIGNS = {"higher": ">", "lower": "<", "real": "=", "": " "}


def protocol(context):
    """Sentences that say on what, against what and with what the scores were made, and how a table reads."""
    faces, features, reference = context["faces"], context["features"], context["reference"]
    return [
        f"{faces['count']} faces of {faces['size']} px ({faces['split']} split, digest {faces['digest'][:12]}), up to "
        f"{context['noises']} noises, seed {context['seed']}.",
        f"KID, Frechet and feature distance: {features['name']} ({features['size']} px, {features['resize']}), against "
        f"{reference['count']} faces of the {reference['split']} split; real colors show the floor.",
        "Value ±half of the 95 % interval; * is the best, not marked where intervals meet; > higher is better, "
        "< lower, = near the real colors.",
    ]


def table(scores, context):
    """The scores as text: a row a measure, a column a system; a table for each kind of picture that systems take."""
    lines = [*protocol(context)]
    for takes, some in _kinds(scores):
        lines += [
            "",
            *([f"given a {takes}" if takes != "line art" else "given line art"] if takes else []),
            *_headers(some),
        ]
        group = None
        for title, texts, of_group in rows(some):
            if of_group != group:
                group = of_group
                lines.append(group)
            lines.append(_text_row(title, texts))
    return "\n".join(lines + _caveats(scores))


def _kinds(scores):
    """Yields (what they take, the scores that do): "" where all take the same."""
    kinds = list(dict.fromkeys(score.takes for score in scores))
    for takes in kinds:
        yield takes if len(kinds) > 1 else "", [score for score in scores if score.takes == takes]


def brief(scores):
    """The seven measures that tell most, as text; the first three are realism, variety, and how near the best coloring
    comes to the original."""
    chosen = {name: MEASURES[name] for name in BRIEF}
    return "\n".join([*_headers(scores), *(_text_row(title, texts) for title, texts, _ in rows(scores, chosen, False))])


def _headers(scores):
    wrapped = [textwrap.wrap(score.name, COLUMN - 1) for score in scores]
    return [
        " " * 40 + "".join(f"{words[i] if i < len(words) else '':>{COLUMN}}" for words in wrapped)
        for i in range(max(map(len, wrapped)))
    ]


def _text_row(title, texts):
    return f" {title:<39}" + "".join(f"{text:>{COLUMN}}" for text in texts)


def markdown(scores, context):
    """The same as Markdown tables."""
    lines = protocol(context)
    for takes, some in _kinds(scores):
        lines += ["", f"| {takes} | " + " | ".join(score.name for score in some) + " |"]
        lines.append("|---" + "|---:" * len(some) + "|")
        group = None
        for title, texts, of_group in rows(some):
            if of_group != group:
                group = of_group
                lines.append(f"| **{group}** |" + " |" * len(some))
            lines.append(f"| {title} | " + " | ".join(text.replace("*", "\\*") for text in texts) + " |")
    return "\n".join(lines + [""] + [f"- {caveat}" for caveat in _caveats(scores)])


def _caveats(scores):
    names = {}
    for score in scores:
        for caveat in score.caveats:
            names.setdefault(caveat, []).append(score.name)
    return [f"{'all' if len(n) == len(scores) > 1 else ', '.join(n)}: {caveat}" for caveat, n in names.items()]


def picture(scores, context, path):
    """Writes a PNG: KID against the mean pairwise ab distance over cells, one dot a system with its intervals; gray
    marks are baselines. Good systems are down and right."""
    from matplotlib.figure import Figure  # heavy, and only this needs it

    figure = Figure(figsize=(10, 5.5), layout="constrained")
    axes = figure.add_subplot()
    markers = iter("sXP*dhv<>^")
    colors = itertools.cycle(f"C{number}" for number in (0, 1, 2, 3, 4, 5, 6, 8, 9))  # C7 is gray
    for score in scores:
        kid, cells = score.estimates["kid"], score.estimates.get("pairwise_ab_cells")
        x = (0, 0, 0) if cells is None else (cells.value, cells.low, cells.high)
        axes.errorbar(
            x[0],
            kid.value,
            xerr=[[x[0] - x[1]], [x[2] - x[0]]],
            yerr=[[kid.value - kid.low], [kid.high - kid.value]],
            fmt=next(markers, "o") if score.baseline else "o",
            color="0.55" if score.baseline else next(colors),
            label=score.name,
        )
    figure.legend(loc="outside right upper", frameon=False)
    axes.set_xlabel("diversity: mean pairwise ab distance over 8 x 8 cells, Lab units")
    axes.set_ylabel(f"distance to real faces: KID x 1000 ({context['features']['name']})")
    axes.set_title(f"{context['faces']['count']} faces of the {context['faces']['split']} split; lower right is better")
    axes.set_yscale("symlog", linthresh=10)
    axes.margins(0.12)
    with written_aside(path) as aside:
        figure.savefig(aside, format="png", dpi=120)
