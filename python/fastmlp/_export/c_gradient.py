"""``model_gradient`` as C: derivatives of the outputs by the inputs, in the order and with the bits of ``Network.vjp``.

One pass forward keeps the activations of all layers and their derivatives, one pass back turns the latter into deltas.
The networks' arrays are those of c_network.py.
"""

from __future__ import annotations

from fastmlp._export.c_activations import FADING, activated, sloped
from fastmlp._export.c_embeddings import bins_product, embedding_back, embedding_call
from fastmlp._export.c_network import NetworkText, element_of, place_of
from fastmlp._model.description import described
from fastmlp._model.model import Model
from fastmlp._model.stack import sums_bins
from fastmlp.activations import Identity, ReLU, Softmax
from fastmlp.embeddings import Embedding, PiecewiseLinear
from fastmlp.layers import LayerNorm, WeightedLayer

OPENING = """\
/* g = the sum over the outputs of v times their derivatives by the inputs x, as fastmlp's vjp; scratch has
   MODEL_GRADIENT_SCRATCH numbers. The four lie apart. */"""


def add_gradient(model: Model, text: NetworkText) -> int:
    """Add the function to a network's text; return how many numbers of scratch it needs."""
    writer = _Writer(model, text)
    writer.forward()
    writer.backward()
    text.functions.append(writer.function())
    return writer.scratch


class _Layer:
    """A layer with weights on the way: its number, its sizes, and where its outputs and their derivatives are."""

    def __init__(self, number: int, layer: WeightedLayer, n_in: int, at: str, slopes: str) -> None:
        self.number, self.layer, self.n_in, self.at, self.slopes = number, layer, n_in, at, slopes
        self.columns = layer.units * layer.pieces
        self.is_normalized = False


class _Writer:
    def __init__(self, model: Model, text: NetworkText) -> None:
        self._model, self._text = model, text
        self._lines: list[str] = []
        self._layers: list[_Layer] = []
        # the embedding, and where the numbers are that it embeds
        self._embedding: Embedding | None = None
        self._numbers = ""
        self.scratch = 0

    def _take(self, numbers: int) -> str:
        place = place_of(self.scratch)
        self.scratch += numbers
        return place

    def _line(self, text: str, *needs: str) -> None:
        self._lines.append(f"  {text}")
        self._text.needs += needs

    def forward(self) -> None:
        text, architecture = self._text, self._model.architecture
        at, width = self._take(architecture.n_inputs), architecture.n_inputs
        self._line(f"for (j = 0; j < {width}; ++j) {element_of(at)} = {text.entered};")
        for layer, weights, _ in described(self._model):
            if isinstance(layer, Embedding):
                if layer.columns is not None:
                    raise ValueError(
                        f"{layer.spelled} leaves inputs behind its columns as they are, through which no gradient is "
                        "written as C: leave gradient=True out."
                    )
                self._embedding, self._numbers = layer, at
                width *= layer.width
                if not sums_bins(architecture.placed):
                    at = self._take(width)
                    self._line(*embedding_call(layer, architecture.n_inputs, self._numbers, at))
            elif isinstance(layer, LayerNorm):
                self._layers[-1].is_normalized = True
                self._line(
                    f"const {text.form.real} inverse_{self._layers[-1].number} = model_normalize({width}, {at});"
                )
            elif isinstance(layer, WeightedLayer) and weights is not None:
                columns = layer.units * layer.pieces
                entry = _Layer(len(self._layers), layer, width, self._take(columns), self._take(columns))
                self._layers.append(entry)
                if isinstance(self._embedding, PiecewiseLinear) and at == self._numbers:
                    self._line(*bins_product(self._embedding, architecture.n_inputs, columns, at, entry.at))
                else:
                    arrays = f"model_weights_{entry.number}, model_bias_{entry.number}"
                    self._line(f"model_product({width}, {columns}, {at}, {arrays}, {entry.at});")
                self._activate(entry, is_last=len(self._layers) == len(architecture.placed))
                at, width = entry.at, layer.units

    def _activate(self, entry: _Layer, *, is_last: bool) -> None:
        form, activation = self._text.form, entry.layer.activation_object
        if isinstance(activation, Softmax):
            self._line(f"model_softmax({entry.columns}, {entry.at});")
            return
        z, d = element_of(entry.at), element_of(entry.slopes)
        name = f"model_formula_{entry.number}"
        smallest = 0.0 if is_last else form.numbers["factor"]
        value, slope = activated(activation, z, form, smallest, name).value, sloped(activation, z, form, name)
        self._text.functions += slope.own
        self._text.needs += slope.needs
        derivative = slope.value
        if not is_last and activation.name in FADING:
            derivative = f"model_hidden({derivative})"
        if not is_last and not isinstance(activation, ReLU):
            value = f"model_hidden({value})"
        changes = f" {z} = {value};" if value != z else ""
        self._line(f"for (j = 0; j < {entry.columns}; ++j) {{ {d} = {derivative};{changes} }}", "hidden")
        if entry.layer.pieces > 1:
            sizes = f"{entry.layer.units}, {entry.layer.pieces}"
            self._line(f"model_pool_slopes({sizes}, {entry.at}, {entry.slopes});", "pool_slopes")
            self._line(f"model_pool({sizes}, {entry.at});")

    def backward(self) -> None:
        real, last = self._text.form.real, self._layers[-1]
        d, n = element_of(last.slopes), last.columns
        given = "v[j]" if self._model.units is None else f"({real})(v[j] * model_deviation[j])"
        if isinstance(last.layer.activation_object, Softmax):
            self._line(f"for (j = 0; j < {n}; ++j) {d} = {given};")
            self._line(f"model_softmax_back({n}, {last.at}, {last.slopes});", "softmax_back")
        else:
            change = f"model_hidden(model_hidden({given}) * model_hidden({d}))"
            self._line(f"for (j = 0; j < {n}; ++j) {d} = {change};", "hidden")
        embedded = 0 if self._embedding is None else self._layers[0].n_in
        back = self._take(max([embedded, *(entry.layer.units for entry in self._layers[:-1])]))
        for entry, before in zip(self._layers[:0:-1], self._layers[-2::-1], strict=True):
            self._line(_product_back(entry, back), "product_back")
            self._through(before, back)
        inputs = self._model.architecture.n_inputs
        self._line(_product_back(self._layers[0], "g" if self._embedding is None else back), "product_back")
        if self._embedding is not None:
            self._line(*embedding_back(self._embedding, inputs, self._numbers, back, "g"))
        if self._text.scale:
            self._line(f"for (j = 0; j < {inputs}; ++j) g[j] *= {self._text.scale};")
        if self._text.clip_slope:
            self._line(f"for (j = 0; j < {inputs}; ++j) g[j] *= {self._text.clip_slope};", "clipped_slope")

    def _through(self, entry: _Layer, back: str) -> None:
        """Make deltas of a layer out of the derivatives by what it gives to the next one."""
        units, d, g = entry.layer.units, element_of(entry.slopes), element_of(back)
        if entry.is_normalized:
            inverse = f"inverse_{entry.number}"
            self._line(f"model_normalize_back({units}, {entry.at}, {inverse}, {back});", "normalize_back")
        if entry.is_normalized or entry.layer.pieces > 1:
            self._line(f"model_spread({units}, {entry.layer.pieces}, {back}, {entry.slopes});", "spread")
            return
        product = f"model_hidden({g}) * {d}"
        if entry.layer.activation_object.name in FADING:
            product = f"model_hidden({product})"
        elif isinstance(entry.layer.activation_object, Identity):
            product = f"model_hidden({g})"
        self._line(f"for (j = 0; j < {units}; ++j) {d} = {product};", "hidden")

    def function(self) -> str:
        real, output = self._text.form.real, self._text.output
        head = f"static inline void model_gradient(const {real} *x, const {output} *v, {real} *g, {real} *scratch) {{"
        return "\n".join([OPENING, head, "  size_t j;", *self._lines, "}"])


def _product_back(entry: _Layer, to: str) -> str:
    return f"model_product_back({entry.n_in}, {entry.columns}, {entry.slopes}, model_weights_{entry.number}, {to});"
