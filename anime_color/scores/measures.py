"""Every score by name: what tables call it, its unit, and which way is better. Tables print in this order."""

from typing import NamedTuple

from anime_color.scores.obedience import COUNTS


class Measure(NamedTuple):
    """title, unit: for people. better: "higher", "lower", "real" (near the real faces' own value) or "" (no
    direction of its own). digits: after the point."""

    group: str
    title: str
    unit: str
    better: str
    digits: int


FIDELITY, HINTS, REALISM, COLOR, NOISE, PLACE = (
    "fidelity to the original",
    "how hints are obeyed",
    "realism of the set",
    "color",
    "what the noise changes",
    "where colors change",
)

MEASURES = {
    "psnr": Measure(FIDELITY, "PSNR", "dB", "higher", 2),
    "ssim": Measure(FIDELITY, "SSIM", "", "higher", 3),
    "ciede2000": Measure(FIDELITY, "CIEDE2000", "", "lower", 2),
    "ab_error_best": Measure(FIDELITY, "ab error, best noise", "Lab", "lower", 2),
    "ab_error_mean": Measure(FIDELITY, "ab error, mean of the noises", "Lab", "lower", 2),
    **{
        f"hint_error_{count}": Measure(HINTS, f"ab error at {count or 'the places of 10'} hints", "Lab", "lower", 2)
        for count in COUNTS
    },
    **{
        f"near_hints_{count}": Measure(HINTS, f"ab error around {count or 'the places of 10'} hints", "Lab", "lower", 2)
        for count in COUNTS
    },
    "kid": Measure(REALISM, "KID x 1000", "", "lower", 1),
    "frechet": Measure(REALISM, "Frechet distance", "", "lower", 2),
    "two_sample": Measure(REALISM, "two-sample accuracy", "", "lower", 3),
    "colorfulness": Measure(COLOR, "colorfulness", "", "real", 1),
    "colorfulness_difference": Measure(COLOR, "colorfulness, less that of the data", "", "real", 1),
    "chroma_distance": Measure(COLOR, "chroma histogram distance", "Lab", "lower", 2),
    "hue_distance": Measure(COLOR, "hue histogram distance", "degrees", "lower", 1),
    "gray_share": Measure(COLOR, "gray share", "", "real", 3),
    "brown_share": Measure(COLOR, "brown share", "", "real", 3),
    "out_of_gamut": Measure(COLOR, "out of gamut share", "", "lower", 3),
    "uiqm": Measure(COLOR, "UIQM", "", "real", 3),
    "uicm": Measure(COLOR, "- colorfulness UICM", "", "real", 2),
    "uism": Measure(COLOR, "- sharpness UISM", "", "real", 2),
    "uiconm": Measure(COLOR, "- contrast UIConM", "", "real", 3),
    "pairwise_ab": Measure(NOISE, "pairwise ab distance, pixels", "Lab", "", 1),
    "pairwise_ab_cells": Measure(NOISE, "pairwise ab distance, cells", "Lab", "higher", 1),
    "pairwise_ciede2000": Measure(NOISE, "pairwise CIEDE2000, pixels", "", "", 1),
    "pairwise_ciede2000_cells": Measure(NOISE, "pairwise CIEDE2000, cells", "", "higher", 1),
    "hue_entropy": Measure(NOISE, "hue entropy, cells", "", "higher", 3),
    "feature_distance": Measure(NOISE, "pairwise feature distance", "", "higher", 3),
    "lpips": Measure(NOISE, "pairwise LPIPS 0.1 (AlexNet)", "", "higher", 3),
    "high_frequency_ab": Measure(PLACE, "high-frequency ab", "Lab", "real", 2),
    "coherence": Measure(PLACE, "spread within regions", "Lab", "real", 2),
    "leak": Measure(PLACE, "leak beside lines", "Lab/pixel", "real", 2),
}
BRIEF = ("kid", "pairwise_ab_cells", "ab_error_best", "leak", "high_frequency_ab", "coherence", "colorfulness")
REGIONS = ("hair", "eyes", "skin", "clothes")  # of sets with masks, each with the two measures below
MEASURES |= {
    f"{name}_{region}": Measure(NOISE, f"- {region}: {title}", unit, "higher", digits)
    for region in REGIONS
    for name, title, unit, digits in [
        ("pairwise_ab", "pairwise ab distance", "Lab", 1),
        ("hue_entropy", "hue entropy", "", 3),
    ]
}

# A photo is not to be given back: of its cartoon, these tell how much of it is kept and how near cartoons are.
OF_PHOTOS = (
    "ssim",
    "kid",
    "frechet",
    "colorfulness",
    "colorfulness_difference",
    "chroma_distance",
    "hue_distance",
    "gray_share",
    "brown_share",
)
