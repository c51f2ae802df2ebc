"""Trained generators by name: shipped presets and run folders."""

import json
from pathlib import Path

from anime_color import checkpoints, recipes, settings
from data_prep.errors import BadInput

SHIPPED = Path(__file__).parent / "weights"


def shipped():
    """Names of the presets that came with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/run.json"))


def load(name_or_run):
    """What a `Colorizer` is made of: generator, size, lightness, multiple, name."""
    folder = SHIPPED / str(name_or_run)
    if name_or_run not in shipped():
        folder = Path(name_or_run)
        if not (folder / "run.json").is_file():
            names = ", ".join(shipped()) or "none yet"
            raise BadInput(f"weights {name_or_run!s}: neither a run folder nor a preset (shipped presets: {names})")
    description = read_description(folder)
    values = settings.from_json(description["recipe"], description["settings"])
    checkpoint = checkpoints.newest(folder / "checkpoints")
    if checkpoint is None:
        raise BadInput(f"{folder}: no checkpoint yet; train it first")
    system = recipes.get(description["recipe"]).build(values)
    generator = system.networks["generator"]
    weights = checkpoints.load_generator(checkpoint)
    if [w.shape for w in weights] != [tuple(v.shape) for v in generator.variables]:
        raise BadInput(
            f"{checkpoint}: weights of another network than run.json describes; use the run as it was written"
        )
    generator.set_weights(weights)
    return {
        "generator": generator,
        "size": values.size,
        "lightness": values.lightness,
        "multiple": system.multiple,
        "name": f"{folder.name} (step {int(checkpoint.name)})",
    }


def read_description(folder):
    """run.json of a run folder: recipe, settings, faces, versions."""
    try:
        description = json.loads((Path(folder) / "run.json").read_text("utf-8"))
        description["recipe"], description["settings"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder}: run.json cannot be read ({error}); start a new run folder") from error
    return description
