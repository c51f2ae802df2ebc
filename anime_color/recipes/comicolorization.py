"""Color comics: ink and paper in, and a reference that tells which colors, so that a character keeps its own.

Paper: Furusawa, Hiroshiba, Ogaki and Odagiri, Comicolorization (2017), over the network of Iizuka et al. (2016).

The generator sees black and white, dots of color where a user put some, and the histogram (or, of which bins there are,
the palette) of a reference picture. Nothing tells where in the reference a color was. It paints lightness and colors.
In training the face is its own reference. Losses: mean squared error in raw Lab units 1, discriminator 1, and 1/300 of
how well the global features tell the character. `Settings.faithful()` has the published networks (42,722,287 and
2,783,425 trained parameters, 224 px), palettes, and weight decay. Ours: flips; faces in another order in each pass;
the discriminator sees what the generator paints after its step; a label is one character, and faces without one train
the labels to say none.

`Settings.practical()`: 128 px, all widths three eighths, an averaged generator, a learning rate that falls. Three
changes: half of the faces are shown as extracted lines instead of by their Otsu threshold, since pages are drawn in
lines; bins below a five-hundredth of the picture are no colors of a palette; and the discriminator weighs 10, for raw
errors are of the order of hundreds. `given="l"` is the variant for gray pictures, whose lightness is kept.
`enlarging_share` trains the published second stage after the first, which then has half of `size`.
"""

from dataclasses import dataclass, replace

import keras
from keras import ops

from anime_color import color, fields, networks
from anime_color.training import objectives, phases
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.system import System
from data_prep.errors import BadInput


@dataclass(frozen=True)
class Settings:
    size: int = 128  # side of the faces in pixels, a multiple of 32, of 64 with a second stage
    width: int = 24  # channels of the first convolution
    critic_width: int = 24
    enlarger_width: int = 16
    labels: int = 20  # characters: labels from this number on are none
    given: str = "lines"  # or "l"
    ink: str = "mixed"  # "otsu", "lines", or one of them in turn
    reference: str = "histogram"  # or "palette"
    least: float = 0.002  # share of a picture above which a bin belongs to a palette
    dots: int = 14  # at most so many in training
    mse: float = 1.0
    adversarial: float = 10.0
    classes: float = 1 / 300  # weight of the labels; 0 leaves them out
    decay: float = 0.0  # of all weights
    judged: str = "lab"  # what the discriminator sees: scaled lab, or "raw"
    enlarging_share: float = 0.0  # of the second stage, where the first has 1; 0 leaves it out
    batch_size: int = 16
    learning_rate: float = 1e-3
    steady: float = 0.5  # share of the training before the learning rate falls; 1: it never does
    beta_1: float = 0.5
    beta_2: float = 0.999
    ema: float = 0.995
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """128 px faces on a laptop."""
        return cls()

    @classmethod
    def faithful(cls):
        """The paper: 42,722,287 and 2,783,425 trained parameters."""
        return cls(
            size=224, width=64, critic_width=64, enlarger_width=64, labels=428, ink="otsu", reference="palette",
            least=0.0, adversarial=1.0, decay=1e-4, judged="raw", batch_size=30, learning_rate=1e-4, steady=1.0,
            beta_1=0.9, ema=0.0,
        )  # fmt: skip

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, width=4, critic_width=4, enlarger_width=4, labels=2, batch_size=4, ema=0.9)


def build(settings):
    """The `System` of `settings`: networks "generator" and "discriminator"; with a second stage "draft", "enlarger"."""
    s, stages = settings, 2 if settings.enlarging_share else 1
    if stages == 2 and s.given == "l":
        raise BadInput("enlarging_share: the second stage enlarges what was painted of lines; leave it out for given=l")
    networks.check_multiple(s.size, stages * networks.UNET_MULTIPLE)
    labels = s.labels if s.classes else 0
    first = networks.comic_generator(s.size // stages, labels, s.width, s.given, s.reference, s.least)
    trained, drawn = {"generator": first}, "generator"
    if stages == 2:
        enlarger, drawn = networks.comic_enlarger(s.enlarger_width), "draft"
        trained = {"generator": networks.comic_generator_in_two_stages(first, enlarger)}
        trained |= {"draft": first, "enlarger": enlarger}
    trained["discriminator"] = networks.comic_discriminator(s.size // stages, s.critic_width)

    def true(scene):
        return ops.average_pool(scene.colored(), stages, stages) if stages == 2 else scene.colored()

    def told(scene, training=True):
        drawing = scene.batch[s.given]
        drawing = networks.BlackAndWhite()(ops.average_pool(drawing, stages, stages)) if stages == 2 else drawing
        given = {s.given: drawing, **{name: scene.batch[name] for name in ("hints", "reference")}}
        return scene.outputs(drawn, given, training)

    def enlarged(scene):
        draft = ops.repeat(ops.repeat(told(scene, training=False)["lab"], stages, 1), stages, 2)
        return scene.outputs("enlarger", {"lines": scene.batch["lines"], "draft": draft})

    def error(scene):
        return objectives.l2_loss(color.to_raw(scene.picture("told")["lab"]), color.to_raw(true(scene)))

    def misnamed(scene):
        return objectives.multi_label_loss(scene.picture("told")["labels"], ops.one_hot(scene.batch["label"], s.labels))

    def l1(scene):
        return objectives.l1_loss(color.to_raw(scene.fake) / 50, color.to_raw(scene.real) / 50)

    named = (Term("labels", misnamed, s.classes),) if s.classes else ()
    judged = color.to_raw if s.judged == "raw" else lambda lab: lab
    schedule = phases.falling(s.steady) if s.steady < 1 else None
    drawing = phases.adversarial(
        "non_saturating",
        critic="discriminator",
        weight=s.adversarial,
        extra=(Term("mse", error, s.mse), *named, *phases.decay(drawn, s.decay)),
        critic_extra=phases.decay("discriminator", s.decay),
        trains=(drawn,),
        schedule=schedule,
        name="drawing",
        pictures={
            "told": told,
            "fake": lambda scene: judged(scene.picture("told")["lab"]),
            "real": lambda scene: judged(true(scene)),
        },
    )
    enlarging = Update("enlarging", (Term("l1", l1),), ("enlarger",), schedule=schedule)
    plan = (
        replace(drawing, updates=drawing.updates[::-1]),
        Phase("enlarging", (enlarging,), s.enlarging_share, pictures={"fake": enlarged}),
    )[:stages]
    rates = {"generator": s.learning_rate, "discriminator": s.learning_rate, "enlarging": 1e-3}
    lines = {"lines": fields.black_and_white(s.ink)} if s.given == "lines" else {}
    return System(
        networks=trained,
        phases=plan,
        optimizers={u.name: keras.optimizers.Adam(rates[u.name], s.beta_1, s.beta_2) for p in plan for u in p.updates},
        latent_size=0,
        ema=s.ema,
        multiple=stages * networks.UNET_MULTIPLE,
        fields={**fields.COLORS, **lines, "hints": fields.dots(s.dots, stages), "reference": fields.reference},
    )
