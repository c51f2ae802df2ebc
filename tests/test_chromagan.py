"""ChromaGAN as a system: its losses by hand, its switches, its trunk and teacher, what becomes of its class head."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from anime_color import color, networks, presets, recipes
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Faces
from anime_color.networks import teachers, trunks
from anime_color.scores import scoring
from anime_color.training import checkpoints, runs
from anime_color.training.phases import Scene
from anime_color.training.trainer import Trainer
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput

pytestmark = pytest.mark.usefixtures("eagerly")

CHROMAGAN = recipes.get("chromagan")
K = 4


def tiny(**changes):
    return dataclasses.replace(CHROMAGAN.Settings.tiny(), **changes)


def published():
    """Tiny networks, trained as the paper does."""
    whole = CHROMAGAN.Settings.faithful()
    names = ("adversarial", "penalty_by", "coding", "learning_rate", "steady")
    return tiny(**{name: getattr(whole, name) for name in names})


def array(tensor):
    return ops.convert_to_numpy(tensor)


@pytest.fixture(autouse=True)
def offline(monkeypatch, tmp_path):
    """A Keras with an empty folder of weights, which no network reaches."""

    def fails(kind):
        raise Exception("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(trunks, "_downloaded", fails)


# losses ---------------------------------------------------------------------------------------------------

TAUGHT = np.array([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1]], "float32")


class Teacher:
    """Gives the same two distributions for any two pictures."""

    name = "two distributions"

    def __call__(self, lightness):
        return ops.convert_to_tensor(TAUGHT)


class Painter:
    """In place of the generator: paints what it was made with."""

    trainable_variables = ()

    def __init__(self, lab, classes):
        self.told = {"lab": ops.convert_to_tensor(lab), "classes": ops.convert_to_tensor(classes)}

    def __call__(self, inputs, training=False):
        return self.told


class Judge:
    """In place of the critic: a score of each number of the picture."""

    trainable_variables = ()

    def __init__(self, slopes, score=0.0):
        self.slopes, self.score = np.float32(slopes), score

    def __call__(self, pictures, training=False):
        return ops.multiply(pictures, self.slopes) + self.score


@pytest.fixture
def losses(monkeypatch):
    """losses(shift of ab, classes, score), as published: the generator's terms, and their weighted sum, "loss"."""
    monkeypatch.setattr(teachers, "find", lambda *_: Teacher())
    monkeypatch.setattr(teachers, "classes", lambda name: K)
    system = CHROMAGAN.build(published())
    lab = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 32, 32, 3)).astype("float32")
    batch = {"l": ops.convert_to_tensor(lab[..., :1]), "ab": ops.convert_to_tensor(lab[..., 1:])}

    def found(shift=0.0, classes=TAUGHT, score=0.0):
        painted = lab + np.float32([0, shift, shift])
        trained = {"generator": Painter(painted, classes), "critic": Judge(0, score)}
        (phase,) = system.phases
        [update] = [update for update in phase.updates if update.name == "generator"]
        scene = Scene(trained, batch, 0, None, ("generator",), phase.pictures)
        values = {term.name: float(array(term.function(scene))) for term in update.terms}
        return values | {"loss": sum(term.weight * values[term.name] for term in update.terms)}

    return found


def test_a_perfect_coloring_costs_nothing(losses):
    assert losses()["loss"] == pytest.approx(0, abs=1e-9)


def test_colors_cost_their_mean_square_in_the_coding_of_the_sheet(losses):
    found = losses(shift=0.25)
    assert found["mse"] == found["loss"] == pytest.approx((0.25 * 110 / 255) ** 2, rel=1e-4)


def test_classes_cost_their_divergence_times_three_thousandths(losses):
    found = losses(classes=TAUGHT[::-1].copy())
    expected = np.mean([np.sum(t * np.log(t / p)) for t, p in zip(TAUGHT, TAUGHT[::-1], strict=True)])
    assert found["classes"] == pytest.approx(expected, rel=1e-4)
    assert found["loss"] == pytest.approx(0.003 * expected, rel=1e-4)


def test_the_critic_counts_a_tenth(losses):
    assert losses(score=2.0)["loss"] == pytest.approx(-0.2, rel=1e-5)


@pytest.mark.parametrize(
    ("settings", "scale", "offset", "weight"),
    [
        (published(), [0.5, 110 / 255, 110 / 255], [0.5, 128 / 255, 128 / 255], 10),
        (tiny(), [1, 1, 1], [0, 0, 0], 10 / 16),  # of 4 x 4 patches
    ],
    ids=["published", "practical"],
)
def test_what_the_critic_sees_and_how_its_slope_is_measured(settings, scale, offset, weight):
    """The slope of half the sum of a and b is half the root of so many numbers, in either coding."""
    system = CHROMAGAN.build(settings)
    (phase,) = system.phases
    lab = np.random.default_rng(0).uniform(-0.5, 0.5, (2, 32, 32, 3)).astype("float32")
    batch = {"l": ops.convert_to_tensor(lab[..., :1]), "ab": ops.convert_to_tensor(lab[..., 1:])}
    trained = {**system.networks, "critic": Judge([9, 0.5, 0.5])}
    scene = Scene(trained, batch, 0, keras.random.SeedGenerator(0), ("critic",), phase.pictures)
    assert array(scene.real) == pytest.approx(lab * scale + offset, abs=1e-6)
    assert (array(scene.fake)[..., 0] == array(scene.real)[..., 0]).all()
    [update] = [update for update in phase.updates if update.name == "critic"]
    [penalty] = [term for term in update.terms if term.name == "penalty"]
    assert penalty.weight == weight
    assert float(array(penalty.function(scene))) == pytest.approx((0.5 * np.sqrt(2 * 32 * 32) - 1) ** 2, rel=1e-4)


def test_the_published_learning_rate_never_falls():
    for settings, falls in ((published(), False), (tiny(), True)):
        (phase,) = CHROMAGAN.build(settings).phases
        assert {update.schedule is not None for update in phase.updates} == {falls}


# switches -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "found", "updates"),
    [
        ({}, {"trunk", "teacher"}, ["generator", "critic"]),
        ({"classes": 0.0}, {"trunk"}, ["generator", "critic"]),
        ({"adversarial": 0.0}, {"trunk", "teacher"}, ["generator"]),
        ({"adversarial": 0.0, "classes": 0.0}, {"trunk"}, ["generator"]),
    ],
)
def test_a_weight_of_zero_leaves_a_part_out(changes, found, updates):
    system = CHROMAGAN.build(tiny(**changes))
    (phase,) = system.phases
    assert [update.name for update in phase.updates] == updates == list(system.optimizers)
    assert set(system.networks) == set(updates)
    assert ("classes" in system.networks["generator"].output) == ("teacher" in found)
    terms = {term.name for term in phase.updates[0].terms}
    assert ("classes" in terms, "adversarial" in terms) == ("teacher" in found, "critic" in updates)
    assert set(system.about()) == found


def test_without_critic_and_classes_it_learns_colors(face_set):
    keras.utils.set_random_seed(0)
    chosen = tiny(adversarial=0.0, classes=0.0, learning_rate=5e-3)
    trainer = Trainer(CHROMAGAN.build(chosen))
    trainer.compile()
    history = trainer.fit(Faces(face_set, batch_size=6), epochs=2, verbose=0).history
    assert set(history) == {"generator_loss", "generator_mse"}
    assert history["generator_mse"][-1] < history["generator_mse"][0]


# trunk and teacher ----------------------------------------------------------------------------------------


def test_the_trunk_begins_with_imagenet_when_training_begins(monkeypatch):
    keras.utils.set_random_seed(2)
    published = keras.applications.VGG16(include_top=False, weights=None)
    monkeypatch.setattr(trunks, "_downloaded", lambda kind: published)
    system = CHROMAGAN.build(tiny(trunk="vgg16", trunk_width=64))
    expected = published.get_layer("block3_conv2").get_weights()[0]
    assert (system.networks["generator"].get_layer("block3_conv2").get_weights()[0] != expected).any()
    trainer = Trainer(system)
    assert trainer.about["trunk"] == "VGG16 (ImageNet)"
    for network in (system.networks["generator"], trainer.averaged):
        assert (network.get_layer("block3_conv2").get_weights()[0] == expected).all()
    assert system.networks["generator"].get_layer("block1_conv1").trainable


def test_without_a_network_the_trunk_begins_from_scratch_and_one_line_says_so(capsys):
    about = CHROMAGAN.build(tiny(trunk="vgg16", trunk_width=64, classes=0.0)).about()
    assert about == {"trunk": "from scratch (ImageNet weights missing)"}
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("VGG16: ") and "the trunk begins from scratch" in line and "_notop.h5" in line


def test_a_trunk_of_another_width_cannot_begin_with_imagenet():
    with pytest.raises(BadInput, match="trunk_width=2: trunk=vgg16 begins with weights of 64"):
        CHROMAGAN.build(tiny(trunk="vgg16"))


def test_training_without_the_imagenet_teacher_is_refused_before_a_folder_is_made(face_set, tmp_path):
    with pytest.raises(BadInput, match='take teacher="characters"'):
        runs.train("chromagan", tiny(teacher="vgg16", hidden=2), face_set, tmp_path / "run", steps=1, verbose=0)
    assert not (tmp_path / "run" / "run.json").exists()


# coloring -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(face_set, tmp_path_factory):
    """A run of three steps, with its sheet and its scores."""
    run = tmp_path_factory.mktemp("chromagan") / "run"
    runs.train("chromagan", tiny(), face_set, run, steps=3, score_epochs=1, verbose=0)
    return run


def test_a_picture_of_any_size_keeps_its_lightness(run):
    colorizer = Colorizer.from_preset(run)
    assert (colorizer.takes, colorizer.conditions, colorizer.latent_size) == ("gray picture", (), 0)
    rgb = np.asarray(draw(5, 96).rgb)[:70]
    (painted,) = colorizer.lab(rgb, colorizer.noises())
    assert (painted[..., 0] == color.rgb_to_lab(rgb)[..., 0]).all()
    assert colorizer.chroma(rgb, noises=25).shape == (1, 70, 96, 3)
    with pytest.raises(BadInput, match="noise"):
        colorizer.colorize(rgb, noise=np.ones(8))


def test_a_preset_keeps_both_heads_and_colors_with_one(run, tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "SHIPPED", tmp_path)
    presets.export(run, tmp_path / "small", "a card")
    found = presets.load("small")
    assert set(found["generator"].output) == {"lab", "classes"}
    colorizer = Colorizer(**found)
    assert not [layer.name for layer in colorizer.generator.layers if layer.name.startswith("class")]
    trained = checkpoints.load_generator(checkpoints.newest(run / "checkpoints"))
    for kept, expected in zip(found["generator"].get_weights(), trained, strict=True):
        assert kept == pytest.approx(expected, rel=1e-3, abs=1e-6)  # float16
    l = color.rgb_to_lab(draw(5, 32).rgb)[None, ..., :1]  # noqa: E741
    told = found["generator"]({"l": l})
    assert (array(colorizer.generator({"l": l})) == array(told["lab"])).all()
    assert presets.networks(presets.find("small")).keys() == {"generator", "critic"}


def test_the_published_settings():
    faithful = CHROMAGAN.Settings.faithful()
    losses = (faithful.mse, faithful.classes, faithful.adversarial, faithful.penalty)
    assert losses == (1, 0.003, 0.1, 10)
    assert (faithful.size, faithful.batch_size, faithful.learning_rate, faithful.beta_1, faithful.ema) == (
        224,
        10,
        2e-5,
        0.5,
        0,
    )
    assert networks.color_path(networks.chromagan_generator(32, 3, 2, 2, 4)).output.shape == (None, 32, 32, 3)


def test_only_systems_that_vary_have_a_baseline_of_one_noise(run, face_set, monkeypatch):
    monkeypatch.setattr(scoring, "score", lambda system, *_, **__: system.name)
    alone, beside = (scoring.side_by_side([str(run), *more], face_set)[0] for more in ([], ["chroma-128"]))
    assert not any("one noise" in name for name in alone)
    assert [name for name in beside if "one noise" in name] == ["chroma-128, one noise"]
