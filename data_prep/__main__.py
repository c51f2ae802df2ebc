"""`python -m data_prep SOURCE --out FACESET`: pictures in, a face set out; with `--scenes COUNT`, one of scenes."""

import argparse
import signal
import sys
from pathlib import Path

from .errors import BadInput
from .face_set import pack, summary
from .scenes import compose

# options that scenes do not have
FOR_PICTURES = ("white_background", "detect", "pad", "allow_bad", "workers")


def main(arguments: list[str] | None = None) -> int:
    """Packs a face set, or composes one of scenes; 0, or 2 after one line on stderr, or 130 when interrupted."""
    parser = argparse.ArgumentParser(prog="python -m data_prep", description="Pack pictures as a face set.")
    parser.add_argument(
        "source",
        nargs="+",
        metavar="SOURCE",
        help="folder, .zip, kaggle:owner/dataset[/file.zip] or drawn:COUNT; with --scenes, one face set or several",
    )
    parser.add_argument("--out", required=True, metavar="FACESET", help="folder to write; must not exist yet")
    parser.add_argument("--size", type=int, default=128, help="side in pixels, a multiple of 32 (default 128)")
    parser.add_argument("--white-background", action="store_true", help="keep only faces on white")
    parser.add_argument(
        "--detect",
        nargs="?",
        const=True,
        default=False,
        metavar="CASCADE",
        help="crop the faces that a cascade finds; by default lbpcascade_animeface, downloaded once",
    )
    parser.add_argument("--pad", action="store_true", help="pad with white instead of cutting the center square")
    parser.add_argument("--allow-bad", action="store_true", help="go on when more than 5 %% of the files are broken")
    parser.add_argument("--workers", type=int, metavar="N", help="processes (default: one per core)")
    parser.add_argument("--seed", type=int, default=0, help="of the first drawn face, or of the scenes (default 0)")
    parser.add_argument(
        "--scenes", type=int, metavar="COUNT", help="compose so many scenes of two or three faces of the face sets"
    )
    parser.add_argument("--backgrounds", metavar="FACESET", help="of scenes (default: plain papers and gradients)")
    # argparse would print the usage as well; a user gets one line that says what to mend
    parser.error = lambda message: parser.exit(2, f"{message}; see python -m data_prep --help\n")
    settings = vars(parser.parse_args(arguments))
    try:
        print(summary(_made(**settings, progress=sys.stderr.isatty())))
    except BadInput as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; nothing was written", file=sys.stderr)
        return 130
    return 0


def _made(source: list[str], scenes: int | None, backgrounds: str | None, **settings) -> Path:
    if scenes is None:
        if backgrounds is not None:
            raise BadInput(f"--backgrounds {backgrounds}: only scenes have them; add --scenes COUNT or leave it out")
        if len(source) > 1:
            raise BadInput(f"SOURCE: {len(source)} given; give one, or face sets and --scenes COUNT")
        return pack(*source, **settings)
    for name in FOR_PICTURES:
        value = settings.pop(name)
        if value is not None and value is not False:
            option = f"--{name.replace('_', '-')}"
            raise BadInput(f"{option}: is for pictures, and scenes are made of face sets; leave it or --scenes out")
    return compose(source, count=scenes, backgrounds=backgrounds, **settings)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # as on Ctrl-C, nothing half-written is left
    sys.stdout.reconfigure(errors="backslashreplace")  # names may hold what the terminal cannot show
    sys.exit(main())
