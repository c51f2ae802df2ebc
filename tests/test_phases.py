"""Phases: when they end, what they end with, what they read and judge. Runs on every backend."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import layers, ops

from anime_color import fields
from anime_color.faces import Endless, Faces
from anime_color.training import phases
from anime_color.training.best import KeepBest
from anime_color.training.painted import Painted, Short
from anime_color.training.phases import Phase, Scene, Term, Update
from tests.small_system import StopAfter, differing, ready, small_system, snapshot

LEARNS = Term("reach", lambda scene: ops.mean((scene.fake - scene.real) ** 2))
VALUE = Term("value", lambda scene: ops.mean(scene.batch["value"]), weight=0)


def learning(name, *terms, **options):
    """A phase in which the generator learns the colors; its loss is logged as NAME_reach, `terms` beside it."""
    return Phase(name, (Update(name, (LEARNS, *terms), ("generator",)),), **options)


def system_of(*phase_list):
    """A small system with an optimizer for each of the phases."""
    system = small_system(*phase_list)
    optimizers = {update.name: keras.optimizers.Adam(0.01) for update in system.updates}
    return dataclasses.replace(system, optimizers=optimizers)


class Valued(keras.utils.PyDataset):
    """Batches with a field "value" beside their own: that of batch number i is values[i]; they begin anew, for batches
    are fetched in advance."""

    def __init__(self, faces, values):
        super().__init__()
        self.faces, self.values = faces, values

    def __len__(self):
        return len(self.faces)

    def __getitem__(self, index):
        batch = self.faces[index]
        return batch | {"value": np.full(len(batch["l"]), self.values[index % len(self.values)], "float32")}

    def after(self, steps):
        return Endless(self, steps)


class Diary(keras.callbacks.Callback):
    """Of each step the phase and how much of it is over; of each pass the averaged generator at its end."""

    def __init__(self):
        super().__init__()
        self.steps, self.averages = [], []

    def on_train_batch_end(self, batch, logs=None):
        self.model.steps_done  # noqa: B018  on JAX, asking the model also brings its weights up to date
        over = float(ops.convert_to_numpy(self.model.over))
        self.steps.append((self.model.phase.name, pytest.approx(over, abs=1e-6)))

    def on_epoch_end(self, epoch, logs=None):
        self.model.steps_done  # noqa: B018
        self.averages.append(snapshot(self.model.averaged))


@pytest.fixture(scope="module")
def faces(face_set):
    """3 batches a pass."""
    return Faces(face_set, split="all", batch_size=20)


@pytest.fixture(scope="module")
def counted(faces):
    """The mean value of pass p, counted from 0, is 3 p + 1."""
    return Valued(faces, np.arange(60))


def stopped_after(steps, system, faces, epochs, *more):
    """A new trainer with the state of one that was stopped after so many steps."""
    stopped = ready(system())
    stopped.fit(faces, epochs, callbacks=[*more, StopAfter(steps)], verbose=0)
    assert stopped.steps_done == steps
    continued = ready(system())
    continued.load_state(stopped.state())
    return continued


def same(weights, others):
    return all((one == other).all() for one, other in zip(weights, others, strict=True))


# until ----------------------------------------------------------------------------------------------------


def until_four():
    """Phases of equal shares of which the first ends when the mean value of a pass is 4, after its second pass."""
    return system_of(
        learning("first", VALUE, until=("first_value", lambda value: value >= 4)), learning("second"), learning("third")
    )


def test_a_phase_ends_after_the_pass_that_met_its_until_and_its_share_goes_to_the_later_ones(counted):
    trainer, diary = ready(until_four()), Diary()
    trainer.fit(counted, epochs=10, callbacks=[diary], verbose=0)
    # 30 steps, 10 a phase; the first has 6 of its 10, and each of the others gets 12
    assert diary.steps == [
        *(("first", k / 10) for k in range(6)),
        *(("second", k / 12) for k in range(12)),
        *(("third", k / 12) for k in range(12)),
    ]
    assert trainer.turns.place(1) == (2, 1.0)


def test_an_until_that_is_not_met_changes_nothing(counted):
    never = system_of(learning("first", VALUE, until=("first_value", lambda value: value < 0)), learning("second"))
    trainer, diary = ready(never), Diary()
    trainer.fit(counted, epochs=4, callbacks=[diary], verbose=0)
    assert diary.steps == [*(("first", k / 6) for k in range(6)), *(("second", k / 6) for k in range(6))]


def test_an_until_in_the_last_phase_ends_the_training(counted):
    last = learning("last", VALUE, until=("last_value", lambda value: value >= 4))
    trainer = ready(system_of(learning("first", VALUE, share=0.0), last))
    trainer.fit(counted, epochs=10, verbose=0)
    assert trainer.steps_done == 6
    continued = ready(system_of(learning("first", VALUE, share=0.0), last))
    continued.load_state(trainer.state())
    assert continued.fit(counted, epochs=10, verbose=0).history == {}


@pytest.fixture(scope="module")
def whole_until(counted):
    """(state, logged means) of an uninterrupted training."""
    trainer = ready(until_four())
    rows = trainer.fit(counted, epochs=10, verbose=0).history
    return trainer.state(), rows


# the stops at 3, 6 and 18 are at the end of a pass, that at 6 of the one that ends the first phase
@pytest.mark.parametrize("steps", [3, 5, 6, 7, 18])
def test_a_stop_is_not_seen_afterwards(counted, whole_until, steps):
    state, rows = whole_until
    continued = stopped_after(steps, until_four, counted, 10)
    later = continued.fit(counted, epochs=10, verbose=0).history
    assert differing(continued.state(), state) == []
    assert rows["first_value"] == [1, 4]
    # a row a pass: what comes after the stop has the means of its own pass, from the pass's first step on
    names = ["first"] * 2 + ["second"] * 4 + ["third"] * 4
    for name, values in rows.items():
        count = names[steps // 3 :].count(name.partition("_")[0])
        assert later.get(name, []) == values[len(values) - count :], name


# keep_best ------------------------------------------------------------------------------------------------


def a_pass(*means):
    """Values of the batches of passes with the given means."""
    return [mean + step for mean in means for step in (0, -1, 1)]


@pytest.mark.parametrize(("name", "best"), [("first_value", 2), ("-first_value", 1)])
def test_a_phase_ends_with_the_average_of_its_best_pass(faces, name, best):
    trainer, diary = ready(system_of(learning("first", VALUE, keep_best=name))), Diary()
    given = Valued(faces, a_pass(5, 9, 2, 7))
    history = trainer.fit(given, epochs=4, callbacks=[KeepBest(), diary], verbose=0).history
    assert history["first_value"] == [5, 9, 2, 7]
    kept = snapshot(trainer.averaged)
    assert [same(kept, average) for average in diary.averages] == [number == best for number in range(4)]


def test_a_loss_that_falls_and_rises_ends_at_its_lowest(faces):
    """The pull to the colors turns into a push when half of the phase is over."""
    pull = Update("first", (LEARNS,), ("generator",), schedule=lambda over: ops.where(over < 0.5, 1.0, -1.0))
    trainer, diary = ready(system_of(Phase("first", (pull,), keep_best="first_reach"))), Diary()
    history = trainer.fit(faces, epochs=6, callbacks=[KeepBest(), diary], verbose=0).history
    best = int(np.argmin(history["first_reach"]))
    assert 0 < best < 5
    assert same(snapshot(trainer.averaged), diary.averages[best])
    assert not same(snapshot(trainer.averaged), diary.averages[-1])


def test_a_phase_that_only_does_harm_ends_with_what_it_began_with(faces):
    class Worse:
        """Scores as `callbacks.Scores` gives them: 1 before the phase, and nothing later is as low."""

        needed = True

        def now(self):
            return {"score_kid": 1.0}

    worse = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(score_kid=2.0 + epoch))
    trainer = ready(system_of(learning("first", keep_best="score_kid")))
    before = snapshot(trainer.averaged)
    trainer.fit(faces, epochs=2, callbacks=[worse, KeepBest(Worse())], verbose=0)
    assert trainer.steps_done == 6 and same(snapshot(trainer.averaged), before)


def test_the_next_phase_begins_with_the_best_and_its_own_best_is_another(faces):
    class Begin(keras.callbacks.Callback):
        def on_train_batch_begin(self, batch, logs=None):
            if self.model.phase.name == "second" and not hasattr(self, "found"):
                self.found = snapshot(self.model.networks["generator"])

    higher = Term("value", lambda scene: 5 - ops.mean(scene.batch["value"]), weight=0)
    two = (
        learning("first", VALUE, share=2.0, keep_best="first_value"),
        learning("second", higher, share=3.0, keep_best="second_value"),
    )
    trainer, diary, begin = ready(system_of(*two)), Diary(), Begin()
    # the first phase logs 1 and 3, the second 4, 2 and 3; the 1 must not be in the way of the 2
    trainer.fit(Valued(faces, a_pass(1, 3, 2)), epochs=5, callbacks=[KeepBest(), diary, begin], verbose=0)
    assert same(begin.found, diary.averages[0])
    assert same(snapshot(trainer.averaged), diary.averages[3])


def test_an_until_ends_the_last_phase_with_its_best(faces):
    last = learning("last", VALUE, keep_best="last_value", until=("last_value", lambda value: value > 8))
    trainer, diary = ready(system_of(last)), Diary()
    trainer.fit(Valued(faces, a_pass(5, 2, 9, 1)), epochs=4, callbacks=[KeepBest(), diary], verbose=0)
    assert len(diary.averages) == 3
    assert same(snapshot(trainer.averaged), diary.averages[1])


def keeping():
    first = learning("first", VALUE, keep_best="first_value")
    return system_of(first, learning("second", VALUE, keep_best="second_value"))


@pytest.fixture(scope="module")
def falling_and_rising(faces):
    """Means of 5, 4 and 6 in each of two phases."""
    return Valued(faces, [5, 5, 5, 4, 4, 4, 0, 9, 9])


@pytest.fixture(scope="module")
def whole_keeping(falling_and_rising):
    """(state, averaged generators after each pass) of an uninterrupted training."""
    trainer, diary = ready(keeping()), Diary()
    trainer.fit(falling_and_rising, epochs=6, callbacks=[KeepBest(), diary], verbose=0)
    return trainer.state(), diary.averages


# after 7 and 16 steps the mean of a part of a pass is lower than that of any whole one
@pytest.mark.parametrize("steps", [6, 7, 9, 16])
def test_the_best_survives_a_stop(falling_and_rising, whole_keeping, steps):
    state, averages = whole_keeping
    continued = stopped_after(steps, keeping, falling_and_rising, 6, KeepBest())
    continued.fit(falling_and_rising, epochs=6, callbacks=[KeepBest()], verbose=0)
    assert differing(continued.state(), state) == []
    assert [same(snapshot(continued.averaged), one) for one in averages] == [False] * 4 + [True, False]


# pace, gate, cycle ----------------------------------------------------------------------------------------


def test_a_pace_freezes_some_weights_and_slows_others(faces):
    def pace(weight):
        return {"kernel": 0, "bias": 0.5}.get(weight.path.split("/")[-1], 1)

    def moves(pace):
        """(path, what it moved by) of each weight in one step."""
        step = Phase("first", (Update("first", (LEARNS,), ("generator",), pace=pace),))
        # the gradient of a bias before a normalization is nothing but rounding: with its usual epsilon Adam would make
        # a large step of that
        rounding_stays_small = {"first": keras.optimizers.Adam(0.01, epsilon=1e-3)}
        trainer = ready(dataclasses.replace(system_of(step), optimizers=rounding_stays_small))
        weights = trainer.networks["generator"].trainable_variables
        before = [ops.convert_to_numpy(v) for v in weights]
        trainer.fit(faces, epochs=1, callbacks=[StopAfter(1)], verbose=0)
        return [(v, ops.convert_to_numpy(v) - old) for v, old in zip(weights, before, strict=True)]

    for (weight, free), (_, paced) in zip(moves(None), moves(pace), strict=True):
        assert (free != 0).any() or weight.path.endswith("bias")  # normalization takes some away
        np.testing.assert_allclose(paced, pace(weight) * free, rtol=1e-3, atol=1e-7)


def test_a_gate_lets_the_generator_move_only_after_a_good_step_of_the_critic(faces):
    """DeOldify's rule: stay with the critic until its loss is below 0.65, then one step of the generator."""
    scripted = Term("scripted", lambda s: ops.mean(s.batch["value"]) + 0 * ops.mean(s.logits("critic", "real")))
    critic = Update("critic", (scripted,), ("critic",))
    gated = Update("generator", (LEARNS,), ("generator",), gate=("critic_loss", lambda loss: loss < 0.65))

    class Moved(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            self.seen, self.before = [], snapshot(self.model.networks["generator"])

        def on_train_batch_end(self, batch, logs=None):
            self.model.steps_done  # noqa: B018
            now = snapshot(self.model.networks["generator"])
            self.seen.append(not same(now, self.before))
            self.before = now

    trainer, moved = ready(small_system(Phase("first", (critic, gated)))), Moved()
    losses = [0.9, 0.7, 0.6, 0.9, 0.64, 0.66]
    trainer.fit(Valued(faces, losses), epochs=2, callbacks=[moved], verbose=0)
    assert moved.seen == [False, False, True, False, True, False]
    # a step that does not count leaves no trace in the optimizer either
    assert int(ops.convert_to_numpy(trainer.optimizers["generator"].iterations)) == 2
    assert int(ops.convert_to_numpy(trainer.optimizers["critic"].iterations)) == 6


def test_one_cycle_by_hand():
    cycle = phases.one_cycle(0.5, start=0.2, end=0.0)
    found = [float(ops.convert_to_numpy(cycle(ops.convert_to_tensor(over)))) for over in (0.0, 0.25, 0.5, 0.75, 1.0)]
    assert found == pytest.approx([0.2, 0.6, 1.0, 0.5, 0.0], abs=1e-6)
    falling = phases.one_cycle(0.0, end=0.0)
    assert float(ops.convert_to_numpy(falling(ops.convert_to_tensor(0.0)))) == pytest.approx(1)


def test_painted_faces_come_beside_their_own_and_are_pure(face_set):
    faces = Faces(face_set, split="all", batch_size=8, fields={"gray": fields.gray, "photo": fields.whole})
    gray = layers.Input((None, None, 1), name="gray")
    inverse = keras.Model({"gray": gray}, layers.Concatenate()([-gray, -gray, -gray]))
    painted = Painted(faces, inverse, "saved", 0.5)
    assert len(painted) == -(-round(0.5 * faces.count) // 8)
    for index in (0, len(painted) + 1):
        batch, again = painted[index], painted[index]
        assert all((batch[name] == again[name]).all() for name in batch)
        np.testing.assert_allclose(batch["saved"][..., :1], -batch["gray"], atol=2 / 255)  # mirrored alike
    everything = np.concatenate([painted[i]["photo"] for i in range(len(painted))])
    assert len(np.unique(everything.reshape(len(everything), -1), axis=0)) == round(0.5 * faces.count)
    one = Painted(faces, inverse, "saved", 1e-6)
    assert len(one) == 1 and len(one[0]["saved"]) == 8


def test_short_passes_go_on_where_the_last_one_ended(faces):
    short = Short(faces, 2)
    assert len(faces) == 3 and len(short) == 2
    assert (short[4]["l"] == faces[4]["l"]).all()


# batches --------------------------------------------------------------------------------------------------

SIZE = Term("size", lambda scene: ops.cast(ops.shape(scene.batch["l"])[1], "float32"), weight=0)
COUNT = Term("count", lambda scene: ops.cast(scene.count, "float32"), weight=0)


def growing():
    def of(size, batch_size):
        return lambda networks, faces: faces.again(size=size, batch_size=batch_size)

    return system_of(
        learning("small", SIZE, COUNT, batches=of(16, 30)), learning("large", SIZE, COUNT, batches=of(32, 12))
    )


@pytest.fixture(scope="module")
def whole_growing(faces):
    """(state, logged means) of an uninterrupted training."""
    trainer = ready(growing())
    rows = trainer.fit(faces, epochs=6, verbose=0).history
    return trainer.state(), rows


def test_pictures_grow_from_phase_to_phase(whole_growing):
    _, rows = whole_growing
    # 9 steps each: 4 and a half passes of 2 batches, then 1 pass and 4 steps of 5 batches
    assert rows["small_size"] == [16] * 5 and rows["small_count"] == [30] * 5
    assert rows["large_size"] == [32] * 2 and rows["large_count"] == [12] * 2


@pytest.mark.parametrize("steps", [4, 9, 12, 14])
def test_grown_pictures_survive_a_stop(faces, whole_growing, steps):
    continued = stopped_after(steps, growing, faces, 6)
    continued.fit(faces, epochs=6, verbose=0)
    assert differing(continued.state(), whole_growing[0]) == []


def test_the_same_faces_seen_again_are_those_of_the_first_look(face_set):
    faces = Faces(face_set, split="all", batch_size=20, seed=4)
    again = faces.again(batch_size=10)
    assert (again.seed, again.split, again.size, len(again)) == (4, "all", 32, 6)
    assert (np.concatenate([again[0]["l"], again[1]["l"]]) == faces[0]["l"]).all()
    half = faces.again(size=16)
    assert np.abs(half[0]["l"] - faces[0]["l"].reshape(20, 16, 2, 16, 2, 1).mean((2, 4))).mean() < 0.05
    assert list(faces.again(fields={"label": lambda sample: sample.label})[0]) == ["label"]


# pictures -------------------------------------------------------------------------------------------------


def averaging_critic():
    """A critic whose logit is the mean of the picture."""
    picture = layers.Input((None, None, 3))
    critic = keras.Model(picture, layers.Dense(1)(layers.GlobalAveragePooling2D()(picture)))
    critic.set_weights([np.full((3, 1), 1 / 3, "float32"), np.zeros(1, "float32")])
    return critic


def flat(value):
    return lambda scene: ops.zeros_like(scene.colored()) + value


def judging(**options):
    """A system with the averaging critic and one adversarial phase with `options`."""
    blurred = Term("edges", lambda scene: ops.mean(scene.logits("critic", "edges")), weight=0)
    system = small_system(phases.adversarial("least_squares", critic_extra=(blurred,), **options))
    return dataclasses.replace(system, networks=system.networks | {"critic": averaging_critic()})


def test_critics_judge_the_pictures_that_the_phase_names(face_set):
    faces = Faces(face_set, split="all", batch_size=60)  # one step, and what is logged is of before it
    system = judging(pictures={"real": flat(0.75), "fake": flat(-0.5), "edges": flat(0.25)}, trains=("critic",))
    logs = {name: values[0] for name, values in ready(system).fit(faces, verbose=0).history.items()}
    assert logs["critic_real"] == pytest.approx(0.75, abs=1e-5)
    assert logs["critic_fake"] == pytest.approx(-0.5, abs=1e-5)
    assert logs["critic_edges"] == pytest.approx(0.25, abs=1e-5)
    assert logs["critic_adversarial"] == pytest.approx(0.25**2 + 0.5**2, abs=1e-5)


def test_what_a_phase_does_not_name_is_the_true_and_the_generators(face_set):
    faces = Faces(face_set, split="all", batch_size=60, shuffle=False, flips=False)
    batch = faces[0]
    true = np.concatenate([batch["l"], batch["ab"]], -1)
    scene = scene_of(judging(pictures={}), batch)
    assert (ops.convert_to_numpy(scene.real) == true).all()
    assert (ops.convert_to_numpy(scene.fake)[..., :1] == batch["l"]).all()
    assert ops.convert_to_numpy(scene.logits("critic", "real"))[:, 0] == pytest.approx(true.mean((1, 2, 3)), abs=1e-5)


def scene_of(system, batch, pictures=None, trains=("critic",)):
    batch = {name: ops.convert_to_tensor(values) for name, values in batch.items()}
    return Scene(system.networks, batch, system.latent_size, keras.random.SeedGenerator(0), trains, pictures)


def test_a_scene_makes_each_picture_and_judges_it_once(faces):
    calls = []

    def counting(name):
        def picture(scene):
            calls.append(name)
            return scene.colored()

        return picture

    system = judging(pictures={})
    critic = system.networks["critic"]

    def judge(pictures, training):
        calls.append("critic")
        return critic(pictures, training=training)

    system = dataclasses.replace(system, networks=system.networks | {"critic": judge})
    scene = scene_of(system, faces[0], {name: counting(name) for name in ("real", "fake", "edges")}, trains=())
    for _ in range(3):
        scene.logits("critic", "real"), scene.logits("critic", "edges")
        assert scene.picture("edges") is scene.picture("edges") and scene.real is scene.picture("real")
    assert sorted(calls) == ["critic", "critic", "edges", "real"]  # nobody asked for the fake ones
    assert scene.fake is scene.fake and calls.count("fake") == 1


def test_given_pictures_are_those_of_the_batch(faces):
    scene = scene_of(judging(pictures={}), faces[0], {"real": phases.given("ab")})
    assert (ops.convert_to_numpy(scene.real) == faces[0]["ab"]).all()
