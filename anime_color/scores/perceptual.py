"""True LPIPS (Zhang et al. 2018, version 0.1, AlexNet): a row of the table where its package and weights are present.

    pip install "anime-color[lpips]"
    python -c "import lpips; lpips.LPIPS(net='alex')"      # downloads the weights, once

Nothing is downloaded here. It is a PyTorch package, whatever backend Keras uses, and learned from photographs.
"""

import functools
import importlib.util
from pathlib import Path

import numpy as np

from anime_color.scores import inputs
from data_prep.errors import BadInput

ALEXNET = "alexnet-owt-*.pth"  # as torchvision names the file


def present():
    """Whether package and weights are on this machine."""
    if importlib.util.find_spec("lpips") is None:
        return False
    torch = importlib.import_module("torch")
    return any(Path(torch.hub.get_dir(), "checkpoints").glob(ALEXNET))


def mean_pairwise_lpips(rgb):
    """Mean LPIPS over the pairs of N colorings of a picture, uint8 (N, H, W, 3), at their own size."""
    [rgb] = inputs.pictures(colorings=rgb)
    if len(rgb) < 2:
        raise BadInput(f"colorings {rgb.shape}: needed are at least two of a picture; one alone has no diversity")
    torch, distance = _network()
    pictures = torch.from_numpy(np.moveaxis(rgb, -1, 1).astype("float32") / 127.5 - 1)
    first, second = np.triu_indices(len(rgb), 1)
    with torch.no_grad():
        return float(distance(pictures[first], pictures[second]).mean())


@functools.cache
def _network():
    if not present():
        raise BadInput('LPIPS: package or weights are missing; pip install "anime-color[lpips]" and load it once')
    torch, lpips = (importlib.import_module(name) for name in ("torch", "lpips"))
    return torch, lpips.LPIPS(net="alex", verbose=False)
