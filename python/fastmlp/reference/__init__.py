"""The whole of fastmlp once more in plain Python: slow, without NumPy, and written to be read.

Read the files in this order, in one sitting:

1. ``graph``: gates that know their value and their local gradients, and ``backward``. This is backpropagation.
2. ``functions``: activations, losses and penalties made of gates, with no derivative in sight; ``formulas``: likewise
   for activations that are given as formulas.
3. ``network``: a dense network as a graph; its gradients come from ``backward``.
4. ``optimizers``: what to do with the gradients.

It takes the same layers, losses, penalties and optimizers as ``fastmlp.Network`` and is its judge: the tests compare
losses, gradients and training steps of the compiled core with it. Therefore it shares no formula with the core.

Examples
--------
A neuron as a circuit: the gradients say how the output moves when a weight or an input moves.

>>> from fastmlp.reference import Gate, exp
>>> w, x, b = [Gate(2.0), Gate(-3.0)], [Gate(-1.0), Gate(-2.0)], Gate(-3.0)
>>> output = 1.0 / (1.0 + exp(-(w[0] * x[0] + w[1] * x[1] + b)))
>>> output.backward()
>>> round(output.value, 2), [round(gate.gradient, 2) for gate in [*x, *w, b]]
(0.73, [0.39, -0.59, -0.2, -0.39, 0.2])

The same neuron as a network, learning that the answer for this input is 0:

>>> from fastmlp import SGD, Dense
>>> from fastmlp.reference import Network
>>> neuron = Network(2, [Dense(1, "sigmoid")])
>>> neuron.set_parameters([2.0, -3.0, -3.0])
>>> losses = neuron.fit([[-1.0, -2.0]], [0], epochs=3, optimizer=SGD(0.1))
>>> [round(loss, 2) for loss in losses]
[1.31, 1.01, 0.79]
"""

from fastmlp.reference.circuit import Circuit, Gradients
from fastmlp.reference.functions import ACTIVATIONS, LOSSES, sigmoid, softmax
from fastmlp.reference.graph import (
    Gate,
    absolute,
    add,
    cos,
    divide,
    erf,
    exp,
    log,
    log1p,
    maximum,
    minimum,
    multiply,
    negate,
    power,
    sin,
    sqrt,
    step,
    subtract,
    tanh,
)
from fastmlp.reference.network import Network
from fastmlp.reference.optimizers import OPTIMIZERS, Training

__all__ = [
    "ACTIVATIONS",
    "LOSSES",
    "OPTIMIZERS",
    "Circuit",
    "Gate",
    "Gradients",
    "Network",
    "Training",
    "absolute",
    "add",
    "cos",
    "divide",
    "erf",
    "exp",
    "log",
    "log1p",
    "maximum",
    "minimum",
    "multiply",
    "negate",
    "power",
    "sigmoid",
    "sin",
    "softmax",
    "sqrt",
    "step",
    "subtract",
    "tanh",
]
