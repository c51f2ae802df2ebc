"""Convolutions whose kernels are normalized, and the self-attention that is made of them."""

import keras
from keras import initializers, layers, ops


@keras.saving.register_keras_serializable("anime_color")
class SpectralConv2D(layers.Conv2D):
    """A convolution by kernel / sigma, sigma being the largest singular value of the kernel as a matrix (k * k * in,
    out), so that the layer enlarges no difference (Miyato et al. 2018).

    sigma is u^T W v. Each forward pass of training moves the weight u by one power iteration; evaluation leaves it.
    v follows from u and the kernel. So with the same u, training and evaluation compute the same, also with a kernel
    that was averaged or rounded. u and v are constants to the gradient, as in the paper's equation 12.
    """

    def build(self, shape):
        super().build(shape)
        self.direction = self.add_weight(
            shape=(self.filters,),
            initializer=initializers.RandomNormal(),
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
            name="direction",
        )

    def call(self, x, training=False):
        return _convolved(self, x, self.normalized_kernel(training))

    def normalized_kernel(self, training=False):
        """kernel / sigma, float32; `training` moves u before."""
        kernel = ops.cast(self.kernel, "float32")
        matrix = ops.reshape(kernel, (-1, self.filters))
        constant = ops.stop_gradient(matrix)
        u = _unit(self.direction.value)
        if training:
            u = _unit(ops.matmul(_unit(ops.matmul(constant, u)), constant))
            self.direction.assign(u)
        v = _unit(ops.matmul(constant, u))
        return kernel / ops.sum(ops.matmul(matrix, u) * v)


@keras.saving.register_keras_serializable("anime_color")
class WeightNormalizedConv2D(layers.Conv2D):
    """A convolution by gain * kernel / |kernel|, a gain and a norm for each filter (Salimans and Kingma 2016, equation
    2). At the start the gain is the norm, so the kernel is what its initializer made it."""

    def build(self, shape):
        super().build(shape)
        self.gain = self.add_weight(
            shape=(self.filters,), initializer=lambda shape, dtype: ops.cast(_norm(self.kernel), dtype), name="gain"
        )

    def call(self, x):
        return _convolved(self, x, ops.cast(self.kernel, "float32") * (self.gain / _norm(self.kernel)))


@keras.saving.register_keras_serializable("anime_color")
class SelfAttention(layers.Layer):
    """x + gamma * attended, (batch, H, W, C) -> the same: each pixel looks at all others, wherever they are (Zhang et
    al. 2019, SAGAN). gamma starts at 0, so that nearness is learned first.

    Keys and queries have C/8 channels, values C; all are 1x1 spectral convolutions without bias. C is at least 8.
    """

    def build(self, shape):
        channels = shape[-1]
        self.key, self.query, self.value = (
            SpectralConv2D(
                filters, 1, use_bias=False, kernel_initializer="he_normal", dtype=self.dtype_policy, name=name
            )
            for name, filters in (("key", channels // 8), ("query", channels // 8), ("value", channels))
        )
        for convolution in (self.key, self.query, self.value):
            convolution.build(shape)
        self.gamma = self.add_weight(shape=(), initializer="zeros", name="gamma")

    def call(self, x, training=False):
        value = ops.reshape(self.value(x, training=training), (-1, ops.shape(x)[1] * ops.shape(x)[2], x.shape[-1]))
        attended = ops.matmul(self.weights_of(x, training), value)
        return x + self.gamma * ops.reshape(attended, ops.shape(x))

    def weights_of(self, x, training=False):
        """How much each pixel (row) looks at each other (column): (batch, H * W, H * W), rows sum to 1."""
        pixels = ops.shape(x)[1] * ops.shape(x)[2]
        key, query = (
            ops.reshape(convolution(x, training=training), (-1, pixels, convolution.filters))
            for convolution in (self.key, self.query)
        )
        scores = ops.matmul(query, ops.transpose(key, (0, 2, 1)))
        return ops.cast(ops.softmax(ops.cast(scores, "float32")), x.dtype)

    def compute_output_shape(self, shape):
        return shape


def _unit(x):
    return x / (ops.norm(x) + 1e-12)


def _norm(kernel):
    """The norm of each filter, float32."""
    kernel = ops.cast(kernel, "float32")
    return ops.sqrt(ops.sum(kernel * kernel, (0, 1, 2)))


def _convolved(layer, x, kernel):
    """What the convolution `layer` makes of x with this kernel."""
    x = layer.convolution_op(x, ops.cast(kernel, layer.compute_dtype))
    return layer.activation(x + layer.bias if layer.use_bias else x)
