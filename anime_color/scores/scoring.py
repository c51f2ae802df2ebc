"""The scores of a system on a face set: each face is painted with every noise, looked at, and forgotten.

    scores, context = side_by_side(["chroma-128", "runs/mine"], "faces")
    print(results.table(scores, context))

Everything is computed on the final 8-bit picture. Realism is told against the train split of the same set, so no
generated picture shares its lightness with a real one; coloring number k of a face never meets another coloring of
that face within one comparison.
"""

import joblib
import numpy as np
from tqdm import tqdm

from anime_color import color, presets
from anime_color.coloring.colorizer import Colorizer
from anime_color.faces import Faces
from anime_color.scores import (
    bootstrap,
    colors,
    diversity,
    fidelity,
    image_quality,
    obedience,
    perceptual,
    realism,
    results,
    spatial,
    systems,
)
from anime_color.scores import features as feature_networks
from anime_color.scores.comparison import Score
from anime_color.scores.measures import OF_PHOTOS, REGIONS
from anime_color.scores.reference import Reference, thumbnails
from data_prep.drawn_faces import PARTS
from data_prep.errors import BadInput

FRECHET_REPLICATES = 200  # each takes milliseconds
TWO_SAMPLE_PICTURES = 1000  # of each kind, to train the classifier on
WORST = 3  # faces that a score names
HIGHEST_PSNR = 100.0  # stands for the infinite one of equal pictures


def side_by_side(
    names, folder, split="test", noises=25, seed=0, features="faces", baselines=True, progress=False, others=None
):
    """(scores, context) of presets and run folders on one split of a face set, the baselines first.

    baselines: without them, a table has no scale.
    others: {name: path} of further sets, as in `runs.train`; what systems of photos paint is held against the first.
    context: what `results` writes beside every line.
    """
    found = [presets.find(name) for name in names]  # names that lead nowhere are told before any work
    faces = Faces(folder, split, flips=False, shuffle=False)
    trained = []
    for name, one in zip(names, found, strict=True):
        about = {key: one.description.get(key) for key in ("recipe", "settings", "steps", "minutes")}
        about["trained_on"] = one.description.get("faces")
        colorizer = Colorizer.from_preset(name)
        trained.append(systems.of_colorizer(colorizer, noises, seed, about))
        if colorizer.needs_reference:
            known = Faces(folder, flips=False, shuffle=False)
            trained.append(systems.cross_reference(colorizer, known, noises, seed, about))
    photos = [system.name for system in trained if system.takes == "photo"]
    if photos and (len(photos) < len(trained) or not others):
        raise BadInput(
            f"{photos[0]}: weights for photos are scored by themselves, against cartoons: --faces PHOTOS --also "
            "cartoons=FACESET"
        )
    alike = next(iter(others.values())) if photos else folder
    reference = Reference.of(alike, feature_networks.load(features))
    if baselines:
        trained = [*_baselines(trained, reference, split, noises, seed), *trained]
    scores = [score(system, faces, reference, progress=progress) for system in trained]
    return scores, results.context(faces, reference, noises, seed)


def _baselines(trained, reference, split, noises, seed):
    """Those of each kind of picture that the systems take."""
    kinds = {system.takes for system in trained}
    found = []
    if "gray picture" in kinds:
        varied = [system for system in trained if system.takes == "gray picture" and system.varied]
        found += [*systems.baselines(reference, noises, seed), *map(systems.one_noise, varied[:1])]
    if "line art" in kinds:
        found += systems.line_baselines()
    if "photo" in kinds:
        found += systems.photo_baselines(reference.faces.again(split=split))
    return found


def score(system, faces, reference, jobs=2, progress=False):
    """The `Score` of a `systems.System` on `faces` (a `Faces` in its own order), against a `Reference`.

    jobs: threads that look at pictures while the next are painted.
    """
    if faces.count < 4:
        raise BadInput(
            f"{faces.folder}: {faces.count} faces in its {faces.split} split; needed are at least 4 to score"
        )
    seen, summaries, small = [], [], []
    with_lpips = perceptual.present()
    hinted = set(np.linspace(0, faces.count - 1, obedience.FACES).astype(int)) if system.hinted else ()

    def painted():
        for number in tqdm(range(faces.count), system.name, disable=not progress, leave=False):
            rgb, masks = faces.rgb([number])[0], faces.masks([number])
            lab = system.paint(number, rgb)
            colorings, outside = color.painted(lab)
            features, maps = reference.features(colorings)
            summaries.append(features)
            small.append(thumbnails(colorings))
            values = {"out_of_gamut": outside}
            if number in hinted:
                values |= obedience.errors(rgb, system.hinted, number)
            if len(colorings) > 1 and maps:
                values["feature_distance"] = diversity.feature_distance(maps)
            if len(colorings) > 1 and with_lpips:
                values["lpips"] = perceptual.mean_pairwise_lpips(colorings)
            yield joblib.delayed(_look)(rgb, colorings, None if masks is None else masks[0], values)

    run = joblib.Parallel(jobs, prefer="threads", return_as="generator")
    for values in run(painted()):
        seen.append(values)
    names = {name for values in seen for name in values} - {"chroma", "hue"}
    estimates = {name: bootstrap.mean([values.get(name, np.nan) for values in seen]) for name in sorted(names)}
    offset = estimates["colorfulness"]
    estimates["colorfulness_difference"] = bootstrap.of(
        offset.value - reference.colorfulness, offset.replicates - reference.colorfulness
    )
    estimates |= _histogram_distances(seen, reference)
    summaries = np.stack(summaries)
    estimates |= {"kid": _kid(summaries, reference), "frechet": _frechet(summaries, reference)}
    if system.takes == "photo":
        estimates = {name: estimate for name, estimate in estimates.items() if name in OF_PHOTOS}
    else:
        estimates["two_sample"] = _two_sample(np.stack(small), faces, reference)
    deviation = realism.kid_subsets(_mixed(summaries, 0), reference.summaries)[1]
    return Score(
        name=system.name,
        about=system.about,
        baseline=system.baseline,
        takes=system.takes,
        noises=summaries.shape[1],
        estimates={name: estimate for name, estimate in estimates.items() if estimate is not None},
        kid_deviation=1000 * deviation,
        caveats=list(_caveats(estimates, faces, reference, summaries)),
        worst=_worst(estimates, seen, faces),
    )


def _look(rgb, colorings, mask, values):
    """Everything that one face tells: a number a measure, and the counts of its chroma and hue histograms."""
    original, lab = (color.unscale(color.rgb_to_lab(picture)) for picture in (rgb, colorings))
    ab = lab[..., 1:]
    errors = fidelity.ab_error(ab, original[..., 1:])
    repeated = np.broadcast_to(rgb, colorings.shape)
    parts = image_quality.uiqm_parts(colorings)
    chroma, hue = colors.histograms(ab)
    values |= {
        "psnr": np.minimum(fidelity.psnr(colorings, repeated), HIGHEST_PSNR).mean(),
        "ssim": np.mean([fidelity.ssim(coloring, rgb) for coloring in colorings]),
        "ciede2000": fidelity.ciede2000(lab, np.broadcast_to(original, lab.shape)).mean(),
        "ab_error_best": errors.min(),
        "ab_error_mean": errors.mean(),
        "colorfulness": colors.colorfulness(colorings).mean(),
        "uiqm": image_quality.combined(parts).mean(),
        **dict(zip(("uicm", "uism", "uiconm"), parts.mean(axis=1), strict=True)),
        "gray_share": colors.gray_share(ab).mean(),
        "brown_share": colors.brown_share(lab).mean(),
        "high_frequency_ab": spatial.high_frequency_ab(ab).mean(),
        "coherence": spatial.coherence(ab, spatial.regions(rgb) if mask is None else mask).mean(),
        "leak": spatial.leak(ab, original[..., 0]).mean(),
        "chroma": chroma,
        "hue": hue,
    }
    if len(colorings) > 1:
        cells = diversity.CELLS
        values |= {
            "pairwise_ab": diversity.mean_pairwise_ab(ab),
            "pairwise_ab_cells": diversity.mean_pairwise_ab(ab, cells),
            "pairwise_ciede2000": diversity.mean_pairwise_ciede2000(lab),
            "pairwise_ciede2000_cells": diversity.mean_pairwise_ciede2000(lab, cells),
            "hue_entropy": diversity.hue_entropy(diversity.cell_means(ab)).mean(),
        }
        for region in REGIONS if mask is not None else ():
            inside = mask == PARTS.index(region)
            if inside.any():
                values[f"pairwise_ab_{region}"] = diversity.mean_pairwise_ab(ab[:, inside])
                values[f"hue_entropy_{region}"] = float(diversity.hue_entropy(ab[:, inside].mean(axis=1)))
    return values


def _histogram_distances(seen, reference):
    draws = bootstrap.redrawings(len(seen))
    found = {}
    for name, distance, real in (
        ("chroma", colors.chroma_distance, reference.chroma),
        ("hue", colors.hue_distance, reference.hue),
    ):
        counts = np.stack([values[name] for values in seen])
        found[f"{name}_distance"] = bootstrap.of(distance(counts.sum(axis=0), real), distance(draws @ counts, real))
    return found


def _mixed(summaries, k):
    """One coloring a face (n, d), the noises taken in turn, so that no set is of one mood."""
    faces, noises = summaries.shape[:2]
    return summaries[np.arange(faces), (np.arange(faces) + k) % noises].astype("float64")


def _kid(summaries, reference):
    """KID x 1000, the mean over as many mixed sets as there are noises; pairs of one face, which redrawing makes,
    are left out of its replicates as they are of its value."""
    faces, noises = summaries.shape[:2]
    real = reference.summaries.astype("float64")
    kernel = realism.cubic_kernel(real, real)
    among_real = (kernel.sum() - np.trace(kernel)) / (len(real) * (len(real) - 1))
    draws = np.concatenate([np.ones((1, faces)), bootstrap.redrawings(faces)])
    draws[draws.max(axis=1) == faces] = 1  # one face drawn throughout, as happens with a handful, has no pairs
    values = np.zeros(len(draws))
    for k in range(noises):
        fake = _mixed(summaries, k)
        kernel = realism.cubic_kernel(fake, fake)
        np.fill_diagonal(kernel, 0)
        among_fake = ((draws @ kernel) * draws).sum(axis=1) / (faces**2 - (draws**2).sum(axis=1))
        across = draws @ realism.cubic_kernel(fake, real).mean(axis=1) / faces
        values += 1000 * (among_real + among_fake - 2 * across) / noises
    return bootstrap.of(values[0], values[1:])


def _frechet(summaries, reference):
    """Of one mixed set. Redrawn faces repeat, which biases it upward: the replicates are shifted onto the value."""
    fake = _mixed(summaries, 0)
    real = realism.statistics(reference.summaries)
    value = realism.frechet_distance(*realism.statistics(fake), *real)
    draws = bootstrap.redrawings(len(fake)).astype(int)[:FRECHET_REPLICATES]
    redrawn = [np.repeat(fake, counts, axis=0) for counts in draws]
    replicates = np.array([realism.frechet_distance(*realism.statistics(some), *real) for some in redrawn])
    return bootstrap.of(value, replicates - replicates.mean() + value)


def _two_sample(small, faces, reference):
    """On one half of the faces the classifier learns all colorings, on the other it is asked about one a face and
    about the face itself, so that only colors can tell."""
    learned, unseen = np.arange(0, faces.count, 2), np.arange(1, faces.count, 2)
    fake = small[learned].reshape(-1, *small.shape[2:])
    chosen = np.unique(np.linspace(0, len(fake) - 1, TWO_SAMPLE_PICTURES).astype(int))
    real = reference.thumbnails[np.unique(np.linspace(0, len(reference.thumbnails) - 1, len(chosen)).astype(int))]
    one_each = small[unseen, unseen % small.shape[1]]
    right = realism.two_sample(*map(color.rgb_to_lab, (real, fake[chosen], thumbnails(faces.rgb(unseen)), one_each)))
    return bootstrap.share(right.reshape(2, -1).sum(axis=0), 2)


def _worst(estimates, seen, faces):
    if "ab_error_best" not in estimates:
        return []
    errors = np.array([values["ab_error_best"] for values in seen])
    return [[int(faces.rows[k]), round(float(errors[k]), 2)] for k in np.argsort(-errors, kind="stable")[:WORST]]


def _caveats(estimates, faces, reference, summaries):
    values = summaries.shape[-1]
    if faces.count <= values:
        yield f"Frechet distance of {faces.count} faces in {values} features: their covariance is singular"
    if reference.hue.sum() == 0:
        yield "the real faces are gray: color scores against them mean nothing"
    elif estimates["hue_distance"] is None:
        yield "no colored pixel: hues cannot be compared"
    cells = estimates.get("pairwise_ab_cells")
    if cells is not None and cells.value < diversity.NOISE_IGNORED:
        yield f"noise ignored: its colorings differ by {cells.value:.2f} Lab units, less than can be seen"
