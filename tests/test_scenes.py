"""Scenes composed of face sets: who is in them, where, and that no split sees another's faces."""

import csv
import filecmp
import json
import shutil
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import data_prep
from anime_color.faces import Faces
from data_prep import BadInput, compose, scenes
from data_prep.__main__ import main
from data_prep.face_set import digest

SPLITS = ("train", "validation", "test")
SHADES = {"train": 40, "validation": 120, "test": 200}  # the red of what belongs to a split


def manifest(folder: Path) -> list[dict]:
    with open(folder / "manifest.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def rewritten(face_set: Path, out: Path, splits=None, labels=None, pixels=None, masks=None) -> Path:
    """A copy of the face set with other splits, labels, pixels or masks, each a list or an array over its faces."""
    shutil.copytree(face_set, out)
    rows = manifest(out)
    for index, row in enumerate(rows):
        row["split"] = splits[index] if splits else row["split"]
        row["label"] = labels[index] if labels else row["label"]
    with open(out / "manifest.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    for name, array in (("faces", pixels), ("masks", masks)):
        if array is not None:
            np.save(out / f"{name}.npy", array)
    return out


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """60 pictures without masks; flat, red by split and green by number; three labels; 40, 12 and 8 a split."""
    root = tmp_path_factory.mktemp("plain")
    for number in range(60):
        (root / "in" / str(number % 3)).mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (32, 32), (200, 4 * number, 30)).save(root / "in" / str(number % 3) / f"{number:02}.png")
    packed = data_prep.pack(root / "in", root / "packed", size=32, workers=1, progress=False)
    splits = [("train", "validation", "test")[(number % 20 > 12) + (number % 20 > 16)] for number in range(60)]
    pixels = np.zeros((60, 32, 32, 3), np.uint8)
    pixels[..., 0] = np.array([SHADES[split] for split in splits])[:, None, None]
    pixels[..., 1] = 4 * np.arange(60)[:, None, None]
    return rewritten(packed, root / "set", splits=splits, pixels=pixels)


@pytest.fixture(scope="module")
def disks(face_set, tmp_path_factory):
    """The drawn faces, each of which is a red disk of 20 pixels on green."""
    y, x = np.mgrid[:32, :32] - 15.5
    disk = x**2 + y**2 < 10**2
    pixels = np.where(disk[..., None], (220, 0, 0), (0, 255, 0)).astype(np.uint8)
    masks = np.repeat(2 * disk[None].astype(np.uint8), 60, axis=0)
    path = tmp_path_factory.mktemp("disks") / "set"
    return rewritten(face_set, path, pixels=np.repeat(pixels[None], 60, axis=0), masks=masks)


@pytest.fixture(scope="module")
def black(plain, tmp_path_factory):
    """Backgrounds: blue by split, without red and green."""
    pixels = np.zeros((60, 32, 32, 3), np.uint8)
    pixels[..., 2] = np.array([SHADES[row["split"]] for row in manifest(plain)])[:, None, None]
    return rewritten(plain, tmp_path_factory.mktemp("black") / "set", pixels=pixels)


def composed(faces, out: Path, count: int = 60, **options) -> tuple[np.ndarray, np.ndarray, list[dict]]:
    """Pixels, boxes and manifest of new scenes."""
    folder = compose(faces, out, count, progress=False, **{"size": 64} | options)
    return np.load(folder / "faces.npy"), np.load(folder / "boxes.npy"), manifest(folder)


def used(boxes: np.ndarray) -> list[tuple[int, int, int, int]]:
    return [tuple(box) for box in boxes.astype(int).tolist() if any(box)]


def uncovered(boxes: np.ndarray, size: int = 64) -> np.ndarray:
    """bool (size, size): what no box covers."""
    free = np.ones((size, size), bool)
    for x0, y0, x1, y1 in used(boxes):
        free[y0:y1, x0:x1] = False
    return free


def refusal(out: Path, faces, **options) -> str:
    with pytest.raises(BadInput) as refused:
        compose(faces, out, **{"count": 4, "progress": False} | options)
    assert not out.exists() and not list(out.parent.glob(f".{out.name}*"))
    return str(refused.value)


def test_scenes_are_a_face_set_with_boxes(plain, tmp_path):
    pixels, boxes, rows = composed(plain, tmp_path / "out")
    assert pixels.shape == (60, 64, 64, 3) and pixels.dtype == np.uint8
    assert boxes.shape == (60, 8, 4) and boxes.dtype == np.float32
    assert [row["index"] for row in rows] == [row["group"] for row in rows] == [str(k) for k in range(60)]
    assert {row["label"] for row in rows} == {"0"} and rows[7]["file"] == "scenes/000007.png"
    about = json.loads((tmp_path / "out" / "faceset.json").read_text())
    assert about["digest"] == digest(tmp_path / "out") and about["size"] == 64 and about["count"] == 60
    assert about["splits"] == {split: [row["split"] for row in rows].count(split) for split in SPLITS}
    assert (tmp_path / "out" / "left_out.csv").read_text() == "file,reason,detail\n"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        *("boxes.npy", "faces.npy", "faceset.json", "left_out.csv", "manifest.csv")
    }
    batch = Faces(tmp_path / "out", "test", batch_size=2)[0]
    assert batch["l"].shape == (2, 64, 64, 1)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_scenes(disks, black, tmp_path):
    one, again, other = (tmp_path / name for name in ("one", "again", "other"))
    for out, seed in ((one, 3), (again, 3), (other, 4)):
        composed(disks, out, 9, backgrounds=black, seed=seed)
    names = [path.name for path in one.iterdir()]
    assert filecmp.cmpfiles(one, again, names, shallow=False) == (names, [], [])
    assert not filecmp.cmp(one / "faces.npy", other / "faces.npy", shallow=False)


def test_more_scenes_begin_with_those_of_fewer(plain, tmp_path):
    few, many = (composed(plain, tmp_path / str(count), count) for count in (10, 30))
    assert (many[0][:10] == few[0]).all() and (many[1][:10] == few[1]).all()
    assert many[2][:10] == few[2]


def test_scenes_share_out_as_faces_do_and_each_split_has_one(plain, tmp_path):
    splits = [row["split"] for row in composed(plain, tmp_path / "many", 200, size=32)[2]]
    shares = {split: [row["split"] for row in manifest(plain)].count(split) / 60 for split in SPLITS}
    assert all(abs(splits.count(split) / 200 - share) < 0.01 for split, share in shares.items())
    assert {row["split"] for row in composed(plain, tmp_path / "few", 3)[2]} == set(SPLITS)


def test_a_scene_has_faces_and_a_background_of_its_own_split_alone(plain, black, tmp_path):
    pixels, boxes, rows = composed(plain, tmp_path / "out", backgrounds=black)
    splits = {4 * int(row["index"]): row["split"] for row in manifest(plain)}
    for scene, box, row in zip(pixels, boxes, rows, strict=True):
        shade = SHADES[row["split"]]
        free = uncovered(box)
        assert (scene[free] == (0, 0, shade)).all()
        assert (scene[~free][:, 0] == shade).all() and not scene[~free][:, 2].any()
        assert {splits[green] for green in np.unique(scene[~free][:, 1])} == {row["split"]}


def test_boxes_lie_inside_overlap_little_and_are_as_large_as_promised(plain, disks, tmp_path):
    for name, faces, size in (("plain", plain, 64), ("disks", disks, 96)):
        _, boxes, _ = composed(faces, tmp_path / name, 100, size=size)
        counts = [len(used(scene)) for scene in boxes]
        assert set(counts) == {2, 3} and 55 <= counts.count(2) <= 85
        for scene, count in zip(boxes, counts, strict=True):
            assert not scene[count:].any()
            low, high = {2: (0.4, 0.62), 3: (0.33, 0.45)}[count]
            for x0, y0, x1, y1 in used(scene):
                assert 0 <= x0 < x1 <= size and 0 <= y0 < y1 <= size
                assert low * size - 0.5 <= max(x1 - x0, y1 - y0) <= high * size + 0.5
            for one, other in combinations(used(scene), 2):
                width = min(one[2], other[2]) - max(one[0], other[0])
                height = min(one[3], other[3]) - max(one[1], other[1])
                smaller = min((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
                assert max(width, 0) * max(height, 0) <= 0.1 * smaller
        assert np.ptp([scene[0, 2] - scene[0, 0] for scene in boxes]) > 0.2 * size
        assert np.ptp([scene[0, 0] for scene in boxes]) > 0.4 * size


def test_a_square_covers_its_box(plain, black, tmp_path):
    pixels, boxes, _ = composed(plain, tmp_path / "out", 20, backgrounds=black)
    for scene, box in zip(pixels, boxes, strict=True):
        for x0, y0, x1, y1 in used(box)[-1:]:  # nothing lies on the last one
            assert len(np.unique(scene[y0:y1, x0:x1].reshape(-1, 3), axis=0)) == 1
        assert (scene[uncovered(box)][:, 0] == 0).all()


def test_a_cut_out_figure_fills_its_box_and_leaves_its_paper_behind(disks, black, tmp_path):
    pixels, boxes, _ = composed(disks, tmp_path / "out", 20, size=32, backgrounds=black)
    for scene, box in zip(pixels, boxes, strict=True):
        assert not scene[..., 1].any()  # no green paper, not even at soft edges
        assert not scene[uncovered(box, 32)][:, 0].any()
        x0, y0, x1, y1 = used(box)[-1]
        red = scene[y0:y1, x0:x1, 0].astype(int)
        assert red[0].any() and red[-1].any() and red[:, 0].any() and red[:, -1].any()
        side = x1 - x0
        assert side == y1 - y0 and (abs(red[side // 3 : -side // 3, side // 3 : -side // 3] - 220) <= 2).all()
        edge = (red > 0) & (red < 218)
        assert side < edge.sum() < 7 * side  # soft, and a pixel or two wide


def test_some_faces_are_mirrored(disks, black, tmp_path):
    pixels = np.load(disks / "faces.npy")
    pixels[:, :, :16, 0] = 110  # darker on the left
    halves = rewritten(disks, tmp_path / "halves", pixels=pixels)
    pixels, boxes, _ = composed(halves, tmp_path / "out", 60, backgrounds=black)
    darker_left = 0
    for scene, box in zip(pixels, boxes, strict=True):
        x0, y0, x1, y1 = used(box)[-1]
        left, right = np.array_split(scene[y0:y1, x0:x1, 0].astype(int), 2, axis=1)
        darker_left += left.mean() < right.mean()
    assert 15 <= darker_left <= 45


def faces_of(scene: np.ndarray, boxes: np.ndarray) -> list[int]:
    """The numbers of the flat faces in a scene."""
    return [int(np.median(scene[y0:y1, x0:x1, 1])) // 4 for x0, y0, x1, y1 in used(boxes)]


def test_faces_of_a_scene_have_different_labels(plain, tmp_path):
    labels = [row["label"] for row in manifest(plain)]
    assert len(set(labels)) == 3
    pixels, boxes, _ = composed(plain, tmp_path / "out")
    for scene, box in zip(pixels, boxes, strict=True):
        shown = [labels[number] for number in faces_of(scene, box)]
        assert len(set(shown)) == len(shown) >= 2
    assert len({number for pair in zip(pixels, boxes, strict=True) for number in faces_of(*pair)}) > 40


def test_of_one_label_the_faces_differ_and_of_two_no_scene_has_three(plain, tmp_path):
    one = rewritten(plain, tmp_path / "one", labels=[0] * 60)
    pixels, boxes, _ = composed(one, tmp_path / "of one", 30)
    shown = [faces_of(*pair) for pair in zip(pixels, boxes, strict=True)]
    assert {len(numbers) for numbers in shown} == {2, 3} == {len(set(numbers)) for numbers in shown}
    two = rewritten(plain, tmp_path / "two", labels=[k % 2 for k in range(60)])
    pixels, boxes, _ = composed(two, tmp_path / "of two", 30)
    for pair in zip(pixels, boxes, strict=True):
        assert sorted(number % 2 for number in faces_of(*pair)) == [0, 1]


def test_face_sets_of_different_sizes_are_mixed(plain, disks, tmp_path):
    larger = rewritten(plain, tmp_path / "larger", pixels=np.load(plain / "faces.npy").repeat(2, 1).repeat(2, 2))
    pixels, boxes, rows = composed([larger, disks], tmp_path / "out", 60)
    kinds = set()
    for scene, box in zip(pixels, boxes, strict=True):
        corners = [scene[y0, x0, 2] == 0 for x0, y0, x1, y1 in used(box)[-1:]]  # squares have blue 0 in the corner
        kinds.update(corners)
    assert kinds == {True, False}
    assert {row["source"] for row in rows} == {f"{manifest(plain)[0]['source']}+drawn:60"}


def test_papers_and_gradients_stand_in_for_missing_backgrounds(plain, black, tmp_path):
    few = [row["split"] if row["split"] != "test" else "train" for row in manifest(black)]
    few[:4] = ["test"] * 4
    backgrounds = rewritten(black, tmp_path / "few", splits=few)
    pixels, boxes, rows = composed(plain, tmp_path / "out", 100, backgrounds=backgrounds)
    for scene, box, row in zip(pixels, boxes, rows, strict=True):
        free = uncovered(box)
        assert ((scene[free] == 0)[:, 0].all()) == (row["split"] != "test")
    pixels, boxes, _ = composed(plain, tmp_path / "without", 60)
    plainly = 0
    for scene, box in zip(pixels, boxes, strict=True):
        free = uncovered(box)
        colors = [np.unique(line[empty], axis=0) for line, empty in zip(scene, free, strict=True) if empty.any()]
        assert {len(line) for line in colors} == {1}
        lines = np.concatenate(colors).astype(int)
        assert np.ptp(lines, axis=0).max() <= 40 and np.abs(np.diff(lines, axis=0)).max() <= 40
        plainly += np.ptp(lines, axis=0).max() == 0
        assert np.ptp(lines, axis=1).max() <= 140  # muted
    assert 18 <= plainly <= 42


def test_what_cannot_be_composed_is_refused(plain, disks, tmp_path):
    out = tmp_path / "out"
    for count in (0, -3, 1_000_001, True, 2.5):
        assert f"--scenes {count}: give a whole number from 1" in refusal(out, plain, count=count)
    assert "--size 60" in refusal(out, plain, size=60)
    assert "--seed -1" in refusal(out, plain, seed=-1)
    assert "no face set" in refusal(out, tmp_path / "nowhere")
    assert "no face set" in refusal(out, plain, backgrounds=tmp_path)
    assert "no face set" in refusal(out, [])
    lonely = [row["split"] for row in manifest(plain)]
    lonely = ["train" if split == "test" else split for split in lonely[:-1]] + ["test"]
    assert "its test split has 1 face" in refusal(out, rewritten(plain, tmp_path / "lonely", splits=lonely))
    damaged = rewritten(disks, tmp_path / "damaged", masks=np.zeros((60, 16, 16), np.uint8))
    assert "damaged" in refusal(out, damaged)
    (damaged / "masks.npy").write_bytes(b"no array")
    assert "damaged" in refusal(out, damaged)
    empty = rewritten(disks, tmp_path / "empty", masks=np.zeros((60, 32, 32), np.uint8))
    assert "empty mask" in refusal(out, empty)
    (empty / "faceset.json").write_text("{}")
    assert "damaged" in refusal(out, empty)


def test_a_folder_that_exists_is_left_alone(plain, tmp_path):
    with pytest.raises(BadInput, match="already exists"):
        compose(plain, plain, 3, progress=False)
    (tmp_path / "file").write_text("kept")
    assert "cannot be written" in refusal(tmp_path / "file" / "out", plain)
    assert (tmp_path / "file").read_text() == "kept"


@pytest.mark.parametrize("stop", [KeyboardInterrupt, RuntimeError])
def test_nothing_half_written_remains_when_composing_is_stopped(plain, tmp_path, monkeypatch, stop):
    left = [3]

    def interrupted(*given):
        left[0] -= 1
        if not left[0]:
            assert list(tmp_path.glob(".out*/faces.npy"))
            raise stop
        return drawn(*given)

    drawn = scenes._scene
    monkeypatch.setattr(scenes, "_scene", interrupted)
    with pytest.raises(stop):
        compose(plain, tmp_path / "out", 6, progress=False)
    assert not list(tmp_path.iterdir())


def test_the_command_composes_and_tells(plain, disks, black, tmp_path):
    options = ["--out", tmp_path / "out", "--scenes", 12, "--size", 64, "--seed", 5, "--backgrounds", black]
    line = [sys.executable, "-W", "error", "-m", "data_prep", *map(str, [plain, disks, *options])]
    done = subprocess.run(line, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert "12 scenes of 64 px" in done.stdout and not done.stderr
    composed([plain, disks], tmp_path / "same", 12, seed=5, backgrounds=black)
    assert filecmp.cmp(tmp_path / "out" / "faceset.json", tmp_path / "same" / "faceset.json", shallow=False)


def test_the_command_refuses_in_one_line(plain, black, tmp_path, capsys):
    for arguments, said in (
        ([plain, "--scenes", 3, "--detect"], "--detect"),
        ([plain, "--scenes", 3, "--white-background"], "--white-background"),
        ([plain, "--scenes", 3, "--workers", 0], "--workers"),
        ([plain, "--scenes", 0], "--scenes 0"),
        ([plain, plain], "2 given"),
        (["drawn:4", "--backgrounds", black], "add --scenes COUNT"),
        (["drawn:4", "--scenes", 3], "no face set"),
    ):
        assert main([*map(str, arguments), "--out", str(tmp_path / "out")]) == 2, arguments
        printed = capsys.readouterr()
        assert said in printed.err and len(printed.err.splitlines()) == 1 and not printed.out, printed
        assert not list(tmp_path.iterdir())
