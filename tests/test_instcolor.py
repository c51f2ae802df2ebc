"""The recipe `instcolor`: its three phases, what its batches hold, and coloring with boxes, in Python and from the
command line."""

import dataclasses
import json
import re
import shutil
import sys
import types

import keras
import numpy as np
import pytest
from keras import ops
from PIL import Image

from anime_color import cli, color, fields, networks, presets, recipes
from anime_color.coloring import chroma, commands, instances, painters
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Faces
from anime_color.networks import boxes
from anime_color.networks.instances import POINTS
from anime_color.training import objectives, runs
from anime_color.training.phases import Scene
from data_prep import detection
from data_prep.drawn_faces import draw
from data_prep.errors import BadInput
from tests.small_system import PhaseDiary, StopAfter, changed, differing, ready, snapshot

pytestmark = pytest.mark.usefixtures("eagerly")

RECIPE = recipes.get("instcolor")
TINY = RECIPE.Settings.tiny()
PHASES = ("whole", "instance", "fusion")
TRAINED_LAST = ("fusion_", "conv10_1/", "ab/")
EQUAL = {"whole_share": 1.0, "instance_share": 1.0, "fusion_share": 1.0}


def array(tensor):
    return ops.convert_to_numpy(tensor)


def tiny(**changes):
    """The tiny system, without a critic as in the paper; `begun` names the phases that have begun with the weights of
    others."""
    keras.utils.set_random_seed(0)
    system, begun = RECIPE.build(dataclasses.replace(TINY, **{"adversarial": 0.0} | changes)), []

    def counted(phase):
        def begin(trained):
            begun.append(phase.name)
            phase.begin(trained)

        return dataclasses.replace(phase, begin=phase.begin and begin)

    return dataclasses.replace(system, phases=tuple(map(counted, system.phases))), begun


def by_path(network):
    return {v.path: array(v) for v in network.weights}


class Diary(PhaseDiary):
    """The phase of each step; the weights of all networks before and after the steps of each phase: by path, those of
    the generator, which is made of the others, in their order."""

    def moved(self, phase, network):
        """Paths of the weights of a network that are others after a phase."""
        before, after = self.before[phase][network], self.after[phase][network]
        return {path for path in before if (before[path] != after[path]).any()}

    def weights(self, trainer):
        found = {name: by_path(trainer.networks[name]) for name in ("full_image", "instance", "fusion")}
        whole = {"generator": trainer.networks["generator"], "averaged": trainer.averaged}
        return found | {name: snapshot(network) for name, network in whole.items()}


@pytest.fixture(scope="module")
def faces(face_set):
    """5 batches a pass."""
    return Faces(face_set, split="all", batch_size=12, fields=RECIPE.build(TINY).fields)


@pytest.fixture(scope="module")
def whole(faces):
    """(trainer, diary, logged means, phases that began with the weights of others) of an uninterrupted training."""
    system, begun = tiny()
    trainer, diary = ready(system), Diary()
    rows = trainer.fit(faces, 1, callbacks=[diary], verbose=0).history
    return trainer, diary, rows, begun


def same(weights, others):
    return all((one == other).all() for one, other in zip(weights, others, strict=True))


# Phases ---------------------------------------------------------------------------------------------------------


def test_three_phases_in_turn(whole):
    trainer, diary, _, _ = whole
    assert diary.steps == ["whole"] * 2 + ["instance"] * 2 + ["fusion"]
    assert [phase.name for phase in trainer.system.phases] == list(PHASES)


def test_the_loss_is_ten_times_the_huber_loss_alone(whole):
    _, _, rows, _ = whole
    for phase in PHASES:
        assert rows[f"{phase}_loss"] == pytest.approx([10 * value for value in rows[f"{phase}_huber"]], rel=1e-5)
    assert set(rows) == {f"{phase}_{name}" for phase in PHASES for name in ("loss", "huber")}


@pytest.mark.parametrize(("phase", "network"), [("whole", "full_image"), ("instance", "instance")])
def test_a_network_learns_in_its_phase_with_its_batch_statistics(whole, phase, network):
    kinds = {path.split("/")[-1] for path in whole[1].moved(phase, network)}
    assert kinds == {"kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance"}


def test_fusion_learns_its_modules_the_last_convolution_and_the_output(whole):
    moved = whole[1].moved("fusion", "fusion")
    assert all(path.startswith(TRAINED_LAST) for path in moved)
    modules = {f"fusion_{name}" for name, _ in POINTS}
    assert {path.split("/")[0] for path in moved} == modules | {"conv10_1", "ab"}
    # small networks of a tiny module may have channels that tell nothing; what they end with is heard
    ends = {f"{name}/{which}3/bias" for name in modules for which in ("instances", "picture")}
    assert ends <= moved


@pytest.mark.parametrize("phase", PHASES)
def test_nothing_else_moves_batch_statistics_included(whole, phase):
    for network in ("full_image", "instance", "fusion"):
        if network != {"whole": "full_image"}.get(phase, phase):
            assert whole[1].moved(phase, network) == set()


def test_instance_and_fusion_begin_as_copies_of_the_trained_full_image_network(whole):
    _, diary, _, begun = whole
    assert begun == ["instance", "fusion"]
    first = diary.before["whole"]
    assert (first["instance"]["conv1_1/kernel"] != first["full_image"]["conv1_1/kernel"]).any()
    for phase in begun:
        before = diary.before[phase]
        for path, weights in before["full_image"].items():
            assert (before[phase][path] == weights).all(), path
        assert (before["full_image"]["conv1_1/kernel"] != first["full_image"]["conv1_1/kernel"]).any()
        assert same(before["averaged"], before["generator"])


def test_copies_are_made_without_an_average_too(faces):
    system, begun = tiny(ema=0.0, **EQUAL)
    trainer, diary = ready(system), Diary()
    trainer.fit(faces.again(batch_size=20), 1, callbacks=[diary], verbose=0)
    assert begun == ["instance", "fusion"] and trainer.averaged is trainer.networks["generator"]
    for phase in begun:
        before = diary.before[phase]
        assert all((before[phase][path] == value).all() for path, value in diary.after["whole"]["full_image"].items())


def test_stops_are_not_seen_afterwards_and_copies_are_made_once(faces, whole):
    """After steps 2 and 4 a phase is over, and the next one has not begun yet; after step 3 it has."""
    begun, state = [], None
    for steps in (2, 3, 4, 5):
        system, begun_now = tiny()
        trainer = ready(system)
        if state:
            trainer.load_state(state)
        trainer.fit(faces, 1, callbacks=[StopAfter(steps)], verbose=0)
        assert trainer.steps_done == steps
        begun.append(begun_now)
        state = trainer.state()
    assert begun == [[], ["instance"], [], ["fusion"]]
    assert differing(state, whole[0].state()) == []


def test_without_an_adversarial_loss_there_is_no_critic():
    assert "critic" not in tiny()[0].networks and "critic" in tiny(adversarial=1.0)[0].networks


def test_a_critic_learns_in_every_phase_and_what_it_judges_is_told(faces):
    system, _ = tiny(adversarial=1.0, **EQUAL)
    trainer, moved = ready(system), {}

    class Watch(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            self.before = snapshot(trainer.networks["critic"])

        def on_train_batch_end(self, batch, logs=None):
            moved[trainer.phase.name] = changed(trainer.networks["critic"], self.before)

    few = faces.again(batch_size=20)
    rows = trainer.fit(few, 1, callbacks=[Watch()], verbose=0).history
    assert list(moved) == list(PHASES) and all("kernel" in kinds for kinds in moved.values())
    for phase in PHASES:
        total = 10 * rows[f"{phase}_huber"][0] + rows[f"{phase}_adversarial"][0]
        assert rows[f"{phase}_loss"][0] == pytest.approx(total, rel=1e-5)


def test_the_last_phase_alone_goes_on_from_the_weights_it_is_given(faces, whole):
    given = {name: snapshot(network) for name, network in whole[0].networks.items()}
    system, begun = tiny(whole_share=0.0, instance_share=0.0)
    trainer, diary = ready(system), Diary()
    trainer.begin_with(given)
    trainer.fit(faces, 1, callbacks=[diary, StopAfter(1)], verbose=0)
    assert begun == [] and diary.steps == ["fusion"]
    assert same(diary.before["fusion"]["generator"], given["generator"])
    assert diary.moved("fusion", "fusion") and not diary.moved("fusion", "full_image")


def test_a_state_with_a_missing_or_renamed_weight_is_refused(whole):
    state = whole[0].state()
    name = next(name for name in state if name.startswith("network/"))
    trainer = ready(tiny()[0])
    before = snapshot(trainer.networks["generator"])
    less = {other: value for other, value in state.items() if other != name}
    for odd in (less, less | {f"module/{name}": state[name]}, state | {name: np.zeros(3, "float32")}):
        with pytest.raises(BadInput, match="state of another system"):
            trainer.load_state(odd)
    after = snapshot(trainer.networks["generator"])
    assert all((one == two).all() for one, two in zip(before, after, strict=True))


def published(**changes):
    """The settings of the published system, but tiny."""
    small = {"size": 32, "width": 4, "inner": 4, "head": 0}
    return dataclasses.asdict(RECIPE.Settings.faithful()) | small | changes


def test_a_published_network_trains_but_for_its_head(faces):
    system, _ = tiny(**published(head=5, fusion_batch=20, **EQUAL))
    trainer, diary = ready(system), Diary()
    published_faces = faces.again(fields=system.fields, batch_size=20)
    history = trainer.fit(published_faces, 1, callbacks=[diary], verbose=0).history
    assert diary.steps == list(PHASES) and all(np.isfinite(values).all() for values in history.values())
    for phase, network in zip(PHASES, ("full_image", "instance", "fusion"), strict=True):
        moved = diary.moved(phase, network)
        assert "ab/kernel" in moved and not {"classes/kernel", "classes/bias"} & moved


def test_published_fusion_sees_one_picture_at_a_time(faces):
    system, _ = tiny(**published())
    batches = system.phases[-1].batches
    assert batches and len(batches(system.networks, faces)[0]["l"]) == 1


def test_what_is_trained_last_at_the_published_size(monkeypatch):
    monkeypatch.setattr(keras.optimizers, "Adam", lambda *_: None)  # it has variables, and here are only shapes
    with keras.StatelessScope(initialize_variables=False):
        system = RECIPE.build(RECIPE.Settings.faithful())
    pace = system.phases[-1].updates[0].pace
    paces = {v.path: (pace(v), int(np.prod(v.shape))) for v in system.networks["fusion"].trainable_variables}
    assert {factor for factor, _ in paces.values()} == {0, 1}
    assert sum(count for factor, count in paces.values() if factor) == 1_226_108


def test_rates_and_shares_as_published():
    settings = RECIPE.Settings(**published())
    assert (settings.whole_share, settings.instance_share, settings.fusion_share) == (10, 10, 2)
    system = RECIPE.build(settings)
    rates = {name: float(array(optimizer.learning_rate)) for name, optimizer in system.optimizers.items()}
    assert rates == pytest.approx({"whole": 5e-4, "instance": 5e-4, "fusion": 5e-5})
    assert {(one.beta_1, one.beta_2) for one in system.optimizers.values()} == {(0.9, 0.999)}


# What each phase looks at ---------------------------------------------------------------------------------------


def scene_of(system, batch, phase, training=True):
    batch = {name: ops.convert_to_tensor(values) for name, values in batch.items()}
    phase = next(one for one in system.phases if one.name == phase)
    trains = phase.updates[0].trains if training else ()
    return Scene(system.networks, batch, 0, keras.random.SeedGenerator(0), trains, phase.pictures)


def test_the_whole_is_learned_at_the_size_at_which_it_is_seen(faces):
    batch = faces[0]
    scene = scene_of(tiny()[0], batch, "whole")
    lab = np.concatenate([batch["l"], batch["ab"]], -1)
    assert array(scene.real) == pytest.approx(lab.reshape(12, 16, 2, 16, 2, 3).mean((2, 4)), abs=1e-5)
    assert (array(scene.fake)[..., 0] == array(scene.real)[..., 0]).all()


def test_instances_are_learned_of_the_first_box_of_each_picture(faces):
    batch = faces[0]
    scene = scene_of(tiny()[0], batch, "instance")
    lab = np.concatenate([batch["l"], batch["ab"]], -1)
    assert array(scene.real) == pytest.approx(array(boxes.Crops(16)(lab, batch["boxes"][:, :1])), abs=1e-5)
    assert (array(scene.fake)[..., 0] == array(scene.real)[..., 0]).all()


def test_fusion_is_trained_with_what_it_paints_later(face_set, whole):
    """Of the three networks at the size of the picture: what the loss sees is what the generator returns."""
    system, _ = tiny(factor=1)
    for name, network in system.networks.items():
        network.set_weights(snapshot(whole[0].networks[name]))
    batch = Faces(face_set, split="all", batch_size=6, fields=system.fields)[0]
    painted = system.networks["generator"]({name: batch[name] for name in ("l", "boxes", "box_valid")}, training=False)
    found = array(scene_of(system, batch, "fusion").fake)
    assert found == pytest.approx(array(painted), abs=1e-5)
    half = {name: values[:3] for name, values in batch.items()}  # normalization does not look at the batch
    assert array(scene_of(system, half, "fusion").fake) == pytest.approx(found[:3], abs=1e-5)


def huber(difference, delta=1 / 110):
    """Of one pixel with this difference in both channels; half of the sum over them."""
    target = np.full((1, 1, 1, 2), 0.25, "float32")
    return float(array(objectives.huber_loss(target + np.float32(difference), target, delta))) / 2


def test_huber_by_hand():
    delta = 1 / 110
    assert huber(0) == 0
    assert huber(delta) == pytest.approx(0.5 * delta, rel=1e-3)
    assert huber(1) == huber(-1) == pytest.approx(1 - 0.5 * delta)
    assert huber(delta / 2) == pytest.approx(delta / 8, rel=1e-3)
    assert huber(0.5, delta=1.0) == pytest.approx(0.125)


def test_the_slope_of_huber_has_no_step_at_delta():
    slopes = [(huber(d + 0.05, 0.5) - huber(d, 0.5)) / 0.05 for d in (0.35, 0.45, 0.5, 0.55)]
    assert slopes == pytest.approx([0.75, 0.95, 1, 1], abs=1e-4)


def test_huber_is_a_sum_over_channels_and_a_mean_over_pictures_and_pixels():
    predicted = np.zeros((2, 3, 4, 2), "float32")
    predicted[1, 2, 3] = 1, -2
    assert float(array(objectives.huber_loss(predicted, np.zeros_like(predicted), 1.0))) == pytest.approx(2 / 24)


# Boxes in batches -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def boxless(face_set, tmp_path_factory):
    """The same faces in a set that tells no boxes."""
    folder = tmp_path_factory.mktemp("boxless") / "set"
    shutil.copytree(face_set, folder, ignore=shutil.ignore_patterns("boxes.npy"))
    return folder


BOXED = {"boxes": fields.boxes(8), "box_valid": fields.box_valid(8)}


def found_in(batch):
    """The valid boxes of each picture, in an order of their own; what is behind them is zeros."""
    for found, counts in zip(batch["boxes"], batch["box_valid"], strict=True):
        assert sorted(counts, reverse=True) == counts.tolist() and set(counts) <= {0, 1}
        assert (found[counts == 0] == 0).all() and (found[counts == 1, 2:] > found[counts == 1, :2]).all()
    return [sorted(map(tuple, b[c == 1].tolist())) for b, c in zip(batch["boxes"], batch["box_valid"], strict=True)]


def rows_of(boxes_of_set):
    return [sorted(tuple(box) for box in some.tolist() if box[2] > box[0]) for some in boxes_of_set]


def test_boxes_are_those_of_the_face_set(face_set):
    faces = Faces(face_set, split="all", fields=BOXED)
    stored = np.load(face_set / "boxes.npy")
    batch = faces.at(np.arange(60))
    assert batch["boxes"].shape == (60, 8, 4) and batch["box_valid"].shape == (60, 8)
    assert batch["boxes"].dtype == batch["box_valid"].dtype == np.float32
    assert found_in(batch) == rows_of(stored[faces.rows])
    assert 0.5 < batch["box_valid"].mean() < 1  # not every drawn face wears something


def test_boxes_are_mirrored_with_their_picture(face_set):
    faces = Faces(face_set, split="all", fields=BOXED)
    stored = np.load(face_set / "boxes.npy")[faces.rows[:9]]
    there = stored[..., 2:3] > stored[..., :1]
    expected = np.where(
        there, np.stack([32 - stored[..., 2], stored[..., 1], 32 - stored[..., 0], stored[..., 3]], -1), 0
    )
    mirrored = np.arange(9) % 2 == 0
    assert found_in(faces.at(np.arange(9), mirrored)) == rows_of(np.where(mirrored[:, None, None], expected, stored))


def test_boxes_get_smaller_with_their_picture(face_set):
    plain, half = (Faces(face_set, split="all", size=size, fields=BOXED) for size in (32, 16))
    expected = [[tuple(side / 2 for side in box) for box in some] for some in found_in(plain.at(np.arange(9)))]
    assert found_in(half.at(np.arange(9))) == expected
    mirrored = found_in(half.at(np.arange(9), True))
    assert mirrored == [sorted((16 - c, b, 16 - a, d) for a, b, c, d in some) for some in expected]


def test_few_boxes_are_drawn_anew_in_each_pass_and_the_same_by_both_fields(face_set):
    fewer = {"box_valid": fields.box_valid(2), "boxes": fields.boxes(2)}
    faces = Faces(face_set, split="all", batch_size=20, fields=fewer, flips=False, shuffle=False)
    everything = found_in(Faces(face_set, split="all", fields=BOXED).at(np.arange(20)))
    first, second, again = faces[0], faces[len(faces)], faces[0]
    assert (first["boxes"] == again["boxes"]).all() and (first["boxes"] != second["boxes"]).any()
    for some, all_of_them in zip(found_in(first), everything, strict=True):
        assert set(some) <= set(all_of_them) and len(set(some)) == 2
    ordered = [tuple(some[0].tolist()) for some in first["boxes"]]
    assert len({everything[i].index(box) for i, box in enumerate(ordered)}) > 2  # the first is any of them


def test_a_set_without_boxes_has_the_places_of_a_face_and_one_anywhere(boxless):
    batch = Faces(boxless, split="all", fields=BOXED).at(np.arange(6))
    assert batch["box_valid"].tolist() == [[1] * 6 + [0] * 2] * 6
    places, others = 32 * fields.FACE, set()
    for some in np.float32(found_in(batch)):
        known = (np.abs(some[:, None] - places).max(-1) < 1e-4).any(1)
        assert known.sum() == 5
        [other] = some[~known]
        assert other.min() >= 0 and other.max() <= 32 and (other[2:] - other[:2]).min() > 0.29 * 32
        others.add(tuple(other))
    assert len(others) == 6
    half = Faces(boxless, split="all", size=16, fields=BOXED).at(np.arange(6))
    assert np.sort(half["boxes"], 1) == pytest.approx(np.sort(batch["boxes"], 1) / 2, abs=1e-4)


def test_the_places_of_a_face_lie_in_its_picture_and_are_their_own_mirror_image():
    assert fields.FACE.min() >= 0 and fields.FACE.max() <= 1 and (fields.FACE[:, 2:] > fields.FACE[:, :2]).all()
    mirrored = np.stack([1 - fields.FACE[:, 2], fields.FACE[:, 1], 1 - fields.FACE[:, 0], fields.FACE[:, 3]], -1)
    assert np.float32(sorted(mirrored.round(4).tolist())) == pytest.approx(np.float32(sorted(fields.FACE.tolist())))


def test_of_mixed_sets_each_picture_has_the_boxes_of_its_own(face_set, boxless):
    mixed = Faces([boxless, face_set], split="all", fields=BOXED)
    stored = np.load(face_set / "boxes.npy")
    without, with_boxes = (int(np.flatnonzero(mixed.sets == number)[3]) for number in (0, 1))
    found = found_in(mixed.at(np.array([without, with_boxes])))
    assert len(found[0]) == 6 and any(box == pytest.approx((16, 12.8, 25.6, 20.8), abs=1e-4) for box in found[0])
    assert found[1] == rows_of(stored[mixed.rows[[with_boxes]]])[0]


# Coloring with boxes --------------------------------------------------------------------------------------------


def telling(generator):
    """The generator, with weights with which boxes are seen in what comes out."""
    random = np.random.default_rng(0)
    for variable in generator.trainable_variables:
        if len(variable.shape) == 4:
            variable.assign(random.normal(0, np.sqrt(1.5 / np.prod(variable.shape[:-1])), variable.shape))
    return generator


@pytest.fixture(scope="module")
def system():
    keras.utils.set_random_seed(0)
    found = RECIPE.build(TINY)
    telling(found.networks["generator"])
    return found


@pytest.fixture(scope="module")
def colorizer(system):
    return Colorizer(system.networks["generator"], 32, multiple=16, name="tiny")


@pytest.fixture(scope="module")
def face():
    return draw(3, 96).rgb


EYES, HAIR = (24, 40, 72, 60), (10, 0, 86, 40)


def apart(one, other):
    """How far two pictures are apart, for each pixel."""
    return np.abs(one.astype(int) - other.astype(int)).max(-1)


def test_what_it_takes_and_listens_to(colorizer, face):
    assert colorizer.takes == "gray picture" and colorizer.conditions == ("boxes",)
    assert colorizer.latent_size == 0 and not colorizer.knows_regions and not colorizer.needs_reference
    assert (colorizer.given(face) == face).all() and colorizer.said(face) == {}
    with pytest.raises(BadInput, match="lock: weights tiny do not know it; conditions that they know: boxes"):
        colorizer.colorize(face, lock={"hair": "red"})
    plain = Colorizer(networks.color_path(networks.instance_colorizer("full_image", 4)), 32, multiple=16, name="plain")
    with pytest.raises(BadInput, match="boxes: weights plain do not know it; conditions that they know: none"):
        plain.colorize(face, boxes=[EYES])


@pytest.mark.parametrize("shape", [(32, 32), (127, 255), (300, 41), (16, 16)])
def test_any_size_comes_back_with_boxes_and_without(colorizer, shape):
    picture = np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype("uint8")
    height, width = shape
    some = [(0, 0, width, height), (0, 0, 1, 1), (width - 1, height - 3, width, height)]
    for given in (some, []):
        colorings = colorizer.chroma(picture, 7, boxes=given)
        assert colorings.shape == (1, *shape, 3) and colorings.dtype == np.uint8


def test_alpha_and_lightness_are_kept(colorizer, face):
    alpha = np.full((96, 96), 255, "uint8")
    alpha[:20] = 0
    colored = colorizer.colorize(np.dstack([face, alpha]), boxes=[EYES])
    assert colored.shape == (96, 96, 4) and (colored[..., 3] == alpha).all()
    found, before = (color.unscale(color.rgb_to_lab(picture))[..., 0] for picture in (colorizer.colorize(face), face))
    assert np.abs(found - before).max() < 2


def test_without_boxes_only_the_full_image_network_is_heard(face):
    keras.utils.set_random_seed(0)
    built = RECIPE.build(TINY)
    colorizer = Colorizer(telling(built.networks["generator"]), 32, multiple=16)
    before = {"none": colorizer.colorize(face), "one": colorizer.colorize(face, boxes=[EYES])}
    assert (colorizer.colorize(face, boxes=[]) == colorizer.colorize(face, boxes=None)).all()
    for name in ("instance", "fusion"):
        kernel = built.networks[name].get_layer("conv1_1").kernel
        kernel.assign(-array(kernel))
    assert (colorizer.colorize(face) == before["none"]).all()
    assert (colorizer.colorize(face, boxes=[EYES]) != before["one"]).any()


def test_boxes_change_only_what_is_near_them(system):
    """The network of fusion looks 192 of its pixels far, at half the size of the picture."""
    colorizer = Colorizer(system.networks["generator"], 128, multiple=16)
    picture = np.concatenate([draw(seed, 128).rgb for seed in range(8)], 1)
    near, far = (20, 30, 100, 110), (900, 20, 1000, 100)
    change = apart(*(colorizer.colorize(picture, boxes=some) for some in ([far], [near, far])))
    assert (change[30:110, 20:100] > 2).mean() > 0.5
    assert change[:, 100 + 2 * 192 :].max() == 0


def test_each_box_counts_and_their_order_does_not(colorizer, face):
    both, turned, one = (colorizer.colorize(face, boxes=some) for some in ([EYES, HAIR], [HAIR, EYES], [EYES]))
    assert apart(both, turned).max() <= 1
    for other in (one, colorizer.colorize(face)):
        assert apart(both, other).max() > 2


def test_boxes_come_from_a_file_too(colorizer, face, tmp_path):
    path = tmp_path / "boxes.json"
    path.write_text(json.dumps([EYES, HAIR]))
    expected = colorizer.colorize(face, boxes=[EYES, HAIR])
    for given in (path, str(path), [list(EYES), np.array(HAIR)]):
        assert (colorizer.colorize(face, boxes=given) == expected).all()


def test_boxes_may_be_an_array(colorizer, face):
    assert (
        colorizer.colorize(face, boxes=np.array([EYES, HAIR])) == colorizer.colorize(face, boxes=[EYES, HAIR])
    ).all()


def test_a_file_without_boxes_is_none(colorizer, face, tmp_path):
    (tmp_path / "boxes.json").write_text("[]")
    assert (colorizer.colorize(face, boxes=tmp_path / "boxes.json") == colorizer.colorize(face)).all()


class Recorded:
    """A generator that keeps what it is given, and paints gray."""

    def predict_on_batch(self, given):
        self.given = given
        return np.zeros((*given["l"].shape[:3], 3), "float32")


def seen_boxes(found, side, small):
    """Boxes of a square picture, as the generator gets them when it sees `small` pixels a side."""
    generator = Recorded()
    picture = np.zeros((side, side, 3), "uint8")
    painters.InstancePainter(generator).sketch(picture, lambda rgb: np.zeros((small, small, 3), "uint8"), None, found)
    return generator.given["boxes"][0], generator.given["box_valid"][0]


def test_boxes_are_told_in_pixels_of_what_the_generator_sees():
    found, counts = seen_boxes([(0, 0, 32, 64), (16, 8, 48, 60)], 64, 32)
    assert found.tolist() == [[0, 0, 16, 32], [8, 4, 24, 30]] and counts.tolist() == [1, 1]


@pytest.mark.parametrize("side", [32, 41, 47, 96, 100, 127])
def test_boxes_that_end_at_the_border_end_there_in_what_the_generator_sees(side):
    """Truncated to whole pixels there, they do not lose the last one by rounding."""
    assert np.floor(seen_boxes([(0, 0, side, side)], side, 32)[0]).tolist() == [[0, 0, 32, 32]]


BAD = [
    ([(20, 4, 10, 30)], "box 0: (20, 4, 10, 30) has no area; needed is left < right and top < bottom"),
    ([EYES, (20, 30, 40, 10)], "box 1: (20, 30, 40, 10) has no area"),
    ([EYES, HAIR, (5, 5, 5, 9)], "box 2: (5, 5, 5, 9) has no area"),
    ([(5, 9, 7, 9)], "box 0: (5, 9, 7, 9) has no area"),
    ([EYES, (96, 0, 99, 9)], "box 1: (96, 0, 99, 9) lies outside the picture of 96x96 px"),
    ([(0, -9, 9, 0)], "box 0: (0, -9, 9, 0) lies outside the picture of 96x96 px"),
    ([("left", 0, 9, 9)], "box 0: needed are whole numbers of pixels"),
    ([EYES, (0, 0, 9, 9.5)], "box 1: needed are whole numbers of pixels"),
    ([(0, 0, float("nan"), 9)], "box 0: needed are whole numbers of pixels"),
    ([(0, 0, float("inf"), 9)], "box 0: needed are whole numbers of pixels"),
    ([(0, 0, None, 9)], "box 0: needed are whole numbers of pixels"),
    ([(False, 0, True, 9)], "box 0: needed are whole numbers of pixels"),
    ([EYES, (1, 2, 3)], "box 1: (1, 2, 3) given, needed is (left, top, right, bottom)"),
    ([EYES, 5], "box 1: 5 given, needed is (left, top, right, bottom)"),
    (["1234"], "box 0: '1234' given, needed is (left, top, right, bottom)"),
    (EYES, "box 0: 24 given, needed is (left, top, right, bottom)"),
    ([EYES] * 9, "9 boxes: at most 8 can be taken; leave out the smallest"),
    (5, "boxes 5: needed is a list of (left, top, right, bottom), a JSON file, or a detector"),
    ({"eyes": EYES}, "needed is a list"),
    ("cats", "boxes cats: no such file, and no detector; needed is a JSON file, or faces or objects"),
]


@pytest.mark.parametrize(("given", "said"), BAD)
def test_bad_boxes_are_refused_by_their_number(colorizer, face, given, said):
    with pytest.raises(BadInput, match=re.escape(said)):
        colorizer.colorize(face, boxes=given)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[1, 2, 3, 4", "boxes.json: no boxes (JSONDecodeError); needed is JSON, [[left, top, right, bottom], ...]"),
        ("[" * 100_000, "boxes.json: no boxes (RecursionError)"),
        ('{"boxes": []}', "needed is a list"),
        ("[[1, 2, 3, NaN]]", "box 0: needed are whole numbers of pixels"),
        ("[[1, 2, 30, 40], [9, 9, 9, 9]]", "box 1: (9, 9, 9, 9) has no area"),
    ],
)
def test_bad_files_of_boxes_are_refused(colorizer, face, tmp_path, text, said):
    (tmp_path / "boxes.json").write_text(text)
    with pytest.raises(BadInput, match=re.escape(said)):
        colorizer.colorize(face, boxes=tmp_path / "boxes.json")


def test_a_file_of_boxes_that_cannot_be_read_is_refused(tmp_path):
    with pytest.raises(BadInput, match="IsADirectoryError"):
        instances.load(tmp_path)
    (tmp_path / "boxes.json").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(BadInput, match="UnicodeDecodeError"):
        instances.load(tmp_path / "boxes.json")


def test_a_box_that_reaches_over_the_border_is_cut_there(colorizer, face):
    with pytest.warns(UserWarning, match=re.escape("box 1: cut at the border of the picture, (50, 0, 96, 40)")):
        colored = colorizer.colorize(face, boxes=[EYES, (50, -7, 300, 40)])
    assert (colored == colorizer.colorize(face, boxes=[EYES, (50, 0, 96, 40)])).all()


def test_eight_boxes_are_taken(colorizer, face):
    eight = [(12 * i, 12 * i, 12 * i + 12, 12 * i + 12) for i in range(8)]
    assert (colorizer.colorize(face, boxes=eight) != colorizer.colorize(face, boxes=eight[:7])).any()


# Boxes that are found -------------------------------------------------------------------------------------------


def finds_faces(monkeypatch, *found):
    monkeypatch.setattr(detection, "cascade_path", lambda given=None: "cascade.xml")
    monkeypatch.setattr(detection, "face_boxes", lambda rgb, cascade: list(found))


def test_faces_that_are_found_are_enlarged_by_their_hair_the_largest_first(colorizer, face, monkeypatch):
    finds_faces(monkeypatch, (0, 0, 20), (30, 40, 20), (50, 10, 30))
    # 1.8 times as wide, the middle higher by 0.12 of the face; cut at the border
    expected = [(38, 0, 92, 48), (22, 30, 58, 66), (0, 0, 28, 26)]
    assert instances.boxes("faces", face) == expected
    assert (colorizer.colorize(face, boxes="faces") == colorizer.colorize(face, boxes=expected)).all()


def test_at_most_eight_faces_are_taken(face, monkeypatch):
    finds_faces(monkeypatch, *((8 * i, 40, 4 + i) for i in range(10)))
    assert len(instances.boxes("faces", face)) == 8


def test_where_no_face_is_found_the_full_image_network_paints_alone(colorizer, face, monkeypatch):
    finds_faces(monkeypatch)
    assert instances.boxes("faces", face) == []
    assert (colorizer.colorize(face, boxes="faces") == colorizer.colorize(face)).all()


class Detector:
    """A network of torchvision in name: finds what it is told to, and keeps what it saw."""

    def __init__(self, *found):
        self.found, self.seen, self.evaluated = found, [], False

    def eval(self):
        self.evaluated = True
        return self

    def __call__(self, pictures):
        assert self.evaluated
        self.seen += pictures
        scores, found = zip(*self.found, strict=True) if self.found else ((), ())
        return [{"boxes": np.float32(found).reshape(-1, 4), "scores": np.float64(scores)}]

    def put_into(self, monkeypatch):
        """Makes it what torchvision loads."""
        names = ("torchvision", "torchvision.models", "torchvision.models.detection", "torchvision.transforms")
        modules = {name: types.ModuleType(name) for name in (*names, "torchvision.transforms.functional")}
        modules["torchvision.models"].detection = modules["torchvision.models.detection"]
        modules["torchvision.models.detection"].fasterrcnn_mobilenet_v3_large_fpn = self.loaded
        modules["torchvision.transforms.functional"].to_tensor = lambda picture: picture
        for name, module in modules.items():
            monkeypatch.setitem(sys.modules, name, module)

    def loaded(self, weights):
        assert weights == "DEFAULT"
        return self


def test_objects_are_found_on_the_gray_picture_the_surest_first(colorizer, face, monkeypatch):
    detector = Detector(
        (0.7, (1.4, 2.6, 30.5001, 40)), (0.95, HAIR), (0.69, (0, 0, 90, 90)), (0.8, EYES), (0.99, (5.2, 5, 5.4, 9))
    )
    detector.put_into(monkeypatch)
    expected = [HAIR, EYES, (1, 3, 31, 40)]
    assert instances.boxes("objects", face) == expected
    (seen,) = detector.seen
    assert seen.dtype == np.uint8 and (seen == color.luma(face)[..., None]).all() and seen.shape == face.shape
    assert (colorizer.colorize(face, boxes="objects") == colorizer.colorize(face, boxes=expected)).all()


def test_at_most_eight_objects_are_taken_and_there_may_be_none(face, monkeypatch):
    Detector(*((0.75 + i / 100, (0, 0, i + 1, 9)) for i in range(10))).put_into(monkeypatch)
    assert instances.boxes("objects", face) == [(0, 0, i + 1, 9) for i in range(9, 1, -1)]
    Detector().put_into(monkeypatch)
    assert instances.boxes("objects", face) == []


def test_without_torchvision_it_is_said_what_to_install(colorizer, face, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    said = "boxes=objects needs torchvision: pip install 'anime-color[objects]' or pip install torchvision"
    with pytest.raises(BadInput, match=re.escape(said)):
        colorizer.colorize(face, boxes="objects")


def test_weights_of_a_detector_that_cannot_be_downloaded_are_told(colorizer, face, monkeypatch):
    def fails(weights):
        raise OSError("no network")

    detector = Detector()
    detector.loaded = fails
    detector.put_into(monkeypatch)
    said = "boxes=objects: its weights cannot be downloaded (no network); give the boxes yourself"
    with pytest.raises(BadInput, match=re.escape(said)):
        colorizer.colorize(face, boxes="objects")


# A run, and the command line ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(face_set, tmp_path_factory):
    folder = tmp_path_factory.mktemp("instcolor") / "run"
    runs.train(
        "instcolor", dataclasses.replace(TINY, batch_size=2), face_set, folder, steps=1, score_epochs=0, verbose=0
    )
    return folder


def test_fine_tuning_begins_with_all_that_was_trained(run, face_set):
    chosen, said = runs.fine_tuning("instcolor", run, face_set)
    assert "generator and critic go on from its weights" in said
    trainer, given = ready(RECIPE.build(chosen)), presets.networks(presets.find(run))
    trainer.begin_with(given)
    assert set(given) == {"generator", "critic"}
    assert all(same(snapshot(trainer.networks[name]), given[name]) for name in given)
    parts = [by_path(trainer.networks[name]) for name in ("full_image", "instance", "fusion")]
    assert sum(map(len, parts)) == len(given["generator"])


def words(command, face, folder, *more, weights="tiny"):
    """COMMAND PICTURE --weights WEIGHTS --out OUT.png ..."""
    Image.fromarray(face).save(folder / "face.png")
    return [command, str(folder / "face.png"), "--weights", str(weights), "--out", str(folder / "out.png"), *more]


def test_a_run_colors_with_a_file_of_boxes(run, face, tmp_path):
    (tmp_path / "boxes.json").write_text(json.dumps([EYES, HAIR]))
    assert cli.main(words("colorize", face, tmp_path, "--boxes", str(tmp_path / "boxes.json"), weights=run)) == 0
    found, colorizer = np.asarray(Image.open(tmp_path / "out.png")), Colorizer.from_preset(run)
    assert (found == colorizer.colorize(face, boxes=[EYES, HAIR])).all()
    assert (found != colorizer.colorize(face)).any()


@pytest.fixture
def loaded(colorizer, monkeypatch):
    """What commands load by any name."""
    monkeypatch.setattr(commands.Colorizer, "from_preset", lambda name: colorizer)
    return colorizer


def test_the_command_takes_faces(loaded, face, tmp_path, monkeypatch):
    finds_faces(monkeypatch, (30, 40, 20))
    assert cli.main(words("colorize", face, tmp_path, "--boxes", "faces")) == 0
    expected = loaded.colorize(face, boxes=[(22, 30, 58, 66)])
    assert (np.asarray(Image.open(tmp_path / "out.png")) == expected).all()


def test_a_sheet_takes_boxes_too(loaded, face, tmp_path):
    (tmp_path / "boxes.json").write_text(json.dumps([EYES]))
    assert cli.main(words("chroma", face, tmp_path, "--boxes", str(tmp_path / "boxes.json"))) == 0
    expected = chroma.sheet(face, loaded.chroma(face, boxes=[EYES]))
    assert (np.asarray(Image.open(tmp_path / "out.png")) == expected).all()


def test_the_command_tells_what_it_cuts(loaded, face, tmp_path, capsys):
    (tmp_path / "boxes.json").write_text("[[50, -7, 300, 40]]")
    assert cli.main(words("colorize", face, tmp_path, "--boxes", str(tmp_path / "boxes.json"))) == 0
    assert "note: box 0: cut at the border of the picture, (50, 0, 96, 40)\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[20, 4, 10, 30]]", "box 0: (20, 4, 10, 30) has no area"),
        ("[[1, 2, 9, 9], [96, 0, 99, 9]]", "box 1: (96, 0, 99, 9) lies outside the picture of 96x96 px"),
        ('[["a", 2, 9, 9]]', "box 0: needed are whole numbers of pixels"),
        (json.dumps([EYES] * 9), "9 boxes: at most 8 can be taken"),
        ('{"a": 1}', "needed is a list"),
        ("eyes", "no boxes (JSONDecodeError)"),
        (None, "no such file, and no detector"),
    ],
)
def test_bad_boxes_are_one_line_and_exit_code_2(loaded, face, tmp_path, capsys, text, said):
    if text is not None:
        (tmp_path / "boxes.json").write_text(text)
    for command in ("colorize", "chroma"):
        assert cli.main(words(command, face, tmp_path, "--boxes", str(tmp_path / "boxes.json"))) == 2
        told = capsys.readouterr().err
        assert told.count("\n") == 1 and said in told
    assert not (tmp_path / "out.png").exists()


def test_a_missing_torchvision_is_one_line_and_exit_code_2(loaded, face, tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "torchvision", None)
    assert cli.main(words("colorize", face, tmp_path, "--boxes", "objects")) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "pip install 'anime-color[objects]'" in told
