"""Scores of colorings: fidelity, realism, color, diversity, and where colors run over.

Never rank on one number: caution wins PSNR, junk wins diversity, and a gray picture has the right lightness.
measures.py lists every score of the table, scoring.py computes them for a system, results.py shows them.
"""

from anime_color.scores.colors import brown_share, chroma_distance, colorfulness, gray_share, hue_distance
from anime_color.scores.diversity import feature_distance, hue_entropy, mean_pairwise_ab, mean_pairwise_ciede2000
from anime_color.scores.fidelity import ab_error, ciede2000, psnr, ssim
from anime_color.scores.image_quality import uiqm, uiqm_parts
from anime_color.scores.realism import frechet_distance, kid, kid_subsets, statistics, two_sample
from anime_color.scores.spatial import coherence, high_frequency_ab, leak

__all__ = [
    "ab_error",
    "brown_share",
    "chroma_distance",
    "ciede2000",
    "coherence",
    "colorfulness",
    "feature_distance",
    "frechet_distance",
    "gray_share",
    "high_frequency_ab",
    "hue_distance",
    "hue_entropy",
    "kid",
    "kid_subsets",
    "leak",
    "mean_pairwise_ab",
    "mean_pairwise_ciede2000",
    "psnr",
    "ssim",
    "statistics",
    "two_sample",
    "uiqm",
    "uiqm_parts",
]
