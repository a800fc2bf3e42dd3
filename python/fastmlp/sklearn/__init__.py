"""scikit-learn estimators over the core: ``from fastmlp.sklearn import MLPClassifier`` and keep the rest of a program.

``MLPClassifier`` and ``MLPRegressor`` take the parameters of scikit-learn's classes of these names, in their order and
with their meaning, and more by keyword. ``from_sklearn`` turns a fitted model of scikit-learn's into one of these.
Needs scikit-learn (the extra ``sklearn``), which is imported with this package and not before.

``TabularClassifier`` and ``TabularRegressor`` are for tables with categories and missing values; ``load`` reads what
their ``save`` wrote.

The first two are in _mlp/, the other two in _tabular/; neither folder knows the other. Beside them is what both need:
a fit's results before the estimator takes them over (_results.py), the few things that are done with a Network beyond
its public methods (_models.py), and smaller ones.
"""

from __future__ import annotations

try:
    from sklearn.utils.validation import validate_data  # noqa: F401  (new in 1.6)
except ImportError as missing:
    raise ImportError('fastmlp.sklearn needs scikit-learn 1.6 or newer: pip install "scikit-learn>=1.6".') from missing

from fastmlp.sklearn._mlp.classifier import MLPClassifier
from fastmlp.sklearn._mlp.conversion import from_sklearn
from fastmlp.sklearn._mlp.regressor import MLPRegressor
from fastmlp.sklearn._tabular.classifier import TabularClassifier
from fastmlp.sklearn._tabular.loading import load
from fastmlp.sklearn._tabular.regressor import TabularRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TabularClassifier", "TabularRegressor", "from_sklearn", "load"]
