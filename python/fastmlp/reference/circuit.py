"""What a network of the reference is made of while it computes (Circuit), and what comes back (Gradients)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from fastmlp.reference.functions import Row
from fastmlp.reference.graph import Gate

Vector: TypeAlias = list[float]
Matrix: TypeAlias = list[Vector]


@dataclass(frozen=True)
class Gradients:
    """Derivatives of a loss: the shapes are those of the network's parameters and of the data.

    Attributes
    ----------
    loss : float
        The value that was differentiated.
    weights : list of lists of lists
        ``weights[l][i][j]``, derivative with respect to the weight from input i to unit j of layer l.
    biases : list of lists
        ``biases[l][j]``.
    inputs : list of lists
        ``inputs[n][i]``, derivative with respect to ``X[n][i]``.
    """

    loss: float
    weights: list[Matrix]
    biases: list[Vector]
    inputs: Matrix


@dataclass(frozen=True)
class Circuit:
    """The gates of a network on some samples; the parameters are leaves that all samples share."""

    weights: list[list[Row]]
    biases: list[Row]
    inputs: list[Row]
    logits: list[Row]  # [sample][unit], pre-activations of the last layer
    activations: list[list[Row]]  # [layer][sample][unit]

    def gradients(self, loss: Gate) -> Gradients:
        """Go back from a loss of this circuit."""
        loss.backward()
        return Gradients(
            loss=loss.value,
            weights=[[[w.gradient for w in row] for row in W] for W in self.weights],
            biases=[[b_j.gradient for b_j in b] for b in self.biases],
            inputs=[[x_i.gradient for x_i in x] for x in self.inputs],
        )


def flatten(weights: list[Matrix], biases: list[Vector]) -> Vector:
    """Return W0 row by row, b0, W1 row by row, b1, ... in one list."""
    return [value for W, b in zip(weights, biases, strict=True) for row in [*W, b] for value in row]
