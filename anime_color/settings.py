"""Settings of recipes to and from JSON and the command line: flat, frozen dataclasses of numbers and words."""

import dataclasses

from anime_color import histograms, recipes
from data_prep.errors import BadInput


def preset(recipe, name="practical"):
    """The settings `name` ("tiny", "practical" or "faithful") of a recipe."""
    if name not in recipes.PRESETS:
        raise BadInput(f"preset {name!r}: allowed are {', '.join(recipes.PRESETS)}")
    return getattr(recipes.get(recipe).Settings, name)()


def with_values(settings, assignments):
    """`settings` with the "name=value" strings of `assignments` applied, each read as the type that it has."""
    values = {}
    kinds = {field.name: field.type for field in dataclasses.fields(settings)}
    for assignment in assignments:
        name, separator, text = assignment.partition("=")
        if not separator or name not in kinds:
            raise BadInput(f"--set {assignment}: needed is name=value with a name of {', '.join(kinds)}")
        try:
            values[name] = kinds[name](text)
        except ValueError:
            raise BadInput(f"--set {assignment}: {name} is of type {kinds[name].__name__}") from None
    return checked(dataclasses.replace(settings, **values))


def checked(settings):
    """The settings themselves, if no number is senseless; BadInput names the one that is."""
    for name, value in dataclasses.asdict(settings).items():
        counted = isinstance(value, int) and name not in _FROM_ZERO
        if isinstance(value, str):
            continue
        least, limit = int(counted), 1 if name in _BELOW_ONE else 2**32
        if not least <= value < limit:
            raise BadInput(f"{name}={value}: needed is a number from {least} and below {limit}")
    for name, allowed in _WORDS.items():
        value = getattr(settings, name, allowed[0])
        if value not in allowed:
            raise BadInput(f"{name}={value!r}: allowed are {', '.join(allowed)}")
    return settings


_FROM_ZERO = ("seed", "pool", "dots", "head")
_BELOW_ONE = ("beta_1", "beta_2", "ema")
_WORDS = {
    "network": ("film", "ancestor"),
    "objective": ("non_saturating", "hinge", "least_squares", "wasserstein"),
    "upsampling": ("transposed", "resized"),
    "content_norm": ("l1", "l2"),
    "decoder": ("deep", "wide"),
    "order": ("nogan", "gan"),
    "join": ("add", "concatenate"),
    "frozen": ("nothing", "regions"),
    "slopes": ("fitted", "none"),
    "moving": ("palette", "both"),
    "trunk": ("scratch", "vgg16"),
    "teacher": ("characters", "vgg16"),
    "feeding": ("published", "mended"),
    "penalty_by": ("mean", "sum"),
    "coding": ("lab", "unit"),
    "given": ("lines", "l"),
    "ink": ("mixed", "otsu", "lines"),
    "reference": histograms.KINDS,
    "judged": ("lab", "raw"),
    "fusing": ("masked", "published"),
    "lightness": ("lab", "luma"),
    "alpha": ("sample", "pixel"),
    "precision": ("float32", "mixed_float16", "mixed_bfloat16"),
}


def to_json(settings):
    """A dictionary that JSON can hold."""
    return dataclasses.asdict(settings)


def from_json(recipe, values):
    """The settings of a recipe from `to_json`; BadInput names what does not belong."""
    kind = recipes.get(recipe).Settings
    known = {field.name: field.type for field in dataclasses.fields(kind)}
    for name, value in values.items():
        if name not in known or (type(value) is not known[name] and not (known[name] is float and type(value) is int)):
            raise BadInput(f"settings of {recipe}: {name}={value!r} does not belong; was it written by this version?")
    return checked(kind(**values))
