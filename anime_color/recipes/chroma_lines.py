"""Line art through `chroma`: a network draws the lightness that the lines stand for, trained regions and palettes color
it.

Ours. Relatives: Lee and Lee 2019/2020 (`two_stage`, whose lines and hints it is trained on), style2paints' splitting of
a coloring into shade and color (Zhang et al. 2018). Non-saturating loss: Goodfellow et al. 2014; R1: Mescheder et al.
2018.

One phase. The network "shading" is to give the true lightness (L1), a lightness that is cut into the same regions as
the true one (cross-entropy of the regions of the frozen `chroma`), and one that a critic, who sees the lines beside it,
takes for real. Hints tell it how light a place is; what color it has is told by the palette: so dots, locks,
recoloring, characters and layers are those of `chroma`, and a drawing has 25 colorings.

docs/results.md has the comparison with `two_stage` from equal minutes.
"""

from dataclasses import dataclass

import keras
from keras import ops

from anime_color import fields, networks, presets
from anime_color.training import objectives, phases
from anime_color.training.phases import Term
from anime_color.training.system import System

MULTIPLE = 32  # of the sides of pictures


@dataclass(frozen=True)
class Settings:
    chroma: str = "chroma-128"  # whose regions and palettes: a preset or a run folder
    size: int = 128  # side of the training pictures in pixels, a multiple of 32
    factor: int = 4  # hints have size / factor
    width: int = 24
    critic_width: int = 24
    batch_size: int = 16
    l1: float = 10.0
    regions: float = 1.0  # weight of the cross-entropy of regions
    r1: float = 0.1
    r1_stride: int = 4
    learning_rate: float = 4e-4
    beta_1: float = 0.0
    beta_2: float = 0.99
    ema: float = 0.998
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """128 px on a laptop, as the shipped chroma-lines-128."""
        return cls()

    @classmethod
    def faithful(cls):
        """The same, wider: for a GPU."""
        return cls(width=48, critic_width=48)

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, width=8, critic_width=8, batch_size=4, ema=0.9)


def build(settings):
    """The `System` of `settings`: networks "generator", made of "shading" and the frozen `chroma`, and "critic"."""
    s = settings
    networks.check_multiple(s.size, MULTIPLE)
    shading = networks.shading_network(s.width, s.factor)
    chroma = presets.load(s.chroma)["generator"]
    chroma.name, chroma.trainable = "chroma", False
    regions = chroma.get_layer("regions")

    def shaded(scene):
        return scene.outputs("shading", {name: scene.batch[name] for name in ("lines", "hints")})

    def with_lines(l):  # noqa: E741
        return lambda scene: ops.concatenate([l(scene), scene.batch["lines"]], -1)

    def l1(scene):
        return objectives.l1_loss(scene.fake[..., :1], scene.batch["l"])

    def same_regions(scene):
        true = regions(scene.batch["l"], training=False)["regions"]
        found = regions(scene.fake[..., :1], training=False)["regions"]
        return -ops.mean(ops.sum(ops.stop_gradient(true) * ops.log(found + 1e-6), -1))

    phase = phases.adversarial(
        "non_saturating",
        r1=s.r1,
        r1_stride=s.r1_stride,
        extra=(Term("l1", l1, s.l1), Term("regions", same_regions, s.regions)),
        trains=("shading",),
        schedule=phases.falling(0.6),
        pictures={"real": with_lines(phases.given("l")), "fake": with_lines(shaded)},
    )
    adam = keras.optimizers.Adam
    return System(
        networks={
            "generator": networks.shaded_generator(shading, chroma),
            "shading": shading,
            "critic": networks.two_scale_critic(s.critic_width, s.factor, channels=2),
        },
        phases=(phase,),
        optimizers={n: adam(s.learning_rate, s.beta_1, s.beta_2) for n in ("critic", "generator")},
        latent_size=chroma.input["noise"].shape[-1],
        ema=s.ema,
        multiple=MULTIPLE,
        fields={**fields.COLORS, "lines": fields.lines, "hints": fields.hints(s.factor)},
    )
