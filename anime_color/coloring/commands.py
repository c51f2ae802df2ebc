"""The commands that color pictures: `anime-color chroma`, `colorize`, `recolor`."""

import argparse
import contextlib
import os
import warnings

import numpy as np

from anime_color.arguments import check_out, numbers, positive
from anime_color.coloring import chroma, directions, dots, instances, layers, noise, palettes, references
from anime_color.coloring.colorizer import Colorizer
from anime_color.coloring.directions import SLIDERS
from anime_color.coloring.naming import NAMES
from data_prep.errors import BadInput
from data_prep.pictures import open_image, open_with_alpha


def add_to(commands):
    """Adds the three commands to argparse's subparsers."""
    sheet = commands.add_parser("chroma", help="color pictures many ways: the chroma sheet")
    sheet.add_argument("pictures", nargs="+", metavar="PICTURE")
    sheet.add_argument("--out", required=True, metavar="SHEET.png")
    sheet.add_argument("--schedule", default="balanced", help=f"{', '.join(noise.SCHEDULES)}; default %(default)s")
    sheet.add_argument("--around", type=positive(int), metavar="K", help="variations of the K-th coloring")
    sheet.add_argument("--distance", type=positive(float), help="of the variations, in radians (0.5)")
    sheet.add_argument("--region", metavar="NAME", help="vary only this: hair, eyes, skin, clothes, background")
    sheet.add_argument("--strip", action="store_true", help="the palette below each coloring")
    sheet.set_defaults(command=_chroma)

    one = commands.add_parser("colorize", help="color one picture once, at its own size")
    one.add_argument("--palette", metavar="FILE", help="put on a saved palette: .json, or the edited colors of a .gpl")
    one.add_argument("--character", metavar="FILE.json", help="the palette of another picture of the same character")
    one.add_argument("--save-palette", metavar="FILE", help="keep its palette: .json, or .gpl for its colors")
    one.add_argument("--layers", metavar="FILE.psd", help="flats, a layer a region, and the drawing above")
    one.add_argument(
        "--move", action="append", default=[], metavar="NAME=AMOUNT", help="; ".join(map(" in ".join, SLIDERS.items()))
    )
    one.set_defaults(command=_colorize)

    part = commands.add_parser("recolor", help="new colors in a part of a picture: a sheet, or one of it")
    region = part.add_mutually_exclusive_group(required=True)
    region.add_argument("--region", choices=NAMES, help="the part of this name")
    region.add_argument("--click", type=numbers(2), action="append", metavar="X,Y", help="on what is meant")
    region.add_argument("--mask", metavar="MASK.png", help="where this picture of the same size is not black")
    region.add_argument("--box", type=numbers(4), metavar="LEFT,TOP,RIGHT,BOTTOM")
    part.set_defaults(command=_recolor)

    for locked in (sheet, one):
        locked.add_argument(
            "--lock",
            action="append",
            default=[],
            metavar="REGION=COLOR",
            help="hair=#3060c0: the rest is to match",
        )
        locked.add_argument(
            "--dot", action="append", default=[], type=_dot, metavar="X,Y,COLOR[,RADIUS]", help="a dot of color"
        )
        locked.add_argument("--dots", metavar="FILE.json", help="[[x, y, color], [x, y, color, radius], ...]")
        locked.add_argument(
            "--threshold", type=_threshold, metavar="N|otsu", help="of scanned line art: what is darker is ink"
        )
        locked.add_argument(
            "--render-factor", type=positive(int), metavar="N", help="of deoldify: it looks at 16 N pixels a side"
        )
        locked.add_argument("--reference", metavar="PICTURE", help="a colored picture whose colors are taken")
        locked.add_argument(
            "--boxes",
            metavar="FILE.json|faces|objects",
            help="of instcolor: [[left, top, right, bottom], ...], or found",
        )
    one.add_argument(
        "--colors", metavar="FILE", help="of comicolorization: a reference's colors, .json or .gpl, edited"
    )
    one.add_argument("--save-colors", metavar="FILE", help="keep the colors of --reference: .json or .gpl")
    for picked in (one, part):
        picked.add_argument("picture", metavar="PICTURE")
        picked.add_argument("--out", required=True, metavar="OUT.png")
        picked.add_argument("--pick", type=positive(int), metavar="K", help="the K-th coloring of the sheet, from 1")
    for any_of_them in (sheet, one, part):
        any_of_them.add_argument("--weights", required=True, metavar="PRESET|RUN")
        any_of_them.add_argument("--noises", type=positive(int), default=25, help="of the sheet")
        any_of_them.add_argument("--seed", type=int, default=0, help="of the sheet")


def _chroma(options):
    check_out("--out", options.out, ".png", options.pictures)
    if (options.distance or options.region) and not options.around:
        raise BadInput("--distance and --region are those of variations; give --around too, or leave them out")
    if (options.dot or options.dots) and len(options.pictures) > 1:
        raise BadInput(f"--dot: a place in one picture; {len(options.pictures)} pictures were given")
    lock, said = _lock(options.lock), _conditions(options)
    colorizer = Colorizer.from_preset(options.weights)
    noises = colorizer.noises(options.noises, options.seed, options.schedule)
    facts = {
        "seed": options.seed,
        "schedule": options.schedule,
        "weights": colorizer.name,
        **_written(options.lock, said),
    }
    chosen = None
    if options.around:
        chosen, distance = _picked(noises, options.around), options.distance or 0.5
        noises = noise.neighbors(chosen, options.noises, distance, options.seed)
        facts |= {"around": options.around, "distance": distance}
    sheets, clipped = [], []
    for rgb in [open_image(picture) for picture in options.pictures]:
        if options.region or options.strip:
            with warnings_told():
                flats = _flats(colorizer, rgb, said)
            decided = colorizer.decided(flats, lock, said.get("reference"))
            entries = flats.sampled(noises, decided)
            if options.region:
                liked = flats.sampled(chosen[None], decided)[0]
                entries = flats.sampled(noises, flats.palette(liked).without(options.region))
                entries[0] = liked
            colorings = flats.paint(entries)
            clipped.append(flats.clipped)
            if options.strip:
                colorings = [chroma.with_strip(c, flats.palette(e)) for c, e in zip(colorings, entries, strict=True)]
        else:
            with warnings_told():
                colorings = colorizer.chroma(rgb, noises, lock=lock, **said)
            clipped.append(colorizer.clipped)
        sheets.append(chroma.sheet(rgb, colorings))
    chroma.save_png(chroma.stack(sheets), options.out, facts)
    print(f"{options.out}: {len(sheets)} x {len(noises)} colorings by {colorizer.name}{_desaturated(clipped)}")


def _colorize(options):
    check_out("--out", options.out, ".png", [options.picture])
    if options.save_palette:
        check_out("--save-palette", options.save_palette, (".json", ".gpl"), [options.picture])
    if options.save_colors:
        check_out("--save-colors", options.save_colors, (".json", ".gpl"), [options.picture])
        if not options.reference:
            raise BadInput("--save-colors: the colors of a reference; give --reference too, or leave it out")
    if options.colors and options.reference:
        raise BadInput("--reference and --colors both tell the colors: give one of them")
    if options.layers:
        if not os.path.isdir(os.path.dirname(options.layers) or "."):
            raise BadInput(f"--layers {options.layers}: no such folder; make it first")
        check_out("--layers", options.layers, ".psd", [options.picture])
        layers.check()
    whole = options.palette and options.palette.lower().endswith(".json")
    said = _conditions(options)
    if options.colors:
        said["palette"] = references.load(options.colors)
    if (whole or options.character) and (options.move or "dots" in said):
        raise BadInput("--palette and --character bring their own colors: leave out --move and --dot, or use --lock")
    if options.palette and options.character:
        raise BadInput("--palette is for the same picture, --character for another one: give one of them")
    if options.reference and (whole or options.character):
        raise BadInput("--reference, --palette and --character each bring their own colors: give one of them")
    sliders, lock = _sliders(options.move), _lock(options.lock)
    brought = palettes.load(options.palette if whole else options.character) if whole or options.character else None
    colorizer = Colorizer.from_preset(options.weights)
    picture = _pixels(options.picture)
    chosen = _picked(colorizer.noises(options.noises, options.seed), options.pick or 1)
    facts = {"weights": colorizer.name, **_written(options.lock, said)}
    facts |= {"reference": options.reference} if options.reference else {}
    kept = options.palette or options.character or options.save_palette or options.layers
    if not (kept or sliders):
        with warnings_told():
            colored = colorizer.colorize(picture, chosen, lock=lock, **said)
        clipped = colorizer.clipped
    else:
        with warnings_told():
            flats = _flats(colorizer, picture, said)
        if sliders:
            found = directions.find(flats)
            chosen = found.moved(chosen, **sliders)
            for name in sliders:
                print(f"{name}: {100 * found.certainty[name]:.0f} % of what happens to it is foreseen")
        known = flats.palette(None)
        if brought is not None:
            known = brought if whole else flats.carried(brought)
        elif options.reference:
            known = colorizer.decided(flats, reference=said["reference"])
        for region, value in lock.items():
            known = known.with_color(region, value)
        palette = known if whole else flats.palette(flats.sampled(chosen[None], known)[0])
        if options.palette and not whole:
            palette = palette.with_gpl(options.palette)
        (colored,), clipped = flats.paint([palette]), flats.clipped
    if options.save_colors:
        references.Colors.of(said["reference"]).save(options.save_colors)
        print(f"{options.save_colors}: the colors of {options.reference}, for --colors")
    if len(chosen) and not whole:
        facts |= {"noise": " ".join(f"{number:.4f}" for number in chosen)}
    if options.layers:
        layers.save(options.layers, flats, palette)
        print(f"{options.layers}: {len(palette.shown)} flats and the drawing")
    if options.save_palette:
        palette.save(options.save_palette)
        print(f"{options.save_palette}: its palette, for --palette on this picture, or --character on others")
    chroma.save_png(colored, options.out, facts)
    print(f"{options.out}: colored by {colorizer.name}{_desaturated(clipped)}")


def _recolor(options):
    region = next(o for o in (options.region, options.click, options.mask, options.box) if o is not None)
    check_out("--out", options.out, ".png", [options.picture, *([options.mask] if options.mask else [])])
    colorizer = Colorizer.from_preset(options.weights)
    noises = colorizer.noises(options.noises, options.seed)
    if options.pick:
        noises = _picked(noises, options.pick)[None]
    picture = _pixels(options.picture) if options.pick else open_image(options.picture)  # a sheet lies on white
    colorings = colorizer.recolor(picture, region, noises)
    shown = colorings[0] if options.pick else chroma.sheet(picture, colorings)
    chroma.save_png(shown, options.out, {"seed": options.seed, "weights": colorizer.name})
    print(f"{options.out}: {len(colorings)} recolored by {colorizer.name}")


def _dot(text):
    x, y, value = (text.split(",", 2) + ["", ""])[:3]
    try:
        try:
            palettes.lab_of(value.strip())
            return int(x), int(y), value.strip()
        except BadInput:  # a color may hold commas, so a radius is looked for when it is none
            value, _, radius = value.rpartition(",")
            palettes.lab_of(value.strip())
            return int(x), int(y), value.strip(), float(radius)
    except (ValueError, BadInput):
        needed = "X,Y,COLOR such as 120,40,#3060c0, or X,Y,COLOR,RADIUS"
        raise argparse.ArgumentTypeError(f"{text!r} given, needed is {needed}") from None


def _threshold(text):
    if text != "otsu" and not (text.isdecimal() and 1 <= int(text) <= 255):
        raise argparse.ArgumentTypeError(f"{text!r} given, needed is a whole number from 1 to 255, or otsu")
    return text if text == "otsu" else int(text)


def _conditions(options):
    """The dots and other conditions that were given, as `Colorizer.colorize` takes them."""
    marks = options.dot + (dots.load(options.dots) if options.dots else [])
    given = {"dots": marks, "threshold": options.threshold, "render_factor": options.render_factor}
    given = {name: value for name, value in given.items() if value}
    if options.reference:
        given["reference"] = references.colored(options.reference)
    if options.boxes:
        given["boxes"] = options.boxes if options.boxes in instances.DETECTORS else instances.load(options.boxes)
    return given


def _flats(colorizer, picture, said):
    return colorizer.flats(picture, **{name: value for name, value in said.items() if name != "reference"})


def _lock(assignments):
    """{"hair": "#3060c0"} of ["hair=#3060c0"]."""
    lock = {}
    for assignment, region, value in _assigned("--lock", "locked", assignments):
        if region not in NAMES and not region.isdigit():
            raise BadInput(f"--lock {assignment}: allowed are {', '.join(NAMES)}, or a region's number")
        palettes.ab_of(value)
        lock[region] = value
    return lock


def _sliders(assignments):
    """{"warmth": 8.0} of ["warmth=8"]."""
    sliders = {}
    for assignment, name, amount in _assigned("--move", "moved", assignments):
        try:
            sliders[name] = float(amount)
        except ValueError:
            raise BadInput(f"--move {assignment}: needed is name=number with a name of {', '.join(SLIDERS)}") from None
    directions.check(sliders)
    return sliders


def _assigned(option, done, assignments):
    """Yields ("hair=teal", "hair", "teal") of each of the assignments; BadInput if a name comes twice."""
    seen = set()
    for assignment in assignments:
        name, _, value = assignment.partition("=")
        if name in seen:
            raise BadInput(f"{option} {assignment}: {name} is {done} twice; give it once")
        seen.add(name)
        yield assignment, name, value


def _written(lock, said):
    """What a picture's file says of its locks and dots."""
    marks = [",".join(map(str, dot)) for dot in said.get("dots", [])]
    return {name: " ".join(some) for name, some in {"lock": lock, "dots": marks}.items() if some}


@contextlib.contextmanager
def warnings_told():
    """Prints what the library warns of as plain lines."""
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always", UserWarning)
        yield
    for warning in found:
        print(f"note: {warning.message}")


def _pixels(path):
    """A picture as an array that keeps its transparency: read at once, so that a bad one is told before long work."""
    rgb, alpha = open_with_alpha(path)
    return rgb if alpha is None else np.dstack([rgb, alpha])


def _picked(noises, number):
    if number > len(noises):
        raise BadInput(f"coloring {number} of a sheet of {len(noises)}: pick one from 1 to {len(noises)}")
    return noises[number - 1]


def _desaturated(clipped):
    return f"; {100 * np.mean(clipped):.1f} % of the pixels desaturated to keep their lightness in sRGB"
