"""What the scores of a study say, in sentences that are true whatever the numbers are."""

from itertools import pairwise

from anime_color.scores import comparison
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


def sized(gain, measure):
    """A gain in words: "better by 67.5 (40.2 to 90.1)"."""
    digits, unit = MEASURES[measure].digits, MEASURES[measure].unit
    unit, word = f" {unit}" if unit else "", verdict(gain, measure)
    if word == "a tie":
        value, low, high = (f"{number:+.{digits}f}" for number in (gain.value, gain.low, gain.high))
        return f"a tie (gain {value}{unit}, {low} to {high})"
    low, high = sorted((abs(gain.low), abs(gain.high)))
    return f"{word} by {abs(gain.value):.{digits}f}{unit} ({low:.{digits}f} to {high:.{digits}f})"


def changes(some, real):
    """The rows of a Markdown table: what changed in each of `COMPARED` against the weights as they are.

    some: {count: Score}, with 0. real: score of the real colors.
    """
    after = [count for count in some if count]
    yield "| after less before | real colors | as it is | " + " | ".join(f"on {count}" for count in after) + " |"
    yield "|---" + "|---:" * (2 + len(after)) + "|"
    for measure in COMPARED:
        if measure not in some[0].estimates:
            continue
        about = MEASURES[measure]
        shown = (score.estimates.get(measure) for score in (real, some[0]))
        cells = ["-" if one is None else f"{one.value:.{about.digits}f}" for one in shown]
        for count in after:
            gain = comparison.gain(some[count], some[0], measure, real)
            if gain is None:
                cells.append("-")
                continue
            found = comparison.difference(some[count], some[0], measure)
            numbers = (f"{number:+.{about.digits}f}" for number in (found.value, found.low, found.high))
            word = verdict(gain, measure)
            if about.better == "real":
                word = {"better": "nearer", "worse": "farther"}.get(word, word)
            cells.append("{} ({} to {}), {}".format(*numbers, word))
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
    figures = "; ".join(f"{MEASURES[m].title}: {sized(gains[m], m)}" for m in FIGURES if m in gains)
    said = [f"Fine-tuned on {_amount(last, whole)}, against the weights as they are. {figures}."]
    kinds = {"better": [], "worse": [], "a tie": []}
    for measure, gain in gains.items():
        if MEASURES[measure].group == NOISE:
            said.append(f"What the noise changes. {MEASURES[measure].title}: {sized(gain, measure)}.")
        else:
            kinds[verdict(gain, measure)].append(MEASURES[measure].title)
    parts = (f"{word}: {len(titles)} ({'; '.join(titles)})" for word, titles in kinds.items() if titles)
    said.append(f"Of {sum(map(len, kinds.values()))} measures, {', '.join(parts)}.")
    for measure in FIGURES if len(counts) > 1 else ():
        if measure in gains:
            said.append(_after_how_many(some, real, whole, measure))
    worst = ", ".join(f"#{index} ({error:.1f} Lab)" for index, error in some[last].worst)
    return [*said, f"Its worst pictures by the best ab error: {worst}."]


def _after_how_many(some, real, whole, measure):
    steps = []
    for before, after in pairwise(some):
        gain = comparison.gain(some[after], some[before], measure, real)
        steps.append(f"{_amount(after, whole)} against {before or 'none'}: {sized(gain, measure)}")
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
        title = MEASURES[measure].title
        ends = {weights: rivals[weights][last] for weights in gains}
        yield f"**{title}.** {_furthest(gains, measure, _amount(last, whole))} {_best(ends, real, measure)}"
    if len({some[last].noises for some in rivals.values()}) > 1:
        yield (
            "PSNR is the mean over the colorings of a system with noise, which pays for each that differs from the "
            "original; the best ab error is that of its best coloring, so such a system has more tries. Between "
            "systems with noise and without, read both."
        )


def _furthest(gains, measure, amount):
    first, *others = sorted(gains, key=lambda weights: -gains[weights].value)
    own = f"`{first}` ({sized(gains[first], measure)})"
    if all(verdict(gain, measure) != "better" for gain in gains.values()):
        return f"On {amount}, none became better for sure; nearest to it came {own}."
    behind = {name: comparison.less(gains[first], gains[name]) for name in others}
    if tied := [name for name in others if not comparison.apart(behind[name])]:
        return f"On {amount}, which moved best is a tie of {own} and {_names(tied)}."
    digits = MEASURES[measure].digits
    gaps = (
        f"`{n}` gained {g.value:.{digits}f} less ({g.low:.{digits}f} to {g.high:.{digits}f})" for n, g in behind.items()
    )
    return f"On {amount}, best moved {own}; {', '.join(gaps)}."


def _best(scores, real, measure):
    """scores: {weights: Score}."""
    first = max(scores, key=lambda name: comparison.gain(scores[name], real, measure, real).value)
    gains = {n: comparison.gain(scores[first], score, measure, real) for n, score in scores.items() if n != first}
    tied = [name for name, gain in gains.items() if not comparison.apart(gain)]
    return f"Best afterwards is `{first}`" + (f", in a tie with {_names(tied)}." if tied else ".")


def _names(names):
    return ", ".join(f"`{name}`" for name in names)


def _amount(count, whole):
    return f"all {count} pictures" if count == whole else f"{count} picture{'s' * (count != 1)}"
