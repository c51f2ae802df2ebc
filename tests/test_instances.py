"""The networks of InstColor and the boxes that they read: counts as published, and the properties of each part."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color import color, networks
from anime_color.networks import boxes, instances
from data_prep.errors import BadInput

MODULES = {64: 23_394, 128: 41_826, 256: 78_690, 512: 152_418}  # parameters of a module, by its channels
SIGMOID_2 = 1 / (1 + np.exp(-2))


def array(tensor):
    return ops.convert_to_numpy(tensor)


def uniform(*shape, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, shape).astype("float32")


def shapes_only():
    """What is built inside has shapes but no values."""
    return keras.StatelessScope(initialize_variables=False)


def count(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


def some_boxes(*found):
    return np.float32([found])


def valid(*found):
    return np.float32([found])


# What is cut out ------------------------------------------------------------------------------------------------


def cut(picture, box, side):
    picture = np.float32(picture)
    return array(boxes.Crops(side)(picture[None, ..., None], some_boxes(box)))[0, ..., 0].tolist()


SQUARE = np.arange(16).reshape(4, 4)


def test_a_crop_of_its_own_size_is_what_is_in_the_box():
    assert cut(SQUARE, (1, 2, 3, 4), 2) == [[9, 10], [13, 14]]


def test_a_crop_is_stretched_between_the_middles_of_its_pixels():
    line = np.float32([[8, 0, 4, 8]]).repeat(4, 0)
    assert cut(line, (1, 0, 3, 4), 4) == [[0, 1, 3, 4]] * 4  # what is beside the box is not looked at
    assert cut(line.T, (0, 1, 4, 3), 4) == np.float32([[0, 1, 3, 4]] * 4).T.tolist()


def test_a_crop_is_squeezed_by_what_lies_at_its_places():
    line = np.float32([[0, 1, 2, 9, 9, 4, 6, 0]]).repeat(2, 0)
    assert cut(line, (0, 0, 8, 2), 2) == [[1.5, 5]] * 2


def test_corners_between_pixels_are_truncated():
    assert cut(SQUARE, (1.9, 0.2, 3.99, 2.7), 2) == cut(SQUARE, (1, 0, 3, 2), 2) == [[1, 2], [5, 6]]


def test_crops_of_several_pictures_come_one_picture_after_the_other():
    pictures = uniform(2, 8, 16, 3)
    given = np.float32([[(0, 0, 4, 4), (9, 3, 13, 7)], [(12, 4, 16, 8), (5, 0, 9, 4)]])
    found = array(boxes.Crops(4)(pictures, given))
    expected = [pictures[0, :4, :4], pictures[0, 3:7, 9:13], pictures[1, 4:, 12:], pictures[1, :4, 5:9]]
    assert found == pytest.approx(np.stack(expected), abs=1e-6)


# Where boxes lie ------------------------------------------------------------------------------------------------


def rectangle(box, factor, height=64, width=64):
    """(left, top, right, bottom) of what is inside a box on a picture `factor` times smaller than height x width."""
    mask = array(boxes.inside(some_boxes(box), factor, height // factor, width // factor))[0, 0, ..., 0]
    rows, columns = np.flatnonzero(mask.max(1)), np.flatnonzero(mask.max(0))
    left, top, right, bottom = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    assert set(np.unique(mask)) <= {0, 1} and mask.sum() == (right - left) * (bottom - top)
    return int(left), int(top), int(right), int(bottom)


def test_a_box_at_all_four_scales_by_hand():
    found = [rectangle((9, 14, 30, 47), factor) for factor in (1, 2, 4, 8)]
    assert found == [(9, 14, 30, 47), (4, 7, 15, 23), (2, 3, 7, 11), (1, 1, 3, 5)]


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
def test_padding_and_size_are_the_scale(factor):
    """Of any box in the picture: it lies inside, truncated, and has at least a pixel."""
    random = np.random.default_rng(factor)
    for _ in range(50):
        x, y = (np.sort(random.choice(np.arange(65), 2, replace=False)) for _ in range(2))
        left, top, right, bottom = rectangle((x[0], y[0], x[1], y[1]), factor)
        for start, end, corners in ((left, right, x), (top, bottom, y)):
            padding = start, 64 // factor - end
            assert min(padding) >= 0 and sum(padding) + (end - start) == 64 // factor and end - start >= 1
            assert start == corners[0] // factor and end == max(corners[1] // factor, start + 1)


def test_a_tiny_box_keeps_a_pixel():
    assert rectangle((13, 13, 14, 14), 8) == (1, 1, 2, 2)
    assert rectangle((63, 63, 64, 64), 8) == (7, 7, 8, 8)
    assert rectangle((64, 20, 64, 20), 4) == (15, 5, 16, 6)  # at the border it is moved inside


def test_width_and_height_are_not_mixed_up():
    assert rectangle((40, 2, 60, 9), 2, height=16) == (20, 1, 30, 4)


# What is put back -----------------------------------------------------------------------------------------------


def put(features, box, factor=1, height=4, width=4):
    features = np.float32(features)
    place = boxes.placing(some_boxes(box), factor, height, width, features.shape)
    return array(place(features[None, ..., None]))[0, 0, ..., 0].tolist()


def test_what_is_put_into_a_box_of_its_size_stays_as_it_is():
    assert put([[1, 2], [3, 4]], (1, 2, 3, 4)) == [[0] * 4, [0] * 4, [0, 1, 2, 0], [0, 3, 4, 0]]


def test_what_is_put_into_a_larger_box_is_bilinear():
    assert put([[0, 4]], (0, 1, 4, 2)) == [[0] * 4, [0, 1, 3, 4], [0] * 4, [0] * 4]
    assert put([[0], [4]], (3, 0, 4, 4)) == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 3], [0, 0, 0, 4]]


def test_what_is_put_into_a_smaller_box_is_what_lies_at_its_places():
    assert put([[0, 1, 2, 9, 9, 4, 6, 0]], (1, 3, 3, 4)) == [[0] * 4] * 3 + [[0, 1.5, 5, 0]]


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
def test_one_value_stays_so_in_its_box_and_is_zero_outside(factor):
    for box in ((9, 14, 30, 47), (13, 13, 14, 14), (0, 0, 64, 64), (50, 1, 64, 9)):
        found = np.float32(put(np.full((8, 8), 0.7), box, factor, 64 // factor, 64 // factor))
        inside = array(boxes.inside(some_boxes(box), factor, 64 // factor, 64 // factor))[0, 0, ..., 0]
        assert (found[inside == 0] == 0).all() and found[inside == 1] == pytest.approx(0.7, abs=1e-6)


def test_what_was_cut_out_is_put_back_where_it_was():
    pictures = uniform(2, 16, 24, 3)
    given = np.float32([[(0, 0, 8, 8), (9, 5, 17, 13)], [(16, 8, 24, 16), (3, 2, 11, 10)]])
    found = array(boxes.placing(given, 1, 16, 24, (8, 8))(boxes.Crops(8)(pictures, given)))
    inside = array(boxes.inside(given, 1, 16, 24))
    assert found == pytest.approx(inside * pictures[:, None], abs=1e-6)


# One fusion module ----------------------------------------------------------------------------------------------

LEFT, RIGHT, MIDDLE = (0, 0, 4, 8), (4, 0, 8, 8), (2, 2, 6, 6)


def module(fusing="masked", factor=1, inner=4, channels=3, telling=True):
    """A module whose small networks tell something, or logits of 0 everywhere."""
    keras.utils.set_random_seed(0)
    found = instances.Fusion(factor, inner, fusing)
    found.build((None, None, None, channels), (None, None, None, channels), None, None)
    random = np.random.default_rng(0)
    for variable in found.weights:
        variable.assign(random.normal(0, 0.4, variable.shape) if telling else np.zeros(variable.shape))
    return found


def weights_and_placed(found, *given):
    return [array(tensor)[..., 0] for tensor in found.weights_and_placed(*given)]


def last_bias(found, name, value):
    found.told[name][-1].bias.assign([value])


def constants(*values, channels=1, side=4):
    """Features of instances (N, side, side, channels), each of one value."""
    return np.float32(values)[:, None, None, None] * np.ones((1, side, side, channels), "float32")


@pytest.mark.parametrize("fusing", instances.FUSIONS)
@pytest.mark.parametrize("factor", [1, 2, 8])
def test_weights_are_not_negative_and_their_sum_is_one(fusing, factor):
    given = np.float32([[(0, 0, 9, 9), (5, 3, 16, 16), (2, 2, 3, 3)], [(0, 0, 0, 0), (1, 1, 15, 15), (0, 8, 16, 16)]])
    counts = np.float32([[1, 1, 1], [0, 1, 1]])
    features, seen = uniform(2, 16 // factor, 16 // factor, 3), uniform(6, 4, 4, 3, seed=1)
    weights = weights_and_placed(module(fusing, factor), features, seen, given, counts)[0]
    assert weights.shape == (2, 4, 16 // factor, 16 // factor) and weights.min() >= 0
    assert weights.sum(1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("fusing", instances.FUSIONS)
def test_outside_all_boxes_the_picture_stays_as_it_is(fusing):
    features, seen = uniform(1, 8, 8, 3), uniform(2, 4, 4, 3, seed=1)
    given = features, seen, some_boxes((0, 0, 4, 4), MIDDLE), valid(1, 1)
    outside = np.ones((8, 8), bool)
    outside[:4, :4] = outside[2:6, 2:6] = False
    assert (weights_and_placed(module(fusing), *given)[0][0, -1][outside] == 1).all()
    fused = array(module(fusing)(*given))[0]
    assert (fused[outside] == features[0][outside]).all()
    assert (fused[~outside] != features[0][~outside]).any(-1).all()


@pytest.mark.parametrize("fusing", instances.FUSIONS)
def test_without_valid_boxes_the_picture_stays_as_it_is(fusing):
    features, seen = uniform(1, 8, 8, 3), uniform(2, 4, 4, 3, seed=1)
    assert (array(module(fusing)(features, seen, some_boxes(LEFT, MIDDLE), valid(0, 0))) == features).all()


@pytest.mark.parametrize("fusing", instances.FUSIONS)
def test_one_box_around_everything_mixes_equal_features_to_themselves(fusing):
    features = uniform(1, 8, 8, 3)
    fused = array(module(fusing, 2)(features, features, some_boxes((0, 0, 16, 16)), valid(1)))
    assert fused == pytest.approx(features, abs=1e-5)


def test_an_instance_is_resized_into_its_box_and_zero_around_it():
    seen = np.float32([[0, 4], [0, 4]])[None, ..., None]
    given = np.zeros((1, 4, 4, 1)), seen, some_boxes((0, 0, 8, 6)), valid(1)
    instance, picture = array(module(factor=2, channels=1).weights_and_placed(*given)[1])[0, ..., 0]
    assert instance.tolist() == [[0, 1, 3, 4]] * 3 + [[0] * 4]
    assert (picture == 0).all()


@pytest.mark.parametrize("fusing", instances.FUSIONS)
def test_the_order_of_boxes_does_not_matter(fusing):
    features, seen = uniform(1, 8, 8, 3), uniform(4, 4, 4, 3, seed=1)
    given, counts = np.float32([LEFT, RIGHT, MIDDLE, (0, 0, 0, 0)]), np.float32([1, 1, 1, 0])
    fused = array(module(fusing)(features, seen, given[None], counts[None]))
    for order in ([3, 2, 1, 0], [1, 3, 0, 2]):
        again = array(module(fusing)(features, seen[order], given[None, order], counts[None, order]))
        assert again == pytest.approx(fused, abs=1e-5)


@pytest.mark.parametrize("fusing", instances.FUSIONS)
def test_what_an_invalid_box_holds_does_not_matter(fusing):
    features, seen = uniform(1, 8, 8, 3), uniform(2, 4, 4, 3, seed=1)
    alone = array(module(fusing)(features, seen[:1], some_boxes(LEFT), valid(1)))
    for box in ((0, 0, 0, 0), RIGHT, MIDDLE):
        beside = array(module(fusing)(features, seen, some_boxes(LEFT, box), valid(1, 0)))
        assert beside == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(("fusing", "stays"), [("masked", True), ("published", False)])
def test_a_further_box_changes_what_is_beside_it_in_the_published_form_alone(fusing, stays):
    features, seen = uniform(1, 8, 8, 3), uniform(2, 4, 4, 3, seed=1)
    one, two = (
        array(module(fusing)(features, seen, some_boxes(LEFT, MIDDLE), valid(1, second)))[0] for second in (0, 1)
    )
    beside = np.ones((8, 8), bool)
    beside[2:6, 2:6] = False
    assert (one[beside] == pytest.approx(two[beside], abs=1e-6)) == stays
    assert (one[:, 4:][beside[:, 4:]] == two[:, 4:][beside[:, 4:]]).all()  # where no box is
    assert (one[~beside] != two[~beside]).any(-1).all()


@pytest.mark.parametrize("number", [1, 2, 4, 8])
def test_dilution_by_number_of_boxes(number):
    """All is 1, and no network tells anything: how much of it is left where one of the boxes is."""
    given = np.zeros((1, 8, 4), "float32")
    given[0, :number] = [(i, 0, i + 1, 8) for i in range(number)]
    counts = np.float32(np.arange(8) < number)[None]
    features, seen = np.ones((1, 8, 8, 1), "float32"), constants(*[1] * 8)
    published, masked = (
        array(module(fusing, channels=1, telling=False)(features, seen, given, counts))[0, ..., 0]
        for fusing in ("published", "masked")
    )
    expected = {1: 1.0, 2: 0.67, 4: 0.40, 8: 0.22}[number]
    assert published[:, :number] == pytest.approx(2 / (number + 1), abs=1e-6) == pytest.approx(expected, abs=0.005)
    assert (published[:, number:] == 1).all()
    assert masked == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize(("fusing", "expected"), [("masked", [1.5, 3, 3]), ("published", [1, 3, 2])])
def test_two_boxes_that_overlap_by_hand(fusing, expected):
    """Instances of 3 and 6 on a picture of 0: where the first one is alone, where both are, where the second is."""
    given = np.zeros((1, 8, 8, 1)), constants(3, 6), some_boxes((0, 0, 4, 8), (2, 0, 6, 8)), valid(1, 1)
    fused = array(module(fusing, channels=1, telling=False)(*given))[0, ..., 0]
    assert fused == pytest.approx(np.float32([[expected[0]] * 2 + [expected[1]] * 2 + [expected[2]] * 2 + [0] * 2] * 8))


@pytest.mark.parametrize(
    ("fusing", "instance", "picture", "expected"),
    [
        ("masked", 2, 0, SIGMOID_2),
        ("masked", -2, 0, 1 - SIGMOID_2),
        ("masked", 0, 2, 1 - SIGMOID_2),
        ("published", 2, 0, SIGMOID_2),
        ("published", -2, 0, 0.5),  # its logits are not negative
        ("published", 0, -2, 0.5),
    ],
)
def test_logits_decide_between_an_instance_and_the_picture(fusing, instance, picture, expected):
    found = module(fusing, channels=1, telling=False)
    last_bias(found, "instances", instance)
    last_bias(found, "picture", picture)
    fused = array(found(np.zeros((1, 8, 8, 1)), constants(1), some_boxes(LEFT), valid(1)))[0, ..., 0]
    assert fused[:, :4] == pytest.approx(expected, abs=1e-6) and (fused[:, 4:] == 0).all()


def test_parameters_of_the_modules():
    for channels, expected in {**MODULES, 2: 5_538}.items():
        with shapes_only():
            found = instances.Fusion(1)
            found.build((None, None, None, channels), (None, None, None, channels), None, None)
        assert count(found) == expected


def test_modules_begin_with_little_and_no_bias():
    keras.utils.set_random_seed(0)
    found = instances.Fusion(1)
    found.build((None, None, None, 64), (None, None, None, 64), None, None)
    for some in found.told.values():
        for layer in some:
            assert (array(layer.bias) == 0).all()
            assert array(layer.kernel).std() == pytest.approx(0.02, rel=0.1)


# The plan of the networks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("width", "plan", "modules"),
    [(64, 34.05, 1.08), (32, 8.52, 0.57), (24, 4.79, 0.44), (16, 2.13, 0.32)],
)
def test_parameters_by_width(width, plan, modules):
    with shapes_only():
        alone, fusion = networks.instance_colorizer("full_image", width), networks.instance_fusion(width)
    assert count(alone) / 1e6 == pytest.approx(plan, abs=0.0051)
    assert (count(fusion) - count(alone)) / 1e6 == pytest.approx(modules, abs=0.0051)
    if width == 64:
        assert count(alone) == 34_050_816 + 258
        told = {layer.name: count(layer) for layer in fusion.layers if isinstance(layer, instances.Fusion)}
        assert list(told.values()) == [
            MODULES[n] for n in (64, 128, 256, 512, 512, 512, 512, 256, 256, 128, 128, 128, 128)
        ]
        assert sum(told.values()) == 1_078_266


def test_the_head_for_classes_that_nothing_trains():
    with shapes_only():
        found = networks.instance_colorizer("full_image", 64, 529)
    assert count(found) == 34_187_027 and count(found.get_layer("classes")) == 135_953
    assert found.compute_output_shape({"l": (1, 256, 256, 1)})["classes"] == (1, 64, 64, 529)


@pytest.fixture(scope="module")
def colorizer():
    """Its normalization has seen something, so that none of its weights is as it starts."""
    return ready(networks.instance_colorizer("full_image", 4), seed=0)


def ready(network, seed):
    random = np.random.default_rng(seed)
    for variable in network.weights:
        kind = variable.path.split("/")[-1]
        if kind in ("gamma", "moving_variance"):
            variable.assign(random.uniform(0.7, 1.3, variable.shape))
        else:
            size = np.prod(variable.shape[:-1]) if kind == "kernel" else 50
            variable.assign(random.normal(0, np.sqrt(1.5 / size), variable.shape))
    return network


def until(network, name):
    return keras.Model(network.input, network.get_layer(name).output)


def test_what_is_seen_at_13_depths_is_as_wide_and_as_large_as_published(colorizer):
    seen = colorizer({"l": uniform(2, 32, 64, 1)})
    assert [name for name, _ in instances.POINTS] == [name for name in seen if name != "lab"]
    channels = (4, 8, 16, 32, 32, 32, 32, 16, 16, 8, 8, 8, 8)
    smaller = (1, 2, 4, 8, 8, 8, 8, 4, 4, 2, 2, 1, 1)
    expected = [(2, 32 // f, 64 // f, c) for f, c in zip(smaller, channels, strict=True)]
    assert [tuple(seen[name].shape) for name, _ in instances.POINTS] == expected


def test_lightness_is_read_as_published_with_no_hints():
    l = np.float32([-1, 0, 1]).reshape(1, 1, 3, 1)  # noqa: E741
    found = array(instances.WithoutHints()(l))[0, 0]
    assert found.tolist() == [[-0.5, 0, 0, -0.5], [0, 0, 0, -0.5], [0.5, 0, 0, -0.5]]
    scaled = color.scale(np.float32([[0, 110, -110], [100, 0, 0]]))
    assert scaled.tolist() == [[-1, 1, -1], [1, 0, 0]]


def test_blocks_give_every_second_pixel_to_the_next(colorizer):
    given = {"l": uniform(1, 16, 24, 1)}
    for name in ("conv1", "conv2", "conv3"):
        whole, part = (array(until(colorizer, f"{name}_{which}")(given)) for which in ("normalization", "every_second"))
        assert (part == whole[:, ::2, ::2]).all()


def test_two_blocks_are_dilated(colorizer):
    dilated = {layer.name for layer in colorizer.layers if getattr(layer, "dilation_rate", (1, 1)) != (1, 1)}
    assert dilated == {f"{block}_{i}" for block in ("conv5", "conv6") for i in (1, 2, 3)}


def test_blocks_end_normalized_after_their_relu():
    fresh = networks.instance_colorizer("full_image", 4)
    seen = fresh({"l": uniform(4, 32, 32, 1)}, training=True)
    normalized = [f"conv{i}" for i in range(1, 10)]
    for name in normalized:
        x = array(seen[name])
        assert x.mean((0, 1, 2)) == pytest.approx(0, abs=1e-4)
        lowest = x.reshape(-1, x.shape[-1]).min(0)
        assert (np.isclose(x, lowest, atol=1e-6).mean((0, 1, 2)) > 0.02).any()  # what the ReLU made 0
    kinds = [layer.name for layer in fresh.layers if isinstance(layer, layers.BatchNormalization)]
    assert kinds == [f"{name}_normalization" for name in normalized]


def test_shortcuts_are_added(colorizer):
    given = {"l": uniform(1, 16, 16, 1)}
    for name in ("conv8_up", "conv9_up", "conv10_up"):
        summed, up, skip = (array(until(colorizer, f"{name}{which}")(given)) for which in ("_sum", "", "_skip"))
        assert summed == pytest.approx(up + skip, abs=1e-5)


def test_lightness_is_kept_and_colors_are_those_of_a_tanh(colorizer):
    l = uniform(2, 16, 24, 1)  # noqa: E741
    lab = array(colorizer({"l": l})["lab"])
    assert lab.shape == (2, 16, 24, 3) and (lab[..., :1] == l).all()
    assert 0.05 < np.abs(lab[..., 1:]).max() < 1


# Three networks -------------------------------------------------------------------------------------------------


def three(size=16, factor=1, fusing="masked", alike=False):
    """(generator, networks by name) of networks that tell different things, or of three with the same weights."""
    found = {name: networks.instance_colorizer(name, 4) for name in ("full_image", "instance")}
    found["fusion"] = networks.instance_fusion(4, 4, fusing, factor)
    for seed, network in enumerate(found.values()):
        ready(network, seed)
    if alike:
        for name in ("instance", "fusion"):
            instances.start_with(found[name], found["full_image"])
    return networks.instance_generator(**found, size=size, factor=factor), found


@pytest.fixture(scope="module")
def different():
    return three()


@pytest.fixture(scope="module")
def halved():
    return three(size=32, factor=2)


def given_to(count=2, height=16, width=16, numbers=(1, 1)):
    """What a generator gets: `count` pictures, two boxes each, of which as many are valid as `numbers` say."""
    box = np.float32([(1, 2, 9, 12), (6, 0, 15, 8)]) * np.float32([width, height] * 2) / 16
    counts = np.float32([np.arange(2) < number for number in numbers[:count]])
    return {"l": uniform(count, height, width, 1), "boxes": np.stack([box] * count), "box_valid": counts}


def fused(found, given):
    """What the fusion network makes of pictures and of some four instances."""
    seen = found["instance"]({"l": uniform(4, 16, 16, 1, seed=1)})
    seen = {f"instance_{name}": array(seen[name]) for name, _ in instances.POINTS}
    return array(found["fusion"]({**given, **seen})["lab"])


@pytest.mark.parametrize("fusing", instances.FUSIONS)
def test_before_it_is_trained_fusion_without_boxes_is_the_full_image_network(fusing):
    _, found = three(fusing=fusing, alike=True)
    given = given_to(numbers=(0, 0))
    assert (fused(found, given) == array(found["full_image"]({"l": given["l"]})["lab"])).all()


def test_fusion_without_boxes_is_the_network_without_its_modules(different):
    _, found = different
    plain = networks.instance_colorizer("plain", 4)
    for layer in plain.layers:
        layer.set_weights(found["fusion"].get_layer(layer.name).get_weights())
    given = given_to(numbers=(0, 0))
    assert (fused(found, given) == array(plain({"l": given["l"]})["lab"])).all()


def test_without_boxes_the_full_image_network_paints_alone(different):
    generator, found = different
    given = given_to(numbers=(0, 0))
    painted, alone = array(generator(given)), array(found["full_image"]({"l": given["l"]})["lab"])
    assert (painted == alone).all()
    some = array(generator(given | {"box_valid": np.float32([[1, 0], [0, 0]])}))
    assert (some[1] == alone[1]).all() and np.abs(some[0] - alone[0]).max() > 0.01


def test_without_boxes_the_full_image_network_paints_alone_at_half_the_size(halved):
    generator, found = halved
    given = given_to(height=32, width=32, numbers=(0, 0))
    small = given["l"].reshape(2, 16, 2, 16, 2, 1).mean((2, 4))
    ab = array(found["full_image"]({"l": small})["lab"])[..., 1:]
    painted = array(generator(given))
    assert (painted[..., :1] == given["l"]).all()
    assert painted[..., 1:] == pytest.approx(array(layers.UpSampling2D(2, interpolation="bilinear")(ab)), abs=1e-5)


@pytest.mark.parametrize("fusing", instances.FUSIONS)
def test_one_box_around_everything_gives_the_full_image_if_all_three_are_alike(fusing):
    generator, found = three(fusing=fusing, alike=True)
    l = uniform(1, 16, 16, 1)  # noqa: E741
    painted = array(generator({"l": l, "boxes": some_boxes((0, 0, 16, 16)), "box_valid": valid(1)}))
    assert painted == pytest.approx(array(found["full_image"]({"l": l})["lab"]), abs=1e-5)


@pytest.mark.parametrize("fusing", instances.FUSIONS)
def test_pictures_do_not_depend_on_the_order_of_their_boxes(fusing):
    generator, _ = three(fusing=fusing)
    given = given_to(numbers=(2, 1))
    turned = given | {name: given[name][:, ::-1] for name in ("boxes", "box_valid")}
    assert array(generator(turned)) == pytest.approx(array(generator(given)), abs=1e-5)


def test_instances_are_seen_in_the_picture_as_it_is_though_the_whole_is_seen_smaller(halved):
    """A pattern of single pixels is gone in the picture at half its size, but not in what is cut out of it."""
    generator, _ = halved
    chess = 0.8 * (np.indices((32, 32)).sum(0) % 2 * 2 - 1).astype("float32")[None, ..., None]
    given = {"boxes": some_boxes((8, 8, 24, 24)), "box_valid": valid(1)}
    flat, pattern = (array(generator({"l": l, **given}))[..., 1:] for l in (np.zeros_like(chess), chess))  # noqa: E741
    assert np.abs(pattern - flat).max() > 0.01
    alone = given | {"box_valid": valid(0)}
    flat, pattern = (array(generator({"l": l, **alone}))[..., 1:] for l in (np.zeros_like(chess), chess))  # noqa: E741
    assert pattern == pytest.approx(flat, abs=1e-6)


def test_any_multiple_of_8_is_painted(different, halved):
    for (generator, _), height, width in ((different, 24, 40), (halved, 48, 16)):
        painted = array(generator(given_to(2, height, width)))
        assert painted.shape == (2, height, width, 3) and np.isfinite(painted).all()


def test_other_sizes_of_training_pictures_are_refused():
    _, found = three()
    with pytest.raises(BadInput, match="size=24: needed is a multiple of 16"):
        networks.instance_generator(**found, size=24, factor=2)


def test_one_network_begins_with_the_weights_of_another(different):
    _, found = different
    other = networks.instance_fusion(4, 4)
    own = {v.path: array(v) for v in other.weights if v.path.startswith("fusion_")}
    instances.start_with(other, found["full_image"])
    for layer in found["full_image"].layers:
        for weight, copied in zip(layer.weights, other.get_layer(layer.name).weights, strict=True):
            assert (array(weight) == array(copied)).all()
    assert own and all((array(v) == own[v.path]).all() for v in other.weights if v.path in own)


def test_a_network_does_not_begin_with_weights_that_do_not_fit():
    small = networks.instance_colorizer("small", 4)
    with pytest.raises(ValueError, match="classes"):
        instances.start_with(small, networks.instance_colorizer("with_head", 4, classes=5))
    with pytest.raises(ValueError, match="shape"):
        instances.start_with(small, networks.instance_colorizer("wider", 8))


# Kept and loaded ------------------------------------------------------------------------------------------------


def test_clones_paint_alike(halved):
    generator, _ = halved
    clone = keras.models.clone_model(generator)
    clone.set_weights(generator.get_weights())
    given = given_to(height=32, width=32, numbers=(2, 0))
    assert array(clone(given)) == pytest.approx(array(generator(given)), abs=1e-6)


def test_saved_generators_paint_alike(tmp_path):
    generator, _ = three(size=32, factor=2, fusing="published")
    generator.save(tmp_path / "generator.keras")
    loaded = keras.models.load_model(tmp_path / "generator.keras")
    given = given_to(height=32, width=32, numbers=(2, 0))
    assert array(loaded(given)) == pytest.approx(array(generator(given)), abs=1e-6)


@pytest.mark.parametrize(
    "layer",
    [boxes.Crops(12, name="cut"), instances.Fusion(4, 6, "published", name="fused"), instances.Either(name="one")],
)
def test_layers_are_made_again_from_what_they_say(layer):
    again = type(layer).from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    if isinstance(again, instances.Fusion):
        assert (again.factor, again.inner, again.fusing) == (4, 6, "published")


def test_half_precision_ends_in_whole():
    keras.mixed_precision.set_global_policy("mixed_float16")
    try:
        generator, _ = three()
        given = given_to(numbers=(2, 0))
        painted = array(generator(given))
    finally:
        keras.mixed_precision.set_global_policy("float32")
    assert painted.dtype == "float32" and np.isfinite(painted).all()
    assert painted == pytest.approx(array(three()[0](given)), abs=0.05)
