"""The networks of ChromaGAN: the published counts, and what each output depends on."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color import color, networks
from anime_color.networks.global_fusion import vgg_trunk
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput

K = 5


def array(tensor):
    return ops.convert_to_numpy(tensor)


def lightness(count=3, size=32, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, size, size, 1)).astype("float32")


@pytest.fixture(scope="module")
def generator():
    keras.utils.set_random_seed(0)
    return networks.chromagan_generator(32, K, trunk_width=4, width=4, hidden=8)


@pytest.fixture(scope="module")
def critic():
    keras.utils.set_random_seed(0)
    return networks.patch_critic(4)


# counts ---------------------------------------------------------------------------------------------------


def test_the_published_parts_have_the_published_counts():
    """Without the class head, whose 123,642,856 tests/test_recipes.py counts with the rest."""
    generator = networks.chromagan_generator(classes=0)
    assert generator.count_params() == 47_528_866 == 171_171_722 - 123_642_856
    assert sum(np.prod(v.shape) for v in generator.non_trainable_weights) == 5_632
    parts = {"block": 0, "global_dense": 0, "global": 0, "local": 0, "": 0}
    for layer in generator.layers:
        parts[next(part for part in parts if layer.name.startswith(part))] += layer.count_params()
    assert tuple(parts.values()) == (7_635_264, 26_347_264, 9_447_424, 3_542_784, 556_130)
    assert generator.get_layer("block4_conv3").output.shape == (None, 28, 28, 512)
    assert generator.get_layer("global4").output.shape == (None, 7, 7, 512)
    assert generator.get_layer("unit_ab").output.shape == (None, 112, 112, 2)


@pytest.mark.parametrize(
    ("size", "trunk_width", "width", "hidden", "millions"),
    [(64, 64, 16, 512, 13.7), (64, 32, 16, 512, 6.79), (64, 16, 8, 256, 1.70), (128, 16, 8, 256, 2.49)],
)
def test_smaller_widths_have_the_counts_of_the_sheet(size, trunk_width, width, hidden, millions):
    found = networks.chromagan_generator(size, 20, trunk_width, width, hidden).count_params() / 1e6
    assert found == pytest.approx(millions, abs=0.05 if millions > 10 else 0.005)


def test_the_critic_has_a_score_for_each_eight_pixels():
    published = networks.patch_critic()
    assert published.count_params() == 2_764_737
    for size in (32, 64, 224):
        assert published.compute_output_shape((2, size, size, 3)) == (2, size // 8, size // 8, 1)
    slopes = {layer.negative_slope for layer in published.layers if isinstance(layer, layers.LeakyReLU)}
    assert slopes == {0.3}


# generator ------------------------------------------------------------------------------------------------


def test_both_heads(generator):
    given = lightness()
    told = {name: array(some) for name, some in generator({"l": given}).items()}
    assert {name: some.shape for name, some in told.items()} == {"lab": (3, 32, 32, 3), "classes": (3, K)}
    assert (told["lab"][..., :1] == given).all()  # lightness is kept, to the bit
    assert told["classes"].sum(-1) == pytest.approx(1, abs=1e-6) and (told["classes"] > 0).all()


def test_colors_are_constant_on_blocks_of_two_and_lie_in_the_coding(generator):
    ab = array(generator({"l": lightness()})["lab"])[..., 1:]
    blocks = ab.reshape(3, 16, 2, 16, 2, 2)
    assert (blocks == blocks[:, :, :1, :, :1]).all() and ab.std() > 0
    assert ab.min() >= -128 / color.AB_SCALE and ab.max() <= 127 / color.AB_SCALE


def test_the_color_path_has_no_class_head_and_the_same_colors(generator):
    path = networks.color_path(generator)
    given = {"l": lightness()}
    assert (array(path(given)) == array(generator(given)["lab"])).all()
    names = {layer.name for layer in path.layers}
    assert "fusion" in names and not {name for name in names if name.startswith("class")}
    assert path.count_params() < generator.count_params()
    assert path.get_layer("fusion") is generator.get_layer("fusion")


def test_a_generator_of_pictures_alone_is_its_own_color_path():
    plain = networks.film_generator(8, 4)
    assert networks.color_path(plain) is plain
    headless = networks.chromagan_generator(32, 0, trunk_width=2, width=2)
    assert set(headless.output) == {"lab"}


def test_the_trunk_sees_lightness_of_0_to_1_three_times(generator):
    seen = keras.Model(generator.input, generator.get_layer("tripled").output)(
        {"l": np.float32([-1, 0.5])[:, None, None, None] * np.ones((2, 32, 32, 1), "float32")}
    )
    assert array(seen)[:, 0, 0] == pytest.approx(np.array([[0.0] * 3, [0.75] * 3]), abs=1e-6)


def test_the_inverse_of_the_coding_is_in_the_generator(generator):
    """Pure red, gray, and a round trip of shown colors by way of 8 bits."""
    rgb = np.concatenate([[[255, 0, 0], [119, 119, 119]], draw(3, 32).rgb.reshape(-1, 3)]).astype("uint8")[None]
    lab = color.rgb_to_lab(rgb)
    unit = array(color.to_unit(lab))
    levels = np.round(255 * unit)
    assert levels[0, 0].tolist() == [136, 208, 195]
    assert levels[0, 1, 1:].tolist() == [128, 128] and unit[0, 1, 1:] == pytest.approx(128 / 255, abs=1e-4)
    decode = generator.get_layer("ab")
    assert array(decode(unit[..., 1:])) == pytest.approx(lab[..., 1:], abs=1e-5)
    decoded = np.concatenate([lab[..., :1], array(decode(levels[..., 1:] / np.float32(255)))], -1)
    assert np.abs(color.lab_to_rgb(decoded).astype(int) - rgb).max() <= 2


def test_every_place_knows_the_whole_picture(generator):
    """The global features: a change in one corner changes the colors of the corner opposite."""
    given = lightness(1)
    other = given.copy()
    other[:, :8, :8] *= -1
    first, second = (array(generator({"l": some})["lab"])[0, -2:, -2:, 1:] for some in (given, other))
    assert (first != second).any()


def test_a_size_that_cannot_be_halved_five_times_is_refused():
    with pytest.raises(BadInput, match="48"):
        networks.chromagan_generator(48, 0, 2, 2)


def test_half_precision_inside_and_float32_outside():
    keras.config.set_dtype_policy("mixed_float16")
    try:
        generator, critic = networks.chromagan_generator(32, K, 2, 2, 4), networks.patch_critic(2)
    finally:
        keras.config.set_dtype_policy("float32")
    given = lightness()
    told = generator({"l": given})
    kinds = [
        keras.backend.standardize_dtype(some.dtype) for some in (told["lab"], told["classes"], critic(told["lab"]))
    ]
    assert kinds == ["float32"] * 3 and generator.get_layer("global1").compute_dtype == "float16"
    assert (array(told["lab"])[..., :1] == given).all()


# trunk ----------------------------------------------------------------------------------------------------


def test_the_trunk_computes_what_the_vgg16_of_keras_computes():
    keras.utils.set_random_seed(1)
    published = keras.applications.VGG16(include_top=False, weights=None)
    picture = layers.Input((32, 32, 3))
    ours = keras.Model(picture, vgg_trunk(picture))
    networks.load_vgg_trunk(ours, published)
    theirs = keras.Model(published.input, published.get_layer("block4_conv3").output)
    given = np.random.default_rng(0).uniform(0, 1, (1, 32, 32, 3)).astype("float32")
    found = array(ours(given))
    assert found.std() > 0 and found == pytest.approx(array(theirs(given)), rel=1e-4, abs=1e-6)


# critic ---------------------------------------------------------------------------------------------------


def test_the_critic_judges_each_picture_alone(critic):
    pictures = np.random.default_rng(0).uniform(0, 1, (3, 32, 32, 3)).astype("float32")
    together = array(critic(pictures, training=True))
    for i in range(3):
        assert array(critic(pictures[i : i + 1], training=True)) == pytest.approx(together[i : i + 1], abs=1e-6)
