"""Normalized convolutions and self-attention: what their normalization promises, in training as in evaluation."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color.networks import spectral


def array(tensor):
    return ops.convert_to_numpy(tensor)


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def unit(x):
    return x / np.linalg.norm(x)


def matrix(layer):
    return array(layer.kernel).reshape(-1, layer.filters)


@pytest.fixture
def convolution():
    keras.utils.set_random_seed(0)
    layer = spectral.SpectralConv2D(7, 3, padding="same", name="spectral")
    layer.build((None, None, None, 5))
    layer.kernel.assign(random(3, 3, 5, 7))
    return layer


def test_after_many_forward_passes_of_training_the_largest_singular_value_is_one(convolution):
    for _ in range(60):
        convolution(random(1, 4, 4, 5), training=True)
    kernel = array(convolution.normalized_kernel()).reshape(-1, 7)
    assert np.linalg.svd(kernel, compute_uv=False)[0] == pytest.approx(1, abs=1e-2)
    assert np.linalg.svd(matrix(convolution), compute_uv=False)[0] > 5


def test_each_forward_pass_of_training_is_one_power_iteration(convolution):
    w = matrix(convolution)
    u = unit(array(convolution.direction))
    for _ in range(3):
        convolution(random(1, 4, 4, 5), training=True)
        u = unit(w.T @ unit(w @ u))
        assert array(convolution.direction) == pytest.approx(u, abs=1e-5)


def test_evaluation_moves_nothing_and_computes_what_training_computed(convolution):
    x = random(2, 6, 6, 5)
    trained = array(convolution(x, training=True))
    before = array(convolution.direction)
    assert array(convolution(x, training=False)) == pytest.approx(trained, abs=1e-6)
    assert (array(convolution.direction) == before).all()
    moved = array(convolution(x, training=True))
    assert np.abs(moved - trained).max() > 1e-4  # it had not converged


def test_the_scale_of_the_kernel_is_divided_out_also_before_any_training(convolution):
    x = random(2, 6, 6, 5)
    before = array(convolution(x))
    convolution.kernel.assign(10 * array(convolution.kernel))
    assert array(convolution(x)) == pytest.approx(before, abs=1e-5)


def gradient(layer, x, target):
    """That of mean (y - target)^2 for the kernel, in one training step: what gradient descent of rate 1 takes off."""
    given = layers.Input(x.shape[1:])
    model = keras.Model(given, layer(given))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    before = matrix(layer)
    model.train_on_batch(x, target)
    return before, before - matrix(layer)


def test_the_gradient_flows_through_sigma_with_u_and_v_as_constants():
    """Miyato et al. 2018, equation 12, of a layer that sees one pixel, so its kernel is the matrix itself."""
    keras.utils.set_random_seed(0)
    layer = spectral.SpectralConv2D(4, 1, use_bias=False, name="spectral")
    x, target = random(6, 1, 1, 3), random(6, 1, 1, 4, seed=1)
    layer.build(x.shape)
    w, found = gradient(layer, x, target)
    u = array(layer.direction)
    v = unit(w @ u)
    sigma = v @ w @ u
    x, target = x.reshape(6, 3), target.reshape(6, 4)
    outer = x.T @ (2 * (x @ w / sigma - target) / target.size)  # for the normalized kernel
    expected = (outer - (outer * w / sigma).sum() * np.outer(v, u)) / sigma
    assert found == pytest.approx(expected, abs=1e-5)
    assert np.abs(expected - outer / sigma).max() > 1e-3  # sigma matters


def test_a_layer_that_judges_twice_in_a_step_can_be_trained(convolution):
    one, two = layers.Input((4, 4, 5)), layers.Input((4, 4, 5))
    w, u = matrix(convolution), unit(array(convolution.direction))
    model = keras.Model([one, two], layers.Add()([convolution(one), convolution(two)]))
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.train_on_batch([random(2, 4, 4, 5), random(2, 4, 4, 5, seed=1)], random(2, 4, 4, 7, seed=2))
    for _ in range(2):
        u = unit(w.T @ unit(w @ u))
    assert array(convolution.direction) == pytest.approx(u, abs=1e-5)
    assert np.isfinite(matrix(convolution)).all() and np.abs(matrix(convolution) - w).max() > 1e-4


def test_a_clone_has_the_same_layers():
    keras.utils.set_random_seed(0)
    x = layers.Input((None, None, 8))
    y = spectral.SpectralConv2D(8, 4, strides=2, padding="same", activation="relu", name="spectral")(x)
    y = spectral.WeightNormalizedConv2D(16, 1, name="weights")(spectral.SelfAttention(name="attention")(y))
    network = keras.Model(x, y)
    clone = keras.models.clone_model(network)
    clone.set_weights(network.get_weights())
    assert [v.path for v in clone.weights] == [v.path for v in network.weights]
    given = random(1, 8, 8, 8)
    assert array(clone(given)) == pytest.approx(array(network(given)), abs=1e-6)


def test_a_kernel_with_gains_starts_as_the_plain_one():
    keras.utils.set_random_seed(0)
    layer = spectral.WeightNormalizedConv2D(6, 1)
    x = random(2, 3, 3, 4)
    layer.build(x.shape)
    plain = array(x @ array(layer.kernel)[0, 0])
    assert array(layer(x)) == pytest.approx(plain, abs=1e-5)
    layer.kernel.assign(3 * array(layer.kernel))
    assert array(layer(x)) == pytest.approx(plain, abs=1e-5)
    layer.gain.assign(2 * array(layer.gain))
    assert array(layer(x)) == pytest.approx(2 * plain, abs=1e-5)


@pytest.fixture
def attention():
    keras.utils.set_random_seed(0)
    layer = spectral.SelfAttention()
    layer.build((None, None, None, 16))
    return layer


@pytest.mark.parametrize("training", [False, True])
def test_attention_is_identity_at_the_start(attention, training):
    x = random(2, 4, 6, 16)
    assert (array(attention(x, training=training)) == x).all()


def test_the_weights_of_attention_sum_to_one_for_each_pixel(attention):
    weights = array(attention.weights_of(random(2, 4, 6, 16)))
    assert weights.shape == (2, 24, 24)
    assert weights.sum(-1) == pytest.approx(np.ones((2, 24)), abs=1e-5)
    assert np.abs(weights.sum(1) - 1).max() > 0.01  # the columns need not


def test_each_pixel_becomes_the_weighted_mean_of_all_values(attention):
    x = random(1, 3, 2, 16)
    attention.gamma.assign(0.5)
    pixels = x.reshape(6, 16)
    key, query, value = (
        pixels @ array(one.normalized_kernel())[0, 0] for one in (attention.key, attention.query, attention.value)
    )
    assert key.shape == query.shape == (6, 2) and value.shape == (6, 16)
    scores = np.exp(query @ key.T)
    expected = pixels + 0.5 * (scores / scores.sum(1, keepdims=True)) @ value
    assert array(attention(x)).reshape(6, 16) == pytest.approx(expected, abs=1e-5)


def test_half_precision_normalizes_in_whole():
    keras.utils.set_random_seed(0)
    x = random(1, 4, 4, 16).astype("float16")
    attention, convolution = (
        spectral.SelfAttention(dtype="mixed_float16"),
        spectral.SpectralConv2D(4, 3, dtype="mixed_float16"),
    )
    found = array(convolution(attention(x, training=True), training=True))
    assert found.dtype == "float16" and np.isfinite(found).all()
    assert array(convolution.normalized_kernel()).dtype == "float32"
    assert array(attention.query.direction).dtype == "float32"


def test_attention_trains_gamma_first(attention):
    given = layers.Input((3, 3, 16))
    model = keras.Model(given, attention(given))
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.train_on_batch(random(2, 3, 3, 16), random(2, 3, 3, 16, seed=1))
    assert abs(float(array(attention.gamma))) > 1e-4
