"""Pretrained trunks: what they are, where their weights come from, and what is said when those cannot be had.

No test downloads anything. A tiny network stands for VGG19 wherever files of weights are read.
"""

import hashlib
import shutil

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color import color
from anime_color.networks import trunks
from anime_color.training import engine
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput

FILE = "vgg19_weights_tf_dim_ordering_tf_kernels_notop.h5"


def tiny(include_top, weights, channels=6):
    """Like VGG19 from afar: a ReLU inside each convolution, and more behind the layer that the trunk ends with."""
    assert not include_top and weights is None
    picture = x = layers.Input((None, None, 3))
    for name, filters in (("block1_conv1", 4), ("block4_conv4", channels), ("block5_conv4", 5)):
        x = layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu", name=name)(x)
    return keras.Model(picture, x, name="vgg19")


def pictures(size=64, batch=2, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (batch, size, size, 3)).astype("float32")


def features(trunk, given):
    return ops.convert_to_numpy(trunk(given))


def no_network(kind):
    raise Exception(f"URL fetch failure on\nhttps://example.org/{kind}")  # Keras raises it as bare as this


@pytest.fixture(autouse=True)
def cache(monkeypatch, tmp_path):
    """The empty folder of weights of a Keras that no network reaches."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(trunks, "_downloaded", no_network)
    (tmp_path / "keras" / "models").mkdir(parents=True)
    return tmp_path / "keras" / "models"


@pytest.fixture
def downloaded(monkeypatch):
    """As if every download succeeded; what is downloaded has shapes and no values, which takes no time."""

    def shapes_only(kind):
        with keras.StatelessScope(initialize_variables=False):
            return trunks._BODIES[kind].build(include_top=False, weights=None)

    monkeypatch.setattr(trunks, "_downloaded", shapes_only)


@pytest.fixture
def file(monkeypatch, tmp_path):
    """A whole file of weights, the one that Keras publishes of the tiny VGG19."""
    keras.utils.set_random_seed(0)
    tiny(False, None).save(tmp_path / "tiny.h5")
    md5 = hashlib.md5((tmp_path / "tiny.h5").read_bytes()).hexdigest()
    monkeypatch.setitem(trunks._BODIES, "vgg19", trunks._BODIES["vgg19"]._replace(build=tiny, md5=md5))
    return tmp_path / "tiny.h5"


@pytest.fixture(params=["faces", "vgg19"])
def trunk(request, file):
    return trunks.find(request.param, None if request.param == "faces" else file)


@pytest.mark.parametrize(
    ("kind", "parameters", "channels", "reduction"),
    [
        ("vgg19", 10_585_152, 512, 8),
        ("vgg16", 7_635_264, 512, 8),
        ("resnet50", 8_589_184, 1024, 16),
        ("resnet101", 27_659_648, 1024, 16),
    ],
)
def test_the_networks_of_imagenet_end_where_they_should(downloaded, kind, parameters, channels, reduction):
    trunk = trunks.find(kind)
    assert trunk.network.count_params() == parameters
    assert trunk.network.output.shape == (None, None, None, channels)
    assert trunk.network.compute_output_shape((1, 64, 96, 3)) == (1, 64 // reduction, 96 // reduction, channels)
    assert trunk.name.endswith("(ImageNet)")


def test_faces_end_before_the_relu_of_their_third_depth():
    faces = trunks.find("faces")
    assert faces.name == "faces network depth3"
    whole, size = trunks.shipped_faces()
    given = pictures(size)
    depth3 = ops.convert_to_numpy(whole(faces.prepare(given), training=False)[2])
    assert np.maximum(features(faces, given), 0) == pytest.approx(depth3, abs=1e-5)


def test_vgg_gives_what_its_layer_computes_before_the_relu(file):
    whole = tiny(False, None)
    whole.load_weights(file)
    trunk = trunks.find("vgg19", file)
    after = keras.Model(whole.input, whole.get_layer("block4_conv4").output)(trunk.prepare(pictures()))
    assert np.maximum(features(trunk, pictures()), 0) == pytest.approx(ops.convert_to_numpy(after), rel=1e-5, abs=1e-4)


def test_features_before_the_relu_hold_negative_numbers(trunk):
    assert features(trunk, pictures()).min() < 0 < features(trunk, pictures()).max()


def test_equal_pictures_have_equal_features_and_others_have_not(trunk):
    assert (features(trunk, pictures()) == features(trunk, pictures())).all()
    assert np.abs(features(trunk, pictures()) - features(trunk, pictures(seed=1))).max() > 0.01


def test_twice_the_size_is_twice_the_size_of_the_features(trunk):
    small, large = features(trunk, pictures(32)).shape, features(trunk, pictures(64)).shape
    assert large == (2, 2 * small[1], 2 * small[2], small[3])


def test_gradients_reach_the_pictures(trunk):
    gradients = ops.convert_to_numpy(engine.input_gradients(trunk, ops.convert_to_tensor(pictures())))
    assert np.isfinite(gradients).all()
    assert (np.abs(gradients).max((1, 2)) > 0).all()


def test_gradients_are_finite_for_black_and_white(trunk):
    given = np.ones((2, 32, 32, 3), "float32") * np.array([-1, 1], "float32").reshape(2, 1, 1, 1)
    assert np.isfinite(ops.convert_to_numpy(engine.input_gradients(trunk, ops.convert_to_tensor(given)))).all()


def test_a_trunk_is_frozen_unless_it_is_to_be_trained(trunk, file):
    assert trunk.network.weights and not trunk.network.trainable_weights
    assert trunks.find("vgg19", file, trainable=True).network.trainable_weights
    assert trunks.find("faces", trainable=True).network.trainable_weights


def test_a_frozen_trunk_learns_no_statistics_inside_a_model_that_is_trained():
    faces = trunks.find("faces")
    before = [ops.convert_to_numpy(v) for v in faces.network.weights]
    trained = ops.convert_to_numpy(faces.network(faces.prepare(pictures()), training=True))
    assert trained == pytest.approx(features(faces, pictures()), abs=1e-5)
    assert all((ops.convert_to_numpy(v) == b).all() for v, b in zip(faces.network.weights, before, strict=True))


def test_a_call_keeps_learned_statistics_even_of_a_trunk_that_is_to_be_trained():
    frozen, trained = trunks.find("faces"), trunks.find("faces", trainable=True)
    assert (features(trained, pictures()) == features(frozen, pictures())).all()


def test_preparations_are_those_that_the_weights_were_trained_with(file):
    rgb = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype("uint8")
    given = (rgb / 127.5 - 1).astype("float32")
    lab = ops.convert_to_numpy(trunks.find("faces").prepare(given))
    assert lab == pytest.approx(color.rgb_to_lab(rgb), abs=1e-3)
    caffe = keras.applications.vgg19.preprocess_input(rgb.astype("float32"))
    assert ops.convert_to_numpy(trunks.find("vgg19", file).prepare(given)) == pytest.approx(caffe, abs=1e-3)
    assert (caffe == keras.applications.resnet50.preprocess_input(rgb.astype("float32"))).all()


def test_depths_of_vgg16_are_the_relus_before_its_last_three_poolings(downloaded):
    trunk = trunks.find_depths("vgg16")
    assert trunk.name == "VGG16 block3_conv3, block4_conv3, block5_conv3 (ImageNet)"
    assert trunk.network.compute_output_shape((1, 64, 96, 3)) == [(1, 16, 24, 256), (1, 8, 12, 512), (1, 4, 6, 512)]
    assert trunk.network.count_params() == 14_714_688 and not trunk.network.trainable_weights
    for name in ("block3_conv3", "block4_conv3", "block5_conv3"):
        assert trunk.network.get_layer(name).activation is keras.activations.relu


def test_depths_of_the_faces_are_those_of_the_shipped_network_scaled():
    trunk = trunks.find_depths("faces")
    assert trunk.name == "faces network depth2, depth3, depth4" and not trunk.network.trainable_weights
    whole, size = trunks.shipped_faces()
    given = pictures(size)
    expected = map(ops.convert_to_numpy, whole(trunk.prepare(given), training=False)[1:4])
    for found, depth, reduction in zip(trunk(given), expected, (2, 4, 8), strict=True):
        found = ops.convert_to_numpy(found)
        assert found.shape[1:3] == (size // reduction, size // reduction)
        ratio = found[depth > 0.1] / depth[depth > 0.1]
        assert (found >= 0).all() and ratio == pytest.approx(np.full(ratio.shape, ratio[0]), rel=1e-4)


def test_depths_of_the_faces_tell_color_from_gray_by_about_as_much_as_pixels_do():
    """So the weights of a loss over pixels and depths are what they seem. The scales are those of anime faces."""
    colored = np.stack([draw(i, 64).rgb for i in range(8)])
    gray = np.repeat(color.luma(colored)[..., None], 3, -1)
    colored, gray = color.scale_rgb(colored), color.scale_rgb(gray)
    pixels = np.abs(ops.convert_to_numpy(color.imagenet_scaled(colored) - color.imagenet_scaled(gray))).mean()
    trunk = trunks.find_depths("faces")
    for one, other in zip(trunk(colored), trunk(gray), strict=True):
        assert 0.5 < np.abs(ops.convert_to_numpy(one) - ops.convert_to_numpy(other)).mean() / pixels < 2


def test_without_a_network_the_depths_of_the_faces_stand_in(capsys):
    trunk = trunks.find_depths("vgg16")
    assert trunk.name == "faces network depth2, depth3, depth4 (stand-in)" and len(trunk(pictures())) == 3
    assert f"the {trunk.name} is used" in capsys.readouterr().out


def test_trunks_without_depths_are_refused(file):
    with pytest.raises(BadInput, match="trunk 'vgg19': allowed are vgg16, faces"):
        trunks.find_depths("vgg19")
    with pytest.raises(BadInput, match="'faces' ships with its own; leave weights out"):
        trunks.find_depths("faces", file)


def test_without_a_network_the_faces_stand_in_and_one_line_says_so(cache, capsys):
    trunk = trunks.find("vgg19")
    told = capsys.readouterr().out
    assert trunk.name == "faces network depth3 (stand-in)"
    assert features(trunk, pictures()) == pytest.approx(features(trunks.find("faces"), pictures()), abs=1e-6)
    assert told.count("\n") == 1
    for part in ("VGG19", "URL fetch failure", trunk.name, FILE, str(cache), "give the file of weights"):
        assert part in told
    assert not trunk.network.trainable_weights
    assert trunks.find("vgg19", trainable=True).network.trainable_weights


def test_published_weights_are_known_wherever_they_lie(file, cache, capsys):
    given = trunks.find("vgg19", file)
    shutil.copy(file, cache / FILE)
    cached = trunks.find("vgg19")
    assert given.name == cached.name == "VGG19 block4_conv4 (ImageNet)"
    assert (features(given, pictures()) == features(cached, pictures())).all()
    assert capsys.readouterr().out == ""


def test_weights_of_ones_own_are_named_by_their_file(file, tmp_path):
    tiny(False, None).save_weights(tmp_path / "mine.weights.h5")
    trunk = trunks.find("vgg19", str(tmp_path / "mine.weights.h5"))
    assert trunk.name == "VGG19 block4_conv4 (mine.weights.h5)"
    assert np.abs(features(trunk, pictures()) - features(trunks.find("vgg19", file), pictures())).max() > 0.01


def halved(path, file):
    path.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


def foreign(path, file):
    tiny(False, None, channels=7).save(path)


def foreign_weights(path, file):
    tiny(False, None, channels=7).save_weights(path)


def a_page(path, file):
    path.write_text("<html>please log in</html>")


@pytest.mark.parametrize(
    ("name", "spoiled", "reason"),
    [
        ("some.h5", halved, "truncated file"),
        ("some.weights.h5", halved, "truncated file"),
        ("some.h5", foreign, "Shape mismatch"),
        ("some.weights.h5", foreign_weights, "could not be loaded"),
        ("some.h5", a_page, "file signature not found"),
        ("some.h5", lambda path, file: None, "no such file"),
        ("some.h5", lambda path, file: path.mkdir(), "no such file"),
        ("some.npz", a_page, "not supported"),
    ],
)
def test_files_that_cannot_be_used_are_told_in_one_line(name, spoiled, reason, file, tmp_path):
    spoiled(tmp_path / name, file)
    with pytest.raises(BadInput, match=rf"{name}: not the weights of VGG19 .*{reason}.*give {FILE}") as told:
        trunks.find("vgg19", tmp_path / name)
    assert len(str(told.value)) < 600


@pytest.mark.parametrize(
    ("spoiled", "reason"), [(halved, "truncated file"), (foreign, "Shape mismatch"), (a_page, "signature not found")]
)
def test_such_a_file_in_the_cache_of_keras_is_told_and_not_replaced(spoiled, reason, file, cache):
    spoiled(cache / FILE, file)
    with pytest.raises(BadInput, match=f"{FILE}: not the weights of VGG19 .*{reason}.*remove it"):
        trunks.find("vgg19")
    assert (cache / FILE).exists()


def test_other_weights_of_the_same_network_in_the_cache_do_not_pass_for_those_of_imagenet(file, cache):
    tiny(False, None).save(cache / FILE)
    with pytest.raises(BadInput, match=f"{FILE}: .*md5 is not that of the published file.*remove it"):
        trunks.find("vgg19")


def test_other_names_and_weights_for_our_own_are_refused(file):
    with pytest.raises(BadInput, match="trunk 'vgg': allowed are vgg19, vgg16, resnet50, resnet101, faces"):
        trunks.find("vgg")
    with pytest.raises(BadInput, match="'faces' ships with its own; leave weights out"):
        trunks.find("faces", file)


def test_damaged_weights_of_the_faces_are_told(tmp_path, monkeypatch):
    shutil.copytree(trunks.SHIPPED / "face-features", tmp_path / "face-features")
    with open(tmp_path / "face-features" / "network.npz", "ab") as weights:
        weights.write(b" ")
    monkeypatch.setattr(trunks, "SHIPPED", tmp_path)
    with pytest.raises(BadInput, match="network.npz is not what was shipped"):
        trunks.find("faces")
