"""The layers of a network as C: constant arrays, the functions that they need, and the lines of ``model_forward``.

Layers come from the one walk over them (_model/description.py); a kind that has nothing here is refused, in a sentence
that names it. Activations are in c_activations.py, the scaling of inputs in c_inputs.py, their
embeddings in c_embeddings.py, and the way back in
c_gradient.py. All names begin with ``model_``, or ``MODEL_``; c_assembly.py puts in the user's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from fastmlp._checks.text import brief
from fastmlp._export.c_activations import activated
from fastmlp._export.c_embeddings import bins_product, embedding_arrays, embedding_call
from fastmlp._export.c_inputs import Inputs
from fastmlp._export.c_text import array, number
from fastmlp._export.constants import DOUBLE, Format, format_of
from fastmlp._model.description import described
from fastmlp._model.model import Model
from fastmlp._model.outputs import is_classifier
from fastmlp._model.stack import sums_bins
from fastmlp.activations import Activation, Identity, ReLU, Softmax
from fastmlp.embeddings import Embedding, Periodic, PiecewiseLinear
from fastmlp.layers import Dense, Dropout, Layer, LayerNorm, Maxout
from fastmlp.scalings import Scaling

# in double whatever the network computes in, as fastmlp returns outputs in the units of the targets
OUTPUT_TIMES = """/* A product that no compiler may fuse with the sum after it. */
static inline double model_output_times(double a, double b) {
#if defined(__FMA__) || (defined(__ARM_FEATURE_FMA) && (__ARM_FP & 8))
  return __builtin_fma(a, b, -0.0);
#else
  return a * b;
#endif
}"""


@dataclass
class NetworkText:
    """A network as C, in the order of a header.

    Attributes
    ----------
    form : Format
    inputs : Inputs
    output : str
        The type of outputs.
    needs, input_needs : list of str
        Functions of functions.h.in; those in the format of the inputs, where it is another one.
    arrays, functions : list of str
        Definitions.
    scratch : int
        Numbers of it.
    outputs_at : int or None
        Where in it there is room for the outputs; None: nowhere.
    flash : int
        Bytes of the arrays.
    entered, scale, clip_slope : str
        Input j as the first layer sees it; its scale and the derivative of the clip, where there are any.
    """

    form: Format
    inputs: Inputs
    output: str
    needs: list[str] = field(default_factory=list)
    input_needs: list[str] = field(default_factory=list)
    arrays: list[str] = field(default_factory=list)
    functions: list[str] = field(default_factory=list)
    scratch: int = 0
    outputs_at: int | None = None
    flash: int = 0
    entered: str = ""
    scale: str = ""
    clip_slope: str = ""

    def add_array(self, name: str, values: npt.NDArray[Any], dtype: np.dtype[Any] | None = None) -> None:
        """Add a constant array, in the network's format or in another one."""
        given = np.asarray(values, self.form.dtype if dtype is None else dtype)
        self.arrays.append(array(name, given))
        self.flash += given.nbytes


def network_text(model: Model, inputs: Inputs | None = None) -> NetworkText:
    """Return a model as C, for inputs in its own format or for others."""
    architecture = model.architecture
    form = format_of(architecture.dtype)
    output = "double" if model.target_scaling is not None else form.real
    text = NetworkText(form, Inputs(form.real) if inputs is None else inputs, output)
    sizes = [architecture.n_inputs, *(layer.units * layer.pieces for layer, _ in architecture.placed)]
    if architecture.embedding is not None and not sums_bins(architecture.placed):
        sizes.insert(1, architecture.embedding.width_of(architecture.n_inputs))
    # outputs go to the caller's place, unless they are scaled on the way, or a class is made of them
    keeps_outputs = model.target_scaling is not None or is_classifier(architecture.meaning)
    kept = sizes if keeps_outputs else sizes[:-1]
    # what a layer reads and what it writes lie at the two ends, in turn
    text.scratch = max(map(sum, zip(kept, [*kept[1:], 0], strict=True)))
    places = [0 if index % 2 == 0 else text.scratch - size for index, size in enumerate(kept)]
    text.outputs_at = places[-1] if keeps_outputs else None
    body = _Body(text, architecture.n_inputs, sums_bins=sums_bins(architecture.placed))
    left = map(place_of, places)
    body.enter(model, next(left))
    for index, (layer, weights, bias) in enumerate(described(model)):
        if isinstance(layer, Dense | Maxout) and weights is not None and bias is not None:
            is_last = body.layers + 1 == len(architecture.placed)
            to = "y" if is_last and model.target_scaling is None else next(left)
            body.layer(layer, weights, bias, to, is_last=is_last)
        elif isinstance(layer, PiecewiseLinear | Periodic):
            body.embed(layer, weights, left)
        elif isinstance(layer, LayerNorm):
            body.line(f"model_normalize({body.width}, {body.at});", "normalize")
        elif not isinstance(layer, Dropout | Scaling):
            refuse_layer(index, layer)
    if model.units is not None:
        body.leave(model)
    text.functions.append(body.function())
    return text


def refuse_layer(index: int, layer: Layer) -> None:
    """Say that a layer of the list that made the network cannot be written."""
    raise ValueError(
        f"layers[{index}] is {brief(layer)}, which cannot be written as C: Dense, Maxout, LayerNorm, Dropout, "
        "embeddings and the scalings of inputs can."
    )


def place_of(offset: int) -> str:
    """Return a place in the scratch."""
    return f"scratch + {offset}" if offset else "scratch"


class _Body:
    """The lines of ``model_forward``, the place and number of what the next one reads, and the layers with weights."""

    def __init__(self, text: NetworkText, n_inputs: int, *, sums_bins: bool) -> None:
        self._text, self._sums_bins = text, sums_bins
        # those that the next layer sums
        self._bins: PiecewiseLinear | None = None
        self._lines: list[str] = []
        self.at = "x"
        self.width = n_inputs
        self.layers = 0

    def line(self, text: str, *needs: str) -> None:
        self._lines.append(f"  {text}")
        self._text.needs += needs

    def function(self) -> str:
        real, given, output = self._text.form.real, self._text.inputs.type, self._text.output
        uses_j = any("for (j" in line for line in self._lines)
        return "\n".join(
            [
                "/* What fastmlp's forward returns: the outputs y of the inputs x. The three lie apart. */",
                f"static inline void model_forward(const {given} *x, {output} *y, {real} *scratch) {{",
                *(["  size_t j;"] * uses_j),
                *self._lines,
                "}",
            ]
        )

    def enter(self, model: Model, to: str) -> None:
        """Scale the inputs into the scratch."""
        form, n = self._text.form, self.width
        inputs, columns = self._text.inputs, model.columns
        written = []
        for name, values in () if columns is None else (("shift", columns.shift), ("scale", columns.scale)):
            rounded = values.astype(inputs.form(form).dtype)
            if (rounded == rounded[0]).all():
                written.append(number(rounded[0], rounded.dtype))
            else:
                self._text.add_array(f"model_{name}", rounded, rounded.dtype)
                written.append(f"model_{name}[j]")
        is_bounded = isinstance(model.architecture.embedding, PiecewiseLinear)
        scaled = inputs.scaled(form, columns, *(written or ("", "")), is_bounded=is_bounded)
        (self._text.input_needs if inputs.is_wide else self._text.needs).extend(scaled.needs)
        self._text.entered, self._text.clip_slope = scaled.value, scaled.clip_slope
        self._text.scale = written[1] if written else ""
        self.line(f"for (j = 0; j < {n}; ++j) {element_of(to)} = {scaled.value};")
        self.at = to

    def embed(self, embedding: Embedding, parameters: npt.NDArray[Any] | None, places: Iterator[str]) -> None:
        """Embed the scaled inputs, in the next place, unless the first layer takes the numbers."""
        n = self.width if embedding.columns is None else embedding.columns
        for name, values in embedding_arrays(embedding, parameters, n, self._text.form).items():
            self._text.add_array(f"model_{name}", values)
        if self._sums_bins:
            assert isinstance(embedding, PiecewiseLinear)
            self._bins = embedding
            return
        to = next(places)
        self.line(*embedding_call(embedding, n, self.at, to))
        if n < self.width:
            behind = f"({to})[{n * embedding.width} + j] = ({self.at})[{n} + j];"
            self.line(f"for (j = 0; j < {self.width - n}; ++j) {behind}")
        self.at, self.width = to, embedding.width_of(self.width)

    def layer(
        self, layer: Dense | Maxout, weights: npt.NDArray[Any], bias: npt.NDArray[Any], to: str, *, is_last: bool
    ) -> None:
        """Add a layer with weights."""
        index = self.layers
        self._text.add_array(f"model_weights_{index}", weights)
        self._text.add_array(f"model_bias_{index}", bias)
        columns = layer.units * layer.pieces
        if self._bins is not None:
            self.line(*bins_product(self._bins, self.width, columns, self.at, to))
            self._bins = None
        else:
            arrays = f"model_weights_{index}, model_bias_{index}"
            self.line(f"model_product({self.width}, {columns}, {self.at}, {arrays}, {to});", "product")
        self._activate(layer.activation_object, columns, to, index, is_last=is_last)
        if layer.pieces > 1:
            self.line(f"model_pool({layer.units}, {layer.pieces}, {to});", "pool")
        self.at, self.width, self.layers = to, layer.units, index + 1

    def _activate(self, activation: Activation, columns: int, to: str, index: int, *, is_last: bool) -> None:
        if isinstance(activation, Softmax):
            self.line(f"model_softmax({columns}, {to});", "softmax")
            return
        if isinstance(activation, Identity) and is_last:
            return
        element = element_of(to)
        form, is_relu = self._text.form, isinstance(activation, ReLU)
        smallest = 0.0 if is_last else form.numbers["factor"]
        value, needs, own = activated(activation, element, form, smallest, f"model_formula_{index}")
        self._text.functions += own
        # relu has done it
        if not is_last and not is_relu:
            value, needs = f"model_hidden({value})", [*needs, "hidden"]
        self.line(f"for (j = 0; j < {columns}; ++j) {element} = {value};", *needs)

    def leave(self, model: Model) -> None:
        """Take the outputs back to the units of the targets."""
        units = model.units
        assert units is not None
        self._text.add_array("model_deviation", units.deviation, DOUBLE.dtype)
        self._text.add_array("model_mean", units.mean, DOUBLE.dtype)
        self._text.functions.append(OUTPUT_TIMES)
        scaled = f"model_output_times({element_of(self.at)}, model_deviation[j])"
        self.line(f"for (j = 0; j < {self.width}; ++j) y[j] = {scaled} + model_mean[j];")


def element_of(place: str) -> str:
    """Return element j of a place in the scratch, or of the outputs."""
    return f"scratch[{place.removeprefix('scratch + ')} + j]" if "+" in place else f"{place}[j]"
