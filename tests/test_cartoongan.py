"""CartoonGAN: hand-computed losses, its two phases, the sets that it draws from, its image pool, painting photos."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color import color, fields, recipes
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Endless, Faces
from anime_color.networks import trunks
from anime_color.networks.cartoons import ImagePool
from anime_color.training import runs
from anime_color.training.phases import Scene
from data_prep import edges
from data_prep.errors import BadInput
from tests.small_system import StopAfter, differing, ready, snapshot

CARTOONGAN = recipes.get("cartoongan")


def tiny(**changes):
    return dataclasses.replace(CARTOONGAN.Settings.tiny(), **changes)


def built(seed=0, **changes):
    keras.utils.set_random_seed(seed)
    return CARTOONGAN.build(tiny(**changes))


def sets(face_set, system, **options):
    """Batches for `system`; the same faces are the photos and the cartoons."""
    cartoons = Faces(face_set, split="all", flips=False, shuffle=False)
    return Faces(face_set, **{"split": "all", "fields": system.fields, "others": {"cartoons": cartoons}} | options)


class Again(keras.utils.PyDataset):
    """One and the same batch, a pass of one step."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return self.batch

    def after(self, steps):
        return Endless(self, steps)


def array(tensor):
    return ops.convert_to_numpy(tensor)


# losses ---------------------------------------------------------------------------------------------------


def losses(face_set, bias, **changes):
    """The terms of both adversarial updates, and "NAME_loss", with a discriminator whose logits are all `bias`."""
    system = built(**changes)
    for variable in system.networks["discriminator"].trainable_variables:
        variable.assign(np.zeros(variable.shape))
    system.networks["discriminator"].get_layer("logits").bias.assign([bias])
    batch = {name: ops.convert_to_tensor(some) for name, some in sets(face_set, system, batch_size=4)[0].items()}
    phase, found = system.phases[-1], {}
    for update in phase.updates:
        scene = Scene(system.networks, batch, 0, keras.random.SeedGenerator(0), update.trains, phase.pictures)
        values = {term.name: float(array(term.function(scene))) for term in update.terms}
        found |= {f"{update.name}_{name}": value for name, value in values.items()}
        found[f"{update.name}_loss"] = sum(term.weight * values[term.name] for term in update.terms)
    return found


@pytest.mark.parametrize(("weight", "classes"), [(1.0, 3), (0.0, 2)])
def test_an_undecided_discriminator_costs_ln_2_a_class(face_set, weight, classes):
    found = losses(face_set, 0.0, edges=weight)
    assert found["discriminator_loss"] == pytest.approx(classes * np.log(2), abs=1e-5)
    assert found["generator_adversarial"] == pytest.approx(np.log(2), abs=1e-5)
    assert ("discriminator_edges" in found) == bool(weight)


def test_three_least_squares_of_a_half_are_a_quarter_each(face_set):
    found = losses(face_set, 0.5, objective="least_squares")
    assert found["discriminator_edges"] == pytest.approx(0.25, abs=1e-5)
    assert found["discriminator_adversarial"] == pytest.approx(0.25 + 0.25, abs=1e-5)  # cartoons and fakes
    assert found["discriminator_loss"] == pytest.approx(0.75, abs=1e-5)
    assert found["generator_adversarial"] == pytest.approx(0.25, abs=1e-5)


def test_least_squares_want_one_of_cartoons_and_zero_of_both_kinds_of_fakes(face_set):
    found = losses(face_set, 1.0, objective="least_squares")
    assert found["discriminator_edges"] == pytest.approx(1, abs=1e-5)
    assert found["discriminator_adversarial"] == pytest.approx(0 + 1, abs=1e-5)
    assert found["generator_adversarial"] == pytest.approx(0, abs=1e-5)


def test_content_counts_omega_times(face_set):
    found = losses(face_set, 0.0, omega=3.0)
    assert found["generator_content"] > 0
    assert found["generator_loss"] == pytest.approx(np.log(2) + 3 * found["generator_content"], rel=1e-5)


class Scaled:
    """The trunk of faces, its features `factor` times as large."""

    name, factor = "scaled", 1

    def __init__(self):
        self.trunk = trunks.find("faces")

    def __call__(self, pictures):
        return self.trunk(pictures) * self.factor


@pytest.mark.parametrize(("norm", "power"), [("l1", 1), ("l2", 2)])
def test_content_is_the_distance_of_features(monkeypatch, norm, power):
    trunk = Scaled()
    monkeypatch.setattr(trunks, "find", lambda *_: trunk)
    system = built(content_norm=norm)
    (term,) = system.phases[0].updates[0].terms
    photo, other = (ops.convert_to_tensor(pictures(2, 32, seed)) for seed in (0, 1))

    def content(fake):
        scene = Scene(system.networks, {"photo": photo}, 0, None, (), {"fake": lambda scene: fake})
        return float(array(term.function(scene)))

    assert content(photo) == 0
    apart = (np.abs(array(trunk(photo)) - array(trunk(other))) ** power).mean()
    assert apart > 0 and content(other) == pytest.approx(apart, rel=1e-4)
    trunk.factor = 2
    assert content(other) == pytest.approx(2**power * apart, rel=1e-4)


def pictures(count, size, seed=0):
    return np.random.default_rng(seed).uniform(-1, 1, (count, size, size, 3)).astype("float32")


# phases ---------------------------------------------------------------------------------------------------


def test_the_initialization_learns_content_without_a_discriminator(face_set, monkeypatch):
    found, find = [], trunks.find
    monkeypatch.setattr(trunks, "find", lambda *given: found.append(find(*given)) or found[-1])
    system = built(adversarial_share=0.0, part=32, learning_rate=3e-3)
    about = system.about()
    (trunk,) = found
    assert trunk.network.trainable_weights == [] and trunk.network.weights
    assert about == {"content": trunk.name}
    discriminator, features = snapshot(system.networks["discriminator"]), snapshot(trunk.network)
    start = snapshot(system.networks["generator"])
    trainer = ready(system)
    history = trainer.fit(Again(sets(face_set, system, batch_size=16)[0]), epochs=60, verbose=0).history
    content = history["initialization_content"]
    assert content[-1] < 0.5 * content[0]
    assert history["initialization_loss"][0] == pytest.approx(10 * content[0], rel=1e-5)
    for network, before in ((system.networks["discriminator"], discriminator), (trunk.network, features)):
        assert all((one == other).all() for one, other in zip(snapshot(network), before, strict=True))
    assert any((one != other).any() for one, other in zip(snapshot(system.networks["generator"]), start, strict=True))


def test_the_discriminator_is_trained_in_the_second_phase_alone(face_set):
    system = built(initialization_share=0.5, adversarial_share=0.5, pool=0)
    faces, before, still = sets(face_set, system, batch_size=20), snapshot(system.networks["discriminator"]), []

    class Look(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            now = snapshot(system.networks["discriminator"])
            still.append(all((one == other).all() for one, other in zip(now, before, strict=True)))

    ready(system).fit(faces, epochs=2, callbacks=[Look()], verbose=0)
    assert still == [True] * 3 + [False] * 3


def test_a_stopped_training_goes_on_bit_for_bit_with_its_pool(face_set):
    faces = sets(face_set, built(), batch_size=8)
    whole = ready(built(batch_size=8, pool=8))
    whole.fit(faces, epochs=2, verbose=0)
    stopped = ready(built(batch_size=8, pool=8))
    stopped.fit(faces, epochs=2, callbacks=[StopAfter(5)], verbose=0)  # 4 steps of the first phase, 1 of the second
    assert stopped.steps_done == 5 and stopped.phase.name == "adversarial"
    kept = stopped.networks["pool"].get_layer("kept")
    assert int(array(kept.seen)) == 8 and np.abs(array(kept.pictures)).min(-1).max() > 0
    continued = ready(built(seed=1, batch_size=8, pool=8))
    continued.load_state(stopped.state())
    assert (array(continued.networks["pool"].get_layer("kept").pictures) == array(kept.pictures)).all()
    continued.fit(faces, epochs=2, verbose=0)
    assert continued.steps_done == whole.steps_done == 16
    assert differing(continued.state(), whole.state()) == []
    pool = array(whole.networks["pool"].get_layer("kept").pictures)
    assert any(values.shape == pool.shape and (values == pool).all() for values in whole.state().values())


# fields ---------------------------------------------------------------------------------------------------


def test_batches_are_photos_cartoons_and_blurred_cartoons(face_set):
    system = built()
    assert system.others == ("cartoons",) and list(system.fields) == ["photo", "cartoon", "edges"]
    for values in sets(face_set, system, batch_size=20)[0].values():
        assert values.shape == (20, 16, 16, 3) and values.dtype == np.float32
        assert values.min() >= -1 and -0.2 < values.mean() < 1 and 0.8 < values.max() <= 1


def test_a_photo_is_a_part_of_its_face(face_set):
    faces = sets(face_set, built(), batch_size=20, shuffle=False, flips=False)
    wholes = color.scale_rgb(faces.rgb(range(20)))
    places = set()
    for part, whole in zip(faces[0]["photo"], wholes, strict=True):
        windows = np.lib.stride_tricks.sliding_window_view(whole, (16, 16), (0, 1)).transpose(0, 1, 3, 4, 2)
        found = np.argwhere((windows == part).all((2, 3, 4)))
        assert len(found)
        places.add(tuple(found[0]))
    assert len(places) > 10


def test_cartoons_are_drawn_at_random_and_blurred_ones_by_another_draw(face_set):
    size = 32  # parts as large as the pictures: each is one of them, mirrored or not
    drawn = {
        "photo": fields.photo(size),
        "cartoon": fields.another("cartoons", size),
        "edges": fields.another("cartoons", size, smoothed=True),
    }
    cartoons = Faces(face_set, split="all", flips=False, shuffle=False)
    faces = Faces(face_set, split="all", batch_size=60, fields=drawn, others={"cartoons": cartoons})
    everything = cartoons.rgb(range(60))
    blurred = np.stack([edges.smoothed(one) for one in everything])
    everything, blurred = (np.concatenate([some, some[:, :, ::-1]]) for some in (everything, blurred))

    def places(values, among):
        same = (color.unscale_rgb(values)[:, None] == among[None]).all((2, 3, 4))
        assert same.any(1).all()
        return same.argmax(1)

    cartoon, edge = places(faces[0]["cartoon"], everything), places(faces[0]["edges"], blurred)
    for found in (cartoon, edge):
        assert 30 < len(set(found)) and 15 < (found >= 60).sum() < 45  # drawn with repetition; about half mirrored
    assert (cartoon % 60 == edge % 60).sum() < 10  # one in 60 by chance
    assert (color.unscale_rgb(faces[0]["edges"]) != everything[edge]).any((1, 2, 3)).mean() > 0.9


def test_batches_depend_on_seed_pass_and_index_alone(face_set):
    system = built()

    def batch(index, seed=0, before=()):
        faces = sets(face_set, system, batch_size=20, seed=seed)
        for other in before:
            faces[other]
        return faces[index]

    first = batch(1)
    assert list(first) == ["photo", "cartoon", "edges"]
    for name, values in batch(1, before=(5, 0, 1)).items():
        assert (values == first[name]).all(), name
    for other in (batch(0), batch(4), batch(1, seed=1)):  # another index, another pass, another seed
        for name, values in other.items():
            assert (values != first[name]).any((1, 2, 3)).mean() > 0.9, name


# the image pool -------------------------------------------------------------------------------------------


def numbered(*numbers):
    """Pictures (N, 2, 2, 3), each of one number."""
    return np.ones((len(numbers), 2, 2, 3), "float32") * np.reshape(numbers, (-1, 1, 1, 1)).astype("float32")


def numbers(pictures):
    found = array(pictures)
    assert (found == found[:, :1, :1, :1]).all()  # whole pictures are exchanged, never parts
    return found[:, 0, 0, 0].astype(int).tolist()


def test_a_filling_pool_gives_back_what_it_is_given():
    pool = ImagePool(8)
    assert numbers(pool(numbered(1, 2, 3, 4))) == [1, 2, 3, 4] and int(array(pool.seen)) == 4
    assert numbers(pool(numbered(5, 6, 7, 8))) == [5, 6, 7, 8] and int(array(pool.seen)) == 8
    assert sorted(numbers(pool.pictures)) == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_full_pool_exchanges_about_half_and_invents_nothing():
    pool = ImagePool(8)
    for start in (1, 5):
        pool(numbered(*range(start, start + 4)))
    exchanged, calls = 0, 150
    for call in range(calls):
        given, before = list(range(9 + 4 * call, 13 + 4 * call)), numbers(pool.pictures)
        back = numbers(pool(numbered(*given)))
        assert sorted(back + numbers(pool.pictures)) == sorted(given + before)  # each is here or there
        exchanged += sum(one != other for one, other in zip(given, back, strict=True))
    assert 0.4 < exchanged / (4 * calls) < 0.6  # 600 coins: four deviations are 0.08
    assert max(numbers(pool.pictures)) > 4 * calls / 2


def test_the_pool_lets_no_gradient_through_and_has_nothing_to_train():
    pool = keras.Sequential([layers.Input((2, 2, 3)), ImagePool(4)])
    assert pool.trainable_weights == [] and [v.path.split("/")[-1] for v in pool.weights] == ["pictures", "seen"]


def test_the_pool_is_part_of_the_state():
    system = built()
    state = ready(system).state()
    assert {state[f"network/pool/{i:04d}"].shape for i in range(2)} == {(8, 16, 16, 3), ()}
    assert any(name.startswith("dropout/pool/") for name in state)  # its coins
    assert "pool" not in built(pool=0).networks


def test_a_pool_smaller_than_a_batch_is_refused():
    with pytest.raises(BadInput, match="pool=3: needed is 0, or at least batch_size=4"):
        built(pool=3)


# coloring -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def colorizer():
    return Colorizer(built().networks["generator"], size=32, multiple=4, name="toon")


@pytest.mark.parametrize("shape", [(16, 16), (32, 32), (17, 90), (101, 37)])
def test_a_photo_of_any_size_is_painted_once(colorizer, shape):
    photo = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert (colorizer.takes, colorizer.conditions, colorizer.latent_size) == ("photo", (), 0)
    cartoons = colorizer.chroma(photo, noises=25)
    assert cartoons.shape == (1, *shape, 3) and cartoons.dtype == np.uint8
    assert (colorizer.colorize(photo) == cartoons[0]).all() and (cartoons[0] != photo).any()


def test_a_photo_of_one_pixel_is_refused(colorizer):
    with pytest.raises(BadInput, match="picture of 1x1 px: needed is 16 to"):
        colorizer.colorize(np.zeros((1, 1, 3), "uint8"))


@pytest.mark.parametrize(
    ("condition", "value"),
    [("lock", {"hair": "navy"}), ("dots", [(3, 3, "navy")]), ("threshold", 100), ("noise", np.ones(8))],
)
def test_what_the_weights_cannot_hear_is_refused_by_name(colorizer, condition, value):
    with pytest.raises(BadInput, match=condition):
        colorizer.colorize(np.zeros((32, 32, 3), "uint8"), **{condition: value})


# runs and settings ----------------------------------------------------------------------------------------


def no_network(kind):
    raise Exception("no network")


@pytest.fixture
def offline(monkeypatch, tmp_path):
    """A Keras with an empty folder of weights, which no network reaches."""
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(trunks, "_downloaded", no_network)


def test_the_faithful_networks_have_the_published_counts_and_the_stand_in_is_named(offline, capsys):
    system = CARTOONGAN.build(CARTOONGAN.Settings.faithful())
    assert {name: network.count_params() for name, network in system.networks.items()} == {
        "generator": 11_129_667,
        "discriminator": 1_129_665,
    }
    assert capsys.readouterr().out == ""  # nothing is downloaded before it is needed
    assert system.about() == {"content": "faces network depth3 (stand-in)"}
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("VGG19: ") and "faces network depth3 (stand-in) is used" in line


@pytest.mark.parametrize(
    ("recipe", "also", "said"),
    [
        ("cartoongan", (), "cartoons is missing; give --also cartoons=FACESET"),
        ("cartoongan", ("cartoons", "paintings"), "paintings is not drawn from; give --also cartoons=FACESET"),
        ("gan", ("cartoons",), "cartoons is not drawn from; give nothing beside --faces"),
    ],
)
def test_missing_and_needless_face_sets_are_refused(face_set, tmp_path, recipe, also, said):
    settings = recipes.get(recipe).Settings.tiny()
    others = {name: face_set for name in also}
    with pytest.raises(BadInput, match=f"recipe {recipe}: {said}"):
        runs.train(recipe, settings, face_set, tmp_path / "run", steps=1, others=others, verbose=0)
    assert not (tmp_path / "run").exists()


def vgg_of_tests(kind):
    """Like VGG19 from afar."""
    picture = x = layers.Input((None, None, 3))
    for name in ("block4_conv4", "block5_conv4"):
        x = layers.Conv2D(4, 3, strides=2, padding="same", activation="relu", name=name)(x)
    return keras.Model(picture, x, name="vgg19")


def test_a_run_is_not_continued_with_another_trunk(face_set, tmp_path, offline, monkeypatch):
    run, settings = tmp_path / "run", tiny(content="vgg19")
    train = {"others": {"cartoons": face_set}, "score_epochs": 0, "verbose": 0}
    runs.train("cartoongan", settings, face_set, run, steps=1, **train)
    assert runs.train("cartoongan", settings, face_set, run, steps=2, **train).steps_done == 2
    monkeypatch.setattr(trunks, "_downloaded", vgg_of_tests)  # now there is a network
    said = r"content found faces network depth3 \(stand-in\) there, VGG19 block4_conv4 \(ImageNet\) asked"
    with pytest.raises(BadInput, match=said):
        runs.train("cartoongan", settings, face_set, run, steps=3, **train)
