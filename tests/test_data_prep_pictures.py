"""Single pictures: what is opened, what it becomes, and what is refused."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from data_prep import BadInput, BadPicture, open_image

# red | green over blue | yellow: no two of the eight orientations look alike
CORNERS = np.zeros((16, 32, 3), np.uint8)
CORNERS[:8, :16], CORNERS[:8, 16:], CORNERS[8:, :16], CORNERS[8:, 16:] = (
    (250, 0, 0),
    (0, 250, 0),
    (0, 0, 250),
    (250, 250, 0),
)


def saved(picture, format: str = "PNG", **options) -> bytes:
    """The bytes of an array or PIL image saved in a format."""
    image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
    file = io.BytesIO()
    image.save(file, format, **options)
    return file.getvalue()


def png(width: int, height: int, depth: int, color: int, rows: bytes, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG written by hand, for what Pillow does not write."""
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(rows)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in parts
    )


def reason(source, **options) -> str:
    with pytest.raises(BadPicture) as refusal:
        open_image(source, **options)
    assert "\n" not in str(refusal.value)
    return refusal.value.reason


@pytest.mark.parametrize(
    ("format", "options", "tolerance"),
    [
        ("PNG", {}, 0),
        ("BMP", {}, 0),
        ("TIFF", {}, 0),
        ("GIF", {}, 0),
        ("WEBP", {"lossless": True}, 0),
        ("JPEG", {"quality": 98, "subsampling": 0}, 4),
    ],
)
def test_every_format_by_content_and_from_every_kind_of_source(tmp_path, format, options, tolerance):
    content = saved(CORNERS, format, **options)
    path = tmp_path / "wrong suffix.txt"
    path.write_bytes(content)
    with open(path, "rb") as file:
        sources = [path, str(path), content, io.BytesIO(content), file, Image.open(io.BytesIO(content))]
        opened = [open_image(source) for source in sources]
    for rgb in opened:
        assert rgb.dtype == np.uint8 and rgb.shape == (16, 32, 3)
        assert np.abs(rgb.astype(int) - CORNERS).max() <= tolerance


def test_modes_become_three_channels():
    gray = np.array([[0, 60], [120, 255]], np.uint8)
    three = np.repeat(gray[..., None], 3, axis=-1)
    np.testing.assert_array_equal(open_image(saved(gray)), three)
    np.testing.assert_array_equal(open_image(gray), three)
    bits = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("1")
    assert open_image(saved(bits))[..., 1].tolist() == [[0, 255], [255, 0]]
    palette = Image.fromarray(CORNERS).quantize(4)
    np.testing.assert_array_equal(open_image(saved(palette)), CORNERS)
    cmyk = Image.new("CMYK", (2, 2), (0, 255, 255, 0))  # no cyan, full magenta and yellow: red
    assert open_image(saved(cmyk, "TIFF"))[0, 0].tolist() == [255, 0, 0]
    red, green, blue = open_image(saved(cmyk, "JPEG", quality=98))[0, 0].tolist()
    assert red > 245 and green < 10 and blue < 10


def test_sixteen_bits_are_scaled_not_clipped():
    levels = np.array([[0, 257, 32896, 65535]], np.uint16)
    for format in ("PNG", "TIFF"):
        assert open_image(saved(levels, format))[0, :, 0].tolist() == [0, 1, 128, 255]
    color = png(1, 1, 16, 2, b"\0" + struct.pack(">3H", 65535, 32896, 0))
    assert open_image(color)[0, 0].tolist() == [255, 128, 0]


def test_transparency_is_laid_on_white():
    rgba = np.array([[[255, 0, 0, 0], [255, 0, 0, 255], [0, 0, 0, 51]]], np.uint8)
    expected = [[[255, 255, 255], [255, 0, 0], [204, 204, 204]]]  # 51 of 255 is a fifth of the way to black
    assert open_image(rgba).tolist() == expected
    assert open_image(saved(rgba)).tolist() == expected
    assert open_image(saved(rgba, "WEBP", lossless=True, exact=True)).tolist() == expected
    gray_alpha = Image.merge("LA", [Image.new("L", (1, 1), 0), Image.new("L", (1, 1), 51)])
    assert open_image(saved(gray_alpha)).tolist() == [[[204, 204, 204]]]


def test_a_transparent_color_is_white():
    palette = Image.new("P", (2, 1))
    palette.putpalette([10, 20, 30, 200, 100, 50])
    palette.putdata([0, 1])
    assert open_image(saved(palette, transparency=0)).tolist() == [[[255] * 3, [200, 100, 50]]]
    rows8 = b"\0" + bytes([10, 200])
    assert open_image(png(2, 1, 8, 0, rows8, (b"tRNS", b"\0\x0a"))).tolist() == [[[255] * 3, [200] * 3]]
    rows16 = b"\0" + struct.pack(">2H", 2570, 51400)
    assert open_image(png(2, 1, 16, 0, rows16, (b"tRNS", b"\x0a\x0a"))).tolist() == [[[255] * 3, [200] * 3]]


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_eight_orientations_come_out_equal(format):
    turns = Image.Transpose
    stored = [
        None,
        turns.FLIP_LEFT_RIGHT,
        turns.ROTATE_180,
        turns.FLIP_TOP_BOTTOM,
        turns.TRANSPOSE,
        turns.ROTATE_90,
        turns.TRANSVERSE,
        turns.ROTATE_270,
    ]
    for orientation, turn in enumerate(stored, start=1):
        image = Image.fromarray(CORNERS)
        exif = Image.Exif()
        exif[0x0112] = orientation
        content = saved(image if turn is None else image.transpose(turn), format, exif=exif, quality=95)
        rgb = open_image(content)
        assert rgb.shape == CORNERS.shape, orientation
        assert np.abs(rgb[4::8, 8::16].astype(int) - CORNERS[4::8, 8::16]).max() < 12, orientation


def test_a_broken_exif_or_color_profile_is_no_obstacle():
    for options in ({"exif": b"Exif\0\0II*\0\xff\xff\xff\xff"}, {"icc_profile": b"nonsense"}):
        np.testing.assert_array_equal(open_image(saved(CORNERS, **options)), CORNERS)


def test_an_srgb_profile_changes_nothing():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.abs(open_image(saved(CORNERS, icc_profile=profile)).astype(int) - CORNERS).max() <= 1


def test_the_first_frame_of_an_animation():
    frames = [Image.new("RGB", (4, 4), color) for color in ("red", "blue")]
    for format in ("GIF", "WEBP", "PNG", "TIFF"):
        content = saved(frames[0], format, save_all=True, append_images=frames[1:])
        red, _, blue = open_image(content)[0, 0].tolist()
        assert red > 240 and blue < 15, format


def test_a_bomb_is_refused_before_it_is_decoded():
    content = png(20_000, 20_000, 1, 0, bytes(2501 * 20_000))
    assert len(content) < 100_000
    assert reason(content) == "too many pixels"
    # the header alone decides: the same file without its pixels is refused for the same reason
    assert reason(content[:60]) == "too many pixels"


def test_the_pixel_cap_is_the_callers_for_every_source():
    for source in (CORNERS, saved(CORNERS), Image.fromarray(CORNERS)):
        assert reason(source, max_pixels=511) == "too many pixels"
        assert open_image(source, max_pixels=512).shape == (16, 32, 3)


@pytest.mark.parametrize(
    "content", [b"hello", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.4", b"%!PS-Adobe-3.0 EPSF-3.0", b"\0"]
)
def test_what_is_no_picture_is_refused_whatever_its_name(tmp_path, content):
    path = tmp_path / "face.jpg"
    path.write_bytes(content)
    assert reason(path) == "not a picture"


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_a_truncated_file_is_refused_wherever_it_is_cut(format):
    noise = np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8)
    content = saved(noise, format)
    for share in (0.5, 0.7, 0.9):
        expected = "unreadable" if format == "WEBP" else "truncated"
        assert reason(content[: int(len(content) * share)]) == expected


def test_a_png_with_a_wrong_checksum_is_refused():
    content = bytearray(saved(CORNERS))
    content[content.index(b"IDAT") + 12] ^= 1
    assert reason(bytes(content)) == "unreadable"


def test_only_regular_files_are_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    assert reason(tmp_path / "pipe.png") == "not a regular file"  # opening it would wait forever
    assert reason(tmp_path) == "not a regular file"
    assert reason("/dev/zero") == "not a regular file"
    assert reason(tmp_path / "nothing.png") == "missing"
    assert reason("nul\0.png") == "unreadable"
    (tmp_path / "empty.png").touch()
    assert reason(tmp_path / "empty.png") == "empty file"
    with open(tmp_path / "empty.png", encoding="utf-8") as text:
        assert reason(text) == "unreadable"


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3), np.float32),
        np.full((4, 4), np.nan),
        np.zeros((4, 4, 3), np.int32),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_arrays_of_another_type_or_shape_are_refused_by_name(array):
    with pytest.raises(BadInput, match=f"{array.dtype}.*{array.shape[0]}, {array.shape[1]}"):
        open_image(array)


def test_other_sources_and_pixels_without_a_white_are_refused():
    with pytest.raises(BadInput, match="int"):
        open_image(7)
    assert reason(saved(Image.new("F", (4, 4)), "TIFF")) == "unsupported pixels"


def test_one_pixel_is_a_picture():
    assert open_image(saved(CORNERS[:1, :1])).tolist() == [[[250, 0, 0]]]
    assert open_image(saved(CORNERS[:1])).shape == (1, 32, 3)


@pytest.mark.parametrize("format", ["PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"])
def test_flipped_bytes_give_a_picture_or_a_bad_picture(format):
    content = saved(CORNERS, format)
    rng = np.random.default_rng(0)
    for _ in range(200):
        flipped = bytearray(content)
        for place in rng.integers(0, len(content), 3):
            flipped[place] = rng.integers(256)
        try:
            assert open_image(bytes(flipped), max_pixels=1_000_000).ndim == 3
        except BadPicture as error:
            assert error.reason
