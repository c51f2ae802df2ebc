"""Two devices share a batch and end with the weights of one: TensorFlow mirrors, JAX shards."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


def trained_on(backend, devices):
    environment = os.environ | {"KERAS_BACKEND": backend}
    command = [sys.executable, Path(__file__).with_name("two_devices.py"), str(devices)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.skipif(os.environ.get("KERAS_BACKEND") == "torch", reason="PyTorch uses one device")
@pytest.mark.parametrize("backend", ["tensorflow", "jax"])
def test_two_devices_train_as_one(backend):
    one, two = trained_on(backend, 1), trained_on(backend, 2)
    for name, values in one["logs"].items():
        assert two["logs"][name] == pytest.approx(values, rel=1e-3, abs=1e-4), name
    for name, sums in one["sums"].items():
        # the critic's last bias has no gradient in truth, and Adam makes steps of the rounding that is left
        assert two["sums"][name] == pytest.approx(sums, rel=1e-3, abs=1e-3), name
    assert two["averaged"] == pytest.approx(one["averaged"], rel=1e-3, abs=1e-3)  # small weights hold such steps, too
