"""``from_sklearn``: a fitted model of scikit-learn's as one of these, with the same predictions.

What a fit leaves there is put on an MLPResult, which the new estimator takes over as it does that of a fit of its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import neural_network
from sklearn.utils.validation import check_is_fitted

from fastmlp._checks.text import brief
from fastmlp.sklearn._mlp.building import build
from fastmlp.sklearn._mlp.classes import ClassGoal, Labels, loss_of_classes
from fastmlp.sklearn._mlp.classifier import MLPClassifier
from fastmlp.sklearn._mlp.goal import Goal
from fastmlp.sklearn._mlp.parameters import Parameters
from fastmlp.sklearn._mlp.regressor import MLPRegressor
from fastmlp.sklearn._mlp.results import MLPResult
from fastmlp.sklearn._mlp.values import ValueGoal, loss_of_values


def from_sklearn(fitted: Any) -> MLPClassifier | MLPRegressor:
    """Return the fastmlp estimator of a fitted ``MLPClassifier`` or ``MLPRegressor`` of scikit-learn's.

    Parameters
    ----------
    fitted : sklearn.neural_network.MLPClassifier or MLPRegressor
        Stays as it is.

    Returns
    -------
    MLPClassifier or MLPRegressor
        With the parameters and attributes of ``fitted``, its weights and their dtype. ``partial_fit`` and
        ``warm_start`` go on from there, with an optimizer that begins anew.

    Raises
    ------
    TypeError
        ``fitted`` is something else.
    sklearn.exceptions.NotFittedError
        It has not been fitted.

    See Also
    --------
    MLPClassifier : For arrays of numbers.
    MLPRegressor : For arrays of numbers.

    Examples
    --------
    >>> from sklearn.neural_network import MLPClassifier
    >>> from fastmlp.sklearn import from_sklearn
    >>> theirs = MLPClassifier(tol=1.0, random_state=0).fit([[0.0], [1.0], [2.0]], ["a", "b", "c"])
    >>> ours = from_sklearn(theirs)
    >>> bool(abs(ours.predict_proba([[0.3]]) - theirs.predict_proba([[0.3]])).max() < 1e-6)
    True
    """
    kinds = {neural_network.MLPClassifier: MLPClassifier, neural_network.MLPRegressor: MLPRegressor}
    kind = next((ours for theirs, ours in kinds.items() if isinstance(fitted, theirs)), None)
    if kind is None:
        raise TypeError(
            f"from_sklearn takes a fitted MLPClassifier or MLPRegressor of scikit-learn's, got {brief(fitted)}."
        )
    check_is_fitted(fitted)
    # not by its get_params, since a subclass may take other parameters; before 1.7 scikit-learn's regressor has no loss
    settings = {name: getattr(fitted, name) for name in kind().get_params(deep=False) if hasattr(fitted, name)}
    # sizes and loss are those of the fit: the parameters may have been set since
    sizes = [len(fitted.coefs_[0]), *(len(bias) for bias in fitted.intercepts_)]
    settings["hidden_layer_sizes"] = tuple(sizes[1:-1])
    if kind is MLPRegressor:
        settings["loss"] = "poisson" if fitted.out_activation_ == "exp" else "squared_error"
    estimator = kind(**settings)
    result = MLPResult()
    for name in MLPResult.attributes():
        if name.endswith("_") and hasattr(fitted, name):
            value = getattr(fitted, name)
            setattr(result, name, value.copy() if hasattr(value, "copy") else value)
    if hasattr(fitted, "_no_improvement_count"):
        result.no_improvement_count = fitted._no_improvement_count
    # the rate that sgd has come to; in the object of Adam it is multiplied by the correction of the first steps
    optimizer = getattr(fitted, "_optimizer", None) if fitted.solver == "sgd" else None
    result.rate = getattr(optimizer, "learning_rate", estimator.learning_rate_init)
    goal: Goal
    if isinstance(estimator, MLPClassifier):
        binarizer = fitted._label_binarizer
        result.binarizer = binarizer if binarizer.y_type_.startswith("multilabel") else None
        labels = Labels(result.classes_, result.binarizer)
        goal = ClassGoal(loss_of_classes(estimator.loss), labels, estimator.class_weight)
    else:
        goal = ValueGoal(loss_of_values(estimator.loss))
    result.network_ = build(
        Parameters.of(estimator.get_params(deep=False)),
        sizes,
        goal.last_activation,
        goal.loss,
        l2=0.0,
        dtype=np.float32 if fitted.coefs_[0].dtype == np.float32 else np.float64,
        seed=0,
        initial=list(zip(fitted.coefs_, fitted.intercepts_, strict=True)),
    )
    result.hand_over(estimator)
    return estimator
