"""Color instances apart: what is in a box is colored by a network of its own, and both views are fused.

Paper: Su, Chu and Huang, Instance-aware Image Colorization (CVPR 2020); the plan of the networks: Zhang et al. 2017.

Three phases. "whole": the network of the whole picture. "instance": the one of instances, which begins as a copy of it
and sees one box of each picture, stretched. "fusion": the first once more, with 13 modules that fuse what the second
saw in up to 8 boxes; only these, the last convolution and the output are trained, and nothing else of it moves. The
loss is ten times the Huber loss of ab, nothing else. Without boxes the first network alone paints.

`Settings.faithful()` has the published size: 34,187,027 trained parameters each, 1,078,266 of the modules, 256 px, one
picture at a time in the last phase. Ours: it begins from scratch, for the weights of Zhang et al. cannot be had here;
faces in another order in each pass, flips. Boxes are those of the face set: what it composed or drew; sets without any
have the places of hair, face, eyes and mouth, and one anywhere.

`Settings.practical()`: 128 px, 14 channels for 64; the networks see the picture at half its size, crops are cut out
of it as it is, so that an instance is seen in more detail than in the whole; up to 4 boxes in training; beside its box
an instance has no weight (`fusing="masked"`; "published": it takes some, see `networks.instances`). A critic judges
what each phase paints (`adversarial`): by the Huber loss alone, hair that may be red or blue becomes brown.
"""

from dataclasses import dataclass

import keras
from keras import ops

from anime_color import fields, networks
from anime_color.networks import boxes, instances
from anime_color.training import objectives, phases
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.system import System

DELTA = 1 / 110  # of the Huber loss: one Lab unit


@dataclass(frozen=True)
class Settings:
    size: int = 128  # side of the pictures in pixels, a multiple of 8 * factor
    factor: int = 2  # the networks see pictures that many times smaller
    width: int = 14  # channels of the first block, 64 in the paper; so the three networks fit into a preset
    inner: int = 8  # of the networks that tell the weights of a fusion
    boxes: int = 4  # at most so many in training
    fusing: str = "masked"  # or "published"
    adversarial: float = 1.0  # weight of what the critic says; 0, as in the paper: there is none
    r1: float = 1.0  # weight of the critic's penalty
    r1_stride: int = 4
    critic_width: int = 16
    head: int = 0  # classes of the published head that nothing trains
    whole_share: float = 0.4  # of the budget
    instance_share: float = 0.3
    fusion_share: float = 0.3
    batch_size: int = 16
    fusion_batch: int = 16  # of the last phase
    learning_rate: float = 1e-3
    fusion_rate: float = 0.1  # of the learning rate, in the last phase
    beta_1: float = 0.5
    beta_2: float = 0.999
    ema: float = 0.995
    lightness: str = "lab"
    seed: int = 0
    precision: str = "float32"

    @classmethod
    def practical(cls):
        """128 px on a laptop."""
        return cls()

    @classmethod
    def faithful(cls):
        """The published code: 34,187,027 trained parameters a network, and 1,078,266 of the fusion modules."""
        return cls(
            size=256, factor=1, width=64, inner=16, boxes=8, fusing="published", adversarial=0.0, head=529,
            fusion_batch=1, whole_share=10.0, instance_share=10.0, fusion_share=2.0, learning_rate=5e-4, beta_1=0.9,
            ema=0.0,
        )  # fmt: skip

    @classmethod
    def tiny(cls):
        """Seconds on any machine, for tests."""
        return cls(size=32, width=4, inner=4, critic_width=4, boxes=2, batch_size=4, fusion_batch=4, ema=0.9)


def build(settings):
    """The `System` of `settings`: networks "generator", made of "full_image", "instance" and "fusion", and "critic" if
    there is an adversarial loss."""
    s = settings
    trained = {name: networks.instance_colorizer(name, s.width, s.head) for name in ("full_image", "instance")}
    trained["fusion"] = networks.instance_fusion(s.width, s.inner, s.fusing, s.factor, s.head)
    judges = {"critic": networks.two_scale_critic(s.critic_width)} if s.adversarial else {}
    crops = boxes.Crops(s.size // s.factor)

    def true(scene):
        return ops.average_pool(scene.colored(), s.factor, s.factor) if s.factor > 1 else scene.colored()

    def whole(scene):
        return scene.outputs("full_image", {"l": true(scene)[..., :1]})["lab"]

    def cut_out(scene):
        return crops(scene.colored(), scene.batch["boxes"][:, :1])

    def instance(scene):
        return scene.outputs("instance", {"l": cut_out(scene)[..., :1]})["lab"]

    def fused(scene):  # normalized by what was seen before, since the normalization is frozen, too
        placed = {name: scene.batch[name] for name in ("boxes", "box_valid")}
        seen = scene.outputs("instance", {"l": crops(scene.batch["l"], placed["boxes"])}, training=False)
        seen = {f"instance_{name}": seen[name] for name, _ in instances.POINTS}
        return scene.outputs("fusion", {"l": true(scene)[..., :1], **placed, **seen}, training=False)["lab"]

    def huber(scene):
        return objectives.huber_loss(scene.fake[..., 1:], scene.real[..., 1:], DELTA)

    def all_but_the_head(weight):
        return float(not weight.path.startswith("classes"))

    def phase(name, network, share, fake, real=true, pace=all_but_the_head, **options):
        schedule, terms, judged = phases.falling(0.6), (Term("huber", huber, 10.0),), ()
        if s.adversarial:
            critic, painter = phases.adversarial(
                "non_saturating", r1=s.r1, r1_stride=s.r1_stride, weight=s.adversarial, schedule=schedule
            ).updates
            terms, judged = (*painter.terms, *terms), (critic,)
        update = Update(name, terms, (network,), schedule=schedule, pace=pace)
        return Phase(name, (*judged, update), share, pictures={"fake": fake, "real": real}, **options)

    def only_the_fusion(weight):
        return float(weight.path.startswith(("fusion_", "conv10_1/", "ab/")))

    def copied(name):
        return lambda trained: instances.start_with(trained[name], trained["full_image"])

    def smaller(trained, faces):
        return faces.again(batch_size=s.fusion_batch)

    rates = {"whole": 1.0, "instance": 1.0, "fusion": s.fusion_rate} | dict.fromkeys(judges, 1.0)
    return System(
        networks={"generator": networks.instance_generator(**trained, size=s.size, factor=s.factor), **trained}
        | judges,
        phases=(
            phase("whole", "full_image", s.whole_share, whole),
            phase("instance", "instance", s.instance_share, instance, cut_out, begin=copied("instance")),
            phase(
                "fusion", "fusion", s.fusion_share, fused, pace=only_the_fusion, begin=copied("fusion"), batches=smaller
            ),
        ),
        optimizers={n: keras.optimizers.Adam(rate * s.learning_rate, s.beta_1, s.beta_2) for n, rate in rates.items()},
        latent_size=0,
        ema=s.ema,
        multiple=instances.MULTIPLE * s.factor,
        fields={**fields.COLORS, "boxes": fields.boxes(s.boxes), "box_valid": fields.box_valid(s.boxes)},
    )
