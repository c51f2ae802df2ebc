"""A self-attention U-Net on a ResNet paints a whole picture from its gray; its GAN is trained last, and briefly.

Source: DeOldify (Jason Antic, 2018-2020; there is no paper), by its README and training notebooks. Self-attention:
Zhang et al. 2019; spectral normalization: Miyato et al. 2018; one cycle: Smith and Topin 2018.

NoGAN, as its author calls the order: the generator learns from a feature loss alone, at growing sizes ("frozen",
"small", "middle", "whole"); what it paints is saved, and the critic learns to tell it from real pictures ("critic");
then both train against each other for a short while ("adversarial"). There the generator moves only in steps in which
the critic's loss is below `threshold`, and the critic learns `critic_pace` times as fast. Colors turn orange when that
lasts too long; so the generator of the best KID is kept. `order="gan"` trains both against each other from the start.

`Settings.faithful()` is the artistic model (ResNet-34 and a "deep" decoder, 63,646,881 parameters; critic 94,555,649)
at 64, 128 and 192 px; `decoder="wide"` on "resnet101" with factor=2.0 is the stable one (218,222,197). Keras has no
weights of a ResNet-34, so it is trained from nothing. "resnet50" and "resnet101" begin with ImageNet's where those can
be had; then frozen_share=0.2, small_rate=0.3, early_pace=0.001 and late_pace=0.03 are the published way. Ours: no
cycle of the momentum, pictures only mirrored, not turned or warped, features of VGG16 without batch normalization.

`Settings.practical()`: ResNet-18 of a quarter of the width, trained from nothing, so it is never frozen; 32, 64 and
128 px; features of our classifier of faces, a loss so large that the published weight 2 drowns the critic's word.
"""

from dataclasses import dataclass, replace
from functools import partial

import keras

from anime_color import fields, networks
from anime_color.networks import resnets
from anime_color.training.feature_phases import FeatureLoss, believed, frozen, learning_critic, paces, telling_apart
from anime_color.training.painted import Short
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.system import System


@dataclass(frozen=True)
class Settings:
    size: int = 128  # side of the training pictures of the last phases in pixels, a multiple of 16
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
    adversarial_rate: float = 4e-4
    critic_pace: float = 5.0
    early_pace: float = 1.0  # of the learning rate, for the first half of the encoder and for the second
    late_pace: float = 1.0
    feature_weight: float = 0.3  # beside the critic's word
    threshold: float = 0.65
    ema: float = 0.99
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """32 to 128 px on a laptop."""
        return cls()

    @classmethod
    def faithful(cls):
        """The artistic model: 63,646,881 parameters, and a critic of 94,555,649."""
        return cls(
            size=192, middle=128, small=64, encoder="resnet34", width=1.0, factor=1.5, critic_width=256, batch_size=9,
            features="vgg16", middle_rate=0.1, whole_rate=0.05, adversarial_rate=1e-5, best_of=100,
            feature_weight=2.0, ema=0.0,
        )  # fmt: skip

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(
            size=32, small=16, encoder="resnet10", decoder="wide", width=0.0625, critic_width=8, critic_blocks=2,
            batch_size=4, middle_share=0.0, whole_share=0.0, best_of=2, ema=0.9,
        )  # fmt: skip


def fine_tuning(settings, pictures):
    """The settings to fine-tune with: at the full size alone; the later phases have the shares of `Settings`."""
    later = {name: getattr(Settings, name) for name in ("whole_share", "critic_share", "adversarial_share")}
    return replace(settings, small_share=0.0, middle_share=0.0, **later)


def build(settings):
    """The `System` of `settings`: networks "generator" and "critic"."""
    s = settings
    networks.check_multiple(s.size, 16)
    generator = networks.deoldify_generator(s.decoder, s.encoder, s.width, s.factor)
    loss = FeatureLoss(s.features)
    thawing = partial(paces, early=s.early_pace, late=s.late_pace)

    def learning(name, share, size, rate, pace=thawing, rise=0.0):
        return loss.phase(name, share, size, s.batch_size * s.size // size, rate, pace, rise)

    briefly = s.order == "nogan"
    playing = Update(
        "generator",
        (Term("adversarial", believed), *loss.terms(s.feature_weight)),
        ("generator",),
        pace=partial(paces, early=0.0, late=0.0) if briefly else None,
        gate=("critic_loss", lambda value: value < s.threshold) if briefly else None,
    )
    adversarial = Phase(
        "adversarial",
        (Update("critic", telling_apart(), ("critic",)), playing),
        s.adversarial_share,
        lambda _, faces: Short(faces, s.best_of),
        pictures=loss.pictures,
        keep_best="score_kid",
    )
    nogan = (
        learning("frozen", s.frozen_share, s.small, 1.0, frozen, rise=0.8),
        learning("small", s.small_share, s.small, s.small_rate, rise=0.2),
        learning("middle", s.middle_share, s.middle, s.middle_rate),
        learning("whole", s.whole_share, s.size, s.whole_rate),
        learning_critic(s.critic_share, s.saved),
        adversarial,
    )
    adamw = partial(keras.optimizers.AdamW, weight_decay=1e-3)
    rates = {"generator": s.adversarial_rate, "critic": s.critic_pace * s.adversarial_rate}
    optimizers = {name: adamw(rate, beta_1=0.0, beta_2=0.9) for name, rate in rates.items()}
    if briefly:
        optimizers |= {n: adamw(s.learning_rate, beta_2=0.99) for n in ("pretraining", "critic_pretraining")}
    return System(
        networks={"generator": generator, "critic": networks.deoldify_critic(s.critic_width, s.critic_blocks)},
        phases=nogan if briefly else (adversarial,),
        optimizers=optimizers,
        latent_size=0,
        ema=s.ema,
        multiple=16,
        fields={"gray": fields.gray, "photo": fields.whole},
        about=lambda: {"features": loss.trunk().name, "encoder": resnets.load_imagenet(generator, s.encoder)},
    )
