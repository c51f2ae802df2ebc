"""The WGAN-GP train step as our ancestor wrote it, rebuilt on Keras 3: what ours is measured against.

Anime-Colorization v0.2 (2019) compiled two models that share the networks, each with the other network frozen, and
called `train_on_batch` on them in a Python loop. The critic model runs the frozen generator on fresh noise and has
three outputs: the critic's score of the real picture (label +1), of the fake one (-1), and the gradient penalty
between them (dummy label 0). The generator model is the generator under the frozen critic (label +1).

Where Keras 3 forces another form:
- A loss can no longer ask for gradients of its inputs, so a layer hands them to the loss as the third output.
- `trainable` counts when a model is traced, not when it is compiled, so the loop sets it before each call.
- A frozen batch normalization uses its moving statistics, so in the critic model the generator works as in
  inference; in 2019 it normalized by the batch there, as ours does.
- XLA is off, which Keras 2 did not use; so is TensorFlow's remapping, which fails on this graph. Ours does the same.
"""

import keras
import numpy as np
import tensorflow as tf
from keras import layers


class RandomWeightedAverage(layers.Layer):
    """Between real and fake, for one batch size, with one alpha for each pixel and channel."""

    def __init__(self, batch):
        super().__init__()
        self.batch = batch

    def call(self, real, fake):
        alpha = tf.random.uniform((self.batch, *real.shape[1:]))
        return alpha * real + (1 - alpha) * fake


class InputGradient(layers.Layer):
    """Gradient of the critic's score for its input, (batch, H, W, 3)."""

    def __init__(self, critic):
        super().__init__()
        self.critic = critic

    def call(self, pictures):
        with tf.GradientTape() as tape:
            tape.watch(pictures)
            score = self.critic(pictures)
        return tape.gradient(score, pictures)


def wasserstein_loss(label, score):
    return -tf.reduce_mean(label * score)


def gradient_penalty_loss(dummy, gradient):
    norm = tf.sqrt(tf.reduce_sum(gradient**2, axis=(1, 2, 3)))
    return tf.reduce_mean((1 - norm) ** 2)


def models(generator, critic, batch, penalty=10.0):
    """The critic model and the generator model, compiled."""
    picture = layers.Input(critic.input.shape[1:])
    lightness, noise = (layers.Input(generator.input[name].shape[1:]) for name in ("l", "noise"))
    fake = generator({"l": lightness, "noise": noise})
    between = RandomWeightedAverage(batch)(picture, fake)
    outputs = [critic(picture), critic(fake), InputGradient(critic)(between)]
    critic_model = keras.Model([picture, lightness, noise], outputs)
    critic_model.compile(
        keras.optimizers.Adam(1e-4, beta_1=0.5),
        loss=[wasserstein_loss, wasserstein_loss, gradient_penalty_loss],
        loss_weights=[1, 1, penalty],
        jit_compile=False,
    )
    generator_model = keras.Model([lightness, noise], critic(fake))
    generator_model.compile(keras.optimizers.Adam(1e-4, beta_1=0.5), loss=wasserstein_loss, jit_compile=False)
    return critic_model, generator_model


def steps(generator, critic, lightness, ab, batch, critic_steps):
    """Trains without end; after each generator step, yields the last critic loss and the generator loss.

    lightness (N, H, W, 1), ab (N, H, W, 2): the whole set, in memory.
    """
    critic_model, generator_model = models(generator, critic, batch)
    real, fake, dummy = np.ones((batch, 1)), -np.ones((batch, 1)), np.zeros((batch, 1))
    random = np.random.default_rng(0)
    latent_size = generator.input["noise"].shape[1]
    while True:
        generator.trainable, critic.trainable = False, True
        for _ in range(critic_steps):
            chosen = random.integers(0, len(lightness), batch)
            pictures = np.concatenate([lightness[chosen], ab[chosen]], -1)
            noise = random.standard_normal((batch, latent_size))
            critic_loss, *_ = critic_model.train_on_batch([pictures, lightness[chosen], noise], [real, fake, dummy])
        generator.trainable, critic.trainable = True, False
        noise = random.standard_normal((batch, latent_size))
        yield critic_loss, generator_model.train_on_batch([lightness[chosen], noise], real)
