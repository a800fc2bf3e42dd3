"""``fastmlp.testing``: what could go wrong is an assertion that passes, or one that fails without saying where.

The functions out of PyTorch and JAX are tested beside these (tests/peers/gradients.py).
"""

import re

import pytest

from fastmlp import testing


def f(x):
    return (x**3).sum()


def test_a_right_gradient_passes():
    testing.assert_gradients(f, lambda x: 3 * x**2, [1.0, 2.0])


def test_a_wrong_one_fails_with_its_report():
    with pytest.raises(
        AssertionError, match=r"does not pass the check\n.*\nx +x\[1\] +12\.1 +12 .*\nFAILED: "
    ) as caught:
        testing.assert_gradients(f, [3.0, 12.1], [1.0, 2.0], seed=3)
    assert re.search("1 wrong", str(caught.value))


def test_what_cannot_be_told_fails_too():
    with pytest.raises(AssertionError, match="UNDECIDED"):
        testing.assert_gradients(lambda x: abs(x[0]), [1.0], [0.0])
    with pytest.raises(TypeError, match="unexpected keyword argument 'steps'"):
        testing.assert_gradients(f, [3.0, 12.0], [1.0, 2.0], steps=3)
