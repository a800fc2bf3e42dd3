"""What a network does with derivatives: of its loss, of one's own, of its outputs, and steps from them.

Each method has its documentation here and one call of what does it, in _model/derivatives.py or _training/own_steps.py.
Documentation makes this file a long one.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy.typing as npt

from fastmlp._gradient_check.network import check_network
from fastmlp._gradient_check.report import GradientReport
from fastmlp._model import derivatives
from fastmlp._model.model import Model
from fastmlp._training.own_steps import OwnSteps
from fastmlp.gradients import Gradients
from fastmlp.optimizers import Optimizer

Array = npt.NDArray[Any]


class Differentiable:
    """The methods of a ``Network`` that take or give derivatives."""

    _model: Model
    _own_steps: OwnSteps

    def gradients(self, X: npt.ArrayLike, y: npt.ArrayLike, sample_weight: npt.ArrayLike | None = None) -> Gradients:
        """Return the derivatives of ``loss(X, y)`` by every weight, bias and input, by backpropagation.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for ``fit``.

        Returns
        -------
        Gradients
            By weights, biases, inputs and outputs.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], loss="half_squared_error")
        >>> net.set_parameters([2.0, 1.0])
        >>> net.gradients([[3.0]], [5.0]).weights  # (3 * 2 + 1 - 5) * 3
        [array([[6.]], dtype=float32)]
        """
        return derivatives.gradients(self._model, self._model.check(X, y, sample_weight))

    def check_gradients(
        self,
        X: npt.ArrayLike,
        y: npt.ArrayLike,
        sample_weight: npt.ArrayLike | None = None,
        *,
        tolerance: float = 1e-6,
        max_samples: int = 100,
        max_parameters: int = 2000,
        seed: int = 0,
    ) -> GradientReport:
        """Compare backpropagation with central differences, both in float64 at the weights of this network.

        Parameters
        ----------
        X, y, sample_weight : array-like
            As for ``fit``.
        tolerance : float, default 1e-6
            The largest relative error of a derivative that passes, beyond what differences may be wrong by.
        max_samples : int, default 100
            Of more samples, so many are taken at even distances.
        max_parameters : int, default 2000
            A network with more of them is checked at random parameters and along random directions of each layer.
        seed : int, default 0
            Of these random choices.

        Returns
        -------
        GradientReport
            ``passed`` only if nothing is ``wrong`` and nothing ``undecided``; a table when printed.

        Raises
        ------
        ValueError
            An argument is not as described, or every sample lies at a kink or jump of an activation or of the loss.

        Notes
        -----
        Each derivative is judged by itself: docs/checking-gradients.md says how. Kinks are avoided.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(2, "softmax")], seed=0)
        >>> net.check_gradients([[0.5, -1.0], [2.0, 0.1]], [0, 1]).passed
        True
        """
        return check_network(
            self._model,
            self._model.check(X, y, sample_weight),
            tolerance=tolerance,
            max_samples=max_samples,
            max_parameters=max_parameters,
            seed=seed,
        )

    def backward(
        self,
        X: npt.ArrayLike,
        d_outputs: npt.ArrayLike | Callable[[Array], npt.ArrayLike],
        *,
        at: str = "outputs",
        dropout: int | None = None,
    ) -> Gradients:
        """Return the derivatives of a loss of one's own by every weight, bias and input, by backpropagation.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.
        d_outputs : array (samples, outputs), of one output also (samples,), or function
            Derivatives d(loss)/d(outputs) after the last activation. They are summed over the samples as they are
            given: of a mean over n samples the caller divides by n. A function gets the outputs and returns them, so
            that the network goes forward once.
        at : "outputs" or "pre_activations", default "outputs"
            "pre_activations": d_outputs are d(loss)/dz of the last layer, by what its activation is applied to, which
            with scale_targets is not in the units of y.
        dropout : int, optional
            Drop what ``forward(X, dropout=...)`` drops with this seed. Default: nothing is dropped.

        Returns
        -------
        Gradients
            Those of the penalties included, as in ``gradients``; its ``loss`` is NaN.

        Raises
        ------
        ValueError, TypeError
            An argument, or what the function returned, is not as described.

        See Also
        --------
        step : A training step with such derivatives.
        gradients : Of the network's own loss.

        Notes
        -----
        Derivatives below 2**-60 (float64: 2**-500) in magnitude count as 0, as everywhere in training. With
        scale_targets they are by outputs in the units of y, and penalties are added as they are, while ``gradients``
        gives both in the unit of the loss.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)])
        >>> net.set_parameters([2.0, 1.0])
        >>> net.backward([[3.0], [1.0]], [[1.0], [10.0]]).weights  # 3 * 1 + 1 * 10
        [array([[13.]], dtype=float32)]
        >>> net.backward([[3.0]], lambda outputs: outputs - 5.0).weights  # of (o - 5)^2 / 2
        [array([[6.]], dtype=float32)]
        """
        return derivatives.backward(self._model, X, d_outputs, at, dropout)

    def step(
        self,
        X: npt.ArrayLike,
        d_outputs: npt.ArrayLike | Callable[[Array], npt.ArrayLike],
        *,
        optimizer: str | Optimizer = "adam",
        at: str = "outputs",
        dropout: int | None = None,
    ) -> Array:
        """Make one training step with a loss of one's own, and return the outputs that it began with.

        Quickest with X and d_outputs float32 or of the network's dtype, and the same optimizer object in every call.

        Parameters
        ----------
        X, d_outputs : arrays, or an array and a function
            As for ``backward``: derivatives are not divided by the number of samples.
        optimizer : str or optimizer object, default "adam"
            Each network keeps its state for the next call with an optimizer of this kind, as for ``fit``; so one object
            may serve several networks. Its learning rate is a number, which another call may change.
        at : "outputs" or "pre_activations", default "outputs"
            As for ``backward``.
        dropout : int, optional
            In a network with Dropout, derivatives belong to one draw of it. Given as an array, they need the seed
            whose outputs they were computed from, by ``forward(X, dropout=seed)``. A function gets the outputs of a
            draw that the step makes, if no seed is given.

        Returns
        -------
        array (samples, outputs)
            Those before the weights moved.

        Raises
        ------
        ValueError, TypeError
            An argument, or what the function returned, is not as described; nothing has changed then.
        FloatingPointError
            A weight became NaN or infinite; the network is as before the step.

        Notes
        -----
        With ``at="pre_activations"`` and the ``deltas`` of ``gradients(X, y)`` this is the step that ``fit`` makes with
        (X, y) as one batch, to the bit; with its ``outputs`` likewise after identity, else to rounding. With
        scale_targets ``fit`` goes down a loss in units of the targets' deviation (mse / deviation^2), whose derivatives
        are that much smaller: SGD wants them divided so. While the function runs, nothing may change the network; the
        views ``layers[i].weights`` cannot refuse it.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)])
        >>> net.set_parameters([2.0, 1.0])
        >>> net.step([[3.0]], lambda outputs: outputs - 5.0, optimizer=fm.SGD(0.1))
        array([[7.]], dtype=float32)
        >>> net.get_parameters()  # 2 - 0.1 * 6, 1 - 0.1 * 2
        array([1.4, 0.8], dtype=float32)
        """
        return self._own_steps.step(X, d_outputs, optimizer, at, dropout)

    def apply_gradients(self, gradients: Gradients | npt.ArrayLike, *, optimizer: str | Optimizer = "adam") -> None:
        """Move the weights by gradients, as a training step does once it has them.

        Parameters
        ----------
        gradients : Gradients or array (n_parameters,)
            Of ``gradients`` or ``backward``, or in the order of ``get_parameters``. Nothing is added, no penalty
            either: those are in Gradients already.
        optimizer : str or optimizer object, default "adam"
            As for ``step``; it clips where it does in training.

        Raises
        ------
        ValueError, TypeError
            An argument is not as described; nothing has changed then.
        FloatingPointError
            A weight became NaN or infinite; the network is as before.

        Notes
        -----
        ``apply_gradients(backward(X, d))`` is ``step(X, d)``, to the bit.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)])
        >>> net.set_parameters([2.0, 1.0])
        >>> net.apply_gradients([1.0, -1.0], optimizer=fm.SGD(0.5))
        >>> net.get_parameters()
        array([1.5, 1.5], dtype=float32)
        """
        self._own_steps.apply(gradients, optimizer)

    def jacobian(self, X: npt.ArrayLike) -> Array:
        """Return the derivatives of every output by every input.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.

        Returns
        -------
        array (samples, outputs, inputs)
            At a kink that of one side, as in training.

        See Also
        --------
        vjp, input_gradient : Products with it, at the price of one pass back.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(2, [fm.Dense(2, "relu")])
        >>> net.set_parameters([1.0, -1.0, 2.0, 1.0, 0.0, 0.0])
        >>> net.jacobian([[3.0, 1.0]])  # units 5 and -2: the second is shut
        array([[[1., 2.],
                [0., 0.]]], dtype=float32)
        """
        return derivatives.jacobian(self._model, X)

    def vjp(self, X: npt.ArrayLike, V: npt.ArrayLike) -> Array:
        """Return each row of V times the Jacobian of that sample: the derivatives of sum_k V_k o_k by the inputs.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.
        V : array (samples, outputs)
            A row of factors for each sample.

        Returns
        -------
        array (samples, inputs)
            In the dtype of the network.

        Notes
        -----
        Numbers of V below 2**-60 (float64: 2**-500) in magnitude count as 0, as in ``backward``.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(2)])
        >>> net.set_parameters([2.0, 3.0, 0.0, 0.0])
        >>> net.vjp([[1.0]], [[1.0, 10.0]])
        array([[32.]], dtype=float32)
        """
        return derivatives.vjp(self._model, X, V)

    def input_gradient(self, X: npt.ArrayLike, output: int = 0) -> Array:
        """Return the derivatives of one output by the inputs.

        Parameters
        ----------
        X : array (samples, inputs)
            The samples, a row each.
        output : int, default 0
            Its number, from 0.

        Returns
        -------
        array (samples, inputs)
            At a kink that of one side, as in training.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(2)])
        >>> net.set_parameters([2.0, 3.0, 0.0, 0.0])
        >>> net.input_gradient([[1.0]], output=1)
        array([[3.]], dtype=float32)
        """
        return derivatives.input_gradient(self._model, X, output)

    def per_sample_gradients(self, X: npt.ArrayLike, y: npt.ArrayLike) -> Array:
        """Return the gradient of each sample's own loss by all parameters.

        Parameters
        ----------
        X, y : array-like
            As for ``fit``.

        Returns
        -------
        array (samples, n_parameters)
            In the order of ``get_parameters``. Penalties have no part in it: the mean over the rows and the gradient
            of the penalties make ``gradients(X, y).ravel()``, without weights of samples or classes.

        Examples
        --------
        >>> import fastmlp as fm
        >>> net = fm.Network(1, [fm.Dense(1)], loss="half_squared_error")
        >>> net.set_parameters([2.0, 1.0])
        >>> net.per_sample_gradients([[3.0], [1.0]], [5.0, 3.5])
        array([[ 6. ,  2. ],
               [-0.5, -0.5]], dtype=float32)
        """
        return derivatives.per_sample_gradients(self._model, self._model.check(X, y))
