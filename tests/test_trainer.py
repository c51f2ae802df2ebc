"""Trainer: who moves in which update, phases, averaging, continuing. Runs on every backend."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from anime_color import recipes
from anime_color.faces import Faces
from anime_color.training import callbacks, phases
from anime_color.training.phases import Phase, Term, Update
from anime_color.training.trainer import Trainer
from data_prep.errors import BadInput
from tests.small_system import StopAfter, changed, ready, small_system, snapshot


@pytest.fixture
def faces(face_set):
    return Faces(face_set, split="all", batch_size=20)


@pytest.mark.parametrize(("moving", "still"), [("generator", "critic"), ("critic", "generator")])
def test_an_update_moves_its_networks_and_nothing_of_the_others(faces, moving, still):
    update = next(u for u in phases.adversarial("hinge").updates if u.name == moving)
    trainer = ready(small_system(Phase("one", (update,))))
    before = {name: snapshot(network) for name, network in trainer.networks.items()}
    trainer.fit(faces, verbose=0)
    assert {"kernel", "moving_mean", "moving_variance"} <= changed(trainer.networks[moving], before[moving])
    assert changed(trainer.networks[still], before[still]) == set()


def test_critic_steps_read_faces_of_their_own(faces):
    seen = Term("first", lambda scene: scene.batch["l"][0, 0, 0, 0] * 0 + ops.mean(scene.batch["l"]))
    critic = Update("critic", (Term("loss_of", lambda s: -ops.mean(s.logits("critic", "real"))), seen), ("critic",), 2)
    trainer = ready(small_system(Phase("one", (critic,))))
    logs = trainer.fit(faces.__class__(faces.folder, split="all", batch_size=60, flips=False), verbose=0).history
    # the two halves cover the batch: the mean of their means is the mean of all faces
    everything = faces.__class__(faces.folder, split="all", batch_size=60, shuffle=False, flips=False)[0]["l"].mean()
    assert logs["critic_first"][0] == pytest.approx(everything, abs=1e-5)
    assert int(ops.convert_to_numpy(trainer.optimizers["critic"].iterations)) == 2


@pytest.mark.parametrize("count", [1, 2, 7])
def test_any_batch_can_be_cut_into_critic_steps(face_set, count):
    phase = phases.adversarial("wasserstein", critic_steps=3, gradient_penalty=10.0)
    faces = Faces(face_set, split="all", batch_size=count)
    trainer = ready(small_system(phase))
    with_two_batches = type("Short", (), {"__len__": lambda self: 1, "after": lambda self, n: faces.after(n)})()
    history = trainer.fit(with_two_batches, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())


def test_logged_terms_add_up_to_the_loss(faces):
    phase = phases.adversarial("wasserstein", gradient_penalty=10.0, l1=2.0)
    logs = {k: v[0] for k, v in ready(small_system(phase)).fit(faces, verbose=0).history.items()}
    assert logs["critic_loss"] == pytest.approx(logs["critic_adversarial"] + 10 * logs["critic_penalty"], rel=1e-4)
    assert logs["critic_adversarial"] == pytest.approx(logs["critic_fake"] - logs["critic_real"], abs=1e-4)
    assert logs["generator_loss"] == pytest.approx(logs["generator_adversarial"] + 2 * logs["generator_l1"], rel=1e-4)


def test_averaged_generator_follows(faces):
    trainer = ready(small_system(ema=0.9))
    start = snapshot(trainer.averaged)
    one = type("One", (), {"__len__": lambda self: 1, "after": lambda self, n: faces.after(n)})()
    trainer.fit(one, verbose=0)
    decay = 1 / 10  # (1 + 0) / (10 + 0), still below 0.9
    for variable, average, old in zip(
        trainer.networks["generator"].weights, trainer.averaged.weights, start, strict=True
    ):
        new = ops.convert_to_numpy(variable)
        expected = new if "moving" in variable.path else decay * old + (1 - decay) * new
        assert ops.convert_to_numpy(average) == pytest.approx(expected, abs=1e-6)


def test_without_averaging_the_average_is_the_generator(faces):
    trainer = ready(small_system(ema=0.0))
    trainer.fit(faces, verbose=0)
    for new, average in zip(snapshot(trainer.networks["generator"]), snapshot(trainer.averaged), strict=True):
        assert (new == average).all()


def test_phases_take_turns(faces):
    critic, generator = phases.adversarial("hinge").updates
    trainer = ready(small_system(Phase("first", (critic,)), Phase("second", (generator,), share=2.0)))
    before = {name: snapshot(network) for name, network in trainer.networks.items()}
    trainer.fit(faces, epochs=3, callbacks=[StopAfter(3)], verbose=0)
    assert trainer.phase.name == "first" and changed(trainer.networks["generator"], before["generator"]) == set()
    middle = snapshot(trainer.networks["critic"])
    history = trainer.fit(faces, epochs=3, verbose=0)
    assert trainer.phase.name == "second" and history.epoch == [1, 2]
    assert changed(trainer.networks["critic"], middle) == set()
    assert changed(trainer.networks["generator"], before["generator"])


def test_fit_continues_within_a_pass_bit_for_bit(faces):
    system = {"dropout": 0.3}
    whole = ready(small_system(**system))
    rows = whole.fit(faces, epochs=3, verbose=0).history
    stopped = ready(small_system(**system))
    stopped.fit(faces, epochs=3, callbacks=[StopAfter(5)], verbose=0)
    assert stopped.steps_done == 5
    continued = ready(small_system(**system))
    continued.load_state(stopped.state())
    last_rows = continued.fit(faces, epochs=3, verbose=0).history
    state, expected = continued.state(), whole.state()
    assert [name for name in expected if (state[name] != expected[name]).any()] == []
    for name, values in rows.items():
        assert last_rows[name] == values[1:], name


def test_nothing_is_done_twice(faces):
    trainer = ready(small_system())
    trainer.fit(faces, epochs=2, verbose=0)
    assert trainer.steps_done == 6
    assert trainer.fit(faces, epochs=2, verbose=0).history == {}
    assert trainer.steps_done == 6


def test_state_of_another_system_is_refused(face_set):
    tiny = recipes.get("gan").Settings.tiny()
    other = Trainer(recipes.get("gan").build(dataclasses.replace(tiny, width=16)))
    other.compile()
    mine = Trainer(recipes.get("gan").build(tiny))
    mine.compile()
    with pytest.raises(BadInput, match="state of another system"):
        mine.load_state(other.state())
    with pytest.raises(BadInput, match="state of another system"):
        mine.load_state({"x": np.zeros(1)})


def test_a_flat_critic_gets_finite_gradients(faces):
    system = small_system(phases.adversarial("wasserstein", gradient_penalty=10.0))
    for variable in system.networks["critic"].trainable_variables:
        variable.assign(np.zeros(variable.shape))
    trainer = ready(system)
    one = type("One", (), {"__len__": lambda self: 1, "after": lambda self, n: faces.after(n)})()
    assert trainer.fit(one, verbose=0).history["critic_penalty"][0] == pytest.approx(1, abs=1e-4)
    assert all(np.isfinite(w).all() for w in snapshot(system.networks["critic"]))


def test_watch_stops_at_the_step_and_names_the_value(faces):
    class Poison(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if self.model.steps_done == 4:
                variable = self.model.networks["critic"].trainable_variables[0]
                variable.assign(np.full(variable.shape, np.nan))

    trainer = ready(small_system())
    with pytest.raises(callbacks.NotFinite, match="critic_loss.* at step 5"):
        trainer.fit(faces, epochs=5, callbacks=[Poison(), callbacks.Watch()], verbose=0)
