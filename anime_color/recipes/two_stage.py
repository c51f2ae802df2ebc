"""Line art in, a coloring out, by two U-Nets whose joins are sums: a small draft, then the drawing at full size.

Paper: Lee and Lee 2019/2020 (lightweight two-stage colorization, Additive U-Net); plan, losses and hints after the
first author's code, rapidrabbit76/PaintsTensorFlow (2019). GAN loss: Goodfellow et al. 2014.

Two phases. "draft": lines and hints at a quarter of the size, against a discriminator and 100 times L1. "coloring":
lines at full size and the enlarged draft, L1 alone; the draft network is finished then.

`Settings.faithful()` has the published size: 13,071,072 parameters a network, 128 to 512 px, and `join="concatenate"`
is the U-Net that it is compared with. Ours: the pictures are lab instead of RGB, so that hints tell lightness and color
apart (hints.py); lines are drawn by four extractors in turn; an averaged generator.

`Settings.practical()` is 32 to 128 px by the sheet's rule, width 24. There is no noise: a picture is painted once, and
hints are what changes it. docs/results.md has what adding costs against concatenating, and the comparison with
`chroma`'s door for line art.
"""

from dataclasses import dataclass

import keras
from keras import ops

from anime_color import fields, networks
from anime_color.training import objectives, phases
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.system import System


@dataclass(frozen=True)
class Settings:
    size: int = 128  # side of the training pictures in pixels, a multiple of 16 * factor
    factor: int = 4  # drafts and hints have size / factor
    width: int = 24  # gf in the sheet
    critic_width: int = 32
    join: str = "add"  # or "concatenate", as in a U-Net
    batch_size: int = 16
    l1: float = 100.0  # of the draft
    draft_share: float = 0.5  # of the budget, for each phase
    coloring_share: float = 0.5
    learning_rate: float = 5e-4
    beta_1: float = 0.5
    beta_2: float = 0.99
    ema: float = 0.99
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """32 to 128 px on a laptop: see docs/results.md."""
        return cls()

    @classmethod
    def faithful(cls):
        """128 to 512 px: 13,071,072 parameters each, and a discriminator of 903,105."""
        return cls(size=512, width=64, batch_size=4, learning_rate=1e-4, ema=0.0)

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, factor=2, width=8, critic_width=4, batch_size=4, ema=0.9)


def build(settings):
    """The `System` of `settings`: networks "generator", made of "draft" and "coloring", and "discriminator"."""
    s = settings
    networks.check_multiple(s.size, 16 * s.factor)
    draft = networks.additive_unet("hints", "draft", s.width, s.join)
    coloring = networks.additive_unet("draft", "coloring", s.width, s.join)

    def small(scene, name):
        return ops.average_pool(scene.batch[name], s.factor, s.factor)

    def drafted(scene, training=True):
        return scene.outputs("draft", {"lines": small(scene, "lines"), "hints": scene.batch["hints"]}, training)

    def true_draft(scene):
        return ops.concatenate([small(scene, "l"), small(scene, "ab")], -1)

    def colored(scene):
        enlarged = ops.repeat(ops.repeat(drafted(scene, training=False), s.factor, 1), s.factor, 2)
        return scene.outputs("coloring", {"lines": scene.batch["lines"], "draft": enlarged})

    def l1(scene):
        return objectives.l1_loss(scene.fake, scene.real)

    drafting = phases.adversarial(
        "non_saturating",
        critic="discriminator",
        extra=(Term("l1", l1, s.l1),),
        trains=("draft",),
        share=s.draft_share,
        schedule=phases.falling(0.5),
        name="draft",
        pictures={"real": true_draft, "fake": drafted},
    )
    finishing = Update("coloring", (Term("l1", l1),), ("coloring",), schedule=phases.falling(0.5))
    adam = keras.optimizers.Adam
    return System(
        networks={
            "generator": networks.two_stage_generator(draft, coloring, s.factor),
            "draft": draft,
            "coloring": coloring,
            "discriminator": networks.draft_discriminator(s.size // s.factor, s.critic_width),
        },
        phases=(drafting, Phase("coloring", (finishing,), s.coloring_share, pictures={"fake": colored})),
        optimizers={n: adam(s.learning_rate, s.beta_1, s.beta_2) for n in ("discriminator", "generator", "coloring")},
        latent_size=0,
        ema=s.ema,
        multiple=16 * s.factor,
        fields={**fields.COLORS, "lines": fields.lines, "hints": fields.hints(s.factor)},
    )
