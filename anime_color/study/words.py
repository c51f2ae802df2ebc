"""What the scores of a study say, in sentences that are true whatever the numbers are."""

from anime_color.scores import bootstrap, comparison
from anime_color.scores.measures import MEASURES, NOISE

FIGURES = ("kid", "ab_error_best", "psnr")  # realism, how near the best coloring comes, how near the mean one
COMPARED = (
    "psnr",
    "ssim",
    "ab_error_best",
    "kid",
    "frechet",
    "two_sample",
    "uiqm",
    "colorfulness",
    "hue_distance",
    "leak",
    "pairwise_ab_cells",
)


def verdict(gain, measure):
    """ "better", "worse" or "a tie" of a `comparison.gain`; "more" or "less" of what the noise changes, for which too
    much is possible as well."""
    if not comparison.apart(gain):
        return "a tie"
    words = ("more", "less") if MEASURES[measure].group == NOISE else ("better", "worse")
    return words[gain.value < 0]


def sentence(gain, measure):
    """A gain in words: "KID x 1000 better by 67.5 (40.2 to 90.1)"."""
    digits, unit = MEASURES[measure].digits, MEASURES[measure].unit
    unit = f" {unit}" if unit else ""
    title, word = MEASURES[measure].title, verdict(gain, measure)
    if word == "a tie":
        value, low, high = (f"{number:+.{digits}f}" for number in (gain.value, gain.low, gain.high))
        return f"{title} a tie (gain {value}{unit}, {low} to {high})"
    low, high = sorted((abs(gain.low), abs(gain.high)))
    return f"{title} {word} by {abs(gain.value):.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def changes(some, real):
    """The rows of a Markdown table: what changed in each of `COMPARED` against the weights as they are.

    some: {count: Score}, with 0. real: score of the real colors.
    """
    after = [count for count in some if count]
    yield "| after less before | as it is | " + " | ".join(f"on {count}" for count in after) + " |"
    yield "|---|---:" + "|---:" * len(after) + "|"
    for measure in COMPARED:
        if measure not in some[0].estimates:
            continue
        about = MEASURES[measure]
        cells = [f"{some[0].estimates[measure].value:.{about.digits}f}"]
        for count in after:
            gain = comparison.gain(some[count], some[0], measure, real)
            if gain is None:
                cells.append("-")
                continue
            found = comparison.difference(some[count], some[0], measure)
            numbers = (f"{number:+.{about.digits}f}" for number in (found.value, found.low, found.high))
            cells.append("{} ({} to {}), {}".format(*numbers, verdict(gain, measure)))
        unit = f", {about.unit}" if about.unit else ""
        yield f"| {about.title}{unit} | " + " | ".join(cells) + " |"


def moved(some, real, whole):
    """Sentences on one of the weights: what fine-tuning on the most pictures changed, and after how many it did."""
    counts = [count for count in some if count]
    if not counts:
        return ["No fine-tuning of it has ended yet."]
    last = counts[-1]
    gains = {measure: comparison.gain(some[last], some[0], measure, real) for measure in COMPARED}
    gains = {measure: gain for measure, gain in gains.items() if gain is not None}
    said = [f"Fine-tuned on {_amount(last, whole)}, against the weights as they are: {_list(gains, FIGURES)}."]
    kinds = {}
    for measure, gain in gains.items():
        if MEASURES[measure].group != NOISE:
            kinds.setdefault(verdict(gain, measure), []).append(MEASURES[measure].title)
    total = sum(map(len, kinds.values()))
    parts = [
        f"{len(kinds[word])} {word} ({', '.join(kinds[word])})"
        for word in ("better", "worse", "a tie")
        if word in kinds
    ]
    said.append(f"Of {total} measures: {'; '.join(parts)}.")
    said += [f"What the noise changes: {sentence(gains[m], m)}." for m in gains if MEASURES[m].group == NOISE]
    for measure in FIGURES if len(counts) > 1 else ():
        if measure in gains:
            said.append(_after_how_many(some, real, whole, measure))
    worst = ", ".join(f"#{index} ({error:.1f} Lab)" for index, error in some[last].worst)
    return [*said, f"Its worst pictures by the best ab error: {worst}."]


def _after_how_many(some, real, whole, measure):
    counts = list(some)
    steps = [
        f"{_amount(after, whole)} against {_amount(before, whole) if before else 'none'}: "
        + sentence(comparison.gain(some[after], some[before], measure, real), measure).removeprefix(
            MEASURES[measure].title + " "
        )
        for before, after in zip(counts, counts[1:], strict=False)
    ]
    return f"{MEASURES[measure].title} by number of pictures: {'; '.join(steps)}."


def compared(states, real, whole):
    """Sentences on several weights: which moved best by each of `FIGURES`, and which is best in the end."""
    last = max(count for some in states.values() for count in some)
    rivals = {weights: some for weights, some in states.items() if last and last in some}
    if len(rivals) < 2:
        return
    for measure in FIGURES:
        gains = {w: comparison.gain(some[last], some[0], measure, real) for w, some in rivals.items()}
        gains = {weights: gain for weights, gain in gains.items() if gain is not None}
        if len(gains) < 2:
            continue
        about, amount = MEASURES[measure], _amount(last, whole)
        yield f"**{about.title}.** {_furthest(gains, measure, amount)} {_best(rivals, real, measure, amount)}"
    if len({some[last].noises for some in rivals.values()}) > 1:
        yield (
            "PSNR is the mean over the colorings of a system with noise, which pays for each that differs from the "
            "original; the best ab error is that of its best coloring, so such a system has more tries. Between "
            "systems with noise and without, read both."
        )


def _furthest(gains, measure, amount):
    first, *others = sorted(gains, key=lambda weights: -gains[weights].value)
    behind = {name: _less(gains[first], gains[name]) for name in others}
    tied = [name for name in others if not comparison.apart(behind[name])]
    own = f"({sentence(gains[first], measure).removeprefix(MEASURES[measure].title + ' ')})"
    if verdict(gains[first], measure) in ("worse", "a tie"):
        return f"Nothing that was fine-tuned on {amount} became better; `{first}` came nearest to it {own}."
    if tied:
        return f"On {amount}, which moved best is a tie of `{first}` {own} and {_names(tied)}."
    digits = MEASURES[measure].digits
    gaps = (
        f"`{n}` gained {g.value:.{digits}f} less ({g.low:.{digits}f} to {g.high:.{digits}f})" for n, g in behind.items()
    )
    return f"On {amount}, `{first}` moved best {own}; {', '.join(gaps)}."


def _best(rivals, real, measure, amount):
    last = {weights: some[max(some)] for weights, some in rivals.items() if measure in some[max(some)].estimates}
    first = next(iter(last))
    for name in last:
        if comparison.gain(last[name], last[first], measure, real).value > 0:
            first = name
    gains = {name: comparison.gain(last[first], last[name], measure, real) for name in last if name != first}
    tied = [name for name, gain in gains.items() if not comparison.apart(gain)]
    if tied:
        return f"Which is best afterwards is a tie of `{first}` and {_names(tied)}."
    return f"Best afterwards is `{first}`."


def _less(first, second):
    return bootstrap.of(first.value - second.value, first.replicates - second.replicates)


def _list(gains, measures):
    return "; ".join(sentence(gains[measure], measure) for measure in measures if measure in gains)


def _names(names):
    return ", ".join(f"`{name}`" for name in names)


def _amount(count, whole):
    return f"all {count} pictures" if count == whole else f"{count} picture{'s' * (count != 1)}"
