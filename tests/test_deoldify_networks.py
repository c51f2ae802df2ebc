"""The networks of DeOldify: the pinned counts of the published ones, and the properties that each part promises."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color import color, networks
from anime_color.networks import dynamic_unets, resnets, trunks
from data_prep.errors import BadInput


def array(tensor):
    return ops.convert_to_numpy(tensor)


def uniform(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def shapes_only():
    """What is built inside has shapes but no values: 218 million parameters cost half a second."""
    return keras.StatelessScope(initialize_variables=False)


def count(network, prefix=""):
    trained = [v for one in network.layers if one.name.startswith(prefix) for v in one.trainable_variables]
    return sum(int(np.prod(v.shape)) for v in trained)


def until(network, name):
    return keras.Model(network.input, network.get_layer(name).output)


@pytest.fixture(scope="module")
def artistic():
    with shapes_only():
        return networks.deoldify_generator()


@pytest.fixture(scope="module")
def stable():
    with shapes_only():
        return networks.deoldify_generator("wide", "resnet101", factor=2)


@pytest.fixture(scope="module")
def small():
    keras.utils.set_random_seed(0)
    return networks.deoldify_generator("deep", "resnet10", 0.125, 1.0)


@pytest.fixture(scope="module")
def critic():
    keras.utils.set_random_seed(0)
    return networks.deoldify_critic(8)


def test_artistic_counts(artistic):
    assert count(artistic) == 63_646_881
    parts = {name: count(artistic, name) for name in ("encoder_", "middle", "up1", "up2", "up3", "up4", "full", "tail")}
    assert parts == {
        "encoder_": 21_284_672,
        "middle": 9_441_280,
        "up1": 9_377_280,
        "up2": 10_770_689,
        "up3": 7_959_296,
        "up4": 2_797_184,
        "full": 362_400,
        "tail": 1_653_168,
    }
    assert count(artistic, "rgb") == 912


def test_stable_counts(stable):
    assert count(stable) == 218_222_197
    parts = {name: count(stable, name) for name in ("encoder_", "middle", "up1", "up2", "up3", "up4", "full", "tail")}
    assert parts == {
        "encoder_": 42_500_160,
        "middle": 151_011_328,
        "up1": 11_279_360,
        "up2": 6_100_993,
        "up3": 4_593_152,
        "up4": 1_264_256,
        "full": 264_192,
        "tail": 1_207_976,
    }


@pytest.mark.parametrize(
    ("encoder", "width", "factor", "millions"),
    [
        ("resnet34", 0.5, 1.5, 15.9),
        ("resnet18", 0.5, 1, 7.84),
        ("resnet34", 0.25, 1.5, 3.99),
        ("resnet18", 0.25, 1, 1.97),
    ],
)
def test_counts_of_smaller_ones(encoder, width, factor, millions):
    with shapes_only():
        found = count(networks.deoldify_generator("deep", encoder, width, factor)) / 1e6
    assert found == pytest.approx(millions, abs=0.005 if millions < 10 else 0.05)


def test_critic_counts():
    with shapes_only():
        assert [count(networks.deoldify_critic(width)) for width in (256, 64, 32, 16)] == [
            94_555_649,
            5_919_617,
            1_483_201,
            372_449,
        ]


def test_layers_of_the_artistic_network_are_as_wide_and_as_large_as_published(artistic):
    found = {name: artistic.get_layer(name).output.shape[-1] for name in ("middle_conv1", "up1_conv2", "up2_conv1")}
    assert found == {"middle_conv1": 1024, "up1_conv2": 768, "up2_conv1": 768}
    assert until(artistic, "up4_conv2").compute_output_shape({"gray": (1, 64, 96, 1)}) == (1, 32, 48, 300)
    assert until(artistic, "up2_attention").compute_output_shape({"gray": (1, 64, 96, 1)}) == (1, 8, 12, 768)


@pytest.mark.parametrize(
    ("kind", "parameters", "convolutions", "channels"),
    [
        ("resnet18", 11_176_512, 20, 512),
        ("resnet34", 21_284_672, 36, 512),
        ("resnet50", 23_508_032, 53, 2048),
        ("resnet101", 42_500_160, 104, 2048),
    ],
)
def test_encoders(kind, parameters, convolutions, channels):
    picture = layers.Input((None, None, 3))
    with shapes_only():
        encoder = keras.Model(picture, resnets.resnet_features(picture, kind))
    assert count(encoder, "encoder_") == count(encoder) == parameters
    assert sum(isinstance(one, layers.Conv2D) for one in encoder.layers) == convolutions
    sizes = [shape[1:] for shape in encoder.compute_output_shape((1, 64, 96, 3))]
    first = channels // 8
    assert sizes == [
        (32, 48, 64),
        (16, 24, first),
        (8, 12, 2 * first),
        (4, 6, 4 * first),
        (2, 3, channels),
    ]


@pytest.mark.parametrize("training", [False, True])
def test_before_the_blur_pixels_start_repeated(small, training):
    """Whatever the picture: ICNR makes pixel shuffling the nearest enlargement."""
    for name in ("up1_shuffled", "up4_shuffled", "full"):
        x = array(until(small, name)({"gray": uniform(2, 64, 32, 1)}, training=training))
        blocks = x.reshape(2, x.shape[1] // 2, 2, x.shape[2] // 2, 2, -1)
        assert np.abs(blocks - blocks[:, :, :1, :, :1]).max() < 1e-5
        assert x.std() > 1e-3


def test_blur_leaves_a_constant_and_the_size():
    x = np.full((1, 3, 5, 2), 0.3, "float32")
    assert array(dynamic_unets.Blur()(x)) == pytest.approx(x)
    x = np.arange(9, dtype="float32").reshape(1, 3, 3, 1)
    assert array(dynamic_unets.Blur()(x))[0, ..., 0].tolist() == [[0, 0.5, 1.5], [1.5, 2, 3], [4.5, 5, 6]]


def test_blocks_normalize_after_the_relu(small):
    x = array(until(small, "up3_conv1_normalization")({"gray": uniform(4, 64, 64, 1)}, training=True))
    assert x.mean((0, 1, 2)) == pytest.approx(np.zeros(x.shape[-1]), abs=1e-4)
    lowest = x.reshape(-1, x.shape[-1]).min(0)
    assert ((np.isclose(x, lowest, atol=1e-6)).mean((0, 1, 2)) > 0.02).any()  # what the ReLU made 0


def test_pictures_are_those_of_a_sigmoid_between_minus_three_and_three(small):
    given = {"gray": uniform(2, 64, 96, 1)}
    outputs = keras.Model(small.input, [small.get_layer("normalized").output, small.output])
    for training in (False, True):
        normalized, picture = map(array, outputs(given, training=training))
        assert picture.shape == (2, 64, 96, 3) and picture.dtype == "float32"
        assert -3 < normalized.min() < normalized.max() < 3
        mean, deviation = np.array(color.IMAGENET)
        assert picture == pytest.approx(2 * (normalized * deviation + mean) - 1, abs=1e-5)
    darkest = array(resnets.ImageNetScale(back=True)(np.full((1, 1, 1, 3), -3, "float32")))
    assert (darkest[0, 0, 0, 0] + 1) / 2 == pytest.approx(0.485 - 0.687)
    assert color.unscale_rgb(darkest)[0, 0, 0, 0] == 0


def test_gray_pictures_are_read_as_those_of_imagenet():
    given = np.array([-1, 0, 1], "float32").reshape(1, 1, 3, 1)
    found = array(resnets.ImageNetScale()(given))
    for i, value in enumerate((0, 0.5, 1)):
        expected = [(value - mean) / deviation for mean, deviation in zip(*color.IMAGENET, strict=True)]
        assert found[0, 0, i] == pytest.approx(expected, abs=1e-5)
    photo = uniform(1, 4, 4, 3)
    assert array(color.imagenet_unscaled(color.imagenet_scaled(photo))) == pytest.approx(photo, abs=1e-6)


def test_sides_that_are_halved_to_odd_ones_are_restored(small):
    assert array(small({"gray": uniform(1, 48, 80, 1)})).shape == (1, 48, 80, 3)


def test_a_wide_generator_learns_from_a_critic_in_all_its_layers():
    keras.utils.set_random_seed(0)
    generator, critic = networks.deoldify_generator("wide", "resnet10", 0.125, 1.0), networks.deoldify_critic(8, 2)
    both = keras.Model(generator.input, critic(generator.output))
    both.compile(keras.optimizers.SGD(0.01), "mse", run_eagerly=keras.backend.backend() != "jax")
    before = {v.path: array(v) for v in generator.trainable_variables}
    both.train_on_batch({"gray": uniform(2, 32, 32, 1)}, np.ones((2, 1, 1, 1)))
    still = {v.path for v in generator.trainable_variables if (array(v) == before[v.path]).all()}
    shifts = {
        path for path in still if path.endswith("_normalization/beta")
    }  # what follows may take a shift away again
    # at gamma 0, nothing reaches what attention looks at
    assert still - shifts == {f"up2_attention/{name}/kernel" for name in ("key", "query", "value")}
    assert all(np.isfinite(array(v)).all() for v in both.weights)


@pytest.mark.parametrize("name", ["small", "critic"])
def test_clones_are_alike(name, request):
    network = request.getfixturevalue(name)
    clone = keras.models.clone_model(network)
    clone.set_weights(network.get_weights())
    given = {"gray": uniform(1, 64, 64, 1)} if name == "small" else uniform(1, 64, 64, 3)
    assert array(clone(given, training=False)) == pytest.approx(array(network(given, training=False)), abs=1e-5)


@pytest.mark.parametrize(("height", "width"), [(64, 64), (96, 96), (128, 64), (192, 192)])
def test_a_critic_has_a_logit_for_each_part(critic, height, width):
    assert critic.compute_output_shape((2, height, width, 3)) == (2, height // 16 - 3, width // 16 - 3, 1)


def test_a_critic_judges_each_picture_by_itself_and_drops_channels_in_training_alone(critic):
    pictures = uniform(3, 64, 64, 3)
    together = array(critic(pictures, training=False))
    assert together.shape == (3, 1, 1, 1) and together.dtype == "float32"
    assert array(critic(pictures[1:2], training=False)) == pytest.approx(together[1:2], abs=1e-5)
    assert np.abs(array(critic(pictures, training=True)) - together).max() > 1e-4


def test_dropout_is_drawn_alike_by_critics_built_alike():
    def first():
        keras.utils.set_random_seed(0)
        return array(networks.deoldify_critic(8)(uniform(2, 64, 64, 3), training=True))

    assert (first() == first()).all()


def test_half_precision_ends_in_whole():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        with shapes_only():
            both = networks.deoldify_generator("deep", "resnet10", 0.125, 1.0), networks.deoldify_critic(8)
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert [network.output.dtype for network in both] == ["float32", "float32"]
    assert [network.layers[-8].compute_dtype for network in both] == ["float16", "float16"]


def test_other_kinds_and_encoders_are_refused():
    with pytest.raises(BadInput, match="kind='flat': allowed are deep, wide"):
        networks.deoldify_generator("flat")
    with pytest.raises(
        BadInput, match="encoder 'vgg16': allowed are resnet10, resnet18, resnet34, resnet50, resnet101"
    ):
        networks.deoldify_generator(encoder="vgg16")


# Weights of ImageNet -------------------------------------------------------------------------------------------


def encoder_of(kind, width=1.0):
    picture = layers.Input((None, None, 3))
    return keras.Model(picture, resnets.resnet_features(resnets.ImageNetScale()(picture), kind, width))


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A ResNet50 of Keras in which no weight is as it starts, and its file."""
    keras.utils.set_random_seed(0)
    network, random = keras.applications.ResNet50(include_top=False, weights=None), np.random.default_rng(0)
    for v in network.weights:
        name = v.path.rpartition("/")[-1]
        if name in ("gamma", "moving_variance"):
            v.assign(random.uniform(0.5, 1.5, v.shape))
        elif name != "kernel":
            v.assign(random.normal(scale=0.1, size=v.shape))
    network.get_layer("conv1_bn").moving_variance.assign(np.full(64, 2500.0))  # of pictures of 0..255
    file = tmp_path_factory.mktemp("published") / "mine.weights.h5"
    network.save_weights(file)
    return network, file


def test_an_encoder_takes_over_what_keras_publishes(published, monkeypatch):
    network, file = published
    names = ("conv1_relu", "conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out")
    theirs = keras.Model(network.input, [network.get_layer(name).output for name in names])
    monkeypatch.setattr(trunks, "_loaded", lambda kind, path: network)  # reading files is what test_trunks is about
    ours = encoder_of("resnet50")
    assert resnets.load_imagenet(ours, "resnet50", file) == "ResNet-50 (mine.weights.h5)"
    photo = uniform(1, 64, 64, 3)
    caffe = keras.applications.resnet.preprocess_input((photo + 1) * 127.5)
    stem = np.abs(array(until(ours, "encoder_stem_activation")(photo)) - array(until(network, "conv1_relu")(caffe)))
    assert stem[:, 2:-2, 2:-2].max() < 1e-3  # at the border are zeros, which are not the same gray in both
    monkeypatch.setattr(trunks, "CAFFE_BGR", 255 * np.array(color.IMAGENET[0][::-1], "float32"))  # now they are
    resnets.load_imagenet(ours, "resnet50", file)
    for found, expected in zip(ours(photo), theirs(trunks.caffe(photo)), strict=True):
        assert array(found) == pytest.approx(array(expected), abs=1e-3)


def test_each_layer_of_the_deeper_one_has_its_counterpart():
    with shapes_only():
        network, ours = keras.applications.ResNet101(include_top=False, weights=None), encoder_of("resnet101")
    for one in ours.layers:
        if isinstance(one, layers.Conv2D):
            theirs = network.get_layer(f"{resnets._published_name(one.name)}_conv")
            assert theirs.kernel.shape == one.kernel.shape and theirs.strides == one.strides


def test_encoders_that_can_have_no_weights_say_so(capsys):
    with shapes_only():
        shallow, narrow = encoder_of("resnet18", 0.125), encoder_of("resnet50", 0.125)
    assert resnets.load_imagenet(shallow, "resnet18") == "ResNet-18, trained from nothing"
    assert resnets.load_imagenet(narrow, "resnet50") == "ResNet-50, trained from nothing"
    assert capsys.readouterr().out == ""
    with pytest.raises(BadInput, match="only resnet50 and resnet101 of width 1 can take any; leave weights out"):
        resnets.load_imagenet(narrow, "resnet50", "some.h5")


def test_weights_that_cannot_be_downloaded_are_told_in_one_line(monkeypatch, tmp_path, capsys):
    def no_network(kind):
        raise Exception(f"URL fetch failure on\nhttps://example.org/{kind}")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(trunks, "_downloaded", no_network)
    with shapes_only():
        whole = encoder_of("resnet50")
    assert resnets.load_imagenet(whole, "resnet50") == "ResNet-50, trained from nothing"
    told = capsys.readouterr().out
    assert told.count("\n") == 1
    for part in ("ResNet50", "URL fetch failure", "ResNet-50, trained from nothing", str(tmp_path)):
        assert part in told
