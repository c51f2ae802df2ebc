"""Objectives: values and gradients by hand, and the penalties on critics whose slope is known."""

import keras
import numpy as np
import pytest
from keras import ops

from anime_color.training import engine, objectives

LOG2 = 0.693147


def value(x):
    return float(ops.convert_to_numpy(x))


def logits(*numbers):
    return ops.convert_to_tensor(np.array(numbers, "float32")[:, None])


@pytest.mark.parametrize(
    ("name", "critic", "generator"),
    [
        ("non_saturating", 2 * LOG2, LOG2),
        ("least_squares", 1, 1),
        ("hinge", 2, 0),
        ("wasserstein", 0, 0),
    ],
)
def test_losses_at_zero(name, critic, generator):
    critic_loss, generator_loss = objectives.ADVERSARIAL[name]
    assert value(critic_loss(logits(0, 0), logits(0, 0))) == pytest.approx(critic, abs=1e-5)
    assert value(generator_loss(logits(0, 0))) == pytest.approx(generator, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "critic", "generator"),
    # real 2 and 4, fake -1 and 3, by hand
    [
        ("non_saturating", (0.126928 + 0.018150) / 2 + (0.313262 + 3.048587) / 2, (1.313262 + 0.048587) / 2),
        ("least_squares", (1 + 9) / 2 + (1 + 9) / 2, (4 + 4) / 2),
        ("hinge", 0 + (0 + 4) / 2, -1),
        ("wasserstein", 1 - 3, -1),
    ],
)
def test_losses_by_hand(name, critic, generator):
    critic_loss, generator_loss = objectives.ADVERSARIAL[name]
    assert value(critic_loss(logits(2, 4), logits(-1, 3))) == pytest.approx(critic, abs=1e-5)
    assert value(generator_loss(logits(-1, 3))) == pytest.approx(generator, abs=1e-5)


def test_non_saturating_gradient_lives_where_the_critic_wins():
    def slope(loss):
        return value(engine.input_gradients(loss, logits(-5))[0, 0])

    assert slope(objectives.non_saturating_generator_loss) == pytest.approx(-0.9933, abs=1e-4)
    assert slope(lambda x: -ops.mean(ops.softplus(x))) == pytest.approx(-0.0067, abs=1e-4)


@pytest.fixture
def pictures():
    return ops.convert_to_tensor(np.random.default_rng(0).uniform(-1, 1, (7, 8, 8, 3)).astype("float32"))


def linear_critic(norm):
    weights = np.random.default_rng(1).standard_normal((8, 8, 3)).astype("float32")
    weights = ops.convert_to_tensor(weights * (norm / np.linalg.norm(weights)))
    return lambda x: ops.sum(x * weights, axis=(1, 2, 3))


@pytest.mark.parametrize(("norm", "penalty"), [(1, 0), (3, 4), (0.5, 0.25)])
def test_gradient_penalty_of_a_linear_critic(pictures, norm, penalty):
    assert value(objectives.gradient_penalty(linear_critic(norm), pictures)) == pytest.approx(penalty, abs=1e-4)


def test_gradient_penalty_is_per_face(pictures):
    # slopes of norm 0.5 and 1.5 average to 1; their penalties do not cancel
    factors = ops.convert_to_tensor(np.array([0.5, 1.5] * 3 + [1.0], "float32"))

    def critic(x):
        return linear_critic(1)(x) * factors

    assert value(objectives.gradient_penalty(critic, pictures)) == pytest.approx(0.25 * 6 / 7, abs=1e-4)


@pytest.mark.parametrize(("norm", "penalty"), [(1, 0), (2, 1)])
def test_gradient_penalty_of_the_sum_of_patches_in_some_channels(pictures, norm, penalty):
    """The first channel's slope does not count, and the slopes of all patches are one vector."""
    random = np.random.default_rng(2)
    weights = random.standard_normal((8, 8, 3)).astype("float32")
    weights *= norm / np.linalg.norm(weights[..., 1:])
    weights[..., 0] = 100

    def critic(x):
        return ops.reshape(x * ops.convert_to_tensor(weights), (-1, 4, 4, 12))  # a map of scores

    found = objectives.gradient_penalty(critic, pictures, penalized=slice(1, 3))
    assert value(found) == pytest.approx(penalty, abs=1e-4)


def test_averages_end_at_the_real_and_at_the_fake_picture():
    real, fake = (ops.convert_to_tensor(np.full((2, 4, 4, 3), x, "float32")) for x in (0.25, -1))
    for alpha, end in ((1.0, 0.25), (0.0, -1.0), (0.5, -0.375)):
        found = objectives.random_weighted_average(real, fake, ops.convert_to_tensor(alpha))
        assert (ops.convert_to_numpy(found) == end).all()


def distributions(*rows):
    return ops.convert_to_tensor(np.array(rows, "float32"))


def test_divergence_by_hand():
    target, predicted = distributions([0.5, 0.5, 0.0], [1.0, 0.0, 0.0]), distributions([0.25, 0.5, 0.25], [0.5, 0.5, 0])
    # 0.5 ln 2 and ln 2
    assert value(objectives.kl_divergence(target, predicted)) == pytest.approx(0.75 * LOG2, abs=1e-5)
    assert value(objectives.kl_divergence(target, target)) == 0


def test_divergence_is_never_negative_and_finite_for_what_was_thought_impossible():
    random = np.random.default_rng(0).dirichlet(np.full(20, 0.2), (2, 50)).astype("float32")
    assert value(objectives.kl_divergence(*distributions(*random))) > 0
    worst = objectives.kl_divergence(distributions([1.0, 0.0]), distributions([0.0, 1.0]))
    assert value(worst) == pytest.approx(np.log(1e7), rel=1e-4)


def test_gradient_penalty_of_a_flat_critic_is_one_and_can_be_trained(pictures):
    dense = keras.layers.Dense(1, kernel_initializer="zeros")
    dense.build((None, 192))

    def loss():
        penalty = objectives.gradient_penalty(lambda x: dense(ops.reshape(x, (-1, 192))), pictures)
        return penalty, {}

    if engine.BACKEND == "jax":
        pytest.skip("on JAX a gradient for variables is taken inside a train step only: see test_trainer.py")
    (penalty, _), gradients = engine.value_and_gradients(loss, dense.trainable_variables[:1])
    assert value(penalty) == pytest.approx(1, abs=1e-4)
    assert np.isfinite(ops.convert_to_numpy(gradients[0])).all()


def test_r1_of_a_linear_critic(pictures):
    assert value(objectives.r1_penalty(linear_critic(3), pictures)) == pytest.approx(4.5, abs=1e-4)


def projections(per):
    """Where the averages lie between fake (0) and real (1), and how far off that line, for 200 pairs."""
    random = np.random.default_rng(2)
    real, fake = random.uniform(-1, 1, (2, 200, 8, 8, 3)).astype("float32")
    alpha = objectives.random_weights(ops.convert_to_tensor(real), keras.random.SeedGenerator(0), per)
    between = objectives.random_weighted_average(*map(ops.convert_to_tensor, (real, fake)), alpha)
    between = ops.convert_to_numpy(between)
    line, moved = (real - fake).reshape(200, -1), (between - fake).reshape(200, -1)
    along = (line * moved).sum(1) / (line * line).sum(1)
    off = np.linalg.norm(moved - along[:, None] * line, axis=1) / np.linalg.norm(line, axis=1)
    return along, off


def test_alpha_per_sample_lies_on_the_line_and_fills_it():
    along, off = projections("sample")
    assert off.max() < 1e-5
    assert along.min() > -1e-5 and along.max() < 1 + 1e-5
    assert along.std() == pytest.approx(0.289, abs=0.03)  # uniform


def test_alpha_per_pixel_collapses_to_the_midpoint():
    along, off = projections("pixel")
    assert along.std() < 0.05 and along.mean() == pytest.approx(0.5, abs=0.02)
    assert off.mean() == pytest.approx(0.289, abs=0.02)
