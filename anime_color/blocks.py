"""Layers with weights of their own."""

import keras
from keras import initializers, layers


@keras.saving.register_keras_serializable("anime_color")
class FiLM(layers.Layer):
    """Feature-wise linear modulation: (1 + gamma) * x + beta, gamma and beta (batch, channels) from a vector.

    x (batch, H, W, C), vector (batch, V) -> (batch, H, W, C). One decision for the whole picture, at any size.
    The weights start small and not zero, so that the vector matters from the first step (Perez et al. 2018).
    """

    def build(self, x_shape, vector_shape):
        channels = x_shape[-1]
        small = initializers.RandomNormal(stddev=0.1)
        self.gamma = layers.Dense(channels, kernel_initializer=small, name="gamma", dtype=self.dtype_policy)
        self.beta = layers.Dense(channels, kernel_initializer=small, name="beta", dtype=self.dtype_policy)
        self.gamma.build(vector_shape)
        self.beta.build(vector_shape)

    def call(self, x, vector):
        gamma, beta = self.gamma(vector)[:, None, None, :], self.beta(vector)[:, None, None, :]
        return (1 + gamma) * x + beta

    def compute_output_shape(self, x_shape, vector_shape):
        return x_shape
