"""Built-in comic pages: six panels with two drawn characters, in true colors and as line art, with masks.

For tests, notebooks and measurements: everything that is to be told from a page, or colored in it, is known.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

from .drawing.character import pose
from .drawn_faces import FACES_PER_CHARACTER, DrawnFace, check_whole, draw

MIN_WIDTH, MAX_WIDTH = 400, 2000
ROWS, PANELS_PER_CHARACTER = 3, 3
REFERENCE_SIZE = 512
OPEN = 0.8  # eyes of a reference are at least so open: they show their color
# parts of the page's width
HEIGHT, MARGIN, GUTTER, FRAME = 1.4, 0.04, 0.02, 0.004
# A row's height before all are made to fit, and how far from its middle the row is divided, as a part of it. So a
# panel is at least 0.79 times as wide as high: its sides may cut hair, but no face.
ROW_HEIGHT, ASIDE = (0.92, 1.08), (0.02, 0.08)

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class DrawnPage:
    """One drawn page, each panel of which shows one of its two characters.

    rgb: (H, W, 3) uint8 sRGB; white paper and gutters, black frames.
    lines: (H, W) uint8, 0 ink .. 255 paper; frames are ink.
    mask: (H, W) uint8, index into `drawn_faces.PARTS`; frames are background.
    panels: left, top, width and height of each of the six in pixels, frame included, in reading order.
    labels: the character in each panel.
    references: a portrait of each of `characters`, 512 pixels square, in a pose that is in no panel.
    characters: the two labels, 2 * seed and 2 * seed + 1.
    """

    rgb: np.ndarray
    lines: np.ndarray
    mask: np.ndarray
    panels: tuple[Box, ...]
    labels: tuple[int, ...]
    references: tuple[DrawnFace, DrawnFace]
    characters: tuple[int, int]


def draw_page(seed: int, width: int = 1200) -> DrawnPage:
    """The page with this seed, `width` pixels wide and 1.4 times as high.

    The same seed gives the same bytes at one width, and the same characters, poses and layout at any. Pages of
    different seeds have different characters.

    Raises BadInput for a seed below 0, a width outside 400..2000, or anything but integers.
    """
    check_whole("draw_page", "seed", seed, 0, None)
    check_whole("draw_page", "width", width, MIN_WIDTH, MAX_WIDTH)
    seed, width = int(seed), int(width)
    random = np.random.default_rng([2, seed])
    characters = (2 * seed, 2 * seed + 1)
    portraits, poses = zip(*(_poses(random, label) for label in characters), strict=True)
    cast = random.permutation(np.repeat((0, 1), PANELS_PER_CHARACTER)).tolist()
    panels = _layout(random, width)
    size = (width, round(HEIGHT * width))
    page = Image.new("RGB", size, "white"), Image.new("L", size, 255), Image.new("L", size, 0)
    for panel, who in zip(panels, cast, strict=True):
        _fill(page, panel, round(FRAME * width), poses[who].pop(), random.random())
    rgb, lines, mask = (np.array(plane) for plane in page)
    return DrawnPage(
        rgb=rgb,
        lines=lines,
        mask=mask,
        panels=panels,
        labels=tuple(characters[who] for who in cast),
        references=tuple(draw(portrait, REFERENCE_SIZE) for portrait in portraits),
        characters=characters,
    )


def _poses(random: np.random.Generator, label: int) -> tuple[int, list[int]]:
    """Seeds of the character: of its portrait, with open eyes, and of its panels."""
    seeds = (FACES_PER_CHARACTER * label + random.permutation(FACES_PER_CHARACTER)).tolist()
    portrait = max(seeds, key=_has_open_eyes)
    seeds.remove(portrait)
    return portrait, seeds[:PANELS_PER_CHARACTER]


def _has_open_eyes(seed: int) -> bool:
    expression = pose(seed).expression
    return min(expression.left_open, expression.right_open) > OPEN


def _layout(random: np.random.Generator, width: int) -> tuple[Box, ...]:
    """The panels of a page, in reading order: rows of two, of different widths."""
    margin, gutter = round(MARGIN * width), round(GUTTER * width)
    across = width - 2 * margin - gutter
    down = round(HEIGHT * width) - 2 * margin - (ROWS - 1) * gutter
    heights = random.uniform(*ROW_HEIGHT, ROWS)
    edges = np.rint(down * np.cumsum([0, *heights]) / heights.sum()).astype(int).tolist()
    panels = []
    for row in range(ROWS):
        top, height = margin + edges[row] + row * gutter, edges[row + 1] - edges[row]
        first = round(across * (0.5 + random.choice((-1, 1)) * random.uniform(*ASIDE)))
        panels.append((margin, top, first, height))
        panels.append((margin + first + gutter, top, across - first, height))
    return tuple(panels)


def _fill(page: tuple[Image.Image, ...], panel: Box, frame: int, seed: int, place: float) -> None:
    """Draws the frame of a panel and in it, as high as the panel, the face with this seed; `place`, 0..1, says how
    far to the right it stands."""
    left, top, width, height = panel
    inside = (left + frame, top + frame, left + width - frame, top + height - frame)
    face = draw(seed, height - 2 * frame)
    aside = round(place * (width - height))  # below 0 where the face is wider than the panel
    for plane, pixels in zip(page, (face.rgb, face.lines, face.mask), strict=True):
        paper = plane.crop(inside)
        paper.paste(Image.fromarray(pixels), (aside, 0))
        plane.paste(0, (left, top, left + width, top + height))
        plane.paste(paper, inside)
