"""Finding faces: the crops around boxes, the cascades that are taken, the download that is checked."""

import csv
import hashlib
import io
import json

import numpy as np
import pytest
from PIL import Image

from data_prep import BadInput, detection, pack

# One stage that every window passes: its threshold is below whatever its single stump can say.
LBP = """<?xml version="1.0"?>
<opencv_storage><cascade><stageType>BOOST</stageType><featureType>{kind}</featureType>
<height>24</height><width>24</width><stageNum>1</stageNum>
<stages><_><maxWeakCount>1</maxWeakCount><stageThreshold>-9.</stageThreshold><weakClassifiers><_>
<internalNodes>0 -1 0 -1 -1 -1 -1 -1 -1 -1 -1</internalNodes>
<leafValues>1. 1.</leafValues></_></weakClassifiers></_></stages>
<features><_><rect>0 0 8 8</rect></_></features></cascade></opencv_storage>
"""


def picture() -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.asarray(Image.fromarray(rng.integers(0, 256, (8, 12, 3), np.uint8)).resize((120, 80)))


def test_a_picture_gives_one_face_for_each_box(tmp_path, monkeypatch):
    rgb = picture()
    (tmp_path / "in").mkdir()
    Image.fromarray(rgb).save(tmp_path / "in" / "two.png")
    cascade = tmp_path / "cascade.xml"
    cascade.write_text(LBP.format(kind="LBP"))
    monkeypatch.setattr(detection, "face_boxes", lambda rgb, cascade, smallest: [(10, 30, 20), (70, 30, 20)])
    face_set = pack(tmp_path / "in", tmp_path / "out", 32, detect=cascade, workers=1, progress=False)
    with open(face_set / "manifest.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["file"] for row in rows] == ["two.png#0", "two.png#1"]
    assert rows[0]["sha256"] == rows[1]["sha256"]
    assert rows[0]["group"] == rows[1]["group"]  # crops of one picture may overlap
    assert json.loads((face_set / "faceset.json").read_text())["options"]["cascade"] == "cascade.xml"


def test_crops_hold_the_hair_and_stay_in_the_picture_unless_padded(monkeypatch):
    rgb, cascade = picture(), None
    # 1.8 times the box, its center 0.12 of the box higher: from 32 to 68 across, 29.6 up from the middle
    monkeypatch.setattr(detection, "face_boxes", lambda *arguments: [(40, 40, 20)])
    (square,) = detection.face_squares(rgb, cascade, 16, pad=False)
    np.testing.assert_array_equal(square, rgb[30:66, 32:68])
    monkeypatch.setattr(detection, "face_boxes", lambda *arguments: [(0, 0, 20)])
    (moved,) = detection.face_squares(rgb, cascade, 16, pad=False)
    np.testing.assert_array_equal(moved, rgb[:36, :36])
    (padded,) = detection.face_squares(rgb, cascade, 16, pad=True)
    assert padded.shape == (36, 36, 3)
    assert (padded[:10] == 255).all() and (padded[:, :8] == 255).all()
    np.testing.assert_array_equal(padded[10:, 8:], rgb[:26, :28])
    assert detection.face_squares(rgb, cascade, 37, pad=False) == []


def test_a_cascade_is_searched_and_boxes_on_one_face_are_one(tmp_path):
    cascade = tmp_path / "all.xml"
    cascade.write_text(LBP.format(kind="LBP"))
    boxes = detection.face_boxes(picture(), detection.cascade_path(cascade))
    assert boxes and boxes == sorted(boxes)
    for left, top, side in boxes:
        assert 0 <= left <= left + side <= 121 and 0 <= top <= top + side <= 81 and side >= 24
    for box in boxes:
        others = [other for other in boxes if other != box and other[2] >= box[2]]
        assert not any(detection._center_inside(box, other) for other in others)


@pytest.mark.parametrize(
    ("content", "said"), [("", "XML"), ("<a/>", "LBP"), (LBP.format(kind="HAAR"), "HAAR"), (None, "no such file")]
)
def test_other_cascades_are_refused(tmp_path, content, said):
    Image.fromarray(picture()).save(tmp_path / "picture.png")
    path = tmp_path / "cascade.xml"
    if content is not None:
        path.write_text(content)
    with pytest.raises(BadInput, match=said):
        pack(tmp_path, tmp_path / "out", detect=path, progress=False)


def test_the_download_is_checked_and_kept(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    kept = tmp_path / ".cache" / "anime-color" / "lbpcascade_animeface.xml"
    answers = [b"something else", b"the cascade"]
    monkeypatch.setattr(detection.urllib.request, "urlopen", lambda url, timeout: io.BytesIO(answers.pop(0)))
    monkeypatch.setattr(detection, "CASCADE_SHA256", hashlib.sha256(b"the cascade").hexdigest())
    with pytest.raises(BadInput, match="not the expected file"):
        detection.cascade_path()
    assert not kept.exists()
    assert detection.cascade_path() == kept and kept.read_bytes() == b"the cascade"
    assert list(kept.parent.iterdir()) == [kept]
    assert detection.cascade_path() == kept and not answers  # from the cache, without another download
    kept.write_bytes(b"damaged")
    answers.append(b"the cascade")
    assert detection.cascade_path().read_bytes() == b"the cascade"


def test_without_a_network_the_way_out_is_named(tmp_path, monkeypatch):
    def unreachable(url, timeout):
        raise OSError("no route to host")

    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(detection.urllib.request, "urlopen", unreachable)
    with pytest.raises(BadInput, match="no route to host.*--detect FILE"):
        detection.cascade_path()
