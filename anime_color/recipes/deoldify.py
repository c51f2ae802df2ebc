"""A self-attention U-Net on a ResNet paints a whole picture from its gray; its GAN is trained last, and briefly.

Source: DeOldify (Jason Antic, 2018-2020; there is no paper), by its README and training notebooks. Self-attention:
Zhang et al. 2019; spectral normalization: Miyato et al. 2018; one cycle: Smith and Topin 2018.

NoGAN, as its author calls the order: the generator learns from a feature loss alone, at growing sizes ("frozen",
"small", "middle", "whole"); what it paints is saved, and the critic learns to tell it from real pictures ("critic");
then both train against each other for a short while ("adversarial"). There the generator moves only in steps in which
the critic's loss is below `threshold`, and the critic learns `critic_pace` times as fast. The colors turn orange when
that lasts too long; so it is scored again and again, and the generator of the best KID is kept. `order="gan"` is the
same network trained against the same critic from the start.

`Settings.faithful()` is the artistic model (ResNet-34 and a "deep" decoder, 63,646,881 parameters; critic 94,555,649)
at 64, 128 and 192 px; `decoder="wide"` on "resnet101" with factor=2.0 is the stable one (218,222,197). Keras has no
weights of a ResNet-34, so it is trained from nothing. "resnet50" and "resnet101" begin with ImageNet's where those can
be had; then frozen_share=0.2, small_rate=0.3, early_pace=0.001 and late_pace=0.03 are the published way. Deviations:
the momentum does not cycle, pictures are mirrored but neither turned nor warped, and the features are those of VGG16
without batch normalization.

`Settings.practical()`: ResNet-18 of a quarter of the width, trained from nothing, so it is never frozen; 32, 64 and
128 px; features of our own classifier of faces. docs/results.md has what it learns in which time, beside the plain GAN.
"""

from dataclasses import dataclass, replace
from functools import cache, partial

import keras

from anime_color import color, fields, networks
from anime_color.networks import resnets, trunks
from anime_color.training import objectives, phases
from anime_color.training.painted import Painted, Short
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.system import System

DEPTHS = {"depth1": 20.0, "depth2": 70.0, "depth3": 10.0}  # weights of the trunk's maps; that of the pixels is 1


@dataclass(frozen=True)
class Settings:
    size: int = 128  # side of the training pictures in pixels, a multiple of 16; of the last phases
    middle: int = 64  # and of the phases before
    small: int = 32
    encoder: str = "resnet18"  # or another of `networks.resnets.NAMES`
    decoder: str = "deep"  # or "wide"
    width: float = 0.25
    factor: float = 1.0  # of the decoder's channels
    critic_width: int = 32
    critic_blocks: int = 3  # 2 for pictures of 32 px
    batch_size: int = 8  # at the full size; twice as many at half of it
    features: str = "faces"  # trunk of the feature loss: "faces", "vgg16"
    order: str = "nogan"  # or "gan"
    frozen_share: float = 0.0  # of the budget, for each phase
    small_share: float = 0.2
    middle_share: float = 0.25
    whole_share: float = 0.25
    critic_share: float = 0.1
    adversarial_share: float = 0.2
    small_rate: float = 1.0  # of the learning rate, for each phase
    middle_rate: float = 0.5
    whole_rate: float = 0.25
    saved: float = 0.085  # share of the pictures that are painted for the critic
    best_of: int = 20  # the adversarial phase is scored after every so-many-th step
    learning_rate: float = 1e-3  # of the first phases
    adversarial_rate: float = 1e-4
    critic_pace: float = 5.0
    early_pace: float = 1.0  # of the learning rate, for the first half of the encoder and for the second
    late_pace: float = 1.0
    feature_weight: float = 2.0  # beside the critic's word
    threshold: float = 0.65
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
        """The artistic model: 63,646,881 parameters, and a critic of 94,555,649."""
        return cls(
            size=192, middle=128, small=64, encoder="resnet34", width=1.0, factor=1.5, critic_width=256, batch_size=9,
            features="vgg16", middle_rate=0.1, whole_rate=0.05, adversarial_rate=1e-5, best_of=100, ema=0.0,
        )  # fmt: skip

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(
            size=32, small=16, encoder="resnet10", decoder="wide", width=0.0625, critic_width=8, critic_blocks=2,
            batch_size=4, middle_share=0.0, whole_share=0.0, best_of=2, ema=0.9,
        )  # fmt: skip


def fine_tuning(settings, pictures):
    """The settings to fine-tune with: at the full size from the start, for what sizes below teach is known."""
    return replace(settings, small_share=0.0, middle_share=0.0) if settings.whole_share > 0 else settings


def build(settings):
    """The `System` of `settings`: networks "generator" and "critic"."""
    s = settings
    networks.check_multiple(s.size, 16)
    generator = networks.deoldify_generator(s.decoder, s.encoder, s.width, s.factor)

    @cache
    def trunk():  # found when training begins, for its weights may have to be downloaded
        return trunks.find_depths(s.features)

    def painted(scene):
        return scene.outputs("generator", {"gray": scene.batch["gray"]}, training="generator" in scene.trains)

    pictures = {
        "real": phases.given("photo"),
        "fake": painted,
        "depths of fake": lambda scene: trunk()(scene.fake),
        "depths of real": lambda scene: trunk()(scene.real),
    }

    def pixels(scene):
        return objectives.l1_loss(color.imagenet_scaled(scene.fake), color.imagenet_scaled(scene.real))

    def depth(i, scene):
        return objectives.l1_loss(scene.picture("depths of fake")[i], scene.picture("depths of real")[i])

    def feature_terms(weight=1.0):
        depths = [Term(name, partial(depth, i), weight * w) for i, (name, w) in enumerate(DEPTHS.items())]
        return (Term("pixels", pixels, weight), *depths)

    def pretraining(name, share, size, rate, pace, rise=0.0):
        """A phase of the generator alone; `rate` is a factor of the learning rate."""
        cycle = phases.one_cycle(rise)
        update = Update("pretraining", feature_terms(), ("generator",), schedule=lambda o: rate * cycle(o), pace=pace)
        batch_size = s.batch_size * s.size // size
        return Phase(
            name, (update,), share, lambda _, faces: faces.again(size=size, batch_size=batch_size), pictures=pictures
        )

    def real_or_fake(scene):
        logits = scene.logits("critic", "real"), scene.logits("critic", "fake")
        return objectives.non_saturating_critic_loss(*logits) / 2

    def accuracy(scene):
        return objectives.accuracy(scene.logits("critic", "real"), scene.logits("critic", "fake"))

    told_apart = (Term("real_or_fake", real_or_fake), Term("accuracy", accuracy, weight=0))

    def believed(scene):  # by a critic that is not trained now, so without dropout
        return objectives.non_saturating_generator_loss(scene.networks["critic"](scene.fake, training=False))

    briefly = s.order == "nogan"
    generator_update = Update(
        "generator",
        (Term("adversarial", believed), *feature_terms(s.feature_weight)),
        ("generator",),
        pace=partial(paces, early=0.0, late=0.0) if briefly else None,
        gate=("critic_loss", lambda loss: loss < s.threshold) if briefly else None,
    )
    adversarial = Phase(
        "adversarial",
        (Update("critic", told_apart, ("critic",)), generator_update),
        s.adversarial_share,
        lambda _, faces: Short(faces, s.best_of),
        pictures=pictures,
        keep_best="score_kid",
    )
    critic = Phase(
        "critic",
        (Update("critic_pretraining", told_apart, ("critic",), schedule=phases.one_cycle()),),
        s.critic_share,
        lambda trained, faces: Painted(faces, trained["generator"], "saved", s.saved),
        pictures={"real": phases.given("photo"), "fake": phases.given("saved")},
    )
    thawing = partial(paces, early=s.early_pace, late=s.late_pace)
    nogan = (
        pretraining("frozen", s.frozen_share, s.small, 1.0, frozen, rise=0.8),
        pretraining("small", s.small_share, s.small, s.small_rate, thawing, rise=0.2),
        pretraining("middle", s.middle_share, s.middle, s.middle_rate, thawing),
        pretraining("whole", s.whole_share, s.size, s.whole_rate, thawing),
        critic,
        adversarial,
    )
    pretrained, trained = partial(keras.optimizers.AdamW, s.learning_rate), partial(keras.optimizers.AdamW, beta_1=0.0)
    optimizers = {
        "pretraining": pretrained(1e-3, beta_2=0.99),
        "critic_pretraining": pretrained(1e-3, beta_2=0.99),
        "generator": trained(s.adversarial_rate, 1e-3, beta_2=0.9),
        "critic": trained(s.critic_pace * s.adversarial_rate, 1e-3, beta_2=0.9),
    }
    return System(
        networks={"generator": generator, "critic": networks.deoldify_critic(s.critic_width, s.critic_blocks)},
        phases=nogan if briefly else (adversarial,),
        optimizers=optimizers if briefly else {name: optimizers[name] for name in ("generator", "critic")},
        latent_size=0,
        ema=s.ema,
        multiple=16,
        fields={"gray": fields.gray, "photo": fields.whole},
        about=lambda: {"features": trunk().name, "encoder": resnets.load_imagenet(generator, s.encoder)},
    )


def frozen(weight):
    """The pace of a weight while the encoder is frozen: of its weights only those of the normalization move."""
    return 0.1 if "_normalization" in weight.path and _half(weight) else paces(weight, early=0.0, late=0.0)


def paces(weight, early, late):
    """The pace of a weight of the generator: `early` and `late` in the two halves of the encoder, 1 in the decoder."""
    return {"early": early, "late": late}.get(_half(weight), 1.0)


def _half(weight):
    if not weight.path.startswith("encoder_"):
        return None
    return "late" if weight.path.startswith(("encoder_layer3", "encoder_layer4")) else "early"
