"""The face set on disk: packed in one stream, written aside, renamed when it is whole."""

import contextlib
import csv
import hashlib
import json
import os
import shutil
from collections import Counter
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed
from tqdm import tqdm

from .errors import BadInput
from .groups import SPLITS, near_duplicate_groups, numbered, split_groups
from .prepare import Face, LeftOut, Options, prepare
from .sources import Source, list_source

VERSION = 1
MAX_BROKEN_SHARE = 0.05


class Row(NamedTuple):
    """A line of manifest.csv; `label` is the number of one of the labels in faceset.json."""

    index: int
    file: str
    sha256: str
    group: int
    split: str
    label: int
    source: str


def pack(
    source,
    out,
    size: int = 128,
    *,
    white_background: bool = False,
    detect: bool | str | os.PathLike = False,
    pad: bool = False,
    allow_bad: bool = False,
    workers: int | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Path:
    """Packs the pictures of `source` as a face set in the new folder `out`, and returns that folder.

    source: a folder, a .zip, `kaggle:owner/dataset[/file.zip]`, or `drawn:COUNT` for built-in drawn faces.
    size: side of the faces in pixels, a multiple of 32 from 32 to 1024.
    white_background: keep only faces on white.
    detect: crop the faces that a cascade finds; a path gives your own cascade file.
    pad: lay whole pictures on a white square instead of cutting the center square out.
    allow_bad: go on when more than 5 % of the files are broken.
    workers: processes, by default one per core; `joblib.parallel_config` may send them elsewhere.
    seed: of the first drawn face; the other options but `size` and `workers` are for pictures.

    Raises `BadInput`; whatever happens, `out` is either whole or not there.
    """
    out = new_folder(out, size, seed)
    if workers is not None and workers < 1:
        raise BadInput(f"--workers {workers}: give 1 or more")
    listed = list_source(source, seed)
    options = Options(size, pad, white_background, _cascade(detect))
    with written_aside(out) as folder:
        results = Parallel(n_jobs=workers or -1, return_as="generator")(
            delayed(prepare)(reference, options) for reference in listed.references
        )
        with contextlib.closing(results):
            bar = tqdm(results, "faces", len(listed.references), disable=not progress, unit="picture")
            faces, left_out = _write_arrays(folder, bar)
        _check(listed, faces, left_out, allow_bad)
        left_out += [LeftOut(name, reason) for name, reason in listed.ignored.items()]
        made_with = asdict(options) | {"cascade": options.cascade and options.cascade.name, "seed": seed}
        describe(folder, made_with, *_manifest(faces, listed.name), left_out)
    return out


def new_folder(out, size: int, seed: int) -> Path:
    """The path of a face set that is to be written; BadInput if it exists or `size` or `seed` is none."""
    out = Path(out).expanduser()
    if os.path.lexists(out):
        raise BadInput(f"--out {out}: already exists; choose another --out or remove it")
    if isinstance(size, bool) or size not in range(32, 1025, 32):
        raise BadInput(f"--size {size}: give a multiple of 32 from 32 to 1024")
    if seed < 0:
        raise BadInput(f"--seed {seed}: give 0 or more")
    return out


def read(folder) -> tuple[dict, list[dict]]:
    """What faceset.json says, and the rows of manifest.csv; BadInput if the folder holds no whole face set."""
    folder = Path(folder)
    if not (folder / "faceset.json").is_file():
        raise BadInput(f"{folder}: no face set (faceset.json is missing); make one with python -m data_prep")
    try:
        about = json.loads((folder / "faceset.json").read_text(encoding="utf-8"))
        with open(folder / "manifest.csv", encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        shape = np.load(folder / "faces.npy", mmap_mode="r").shape
        for row in rows:
            row["split"], int(row["index"]), int(row["label"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadInput(f"{folder}: damaged face set ({error}); pack it again with python -m data_prep") from error
    if len(shape) != 4 or shape[0] != len(rows) or not {"digest", "source"} <= set(about):
        raise BadInput(f"{folder}: damaged face set (faces {shape}, {len(rows)} rows); pack it again")
    return about, rows


def summary(folder) -> str:
    """What a face set holds and what was left out of it, for people, in a few lines."""
    folder = Path(folder)
    about = json.loads((folder / "faceset.json").read_text(encoding="utf-8"))
    splits = ", ".join(f"{count} {split}" for split, count in about["splits"].items())
    what = "scenes" if "scenes" in about["options"] else "faces"
    lines = [f"{folder}: {about['count']} {what} of {about['size']} px ({splits})"]
    with open(folder / "left_out.csv", encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for reason, count in about["left_out"].items():
        names = [repr(row["file"])[1:-1] for row in rows if row["reason"] == reason][:3]
        lines.append(f"  left out: {count} {reason} ({', '.join(names)}{', ...' * (count > 3)})")
    return "\n".join(lines)


def digest(folder) -> str:
    """The sha256 of a face set: of the bytes of faces.npy, then of manifest.csv."""
    total = hashlib.sha256()
    for name in ("faces.npy", "manifest.csv"):
        with open(Path(folder, name), "rb") as file:
            hashlib.file_digest(file, lambda: total)
    return total.hexdigest()


@contextlib.contextmanager
def written_aside(out: Path):
    """A folder beside `out` that becomes `out` when the block ends well, and is removed when it does not."""
    aside = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        aside.mkdir(parents=True)
        yield aside
        aside.rename(out)
    except OSError as error:
        reason = error.strerror or error
        raise BadInput(f"--out {out}: cannot be written ({reason}); choose another --out") from error
    except BrokenProcessPool as error:
        raise BadInput("--workers: a worker process was killed, perhaps for memory; give fewer") from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def growing_arrays(folder: Path):
    """A function that appends the items of a dictionary, NAME: array, each to the file NAME.npy of the folder."""
    files: dict[str, _ArrayFile] = {}
    with contextlib.ExitStack() as stack:

        def append(items: dict[str, np.ndarray]) -> None:
            for name, item in items.items():
                if name not in files:
                    files[name] = stack.enter_context(contextlib.closing(_ArrayFile(folder / f"{name}.npy", item)))
                files[name].append(item)

        yield append


class _ArrayFile:
    """An .npy file that grows by one item at a time, so that a face set never sits in memory."""

    def __init__(self, path: Path, item: np.ndarray):
        self.file, self.count, self.shape, self.dtype = open(path, "wb"), 0, item.shape, item.dtype
        self._write_header()

    def append(self, item: np.ndarray) -> None:
        self.file.write(np.ascontiguousarray(item).tobytes())
        self.count += 1

    def close(self) -> None:
        self.file.seek(0)
        self._write_header()
        self.file.close()

    def _write_header(self) -> None:
        # numpy leaves room for the first axis to grow, so the header keeps its length
        header = {"descr": self.dtype.str, "fortran_order": False, "shape": (self.count, *self.shape)}
        np.lib.format.write_array_header_1_0(self.file, header)


def _write_arrays(folder: Path, results) -> tuple[list[Face], list[LeftOut]]:
    faces, left_out, seen = [], [], {}
    with growing_arrays(folder) as append:
        for result in results:
            if isinstance(result, LeftOut):
                left_out.append(result)
                continue
            first = result[0][0]
            if first.sha256 in seen:
                left_out.append(LeftOut(first.name, "duplicate", f"same as {seen[first.sha256]}"))
                continue
            seen[first.sha256] = first.name
            for face, arrays in result:
                append(arrays)
                faces.append(face)
    return faces, left_out


def _check(listed: Source, faces: list[Face], left_out: list[LeftOut], allow_bad: bool) -> None:
    broken = [file for file in left_out if file.broken]
    total = len(listed.references)
    if len(broken) > MAX_BROKEN_SHARE * total and not allow_bad:
        first = f"{broken[0].name} ({broken[0].reason})"
        raise BadInput(
            f"SOURCE {listed.name}: {len(broken)} of {total} files are broken, more than {MAX_BROKEN_SHARE:.0%}, "
            f"the first is {first}; mend them or pass --allow-bad"
        )
    if not faces:
        counts = ", ".join(f"{count} {reason}" for reason, count in _counts(left_out).items())
        raise BadInput(f"SOURCE {listed.name}: no face to pack ({counts}); give other pictures")


def _counts(left_out: list[LeftOut]) -> dict[str, int]:
    return dict(Counter(file.reason for file in left_out).most_common())


def _manifest(faces: list[Face], source: str) -> tuple[list[Row], list[str]]:
    """The rows of the manifest, and the labels that their numbers stand for."""
    sha256 = [face.sha256 for face in faces]
    if faces[0].character is None:
        groups = near_duplicate_groups(np.stack([face.fingerprint for face in faces]), sha256)
    else:
        groups = numbered([face.character for face in faces])
    splits = split_groups(groups, sha256)
    labels = sorted({face.label for face in faces})
    number = {label: index for index, label in enumerate(labels)}
    rows = [
        Row(index, face.name, face.sha256, group, split, number[face.label], source)
        for index, (face, group, split) in enumerate(zip(faces, groups, splits, strict=True))
    ]
    return rows, labels


def describe(folder: Path, made_with: dict, rows: list[Row], labels: list[str], left_out: list[LeftOut]) -> None:
    """Writes manifest.csv, left_out.csv and faceset.json beside the arrays; `made_with` names the size, at least."""
    _write_csv(folder / "manifest.csv", Row._fields, rows)
    _write_csv(
        folder / "left_out.csv",
        ("file", "reason", "detail"),
        ((file.name, file.reason, file.detail) for file in left_out),
    )
    splits = Counter(row.split for row in rows)
    about = {
        "version": VERSION,
        "size": made_with["size"],
        "count": len(rows),
        "splits": {split: splits[split] for split in SPLITS},
        "labels": labels,
        "digest": digest(folder),
        "source": rows[0].source,
        "options": made_with,
        "left_out": _counts(left_out),
    }
    text = json.dumps(about, indent=2, ensure_ascii=False)
    (folder / "faceset.json").write_text(text + "\n", encoding="utf-8")


def _write_csv(path: Path, columns: tuple, rows) -> None:
    with open(path, "w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _cascade(detect) -> Path | None:
    if detect is False or detect is None:
        return None
    from .detection import cascade_path  # late: it brings in scikit-image

    return cascade_path(None if detect is True else detect)
