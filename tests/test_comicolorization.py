"""Comicolorization: its networks, what they read, its losses by hand, and its training in one stage and in two."""

import dataclasses
import math

import keras
import numpy as np
import pytest
from keras import ops

import data_prep
from anime_color import color, fields, histograms, networks, recipes
from anime_color import hints as hint_planes
from anime_color.faces import Faces
from anime_color.fields import Sample
from anime_color.networks.global_fusion import Dotted, Palette
from anime_color.training.phases import Scene
from anime_color.training.trainer import Trainer
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput
from tests.small_system import PhaseDiary, StopAfter, differing, ready, snapshot

pytestmark = pytest.mark.usefixtures("eagerly")

RECIPE = recipes.get("comicolorization")
K = 3
MIDDLE = 50, 6.025, -6.6895  # of the box of sRGB colors


def tiny(**changes):
    return dataclasses.replace(RECIPE.Settings.tiny(), **changes)


def published(**changes):
    """The settings of the published system, but tiny."""
    small = {"size": 32, "width": 4, "critic_width": 4, "enlarger_width": 4, "labels": K, "batch_size": 6}
    return dataclasses.replace(RECIPE.Settings.faithful(), **(small | changes))


def built(settings):
    keras.utils.set_random_seed(0)
    return RECIPE.build(settings)


def array(tensor):
    return ops.convert_to_numpy(tensor)


def tensors(batch):
    return {name: ops.convert_to_tensor(values) for name, values in batch.items()}


def count(variables):
    return sum(int(np.prod(v.shape)) for v in variables)


def given(drawing="lines", size=32, pictures=2, dots=5, seed=0):
    """What a generator takes: ink and paper, or lightness, at random; some dots; the histograms of faces."""
    random = np.random.default_rng(seed)
    shape = (pictures, size, size, 1)
    planes = {"lines": random.integers(0, 2, shape), "l": random.uniform(-1, 1, shape)}
    lab = color.rgb_to_lab(random.integers(0, 256, (pictures, size, size, 3), dtype="uint8"))
    return {
        drawing: planes[drawing].astype("float32"),
        "hints": np.stack([hint_planes.at_points(one, dots, random)[0] for one in lab]),
        "reference": np.stack([histograms.histogram(draw(seed + i, 32).rgb) for i in range(pictures)]),
    }


def told(generator, inputs):
    """{"lab": L*, a*, b*, "labels": logits} of what a generator makes of them, as it does when it is trained."""
    found = {name: array(value) for name, value in generator(inputs, training=False).items()}
    return found | {"lab": color.unscale(found["lab"])}


def changed(network, prefixes, factor=-1.0):
    """Multiplies all that is trained in the layers with these prefixes; returns what undoes it."""
    before = network.get_weights()
    for layer in network.layers:
        if layer.name.startswith(prefixes):
            for variable in layer.trainable_variables:
                variable.assign(factor * array(variable) + 0.1)
    return lambda: network.set_weights(before)


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    return networks.comic_generator(32, K, 4)


# Networks -------------------------------------------------------------------------------------------------------


def test_the_published_parts_have_the_published_counts():
    """Low-level weights are there once, though two branches read them."""
    with keras.StatelessScope(initialize_variables=False):
        generator = networks.comic_generator()
        enlarger = networks.comic_enlarger()
    parts = {"low": 0, "middle": 0, "global": 0, "label": 0, "fusion": 0, "decoder": 0, "unit_lab": 0}
    for layer in generator.layers:
        if layer.trainable_variables:
            parts[next(part for part in parts if layer.name.startswith(part))] += count(layer.trainable_variables)
    decoder = parts.pop("decoder") + parts.pop("unit_lab")
    assert (*parts.values(), decoder) == (2_291_328, 3_541_248, 35_794_176, 483_244, 186_624, 425_667)
    assert len({id(v) for v in generator.trainable_variables}) == len(generator.trainable_variables)
    assert generator.get_layer("middle2").output.shape == (None, 28, 28, 256)
    assert generator.get_layer("global2_2").output.shape == (None, 7, 7, 512)
    assert generator.get_layer("unit_lab").output.shape == (None, 112, 112, 3)
    assert count(enlarger.trainable_variables) == 18_639_619


@pytest.mark.parametrize(
    ("size", "width", "millions", "of_critic"),
    [(64, 64, 18.9, 2.76), (128, 32, 6.33, 0.70), (64, 32, 4.75, 0.69), (64, 16, 1.20, 0.17)],
)
def test_smaller_ones_have_the_counts_of_the_sheet(size, width, millions, of_critic):
    with keras.StatelessScope(initialize_variables=False):
        found = count(networks.comic_generator(size, 20, width).trainable_variables) / 1e6
        judge = count(networks.comic_discriminator(size, width).trainable_variables) / 1e6
    assert found == pytest.approx(millions, abs=0.05 if millions > 10 else 0.006)
    assert judge == pytest.approx(of_critic, abs=0.006)


def test_sizes_that_cannot_be_halved_five_times_are_refused():
    for build in (networks.comic_generator, networks.comic_discriminator):
        with pytest.raises(BadInput, match="multiple of 32"):
            build(48)


@pytest.mark.parametrize("drawing", ["lines", "l"])
def test_colors_are_blocks_of_two_by_two_pixels(drawing):
    keras.utils.set_random_seed(0)
    painted = told(networks.comic_generator(32, 0, 4, drawing), given(drawing))["lab"]
    blocks = painted.reshape(2, 16, 2, 16, 2, 3)[..., 0 if drawing == "lines" else 1 :]
    assert (blocks == blocks[:, :, :1, :, :1]).all() and blocks[:, :, 0, :, 0].std() > 0.01


def test_what_is_painted_lies_in_the_box_of_srgb_colors():
    keras.utils.set_random_seed(0)
    generator, inputs = networks.comic_generator(32, 0, 4), given()
    kernel = generator.get_layer("unit_lab").kernel
    kernel.assign(1e4 * array(kernel))
    for some in (inputs, {name: -100 * values for name, values in inputs.items()}):
        painted = told(generator, some)["lab"]
        assert (painted >= color.LAB_LEAST - 1e-3).all() and (painted <= color.LAB_MOST + 1e-3).all()
    corners = told(generator, inputs)["lab"].reshape(-1, 3)
    assert corners.min(0) == pytest.approx(color.LAB_LEAST, abs=1e-3)
    assert corners.max(0) == pytest.approx(color.LAB_MOST, abs=1e-3)


def test_the_box_is_that_of_srgb():
    cube = np.stack(np.meshgrid(*[np.arange(0, 256, 17, dtype="uint8")] * 3), -1).reshape(1, -1, 3)
    lab = color.unscale(color.rgb_to_lab(cube))[0]
    assert lab.min(0) == pytest.approx(color.LAB_LEAST, abs=2e-3)
    assert lab.max(0) == pytest.approx(color.LAB_MOST, abs=2e-3)


def test_zeros_before_the_sigmoid_are_the_middle_of_the_box():
    generator = networks.comic_generator(32, 0, 4)
    output = generator.get_layer("unit_lab")
    output.set_weights([0 * weights for weights in output.get_weights()])
    painted = told(generator, given())["lab"]
    assert painted == pytest.approx(np.broadcast_to(np.float32(MIDDLE), painted.shape), abs=1e-3)


def test_lightness_that_is_given_is_kept_and_ink_is_not():
    keras.utils.set_random_seed(0)
    inputs = given("l")
    painted = array(networks.comic_generator(32, 0, 4, "l")(inputs)["lab"])
    assert (painted[..., :1] == inputs["l"]).all() and np.abs(painted[..., 1:]).max() > 0


def test_labels_are_read_of_what_leads_to_no_color(generator):
    """Their head has no path to the decoder, nor the decoder one to them; the branch below is shared."""
    inputs = given()
    before = told(generator, inputs)
    for parts, same, other in (
        (("label",), "lab", "labels"),
        (("middle", "global_dense3", "fusion", "decoder", "unit_lab"), "labels", "lab"),
    ):
        undo = changed(generator, parts)
        after = told(generator, inputs)
        assert (after[same] == before[same]).all() and (after[other] != before[other]).any()
        undo()
    undo = changed(generator, ("global_dense2",))
    after = told(generator, inputs)
    assert all((after[name] != before[name]).any() for name in before)
    undo()


def test_without_labels_the_colors_are_the_same(generator):
    inputs = given()
    painted = told(generator, inputs)["lab"]
    path = networks.color_path(generator)
    assert (color.unscale(array(path(inputs, training=False))) == painted).all()
    assert not [one.name for one in path.layers if one.name.startswith("label")]
    bare = networks.comic_generator(32, 0, 4)
    bare.set_weights(path.get_weights())
    assert list(bare.output) == ["lab"] and (told(bare, inputs)["lab"] == painted).all()


def test_each_input_is_listened_to(generator):
    inputs = given()
    before = told(generator, inputs)
    for name in inputs:
        other = {**inputs, name: inputs[name][::-1]}
        assert np.abs(told(generator, other)["lab"] - before["lab"]).max() > 1e-3, name
    recolored = told(generator, {**inputs, "reference": inputs["reference"][::-1]})
    assert (recolored["labels"] == before["labels"]).all(), "a reference tells nothing of who that is"


def test_a_palette_is_deaf_to_how_much_there_is(generator):
    inputs = given()
    listed = (inputs["reference"] > 0).astype("float32")
    assert (told(generator, {**inputs, "reference": listed / 300})["lab"] == told(generator, inputs)["lab"]).all()
    keras.utils.set_random_seed(0)
    histogram = networks.comic_generator(32, 0, 4, reads="histogram")
    assert (told(histogram, {**inputs, "reference": listed / 300})["lab"] != told(histogram, inputs)["lab"]).any()


def test_a_palette_is_the_bins_above_the_least_share():
    shares = np.float32([[0, 0.001, 0.002, 0.003, 0.994]])
    assert array(Palette()(shares)).tolist() == [[0, 1, 1, 1, 1]]
    assert array(Palette(0.002)(shares)).tolist() == [[0, 0, 0, 1, 1]]
    assert Palette.from_config(Palette(0.25).get_config()).least == 0.25


def test_the_discriminator_sees_pictures_of_half_their_size():
    keras.utils.set_random_seed(0)
    critic, random = networks.comic_discriminator(32, 4), np.random.default_rng(0)
    picture = random.uniform(-1, 1, (2, 16, 16, 3)).astype("float32").repeat(2, 1).repeat(2, 2)
    ripple = np.float32([[0.5, -0.5], [-0.5, 0.5]])[None, :, :, None]
    same = picture + np.tile(ripple, (1, 16, 16, 1))
    found, rippled = (array(critic(some, training=False)) for some in (picture, same))
    assert found.shape == (2, 1) and rippled == pytest.approx(found, abs=1e-5)
    normalized = {one.name for one in critic.layers if isinstance(one, keras.layers.BatchNormalization)}
    assert normalized == {f"conv{i}_normalization" for i in (2, 3, 4)}
    assert array(critic.get_layer("logit").kernel).std() == pytest.approx(0.02, rel=0.4)


# What they read -------------------------------------------------------------------------------------------------


def dotted(drawing, hints):
    return array(Dotted()(drawing[None], hints[None]))[0]


@pytest.fixture(scope="module")
def face():
    return draw(3, 32).rgb


def sample(rgb, seed=0):
    return Sample(rgb, 0, np.random.default_rng(seed), "lab", {})


def test_without_dots_there_are_ink_and_paper_and_planes_of_zeros(face):
    ink, none = fields.black_and_white("otsu")(sample(face)), fields.dots(0)(sample(face))
    seen = dotted(ink, none)
    assert seen.shape == (32, 32, 3) and set(np.unique(seen[..., 0])) == {0, 1}
    assert (seen[..., :1] == ink).all() and not seen[..., 1:].any() and not none.any()


@pytest.mark.parametrize("seed", range(8))
def test_so_many_dots_change_at_most_so_many_pixels(face, seed):
    one = sample(face, seed)
    ink, hints = fields.black_and_white("otsu")(one), fields.dots(14)(one)
    seen, places = dotted(ink, hints), hints.any(-1)
    off = (seen != dotted(ink, 0 * hints)).any(-1)
    assert off.sum() <= places.sum() <= 14 and not (off & ~places).any()
    true = color.unscale(one.lab)[places]
    assert seen[places] == pytest.approx(true / np.float32([100, 1, 1]), abs=1e-3)


def test_a_dot_is_lightness_in_hundredths_and_raw_a_and_b():
    red = color.rgb_to_lab(np.uint8([[[255, 0, 0]]]))
    hints = hint_planes.written(np.zeros((4, 4, 3), "float32"), [1], [2], red[0])
    for paper in (0, 1):
        seen = dotted(np.full((4, 4, 1), paper, "float32"), hints)
        assert seen[1, 2] == pytest.approx([0.5324, 80.09, 67.20], abs=1e-2)
        assert (np.delete(seen.reshape(16, 3), 6, 0) == [paper, 0, 0]).all()


def test_a_black_dot_is_a_dot():
    hints = hint_planes.written(np.zeros((2, 2, 3), "float32"), [0], [0], np.float32([[-1, 0, 0]]))
    assert dotted(np.ones((2, 2, 1), "float32"), hints)[..., 0].tolist() == [[0, 1], [1, 1]]


def test_zero_to_fourteen_dots_are_equally_frequent():
    flat = sample(np.full((32, 32, 3), 128, "uint8"))
    counts = np.bincount([fields.dots(14)(flat).any(-1).sum() for _ in range(3000)], minlength=15)
    assert len(counts) == 15 and 140 < counts.min() and counts.max() < 260


def test_dots_of_a_second_stage_are_those_of_the_small_picture(face):
    hints = fields.dots(14, 2)(sample(face, 1))
    small = color.rgb_to_lab(face).reshape(16, 2, 16, 2, 3).mean((1, 3))
    places = hints.any(-1)
    assert hints.shape == (16, 16, 3) and places.any()
    assert hints[places][:, :2] == pytest.approx(small[places][:, 1:], abs=1e-5)


def test_paper_is_what_is_lighter_than_otsus_threshold():
    picture = np.full((8, 8, 3), 200, "uint8")
    picture[:3], picture[3:5] = 40, 60
    for kind in ("otsu", "mixed"):
        found = [fields.black_and_white(kind)(sample(picture, seed)) for seed in range(6)]
        expected = np.arange(8)[:, None, None] >= 5
        assert any((one == expected).all() for one in found) and found[0].dtype == np.float32


@pytest.mark.parametrize(("shade", "paper"), [(0, 0), (1, 0), (60, 1), (255, 1)])
def test_an_even_picture_is_all_ink_only_if_it_is_black(shade, paper):
    found = fields.black_and_white("otsu")(sample(np.full((8, 8, 3), shade, "uint8")))
    assert (found == paper).all()


def test_lines_are_ink_on_much_paper_and_mixed_is_now_one_now_the_other(face):
    otsu = fields.black_and_white("otsu")(sample(face))
    found = [[fields.black_and_white(kind)(sample(face, seed)) for seed in range(12)] for kind in ("lines", "mixed")]
    assert all(set(np.unique(one)) <= {0, 1} and one.shape == (32, 32, 1) for some in found for one in some)
    as_otsu = [[(one == otsu).all() for one in some] for some in found]
    assert not any(as_otsu[0]) and 2 <= sum(as_otsu[1]) <= 10
    assert np.mean(found[0]) > 0.5


def test_in_training_a_face_is_its_own_reference(face):
    assert (fields.reference(sample(face)) == histograms.histogram(face)).all()


# Losses by hand -------------------------------------------------------------------------------------------------


class Painter:
    """In place of the generator: paints what it was made with, and is paid for by no weight."""

    trainable_variables = ()

    def __init__(self, lab, labels):
        self.told, self.seen = {"lab": ops.convert_to_tensor(lab), "labels": ops.convert_to_tensor(labels)}, []

    def __call__(self, inputs, training=False):
        self.seen.append(inputs)
        return self.told


class Judge:
    """In place of the discriminator: says the mean of a picture, times a factor."""

    trainable_variables = ()

    def __init__(self, factor=0.0):
        self.factor, self.seen = factor, []

    def __call__(self, pictures, training=False):
        self.seen.append(array(pictures))
        return self.factor * ops.mean(pictures, (1, 2, 3))[:, None]


@pytest.fixture(scope="module")
def batch(face_set):
    return tensors(Faces(face_set, split="all", batch_size=6, shuffle=False, fields=built(published()).fields)[0])


def scene_of(batch, update, shift=(0, 0, 0), logits=None, factor=0.0, **changes):
    """(scene, update) of the published system whose generator paints the true picture, `shift` beside it."""
    system = built(published(**({"decay": 0.0} | changes)))
    (phase,) = system.phases
    lab = np.concatenate([array(batch["l"]), array(batch["ab"])], -1) + color.scale(shift) - color.scale((0, 0, 0))
    painter = Painter(lab.astype("float32"), np.zeros((6, K), "float32") if logits is None else logits)
    trained = {"generator": painter, "discriminator": Judge(factor)}
    update = next(one for one in phase.updates if one.name == update)
    return Scene(trained, batch, 0, None, update.trains, phase.pictures), update


def values_of(scene, update):
    values = {term.name: float(array(term.function(scene))) for term in update.terms}
    return values | {"loss": sum(term.weight * values[term.name] for term in update.terms)}


def test_ten_l_aside_cost_a_hundred_thirds(batch):
    assert values_of(*scene_of(batch, "generator", (-10, 0, 0)))["mse"] == pytest.approx(100 / 3, rel=1e-4)
    assert values_of(*scene_of(batch, "generator", (0, 3, -6)))["mse"] == pytest.approx((9 + 36) / 3, rel=1e-4)
    assert values_of(*scene_of(batch, "generator"))["mse"] == pytest.approx(0, abs=1e-8)


def test_the_loss_is_one_to_one_to_a_three_hundredth(batch):
    found = values_of(*scene_of(batch, "generator", (6, 0, 0)))
    assert found["mse"] == pytest.approx(12, rel=1e-4)
    assert found["adversarial"] == found["labels"] == pytest.approx(math.log(2))
    assert found["loss"] == pytest.approx(12 + math.log(2) * (1 + 1 / 300), rel=1e-4)


def test_a_label_is_one_character_and_a_face_without_one_is_none(batch):
    """Three drawn characters of which the first two are known: binary cross-entropy, the mean over labels and faces."""
    known = {**batch, "label": ops.convert_to_tensor(np.int32([0, 1, 7, 0, 1, 7]))}
    logits = np.float32([[2, -1]] * 6)
    softplus = np.log1p(np.exp(logits))
    expected = softplus - np.float32([[2, 0], [0, -1], [0, 0]] * 2)
    found = values_of(*scene_of(known, "generator", logits=logits, labels=2))["labels"]
    assert found == pytest.approx(expected.mean(), rel=1e-5)


def test_the_discriminator_tells_true_from_painted_in_raw_units(batch):
    scene, update = scene_of(batch, "discriminator", (4, 0, 0), factor=0.01)
    found, judge = values_of(scene, update), scene.networks["discriminator"]
    lab = color.unscale(np.concatenate([array(batch["l"]), array(batch["ab"])], -1))
    real = 0.01 * lab.mean((1, 2, 3))
    fake = real + 0.01 * 4 / 3
    expected = np.log1p(np.exp(-real)).mean() + np.log1p(np.exp(fake)).mean()
    assert found["loss"] == found["adversarial"] == pytest.approx(expected, rel=1e-4)
    assert judge.seen[0] == pytest.approx(lab, abs=1e-3) and judge.seen[0].max() > 90


def test_the_discriminator_of_practical_settings_sees_scaled_lab(batch):
    scene, update = scene_of(batch, "discriminator", judged="lab")
    values_of(scene, update)
    assert all(np.abs(seen).max() <= 1.001 for seen in scene.networks["discriminator"].seen)


def test_all_terms_look_at_one_painting(batch):
    scene, update = scene_of(batch, "generator", decay=0.0)
    values_of(scene, update)
    (seen,) = scene.networks["generator"].seen
    assert set(seen) == {"lines", "hints", "reference"}


def test_weights_decay_by_half_the_sum_of_their_squares():
    system = built(published(decay=1e-4))
    (phase,) = system.phases
    assert {u.name: [t.weight for t in u.terms if t.name == "decay"] for u in phase.updates} == {
        "generator": [1e-4],
        "discriminator": [1e-4],
    }
    for update in phase.updates:
        term = next(one for one in update.terms if one.name == "decay")
        scene = Scene(system.networks, {}, 0, None, update.trains)
        squares = sum((array(v) ** 2).sum() for v in system.networks[update.name].trainable_variables)
        assert float(array(term.function(scene))) == pytest.approx(squares / 2, rel=1e-4)
    terms = [term.name for update in built(published(decay=0.0)).phases[0].updates for term in update.terms]
    assert "decay" not in terms


def test_no_label_is_learned_where_its_weight_is_zero():
    system = built(tiny(classes=0.0))
    assert list(system.networks["generator"].output) == ["lab"]
    assert "labels" not in [term.name for update in system.phases[0].updates for term in update.terms]


def test_rates_and_weights_as_published():
    system = built(published())
    for optimizer in system.optimizers.values():
        assert float(array(optimizer.learning_rate)) == pytest.approx(1e-4)
        assert (optimizer.beta_1, optimizer.beta_2) == (0.9, 0.999)
    settings = RECIPE.Settings.faithful()
    assert (settings.mse, settings.adversarial, settings.classes) == (1, 1, 1 / 300)
    assert (settings.decay, settings.batch_size, settings.dots) == (1e-4, 30, 14)
    assert all(update.schedule is None for update in system.phases[0].updates)


def test_settings_that_contradict_are_refused():
    with pytest.raises(BadInput, match="enlarging_share: the second stage enlarges what was painted of lines"):
        RECIPE.build(tiny(size=64, given="l", enlarging_share=1.0))
    with pytest.raises(BadInput, match="multiple of 64"):
        RECIPE.build(tiny(size=96, enlarging_share=1.0))
    with pytest.raises(BadInput, match="multiple of 32"):
        RECIPE.build(tiny(size=48))


# Training in one stage ------------------------------------------------------------------------------------------


def test_the_generator_steps_first_and_the_discriminator_sees_what_it_paints_then(face_set):
    system = built(published(learning_rate=0.01))
    assert [update.name for update in system.phases[0].updates] == ["generator", "discriminator"]
    assert [update.repeats for update in system.phases[0].updates] == [1, 1]
    trainer, kernel = ready(system), system.networks["discriminator"].get_layer("logit").kernel
    kernel.assign(50 * array(kernel))  # loud enough to tell one painting from another
    faces = Faces(face_set, split="all", batch_size=30, fields=system.fields, shuffle=False, flips=False)
    before = {name: snapshot(network) for name, network in system.networks.items()}
    history = trainer.fit(faces, 1, callbacks=[StopAfter(1)], verbose=0).history
    batch, after = tensors(faces[0]), snapshot(system.networks["generator"])
    again = built(published())

    def said(weights):
        """The mean logit of the discriminator as it was, of what a generator of these weights paints."""
        again.networks["discriminator"].set_weights(before["discriminator"])
        again.networks["generator"].set_weights(weights)
        phase = again.phases[0]
        scene = Scene(again.networks, batch, 0, None, ("discriminator",), phase.pictures)
        return float(array(ops.mean(scene.logits("discriminator", "fake"))))

    found = history["discriminator_fake"][0]
    assert found == pytest.approx(said(after), abs=1e-3)
    assert abs(found - said(before["generator"])) > 1e-2
    assert differing(
        {str(i): w for i, w in enumerate(before["discriminator"])},
        {str(i): w for i, w in enumerate(snapshot(system.networks["discriminator"]))},
    )


@pytest.mark.parametrize("changes", [{"given": "l"}, {"reference": "palette", "classes": 0.0, "judged": "raw"}])
def test_its_variants_train_and_paint(face_set, changes):
    settings = tiny(**changes)
    trainer = ready(built(settings))
    faces = Faces(face_set, split="all", batch_size=30, fields=trainer.system.fields)
    assert ("lines" in faces[0]) == (settings.given == "lines")
    history = trainer.fit(faces, 1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    batch = faces[0]
    painted = array(trainer({name: batch[name] for name in trainer.averaged.input}))
    assert painted.shape == (30, 32, 32, 3) and np.isfinite(painted).all()
    assert (painted[..., :1] == batch["l"]).all() == (settings.given == "l")


def test_a_palette_of_histograms_comes_to_the_network_as_the_batch_holds_it(face_set):
    """A batch holds histograms whatever the network reads: it makes a palette of them itself."""
    system = built(tiny(reference="palette", least=0.01))
    faces = Faces(face_set, split="all", batch_size=4, fields=system.fields)
    found = faces[0]["reference"]
    assert found.shape == (4, 216) and found.sum(1) == pytest.approx(np.ones(4), abs=1e-6)
    assert system.networks["generator"].get_layer("palette").least == 0.01


# Two stages -----------------------------------------------------------------------------------------------------


STAGES = {"size": 64, "batch_size": 4, "enlarging_share": 1.0}


@pytest.fixture(scope="module")
def large_faces(tmp_path_factory):
    """4 batches a pass, of 64 px."""
    folder = tmp_path_factory.mktemp("large") / "set"
    data_prep.pack("drawn:24", folder, size=64, workers=1, progress=False)
    return Faces(folder, split="all", batch_size=6, fields=built(tiny(**STAGES)).fields)


class Diary(PhaseDiary):
    """The phase of each step, and the weights of all networks before the first and after the last step of each."""

    def moved(self, phase):
        """Names of the networks that a phase has moved, batch statistics included."""
        pairs = {name: zip(self.before[phase][name], w, strict=True) for name, w in self.after[phase].items()}
        return {name for name, pair in pairs.items() if any((one != other).any() for one, other in pair)}

    def weights(self, trainer):
        return {name: snapshot(trainer.networks[name]) for name in ("draft", "enlarger", "discriminator")}


@pytest.fixture(scope="module")
def whole(large_faces):
    """(trainer, diary, logged means) of an uninterrupted training of 4 steps."""
    trainer, diary = ready(built(tiny(**STAGES))), Diary()
    rows = trainer.fit(large_faces, 1, callbacks=[diary], verbose=0).history
    return trainer, diary, rows


def test_two_stages_train_in_turn(whole):
    _, diary, rows = whole
    assert diary.steps == ["drawing"] * 2 + ["enlarging"] * 2
    assert diary.moved("drawing") == {"draft", "discriminator"} and diary.moved("enlarging") == {"enlarger"}
    assert set(rows) == {
        *(f"discriminator_{name}" for name in ("loss", "adversarial", "real", "fake", "accuracy")),
        *(f"generator_{name}" for name in ("loss", "adversarial", "mse", "labels")),
        *(f"enlarging_{name}" for name in ("loss", "l1")),
    }
    assert all(np.isfinite(values).all() for values in rows.values())


def test_the_second_stage_begins_with_the_averaged_first(whole):
    _, diary, _ = whole
    ended, begun = diary.after["drawing"]["draft"], diary.before["enlarging"]["draft"]
    assert any((one != other).any() for one, other in zip(ended, begun, strict=True))


def test_a_training_that_is_stopped_inside_and_between_stages_ends_as_one_that_was_not(large_faces, whole):
    """To the bit: after steps 1 and 3 a stage is half done, after step 2 the first is over."""
    state = None
    for steps in (1, 2, 3, 4):
        trainer = ready(built(tiny(**STAGES)))
        if state:
            trainer.load_state(state)
        trainer.fit(large_faces, 1, callbacks=[StopAfter(steps)], verbose=0)
        assert trainer.steps_done == steps
        state = trainer.state()
    assert differing(state, whole[0].state()) == []


def test_each_of_the_two_loses_what_it_should(large_faces, whole):
    """The first stage looks at halves of the pictures; the second at whole ones, in units of 50."""
    trainer, batch = whole[0], tensors(large_faces[0])
    drawing, enlarging = trainer.system.phases
    lab = np.concatenate([array(batch["l"]), array(batch["ab"])], -1)

    def terms_of(phase, name):
        scene = Scene(trainer.networks, batch, 0, None, (), phase.pictures)
        update = next(one for one in phase.updates if one.name == name)
        return scene, {term.name: float(array(term.function(scene))) for term in update.terms}

    scene, found = terms_of(drawing, "generator")
    half = color.unscale(lab.reshape(6, 32, 2, 32, 2, 3).mean((2, 4)))
    painted = color.unscale(array(scene.picture("told")["lab"]))
    assert painted.shape == (6, 32, 32, 3)
    assert found["mse"] == pytest.approx(((painted - half) ** 2).mean(), rel=1e-3)
    scene, found = terms_of(enlarging, "enlarging")
    off = color.unscale(array(scene.fake)) - color.unscale(lab)
    assert off.shape == (6, 64, 64, 3) and found["l1"] == pytest.approx(np.abs(off / 50).mean(), rel=1e-4)


def test_the_enlarger_is_trained_on_what_the_generator_shows_it(large_faces, whole):
    """A draft as it is painted later, by the statistics that it has seen, not by those of a batch."""
    trainer, batch = whole[0], tensors(large_faces[0])
    seen = []
    enlarger = trainer.networks["enlarger"]
    watched = {**trainer.networks, "enlarger": lambda inputs, training: seen.append(inputs) or enlarger(inputs)}
    scene = Scene(watched, batch, 0, None, (), trainer.system.phases[1].pictures)
    scene.outputs = lambda name, inputs, training=True: watched[name](inputs, training=training)
    array(scene.fake)
    generator = trainer.networks["generator"]
    shown = keras.Model(generator.input, generator.get_layer("enlarged_draft").output)
    expected = array(shown({name: batch[name] for name in generator.input}))
    assert array(seen[0]["draft"]) == pytest.approx(expected, abs=1e-5)
    assert (array(seen[0]["lines"]) == array(batch["lines"])).all()


def test_the_generator_of_two_stages_drafts_small_and_enlarges_along_the_lines():
    keras.utils.set_random_seed(0)
    draft, enlarger = networks.comic_generator(32, K, 4), networks.comic_enlarger(4)
    generator = networks.comic_generator_in_two_stages(draft, enlarger)
    large, small = given(size=64), given(size=32)
    inputs = {**small, "lines": large["lines"]}
    ink = large["lines"].reshape(2, 32, 2, 32, 2, 1).mean((2, 4)) > 190 / 255
    assert ink.mean() == pytest.approx(5 / 16, abs=0.03)  # a half is paper where three of its four pixels are
    painted = draft({**small, "lines": ink.astype("float32")}, training=False)
    enlarged = array(painted["lab"]).repeat(2, 1).repeat(2, 2)
    expected = array(enlarger({"lines": large["lines"], "draft": enlarged}, training=False))
    found = generator(inputs, training=False)
    assert array(found["lab"]) == pytest.approx(expected, abs=1e-5)
    assert (array(found["labels"]) == array(painted["labels"])).all()
    assert {id(v) for v in generator.weights} == {id(v) for v in draft.weights + enlarger.weights}


def test_the_enlarger_reads_hundredths_of_lab_and_paints_in_units_of_fifty():
    keras.utils.set_random_seed(0)
    enlarger, inputs = networks.comic_enlarger(4), given(size=32)
    raw = np.random.default_rng(0).uniform(color.LAB_LEAST, color.LAB_MOST, (2, 32, 32, 3)).astype("float32")
    tap = keras.Model(enlarger.input, [enlarger.get_layer(name).output for name in ("given", "fifties", "lab")])
    read, fifties, lab = map(array, tap({"lines": inputs["lines"], "draft": color.scale(raw)}))
    assert (read[..., :1] == inputs["lines"]).all() and read[..., 1:] == pytest.approx(raw / 100, abs=1e-5)
    expected = 50 * fifties + np.float32([50, 0, 0])
    assert color.unscale(lab) == pytest.approx(expected, abs=1e-3)


def test_a_trainer_of_one_stage_refuses_the_state_of_two(whole):
    with pytest.raises(BadInput, match="state of another system"):
        trainer = Trainer(built(tiny(size=64)))
        trainer.compile()
        trainer.load_state(whole[0].state())
