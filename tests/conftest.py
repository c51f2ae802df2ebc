"""Faces for the tests: drawn, tiny, packed once a session. And how TensorFlow computes in them."""

import gc

import keras
import numpy as np
import pytest

import data_prep
from anime_color.scores import realism, scoring

# networks are many small objects: looking through all of them as often as Python does takes a tenth of the time
gc.set_threshold(50_000, 20, 100)


@pytest.fixture(scope="session")
def face_set(tmp_path_factory):
    """60 drawn faces of 32 px in 3 characters' worth of groups."""
    return data_prep.pack("drawn:60", tmp_path_factory.mktemp("faces") / "set", size=32, workers=1, progress=False)


def run_eagerly(wanted):
    """Whether TensorFlow does without graphs: to make those of a recipe takes longer than twenty of its tiny steps.
    `tests/backends` trains every recipe with graphs."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        tf.config.run_functions_eagerly(wanted)


@pytest.fixture(scope="module")
def eagerly():
    run_eagerly(True)
    yield
    run_eagerly(False)


@pytest.fixture(scope="module")
def quick_scores():
    """Scores without what takes longest of a few small faces: the two-sample classifier is right without any training,
    and the Frechet distance has 20 redrawings. test_scoring and test_scores_realism have both."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(realism, "two_sample", lambda real, fake, *unseen: np.ones(sum(map(len, unseen)), bool))
        patch.setattr(scoring, "FRECHET_REPLICATES", 20)
        yield
