"""One page per system. `get(name)` gives its module: `Settings` with three presets, `build(settings)`, and
`fine_tuning(settings, pictures)` where that needs other settings than training."""

from importlib import import_module

from data_prep.errors import BadInput

NAMES = (
    "chroma",
    "gan",
    "wgan_gp",
    "chroma_lines",
    "two_stage",
    "cartoongan",
    "chromagan",
    "deoldify",
    "comicolorization",
    "instcolor",
)
PRESETS = ("tiny", "practical", "faithful")


def get(name):
    """The module of the recipe `name`, one of `NAMES`."""
    if name not in NAMES:
        raise BadInput(f"recipe {name!r}: allowed are {', '.join(NAMES)}")
    return import_module(f"anime_color.recipes.{name}")
