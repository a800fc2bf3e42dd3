"""How products are cut: every plan gives the same bits, and known and unknown processors get a sound one.

What could go wrong: room for unfinished sums that is too small for a plan (a crash or other bits), a block that begins
a sum again, a processor that does not say its caches and gets blocks of no terms.
"""

import numpy as np
import pytest

from bits import KINDS, adam, chain, digest, new_network, parameters_of, train
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
        for far_bytes, by_blocks in ((0, False), (0, True), (32 * MIB, False)):  # all parameters are far, or none
            plan = {
                "terms": terms,
                "gradient_terms": gradient_terms,
                "rows": rows,
                "wide_terms": terms,
                "wide_rows": wide_rows,
                "wide_by_blocks": by_blocks,
                "packed_bytes": 0,
                "far_bytes": far_bytes,
            }
            any_plan(**plan)
            assert bits(threads) == expected, plan


def bits_of_a_wide_layer(kind: type[_core.Network32], threads: int) -> bytes:
    """Return the hash of the parameters after steps of 24 and of 7 rows."""
    random = np.random.default_rng(0)
    X = random.standard_normal((55, 70)).astype(np.float32)
    net = new_network(kind, 70, chain((700, "tanh"), (3, "softmax")), "softmax_cross_entropy", seed=1)
    train(
        net, X, random.integers(0, 3, 55).astype(np.int32), adam(1e-2), threads=threads, epochs=2, batch_size=24, seed=1
    )
    return digest(parameters_of(net, 2))


@pytest.mark.parametrize(("kind", "size"), [(_core.Network32, 4), (_core.Network64, 8)])
@pytest.mark.parametrize("threads", [1, 2])
def test_copies_of_operands_give_the_same_bits(any_plan, threads, kind, size):
    plan = {"terms": 64, "gradient_terms": 5, "rows": 96, "wide_terms": 64, "wide_rows": 256, "wide_by_blocks": False}
    any_plan(**plan, packed_bytes=0, far_bytes=0)
    expected = bits_of_a_wide_layer(kind, threads)
    for columns in (256, 384, 1024):  # at most at a time, of 700
        any_plan(**plan, packed_bytes=columns * 24 * size, far_bytes=0)
        assert bits_of_a_wide_layer(kind, threads) == expected


def test_predictions_of_many_rows_are_the_same_for_every_plan(any_plan):
    net = _core.Network32(
        n_inputs=150,
        layers=[_core.LayerSpec(units=130, activation="relu"), _core.LayerSpec(units=5, activation="softmax")],
        loss="softmax_cross_entropy",
    )
    net.initialize(seed=1)
    X = np.random.default_rng(0).standard_normal((777, 150)).astype(np.float32)
    expected = net.forward(X=X, threads=2)
    for terms, rows, by_blocks in [(3, 4, False), (3, 4, True), (64, 96, False), (64, 256, True)]:
        any_plan(
            terms=terms,
            gradient_terms=terms,
            rows=rows,
            wide_terms=terms,
            wide_rows=rows,
            wide_by_blocks=by_blocks,
            packed_bytes=0,
            far_bytes=0,
        )
        np.testing.assert_array_equal(net.forward(X=X, threads=2), expected)


@pytest.mark.parametrize(
    ("vendor", "family", "first_cache", "second_cache", "tile_bytes", "terms", "gradient_terms", "wide_terms"),
    [
        # a panel in two thirds of the first-level cache, a wide layer's in a 32nd of the second
        ("GenuineIntel", 6, 32 * KIB, 1 * MIB, 256, 64, 64, 128),  # Cascade Lake
        ("GenuineIntel", 6, 48 * KIB, 2 * MIB, 256, 128, 64, 256),  # Sapphire and Emerald Rapids
        ("GenuineIntel", 6, 32 * KIB, 1 * MIB, 64, 256, 128, 256),  # AVX2: as elsewhere
        ("GenuineIntel", 6, 48 * KIB, 2 * MIB, 64, 512, 256, 512),
        ("AuthenticAMD", 25, 32 * KIB, 1 * MIB, 256, 1024, 1024, 1024),  # Zen 4
        ("AuthenticAMD", 26, 48 * KIB, 1 * MIB, 256, 1024, 1024, 1024),  # Zen 5
        ("AuthenticAMD", 23, 32 * KIB, 512 * KIB, 64, 256, 128, 256),  # Zen 2
        ("", 0, 0, 0, 256, 64, 64, 128),  # one that says nothing
        ("", 0, 1 * KIB, 4 * KIB, 256, 64, 64, 64),
        ("", 0, 128 * KIB, 12 * MIB, 64, 1024, 512, 1024),  # Apple's
    ],
)
def test_blocks_follow_the_processor(
    vendor, family, first_cache, second_cache, tile_bytes, terms, gradient_terms, wide_terms
):
    plan = _testing.product_plan_for(
        vendor=vendor,
        family=family,
        first_cache=first_cache,
        second_cache=second_cache,
        third_cache=8 * MIB,
        tile_bytes=tile_bytes,
    )
    assert plan == {
        "terms": terms,
        "gradient_terms": gradient_terms,
        "rows": 96,
        "wide_terms": wide_terms,
        "wide_rows": 256,
        "wide_by_blocks": tile_bytes == 256 and vendor != "AuthenticAMD",
        "packed_bytes": (second_cache or 1 * MIB) // 2 if tile_bytes == 256 and vendor != "AuthenticAMD" else 0,
        "far_bytes": 8 * MIB,
    }


@pytest.mark.parametrize(("third_cache", "far"), [(0, 32), (16, 16), (32, 32), (260, 32)])
def test_a_third_level_cache_of_many_cores_is_not_one_processs(third_cache, far):
    plan = _testing.product_plan_for(
        vendor="GenuineIntel",
        family=6,
        first_cache=48 * KIB,
        second_cache=2 * MIB,
        third_cache=third_cache * MIB,
        tile_bytes=256,
    )
    assert plan["far_bytes"] == far * MIB


def test_the_configuration_names_processor_and_blocks():
    facts = _core.processor_info()
    assert set(facts) == {"processor", "caches", "products"}
    assert "terms" in facts["products"]
