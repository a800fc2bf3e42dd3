"""A network of the reference while it computes: its gates (Circuit), how they are joined (Wiring), what comes back.

What a gate computes, stands in graph.py and functions.py; what is done with a circuit, in network.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from fastmlp.activations import Activation
from fastmlp.embeddings import Embedding
from fastmlp.losses import Loss
from fastmlp.reference.embeddings import embedded
from fastmlp.reference.formulas import activate
from fastmlp.reference.functions import Row, layer_norm, maxout, scaled
from fastmlp.reference.graph import Gate, add
from fastmlp.scalings import Scaling

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
    embedding : list of lists
        ``embedding[i]``, with respect to the parameters of a Periodic embedding of input i; else empty.

    See Also
    --------
    fastmlp.Gradients : Those of the compiled network.
    Circuit : All gates of some samples.

    Examples
    --------
    >>> from fastmlp import Dense
    >>> from fastmlp.reference import Network
    >>> net = Network(1, [Dense(1)], loss="half_squared_error")
    >>> net.set_parameters([2.0, 1.0])
    >>> gradients = net.gradients([[3.0]], [[5.0]])
    >>> gradients.weights, gradients.biases
    ([[[6.0]]], [[2.0]])
    """

    loss: float
    weights: list[Matrix]
    biases: list[Vector]
    inputs: Matrix
    embedding: Matrix = field(default_factory=list)


@dataclass(frozen=True)
class Circuit:
    """The gates of a network on some samples; the parameters are leaves that all samples share.

    Attributes
    ----------
    weights : list of lists of lists of Gate
        ``weights[l][i][j]``, from input i to unit j of layer l.
    biases : list of lists of Gate
        ``biases[l][j]``.
    inputs : list of lists of Gate
        ``inputs[n][i]``.
    pre_activations, activations : list of lists of lists of Gate
        ``activations[l][n][j]``, of unit j of layer l for sample n.
    loss : Gate or None
        The mean over samples, with penalties; None where no targets were given.
    embedding : list of lists of Gate
        ``embedding[i]``, the parameters of a Periodic embedding of input i; else empty.

    See Also
    --------
    fastmlp.plots.computational_graph : The picture of them.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.reference.Network(2, [fm.Dense(1, "tanh")], loss="mse")
    >>> net.set_parameters([1.0, -1.0, 0.5])
    >>> circuit = net.circuit([[2.0, 1.0]], [1.0])
    >>> circuit.loss.backward()
    >>> z = circuit.pre_activations[0][0][0]
    >>> z.name, z.value, round(z.gradient, 4)
    ('z1[0]', 1.5, -0.0343)
    """

    weights: list[list[Row]]
    biases: list[Row]
    inputs: list[Row]
    pre_activations: list[list[Row]]
    activations: list[list[Row]]
    loss: Gate | None = None
    embedding: list[Row] = field(default_factory=list)

    @property
    def logits(self) -> list[Row]:
        """Pre-activations of the last layer, [sample][unit]."""
        return self.pre_activations[-1]

    def gradients(self, loss: Gate) -> Gradients:
        """Go back from a loss of this circuit."""
        loss.backward()
        return Gradients(
            loss=loss.value,
            weights=[[[w.gradient for w in row] for row in W] for W in self.weights],
            biases=[[b_j.gradient for b_j in b] for b in self.biases],
            inputs=[[x_i.gradient for x_i in x] for x in self.inputs],
            embedding=[[p.gradient for p in row] for row in self.embedding],
        )


@dataclass(frozen=True)
class Wiring:
    """How the gates of a network are joined: what is done layer by layer, to whatever numbers."""

    scaling: Scaling | None
    normalizes: list[bool]
    activations: list[Activation]
    pieces: list[int]
    embedding: Embedding | None = None

    def circuit(
        self,
        weights: list[Matrix],
        biases: list[Vector],
        X: Matrix,
        masks: Sequence[Matrix] | None = None,
        embedding: Matrix | None = None,
    ) -> Circuit:
        """Build the gates of some samples from the inputs to the last activations."""
        gates_W = [[[Gate(w) for w in row] for row in W] for W in weights]
        gates_b = [[Gate(b_j) for b_j in b] for b in biases]
        inputs = samples = [[Gate(x_i) for x_i in x] for x in X]
        if self.scaling is not None:
            samples = [scaled(x, self.scaling) for x in inputs]
        gates_e = [[Gate(p) for p in row] for row in embedding or ()]
        if self.embedding is not None:
            samples = [embedded(x, self.embedding, gates_e) for x in samples]
        pre_activations, activations = [], []
        for layer, (W, b, activation) in enumerate(zip(gates_W, gates_b, self.activations, strict=True)):
            if self.normalizes[layer]:
                samples = [layer_norm(x) for x in samples]
            if masks is not None:
                samples = [
                    [factor * x_i for factor, x_i in zip(mask, x, strict=True)]
                    for mask, x in zip(masks[layer], samples, strict=True)
                ]
            units = list(zip(zip(*W, strict=True), b, strict=True))  # units[j]: column j of W, and b_j
            logits = [
                [add(*(x_i * w_ij for x_i, w_ij in zip(x, column, strict=True)), b_j) for column, b_j in units]
                for x in samples
            ]
            samples = [maxout(activate(activation, z), self.pieces[layer]) for z in logits]
            pre_activations.append(logits)
            activations.append(samples)
        return Circuit(gates_W, gates_b, inputs, pre_activations, activations, embedding=gates_e)

    def described(self, circuit: Circuit, loss: Loss) -> Circuit:
        """Give the gates their names, and say of activations and the loss that they are one step each."""
        _name_gates(circuit)
        for layer, activation in enumerate(self.activations):
            for z, a in zip(circuit.pre_activations[layer], circuit.activations[layer], strict=True):
                # of maxout several pre-activations belong to a unit
                for z_j, a_j in zip(z, a, strict=True) if self.pieces[layer] == 1 else ():
                    if a_j is not z_j:
                        a_j.block = activation.name, tuple(z) if activation.name == "softmax" else (z_j,)
        if circuit.loss is not None:
            ends = circuit.logits if loss.from_logits else circuit.activations[-1]
            circuit.loss.block = loss.name, tuple(gate for row in ends for gate in row)
        return circuit


def _name_gates(circuit: Circuit) -> None:
    """Give the gates the names of the arrays that they are entries of, layers counted from 1 and entries from 0."""
    several = len(circuit.inputs) > 1
    rows = [("x", circuit.inputs)]
    for layer, (z, a) in enumerate(zip(circuit.pre_activations, circuit.activations, strict=True), 1):
        rows += [(f"z{layer}", z), (f"a{layer}", a)]
        for i, row in enumerate(circuit.weights[layer - 1]):
            for j, gate in enumerate(row):
                gate.name = f"W{layer}[{i},{j}]"
        for j, gate in enumerate(circuit.biases[layer - 1]):
            gate.name = f"b{layer}[{j}]"
    for i, parameters in enumerate(circuit.embedding):
        for j, gate in enumerate(parameters):
            gate.name = f"e[{i},{j}]"
    for name, samples in rows:
        for n, row in enumerate(samples):
            for j, gate in enumerate(row):
                # an identity's a is its z
                gate.name = gate.name or (f"{name}[{n},{j}]" if several else f"{name}[{j}]")
    if circuit.loss is not None:
        circuit.loss.name = "loss"


def flatten(weights: list[Matrix], biases: list[Vector], embedding: Matrix) -> Vector:
    """Return W0 row by row, b0, W1 row by row, b1, ..., the embedding input by input in one list."""
    rows = [row for W, b in zip(weights, biases, strict=True) for row in [*W, b]]
    return [value for row in [*rows, *embedding] for value in row]


def unflatten(
    values: Sequence[float], shapes: Sequence[tuple[int, int]], embedding: Matrix
) -> tuple[list[Matrix], list[Vector], Matrix]:
    """Return what ``flatten`` made one list of: weights and biases of these shapes, and rows like the embedding's."""
    left = iter(values)
    weights, biases = [], []
    for n_in, n_out in shapes:
        weights.append([[next(left) for _ in range(n_out)] for _ in range(n_in)])
        biases.append([next(left) for _ in range(n_out)])
    return weights, biases, [[next(left) for _ in row] for row in embedding]
