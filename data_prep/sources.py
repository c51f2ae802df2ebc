"""Where faces come from: a folder, a zip, Kaggle, the built-in drawings; as references in a fixed order."""

import functools
import os
import stat
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from .errors import BadInput
from .pictures import MAX_BYTES, BadPicture, check_bytes, read_file

# Other files are ignored and listed; a file without a suffix may be a picture, and its content decides.
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", "")
MAX_MEMBERS = 500_000
MAX_ARCHIVE_BYTES = 64 * 2**30
MAX_DRAWN = 1_000_000


@dataclass(frozen=True)
class FileReference:
    """A picture file on disk; `name` is its path relative to the source, with slashes."""

    name: str
    path: Path

    def read(self) -> bytes:
        return read_file(self.path)


@dataclass(frozen=True)
class MemberReference:
    """A picture in a zip, read without unpacking anything to disk."""

    name: str
    member: str
    archive: Path
    modified: int

    def read(self) -> bytes:
        try:
            with _opened(self.archive, self.modified).open(self.member) as file:
                return check_bytes(file.read(MAX_BYTES + 1), self.name)
        except BadPicture:
            raise
        except Exception as error:  # every decompressor has exceptions of its own
            raise BadPicture(f"{self.name}: damaged in {self.archive.name} ({error}); get the zip again") from error


@dataclass(frozen=True)
class DrawnReference:
    """A built-in face, not yet drawn."""

    name: str
    seed: int


@dataclass(frozen=True)
class Source:
    """The pictures of one SOURCE in name order, and the files ignored, as a map from name to reason."""

    name: str
    references: list
    ignored: dict[str, str] = field(default_factory=dict)


def list_source(source: str | os.PathLike, seed: int = 0) -> Source:
    """Lists the pictures of a folder, a .zip, `kaggle:owner/dataset[/file.zip]` or `drawn:COUNT`.

    None is opened. `seed` is that of the first drawn face. Raises `BadInput` when there is no such source, the
    zip is broken, encrypted or unsafe, or no picture is in it.
    """
    name = os.fspath(source)
    if name.startswith("drawn:"):
        return _list_drawn(name, seed)
    path = _from_kaggle(name) if name.startswith("kaggle:") else Path(name).expanduser()
    shown = name if name.startswith("kaggle:") else _printable(path.resolve().name)
    if name and path.is_dir():
        listed = _list_folder(path, shown)
    elif path.is_file():
        listed = _list_zip(path, shown)
    else:
        raise BadInput(
            f"SOURCE {name}: no such folder or zip; give a folder, a .zip, kaggle:OWNER/DATASET or drawn:COUNT"
        )
    if not listed.references:
        counts = ", ".join(f"{count} {reason}" for reason, count in Counter(listed.ignored.values()).items())
        raise BadInput(f"SOURCE {name}: no pictures found ({counts or 'it is empty'}); give a source with pictures")
    return listed


def _list_drawn(name: str, seed: int) -> Source:
    count = name.removeprefix("drawn:")
    if not (count.isascii() and count.isdigit() and 1 <= int(count) <= MAX_DRAWN):
        raise BadInput(f"SOURCE {name}: write drawn:COUNT with a count from 1 to {MAX_DRAWN:,}")
    return Source(name, [DrawnReference(f"drawn/{number:06}.png", seed + number) for number in range(int(count))])


def _ignored_because(path: PurePosixPath) -> str | None:
    if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
        return "hidden file"
    if path.suffix.lower() not in PICTURE_SUFFIXES:
        return "other file"
    return None


def _list_folder(root: Path, shown: str) -> Source:
    references, ignored = [], {}

    def unreadable(error: OSError) -> None:
        ignored[_printable(os.path.relpath(error.filename, root))] = "unreadable folder"

    for folder, folders, files in os.walk(root, onerror=unreadable):
        for entry in [*files, *(name for name in folders if os.path.islink(os.path.join(folder, name)))]:
            path = Path(folder, entry)
            relative = PurePosixPath(path.relative_to(root).as_posix())
            name = _printable(str(relative))
            # what a link inside the tree points to is listed anyway, what lies outside was not given
            reason = "link" if path.is_symlink() else _ignored_because(relative)
            if reason:
                ignored[name] = reason
            else:
                references.append(FileReference(name, path))
    return Source(shown, sorted(references, key=lambda reference: reference.name), dict(sorted(ignored.items())))


def _printable(name: str) -> str:
    """File names that are no UTF-8 can then be written to a UTF-8 manifest."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _list_zip(path: Path, shown: str) -> Source:
    modified = path.stat().st_mtime_ns
    try:
        members = [member for member in _opened(path, modified).infolist() if not member.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, NotImplementedError) as error:
        size = path.stat().st_size
        raise BadInput(
            f"SOURCE {path}: no zip, or a broken one ({size:,} bytes: {error}); give a folder or a whole zip"
        ) from error
    _check_archive(path, members)
    references, ignored = [], {}
    for member in sorted(members, key=lambda member: member.filename):
        reason = _ignored_because(PurePosixPath(member.filename))
        if reason:
            ignored[member.filename] = reason
        else:
            references.append(MemberReference(member.filename, member.filename, path, modified))
    return Source(shown, references, ignored)


def _check_archive(path: Path, members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MAX_MEMBERS or total > MAX_ARCHIVE_BYTES:
        raise BadInput(
            f"SOURCE {path}: {len(members):,} members of {total:,} bytes; "
            f"at most {MAX_MEMBERS:,} of {MAX_ARCHIVE_BYTES:,} are read, split the zip"
        )
    seen = set()
    for member in members:
        name = member.filename
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if name.startswith(("/", "\\")) or ".." in parts or name[1:2] == ":":
            raise BadInput(f"SOURCE {path}: unsafe member name {name!r}; use a zip without absolute or .. names")
        if stat.S_ISLNK(member.external_attr >> 16):
            raise BadInput(f"SOURCE {path}: member {name!r} is a link; use a zip of plain files")
        if member.flag_bits & 1:
            raise BadInput(f"SOURCE {path}: member {name!r} is encrypted; unpack the zip and give the folder")
        if name in seen:
            raise BadInput(f"SOURCE {path}: two members are named {name!r}; use a zip with unique names")
        seen.add(name)


@functools.lru_cache(maxsize=2)
def _opened(path: Path, modified: int) -> zipfile.ZipFile:
    """One open archive for all members read by a process: its directory may take a second to parse."""
    return zipfile.ZipFile(path)


def _from_kaggle(handle: str) -> Path:
    import kagglehub  # late: it is slow to import and few runs need it

    owner, _, rest = handle.removeprefix("kaggle:").partition("/")
    dataset, _, wanted = rest.partition("/")
    if not owner or not dataset:
        raise BadInput(
            f"SOURCE {handle}: not a Kaggle data set; write kaggle:OWNER/DATASET or kaggle:OWNER/DATASET/FILE.zip"
        )
    name = f"{owner}/{dataset}"
    try:
        return Path(kagglehub.dataset_download(name, path=wanted or None))
    except Exception as error:
        # the copy that Kaggle mounts in its notebooks holds zips unpacked, under the name without .zip
        if wanted.endswith(".zip"):
            try:
                return Path(kagglehub.dataset_download(name, path=wanted.removesuffix(".zip")))
            except Exception:
                pass
        detail = " ".join(str(error).split())[:200]
        raise BadInput(
            f"SOURCE {handle}: Kaggle did not deliver it ({detail}); check the name and the network"
        ) from error
