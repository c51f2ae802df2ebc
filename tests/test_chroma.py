"""Pictures of colorings: layout of the sheet, metadata, animation."""

import numpy as np
import pytest
from PIL import Image

from anime_color import color
from anime_color.coloring import chroma


@pytest.fixture
def face():
    return np.random.default_rng(0).integers(0, 256, (20, 16, 3), dtype=np.uint8)


def plain(count, value=0):
    pictures = np.full((count, 20, 16, 3), value, "uint8")
    pictures[..., 0] = np.arange(count)[:, None, None]
    return pictures


def test_sheet_is_original_and_gray_beside_a_grid_of_five_by_five(face):
    sheet = chroma.sheet(face, plain(25))
    m = chroma.MARGIN
    assert sheet.shape == (5 * 20 + 4 * m, 6 * 16 + 5 * m, 3)
    assert (sheet[:20, :16] == face).all()
    below = sheet[20 + m : 40 + m, :16]
    assert (below == chroma.gray(face)).all() and (below[..., 0] == below[..., 1]).all()
    assert (sheet[40 + m :, :16] == 255).all()
    for number in range(25):
        top, left = (number // 5) * (20 + m), (1 + number % 5) * (16 + m)
        assert (sheet[top : top + 20, left : left + 16] == plain(25)[number]).all()
    assert (sheet[20 : 20 + m] == 255).all() and (sheet[:, 16 : 16 + m] == 255).all()


def test_gray_keeps_the_lightness(face):
    before, after = color.rgb_to_lab(face)[..., 0], color.rgb_to_lab(chroma.gray(face))[..., 0]
    assert np.abs(before - after).max() < 0.01  # half a gray level


def test_strips(face):
    m = chroma.MARGIN
    assert chroma.row(face, plain(8)).shape == (20, 10 * 16 + 9 * m, 3)
    strip = chroma.before_after(face, plain(1)[0])
    assert (strip[:, 16 + m : 32 + m] == 0).all() and (strip[:, 32 + 2 * m :] == face).all()


def test_stack_fills_up_with_white():
    stacked = chroma.stack([np.zeros((4, 6, 3), "uint8"), np.zeros((4, 3, 3), "uint8")])
    assert stacked.shape == (8 + chroma.MARGIN, 6, 3)
    assert (stacked[-4:, 3:] == 255).all() and (stacked[-4:, :3] == 0).all()


def test_png_carries_its_facts_and_leaves_no_half_file(face, tmp_path):
    path = tmp_path / "new" / "sheet.png"
    chroma.save_png(face, path, {"seed": 7, "weights": "顔 (step 8)"})
    with Image.open(path) as image:
        assert image.text["seed"] == "7" and image.text["weights"] == "顔 (step 8)"
        assert (np.asarray(image) == face).all()
    with pytest.raises(TypeError):
        chroma.save_png(face.astype("float64"), path)
    assert [p.name for p in path.parent.iterdir() if not p.name.startswith(".")] == ["sheet.png"]


@pytest.mark.parametrize("suffix", ["gif", "webp"])
def test_animation_has_every_frame(tmp_path, suffix):
    path = tmp_path / f"sweep.{suffix}"
    chroma.save_animation(plain(5, value=200) + np.arange(5, dtype="uint8")[:, None, None, None] * 10, path)
    with Image.open(path) as image:
        assert image.n_frames == 5 and image.size == (16, 20)
