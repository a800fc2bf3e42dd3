"""A dense network as a graph of scalar gates: the slow, readable twin of ``fastmlp.Network``.

Every call builds the graph of its samples from the numbers in ``weights`` and ``biases``, and reads from it what it
wants: values (forward, loss) or, after ``backward``, gradients. Nothing here knows a derivative. The gates are in
graph.py, activations, losses and penalties in functions.py, initial weights in initial.py, the rules that change the
parameters in optimizers.py. Weights are lists [input][unit]: a layer is a = activation(x W + b) with x a row.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace

from fastmlp._checks.arguments import check_integer, check_real
from fastmlp._model.stack import check_stack, embedding_of, placed, scaling_of, shapes_of
from fastmlp.layers import Layer
from fastmlp.losses import Loss, resolve_loss
from fastmlp.optimizers import Optimizer
from fastmlp.reference.circuit import Circuit, Gradients, Matrix, Vector, Wiring, flatten, unflatten
from fastmlp.reference.embeddings import drawn_embedding, empty_embedding
from fastmlp.reference.formulas import loss_of
from fastmlp.reference.functions import penalty
from fastmlp.reference.graph import Gate, add
from fastmlp.reference.initial import drawn_masks, drawn_weights, usual_initializer
from fastmlp.reference.optimizers import Training, per_parameter
from fastmlp.reference.rows import Target, check_length, float_row, row_numbers, samples_of
from fastmlp.reference.schedules import rate_of


class Network:
    """A dense network that computes with Python floats, one scalar gate for every operation.

    Parameters
    ----------
    n_inputs : int
        Number of inputs.
    layers : sequence of Dense, with Dropout between
        As for ``fastmlp.Network``; softmax only in the last layer. The numbers of a scaling of inputs and the
        edges of bins must be given, since nothing is learned about the inputs here.
    loss : str or loss object, optional
        Default: cross_entropy after softmax and sigmoid, else mse.
    l1, l2 : float, default 0.0
        Penalties l1 sum|w| + (l2 / 2) sum w^2 of every layer that does not bring its own.

    Attributes
    ----------
    weights : list of lists of lists
        ``weights[l][i][j]``, zero until written or ``initialize`` is called.
    biases : list of lists
        ``biases[l][j]``.
    embedding : list of lists
        ``embedding[i]``, the frequencies, phases, weights and bias of a Periodic embedding of input i; else empty.

    See Also
    --------
    fastmlp.Network : The same, compiled.

    Examples
    --------
    A neuron with weights (2, -3) and bias -3 sees the sample (-1, -2):

    >>> from fastmlp.layers import Dense
    >>> neuron = Network(2, [Dense(1, "sigmoid")])
    >>> neuron.set_parameters([2.0, -3.0, -3.0])
    >>> [[round(a, 2) for a in row] for row in neuron.forward([[-1.0, -2.0]])]
    [[0.73]]
    """

    def __init__(
        self,
        n_inputs: int,
        layers: Sequence[Layer],
        loss: str | Loss | None = None,
        l1: float = 0.0,
        l2: float = 0.0,
    ) -> None:
        self.n_inputs = check_integer(n_inputs, "n_inputs", minimum=1)
        checked = check_stack(layers, self.n_inputs)
        parts = placed(checked)
        self._dropout = [part.dropout for part in parts]
        l1, l2 = check_real(l1, "l1", minimum=0.0), check_real(l2, "l2", minimum=0.0)
        self.layers = [part.layer for part in parts]
        self._penalties = [
            (l1 if layer.l1 is None else layer.l1, l2 if layer.l2 is None else layer.l2) for layer in self.layers
        ]
        self._activations = [layer.activation_object for layer in self.layers]
        self._wiring = Wiring(
            scaling=scaling_of(checked),
            normalizes=[part.normalizes for part in parts],
            activations=self._activations,
            pieces=[layer.pieces for layer in self.layers],
            embedding=embedding_of(checked),
        )
        self._loss = resolve_loss(loss, self._activations[-1])
        self._sizes = self.n_inputs, self.layers[-1].units
        # (inputs, units) of each layer, a unit of maxout counted piece by piece
        self._shapes = [weights for weights, _ in shapes_of(self.n_inputs, parts)]
        self.weights: list[Matrix] = [[[0.0] * n_out for _ in range(n_in)] for n_in, n_out in self._shapes]
        self.biases: list[Vector] = [[0.0] * n_out for _, n_out in self._shapes]
        self.embedding = empty_embedding(self._wiring.embedding, self.n_inputs)
        self._training: Training | None = None
        self._generator = random.Random(0)  # of dropout

    def initialize(self, seed: int) -> None:
        """Draw the weights as the layer's initializer says, zero the biases, forget the optimizer.

        The numbers are Python's own and not those that ``fastmlp.Network`` draws from the same seed.
        """
        generator = self._generator = random.Random(seed)
        for index, (layer, (n_in, n_out)) in enumerate(zip(self.layers, self._shapes, strict=True)):
            initializer = layer.initializer_object or usual_initializer(self._activations[index])
            self.weights[index] = drawn_weights(initializer, n_in, n_out, generator)
            self.biases[index] = [0.0] * n_out
        self.embedding = drawn_embedding(self._wiring.embedding, self.n_inputs, generator)
        self._training = None

    def get_parameters(self) -> Vector:
        """Return all parameters in one list: W0 row by row, b0, W1 row by row, b1, ..., the embedding's."""
        return flatten(self.weights, self.biases, self.embedding)

    def set_parameters(self, parameters: Sequence[float]) -> None:
        """Take all parameters from one sequence, in the order of ``get_parameters``."""
        count = sum((n_in + 1) * n_out for n_in, n_out in self._shapes) + sum(map(len, self.embedding))
        values = float_row(parameters, count, "the parameter vector")
        self.weights, self.biases, self.embedding = unflatten(values, self._shapes, self.embedding)

    def forward(self, X: Sequence[Sequence[float]]) -> Matrix:
        """Return the outputs of the last layer, (samples, units)."""
        return self.activations(X)[-1]

    def activations(self, X: Sequence[Sequence[float]]) -> list[Matrix]:
        """Return the outputs of every layer, [(samples, units), ...]."""
        return [[[a.value for a in row] for row in layer] for layer in self._circuit(X).activations]

    def loss(
        self, X: Sequence[Sequence[float]], y: Sequence[Target], sample_weight: Sequence[float] | None = None
    ) -> float:
        """Return the weighted mean of the samples' losses plus the penalties; for ``y`` see ``gradients``."""
        X, targets, weights = samples_of(X, y, sample_weight, self._sizes, self._loss)
        return self._loss_gate(self._circuit(X), targets, weights).value

    def gradients(
        self,
        X: Sequence[Sequence[float]],
        y: Sequence[Target],
        sample_weight: Sequence[float] | None = None,
        masks: Sequence[Matrix] | None = None,
    ) -> Gradients:
        """Return the loss and its derivatives with respect to every weight, bias and input.

        Parameters
        ----------
        X : sequence of rows
            Samples, (samples, inputs).
        y : sequence
            A row per sample (indicator, probabilities or targets), or a number per sample: the target itself where the
            network has one output, else an integer label, which becomes an indicator row.
        sample_weight : sequence of float, optional
            Weight of each sample in the mean; default 1.
        masks : sequence of matrices, optional
            ``masks[l][n][i]``: factor on input i of layer l for sample n, as dropout sets it; default 1.

        Returns
        -------
        Gradients
        """
        return self._gradients(*samples_of(X, y, sample_weight, self._sizes, self._loss), masks)

    def _gradients(
        self, X: Matrix, targets: Matrix, weights: Vector, masks: Sequence[Matrix] | None = None
    ) -> Gradients:
        circuit = self._circuit(X, masks)
        return circuit.gradients(self._loss_gate(circuit, targets, weights))

    def backward(
        self,
        X: Sequence[Sequence[float]],
        d_outputs: Sequence[Sequence[float]],
        at: str = "outputs",
        masks: Sequence[Matrix] | None = None,
    ) -> Gradients:
        """Return the derivatives of a loss that is known by its own, and of the penalties.

        Parameters
        ----------
        X, masks
            As for ``gradients``.
        d_outputs : sequence of rows
            The loss's derivatives by the outputs, (samples, outputs).
        at : "outputs" or "pre_activations", default "outputs"
            What they are by.

        Returns
        -------
        Gradients
            Its loss is that of the penalties and of the tangent: sum d_outputs * outputs.
        """
        circuit = self._circuit(X, masks)
        ends = circuit.activations[-1] if at == "outputs" else circuit.logits
        check_length(d_outputs, len(ends), "d_outputs")
        rows = [float_row(d, len(ends[0]), f"d_outputs[{n}]") for n, d in enumerate(d_outputs)]
        # a loss that has just these derivatives
        tangent = [d_k * o_k for d, o in zip(rows, ends, strict=True) for d_k, o_k in zip(d, o, strict=True)]
        return circuit.gradients(add(*tangent, *self._penalty_gates(circuit)))

    def circuit(
        self,
        X: Sequence[Sequence[float]],
        y: Sequence[Target] | None = None,
        sample_weight: Sequence[float] | None = None,
    ) -> Circuit:
        """Return new gates of the network on some samples, each with its name, to look at or to go back from.

        Parameters
        ----------
        X, y, sample_weight
            As for ``gradients``; without y there is no loss.
        """
        if y is None:
            return self._wiring.described(self._circuit(X), self._loss)
        X, targets, weights = samples_of(X, y, sample_weight, self._sizes, self._loss)
        circuit = self._circuit(X)
        loss = self._loss_gate(circuit, targets, weights)
        return self._wiring.described(replace(circuit, loss=loss), self._loss)

    def fit(
        self,
        X: Sequence[Sequence[float]],
        y: Sequence[Target],
        *,
        epochs: int = 1,
        batch_size: int | None = None,
        optimizer: str | Optimizer = "sgd",
        sample_weight: Sequence[float] | None = None,
        order: Sequence[int] | None = None,
    ) -> Vector:
        """Train, and return the loss of every step, computed before its parameters changed.

        Parameters
        ----------
        X, y, sample_weight
            As for ``gradients``.
        epochs : int, default 1
            Passes over the data.
        batch_size : int, optional
            Samples per step; the last batch of an epoch may be shorter. Default: all.
        optimizer : str or optimizer object, default "sgd"
            Its memory is kept from one call to the next as long as its kind stays the same.
        order : sequence of int, optional
            Row numbers in the order of training, the same in every epoch; default: as they come.

        Returns
        -------
        list of float
            One loss per step, penalties included.
        """
        # Everything is looked at before the first step, so that an error leaves the network as it was.
        X, targets, weights = samples_of(X, y, sample_weight, self._sizes, self._loss)
        rows = row_numbers(order, len(X))
        size = max(len(rows), 1) if batch_size is None else check_integer(batch_size, "batch_size", minimum=1)
        epochs = check_integer(epochs, "epochs", minimum=0)
        training = Training(optimizer)
        if self._training is None or self._training.settings.name != training.settings.name:
            self._training = training
        self._training.settings = settings = training.settings
        per_epoch = -(-len(rows) // size)
        n_own = sum(map(len, self.embedding))
        is_weight = per_parameter(self._shapes, [(True, False)] * len(self.layers)) + [False] * n_own
        factors = per_parameter(self._shapes, [(of.weight_rate_factor, of.bias_rate_factor) for of in self.layers])
        factors += [1.0] * n_own
        losses: Vector = []
        for _ in range(epochs):
            for start in range(0, len(rows), size):
                batch = rows[start : start + size]
                x, t, weight = [X[n] for n in batch], [targets[n] for n in batch], [weights[n] for n in batch]
                masks = drawn_masks(self._dropout, self._shapes, len(batch), self._generator)
                gradients = self._gradients(x, t, weight, masks)
                gradient = flatten(gradients.weights, gradients.biases, gradients.embedding)
                rate = rate_of(settings.learning_rate, len(losses), epochs * per_epoch, per_epoch)
                self.set_parameters(self._training.step(self.get_parameters(), gradient, rate, is_weight, factors))
                losses.append(gradients.loss)
        return losses

    def _circuit(self, X: Sequence[Sequence[float]], masks: Sequence[Matrix] | None = None) -> Circuit:
        """Build the gates from the inputs to the last activations."""
        rows = [float_row(x, self.n_inputs, f"X[{n}]") for n, x in enumerate(X)]
        return self._wiring.circuit(self.weights, self.biases, rows, masks, self.embedding)

    def _loss_gate(self, circuit: Circuit, targets: Matrix, weights: Vector) -> Gate:
        """Add to a circuit the mean loss of its samples and the penalties."""
        ends = zip(weights, circuit.logits, circuit.activations[-1], targets, strict=True)
        total = add(*(weight * loss_of(self._loss, z, a, t, self._activations[-1]) for weight, z, a, t in ends))
        # samples that all weigh 0 have a mean loss of 0
        return add(total / (math.fsum(weights) or 1.0), *self._penalty_gates(circuit))

    def _penalty_gates(self, circuit: Circuit) -> list[Gate]:
        return [penalty(W, l1, l2) for W, (l1, l2) in zip(circuit.weights, self._penalties, strict=True) if l1 or l2]
