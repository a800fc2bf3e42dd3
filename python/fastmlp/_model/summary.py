"""A model in words: the table of ``Network.summary``, as text and for notebooks, and the one line of its repr."""

from __future__ import annotations

from fastmlp._drawing.html import html_of
from fastmlp._model.description import described
from fastmlp._model.model import Model
from fastmlp._model.text_table import text_table
from fastmlp.layers import WeightedLayer


class Summary(str):
    """A table as text, which knows itself as HTML."""

    __slots__ = ("html",)
    html: str

    def _repr_html_(self) -> str:
        return self.html


def summary(model: Model) -> Summary:
    """Return a table of the layers with shapes and numbers of parameters."""
    architecture = model.architecture
    rows = [("layer", "activation", "weights", "parameters", "rate factors")]
    number = 0
    for layer, weights, bias in described(model):
        if weights is not None and bias is None:  # an embedding's, of each input its own
            rows.append(("", layer.title, f"{weights.shape[0]} x {weights.shape[1]}", str(weights.size), ""))
            continue
        if not isinstance(layer, WeightedLayer) or weights is None or bias is None:
            rows.append(("", layer.title, "", "0", ""))
            continue
        number += 1
        n_in, n_out = weights.shape
        factors = ", ".join(f"{factor:g}" for factor in layer.rate_factors)
        rows.append((str(number), layer.title, f"{n_in} x {n_out}", str(weights.size + bias.size), factors))
    columns = 5 if architecture.has_rate_factors else 4
    total = (
        f"{model.n_parameters} parameters ({architecture.dtype}), loss: {architecture.loss.name}, "
        f"seed: {architecture.seed}"
    )
    if model.target_scaling is not None:
        total += "\ntargets: less their mean, over their deviation" + (
            " (not known yet)" if model.units is None else ""
        )
    table, alignment = [row[:columns] for row in rows], "><<><"[:columns]
    written = Summary("\n".join([*text_table(table, alignment), total]))
    written.html = html_of("Network", f"{architecture.n_inputs} inputs", table, alignment, total)
    return written


def short_description(model: Model) -> str:
    """Return what would make such a network, less the settings that are rarely looked for."""
    architecture = model.architecture
    layers = ", ".join(layer.spelled for layer, _, _ in described(model))
    rest = f"loss={architecture.loss.name!r}, dtype='{architecture.dtype}', seed={architecture.seed}"
    if model.target_scaling is not None:
        rest += ", scale_targets=True"
    return f"Network({architecture.n_inputs}, [{layers}], {rest})"
