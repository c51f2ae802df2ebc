"""A photo becomes a cartoon; photos and cartoons need not show the same things.

Paper: Chen, Lai and Liu, CartoonGAN (CVPR 2018); what it leaves open after the first author's code. GAN loss:
Goodfellow et al. 2014, or least squares: Mao et al. 2017; image pool: Shrivastava et al. 2017.

Two phases. "initialization": the generator learns to give the photo's content back, without a critic. "adversarial": a
critic of patches tells cartoons from what the generator paints, and from cartoons whose edges are blurred, so that the
generator learns clear edges; content, times omega, keeps the photo's things. Content is the L1 distance of features of
a trunk.

`Settings.faithful()` has the published networks (11,129,667 and 1,129,665 parameters, 256 px) and VGG19 until conv4_4
before its ReLU, where its weights can be had. `objective="least_squares"` and `pool=50` are the author's code where it
differs from the paper. Ours: an averaged generator.

`Settings.practical()`: width 24, 4 blocks, parts of 96 px, content by our own classifier of faces, and resized
convolutions instead of transposed ones, whose checkerboards are seen from the first phase on. docs/results.md has
pictures, and what each part is worth. The training needs a set of cartoons: `--also cartoons=FACESET`.
"""

from dataclasses import dataclass, replace
from functools import cache

import keras

from anime_color import fields, networks
from anime_color.networks import trunks
from anime_color.training import objectives, phases
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.system import System
from data_prep.errors import BadInput


@dataclass(frozen=True)
class Settings:
    size: int = 256  # side of the pictures in pixels, and about that of what is colored
    part: int = 96  # side of the random parts that are trained on, a multiple of 4
    width: int = 24
    blocks: int = 4
    critic_width: int = 16
    upsampling: str = "resized"  # or "transposed"
    batch_size: int = 4
    objective: str = "non_saturating"  # or "least_squares"
    edges: float = 1.0  # weight of the third class, cartoons with blurred edges; 0 leaves it out
    pool: int = 0  # so many earlier fakes are kept for the critic
    omega: float = 10.0  # weight of content
    content: str = "faces"  # trunk: "faces", "vgg19", ...
    content_weights: str = ""  # its file; empty: those that Keras downloads
    content_norm: str = "l1"  # or "l2"
    initialization_share: float = 0.25  # of the budget, for each phase; 0 leaves it out
    adversarial_share: float = 0.75
    learning_rate: float = 2e-4
    beta_1: float = 0.5
    beta_2: float = 0.999
    ema: float = 0.995
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """Parts of 96 px on a laptop: see docs/results.md."""
        return cls()

    @classmethod
    def faithful(cls):
        """The paper: 11,129,667 and 1,129,665 parameters."""
        return cls(
            part=256, width=64, blocks=8, critic_width=32, upsampling="transposed", content="vgg19",
            initialization_share=0.1, adversarial_share=0.9, ema=0.0,
        )  # fmt: skip

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, part=16, width=8, blocks=1, critic_width=4, batch_size=4, pool=8, ema=0.9)


def fine_tuning(settings, pictures):
    """The settings to fine-tune with: without the initialization, which would lead the generator back to photos."""
    return replace(settings, initialization_share=0.0) if settings.adversarial_share > 0 else settings


def build(settings):
    """The `System` of `settings`: networks "generator" and "discriminator", and "pool" if there is one."""
    s = settings

    @cache
    def trunk():  # found when training begins, for its weights may have to be downloaded
        return trunks.find(s.content, s.content_weights or None)

    trained = {
        "generator": networks.cartoon_generator(s.width, s.blocks, s.upsampling),
        "discriminator": networks.cartoon_discriminator(s.critic_width),
    }
    if 0 < s.pool < s.batch_size:
        raise BadInput(f"pool={s.pool}: needed is 0, or at least batch_size={s.batch_size}")
    if s.pool:
        trained["pool"] = networks.image_pool(s.part, s.pool)
    distance = objectives.l1_loss if s.content_norm == "l1" else objectives.l2_loss

    def painted(scene):
        fakes = scene.outputs("generator", {"photo": scene.batch["photo"]})
        return scene.outputs("pool", fakes) if "pool" in scene.trains else fakes

    def content(scene):
        return distance(trunk()(scene.fake), trunk()(scene.batch["photo"]))

    def blurred(scene):
        return objectives.FAKES[s.objective](scene.logits("discriminator", "edges"))

    pictures = {"real": phases.given("cartoon"), "fake": painted, "edges": phases.given("edges")}
    adversarial = phases.adversarial(
        s.objective,
        critic="discriminator",
        extra=(Term("content", content, s.omega),),
        critic_extra=(Term("edges", blurred, s.edges),) if s.edges else (),
        critic_trains=("pool",) if s.pool else (),
        share=s.adversarial_share,
        pictures=pictures,
    )
    only_content = Update("initialization", (Term("content", content, s.omega),), ("generator",))
    adam = keras.optimizers.Adam
    return System(
        networks=trained,
        phases=(Phase("initialization", (only_content,), s.initialization_share, pictures=pictures), adversarial),
        optimizers={
            n: adam(s.learning_rate, s.beta_1, s.beta_2) for n in ("initialization", "discriminator", "generator")
        },
        latent_size=0,
        ema=s.ema,
        multiple=4,
        fields={
            "photo": fields.photo(s.part),
            "cartoon": fields.another("cartoons", s.part),
            "edges": fields.another("cartoons", s.part, smoothed=True),
        },
        others=("cartoons",),
        about=lambda: {"content": trunk().name},
    )
