"""Any picture a user may hold, opened as the same upright sRGB array, or refused with a reason."""

import io
import os
import stat
import warnings

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from .errors import BadInput

# By content, never by suffix. Formats that run programs or other decoders (EPS, SVG, PDF) stay out.
FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")
MAX_PIXELS = 50_000_000
MAX_BYTES = 256 * 2**20


class BadPicture(BadInput):
    """A picture that cannot be used; `reason` is a short code that reports can count.

    The codes: "missing", "not a regular file", "too many bytes", "empty file", "not a picture", "truncated",
    "too many pixels", "unsupported pixels" and "unreadable".
    """

    def __init__(self, message: str, reason: str = "unreadable"):
        super().__init__(message)
        self.reason = reason


def open_image(source, max_pixels: int = MAX_PIXELS) -> np.ndarray:
    """Opens a picture as uint8 (H, W, 3) sRGB.

    `source` is a path, the bytes of a file, a binary file object, a PIL image, or a uint8 array of shape
    (H, W), (H, W, 3) or (H, W, 4). EXIF orientation and the color profile of RGB pictures are applied, 16-bit
    gray is scaled, transparency is laid on white, of an animation the first frame is taken. Gamma chunks are
    ignored, as image libraries do.

    Raises `BadPicture`, and nothing else, when the picture cannot be used; arrays of another shape or type
    raise `BadInput`.
    """
    return np.array(_on_white(_opened(source, max_pixels)))


def open_with_alpha(source, max_pixels: int = MAX_PIXELS) -> tuple[np.ndarray, np.ndarray | None]:
    """As `open_image`, but nothing is laid on white: (uint8 (H, W, 3), its alpha uint8 (H, W) or None)."""
    pixels = np.array(_opened(source, max_pixels))
    return pixels[..., :3], pixels[..., 3] if pixels.shape[2] == 4 else None


def on_white(rgb: np.ndarray, alpha: np.ndarray | None) -> np.ndarray:
    """uint8 (H, W, 3): what `open_with_alpha` gave, laid on white."""
    return rgb if alpha is None else np.array(_on_white(Image.fromarray(np.dstack([rgb, alpha]))))


def _opened(source, max_pixels) -> Image.Image:
    if isinstance(source, np.ndarray):
        return _from_array(source, max_pixels)
    if isinstance(source, Image.Image):
        return _decode(lambda: source.copy(), source.size, "picture", max_pixels)
    if isinstance(source, (bytes, bytearray, memoryview)):
        name, content = "picture", bytes(source)
    elif isinstance(source, (str, os.PathLike)):
        name, content = _shown(source), read_file(source)
    elif hasattr(source, "read"):
        name, content = _shown(getattr(source, "name", "picture")), _read(source)
    else:
        raise BadInput(
            f"picture is a {type(source).__name__}; give a path, bytes, a binary file, a PIL image, an array"
        )
    return _open_content(content, name, max_pixels)


def read_file(path) -> bytes:
    """The bytes of a regular file of at most `MAX_BYTES`; pipes, devices and folders raise `BadPicture`."""
    name = _shown(path)
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):
            raise BadPicture(f"{name}: not a regular file; give a picture file", "not a regular file")
        with open(path, "rb") as file:
            return check_bytes(file.read(MAX_BYTES + 1), name)
    except FileNotFoundError as error:
        raise BadPicture(f"{name}: no such file; give the path of a picture", "missing") from error
    except (OSError, ValueError) as error:
        if isinstance(error, BadPicture):
            raise
        raise BadPicture(f"{name}: cannot be read ({error}); check the path and its permissions") from error


def check_bytes(content: bytes, name: str) -> bytes:
    """`content` itself, or `BadPicture` when it is empty or above `MAX_BYTES`."""
    if not content:
        raise BadPicture(f"{name}: empty file; give a picture", "empty file")
    if len(content) > MAX_BYTES:
        raise BadPicture(f"{name}: more than {MAX_BYTES >> 20} MiB; give a smaller file", "too many bytes")
    return content


def _shown(path) -> str:
    return os.fsdecode(path) if isinstance(path, (str, bytes, os.PathLike)) else "picture"


def _read(file) -> bytes:
    try:
        content = file.read(MAX_BYTES + 1)
    except Exception as error:
        raise BadPicture(f"picture: cannot be read ({error}); give an open binary file") from error
    if not isinstance(content, bytes):
        raise BadPicture("picture: the file was opened as text; open it in binary mode")
    return check_bytes(content, "picture")


def _from_array(array: np.ndarray, max_pixels: int) -> Image.Image:
    fits = array.ndim == 2 or (array.ndim == 3 and array.shape[2] in (3, 4))
    if array.dtype != np.uint8 or not fits or 0 in array.shape:
        raise BadInput(
            f"picture is an array of {array.dtype} {array.shape}; give uint8 of shape (H, W), (H, W, 3) or (H, W, 4)"
        )
    _check_pixels((array.shape[1], array.shape[0]), "picture", max_pixels)
    return _eight_bit(Image.fromarray(array))


def _open_content(content: bytes, name: str, max_pixels: int) -> Image.Image:
    def load():
        image = Image.open(io.BytesIO(content), formats=FORMATS)
        _check_pixels(image.size, name, max_pixels)
        if image.format == "PNG":
            # only this looks at every checksum and at the end of the file; it uses the image up
            image.verify()
            image = Image.open(io.BytesIO(content), formats=FORMATS)
        return image

    return _decode(load, (1, 1), name, max_pixels)


def _decode(load, size: tuple[int, int], name: str, max_pixels: int) -> Image.Image:
    _check_pixels(size, name, max_pixels)
    with warnings.catch_warnings():
        # Pillow warns where it goes on (a broken EXIF block); a bomb alone must stop it
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        try:
            image = load()
            image.load()
            _check_pixels(image.size, name, max_pixels)  # the frames of a GIF may exceed its header
            return _eight_bit(_in_srgb(_upright(image)))
        except BadPicture:
            raise
        except Exception as error:  # decoders raise anything on broken files
            raise _bad_picture(error, name, max_pixels) from error


def _bad_picture(error: Exception, name: str, max_pixels: int) -> BadPicture:
    if isinstance(error, (Image.DecompressionBombError, Image.DecompressionBombWarning)):
        return _too_many_pixels(name, max_pixels)
    if isinstance(error, UnidentifiedImageError):
        return BadPicture(f"{name}: not a picture; give one of {', '.join(FORMATS)}", "not a picture")
    detail = " ".join(str(error).split()) or type(error).__name__
    if any(sign in detail.lower() for sign in ("truncated", "unexpected end")):
        return BadPicture(f"{name}: truncated ({detail}); get the whole file", "truncated")
    return BadPicture(f"{name}: unreadable ({detail}); save it again with a picture program", "unreadable")


def _check_pixels(size: tuple[int, int], name: str, max_pixels: int) -> None:
    if size[0] * size[1] > max_pixels:
        raise _too_many_pixels(f"{name} ({size[0]} x {size[1]})", max_pixels)


def _too_many_pixels(name: str, max_pixels: int) -> BadPicture:
    return BadPicture(f"{name}: more than {max_pixels:,} pixels; make it smaller first", "too many pixels")


def _upright(image: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a broken EXIF block says nothing about the pixels
        return image


def _in_srgb(image: Image.Image) -> Image.Image:
    profile = image.info.get("icc_profile")
    if not profile or image.mode not in ("RGB", "RGBA"):
        return image
    try:
        return ImageCms.profileToProfile(
            image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
        )
    except (
        ImageCms.PyCMSError,
        OSError,
        ValueError,
        TypeError,
    ):  # a broken profile, or one of another color space
        return image


def _eight_bit(image: Image.Image) -> Image.Image:
    """RGB, or RGBA where the picture has transparency."""
    if image.mode.startswith("I;16"):
        return _gray16_on_white(image)
    if image.mode in ("I", "F"):
        raise BadPicture(f"pixels of {image.mode} have no known white; save as 8 or 16 bit", "unsupported pixels")
    return image.convert("RGBA" if image.has_transparency_data else "RGB")


def _on_white(image: Image.Image) -> Image.Image:
    """An RGB image with transparency laid on white."""
    if image.mode == "RGB":
        return image
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")


def _gray16_on_white(image: Image.Image) -> Image.Image:
    gray = np.asarray(image).astype(np.uint32)
    scaled = ((gray + 128) // 257).astype(np.uint8)
    scaled[gray == image.info.get("transparency", -1)] = 255
    return Image.fromarray(scaled).convert("RGB")
