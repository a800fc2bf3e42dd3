"""The fused multiply-add that Windows builds bring along for x86-64-v2 is rounded once.

What could go wrong: a sum that lies next to the middle of two numbers is rounded twice, a subnormal result loses its
last bit, the fast way is taken where it overflows. All are compared with exact fractions, on any system with g++.
"""

from __future__ import annotations

import ctypes
import math
import random
import shutil
import subprocess
from fractions import Fraction
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "cpp" / "platform" / "windows" / "fma.cpp"
TYPES = {"fma": (ctypes.c_double, 53, 1023), "fmaf": (ctypes.c_float, 24, 127)}  # digits, largest exponent


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not on the PATH")
    built = tmp_path_factory.mktemp("fma") / "fma.so"
    flags = ["-std=gnu++20", "-O2", "-ffp-contract=off", "-fno-math-errno", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, str(SOURCE), "-o", str(built)], check=True)
    return ctypes.CDLL(str(built))


def function_of(library, name):
    function = library[name]
    function.restype = TYPES[name][0]
    function.argtypes = [function.restype] * 3
    return function


def rounded(x: Fraction, digits: int, largest: int) -> Fraction:
    """To the nearest number of a format, ties to even."""
    if x == 0:
        return x
    exponent = abs(x.numerator).bit_length() - x.denominator.bit_length()
    exponent -= abs(x) < Fraction(2) ** exponent
    unit = Fraction(2) ** (max(exponent, 1 - largest) - digits + 1)
    return round(x / unit) * unit


def number(rng, exponent, digits, largest):
    """Of a given exponent, about; every second one with few digits, so that products and sums meet in ties."""
    exponent = min(max(exponent, 1 - largest), largest - 1)
    digits = rng.choice([digits, rng.randrange(1, digits)])
    return math.copysign(math.ldexp((1 << digits) | rng.getrandbits(digits), exponent - digits), rng.random() - 0.5)


@pytest.mark.parametrize("name", TYPES)
def test_it_is_rounded_once(library, name):
    function = function_of(library, name)
    kind, digits, largest = TYPES[name]
    rng = random.Random(5)
    compared = subnormal = 0
    for _ in range(20000):
        first = rng.choice([rng.randrange(-3, 3), rng.randrange(-largest, largest)])
        second = rng.choice(
            [rng.randrange(-3, 3), rng.randrange(-digits, digits) - largest - first]
        )  # or at the bottom
        gap = rng.randrange(-digits - 4, digits + 4)  # the summand begins before, in or after the product
        exponents = (first, second, first + second + gap)
        a, b, c = (kind(number(rng, exponent, digits - 1, largest)).value for exponent in exponents)
        right = rounded(Fraction(a) * Fraction(b) + Fraction(c), digits, largest)
        if abs(right) < Fraction(2) ** (largest + 1):
            assert Fraction(function(a, b, c)) == right, (a.hex(), b.hex(), c.hex())
            compared += 1
            subnormal += 0 < abs(right) < Fraction(2) ** (1 - largest)
    assert compared > 10000
    assert subnormal > 50


@pytest.mark.parametrize("name", TYPES)
def test_zeros_infinities_and_nan_are_as_without_it(library, name):
    function = function_of(library, name)
    assert math.copysign(1.0, function(-0.0, 1.0, -0.0)) == -1.0
    assert math.copysign(1.0, function(-1.0, 1.0, 1.0)) == 1.0
    assert function(math.inf, 2.0, 1.0) == math.inf
    assert function(2.0, 3.0, -math.inf) == -math.inf
    assert all(
        math.isnan(function(*case)) for case in [(math.inf, 0.0, 1.0), (math.inf, 1.0, -math.inf), (math.nan, 1, 1)]
    )
