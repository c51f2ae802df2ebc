"""Networks: the pinned counts of the ancestor, and the properties that its successors promise."""

import keras
import numpy as np
import pytest

from anime_color import networks
from anime_color.coloring import noise
from data_prep.errors import BadInput


def lightness(height, width, batch=1, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (batch, height, width, 1)).astype("float32")


def paint(generator, given, vectors):
    return np.asarray(generator({"l": given, "noise": vectors}, training=False))


def count(variables):
    return sum(int(np.prod(v.shape)) for v in variables)


@pytest.fixture(scope="module")
def ancestor():
    keras.utils.set_random_seed(0)
    return networks.ancestor_generator()


@pytest.fixture(scope="module")
def film():
    keras.utils.set_random_seed(0)
    return networks.film_generator(width=8, latent_size=8)


def test_ancestor_generator_counts(ancestor):
    assert ancestor.count_params() == 8_637_122
    assert count(ancestor.trainable_variables) == 8_631_106
    assert ancestor.get_layer("noise_plane").count_params() == 1_654_784
    assert networks.ancestor_generator(64, 16).count_params() == 853_682
    assert networks.ancestor_generator(32, 8).count_params() == 214_618


def test_ancestor_critic_counts():
    critic = networks.ancestor_critic()
    assert critic.count_params() == count(critic.trainable_variables) == 2_926_321
    assert not [layer for layer in critic.layers if isinstance(layer, keras.layers.BatchNormalization)]
    discriminator = networks.ancestor_critic(batch_normalization=True)
    assert discriminator.count_params() == 2_930_353
    assert count(discriminator.trainable_variables) == 2_928_337


def test_ancestor_generator_layer_shapes(ancestor):
    shapes = {
        name: ancestor.get_layer(name).output.shape[1:] for name in ("conv1", "conv5", "mid", "deconv1", "deconv6")
    }
    assert shapes == {
        "conv1": (128, 128, 64),
        "conv5": (8, 8, 1024),
        "mid": (4, 4, 1024),
        "deconv1": (8, 8, 512),
        "deconv6": (128, 128, 32),
    }


def test_generators_return_the_lightness_bit_for_bit(ancestor, film):
    for generator, size in ((ancestor, 128), (film, 96)):
        given = lightness(size, size)
        lab = paint(generator, given, noise.schedule("random", generator.input["noise"].shape[-1], 1))
        assert (lab[..., :1] == given).all()
        assert np.abs(lab[..., 1:]).max() <= 1


def test_ancestor_sees_at_most_29_pixels_to_one_side(ancestor):
    given = lightness(128, 128)
    vector = noise.schedule("random", 100, 1)
    changed = given.copy()
    changed[:, :, 94:] += 1.0
    difference = np.abs(paint(ancestor, changed, vector) - paint(ancestor, given, vector))[..., 1:].max((0, 1, 3))
    assert difference[: 94 - 29].max() == 0
    assert difference[94:].max() > 0


def test_film_generator_sees_the_whole_face(film):
    given = lightness(64, 64)
    changed = given.copy()
    changed[:, 60:, 60:] += 1.0
    vector = noise.schedule("random", 8, 1)
    assert np.abs(paint(film, changed, vector) - paint(film, given, vector))[0, 0, 0, 1:].max() > 0


@pytest.mark.parametrize(("height", "width"), [(32, 32), (64, 96), (160, 64)])
def test_film_generator_takes_any_multiple_of_32(film, height, width):
    assert paint(film, lightness(height, width, batch=2), noise.schedule("random", 8, 2)).shape == (2, height, width, 3)


def test_film_generator_listens_to_the_noise_from_the_start(film):
    colors = paint(film, lightness(32, 32).repeat(2, 0), noise.schedule("random", 8, 2))[..., 1:]
    assert np.abs(colors[0] - colors[1]).mean() > 0.01


def test_film_generator_does_not_mind_the_batch(film):
    given, vectors = lightness(32, 32, batch=3), noise.schedule("random", 8, 3)
    together = paint(film, given, vectors)
    alone = np.concatenate([paint(film, given[i : i + 1], vectors[i : i + 1]) for i in range(3)])
    assert together == pytest.approx(alone, abs=1e-5)


def test_pooled_critic_takes_any_size_and_judges_each_picture_alone():
    critic = networks.pooled_critic(8)
    pictures = np.random.default_rng(0).uniform(-1, 1, (3, 48, 64, 3)).astype("float32")
    together = np.asarray(critic(pictures, training=True))
    assert together.shape == (3, 1)
    assert together[1] == pytest.approx(np.asarray(critic(pictures[1:2], training=True))[0], abs=1e-5)


@pytest.mark.parametrize("size", [16, 100, 129])
def test_sizes_that_the_ancestor_cannot_halve_five_times_are_refused(size):
    with pytest.raises(BadInput, match=f"size={size}.*multiple of 32"):
        networks.ancestor_generator(size)
    with pytest.raises(BadInput, match="multiple of 32"):
        networks.ancestor_critic(size)


def test_generators_survive_saving_with_keras(film, tmp_path):
    film.save(tmp_path / "film.keras")
    again = keras.saving.load_model(tmp_path / "film.keras")
    given, vector = lightness(32, 32), noise.schedule("random", 8, 1)
    assert (paint(again, given, vector) == paint(film, given, vector)).all()


def test_two_scale_critic_judges_each_picture_alone_at_any_size():
    critic = networks.two_scale_critic(8)
    pictures = np.random.default_rng(0).uniform(-1, 1, (3, 48, 64, 3)).astype("float32")
    together = np.asarray(critic(pictures, training=True))
    assert together.shape == (3, 2)
    assert together[1] == pytest.approx(np.asarray(critic(pictures[1:2], training=True))[0], abs=1e-5)


def test_its_coarse_judgment_does_not_see_detail_and_its_fine_one_does():
    critic = networks.two_scale_critic(8, factor=4)
    picture = np.zeros((1, 64, 64, 3), "float32")
    checked = picture + np.where(np.indices((64, 64)).sum(0) % 2, 0.5, -0.5)[None, ..., None].astype("float32")
    fine, coarse = np.asarray(critic(checked) - critic(picture))[0]
    assert abs(coarse) < 1e-6 < abs(fine)
