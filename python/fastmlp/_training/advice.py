"""What a training says aloud of a network that cannot learn, or not well, from what it is given: only warnings."""

from __future__ import annotations

import numpy as np

from fastmlp._checks.caller import warn_caller
from fastmlp._model.model import Model
from fastmlp._model.samples import Samples
from fastmlp.activations import Identity, Threshold
from fastmlp.losses import Huber

# Measured with 1000 rows, 32 relu units, Adam and 50 epochs, where targets of mean 0 and deviation 1 reach an R2 of
# 0.74: a mean of 10 or a deviation of 0.1 costs all of it, a deviation of 100 three quarters. Longer trainings and
# higher rates reach further, hence another factor of 10.
FAR_MEAN = LARGE_DEVIATION = 100.0
SMALL_DEVIATION = 0.01
# between the quartiles of a normal distribution of deviation 1
NORMAL_QUARTILES = 1.349


def warn_of_layers_that_do_not_learn(model: Model) -> None:
    """Say which layer has a derivative of 0, unless its loss does not use the derivative or there is none to learn."""
    last = len(model.layers) - 1
    for index in range(last, -1, -1):
        activation = model.layers[index].activation
        is_used = index < last or not model.architecture.loss.from_logits
        learns = any(any(factors) for factors in model.architecture.rate_factors[: index + 1])
        if isinstance(activation, Threshold) and is_used and learns:
            warn_caller(
                f"layers[{index}] has {activation.name!r}, whose derivative is 0, so that neither this layer nor those "
                "before it learn: use 'sigmoid' or 'tanh' there to train them."
            )
            return


def warn_of_far_targets(model: Model, samples: Samples) -> None:
    """Say that values are far from the outputs of a network that has not been trained yet, and what to do about it."""
    architecture, targets = model.architecture, samples.targets
    is_of_values = architecture.loss.degree > 0 and isinstance(architecture.last_activation, Identity)
    # biases start at 0, so others are of a training, or of somebody who knows the targets
    if not is_of_values or architecture.target_scaling is not None or targets.ndim == 1 or model.layers[-1].bias.any():
        return
    mean = targets.mean(axis=0, dtype=np.float64)
    deviation = np.sqrt(np.square(targets - mean).mean(axis=0))
    # a column that is as good as constant, however small, is learned by its bias
    is_far = (
        (deviation < SMALL_DEVIATION) & (np.abs(mean) < SMALL_DEVIATION) & (targets.min(axis=0) < targets.max(axis=0))
    )
    middle, spread = "mean", "standard deviation"
    if architecture.loss.degree == 1 or isinstance(architecture.loss, Huber):
        # their slopes are bounded: a few values are no hindrance, however far they are
        middle, spread = "median", "spread of the middle half, as a standard deviation,"
        first, mean, third = np.quantile(targets, (0.25, 0.5, 0.75), axis=0)
        deviation = (third - first) / NORMAL_QUARTILES
    is_far |= (np.abs(mean) > FAR_MEAN) | (deviation > LARGE_DEVIATION)
    if is_far.any():
        column = int(np.argmax(is_far))
        of = f"column {column} of y" if targets.shape[1] > 1 else "y"
        warn_caller(
            f"{of} has a {middle} of {mean[column]:.3g} and a {spread} of {deviation[column]:.3g}, but a network "
            "starts with outputs near 0 and learns slowly or badly what is far from that, or from a deviation of 1: "
            "build it with scale_targets=True."
        )
