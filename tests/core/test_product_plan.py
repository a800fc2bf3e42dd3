"""How products are cut: every plan gives the same bits, and known and unknown processors get a sound one.

What could go wrong: room for unfinished sums that is too small for a plan (a crash or other bits), a block that begins
a sum again, a processor that does not say its caches and gets blocks of no terms.
"""

import numpy as np
import pytest

from bits import KINDS, digest
from fastmlp import _core
from fastmlp._core import _testing
from test_bits import CASES, numbers_of_a_case

KIB, MIB = 1 << 10, 1 << 20


@pytest.fixture
def any_plan():
    """Let a test set plans; the process gets its own back."""
    yield _testing.set_product_plan
    _testing.choose_target(_core.active_target())


def bits(threads: int) -> bytes:
    return digest(digest(numbers_of_a_case(index, kind, threads)) for kind, _ in KINDS for index in range(len(CASES)))


@pytest.mark.parametrize("threads", [1, 2])
def test_every_plan_gives_the_same_bits(any_plan, threads):
    expected = bits(threads)
    plans = [(1, 1, 96, 256), (7, 3, 5, 5), (16, 16, 1, 3), (64, 7, 96, 256), (4096, 4096, 300, 300)]
    for terms, gradient_terms, rows, wide_rows in plans:
        for far_bytes in (0, 32 * MIB):  # all parameters are far, or none
            plan = {
                "terms": terms,
                "gradient_terms": gradient_terms,
                "rows": rows,
                "wide_rows": wide_rows,
                "far_bytes": far_bytes,
            }
            any_plan(**plan)
            assert bits(threads) == expected, plan


def test_predictions_of_many_rows_are_the_same_for_every_plan(any_plan):
    net = _core.Network32(
        n_inputs=150,
        layers=[_core.LayerSpec(units=130, activation="relu"), _core.LayerSpec(units=5, activation="softmax")],
        loss="softmax_cross_entropy",
    )
    net.initialize(seed=1)
    X = np.random.default_rng(0).standard_normal((777, 150)).astype(np.float32)
    expected = net.forward(X=X, threads=2)
    for terms, rows in [(3, 4), (64, 96), (64, 256)]:
        any_plan(terms=terms, gradient_terms=terms, rows=rows, wide_rows=rows, far_bytes=0)
        np.testing.assert_array_equal(net.forward(X=X, threads=2), expected)


@pytest.mark.parametrize(
    ("vendor", "family", "first_cache", "tile_bytes", "terms", "gradient_terms"),
    [
        ("GenuineIntel", 6, 32 * KIB, 256, 64, 64),  # Cascade Lake: a panel in half of the first-level cache
        ("GenuineIntel", 6, 48 * KIB, 256, 64, 64),  # Sapphire Rapids
        ("GenuineIntel", 6, 32 * KIB, 64, 256, 128),  # AVX2
        ("AuthenticAMD", 25, 32 * KIB, 256, 1024, 1024),  # Zen 4
        ("AuthenticAMD", 26, 48 * KIB, 256, 1024, 1024),  # Zen 5
        ("AuthenticAMD", 23, 32 * KIB, 64, 256, 128),  # Zen 2
        ("", 0, 0, 256, 64, 64),  # one that says nothing
        ("", 0, 1 * KIB, 256, 64, 64),
        ("", 0, 128 * KIB, 64, 1024, 512),  # Apple's
    ],
)
def test_blocks_follow_the_processor(vendor, family, first_cache, tile_bytes, terms, gradient_terms):
    plan = _testing.product_plan_for(
        vendor=vendor, family=family, first_cache=first_cache, third_cache=8 * MIB, tile_bytes=tile_bytes
    )
    assert plan == {
        "terms": terms,
        "gradient_terms": gradient_terms,
        "rows": 96,
        "wide_rows": 256,
        "far_bytes": 8 * MIB,
    }


def test_the_configuration_names_processor_and_blocks():
    facts = _core.processor_info()
    assert set(facts) == {"processor", "caches", "products"}
    assert "terms" in facts["products"]
