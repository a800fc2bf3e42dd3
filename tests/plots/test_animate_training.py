"""Films of trainings.

What could go wrong: the film trains another way than fit, a frame shows another epoch than it says, the end is missing,
a film of a network that cannot be shown begins to train it.
"""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import pyplot

import fastmlp as fm


def network(outputs=2, inputs=2):
    last = fm.Dense(outputs, "softmax") if outputs > 1 else fm.Dense(1)
    return fm.Network(inputs, [fm.Standardize(), fm.Dense(5, "tanh"), last], seed=0)


X, Y = fm.datasets.moons(60, seed=0)


def frames(film):
    """Return the title and the length of the loss's line of each frame."""
    figure = film._fig
    film._draw_was_started = True  # matplotlib warns of a film that was never shown
    found = []
    for frame in film.new_frame_seq():
        film._func(frame)
        found.append((figure.axes[0].get_title(), len(figure.axes[1].lines[0].get_xdata())))
    return found


def test_a_film_trains_as_fit_does_and_shows_each_epoch_that_is_asked_for():
    filmed, plain = network(), network()
    settings = {"epochs": 10, "batch_size": 16, "optimizer": fm.Adam(0.05)}
    film = fm.plots.animate_training(filmed, X, Y, every=4, validation_data=(X, Y), **settings)
    plain.fit(X, Y, validation_data=(X, Y), **settings)
    assert filmed.get_parameters().tobytes() == plain.get_parameters().tobytes()
    assert frames(film) == [("epoch 0", 1), ("epoch 4", 4), ("epoch 8", 8), ("epoch 10", 10)]
    assert pyplot.get_fignums() == [film._fig.number]


def test_a_fit_that_ends_early_makes_a_shorter_film():
    film = fm.plots.animate_training(
        network(), X, Y, epochs=50, every=1, callbacks=[lambda net, row: row["epoch"] >= 3]
    )
    assert [title for title, _ in frames(film)] == ["epoch 0", "epoch 1", "epoch 2", "epoch 3"]


@pytest.mark.parametrize("inputs", [1, 2])
def test_values_are_a_curve_or_a_surface(inputs):
    film = fm.plots.animate_training(network(1, inputs), X[:, :inputs], X[:, 0] ** 2, epochs=4, every=2)
    assert len(frames(film)) == 3
    assert film._fig.axes[0].get_title() == "epoch 4"


def test_a_film_is_written_as_gif_and_as_html(tmp_path):
    pytest.importorskip("PIL")
    film = fm.plots.animate_training(network(), X, Y, epochs=4, every=2)
    film.save(tmp_path / "film.gif", writer="pillow", dpi=40)
    assert (tmp_path / "film.gif").read_bytes()[:6] == b"GIF89a"
    assert "data:image/png;base64" in film.to_jshtml()


def test_what_cannot_be_shown_is_refused_before_training():
    net = network(inputs=3)
    before = net.get_parameters()
    with pytest.raises(ValueError, match="the network has 3 inputs, but a film shows one or two"):
        fm.plots.animate_training(net, np.ones((4, 3)), [0, 1, 0, 1])
    assert (net.get_parameters() == before).all()
    with pytest.raises(TypeError, match="network must be a Network, got str"):
        fm.plots.animate_training("net", X, Y)
    with pytest.raises(ValueError, match="there would be 600 frames, but at most 500 are made: raise every"):
        fm.plots.animate_training(network(), X, Y, epochs=600, every=1)
    with pytest.raises(ValueError, match="every must be"):
        fm.plots.animate_training(network(), X, Y, every=0)
    assert not pyplot.get_fignums()
