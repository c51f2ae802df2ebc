"""Every recipe, tiny: it builds, trains a step, moves every network, and its presets are sound."""

import dataclasses

import keras
import numpy as np
import pytest
from keras import ops

from anime_color import recipes, settings
from anime_color.faces import Faces
from anime_color.networks import trunks
from anime_color.training.trainer import Trainer
from data_prep.errors import BadInput

pytestmark = pytest.mark.usefixtures("eagerly")

NETWORKS = {
    "chroma": ("generator", "regions", "palette", "critic"),
    "gan": ("generator", "discriminator"),
    "wgan_gp": ("generator", "critic"),
    "chroma_lines": ("generator", "shading", "critic"),
    "two_stage": ("generator", "draft", "coloring", "discriminator"),
    "cartoongan": ("generator", "discriminator", "pool"),
    "deoldify": ("generator", "critic"),
    "chromagan": ("generator", "critic"),
    "comicolorization": ("generator", "discriminator"),
    "instcolor": ("generator", "full_image", "instance", "fusion", "critic"),
}
FAITHFUL = {
    "chroma": (2_064_184, 1_714_794, 349_198, 1_555_842),
    "gan": (8_637_122, 2_930_353),
    "wgan_gp": (8_637_122, 2_926_321),
    "chroma_lines": (5_866_445, 3_802_261, 3_461_186),
    "two_stage": (2 * 13_071_072, 13_071_072, 13_071_072, 903_105),
    "cartoongan": (11_129_667, 1_129_665),
    "deoldify": (63_646_881, 94_555_649),
    "chromagan": (171_171_722, 2_764_737),
    "comicolorization": (42_722_287, 2_783_425),
    "instcolor": (3 * 34_187_027 + 1_078_266, 34_187_027, 34_187_027, 34_187_027 + 1_078_266),
}
TRAINED = ("deoldify", "comicolorization", "instcolor")  # their sheets count no statistics of batch normalization


@pytest.fixture(autouse=True)
def no_download(monkeypatch, tmp_path):
    """A Keras with an empty folder of weights, which no network reaches."""

    def fails(kind):
        raise Exception("no network")

    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    monkeypatch.setattr(trunks, "_downloaded", fails)


def faces_of(system, face_set, chosen, **options):
    """Batches for a system; the further sets that it draws from are the same faces."""
    seen = {"size": chosen.size, "lightness": chosen.lightness}
    others = {name: Faces(face_set, flips=False, shuffle=False, **seen) for name in system.others}
    return Faces(face_set, **seen, fields=system.fields, others=others, **options)


def gets_no_gradient(network, path):
    """Whether a trained weight cannot learn, as it changes nothing."""
    if path.endswith("logit/bias"):
        return True  # a Wasserstein critic's is pulled up by the real faces as much as down by the fakes
    if path.endswith("key/bias"):
        return True  # adds the same to all that attention compares
    layer, _, kind = path.partition("/")
    following = next((one for one in network.layers if one.name == f"{layer}_normalization"), None)
    a_channel = isinstance(following, keras.layers.GroupNormalization) and following.groups == following.gamma.shape[0]
    # instance or batch normalization takes the mean of each channel away
    return kind == "bias" and (a_channel or isinstance(following, keras.layers.BatchNormalization))


@pytest.mark.parametrize("name", recipes.NAMES)
def test_one_pass_of_tiny(name, face_set):
    recipe = recipes.get(name)
    chosen = recipe.Settings.tiny()
    trainer = Trainer(recipe.build(chosen), chosen.seed)
    trainer.compile()
    assert tuple(trainer.networks) == NETWORKS[name]
    before = {
        n: [ops.convert_to_numpy(v) for v in network.trainable_variables] for n, network in trainer.networks.items()
    }
    faces = faces_of(trainer.system, face_set, chosen, batch_size=chosen.batch_size * trainer.system.parts)
    history = trainer.fit(faces, epochs=1, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    assert trainer.phase is trainer.turns.phases[-1]
    for n, network in trainer.networks.items():
        for variable, old in zip(network.trainable_variables, before[n], strict=True):
            if not gets_no_gradient(network, variable.path):
                assert (ops.convert_to_numpy(variable) != old).any(), variable.path
    vectors = np.random.default_rng(0).standard_normal((2, trainer.system.latent_size)).astype("float32")
    known = faces[0] | {"noise": vectors}
    given = {n: known[n][:1].repeat(2, 0) if n != "noise" else vectors for n in trainer.averaged.input}
    painted = ops.convert_to_numpy(trainer(given))
    side = next(values.shape[1] for n, values in given.items() if n in ("l", "lines", "photo", "gray"))
    assert painted.shape == (2, side, side, 3) and np.isfinite(painted).all()
    # a batch of equal pictures is not computed equally to the last bit
    assert (np.abs(painted[0] - painted[1]).max() > 1e-5) == ("noise" in given)
    if "l" in given:
        assert (painted[..., :1] == given["l"]).all()


@pytest.mark.parametrize("name", recipes.NAMES)
def test_faithful_counts(name):
    networks = recipes.get(name).build(recipes.get(name).Settings.faithful()).networks
    counts = tuple(network.count_params() for network in networks.values())
    if name in TRAINED:
        counts = tuple(sum(np.prod(v.shape) for v in n.trainable_variables) for n in networks.values())
    assert counts == FAITHFUL[name]


@pytest.mark.parametrize("name", ["gan", "wgan_gp"])
def test_faithful_layer_order_trains(name, face_set):
    """The ancestor's networks at 32 px: the switches of its slips included."""
    recipe = recipes.get(name)
    chosen = dataclasses.replace(
        recipe.Settings.faithful(), size=32, width=8, critic_width=4, latent_size=10, batch_size=4
    )
    trainer = Trainer(recipe.build(chosen))
    trainer.compile()
    faces = Faces(face_set, split="all", batch_size=60, lightness=chosen.lightness)
    history = trainer.fit(faces, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())


@pytest.mark.parametrize(
    "change",
    [
        {"objective": "wasserstein", "penalty": 10.0, "r1": 0.0, "critic_steps": 2, "moving": "both"},
        {"objective": "hinge", "factor": 4, "r1_stride": 1, "slopes": "none"},
        {"palette_share": 0.0, "flow_steps": 1},
        {"adversarial_share": 0.0, "frozen": "regions"},
    ],
)
def test_the_compared_choices_of_chroma_train(change, face_set):
    recipe = recipes.get("chroma")
    chosen = dataclasses.replace(recipe.Settings.tiny(), **change)
    trainer = Trainer(recipe.build(chosen))
    trainer.compile()
    faces = Faces(face_set, split="all", batch_size=20)
    history = trainer.fit(faces, epochs=2, verbose=0).history
    assert all(np.isfinite(values).all() for values in history.values())
    phases = {
        "regions_painting": chosen.regions_share and chosen.frozen != "regions",
        "palette_flow": chosen.palette_share,
        "critic_adversarial": chosen.adversarial_share,
        "critic_penalty": chosen.penalty,
        "critic_r1": chosen.r1 and chosen.adversarial_share,
    }
    assert {name for name, asked in phases.items() if asked} == set(history) & set(phases)


@pytest.mark.parametrize("name", recipes.NAMES)
@pytest.mark.parametrize("preset", recipes.PRESETS)
def test_settings_survive_json(name, preset):
    chosen = settings.preset(name, preset)
    assert settings.from_json(name, settings.to_json(chosen)) == chosen


def test_switches_of_the_ancestors_slips():
    faithful = recipes.get("wgan_gp").Settings.faithful()
    assert (faithful.alpha, faithful.lightness) == ("pixel", "luma")
    practical = recipes.get("wgan_gp").Settings.practical()
    assert (practical.alpha, practical.lightness) == ("sample", "lab")


def test_set_reads_the_type_of_the_setting():
    chosen = settings.with_values(settings.preset("wgan_gp"), ["batch_size=8", "penalty=5", "lightness=luma"])
    assert (chosen.batch_size, chosen.penalty, chosen.lightness) == (8, 5.0, "luma")


@pytest.mark.parametrize(
    ("assignment", "said"),
    [
        ("batch=8", "name=value with a name of network"),
        ("batch_size", "name=value"),
        ("batch_size=many", "of type int"),
        ("batch_size=0", "from 1"),
        ("penalty=-1", "from 0"),
        ("penalty=nan", "from 0"),
        ("alpha=row", "allowed are sample, pixel"),
        ("precision=float8", "allowed are float32"),
    ],
)
def test_senseless_settings_are_refused(assignment, said):
    with pytest.raises(BadInput, match=said):
        settings.with_values(settings.preset("wgan_gp"), [assignment])


def test_unknown_names_are_refused():
    with pytest.raises(BadInput, match="allowed are chroma, gan, wgan_gp"):
        recipes.get("dcgan")
    with pytest.raises(BadInput, match="allowed are tiny"):
        settings.preset("gan", "huge")
    with pytest.raises(BadInput, match="does not belong"):
        settings.from_json("gan", {"critic_steps": 2})
    with pytest.raises(BadInput, match="does not belong"):
        settings.from_json("gan", {"size": "64"})
    with pytest.raises(BadInput, match="diversity=0.0 does not belong; was it written by this version"):
        settings.from_json("chroma", {"size": 64, "diversity": 0.0})  # of the network before regions


@pytest.mark.parametrize("name", [name for name in recipes.NAMES if hasattr(recipes.get(name), "fine_tuning")])
def test_rules_of_fine_tuning_leave_something_to_train(name):
    """Also of weights whose own training left phases out."""
    page = recipes.get(name)
    shares = [field.name for field in dataclasses.fields(page.Settings) if field.name.endswith("_share")]
    for only in (None, *shares):
        alone = {share: float(share == only) for share in shares} if only else {}
        begun = dataclasses.replace(page.Settings.tiny(), **alone)
        for tuned in {settings.checked(page.fine_tuning(begun, pictures)) for pictures in (5, 50_000)}:
            trained = [phase for phase in page.build(tuned).phases if phase.share]
            assert trained or only == "regions_share", (only, tuned)  # of `chroma`: nothing but what is frozen


def test_chroma_leaves_the_palette_phase_out_for_few_pictures():
    page = recipes.get("chroma")
    few, many = (page.fine_tuning(page.Settings(), pictures) for pictures in (999, 1000))
    assert (few.palette_share, many.palette_share) == (0, 0.25) and few.frozen == many.frozen == "regions"
