"""A study on disk: what it is of, and where its parts lie. All that its page needs is in the folder.

FOLDER/study.json                           protocol, weights, sets, machines, commands
FOLDER/study.md, SET-*.png                  the page and its pictures
FOLDER/scores/SET.jsonl                     all scores of a set, as `anime-color score` writes them
FOLDER/scores/SET/baselines/N.json, .npz    one score each, see `results.save`
FOLDER/scores/SET/originals.npz             the pictures that the page shows
FOLDER/scores/SET/weights/NAME/N.json, .npz N is how many pictures they were fine-tuned on; 0: as they are
FOLDER/scores/SET/weights/NAME/N-shown.npz  what they make of the pictures that the page shows
FOLDER/runs/SET/NAME/N/                     run folders
"""

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from anime_color.files import written_aside
from anime_color.scores import results
from data_prep.errors import BadInput


@dataclass(frozen=True)
class Protocol:
    """What is the same for all of a study. minutes: of training, for each run, of the `clock` ("wall" or "cpu").
    noises: colorings of a picture. seed: of the choice of pictures, the training and the noises. features: see
    `scores.features`."""

    minutes: float
    clock: str
    noises: int
    seed: int
    features: str


class Folder:
    """The study in the folder `path`; `about` is what study.json says."""

    def __init__(self, path):
        self.path = Path(path)
        self.about = {"protocol": None, "weights": {}, "sets": {}, "machines": [], "commands": []}
        if (self.path / "study.json").is_file():
            try:
                self.about |= json.loads((self.path / "study.json").read_text("utf-8"))
            except ValueError as error:
                raise BadInput(f"{path}: study.json cannot be read ({error}); name another folder") from error
        elif self.path.exists() and not (self.path.is_dir() and not any(self.path.iterdir())):
            raise BadInput(f"--out {path}: exists and is no study; name another folder")

    def add(self, protocol, weights, sets, machine, command):
        """Takes in what a command asks for, and writes study.json. BadInput if the study has another protocol, or
        other weights or pictures of these names.

        weights, sets: {name: what the page says of it}, told apart by their "sha256" and "digest".
        """
        there, here = self.about["protocol"] or asdict(protocol), asdict(protocol)
        differing = [
            f"{name} {there[name]} there, {value} asked" for name, value in here.items() if there[name] != value
        ]
        if differing:
            raise BadInput(
                f"--out {self.path}: a study of {'; '.join(differing)}; ask for the same or name another folder"
            )
        for kind, key, found in (("weights", "sha256", weights), ("sets", "digest", sets)):
            for name, one in found.items():
                if self.about[kind].get(name, one)[key] != one[key]:
                    raise BadInput(f"--out {self.path}: has other {kind} of the name {name}; name another folder")
            self.about[kind] |= found
        self.about["protocol"] = here
        for kind, one in (("machines", machine), ("commands", command)):
            self.about[kind] += [one] if one not in self.about[kind] else []
        self.path.mkdir(parents=True, exist_ok=True)
        with written_aside(self.path / "study.json") as aside:
            aside.write_text(json.dumps(self.about, indent=1) + "\n", "utf-8")

    # Where its parts lie --------------------------------------------------------------------------------------

    def run(self, faces, weights, count):
        """The run folder of the weights fine-tuned on `count` pictures of the set `faces`."""
        return self.path / "runs" / faces / weights / str(count)

    def scores(self, faces):
        """Where the scores of a set lie."""
        return self.path / "scores" / faces

    def place(self, faces, weights, count):
        """The path, without its suffix, of the score of weights fine-tuned on `count` pictures."""
        return self.scores(faces) / "weights" / weights / str(count)

    def baselines(self, faces):
        """([Score, ...], context) of the baselines of a set."""
        found = [results.load(path) for path in sorted((self.scores(faces) / "baselines").glob("*.json"))]
        return [score for score, _ in found], found[0][1]

    def states(self, faces):
        """{weights: {count: Score}} of what is scored of a set, in the order in which it was asked for."""
        found = {}
        for weights in self.about["weights"]:
            paths = (self.scores(faces) / "weights" / weights).glob("*.json")
            if by_count := {int(path.stem): results.load(path)[0] for path in paths}:
                found[weights] = dict(sorted(by_count.items()))
        return found


def name_of(path):
    """The name of weights or of a face set in files and on the page."""
    return re.sub(r"[^\w.+-]", "-", Path(path).resolve().name)


def save_arrays(path, **arrays):
    """Writes arrays as NPZ, whole or not at all."""
    with written_aside(path) as aside, open(aside, "wb") as file:
        np.savez_compressed(file, **arrays)


def load_arrays(path):
    """{name: array} of `save_arrays`."""
    with np.load(path, allow_pickle=False) as found:
        return dict(found)
