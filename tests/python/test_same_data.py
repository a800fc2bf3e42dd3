"""Data are known again as the network saw them, by records and by checkpoints.

What could go wrong: the same numbers of another dtype, which give the same bits, are refused (each dtype and each shape
that a network takes, beside the bits of both trainings); data that give other bits are taken, or refused without a word
about the dtype that makes them so (scaled in float64 or in float32); what the first files say of data is forgotten.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from ended_fits import EndAt, Ended

import fastmlp as fm
from fastmlp._training.fingerprint import digests_of
from fastmlp.network import model_of

WHOLE = np.random.default_rng(0).integers(0, 9, (100, 4))
CUT = np.random.default_rng(1).normal(size=(100, 4))
LAST = {"classes": (2, "softmax"), "two classes": (1, "sigmoid"), "values": (1, "identity")}
FIRST = {"plain": [], "scaled": [fm.Standardize()], "robust": [fm.RobustScale()], "bins": [fm.PiecewiseLinear(4)]}


def targets(kind):
    return WHOLE[:, :1] * 0.1 if kind == "values" else (WHOLE[:, 0] > 4).astype(int)


def trained(X, y, first="plain", last="classes", dtype="float32"):
    layers = [*FIRST[first], fm.Dense(8, "tanh"), fm.Dense(*LAST[last])]
    net = fm.Network(4, layers, seed=0, dtype=dtype)
    net.fit(X, y, epochs=2, batch_size=17, record=True)
    return net


def bits(net):
    # what was learned of the data as well
    return net.get_parameters().tobytes(), str(net.scaling), str(net.embedding)


def kinds_of(values):
    """Return the same numbers in every way in which they can be given."""
    given = {
        "float64": values.astype(float),
        "float32": values.astype("f4"),
        "list": values.tolist(),
        "fortran": np.asfortranarray(values.astype(float)),
        "big endian": values.astype(">f8"),
        "object": values.astype(object),
        "frame": pd.DataFrame(values),
    }
    if values.dtype.kind == "i":
        given |= {kind: values.astype(kind) for kind in ("int64", "int8", "uint8", "float16")}
    return given


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("first", FIRST)
@pytest.mark.parametrize("values", [WHOLE, CUT], ids=["whole", "cut"])
def test_inputs_are_the_same_exactly_where_their_bits_are(dtype, first, values):
    y = targets("classes")
    nets = {kind: trained(X, y, first, dtype=dtype) for kind, X in kinds_of(values).items()}
    for kind, X in kinds_of(values).items():
        for other in ("float64", "float32"):
            found = fm.verify(nets[other], X, y)
            assert found.proved == (bits(nets[kind]) == bits(nets[other])), (kind, other, found)


def test_a_dtype_that_counts_is_named():
    X, y = CUT.astype("f4"), targets("classes")
    assert fm.verify(trained(X, y, "scaled"), X.tolist(), y).sentence == (
        "X is taken as float64 here and as float32 in the record, in whose arithmetic it is scaled "
        "(give X.astype('float32')), in fit 1."
    )
    assert "as float32 here and as float64 in the record" in fm.verify(trained(X.tolist(), y, "scaled"), X, y).sentence
    assert fm.verify(trained(X, y, "scaled"), CUT, y).sentence.startswith("X is taken as float64 here and as float32")
    assert fm.verify(trained(CUT, y, "scaled"), X, y).sentence.startswith("X has other values here than in the record")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("last", LAST)
def test_targets_are_the_same_exactly_where_their_bits_are(dtype, last):
    y = targets(last)
    given = {"list": y.tolist(), "object": y.astype(object), "series": pd.Series(y.ravel())}
    if last == "values":
        given |= {"float32": y.astype("f4"), "flat": y.ravel()}
    else:
        given |= {"bool": y.astype(bool), "uint8": y.astype("u1")}
    if last == "two classes":
        given |= {"column": y.reshape(-1, 1), "float": y.astype(float)}
    net = trained(WHOLE, y, last=last, dtype=dtype)
    for kind, other in given.items():
        found = fm.verify(net, WHOLE, other)
        assert found.proved == (bits(trained(WHOLE, other, last=last, dtype=dtype)) == bits(net)), (kind, found)


def test_a_checkpoint_knows_the_numbers_of_another_dtype_again(tmp_path):
    checkpoint = fm.Checkpoint(tmp_path / "run.ckpt", steps=1)

    def fit(X, y, ends=None, first="plain", validation=None):
        net = fm.Network(4, [*FIRST[first], fm.Dense(1)], seed=0)
        validation_data = (CUT, targets("values")) if validation is None else validation
        net.fit(
            X, y, epochs=4, callbacks=[EndAt(ends)], checkpoint=checkpoint, validation_data=validation_data, metrics=[]
        )
        return net

    y = targets("values")
    with pytest.raises(Ended):
        fit(CUT, y, 2)
    fit(CUT.astype("f4"), y.astype("f4"), validation=(CUT.astype("f4"), y))
    # of validation a metric sees every digit
    with pytest.raises(ValueError, match="y of the validation has other values here"):
        fit(CUT, y, validation=(CUT, y.astype("f4")))
    (tmp_path / "run.ckpt").unlink()
    with pytest.raises(Ended):
        fit(CUT.astype("f4"), y, 2, "scaled")
    with pytest.raises(
        ValueError, match=r"X is taken as float64 here and as float32 there, .*give X.astype\('float32'"
    ):
        fit(CUT.astype("f4").astype(float), y, None, "scaled")


@pytest.mark.parametrize("kind", ["float64", "float32", "uint8"])
def test_what_the_first_records_say_of_data_is_known_again(kind):
    X, y = WHOLE.astype(kind), targets("classes")
    net = trained(X, y)
    record = model_of(net).record
    # digests of the arrays as they came
    before = digests_of(model_of(net).check(X, y))
    assert (before == record.fits[0].data) == (kind == "float32")
    record.fits[0].data = before
    assert fm.verify(net, X, y)
    assert not fm.verify(net, X + 1, y)
