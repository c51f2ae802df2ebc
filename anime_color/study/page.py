"""A study's page: what was asked and done, pictures, figures, tables, curves, and what they say."""

from urllib.parse import quote

import numpy as np

from anime_color.coloring import chroma
from anime_color.files import written_aside
from anime_color.scores import results
from anime_color.scores.measures import MEASURES
from anime_color.study import pictures, words
from anime_color.study.folder import load_arrays

QUESTION = """# How well do trained colorizers move to new pictures?

A colorizer is trained on one kind of picture. Here it gets another kind. How good is it as it is? How much better
does it become when it is *fine-tuned*, that is, when its training goes on with pictures of the new kind? How many of
these does that take?"""


def write(study):
    """Writes study.md and its pictures from all that is scored in the `folder.Folder`."""
    found = {name: study.states(name) for name in study.about["sets"]}
    found = {name: states for name, states in found.items() if states}
    parts = [QUESTION, "## What was done", *_done(study.about, found)]
    for name, states in found.items():
        parts += _set(study, name, states)
    with written_aside(study.path / "study.md") as aside:
        aside.write_text("\n\n".join(parts) + "\n", "utf-8")


def _done(about, found):
    """What was trained and scored on what, with what."""
    protocol = about["protocol"]
    clock = "processor time" if protocol["clock"] == "cpu" else "training"
    shown = {weights for states in found.values() for weights in states}
    yield "**The weights:**"
    yield "\n".join(
        f"- `{name}`: recipe `{one['recipe']}`, {one['parameters']:,} parameters that color, "
        + (f"{one['noise']} numbers of noise" if one["noise"] else "no noise")
        + f"; {one['steps']:,} steps in {one['minutes']} minutes on {_trained_on(one['trained_on'])}."
        for name, one in about["weights"].items()
        if name in shown
    )
    yield "**The pictures:**"
    yield "\n".join(_about_set(name, about["sets"][name], about["weights"]) for name in found)
    yield (
        f"**The fine-tuning:** from the weights, {protocol['minutes']:g} minutes of {clock} for each run, however many "
        f"pictures it has, seed {protocol['seed']}. The pictures of a smaller number are among those of a larger one, "
        "drawn by the seed, the same for all weights. All are of the train split; scores are of others."
    )
    yield (
        f"**The scores:** each picture is made gray and colored again, with {protocol['noises']} noises where the "
        "weights have noise. All systems color the same pictures. ± is half of a 95 % interval, from drawing the "
        "scored pictures anew, for before and after alike; so the interval of a difference is often narrower than the "
        "two beside each other. An interval knows nothing of luck in training: each run has one seed, and one choice "
        "of few pictures."
    )
    yield "**The machine:** " + "; ".join(about["machines"]) + "."
    if commands := [command for command in about["commands"] if command]:
        yield "**The command** that repeats it:\n\n" + "\n".join(f"    {command}" for command in commands)


def _trained_on(faces):
    return f"{faces['count']:,} pictures (digest {faces['digest'][:12]})" if faces else "pictures that it does not name"


def _about_set(name, one, weights):
    scored = f"Scored are the {one['test']} of its test split"
    if one["scored"] == "unseen":
        scored = (
            f"Its test split has {one['test']}, too few; so scored are the {one['unseen']} of validation and test "
            "together, from none of which a run learns or chooses"
        )
    known = [w for w, about in weights.items() if (about["trained_on"] or {}).get("digest") == one["digest"]]
    return (
        f"- `{name}`: {one['train'] + one['unseen']} pictures of {one['size']} px, {one['train']} to train on (digest "
        f"{one['digest'][:12]}). {scored}."
        + "".join(f" They are **not new** to `{w}`, which was trained on this very set." for w in known)
    )


def _set(study, name, states):
    """The part of the page on one set."""
    whole, unseen = study.about["sets"][name]["train"], study.about["sets"][name]["scored"]
    baselines, context = study.baselines(name)
    real = next(score for score in baselines if score.name == "real colors")
    scores = [score for some in states.values() for score in some.values()]
    _draw(study, name, states)
    pictures.curves(states, baselines, words.FIGURES, whole, study.path / f"{name}-curve.png")
    count = context["faces"]["count"]
    yield f"## {name}: {count} pictures of its {'validation and test splits' if unseen == 'unseen' else 'test split'}"
    yield f"![{name}: originals, gray, and every system]({quote(name)}-pictures.png)"
    noise = any(score.noises > 1 for score in scores)
    yield (
        "Columns are pictures that no run was trained on, spread over the scored ones, none chosen for its looks; # is "
        "the number in the set. Rows are the original, what the systems are given, and what each makes of it"
        + (", with the first of its noises." if noise else ".")
    )
    yield f"![{name}: the worst]({quote(name)}-worst.png)"
    yield (
        "The worst pictures of each after its last fine-tuning, by the ab error of its best coloring: the originals "
        "above, its colorings of them below."
    )
    yield "### The three figures that matter"
    yield "\n".join(_figures([*baselines, *scores]))
    yield (
        "KID tells how near the colorings, as a set, are to real pictures; the best ab error how near the best "
        "coloring comes to the original, PSNR how near all come. * is the best, not marked where intervals meet."
    )
    yield "### Everything that was measured"
    yield results.markdown([*baselines, *scores], context)
    yield "### What the fine-tuning changed"
    yield (
        "The difference after less before, its 95 % interval, and whether that is for the better. Of what is to be "
        "near the real colors, it says whether it came nearer; it may have moved and yet be a tie, for their own value "
        "is known no better than these pictures tell it. UIQM is the IQM of colorization surveys."
    )
    for weights, some in states.items():
        yield f"`{weights}`:"
        yield "\n".join(words.changes(some, real))
    yield "### By number of pictures"
    yield f"![{name}: the three figures by number of pictures]({quote(name)}-curve.png)"
    yield "### What it says"
    for weights, some in states.items():
        yield f"**`{weights}`**"
        yield "\n".join(f"- {sentence}" for sentence in words.moved(some, real, whole))
    if between := list(words.compared(states, real, whole)):
        yield "**Side by side**"
        yield "\n".join(f"- {sentence}" for sentence in between)
    yield (f"A tie says that {count} pictures do not tell the two apart, not that they are the same.")


def _figures(scores):
    """The rows of a Markdown table: the three figures of each system, with what it cost."""
    chosen = {name: MEASURES[name] for name in words.FIGURES}
    titles, texts, _ = zip(*results.rows(scores, chosen, deviation=False), strict=True)
    yield "| | steps | minutes | " + " | ".join(titles) + " |"
    yield "|---" + "|---:" * (2 + len(titles)) + "|"
    for score, cells in zip(scores, zip(*texts, strict=True), strict=True):
        tuned = score.about.get("pictures")
        spent = (score.about["steps"], score.about["minutes"]) if tuned else ("", "")
        cells = (cell.replace("*", "\\*") for cell in cells)
        yield f"| {score.name} | {spent[0]} | {spent[1]} | " + " | ".join(cells) + " |"


def _draw(study, name, states):
    """Writes the pictures of a set: some of all systems, and the worst of each after its last fine-tuning."""
    originals = load_arrays(study.scores(name) / "originals.npz")
    gray = np.stack([chroma.gray(picture) for picture in originals["pictures"]])
    rows, worst = [("original", originals["pictures"]), ("gray", gray)], []
    for weights, some in states.items():
        for count, score in some.items():
            shown = load_arrays(f"{study.place(name, weights, count)}-shown.npz")
            rows.append((score.name, shown["shown"]))
        worst.append(("originals, " + " ".join(f"#{index}" for index, _ in score.worst), shown["worst_originals"]))
        worst.append((score.name, shown["worst"]))
    pictures.grid(rows, [f"#{index}" for index in originals["indices"]], study.path / f"{name}-pictures.png")
    pictures.grid(worst, ("worst", "second", "third"), study.path / f"{name}-worst.png")
