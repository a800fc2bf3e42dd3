"""``fastmlp.from_arrays``, ``from_onnx`` and ``from_torch``: networks that were trained elsewhere.

The ways back are methods (``Network.to_onnx`` and ``to_torch``); what files and modules mean is in
_export/onnx_reading.py and torch_reading.py. Estimators of scikit-learn come and go in fastmlp.sklearn.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.arguments import check_dtype
from fastmlp._checks.arrays import as_core_takes_it, count, numeric_array
from fastmlp._checks.text import brief
from fastmlp._export import onnx_reading
from fastmlp._model.class_names import ClassNames, check_class_names
from fastmlp.activations import Activation
from fastmlp.layers import Dense, Layer
from fastmlp.losses import Loss
from fastmlp.network import Network, model_of
from fastmlp.runtime import imported

Array = npt.NDArray[Any]


def from_arrays(
    weights: Sequence[npt.ArrayLike],
    biases: Sequence[npt.ArrayLike | None],
    activations: Sequence[str | Activation],
    *,
    loss: str | Loss | None = None,
    dtype: npt.DTypeLike | None = None,
    seed: int | None = None,
) -> Network:
    """Return a network with these weights: of Keras, MATLAB, R, a file of NumPy's, or computed by hand.

    Parameters
    ----------
    weights : list of arrays (inputs, units)
        Of each layer, from the first to the last. Where a library has them as (units, inputs), as MATLAB and PyTorch
        do, give the transposes.
    biases : list of arrays (units,)
        Of each layer; None for one without a bias, which begins at 0 and learns.
    activations : list of str or activation objects
        Of each layer, such as "relu", "identity" and, for the last, "softmax".
    loss : str or loss object, optional
        As for ``Network``.
    dtype : "float32" or "float64", optional
        Of the network. Default: float32 if all arrays are, else float64, so that no digit is lost.
    seed : int, optional
        As for ``Network``: of shuffling and dropout if it is trained.

    Returns
    -------
    Network
        With copies of the arrays.

    Raises
    ------
    ValueError, TypeError
        The lists are not equally long, shapes do not fit, a number is not finite or too large for the dtype, or an
        activation is not known.

    See Also
    --------
    from_torch : Modules of PyTorch.
    fastmlp.sklearn.from_sklearn : Estimators of scikit-learn.

    Examples
    --------
    The network that computes XOR, by hand:

    >>> import fastmlp as fm
    >>> weights = [[[1.0, 1.0], [1.0, 1.0]], [[1.0], [-2.0]]]
    >>> net = fm.from_arrays(weights, [[0.0, -1.0], [0.0]], ["relu", "identity"])
    >>> net.forward([[0, 0], [0, 1], [1, 0], [1, 1]]).ravel()
    array([0., 1., 1., 0.])

    A ``Sequential`` of Keras's, whose layers are all Dense: ``arrays = model.get_weights()``, then
    ``fm.from_arrays(arrays[0::2], arrays[1::2], ["relu", "softmax"])``.
    """
    for value, name in ((weights, "weights"), (biases, "biases"), (activations, "activations")):
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise TypeError(f"{name} must be a list with an entry for each layer, got {brief(value)}.")
    if not len(weights) == len(biases) == len(activations) or not weights:
        raise ValueError(
            f"weights, biases and activations have {len(weights)}, {len(biases)} and {len(activations)} entries: give "
            "one of each for every layer."
        )
    given = [_matrix(values, f"weights[{index}]") for index, values in enumerate(weights)]
    for index, (before, after) in enumerate(pairwise(given)):
        if before.shape[1] != after.shape[0]:
            is_transposed = all(a.shape[0] == b.shape[1] for a, b in pairwise(given))
            mend = "give the transposes, (inputs, units)" if is_transposed else "give (inputs, units)"
            raise ValueError(
                f"weights[{index}] has {count(before.shape[1], 'unit')}, but weights[{index + 1}] has "
                f"{count(after.shape[0], 'input')}: {mend}."
            )
    shifts = [
        np.zeros(matrix.shape[1], matrix.dtype)
        if values is None
        else _vector(values, matrix.shape[1], f"biases[{index}]")
        for index, (values, matrix) in enumerate(zip(biases, given, strict=True))
    ]
    is_single = all(values.dtype == np.float32 for values in [*given, *shifts])
    wanted = check_dtype(dtype) if dtype is not None else np.dtype(np.float32 if is_single else np.float64)
    layers: list[Layer] = [Dense(matrix.shape[1], one) for matrix, one in zip(given, activations, strict=True)]
    parameters = [
        (as_core_takes_it(matrix, f"weights[{index}]", wanted), as_core_takes_it(shift, f"biases[{index}]", wanted))
        for index, (matrix, shift) in enumerate(zip(given, shifts, strict=True))
    ]
    return _network(given[0].shape[0], layers, parameters, loss=loss, dtype=wanted, seed=seed)


def from_torch(module: Any, *, loss: str | Loss | None = None, seed: int | None = None) -> Network:
    """Return the network that a ``torch.nn.Sequential`` is, with its weights.

    Parameters
    ----------
    module : torch.nn.Sequential
        Of Linear, Dropout, LayerNorm and activations, also in Sequentials of their own; Identity is left out, and so is
        Flatten before the first Linear. One that comes twice becomes two layers, each with a copy of the weights. It
        stays as it is.
    loss : str or loss object, optional
        As for ``Network``.
    seed : int, optional
        As for ``Network``: of shuffling and dropout if it is trained.

    Returns
    -------
    Network
        In the dtype of the module, with copies of its weights. A gain and bias of LayerNorm are in the weights of the
        layer after it.

    Raises
    ------
    ImportError
        There is no PyTorch.
    TypeError
        ``module`` is something else.
    ValueError
        A module in it has no counterpart, or computes something else: the message names it.

    See Also
    --------
    Network.to_torch : The way back.
    from_arrays : Weights of any library.
    from_onnx : Files of ONNX.

    Notes
    -----
    Classifiers of PyTorch mostly end in a Linear, whose outputs are logits: then so does the network, with the loss
    "mse". For probabilities and labels give ``nn.Sequential(*module, nn.Softmax(dim=1))``. PyTorch's Softplus takes the
    input itself above its threshold of 20, which here has its own value: 2e-9 more at most.

    Examples
    --------
    ``fm.from_torch(nn.Sequential(nn.Linear(4, 16), nn.Tanh(), nn.Linear(16, 3), nn.Softmax(dim=1)))`` has the layers
    ``[fm.Dense(16, "tanh"), fm.Dense(3, "softmax")]``. What is no module is refused in a sentence; without PyTorch,
    in another one:

    >>> import fastmlp as fm
    >>> try:
    ...     fm.from_torch([4, 16, 3])
    ... except (TypeError, ImportError) as error:
    ...     print(str(error).split()[0] in ("from_torch", "modules"))
    True
    """
    read = imported("fastmlp._export.torch_reading").read_sequential(module)
    return _network(read.n_inputs, read.layers, read.parameters, loss=loss, dtype=read.dtype, seed=seed)


def from_onnx(path: str | os.PathLike[str], *, loss: str | Loss | None = None) -> Network:
    """Return a network of an ONNX model that is a chain of layers, as PyTorch and skl2onnx write them.

    Needs the package onnx: pip install "onnx>=1.16".

    Parameters
    ----------
    path : path
        A file of Gemm, or MatMul and Add, activations, LayerNormalization and Softmax, of any opset from 9 on. What is
        element by element between two layers becomes an activation or a formula; factors of columns and
        BatchNormalization become part of the weights, or a scaling of the inputs or of the targets; Dropout is left
        out. Labels that are made of the outputs are the network's own: it predicts what they are called, as text where
        these are other numbers than 0, 1, 2 and so on.
    loss : str or loss object, optional
        As for ``Network``. Default: that of the last activation, so that a file of probabilities gives a classifier
        also where it has no labels; "hinge" or "perceptron" where labels are made of scores; "mse" for ``values`` of
        ``to_onnx``.

    Returns
    -------
    Network
        In the dtype of the input, with the seed 0. It can be trained.

    Raises
    ------
    ImportError
        The package onnx is missing.
    FileNotFoundError
        There is no such file.
    TypeError
        ``path`` is no path.
    ValueError
        The file is no ONNX model, holds NaN, or something else than such a chain: the sentence names the node. So is a
        node of another domain or with settings that are not read, one in training mode, and a label that a network of
        these outputs does not predict.

    See Also
    --------
    Network.to_onnx : Write one.
    load : Read a model file of fastmlp's own, with all that a network knows.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(3, "gelu"), fm.Dense(1)], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.onnx")
    ...     net.to_onnx(path)
    ...     again = fm.from_onnx(path)
    >>> again, bool((again.get_parameters() == net.get_parameters()).all())
    (Network(2, [Dense(3, 'gelu'), Dense(1, 'identity')], loss='mse', dtype='float32', seed=0), True)
    """
    chain = onnx_reading.read(path)
    network = _network(
        chain.n_inputs,
        chain.layers,
        chain.arrays,
        loss=chain.loss if loss is None else loss,
        dtype=chain.dtype,
        seed=0,
        scale_targets=chain.target_scaling or False,
    )
    if chain.classes is not None and network.is_classifier:
        names = check_class_names(chain.classes, network.n_outputs)
        model_of(network).names = ClassNames(names, are_predicted=True)
    return network


def _matrix(values: npt.ArrayLike, name: str) -> Array:
    array = numeric_array(values, name)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"{name} must be an array (inputs, units), got shape {array.shape}.")
    return array


def _vector(values: npt.ArrayLike, units: int, name: str) -> Array:
    array = numeric_array(values, name)
    if array.shape != (units,):
        mend = f": give {name}.ravel()." if array.size == units and array.ndim > 1 else "."
        raise ValueError(f"{name} must have the shape ({units},), one number for each unit, got {array.shape}{mend}")
    return array


def _network(n_inputs: int, layers: list[Layer], parameters: list[tuple[Array, Array]], **settings: Any) -> Network:
    network = Network(n_inputs, layers, **settings)
    for layer, (weights, bias) in zip(network.layers, parameters, strict=True):
        layer.weights[:] = weights
        layer.bias[:] = bias
    return network
