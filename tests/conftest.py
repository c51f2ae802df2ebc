"""Faces for the tests: drawn, tiny, packed once a session."""

import pytest

import data_prep


@pytest.fixture(scope="session")
def face_set(tmp_path_factory):
    """60 drawn faces of 32 px in 3 characters' worth of groups."""
    return data_prep.pack("drawn:60", tmp_path_factory.mktemp("faces") / "set", size=32, workers=1, progress=False)
