"""Trained generators by name: the presets that ship with the package, and run folders.

weights/NAME/config.json     recipe, settings, faces, steps, minutes, sha256 of each file of weights
weights/NAME/generator.npz   the averaged generator, float16 where that can hold it
weights/NAME/networks.npz    the other networks, the same: what training goes on from
weights/NAME/card.md         origin of the data, what it is good for, known failures
"""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from anime_color import recipes, settings
from anime_color.files import SHIPPED, written_aside
from anime_color.training import checkpoints
from data_prep.errors import BadInput


def shipped():
    """Names of the presets that came with the package."""
    return sorted(path.parent.name for path in SHIPPED.glob("*/generator.npz"))


class Found(NamedTuple):
    """A trained generator: `name` for people, the folder `weights` with its generator.npz, and its `description`:
    recipe, settings, faces, steps, minutes, versions."""

    name: str
    weights: Path
    description: dict


def find(name_or_run):
    """The `Found` preset or newest checkpoint of a run. BadInput if there is none, or its files are not what was
    written."""
    if name_or_run in shipped():
        folder = SHIPPED / name_or_run
        description = read_description(folder / "config.json")
        for name, sha256 in description["sha256"].items():
            if checkpoints.sha256(folder / name) != sha256:
                raise BadInput(f"{folder}: {name} is not what was shipped (its sha256 differs); install again")
        return Found(str(name_or_run), folder, description)
    folder = Path(name_or_run)
    if not (folder / "run.json").is_file():
        names = ", ".join(shipped()) or "none yet"
        raise BadInput(f"weights {name_or_run!s}: neither a run folder nor a preset (shipped presets: {names})")
    description = read_description(folder / "run.json")
    weights = _newest(folder)
    return Found(f"{folder.name} (step {int(weights.name)})", weights, description | _spent(weights))


def load(name_or_run):
    """What a `Colorizer` is made of: generator, size, lightness, multiple, name. BadInput as `find`."""
    name, weights, description = find(name_or_run)
    values = settings.from_json(description["recipe"], description["settings"])
    system = recipes.get(description["recipe"]).build(values)
    generator = system.networks["generator"]
    arrays = checkpoints.load_generator(weights)
    if [array.shape for array in arrays] != [tuple(v.shape) for v in generator.weights]:
        raise BadInput(f"{weights}: weights of another network than its settings describe; use it as it was written")
    generator.set_weights([array.astype("float32") for array in arrays])
    return {
        "generator": generator,
        "size": values.size,
        "lightness": values.lightness,
        "multiple": system.multiple,
        "name": name,
    }


def networks(found):
    """Weights by network name, lists of float32 arrays, of a `Found`."""
    others = "training.npz" if (found.weights / "training.npz").exists() else "networks.npz"
    arrays = checkpoints.load_networks(found.weights, others)
    return {name: [array.astype("float32") for array in some] for name, some in arrays.items()}


def check_fits(name, network, arrays):
    """BadInput if the `arrays` are not weights of the `network` that a system has by this name."""
    if [tuple(v.shape) for v in network.weights] != [array.shape for array in arrays]:
        raise BadInput(f"weights of another {name}: its settings must be those that shaped them")


def _newest(run):
    checkpoint = checkpoints.newest(run / "checkpoints")
    if checkpoint is None:
        raise BadInput(f"{run}: no checkpoint yet; train it first")
    return checkpoint


def _spent(checkpoint):
    state = json.loads((checkpoint / "state.json").read_text())
    return {"steps": state["steps"], "minutes": round(state["seconds"] / 60, 1)}


def export(run, folder, card):
    """Writes the newest checkpoint of a run as a preset in the new `folder`, with the text `card` as its card."""
    run, folder = Path(run), Path(folder)
    checkpoint = _newest(run)
    folder.mkdir(parents=True)
    config = read_description(run / "run.json") | _spent(checkpoint) | {"sha256": {}}
    weights = checkpoints.load_networks(checkpoint)
    generator = {f"averaged/{i:04d}": array for i, array in enumerate(weights.pop("generator"))}
    others = {f"network/{name}/{i:04d}": array for name, some in weights.items() for i, array in enumerate(some)}
    for name, arrays in {"generator.npz": generator, "networks.npz": others}.items():
        np.savez_compressed(folder / name, **{key: checkpoints.narrowed(array) for key, array in arrays.items()})
        config["sha256"][name] = checkpoints.sha256(folder / name)
    (folder / "card.md").write_text(card, "utf-8")
    with written_aside(folder / "config.json") as aside:
        aside.write_text(json.dumps(config, indent=1) + "\n", "utf-8")


def read_description(path):
    """run.json or config.json: recipe, settings, faces, versions."""
    try:
        description = json.loads(Path(path).read_text("utf-8"))
        description["recipe"], description["settings"].keys()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: cannot be read ({error!r}); start a new run folder") from error
    return description
