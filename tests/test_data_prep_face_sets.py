"""From a folder, zip or the built-in drawings to a face set on disk."""

import csv
import filecmp
import hashlib
import io
import json
import os
import subprocess
import sys
import types
import zipfile
from pathlib import Path

import joblib
import numpy as np
import pytest
from PIL import Image

import data_prep
from data_prep import BadInput, pack
from data_prep.face_set import digest, summary


def scene(seed: int, side: int = 48) -> Image.Image:
    """A colored picture of a few large shapes, unlike that of any other seed."""
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), np.uint8))
    return coarse.resize((side, side), Image.Resampling.BICUBIC)


def folder_of(path: Path, count: int, start: int = 0) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    for number in range(start, start + count):
        scene(number).save(path / f"{number:03}.png")
    return path


def packed(source, out: Path, size: int = 32, **options) -> Path:
    return pack(source, out, size, workers=options.pop("workers", 1), progress=False, **options)


def manifest(face_set: Path) -> list[dict]:
    with open(face_set / "manifest.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def left_out(face_set: Path) -> dict[str, str]:
    with open(face_set / "left_out.csv", encoding="utf-8", newline="") as file:
        return {row["file"]: row["reason"] for row in csv.DictReader(file)}


def refusal(source, out: Path, **options) -> str:
    with pytest.raises(BadInput) as refused:
        packed(source, out, **options)
    assert not out.exists() and not list(out.parent.glob(f".{out.name}*"))
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_a_folder_becomes_a_face_set(tmp_path):
    for character in ("b", "a/inner"):
        folder_of(tmp_path / "in" / character, 2, start=len(character) * 10)
    Image.new("RGB", (40, 40), "teal").save(tmp_path / "in" / "top.bmp")
    face_set = packed(tmp_path / "in", tmp_path / "out")
    faces = np.load(face_set / "faces.npy", mmap_mode="r")
    rows = manifest(face_set)
    about = json.loads((face_set / "faceset.json").read_text(encoding="utf-8"))
    assert faces.shape == (5, 32, 32, 3) and faces.dtype == np.uint8
    assert (faces[4] == (0, 128, 128)).all()
    assert list(rows[0]) == ["index", "file", "sha256", "group", "split", "label", "source"]
    assert [row["file"] for row in rows] == ["a/inner/070.png", "a/inner/071.png", "b/010.png", "b/011.png", "top.bmp"]
    assert [row["index"] for row in rows] == list("01234")
    assert about["labels"] == ["", "a/inner", "b"] and [row["label"] for row in rows] == list("11220")
    assert {row["source"] for row in rows} == {"in"}
    assert rows[4]["sha256"] == hashlib.sha256((tmp_path / "in" / "top.bmp").read_bytes()).hexdigest()
    assert about["count"] == 5 and about["size"] == 32 and sum(about["splits"].values()) == 5
    content = (face_set / "faces.npy").read_bytes() + (face_set / "manifest.csv").read_bytes()
    assert about["digest"] == hashlib.sha256(content).hexdigest() == digest(face_set)
    assert sorted(path.name for path in face_set.iterdir()) == [
        "faces.npy",
        "faceset.json",
        "left_out.csv",
        "manifest.csv",
    ]


def test_a_zip_gives_the_same_faces_as_its_folder_and_unpacks_nothing(tmp_path):
    folder = folder_of(tmp_path / "in", 3)
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.iterdir()):
            archive.write(path, path.name)
    from_folder, from_zip = packed(folder, tmp_path / "a"), packed(tmp_path / "in.zip", tmp_path / "b")
    assert filecmp.cmp(from_folder / "faces.npy", from_zip / "faces.npy", shallow=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b", "in", "in.zip"]


def test_any_number_of_workers_gives_the_same_bytes(tmp_path):
    folder_of(tmp_path / "in", 24)
    (tmp_path / "in" / "zz.jpg").write_text("no picture")
    one, two = (packed(tmp_path / "in", tmp_path / str(workers), workers=workers) for workers in (1, 2))
    names = [path.name for path in one.iterdir()]
    assert filecmp.cmpfiles(one, two, names, shallow=False) == (names, [], [])


def test_a_user_can_send_the_work_to_another_backend(tmp_path):
    folder_of(tmp_path / "in", 8)
    with joblib.parallel_config(backend="threading"):
        elsewhere = packed(tmp_path / "in", tmp_path / "threads", workers=2)
    here = packed(tmp_path / "in", tmp_path / "here")
    assert filecmp.cmp(elsewhere / "faces.npy", here / "faces.npy", shallow=False)


def test_the_center_is_cropped_or_the_whole_padded_with_white(tmp_path):
    wide = np.zeros((40, 80, 3), np.uint8)
    wide[:, :20], wide[:, 20:60], wide[:, 60:] = (0, 0, 200), (200, 0, 0), (0, 0, 200)
    (tmp_path / "in").mkdir()
    Image.fromarray(wide).save(tmp_path / "in" / "wide.png")
    cropped = np.load(packed(tmp_path / "in", tmp_path / "crop") / "faces.npy")[0]
    assert (cropped == (200, 0, 0)).all()
    padded = np.load(packed(tmp_path / "in", tmp_path / "pad", pad=True) / "faces.npy")[0]
    assert padded[:6].min() >= 250 and padded[-6:].min() >= 250
    assert np.abs(padded[12:20, 2:6].astype(int) - (0, 0, 200)).max() <= 6
    assert np.abs(padded[12:20, 12:20].astype(int) - (200, 0, 0)).max() <= 6


def test_reduction_is_antialiased(tmp_path):
    stripes = np.zeros((320, 320, 3), np.uint8)
    stripes[:, ::2] = (255, 200, 100)
    (tmp_path / "in").mkdir()
    Image.fromarray(stripes).save(tmp_path / "in" / "stripes.png")
    face = np.load(packed(tmp_path / "in", tmp_path / "out") / "faces.npy")[0]
    assert np.abs(face.astype(int) - (128, 100, 50)).max() <= 6


def test_what_cannot_teach_color_is_left_out_and_counted(tmp_path):
    folder = folder_of(tmp_path / "in", 3)
    scene(7).convert("L").save(folder / "gray.png")
    scene(8).convert("L").convert("RGB").save(folder / "gray.jpg", quality=60)
    scene(9).resize((48, 8)).save(folder / "strip.png")
    (folder / "twin.png").write_bytes((folder / "001.png").read_bytes())
    (folder / "color.csv").write_text("tag")
    (folder / ".hidden.png").write_text("not looked at")
    scene(10).convert("RGBA").save(folder / "no suffix", "PNG")
    face_set = packed(folder, tmp_path / "out")
    expected = {
        "gray.png": "gray",
        "gray.jpg": "gray",
        "strip.png": "too small",
        "twin.png": "duplicate",
        "color.csv": "other file",
        ".hidden.png": "hidden file",
    }
    assert left_out(face_set) == expected
    assert [row["file"] for row in manifest(face_set)] == ["000.png", "001.png", "002.png", "no suffix"]
    about = json.loads((face_set / "faceset.json").read_text())
    assert about["left_out"]["gray"] == 2 and about["left_out"]["duplicate"] == 1
    assert "2 gray (gray.jpg, gray.png)" in summary(face_set)


def test_only_faces_on_white_when_asked(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for name, background in (("white.png", (250, 250, 250)), ("blue.png", (120, 160, 250))):
        picture = Image.new("RGB", (64, 64), background)
        picture.paste((200, 40, 40), (16, 16, 48, 64))  # touches the lower border, as shoulders do
        picture.save(folder / name)
    assert [row["file"] for row in manifest(packed(folder, tmp_path / "out", white_background=True))] == ["white.png"]
    padded = packed(folder, tmp_path / "padded", white_background=True, pad=True)
    assert left_out(padded) == {"blue.png": "not white"}


def test_odd_file_names_survive(tmp_path):
    names = [
        "顔.png",
        "é.png",
        "e\u0301.png",
        "a\nb.png",
        '"q", x.png',
        " -x.png",
        "A.png",
        "a.png",
        "n" * 251 + ".png",
    ]
    (tmp_path / "in").mkdir()
    for number, name in enumerate(names):
        scene(number).save(tmp_path / "in" / name)
    with open(os.fsencode(tmp_path / "in") + b"/\xff.png", "wb") as file:
        scene(99).save(file, "PNG")
    face_set = packed(tmp_path / "in", tmp_path / "出力")
    assert {row["file"] for row in manifest(face_set)} == {*names, "\\xff.png"}


def test_links_are_not_followed(tmp_path):
    folder = folder_of(tmp_path / "in", 2)
    scene(5).save(tmp_path / "outside.png")
    (folder / "loop").symlink_to(folder)
    (folder / "again.png").symlink_to(folder / "000.png")
    (folder / "outside.png").symlink_to(tmp_path / "outside.png")
    (folder / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    face_set = packed(folder, tmp_path / "out")
    assert [row["file"] for row in manifest(face_set)] == ["000.png", "001.png"]
    assert set(left_out(face_set).values()) == {"link"} and len(left_out(face_set)) == 4


def test_one_bad_file_in_many_is_named_and_more_than_5_percent_stop(tmp_path):
    folder = folder_of(tmp_path / "in", 19)
    os.mkfifo(folder / "x pipe.png")
    assert left_out(packed(folder, tmp_path / "one")) == {"x pipe.png": "not a regular file"}  # 1 of 20
    (folder / "a bad.png").write_bytes((folder / "000.png").read_bytes()[:99])
    said = refusal(folder, tmp_path / "two")
    assert "2 of 21" in said and "a bad.png (truncated)" in said and "--allow-bad" in said
    assert len(manifest(packed(folder, tmp_path / "two", allow_bad=True))) == 19


def test_sources_without_a_face_are_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    assert "no pictures" in refusal(tmp_path / "empty", tmp_path / "out")
    (tmp_path / "empty" / "readme.txt").touch()
    assert "1 other file" in refusal(tmp_path / "empty", tmp_path / "out")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "a.png").write_text("x")
    assert "1 of 1 files are broken" in refusal(tmp_path / "bad", tmp_path / "out")
    assert "1 not a picture" in refusal(tmp_path / "bad", tmp_path / "out", allow_bad=True)
    assert "no such folder or zip" in refusal(tmp_path / "nowhere", tmp_path / "out")
    assert "no such folder or zip" in refusal("", tmp_path / "out")
    assert "kaggle:OWNER/DATASET" in refusal("kaggle:owner", tmp_path / "out")


@pytest.mark.parametrize("name", ["../evil.png", "/evil.png", "a/../../evil.png", "C:\\evil.png", "..\\evil.png"])
def test_a_zip_with_unsafe_names_is_refused_whole(tmp_path, name):
    with zipfile.ZipFile(tmp_path / "in.zip", "w") as archive:
        archive.writestr("fine.png", b"")
        archive.writestr(name, b"")
    assert "unsafe" in refusal(tmp_path / "in.zip", tmp_path / "out")


def test_broken_encrypted_and_linking_zips_are_refused(tmp_path):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.png", os.urandom(500))
    whole = file.getvalue()
    path = tmp_path / "in.zip"
    path.write_bytes(whole[:300])
    assert "300 bytes" in refusal(path, tmp_path / "out")
    encrypted = bytearray(whole)
    for signature, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        encrypted[whole.index(signature) + offset] |= 1
    path.write_bytes(encrypted)
    assert "encrypted" in refusal(path, tmp_path / "out")
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("a.png")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/hostname")
    assert "link" in refusal(path, tmp_path / "out")


def test_a_zip_of_too_much_is_refused_by_what_it_declares(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "in.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(10_000))
        archive.writestr("b.png", bytes(10_000))
    with monkeypatch.context() as caps:
        caps.setattr(data_prep.sources, "MAX_ARCHIVE_BYTES", 19_999)
        assert "20,000 bytes" in refusal(tmp_path / "in.zip", tmp_path / "out")
    monkeypatch.setattr(data_prep.sources, "MAX_MEMBERS", 1)
    assert "2 members" in refusal(tmp_path / "in.zip", tmp_path / "out")


def test_a_damaged_member_is_left_out(tmp_path):
    path = tmp_path / "in.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(20):
            archive.writestr(f"{number:02}.png", _png(scene(number)))
    content = bytearray(path.read_bytes())
    content[content.index(b"IDAT") + 20] ^= 255
    path.write_bytes(content)
    assert left_out(packed(path, tmp_path / "out")) == {"00.png": "unreadable"}


def _png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_near_duplicates_share_a_group_and_no_group_is_in_two_splits(tmp_path):
    folder = folder_of(tmp_path / "in", 60)
    for number in range(10):
        scene(number).save(folder / f"{number:03} again.jpg", quality=80)
        scene(number).resize((40, 40)).save(folder / f"{number:03} small.png")
    rows = manifest(packed(folder, tmp_path / "out"))
    group = {row["file"]: row["group"] for row in rows}
    for number in range(10):
        assert group[f"{number:03}.png"] == group[f"{number:03} again.jpg"] == group[f"{number:03} small.png"]
    assert len(set(group.values())) == 60
    split_of = {}
    for row in rows:
        assert split_of.setdefault(row["group"], row["split"]) == row["split"]
    assert set(split_of.values()) == {"train", "validation", "test"}


def test_flat_pictures_of_different_colors_are_no_duplicates(tmp_path):
    (tmp_path / "in").mkdir()
    for color in ("red", "green", "blue"):
        Image.new("RGB", (32, 32), color).save(tmp_path / "in" / f"{color}.png")
    assert {row["group"] for row in manifest(packed(tmp_path / "in", tmp_path / "out"))} == set("012")


def test_the_split_stays_when_pictures_are_added(tmp_path):
    folder = folder_of(tmp_path / "in", 150)
    before = {row["file"]: row["split"] for row in manifest(packed(folder, tmp_path / "before"))}
    folder_of(folder, 50, start=150)
    after = {row["file"]: row["split"] for row in manifest(packed(folder, tmp_path / "after"))}
    assert before == {name: after[name] for name in before}
    assert 120 <= list(before.values()).count("train") <= 146


def test_three_faces_are_enough_for_three_splits(tmp_path):
    rows = manifest(packed(folder_of(tmp_path / "in", 3), tmp_path / "out"))
    assert {row["split"] for row in rows} == {"train", "validation", "test"}


def test_an_existing_face_set_and_bad_settings_are_refused(tmp_path):
    folder = folder_of(tmp_path / "in", 1)
    face_set = packed(folder, tmp_path / "out")
    written = (face_set / "faceset.json").read_bytes()
    with pytest.raises(BadInput, match="already exists"):
        packed(folder, face_set)
    assert (face_set / "faceset.json").read_bytes() == written
    for size in (0, 31, 100, 1056, -32):
        assert f"--size {size}" in refusal(folder, tmp_path / "other", size=size)
    assert "--workers 0" in refusal(folder, tmp_path / "other", workers=0)
    assert "cannot be written" in refusal(folder, folder / "000.png" / "out")


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_nothing_half_written_remains_when_packing_is_stopped(tmp_path, monkeypatch, stop):
    folder = folder_of(tmp_path / "in", 6)
    seen = []

    def interrupted(reference, options):
        seen.append(reference.name)
        if len(seen) == 4:
            assert list(tmp_path.glob(".out*/faces.npy"))
            raise stop
        return prepare(reference, options)

    prepare = data_prep.face_set.prepare
    monkeypatch.setattr(data_prep.face_set, "prepare", interrupted)
    with pytest.raises(stop):
        packed(folder, tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_drawn_faces_come_with_masks_boxes_and_lines(tmp_path):
    face_set = packed("drawn:21", tmp_path / "out", seed=20)
    arrays = {name: np.load(face_set / f"{name}.npy") for name in ("faces", "masks", "boxes", "lines")}
    assert {name: (array.shape, str(array.dtype)) for name, array in arrays.items()} == {
        "faces": ((21, 32, 32, 3), "uint8"),
        "masks": ((21, 32, 32), "uint8"),
        "boxes": ((21, 8, 4), "float32"),
        "lines": ((21, 32, 32), "uint8"),
    }
    rows = manifest(face_set)
    assert rows[0]["file"] == "drawn/000000.png" and rows[0]["source"] == "drawn:21"
    assert rows[0]["sha256"] == hashlib.sha256(arrays["faces"][0].tobytes()).hexdigest()
    assert [row["label"] for row in rows] == ["0"] * 20 + ["1"]
    assert [row["group"] for row in rows] == [row["label"] for row in rows]
    again = packed("drawn:21", tmp_path / "again", seed=20)
    assert (again / "faceset.json").read_bytes() == (face_set / "faceset.json").read_bytes()
    assert not np.array_equal(np.load(packed("drawn:1", tmp_path / "other") / "faces.npy")[0], arrays["faces"][0])


@pytest.mark.parametrize("count", ["", "0", "-1", "ten", "1.5", "1000001", "²"])
def test_a_count_of_drawn_faces_is_a_whole_number(tmp_path, count):
    assert "drawn:COUNT" in refusal(f"drawn:{count}", tmp_path / "out")


def test_a_kaggle_data_set_is_fetched_by_kagglehub(tmp_path, monkeypatch):
    folder = folder_of(tmp_path / "mounted", 2)

    def dataset_download(handle, path=None):
        if path and path.endswith(".zip"):
            raise ValueError(f"{path!r} is not\npresent")
        assert (handle, path) in (("owner/faces", None), ("owner/faces", "sub/part"))
        return str(folder)

    kagglehub = types.SimpleNamespace(dataset_download=dataset_download)
    monkeypatch.setitem(sys.modules, "kagglehub", kagglehub)
    whole = packed("kaggle:owner/faces", tmp_path / "whole")
    assert len(manifest(whole)) == 2 and manifest(whole)[0]["source"] == "kaggle:owner/faces"
    # in Kaggle's own notebooks a zip is mounted unpacked
    assert len(manifest(packed("kaggle:owner/faces/sub/part.zip", tmp_path / "part"))) == 2
    kagglehub.dataset_download = lambda handle, path=None: 1 / 0
    assert "division by zero" in refusal("kaggle:owner/faces/part.zip", tmp_path / "out")


def command(*arguments: str) -> subprocess.CompletedProcess:
    line = [sys.executable, "-W", "error", "-m", "data_prep", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, timeout=120)


def test_the_command_packs_and_tells(tmp_path):
    folder = folder_of(tmp_path / "in", 4)
    scene(8).convert("L").save(folder / "gray.png")
    done = command(folder, "--out", tmp_path / "out", "--size", 32, "--workers", 1)
    assert done.returncode == 0, done.stderr
    assert "4 faces of 32 px" in done.stdout and "1 gray (gray.png)" in done.stdout and not done.stderr


def test_the_command_refuses_in_one_line(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a\nb.png").write_text("x")
    for arguments in (
        [tmp_path / "in", "--out", tmp_path / "out", "--workers", 1],
        [tmp_path / "in", "--out", tmp_path / "out", "--size", "big"],
        [tmp_path / "in"],
    ):
        refused = command(*arguments)
        assert refused.returncode == 2 and not refused.stdout
        assert len(refused.stderr.splitlines()) == 1 and "Traceback" not in refused.stderr, refused.stderr
        assert not (tmp_path / "out").exists()
