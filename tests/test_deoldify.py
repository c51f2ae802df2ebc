"""The recipe `deoldify`: its loss, the order of NoGAN, what is frozen when."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from anime_color import recipes
from anime_color.faces import Faces
from anime_color.training.phases import Scene
from tests.small_system import ready, snapshot

pytestmark = pytest.mark.usefixtures("eagerly")

RECIPE = recipes.get("deoldify")
TINY = RECIPE.Settings.tiny()


@pytest.fixture(scope="module")
def system():
    return RECIPE.build(TINY)


def phase_of(system, name):
    return next(phase for phase in system.phases if phase.name == name)


def rates(update, weights):
    """{weight's path: factor of its learning rate}"""
    return {weight.path: update.pace(weight) for weight in weights}


def test_the_order_of_nogan(system):
    names = ["frozen", "small", "middle", "whole", "critic", "adversarial"]
    assert [phase.name for phase in system.phases] == names
    assert [[u.trains for u in phase.updates] for phase in system.phases] == [
        *[[("generator",)]] * 4, [("critic",)], [("critic",), ("generator",)],
    ]  # fmt: skip
    plain = RECIPE.build(dataclasses.replace(TINY, order="gan"))
    assert [phase.name for phase in plain.phases] == ["adversarial"] and set(plain.optimizers) == {
        "critic",
        "generator",
    }
    generator = plain.phases[0].updates[1]
    assert generator.pace is None and generator.gate is None


def test_weights_of_the_feature_loss(system):
    weights = {"pixels": 1, "depth1": 20, "depth2": 70, "depth3": 10}
    assert {term.name: term.weight for term in phase_of(system, "whole").updates[0].terms} == weights
    assert RECIPE.Settings.faithful().feature_weight == 2
    published = RECIPE.build(dataclasses.replace(TINY, feature_weight=2.0))
    doubled = {"adversarial": 1} | {name: 2 * weight for name, weight in weights.items()}
    assert {term.name: term.weight for term in phase_of(published, "adversarial").updates[1].terms} == doubled


def test_the_feature_loss_of_a_picture_with_itself_is_zero_and_it_has_no_direction(system):
    phase = phase_of(system, "whole")
    one, other = np.random.default_rng(0).uniform(-1, 1, (2, 1, 32, 32, 3)).astype("float32")

    def losses(real, fake):
        pictures = phase.pictures | {"real": lambda s: real, "fake": lambda s: fake}
        scene = Scene(system.networks, {}, 0, keras.random.SeedGenerator(0), ("generator",), pictures)
        return np.array([float(ops.convert_to_numpy(term.function(scene))) for term in phase.updates[0].terms])

    assert (losses(one, one) == 0).all()
    assert (losses(one, other) > 0).all()
    np.testing.assert_allclose(losses(one, other), losses(other, one), rtol=1e-5)


def test_the_critic_learns_five_times_as_fast(system):
    critic, generator = (
        float(ops.convert_to_numpy(system.optimizers[n].learning_rate)) for n in ("critic", "generator")
    )
    assert critic == pytest.approx(5 * generator)
    assert [bool(phase_of(system, "adversarial").updates[1].gate[1](loss)) for loss in (0.7, 0.65, 0.64)] == [
        False, False, True,
    ]  # fmt: skip


def test_against_the_critic_only_the_decoder_moves(system):
    paces = rates(phase_of(system, "adversarial").updates[1], system.networks["generator"].trainable_variables)
    assert {pace for path, pace in paces.items() if path.startswith("encoder_")} == {0}
    assert {pace for path, pace in paces.items() if not path.startswith("encoder_")} == {1}


def test_two_halves_of_a_pretrained_encoder_have_paces_of_their_own():
    chosen = dataclasses.replace(TINY, early_pace=0.001, late_pace=0.03)
    system = RECIPE.build(chosen)
    paces = rates(phase_of(system, "small").updates[0], system.networks["generator"].trainable_variables)
    for path, pace in paces.items():
        early = path.startswith(("encoder_stem", "encoder_layer1", "encoder_layer2"))
        assert pace == (0.001 if early else 0.03 if path.startswith("encoder_") else 1), path


def test_a_frozen_encoder_moves_its_normalization_alone(face_set):
    only = {name: 0.0 for name in ("small_share", "critic_share", "adversarial_share")}
    system = RECIPE.build(dataclasses.replace(TINY, frozen_share=1.0, **only))
    trainer = ready(system)
    generator = trainer.networks["generator"]
    before = snapshot(generator)
    faces = Faces(face_set, batch_size=30, size=TINY.size, fields=system.fields)
    trainer.fit(faces, epochs=1, verbose=0)
    assert trainer.phase.name == "frozen"
    for weight, old in zip(generator.weights, before, strict=True):
        stays = weight.path.startswith("encoder_") and "normalization" not in weight.path
        moved = (ops.convert_to_numpy(weight) != old).any()
        assert moved != stays or weight.path.endswith("bias"), weight.path


def test_few_pictures_are_learned_at_the_full_size():
    finished = dataclasses.replace(RECIPE.Settings.practical(), whole_share=0.0, adversarial_share=0.9)
    tuned = RECIPE.fine_tuning(finished, 25)  # also of a run that only had its last phases
    shares = (tuned.small_share, tuned.middle_share, tuned.whole_share, tuned.critic_share, tuned.adversarial_share)
    assert shares == (0, 0, 0.25, 0.1, 0.2)
