"""Pure loss functions. Logits are a critic's raw outputs (batch, ...); every loss is a scalar mean.

Values at logits 0, and what each asks for, stand in the docstrings; the tests compute them by hand.
"""

import keras
from keras import ops

from anime_color.training import engine


def non_saturating_critic_loss(real, fake):
    """Binary cross-entropy, real 1 and fake 0 (Goodfellow et al. 2014, equation 1); 2 ln 2 at logits 0."""
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(fake))


def non_saturating_generator_loss(fake):
    """-log sigmoid(fake) (Goodfellow et al. 2014, section 3): its gradient stays near -1 while the critic wins."""
    return ops.mean(ops.softplus(-fake))


def least_squares_critic_loss(real, fake):
    """(real - 1)^2 + fake^2 (LSGAN, Mao et al. 2017); 1 at logits 0."""
    return ops.mean((real - 1) ** 2) + ops.mean(fake**2)


def least_squares_generator_loss(fake):
    """(fake - 1)^2 (LSGAN, Mao et al. 2017); 1 at logits 0."""
    return ops.mean((fake - 1) ** 2)


def hinge_critic_loss(real, fake):
    """relu(1 - real) + relu(1 + fake) (Lim and Ye 2017); 2 at logits 0."""
    return ops.mean(ops.relu(1 - real)) + ops.mean(ops.relu(1 + fake))


def hinge_generator_loss(fake):
    """-fake (Lim and Ye 2017); 0 at logits 0."""
    return -ops.mean(fake)


def wasserstein_critic_loss(real, fake):
    """fake - real (Arjovsky et al. 2017): minus the estimated distance between the two distributions."""
    return ops.mean(fake) - ops.mean(real)


def wasserstein_generator_loss(fake):
    """-fake (Arjovsky et al. 2017); 0 at logits 0."""
    return -ops.mean(fake)


ADVERSARIAL = {
    "non_saturating": (non_saturating_critic_loss, non_saturating_generator_loss),
    "least_squares": (least_squares_critic_loss, least_squares_generator_loss),
    "hinge": (hinge_critic_loss, hinge_generator_loss),
    "wasserstein": (wasserstein_critic_loss, wasserstein_generator_loss),
}


def accuracy(real, fake):
    """How often the critic is right: the share of real logits above 0 and of fake ones below, the mean of the two."""
    return (ops.mean(ops.cast(real > 0, "float32")) + ops.mean(ops.cast(fake < 0, "float32"))) / 2


FAKES = {  # the part of the critic's loss that fakes have: for a second kind of them
    "non_saturating": lambda fake: ops.mean(ops.softplus(fake)),
    "least_squares": lambda fake: ops.mean(fake**2),
}


def random_weights(pictures, seed, per="sample"):
    """Uniform alpha for `random_weighted_average`, drawn for the batch that `pictures` has.

    per: "sample" gives (batch, 1, 1, 1), the published penalty. "pixel" gives one number per pixel and channel,
        the ancestor's slip: its averages all lie near the midpoint (0.29 of the distance off the line between
        real and fake), so nothing else of the line is ever penalized.
    """
    shape = ops.shape(pictures)
    return keras.random.uniform((shape[0], 1, 1, 1) if per == "sample" else shape, seed=seed)


def random_weighted_average(real, fake, alpha):
    """alpha * real + (1 - alpha) * fake: a point between each real picture and one fake."""
    return alpha * real + (1 - alpha) * fake


def gradient_penalty(critic, between, penalized=slice(None)):
    """Mean of (||d critic / d picture||_2 - 1)^2 at the pictures `between` (Gulrajani et al. 2017, equation 3).

    critic: function of pictures (batch, H, W, C). Of several logits a picture, it is the slope of their sum. The norm
    runs over all axes but the batch. The epsilon under the root keeps the gradient finite where the critic is flat.
    penalized: the channels whose slopes count, such as those of color alone.
    """
    slopes = engine.input_gradients(critic, between)[..., penalized]
    norms = ops.sqrt(ops.sum(slopes * slopes, axis=(1, 2, 3)) + 1e-12)
    return ops.mean((norms - 1) ** 2)


def kl_divergence(target, predicted):
    """Mean of sum t ln(t / p) over distributions (batch, K), both bounded by 1e-7 from below (Kullback and Leibler
    1951); 0 where they agree."""
    target, predicted = ops.maximum(target, 1e-7), ops.maximum(predicted, 1e-7)
    return ops.mean(ops.sum(target * ops.log(target / predicted), -1))


def r1_penalty(critic, real):
    """Half the mean squared norm of the critic's gradient at real pictures (Mescheder et al. 2018, equation 9)."""
    slopes = engine.input_gradients(critic, real)
    return ops.mean(ops.sum(slopes * slopes, axis=(1, 2, 3))) / 2


def l2_loss(predicted, target):
    """Mean squared difference."""
    return ops.mean((predicted - target) ** 2)


def l1_loss(predicted, target):
    """Mean absolute difference."""
    return ops.mean(ops.abs(predicted - target))


def multi_label_loss(logits, labels):
    """Mean binary cross-entropy of logits (batch, K) against labels 0 or 1, of which any number may hold; ln 2 at
    logits 0."""
    return ops.mean(ops.softplus(logits) - labels * logits)


def huber_loss(predicted, target, delta):
    """Smooth L1: d^2 / (2 delta) of differences d below delta, else |d| - delta / 2; the sum over the last axis, the
    mean over the others (Girshick 2015; 0.5 delta at d = delta)."""
    off = ops.abs(predicted - target)
    return ops.mean(ops.sum(ops.where(off < delta, off * off / (2 * delta), off - delta / 2), -1))
