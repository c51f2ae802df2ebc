"""Faces: batches that are pure functions of their number, read from memory-mapped arrays."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from anime_color import color, fields
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


def test_unseen_are_validation_and_test(face_set):
    validation, test, unseen = (Faces(face_set, split) for split in ("validation", "test", "unseen"))
    assert sorted(unseen.rows) == sorted([*validation.rows, *test.rows])


def test_a_few_pictures_are_drawn_by_the_seed_and_are_among_more_of_them(face_set):
    whole, some, few = (Faces(face_set, "all", batch_size=2, seed=3, most=most) for most in (None, 12, 5))
    assert set(few.rows) < set(some.rows) < set(whole.rows) and (few.count, some.count) == (5, 12)
    drawn = sorted(np.random.default_rng(3).permutation(60)[:5])
    assert few.rows.tolist() == drawn and len(few) == 3
    assert (few.rgb(range(5)) == whole.rgb(drawn)).all() and (few.labels == whole.labels[drawn]).all()
    said = whole.digest + "".join(f"0:{row} " for row in drawn)
    assert few.digest == hashlib.sha256(said.encode()).hexdigest() == few.again(size=16).digest
    assert len({faces.digest for faces in (whole, some, few, Faces(face_set, "all", seed=4, most=5))}) == 4
    more = Faces(face_set, "all", seed=3, most=100)
    assert (more.digest, more.count) == (whole.digest, 60)
    with pytest.raises(BadInput, match="most=0: needed is at least 1"):
        Faces(face_set, most=0)


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


# Fields -----------------------------------------------------------------------------------------------------

RANDOM = {"lines": fields.lines, "hints": fields.hints(4), "draw": lambda sample: sample.random.random()}


def alike(one, other):
    return {name: bool((one[name] == other[name]).all()) for name in one}


def test_a_batch_holds_the_fields_that_are_asked_for(face_set):
    said = {
        "mean": lambda sample: sample.rgb.mean((0, 1)),
        "whose": lambda sample: sample.label,
        "lab": lambda sample: sample.lab,
    }
    faces = Faces(face_set, batch_size=8, shuffle=False, fields=said)
    batch, usual = faces[0], Faces(face_set, batch_size=8, shuffle=False)[0]
    assert list(batch) == ["mean", "whose", "lab"]
    assert batch["mean"] == pytest.approx(faces.rgb(range(8)).mean((1, 2)))
    assert (batch["whose"] == usual["label"]).all()
    assert (batch["lab"] == np.concatenate([usual["l"], usual["ab"]], -1)).all()  # mirrored where they are


def test_line_fields_follow_the_contract(face_set):
    batch = Faces(face_set, batch_size=8, fields={**fields.COLORS, **RANDOM})[0]
    assert batch["lines"].shape == (8, 32, 32, 1) and batch["lines"].dtype == np.float32
    assert 0 <= batch["lines"].min() < 0.5 < batch["lines"].mean() and batch["lines"].max() == 1
    assert batch["hints"].shape == (8, 8, 8, 3) and batch["hints"].dtype == np.float32
    assert set(np.unique(batch["hints"][..., 2] >= 0.5)) == {False, True}


def test_random_fields_depend_on_seed_pass_and_face_alone(face_set):
    options = {"split": "all", "batch_size": 20, "fields": RANDOM}
    one, other = (Faces(face_set, seed=3, **options) for _ in range(2))
    other[1], other[5]  # what was asked for before does not matter
    assert all(alike(one[4], other[4]).values())
    assert not any(alike(one[0], Faces(face_set, seed=4, **options)[0]).values())
    still = [Faces(face_set, seed=3, shuffle=False, flips=False, **options)[i] for i in (0, 3)]  # the same faces
    assert len(np.unique(still[0]["draw"])) == 20
    assert not any(alike(*still).values())
    regrouped = Faces(face_set, seed=3, shuffle=False, flips=False, **options | {"batch_size": 7})[1]
    assert all((regrouped[name] == still[0][name][7:14]).all() for name in RANDOM)


def test_a_resumed_run_sees_the_same_random_fields(face_set):
    faces = Faces(face_set, split="all", batch_size=20, fields=RANDOM)
    for k in (0, 2, 3, 7):
        resumed = Faces(face_set, split="all", batch_size=20, fields=RANDOM).after(k)
        assert all(alike(resumed[0], faces[k]).values()) and all(alike(resumed[2], faces[k + 2]).values())


def test_again_changes_what_is_said_and_keeps_the_rest(face_set):
    faces = Faces(face_set, "all", 20, lightness="luma", flips=False, seed=7, fields=RANDOM)
    small = faces.again(size=16, fields=fields.COLORS)
    assert small.size == 16 and list(small[0]) == ["l", "ab", "label"]
    kept = ("split", "batch_size", "lightness", "flips", "shuffle", "seed", "digest", "count")
    assert [getattr(small, name) for name in kept] == [getattr(faces, name) for name in kept]
    assert (small.rgb([4])[0] == Faces(face_set, "all", size=16).rgb([4])[0]).all()
    expected = Faces(face_set, "all", 20, size=16, lightness="luma", flips=False, seed=7)[4]
    assert all(alike(small[4], expected).values())
    assert faces.size == 32 and list(faces[0]) == list(RANDOM)  # the first is as it was
    assert all(alike(small.again(size=None, fields=RANDOM)[1], faces[1]).values())
    with pytest.raises(BadInput, match="batch_size=0"):
        faces.again(batch_size=0)


def test_further_sets_are_drawn_from_and_enter_the_digest(face_set, tmp_path):
    import data_prep

    folder = data_prep.pack("drawn:20", tmp_path / "further", size=64, workers=1, progress=False, seed=900)
    further = Faces(folder, split="all")
    asked = {"own": lambda sample: color.scale_rgb(sample.rgb), "other": fields.another("further", 24)}
    faces = Faces(face_set, split="all", batch_size=30, fields=asked, others={"further": further})
    alone = Faces(face_set, split="all")
    assert len({faces.digest, alone.digest, further.digest}) == 3
    assert faces.digest == faces.again(size=16).digest
    batch = faces[0]
    assert batch["own"].shape == (30, 32, 32, 3) and batch["other"].shape == (30, 24, 24, 3)
    parts = np.lib.stride_tricks.sliding_window_view(further.rgb(range(20)), (24, 24), (1, 2))
    for part in color.unscale_rgb(batch["other"][:5]):
        corner = (parts[..., 0, 0] == part[0, 0]).all(-1) | (parts[..., 0, 0] == part[0, -1]).all(-1)
        found = np.moveaxis(parts[corner], 1, -1)
        assert ((found == part) | (found == part[:, ::-1])).all((1, 2, 3)).any()
