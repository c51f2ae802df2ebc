"""The phases in which a generator learns by features, and a critic by what that generator painted: most of NoGAN."""

from functools import cache, partial

from anime_color import color
from anime_color.networks import trunks
from anime_color.training import objectives
from anime_color.training.painted import Painted
from anime_color.training.phases import Phase, Term, Update, given, one_cycle

DEPTHS = {"depth1": 20.0, "depth2": 70.0, "depth3": 10.0}  # weights of the trunk's maps; that of the pixels is 1


class FeatureLoss:
    """How far rendered pictures are from true ones: the L1 distance of their normalized pixels, and of what a trunk
    sees in three depths (DeOldify's, with its weights).

    features: name of the trunk, see `trunks.find_depths`. It is found when first asked for, as its weights may have to
        be downloaded.
    """

    def __init__(self, features):
        self.trunk = cache(lambda: trunks.find_depths(features))
        self.pictures = {
            "real": given("photo"),
            "fake": self.rendered,
            "depths of fake": lambda scene: self.trunk()(scene.fake),
            "depths of real": lambda scene: self.trunk()(scene.real),
        }

    @staticmethod
    def rendered(scene):
        """The generator's picture; one that is not trained works as it does for users."""
        return scene.outputs("generator", {"gray": scene.batch["gray"]}, training="generator" in scene.trains)

    def terms(self, weight=1.0):
        """Terms of a phase with these `pictures`, all of them times `weight`."""
        depths = [Term(name, partial(_depth, i), weight * w) for i, (name, w) in enumerate(DEPTHS.items())]
        return (Term("pixels", _pixels, weight), *depths)

    def phase(self, name, share, size, batch_size, rate, pace, rise=0.0):
        """A phase of the generator alone, on faces of this size; `rate` is a factor of the learning rate, which follows
        one cycle."""
        cycle = one_cycle(rise)
        update = Update(
            "pretraining", self.terms(), ("generator",), schedule=lambda over: rate * cycle(over), pace=pace
        )
        return Phase(
            name,
            (update,),
            share,
            lambda _, faces: faces.again(size=size, batch_size=batch_size),
            pictures=self.pictures,
        )


def _pixels(scene):
    return objectives.l1_loss(color.imagenet_scaled(scene.fake), color.imagenet_scaled(scene.real))


def _depth(i, scene):
    return objectives.l1_loss(scene.picture("depths of fake")[i], scene.picture("depths of real")[i])


def telling_apart():
    """Terms of a critic that tells real pictures from fakes: the mean of both cross-entropies, and how often it is
    right."""
    return (
        Term("real_or_fake", lambda s: objectives.non_saturating_critic_loss(*_logits(s)) / 2),
        Term("accuracy", lambda s: objectives.accuracy(*_logits(s)), weight=0),
    )


def _logits(scene):
    return scene.logits("critic", "real"), scene.logits("critic", "fake")


def believed(scene):
    """The generator's loss by a critic that is not trained now, so works without dropout."""
    return objectives.non_saturating_generator_loss(scene.networks["critic"](scene.fake, training=False))


def learning_critic(share, saved):
    """The phase in which a critic learns to tell pictures from those that the generator, which stands still, painted of
    a share `saved` of them."""
    return Phase(
        "critic",
        (Update("critic_pretraining", telling_apart(), ("critic",), schedule=one_cycle()),),
        share,
        lambda networks, faces: Painted(faces, networks["generator"], "saved", saved),
        pictures={"real": given("photo"), "fake": given("saved")},
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
