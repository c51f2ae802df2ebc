"""Two-stage line art: the published counts, sums for joins, one plan for both stages, each trained in its own phase."""

import keras
import numpy as np
import pytest
from keras import ops

from anime_color import networks, recipes
from anime_color.faces import Faces
from anime_color.training.trainer import Trainer
from data_prep.errors import BadInput

PUBLISHED = 13_071_072
JOINS = {"D8": ("E8", "E7"), "D6": ("E6", "D7"), "D4": ("E4", "D5"), "D2": ("E2", "D3"), "out": ("E0", "D1")}


@pytest.fixture(scope="module")
def published():
    """The networks of the faithful settings."""
    recipe = recipes.get("two_stage")
    return recipe.build(recipe.Settings.faithful()).networks


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(0)
    return {join: stirred(networks.additive_unet("hints", "draft", 8, join)) for join in ("add", "concatenate")}


def stirred(network):
    """The network with kernels of such a size that what goes in at the top is felt at the bottom."""
    random = np.random.default_rng(0)
    for variable in network.trainable_variables:
        if len(variable.shape) == 4:
            fan_in = np.prod(variable.shape[:3])
            variable.assign(random.normal(0, np.sqrt(2 / fan_in), variable.shape))
    return network


def given(height, width, other="hints", batch=1):
    random = np.random.default_rng(1)
    lines, colors = (random.uniform(-1, 1, (batch, height, width, n)).astype("float32") for n in (1, 3))
    return {"lines": lines, other: colors}


def count(variables):
    return sum(int(np.prod(v.shape)) for v in variables)


def inside(network, *names):
    """What layers of these names give, as a function of the network's inputs."""
    model = keras.Model(network.input, [network.get_layer(name).output for name in names])
    return lambda inputs: [ops.convert_to_numpy(x) for x in model(inputs, training=False)]


# Counts -----------------------------------------------------------------------------------------------------


def test_published_counts(published):
    for name in ("draft", "coloring"):
        assert published[name].count_params() == PUBLISHED
        assert count(published[name].trainable_variables) == 13_064_544
    assert published["generator"].count_params() == 2 * PUBLISHED
    assert published["discriminator"].input.shape == (None, 128, 128, 3)
    assert published["discriminator"].count_params() == 903_105
    assert count(published["discriminator"].trainable_variables) == 901_697


def test_counts_of_the_unet_that_it_is_compared_with():
    assert networks.additive_unet("hints", "draft", 64, "concatenate").count_params() == 18_642_496


@pytest.mark.parametrize(
    ("width", "join", "total", "trainable"),
    [
        # of the sheet's table: 3187.5 w^2 of kernels between equal layers, 18 w of E0, 13.5 w of the output, 204 w of
        # normalization, half of which is trained; joined side by side 4547.5 w^2 and 27 w of the output
        (8, "add", 205_884, 205_068),
        (16, "add", 819_768, 818_136),
        (32, "add", 3_271_536, 3_268_272),
        (8, "concatenate", 293_032, 292_216),
        (16, "concatenate", 1_168_144, 1_166_512),
        (32, "concatenate", 4_664_608, 4_661_344),
    ],
)
def test_counts_of_narrower_ones(width, join, total, trainable):
    network = networks.additive_unet("draft", "coloring", width, join)
    assert (network.count_params(), count(network.trainable_variables)) == (total, trainable)


def test_both_stages_have_one_plan(published):
    draft, coloring = published["draft"], published["coloring"]
    assert [v.shape for v in draft.weights] == [v.shape for v in coloring.weights]
    assert [one.name for one in draft.layers if one.weights] == [one.name for one in coloring.layers if one.weights]
    assert list(draft.input) == ["lines", "hints"] and list(coloring.input) == ["lines", "draft"]


def test_saved_weights_are_as_large_as_published(published):
    size = sum(array.nbytes for name in ("draft", "coloring") for array in published[name].get_weights())
    assert size == 2 * PUBLISHED * 4 == pytest.approx(104.6e6, rel=0.02)


def test_only_the_outermost_layers_go_without_normalization(small):
    norms = [one for one in small["add"].layers if isinstance(one, keras.layers.BatchNormalization)]
    normalized = {one.name.split("_")[0] for one in norms}
    assert normalized == {f"E{i}" for i in range(2, 9)} | {f"D{i}" for i in range(2, 9)}
    assert not [v.path for v in small["add"].weights if v.path.endswith("bias")]


# What they do -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("height", "width"), [(128, 128), (64, 96), (16, 48)])
def test_one_network_takes_any_multiple_of_16(small, height, width):
    painted = ops.convert_to_numpy(small["add"](given(height, width)))
    assert painted.shape == (1, height, width, 3) and np.abs(painted).max() <= 1 and painted.std() > 0.01


@pytest.mark.parametrize("label", JOINS)
def test_a_join_is_the_sum_of_encoder_and_decoder(small, label):
    """The sheet warns of a rewrite that joins other layers: each join's operands are told by name."""
    operands = [f"{name}_activation" for name in JOINS[label]]
    one, other, found = inside(small["add"], *operands, f"{label}_join")(given(32, 48))
    assert found.shape == one.shape == other.shape and one.std() > 0 < other.std()
    assert found == pytest.approx(one + other, abs=1e-5)
    side_by_side = inside(small["concatenate"], *operands, f"{label}_join")(given(32, 48))
    assert side_by_side[2].shape[-1] == 2 * found.shape[-1]
    assert (side_by_side[2] == np.concatenate(side_by_side[:2], -1)).all()


@pytest.mark.parametrize("label", JOINS)
def test_the_order_of_the_operands_matters_only_side_by_side(small, label):
    operands = [f"{name}_activation" for name in JOINS[label]]
    for join, alike in (("add", True), ("concatenate", False)):
        one, other = inside(small[join], *operands)(given(32, 32))
        layer = small[join].get_layer(f"{label}_join")
        straight, swapped = (ops.convert_to_numpy(layer(pair)) for pair in ([one, other], [other, one]))
        assert (straight == swapped).all() == alike


def test_lines_and_hints_are_both_listened_to(small):
    inputs = given(32, 32)
    painted = ops.convert_to_numpy(small["add"](inputs))
    for name in inputs:
        changed = inputs | {name: 0 * inputs[name]}
        assert np.abs(ops.convert_to_numpy(small["add"](changed)) - painted).max() > 0.01


def test_the_generator_drafts_small_and_colors_the_enlarged_draft():
    keras.utils.set_random_seed(0)
    names = ("hints", "draft"), ("draft", "coloring")  # what each is given, and its own
    draft, coloring = (stirred(networks.additive_unet(*some, 8)) for some in names)
    generator = networks.two_stage_generator(draft, coloring, 4)
    lines, hints = given(64, 128)["lines"], given(16, 32)["hints"]
    small_lines = lines.reshape(1, 16, 4, 32, 4, 1).mean((2, 4))
    drafted = ops.convert_to_numpy(draft({"lines": small_lines, "hints": hints}, training=False))
    enlarged = drafted.repeat(4, 1).repeat(4, 2)
    expected = ops.convert_to_numpy(coloring({"lines": lines, "draft": enlarged}, training=False))
    assert ops.convert_to_numpy(generator({"lines": lines, "hints": hints})) == pytest.approx(expected, abs=1e-4)
    assert {id(v) for v in generator.weights} == {id(v) for v in draft.weights + coloring.weights}


# Refused ----------------------------------------------------------------------------------------------------


def test_other_joins_and_sizes_are_refused():
    with pytest.raises(BadInput, match="join='multiply': allowed are add, concatenate"):
        networks.additive_unet("hints", "draft", 8, "multiply")
    for size in (0, 8, 24):
        with pytest.raises(BadInput, match=f"drafts of {size} px: needed is a multiple of 16"):
            networks.draft_discriminator(size)


# Training ---------------------------------------------------------------------------------------------------


class Watch(keras.callbacks.Callback):
    """{phase: [weights of draft, coloring and discriminator before its first and after its last step]}."""

    def __init__(self):
        super().__init__()
        self.seen = {}

    def weights(self):
        networks = self.model.networks
        return {n: networks[n].get_weights() for n in ("draft", "coloring", "discriminator")}

    def on_train_batch_begin(self, batch, logs=None):
        self.seen.setdefault(self.model.phase.name, [self.weights(), None])

    def on_train_batch_end(self, batch, logs=None):
        self.seen[self.model.phase.name][1] = self.weights()


@pytest.fixture(scope="module")
def trained(face_set):
    recipe = recipes.get("two_stage")
    trainer, watch = Trainer(recipe.build(recipe.Settings.tiny())), Watch()
    trainer.compile()
    faces = Faces(face_set, split="all", batch_size=30, size=32, fields=trainer.system.fields)
    history = trainer.fit(faces, epochs=2, callbacks=[watch], verbose=0).history
    return trainer, watch.seen, history


@pytest.mark.parametrize(
    ("phase", "moves", "stays"),
    [("draft", ("draft", "discriminator"), ("coloring",)), ("coloring", ("coloring",), ("draft", "discriminator"))],
)
def test_each_phase_moves_its_own_stage(trained, phase, moves, stays):
    """To the bit, batch statistics included: the draft is finished when the coloring begins."""
    before, after = trained[1][phase]
    for name in stays:
        assert all((one == other).all() for one, other in zip(before[name], after[name], strict=True)), name
    for name in moves:
        assert all((one != other).any() for one, other in zip(before[name], after[name], strict=True)), name


def test_the_trained_generator_is_made_of_the_trained_stages(trained):
    trainer, seen, history = trained
    assert tuple(seen) == ("draft", "coloring")
    assert {"discriminator_loss", "generator_l1", "coloring_l1"} <= set(history)
    assert all(np.isfinite(values).all() for values in history.values())
    averaged = {layer.name: layer for layer in trainer.averaged.layers}["draft"].get_weights()
    for one, other in zip(averaged, seen["coloring"][1]["draft"], strict=True):
        assert one == pytest.approx(other, abs=1e-5)  # nothing moved that it could follow
