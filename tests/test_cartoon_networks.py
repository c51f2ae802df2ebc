"""The networks of CartoonGAN: the published counts, sizes, and what each output depends on."""

import keras
import numpy as np
import pytest
from keras import ops

from anime_color import networks
from anime_color.networks.blocks import ReflectionPadding
from anime_color.training import engine
from data_prep.errors import BadInput

UPSAMPLINGS = ("transposed", "resized")


def pictures(height, width, batch=1, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (batch, height, width, 3)).astype("float32")


def array(tensor):
    return ops.convert_to_numpy(tensor)


def cartoon(generator, photos):
    return array(generator({"photo": photos}, training=False))


@pytest.fixture(scope="module", params=UPSAMPLINGS)
def generator(request):
    keras.utils.set_random_seed(0)
    return networks.cartoon_generator(8, 2, request.param)


@pytest.fixture(scope="module")
def discriminator():
    keras.utils.set_random_seed(0)
    return networks.cartoon_discriminator(4)


@pytest.mark.parametrize(
    ("width", "blocks", "parameters"),
    [(8, 2, 65_835), (16, 2, 257_235), (16, 4, 405_459), (32, 4, 1_608_099), (64, 8, 11_129_667)],
)
@pytest.mark.parametrize("upsampling", UPSAMPLINGS)
def test_generator_counts(upsampling, width, blocks, parameters):
    assert networks.cartoon_generator(width, blocks, upsampling).count_params() == parameters


@pytest.mark.parametrize(("width", "parameters"), [(4, 18_233), (8, 71_601), (16, 283_745), (32, 1_129_665)])
def test_discriminator_counts(width, parameters):
    assert networks.cartoon_discriminator(width).count_params() == parameters


def test_the_defaults_are_those_of_the_paper():
    assert networks.cartoon_generator().count_params() == 11_129_667
    assert networks.cartoon_discriminator().count_params() == 1_129_665


def test_norm_follows_the_first_convolution_and_the_second_of_each_pair():
    layers = networks.cartoon_generator(8, 1).layers
    kinds = {keras.layers.Conv2D: "c", keras.layers.Conv2DTranspose: "t", keras.layers.GroupNormalization: "n"}
    kinds |= {keras.layers.ReLU: "r", keras.layers.Add: "+", ReflectionPadding: "p"}
    assert "".join(kinds.get(type(layer), "") for layer in layers) == "pcnr ccnr ccnr pcnrpcn+ tcnr tcnr pc".replace(
        " ", ""
    )
    judge = networks.cartoon_discriminator(4).layers
    kinds[keras.layers.LeakyReLU] = "l"
    assert "".join(kinds.get(type(layer), "") for layer in judge) == "cl cl cnl cl cnl cnl c".replace(" ", "")


def test_kernels_start_small_and_each_with_its_own_numbers(generator):
    kernels = [layer.kernel for layer in generator.layers if hasattr(layer, "kernel")]
    drawn = np.concatenate([array(kernel).ravel() for kernel in kernels])
    assert drawn.std() == pytest.approx(0.02, rel=0.02) and abs(drawn.mean()) < 1e-3
    assert len({array(kernel).ravel()[0] for kernel in kernels}) == len(kernels)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (32, 20), (12, 44)])
def test_a_cartoon_is_as_large_as_the_photo_and_within_the_range(generator, height, width):
    made = cartoon(generator, pictures(height, width, batch=2))
    assert made.shape == (2, height, width, 3) and made.dtype == np.float32
    assert 0 < np.abs(made).max() < 1


def test_even_loud_outputs_stay_in_the_range(generator):
    loud = keras.models.clone_model(generator)
    loud.set_weights([20 * weight for weight in generator.get_weights()])
    made = cartoon(loud, pictures(32, 32))
    assert 0.9 < np.abs(made).max() <= 1


def test_a_cartoon_does_not_depend_on_the_others_of_its_batch(generator, discriminator):
    photos = pictures(32, 24, batch=3) * np.array([0.1, 1, 0.5], "float32")[:, None, None, None]
    for judge in (lambda x: cartoon(generator, x), lambda x: array(discriminator(x, training=True))):
        together = judge(photos)
        alone = np.concatenate([judge(photos[i : i + 1]) for i in range(3)])
        assert together == pytest.approx(alone, abs=1e-5)
        assert np.abs(together[0] - together[1]).max() > 1e-3


def test_normalization_is_of_each_channel_of_each_picture(generator, discriminator):
    given = np.random.default_rng(0).normal(size=(2, 8, 8, 16)) * np.arange(1, 17) + np.arange(16)
    for model, name in ((generator, "down1_normalization"), (discriminator, "conv3_normalization")):
        made = array(model.get_layer(name)(given.astype("float32")))
        assert np.abs(made.mean((1, 2))).max() < 1e-4 and made.std((1, 2)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize(("height", "width"), [(32, 32), (16, 40)])
def test_discriminator_gives_a_logit_for_each_four_by_four_pixels(discriminator, height, width):
    logits = discriminator(pictures(height, width, batch=2))
    assert tuple(logits.shape) == (2, height // 4, width // 4, 1)


def without_normalization(model):
    """The same convolutions; instance normalization would show every pixel to every logit, by mean and variance."""

    def copied(layer):
        if isinstance(layer, keras.layers.GroupNormalization):
            return keras.layers.Identity(name=layer.name)
        return layer.__class__.from_config(layer.get_config())

    return keras.models.clone_model(model, clone_function=copied)


def test_a_logit_sees_37_pixels(discriminator):
    judge = without_normalization(discriminator)
    gradients = array(engine.input_gradients(lambda x: judge(x)[:, 8, 8], ops.convert_to_tensor(pictures(64, 64))))
    rows, columns = np.nonzero(np.abs(gradients[0]).max(-1))
    assert np.ptp(rows) + 1 == np.ptp(columns) + 1 == 37
    assert rows.min() <= 4 * 8 <= rows.max()


def enlargement(upsampling):
    """The first enlargement of a generator, all kernels one."""
    whole = networks.cartoon_generator(8, 1, upsampling)
    part = keras.Model(whole.get_layer("block1").output, whole.get_layer("up1").input)
    part.set_weights([np.full_like(weight, weight.ndim == 4) for weight in part.get_weights()])
    return part


def test_transposed_convolution_makes_a_checkerboard_and_resizing_does_not():
    flat = np.ones((1, 8, 8, 32), "float32")
    inner = {name: array(enlargement(name)(flat))[0, 2:-2, 2:-2, 0] for name in UPSAMPLINGS}
    # rows and columns where kernels overlap get twice as much, their crossings four times
    assert inner["transposed"][:2, :2].tolist() == [[128, 64], [64, 32]]
    assert inner["transposed"].shape == inner["resized"].shape == (12, 12)
    assert (inner["resized"] == 9 * 32).all()


def test_a_residual_block_adds_to_what_it_is_given():
    whole = networks.cartoon_generator(8, 1)
    block = keras.Model(whole.get_layer("down2_activation").output, whole.get_layer("block1").output)
    given = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 32)).astype("float32")
    whole.get_layer("block1_conv2_normalization").gamma.assign(np.zeros(32))
    assert (array(block(given)) == given).all()


def test_reflection_padding_mirrors_without_repeating_the_border():
    x = np.arange(12, dtype="float32").reshape(1, 3, 4, 1)
    layer = ReflectionPadding(2)
    padded = array(layer(x))
    assert (padded[0, :, :, 0] == np.pad(x[0, :, :, 0], 2, mode="reflect")).all()
    assert layer.compute_output_shape((None, None, 4, 1)) == (None, None, 8, 1)


def test_the_generator_survives_saving_with_keras(generator, tmp_path):
    generator.save(tmp_path / "cartoon.keras")
    again = keras.saving.load_model(tmp_path / "cartoon.keras")
    photos = pictures(16, 24)
    assert (cartoon(again, photos) == cartoon(generator, photos)).all()


def test_in_mixed_precision_the_outputs_stay_float32():
    keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        generator, judge = networks.cartoon_generator(8, 1), networks.cartoon_discriminator(4)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert generator.get_layer("block1").compute_dtype == "bfloat16"
    assert cartoon(generator, pictures(16, 16)).dtype == array(judge(pictures(16, 16))).dtype == np.float32


def test_another_upsampling_is_refused():
    with pytest.raises(BadInput, match="upsampling='bilinear'.*transposed, resized"):
        networks.cartoon_generator(8, 1, "bilinear")
