"""The same code on another backend: equal losses from equal weights and noise.

`make test` holds JAX against TensorFlow. `make test-torch` sets KERAS_BACKEND=torch and holds PyTorch against it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from anime_color import recipes

OTHER = "torch" if os.environ.get("KERAS_BACKEND") == "torch" else "jax"

# Where one of the 1,792 ReLUs of its fusion is within rounding of 0, backends disagree whether it counts, so some
# gradients of its raw errors are a few percent apart, and a global branch that normalizes dense layers over seven faces
# makes much of that: seen was 0.009. Faces painted before the generator's step, and not after it, would be 0.03 away.
OF_FAKES = {"comicolorization": 0.015}


def first_steps(backend, recipe):
    environment = os.environ | {"KERAS_BACKEND": backend}
    script = Path(__file__).with_name("first_steps.py")
    done = subprocess.run(
        [sys.executable, script, recipe], env=environment, capture_output=True, text=True, timeout=900
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("recipe", recipes.NAMES)
def test_first_losses_are_those_of_tensorflow(recipe):
    expected, found = first_steps("tensorflow", recipe), first_steps(OTHER, recipe)
    assert set(found) == set(expected)
    for name, values in expected.items():
        # Adam makes steps of rounding, and each processor rounds in its own way
        least = OF_FAKES.get(recipe, 5e-4) if name.endswith("_fake") else 5e-4
        assert found[name] == pytest.approx(values, rel=5e-3, abs=least), name
