"""``fastmlp.sklearn.load``: a file to the estimator that it was; what it holds, files.py knows."""

from __future__ import annotations

import os
from typing import IO

from fastmlp._checks.text import brief
from fastmlp._files import estimator_file
from fastmlp._files.opening import read_file
from fastmlp.sklearn._tabular.classifier import TabularClassifier
from fastmlp.sklearn._tabular.files import parameters_of, result_of
from fastmlp.sklearn._tabular.regressor import TabularRegressor

KINDS: dict[str, type[TabularClassifier] | type[TabularRegressor]] = {
    kind.__name__: kind for kind in (TabularClassifier, TabularRegressor)
}


def load(path: str | os.PathLike[str]) -> TabularClassifier | TabularRegressor:
    """Read a fitted estimator from a file; it predicts the same bits as the one that was saved.

    Parameters
    ----------
    path : path
        A file that ``TabularClassifier.save`` or ``TabularRegressor.save`` wrote. Any other content is refused; it is
        safe to load a file from a stranger, which a pickle is not.

    Returns
    -------
    TabularClassifier or TabularRegressor
        Fitted, with the parameters that it had; it needs no certain version of scikit-learn.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    TypeError
        ``path`` is no path.
    fastmlp.ModelFileError
        The file is damaged, truncated, a network (which ``fastmlp.load`` reads) or nothing of fastmlp's.

    See Also
    --------
    TabularClassifier.save : Write one.
    fastmlp.load : For networks.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastmlp.sklearn
    >>> X, y = [[25, "cat"], [31, "dog"]] * 20, ["purrs", "barks"] * 20
    >>> model = fastmlp.sklearn.TabularClassifier(max_iter=5, random_state=0).fit(X, y)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "pets.safetensors")
    ...     model.save(path)
    ...     again = fastmlp.sklearn.load(path)
    >>> bool((again.predict_proba(X) == model.predict_proba(X)).all())
    True
    """
    return read_file(path, _read)


def _read(file: IO[bytes], size: int) -> TabularClassifier | TabularRegressor:
    read = estimator_file.read(file, size)
    name = read.description.get("kind")
    if not isinstance(name, str) or name not in KINDS:
        raise ValueError(f"it holds the estimator {brief(name)}, which this fastmlp does not know")
    kind = KINDS[name]
    result = result_of(read, is_classifier=kind is TabularClassifier)
    estimator = kind()
    estimator.set_params(**parameters_of(read, list(estimator.get_params())))
    result.hand_over(estimator)
    return estimator
