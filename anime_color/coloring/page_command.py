"""The command `anime-color page`."""

from anime_color.arguments import check_out
from anime_color.coloring import chroma, pages
from anime_color.coloring.colorizer import Colorizer
from anime_color.coloring.commands import warnings_told
from data_prep.pictures import open_image

WEIGHTS = "chroma-128"


def add_to(commands):
    """Adds the command to argparse's subparsers."""
    page = commands.add_parser("page", help="color a comic page, panel by panel, each as its reference is colored")
    page.add_argument("page", metavar="PAGE.png")
    page.add_argument(
        "--references", required=True, metavar="CHARACTERS/", help="a colored picture, or a folder with one a character"
    )
    page.add_argument("--out", required=True, metavar="PAGE-color.png")
    page.add_argument(
        "--panels", metavar="FILE.json", help="[[left, top, width, height], ...]; else white gutters tell"
    )
    page.add_argument("--save-panels", metavar="FILE.json", help="the panels and who is in each, to be edited")
    page.add_argument(
        "--weights",
        default=WEIGHTS,
        metavar="PRESET|RUN",
        help="default %(default)s, for gray pages; for line art comicolorization-128",
    )
    page.add_argument("--seed", type=int, default=0, help="of the colors that no reference tells")
    page.set_defaults(command=_page)


def _page(options):
    read = [options.page, *([options.panels] if options.panels else [])]
    check_out("--out", options.out, ".png", read)
    if options.save_panels:
        check_out("--save-panels", options.save_panels, ".json", read)
    rgb = open_image(options.page)
    panels = pages.load(options.panels) if options.panels else pages.find(rgb)
    references = pages.references(options.references)
    colorizer = Colorizer.from_preset(options.weights)
    with warnings_told():
        colored, panels = pages.color_page(rgb, panels, references, colorizer, seed=options.seed)
    if options.save_panels:
        pages.save(panels, options.save_panels)
    chroma.save_png(colored, options.out, {"seed": options.seed, "weights": colorizer.name})
    for number, panel in enumerate(panels):
        place = f"{panel.width}x{panel.height} px at {panel.left},{panel.top}"
        print(f"panel {number}: {place}, colored as {panel.reference}")
    how = "" if options.panels else "; --save-panels and --panels change who is in which"
    print(f"{options.out}: {len(panels)} panels colored by {colorizer.name}{how}")
