"""Raw pictures to a face set on disk: open, crop, resize, filter, split, write."""

from .errors import BadInput
from .face_set import pack
from .pictures import BadPicture, open_image

__all__ = ["BadInput", "BadPicture", "open_image", "pack"]
