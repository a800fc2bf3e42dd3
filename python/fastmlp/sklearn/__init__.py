"""scikit-learn estimators over the core: ``from fastmlp.sklearn import MLPClassifier`` and keep the rest of a program.

``MLPClassifier`` and ``MLPRegressor`` take the parameters of scikit-learn's classes of these names, in their order and
with their meaning, and more by keyword. ``from_sklearn`` turns a fitted model of scikit-learn's into one of these.
Needs scikit-learn (the extra ``sklearn``), which is imported with this package and not before.

``TabularClassifier`` and ``TabularRegressor`` are for tables with categories and missing values.

_parameters.py checks what the constructor took, _building.py makes the Network of it, _iterations.py decides after each
epoch, _estimator.py leads a fit; what classes and values need apart is in _classifier.py and _regressor.py. What tables
need is in _table_estimator.py and _tables.py.
"""

from __future__ import annotations

try:
    from sklearn.utils.validation import validate_data  # noqa: F401  (new in 1.6)
except ImportError as missing:
    raise ImportError("fastmlp.sklearn needs scikit-learn 1.6 or newer: pip install 'fastmlp[sklearn]'.") from missing

from fastmlp.sklearn._classifier import MLPClassifier
from fastmlp.sklearn._conversion import from_sklearn
from fastmlp.sklearn._regressor import MLPRegressor
from fastmlp.sklearn._table_classifier import TabularClassifier
from fastmlp.sklearn._table_regressor import TabularRegressor

__all__ = ["MLPClassifier", "MLPRegressor", "TabularClassifier", "TabularRegressor", "from_sklearn"]
