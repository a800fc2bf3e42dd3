"""Checkpoints of estimators: a fit that was ended goes on to the bits, and the attributes, of one that was not.

What could go wrong: an estimator knows more than its network, which is not in the file (curves, scores, the rate that a
rule has left, the best weights), or its second fit draws other weights or rows than the first.
"""

from __future__ import annotations

import os

import pytest
from sklearn.base import clone

import fastmlp as fm
from fastmlp._training.keeper import Keeper
from fastmlp.sklearn import MLPClassifier, MLPRegressor, TabularClassifier, TabularRegressor

X, Y = fm.datasets.moons(160)


class Ended(BaseException):
    """Ends a fit as nothing else does."""


ESTIMATORS = {
    "early stopping by score": MLPClassifier(
        (8,),
        max_iter=40,
        batch_size=16,
        early_stopping=True,
        n_iter_no_change=3,
        random_state=1,
        learning_rate_init=0.05,
    ),
    "an adaptive rate": MLPRegressor(
        hidden_layer_sizes=(8,),
        batch_size=16,
        solver="sgd",
        learning_rate="adaptive",
        max_iter=12,
        tol=0.1,
        n_iter_no_change=2,
        random_state=0,
    ),
    "an inverse scaling": MLPClassifier(
        (8,), batch_size=16, solver="sgd", learning_rate="invscaling", max_iter=9, random_state=0
    ),
    "classes of a table": TabularClassifier(max_iter=6, random_state=0, hidden_layer_sizes=(8,)),
    "values of a table": TabularRegressor(max_iter=6, random_state=0, n_estimators=2, hidden_layer_sizes=(8,)),
}


@pytest.mark.filterwarnings("ignore:the fit made max_iter")
@pytest.mark.parametrize("kind", ESTIMATORS)
def test_estimators_go_on(tmp_path, kind, monkeypatch):
    checkpoint = fm.Checkpoint(tmp_path / "run-{network}.ckpt", steps=3)
    expected = clone(ESTIMATORS[kind]).fit(X, Y)
    after = Keeper.after_slice

    def ending(keeper, training):
        after(keeper, training)
        if training.n_steps > 22:
            raise Ended

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "after_slice", ending)
        with pytest.raises(Ended):
            clone(ESTIMATORS[kind]).fit(X, Y, checkpoint=checkpoint)
    assert os.listdir(tmp_path)
    found = clone(ESTIMATORS[kind]).fit(X, Y, checkpoint=checkpoint)
    assert found.predict(X).tobytes() == expected.predict(X).tobytes()
    for name, value in vars(expected).items():
        if isinstance(value, int | float | list) and "network" not in name:
            assert getattr(found, name) == value, name


def test_estimators_need_draws_that_come_again(tmp_path):
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt")
    for estimator in (MLPClassifier(), TabularRegressor()):
        with pytest.raises(
            ValueError, match="a checkpoint needs the same draws in every call, but random_state is None"
        ):
            estimator.fit(X, Y, checkpoint=checkpoint)
    assert os.listdir(tmp_path) == []
