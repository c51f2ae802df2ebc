"""Faces for the tests: drawn, tiny, packed once a session. And how TensorFlow computes in them."""

import gc

import keras
import pytest

import data_prep
from anime_color.scores import realism

gc.set_threshold(
    50_000, 20, 100
)  # networks are many small objects: looking through all of them takes a tenth of the time


@pytest.fixture(scope="session")
def face_set(tmp_path_factory):
    """60 drawn faces of 32 px in 3 characters' worth of groups."""
    return data_prep.pack("drawn:60", tmp_path_factory.mktemp("faces") / "set", size=32, workers=1, progress=False)


@pytest.fixture(scope="module")
def eagerly():
    """TensorFlow makes no graphs: to make those of a recipe takes longer than twenty of its tiny steps.
    `tests/backends` trains every recipe with graphs."""
    if keras.backend.backend() != "tensorflow":
        yield
        return
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(scope="module")
def short_classifier():
    """The two-sample classifier of the scores takes 40 steps and not 300; its own tests are in test_scores_realism."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(realism, "CLASSIFIER_STEPS", 40)
        yield
