"""Pictures are drawn without a window, and no figure stays open for the next test."""

import pytest

matplotlib = pytest.importorskip("matplotlib")


@pytest.fixture(autouse=True)
def without_a_window():
    matplotlib.use("Agg")
    from matplotlib import pyplot

    settings = dict(matplotlib.rcParams)
    yield
    pyplot.close("all")
    assert dict(matplotlib.rcParams) == settings


@pytest.fixture
def ax():
    from matplotlib import pyplot

    return pyplot.subplots()[1]
