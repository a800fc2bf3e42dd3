"""The constants of ``functions.h.in`` for both number formats, as the core has them.

They are those of kernel_table, math-inl, gaussian-inl, special-inl and waves-inl.hpp in cpp/kernels under other names:
a change there is a change here, and tests/export/test_c.py sees one that was forgotten, by its bits.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fastmlp._export.c_text import number

# of GELU by tanh: sqrt(8 / pi), and that times the cube's factor
GELU_LINEAR = 1.5957691216057307117598
GELU_CUBIC = GELU_LINEAR * 0.044715
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934, 1.6732632423543772848
NORMALIZATION_EPSILON = 1e-5


@dataclass(frozen=True)
class Format:
    """A format of floating-point numbers: its C types, its constants, and its polynomials, highest power last."""

    dtype: np.dtype[np.floating]
    real: str
    bits: str
    signed: str
    fma: str
    integers: dict[str, str]
    numbers: dict[str, float]
    polynomials: dict[str, list[float]]
    inverse_root_steps: int


def _hexadecimal(text: str) -> list[float]:
    return [float.fromhex(part) for part in text.split()]


def _polynomials(exp_terms: int, log_terms: int, sine_terms: int, cosine_terms: int) -> dict[str, list[float]]:
    """Return the series whose coefficients are formulas."""
    return {
        "exp": [1 / math.factorial(k) for k in range(2, exp_terms + 1)],
        "log": [2 / (2 * k + 1) for k in range(1, log_terms + 1)],
        "sine": [(-1.0) ** (k - 1) / math.factorial(2 * k - 1) for k in range(2, sine_terms + 1)],
        "cosine": [(-1.0) ** k / math.factorial(2 * k) for k in range(1, cosine_terms + 1)],
    }


def _numbers(numbers: dict[str, str]) -> dict[str, float]:
    return {name: float.fromhex(text) if "0x" in text else float(text) for name, text in numbers.items()}


FLOAT = Format(
    np.dtype(np.float32),
    "float",
    "uint32_t",
    "int32_t",
    "__builtin_fmaf",
    {
        "magnitude": "0x7fffffffu", "sign": "0x80000000u", "infinity": "0x7f800000u", "nan": "0x7fc00000u",
        "mantissa_bits": "23", "bias": "127u", "even": "256u", "sqrt_half_bits": "0x3f3504f3u",
        "inverse_root_bits": "0x5f3759dfu", "sign_bit": "31",
    },
    _numbers({
        "rounder": "0x1.8p23", "log2_e": "0x1.715476p0", "ln2_high": "0x1.62e430p-1", "ln2_low": "-0x1.05c610p-29",
        "exp_low": "-87.3", "exp_kept": "-69.3", "exp_high": "89", "tanh_one": "10", "min_normal": "0x1p-126",
        "subnormal_scale": "0x1p23", "kept": "0x1p-100", "factor": "0x1p-60", "under_root": "0x1p-78",
        "root_up": "0x1p72", "root_down": "0x1p-36", "normal_tiny": "0x1p-30", "normal_middle": "3.5", "erf_one": "4",
        "softsign_far": "0x1p60", "two_by_pi": "0x1.45f306p-1", "half_pi_first": "0x1.921fb6p+0",
        "half_pi_second": "-0x1.777a5cp-25", "half_pi_third": "-0x1.ee59dap-50", "turn_least": "0x1p-30",
        "turn_most": "0x1p33",
    }),
    {
        **_polynomials(7, 5, 5, 5),
        "normal": _hexadecimal(
            "0x1.7d241ap-1 -0x1.219152p-1 0x1.42fec4p-2 -0x1.db583cp-4 0x1.1d35c4p-6 0x1.a87298p-8 "
            "-0x1.a1f878p-9 -0x1.d4e744p-12 0x1.f106b4p-12 0x1.2f3eecp-14 -0x1.154d5ap-14 -0x1.606602p-16"
        ),
        "erf_near": _hexadecimal(
            "0x1.06eba8p-3 -0x1.81273ep-2 0x1.ce2d10p-4 -0x1.b7fabap-6 0x1.541270p-8 -0x1.a45088p-11 0x1.4a5690p-14"
        ),
        "erf_far": _hexadecimal(
            "0x1.058672p-2 -0x1.b5703ep-2 0x1.eeea7ep-3 -0x1.437446p-4 0x1.e9359ep-9 0x1.be5ff8p-8 -0x1.b75728p-11"
        ),
        "turn_sine": _hexadecimal("0x1.921fb52p+2 -0x1.4abbc3p+5 0x1.4668fp+6 -0x1.32531ep+6 0x1.3e142p+5"),
        "turn_cosine": _hexadecimal("-0x1.3bd3ccp+4 0x1.03c1eep+6 -0x1.55d24ap+6 0x1.e16ebap+5 -0x1.937d98p+4"),
    },
    2,
)  # fmt: skip

DOUBLE = Format(
    np.dtype(np.float64),
    "double",
    "uint64_t",
    "int64_t",
    "__builtin_fma",
    {
        "magnitude": "0x7fffffffffffffffu", "sign": "0x8000000000000000u", "infinity": "0x7ff0000000000000u",
        "nan": "0x7ff8000000000000u", "mantissa_bits": "52", "bias": "1023u", "even": "2048u",
        "sqrt_half_bits": "0x3fe6a09e667f3bcdu", "inverse_root_bits": "0x5fe6eb50c7b537a9u",
        "sign_bit": "63",
    },
    _numbers({
        "rounder": "0x1.8p52", "log2_e": "0x1.71547652b82fep0", "ln2_high": "0x1.62e42fefa39efp-1",
        "ln2_low": "0x1.abc9e3b39803fp-56", "exp_low": "-708.3", "exp_kept": "-554.5", "exp_high": "710",
        "tanh_one": "20", "min_normal": "0x1p-1022", "subnormal_scale": "0x1p52", "kept": "0x1p-800",
        "factor": "0x1p-500", "under_root": "0x1p-900", "root_up": "0x1p200", "root_down": "0x1p-100",
        "normal_tiny": "0x1p-60", "normal_middle": "5", "erf_one": "6", "softsign_far": "0x1p500",
        "two_by_pi": "0x1.45f306dc9c883p-1", "half_pi_first": "0x1.921fb54442d18p+0",
        "half_pi_second": "0x1.1a62633145c07p-54", "half_pi_third": "-0x1.f1976b7ed8fbcp-110", "turn_least": "0x1p-250",
        "turn_most": "0x1p92",
    }),
    {
        **_polynomials(13, 10, 9, 8),
        "normal": _hexadecimal(
            "0x1.89d3abe1f95aep-1 -0x1.54ad03f27ca18p-1 0x1.fb31653876f89p-2 -0x1.410ed5f875946p-2 "
            "0x1.51f6329f01ba3p-3 -0x1.1b1c254ca42c5p-4 0x1.54b4d4f48a95dp-6 -0x1.88590e97fa725p-9 "
            "-0x1.a2503777d193ep-11 0x1.1daf1ad402a68p-11 -0x1.f214934cc2997p-15 -0x1.a1700f97933d8p-15 "
            "0x1.17df18b48c12bp-16 0x1.0b14870d680c8p-18 -0x1.73e13a7eebb7bp-19 -0x1.673ef5ca91651p-22 "
            "0x1.d4772f51512p-22 0x1.592046569c07ep-25 -0x1.2d422be3e72a3p-24 -0x1.25f8b412cdb42p-27 "
            "0x1.72fe74371fc82p-27 0x1.313b2a0d09987p-29 -0x1.3f1a1f1afa304p-30 -0x1.a397ed7719499p-32"
        ),
        "erf_near": _hexadecimal(
            "0x1.06eba8214db69p-3 -0x1.812746b0379e6p-2 0x1.ce2f21a042b30p-4 -0x1.b82ce31284e00p-6 "
            "0x1.565bcd0dbaa38p-8 -0x1.c02db3dac435fp-11 0x1.f9a321d5b8e1ep-14 -0x1.f4d1e3183f7aep-17 "
            "0x1.b9df224ca4b97p-20 -0x1.5f1ecb6f0764cp-23 0x1.f7b4bf3b13964p-27 -0x1.389d4f2641625p-30 "
            "0x1.05ffd737fb32ep-34"
        ),
        "erf_far": _hexadecimal(
            "0x1.058671b52c776p-2 -0x1.b57034efd3f69p-2 0x1.eeea7dc8a7932p-3 -0x1.437f0b68c2dc0p-4 "
            "0x1.e9471595c0b9dp-9 0x1.ca95ed5c92a4bp-8 -0x1.bc25a2a5685b8p-11 -0x1.016b61e9c90a9p-10 "
            "0x1.6d5bf00483674p-15 0x1.6dac8e32716eep-13 0x1.ce18d5b499621p-16 -0x1.cfd845cfda3f9p-16 "
            "-0x1.d8072f8b2af1ep-17 0x1.e89749bb276c3p-20 0x1.06de90fce20e3p-18"
        ),
        "turn_sine": _hexadecimal(
            "0x1.921fb54442d18p+2 -0x1.4abbce625be53p+5 0x1.466bc6775aae2p+6 -0x1.32d2cce62bd57p+6 "
            "0x1.50783487ec19ap+5 -0x1.e3074fdc520eap+3 0x1.e8f4338e03a66p+1 -0x1.6fad488852625p-1 "
            "0x1.aabbe3815eb60p-4 -0x1.7ed4cd7222586p-7"
        ),
        "turn_cosine": _hexadecimal(
            "-0x1.3bd3cc9be45dep+4 0x1.03c1f081b5ac4p+6 -0x1.55d3c7e3cbffap+6 0x1.e1f506891baa0p+5 "
            "-0x1.a6d1f2a2034dap+4 0x1.f9d38a361fa76p+2 -0x1.b6e24e8c6095bp+0 0x1.20c5eb4a9f2c7p-2 "
            "-0x1.29f0b602f0d93p-5 0x1.e25e8cc1590fdp-9"
        ),
    },
    3,
)  # fmt: skip


def format_of(dtype: np.dtype[np.floating]) -> Format:
    """Return the format of a network's numbers."""
    return FLOAT if dtype == np.float32 else DOUBLE


def constants(form: Format) -> dict[str, str]:
    """Return every constant of the templates as it is written in C."""
    largest = float(form.dtype.type(form.numbers["exp_low"]))
    shared = {
        "gelu_linear": GELU_LINEAR,
        "gelu_cubic": GELU_CUBIC,
        "gelu_cubic_slope": 3 * GELU_CUBIC,
        "normal_density": 0.39894228040143267794,
        "largest": float(np.finfo(form.dtype).max),
        "exp_far": float(form.dtype.type(1) - form.dtype.type(largest)),
        "wave_far": 0.79,
        "epsilon": NORMALIZATION_EPSILON,
        "minus_two_pi": -2.0 * math.pi,
    }
    written = {name: number(value, form.dtype) for name, value in {**form.numbers, **shared}.items()}
    return {**form.integers, **written}
