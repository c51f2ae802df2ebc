"""Color by what a picture shows: one network learns colors and, beside them, the classes that a teacher sees.

Paper: Vitoria, Raad and Ballester, ChromaGAN (WACV 2020). Penalty: Gulrajani et al. 2017.

The generator has two heads over one trunk: colors, and a distribution over classes. A frozen classifier that sees only
lightness is the teacher of the second, so no labels are needed; what the heads share has to know what is shown. A
critic of patches tells true colors from painted ones. Losses: mean squared error of ab, 0.003 times the divergence from
the teacher, 0.1 times the critic's mean score. The gradient penalty looks at color alone. A step moves the generator
first and then the critic, on the same faces. `adversarial=0` leaves the critic out, `classes=0` the class head and its
teacher. `Settings.faithful()` has the published networks (171,171,722 and 2,764,737 parameters, 224 px), the ImageNet
teacher fed as published, and begins with the trunk of ImageNet's VGG16 where its weights can be had. Ours: flips, and
faces in another order in each pass.

`Settings.practical()`: 128 px, all widths a quarter, a teacher that knows characters, a trunk that begins from scratch,
a higher learning rate that falls in the end, an averaged generator. Two more changes, without which faces stay beige:
colors are compared and judged on this project's scale, 2.3 times as far apart as in OpenCV's (`coding="unit"`); and the
penalty, which looks at the sum of all patch scores while the loss looks at their mean, is divided by their number
(`penalty_by="sum"`: it is not). The dense layers bind a network to its size: any picture is shown to it as a square.
"""

from dataclasses import dataclass, replace
from functools import cache

import keras

from anime_color import color, networks
from anime_color.networks import teachers, trunks
from anime_color.training import objectives, phases
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.system import System
from data_prep.errors import BadInput

AB = slice(1, 3)


@dataclass(frozen=True)
class Settings:
    size: int = 128  # side of the faces in pixels, a multiple of 32
    trunk_width: int = 16  # channels of the trunk's first convolution
    width: int = 8  # channels of the decoder's last but one convolution
    hidden: int = 256  # of the class head
    critic_width: int = 16
    trunk: str = "scratch"  # or "vgg16": begins with ImageNet's, trunk_width=64
    trunk_weights: str = ""  # its file; empty: those that Keras downloads
    teacher: str = "characters"  # or "vgg16"
    teacher_weights: str = ""  # of "vgg16", as above
    feeding: str = "published"  # of "vgg16", or "mended": see `teachers`
    mse: float = 1.0
    classes: float = 0.003  # weight of the divergence from the teacher
    adversarial: float = 0.5  # the paper's is 0.1
    penalty: float = 10.0
    penalty_by: str = "mean"  # of the patch scores, or "sum"
    coding: str = "lab"  # of the colors that losses and critic see, or "unit"
    batch_size: int = 10
    learning_rate: float = 5e-4  # the paper's is 2e-5
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
        """The paper: 171,171,722 and 2,764,737 parameters."""
        return cls(
            size=224, trunk_width=64, width=32, hidden=4096, critic_width=64, trunk="vgg16", teacher="vgg16",
            adversarial=0.1, penalty_by="sum", coding="unit", learning_rate=2e-5, steady=1.0, ema=0.0,
        )  # fmt: skip

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, trunk_width=2, width=2, hidden=8, critic_width=4, batch_size=4, ema=0.9)


def build(settings):
    """The `System` of `settings`: networks "generator", and "critic" if there is an adversarial loss."""
    s = settings
    if s.trunk == "vgg16" and s.trunk_width != networks.VGG_WIDTH:
        raise BadInput(f"trunk_width={s.trunk_width}: trunk=vgg16 begins with weights of {networks.VGG_WIDTH}")
    classes = teachers.classes(s.teacher) if s.classes else 0
    trained = {"generator": networks.chromagan_generator(s.size, classes, s.trunk_width, s.width, s.hidden)}

    @cache
    def teacher():  # found when training begins, for its weights may have to be downloaded
        return teachers.find(s.teacher, s.teacher_weights or None, s.feeding)

    def begin():
        return {"trunk": _begin_trunk(s, trained["generator"])} | ({"teacher": teacher().name} if classes else {})

    def told(scene):
        return scene.outputs("generator", {"l": scene.batch["l"]})

    def error(scene):
        return objectives.l2_loss(scene.fake[..., AB], scene.real[..., AB])

    def divergence(scene):
        return objectives.kl_divergence(teacher()(scene.batch["l"]), scene.picture("told")["classes"])

    terms = (Term("mse", error, s.mse), *([Term("classes", divergence, s.classes)] if classes else []))
    coded = color.to_unit if s.coding == "unit" else lambda lab: lab
    pictures = {
        "told": told,  # both heads
        "fake": lambda scene: coded(scene.picture("told")["lab"]),
        "real": lambda scene: coded(scene.colored()),
    }
    schedule = phases.falling(s.steady) if s.steady < 1 else None
    phase = Phase("plain", (Update("generator", terms, ("generator",), schedule=schedule),), pictures=pictures)
    if s.adversarial:
        trained["critic"] = networks.patch_critic(s.critic_width)
        phase = phases.adversarial(
            "wasserstein",
            gradient_penalty=s.penalty / (1 if s.penalty_by == "sum" else (s.size // 8) ** 2),
            penalized=AB,
            weight=s.adversarial,
            extra=terms,
            schedule=schedule,
            pictures=pictures,
        )
        phase = replace(phase, updates=phase.updates[::-1])
    adam = keras.optimizers.Adam
    return System(
        networks=trained,
        phases=(phase,),
        optimizers={update.name: adam(s.learning_rate, s.beta_1, s.beta_2) for update in phase.updates},
        latent_size=0,
        ema=s.ema,
        multiple=networks.UNET_MULTIPLE,
        about=begin,
    )


def _begin_trunk(settings, generator):
    """Puts the weights that are asked for into the generator's trunk; returns what it begins with."""
    if settings.trunk == "scratch":
        return "from scratch"
    try:
        whole, origin = trunks.published(settings.trunk, settings.trunk_weights or None)
    except trunks.Missing as missing:
        print(missing.told("the trunk begins from scratch"))
        return "from scratch (ImageNet weights missing)"
    networks.load_vgg_trunk(generator, whole)
    return f"VGG16 ({origin})"
