"""Prints sums over the weights after some tiny steps on one or two virtual CPU devices, as JSON.

Run by test_devices.py: python two_devices.py 1|2. Noise and alpha are functions of each face here, so that they do
not depend on which device a face went to.
"""

import json
import os
import sys

DEVICES = int(sys.argv[1])
os.environ["XLA_FLAGS"] = os.environ.get("XLA_FLAGS", "") + f" --xla_force_host_platform_device_count={DEVICES}"

import keras  # noqa: E402
import numpy as np  # noqa: E402
from batches import Faces  # noqa: E402

from anime_color import recipes  # noqa: E402
from anime_color.training import engine, objectives, phases  # noqa: E402
from anime_color.training.trainer import Trainer  # noqa: E402


def main():
    phases.Scene.noise = property(lambda scene: 3 * scene.batch["l"][:, 0, :8, 0])
    objectives.random_weights = lambda pictures, *_: pictures[:, :1, :1, :1] / 2 + 0.5
    names = {"tensorflow": ["CPU:0", "CPU:1"], "jax": ["cpu:0", "cpu:1"]}[engine.BACKEND]
    if engine.BACKEND == "tensorflow":
        import tensorflow as tf

        halves = [tf.config.LogicalDeviceConfiguration()] * DEVICES
        tf.config.set_logical_device_configuration(tf.config.list_physical_devices("CPU")[0], halves)
    keras.utils.set_random_seed(0)
    with engine.parallel(names[:DEVICES]):
        trainer = Trainer(
            recipes.get("wgan_gp").build(
                recipes.get("wgan_gp").Settings(width=8, critic_width=8, latent_size=8, critic_steps=1)
            )
        )
        trainer.compile()
        logs = trainer.fit(Faces(size=8), epochs=3, verbose=0).history
    sums = {name: [float(np.abs(w).sum()) for w in network.get_weights()] for name, network in trainer.networks.items()}
    print(
        json.dumps(
            {"logs": logs, "sums": sums, "averaged": [float(np.abs(w).sum()) for w in trainer.averaged.get_weights()]}
        )
    )


if __name__ == "__main__":
    main()
