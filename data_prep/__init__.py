"""Raw pictures to a face set on disk: open, crop, resize, filter, split, write."""

from .errors import BadInput
from .face_set import pack
from .pictures import BadPicture, on_white, open_image, open_with_alpha
from .scenes import compose

__all__ = ["BadInput", "BadPicture", "compose", "on_white", "open_image", "open_with_alpha", "pack"]
