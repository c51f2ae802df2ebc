"""Faces: batches that are pure functions of their number, read from memory-mapped arrays."""

import json
import shutil

import numpy as np
import pytest

from anime_color import color
from anime_color.faces import Faces
from data_prep.errors import BadInput


def test_batch_follows_the_contract(face_set):
    faces = Faces(face_set, batch_size=8)
    batch = faces[0]
    assert {name: (values.shape, values.dtype.name) for name, values in batch.items()} == {
        "l": ((8, 32, 32, 1), "float32"),
        "ab": ((8, 32, 32, 2), "float32"),
        "label": ((8,), "int32"),
    }
    assert np.abs(batch["l"]).max() <= 1.0001 and np.abs(batch["ab"]).max() <= 0.981


def test_a_pass_shows_every_face_once_and_keeps_the_short_last_batch(face_set):
    faces = Faces(face_set, split="all", batch_size=7, flips=False)
    assert faces.count == 60 and len(faces) == 9
    batches = [faces[i] for i in range(9)]
    assert [len(b["l"]) for b in batches] == [7] * 8 + [4]
    seen = {b["l"][i].tobytes() for b in batches for i in range(len(b["l"]))}
    stored = color.rgb_to_lab(faces.rgb(range(60)))[..., :1]
    assert seen == {face.tobytes() for face in stored}


def test_batches_are_pure_functions_of_their_number(face_set):
    one, other = Faces(face_set, batch_size=7, seed=5), Faces(face_set, batch_size=7, seed=5)
    late = one[len(one) + 2]
    assert (other[len(one) + 2]["l"] == late["l"]).all()
    stream = other.after(len(one))
    assert (stream[2]["l"] == late["l"]).all()
    assert (one[2]["l"] != late["l"]).any()  # another pass, another order
    assert (Faces(face_set, batch_size=7, seed=6)[0]["l"] != one[0]["l"]).any()


def test_flips_mirror_about_half_of_the_faces(face_set):
    plain = Faces(face_set, split="all", batch_size=60, shuffle=False, flips=False)[0]
    mixed = Faces(face_set, split="all", batch_size=60, shuffle=False)[0]
    as_it_was = (mixed["l"] == plain["l"]).all((1, 2, 3))
    mirrored = (mixed["ab"] == plain["ab"][:, :, ::-1]).all((1, 2, 3))
    assert (as_it_was | mirrored).all()
    assert 15 < mirrored.sum() < 45


def test_splits_share_no_face(face_set):
    rows = {split: set(Faces(face_set, split).rows) for split in ("train", "all")}
    assert rows["train"] < rows["all"] or rows["train"] == rows["all"]
    description = json.loads((face_set / "faceset.json").read_text())
    for split, count in description["splits"].items():
        if count:
            assert Faces(face_set, split).count == count


def test_the_set_is_not_loaded(face_set):
    assert isinstance(Faces(face_set).pixels[0], np.memmap)


def test_luma_changes_lightness_only(face_set):
    lab, luma = (Faces(face_set, lightness=kind)[0] for kind in ("lab", "luma"))
    assert (lab["ab"] == luma["ab"]).all()
    assert (luma["l"] <= lab["l"] + 1e-4).all() and (luma["l"] < lab["l"] - 0.05).any()


def test_smaller_size_averages_blocks(tmp_path):
    import data_prep

    folder = data_prep.pack("drawn:20", tmp_path / "set", size=64, workers=1, progress=False)
    half = Faces(folder, split="all", size=32).rgb([3])[0]
    full = Faces(folder, split="all").rgb([3])[0]
    assert half.shape == (32, 32, 3)
    assert half[5, 7] == pytest.approx(full[10:12, 14:16].mean((0, 1)), abs=0.5)
    with pytest.raises(BadInput, match="64 px cannot be averaged to size=48"):
        Faces(folder, size=48)


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: shutil.rmtree(folder), "no face set"),
        (lambda folder: (folder / "faceset.json").write_text("{"), "damaged"),
        (lambda folder: (folder / "faces.npy").write_bytes(b"x"), "damaged"),
        (lambda folder: (folder / "manifest.csv").write_text("index,split\n0,train\n"), "damaged"),
    ],
)
def test_damaged_sets_are_refused(face_set, tmp_path, damage, said):
    folder = shutil.copytree(face_set, tmp_path / "copy")
    damage(folder)
    with pytest.raises(BadInput, match=said):
        Faces(folder)


def test_senseless_arguments_are_refused(face_set):
    with pytest.raises(BadInput, match="split='dev'"):
        Faces(face_set, split="dev")
    with pytest.raises(BadInput, match="batch_size=0"):
        Faces(face_set, batch_size=0)


def test_several_sets_are_mixed(face_set, tmp_path):
    import data_prep

    other = data_prep.pack("drawn:40", tmp_path / "other", size=64, workers=1, progress=False, seed=900)
    alone = [Faces(folder, split="all", size=32) for folder in (face_set, other)]
    mixed = Faces([face_set, other], split="all", size=32, batch_size=100, flips=False, shuffle=False)
    assert mixed.count == 100 and mixed.folder == face_set
    assert (mixed.rgb(range(60)) == alone[0].rgb(range(60))).all()
    assert (mixed.rgb(range(60, 100)) == alone[1].rgb(range(40))).all()
    assert len(set(mixed.labels)) == sum(len(set(one.labels)) for one in alone)
    assert len({mixed.digest, alone[0].digest, alone[1].digest}) == 3
