"""A network as one header of C99 and C++11, described at ``Network.to_c``: the order of its parts.

The layers are written in c_network.py, rows and tolerance of the self-test are made in c_tests.py; the text itself is
in frame.h.in and functions.h.in, in which all names begin with ``model_`` or ``MODEL_``.
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from fastmlp._checks.arguments import check_flag
from fastmlp._export.c_assembly import assembled, check_path, in_units, names_function, slots_of, write_text
from fastmlp._export.c_gradient import add_gradient
from fastmlp._export.c_network import network_text
from fastmlp._export.c_tests import rows_for_test
from fastmlp._export.c_text import check_prefix
from fastmlp._export.names import checked_features
from fastmlp._export.origin import origin_of
from fastmlp._export.templates import frame, functions
from fastmlp._files.model_file import Content
from fastmlp._model.outputs import Meaning, is_classifier

# what is called besides model_forward, by what the outputs mean
CALLS: dict[Meaning, list[str]] = {
    "many": ["predict_many", "proba_many"],
    "scores": ["predict_many"],
    "binary": ["predict_binary", "proba_binary"],
    "score": ["predict_score"],
    "values": ["predict_values"],
    "log_rates": ["predict_log_rates"],
}


def write(
    content: Content,
    path: str | os.PathLike[str],
    *,
    name: str = "model",
    feature_names: Sequence[str] | None = None,
    gradient: bool = False,
) -> None:
    """Write the header of a network; what cannot be written leaves no file."""
    check_path(path)
    write_text(path, header(content, name, feature_names, has_gradient=check_flag(gradient, "gradient")))


def header(content: Content, name: str, feature_names: Sequence[str] | None, *, has_gradient: bool) -> str:
    """Return the text of the header."""
    model = content.model
    prefix, architecture = check_prefix(name), model.architecture
    features = checked_features(feature_names, architecture.n_inputs)
    meaning = architecture.meaning
    # first, for what it refuses
    origin = origin_of(content)
    model.check_scaling_is_known()
    text = network_text(model)
    gradient_scratch = add_gradient(model, text) if has_gradient else 0
    slots = slots_of(architecture, text, rows_for_test(model), origin)
    if model.target_scaling is not None:
        slots |= in_units("model_deviation[j]")
    code = [
        *([f"#define MODEL_GRADIENT_SCRATCH {gradient_scratch}"] if has_gradient else []),
        *functions([*text.needs, "exp"] if meaning == "log_rates" else text.needs, text.form),
        *text.arrays,
        *text.functions,
        *frame([*CALLS[meaning], "selftest"], text.form, slots),
    ]
    named = []
    if is_classifier(meaning) and content.classes is not None:
        named.append(names_function(prefix, "class_name", "a class", content.classes))
    if features is not None:
        named.append(names_function(prefix, "feature_name", "an input", features))
    return assembled(prefix, text.form, slots, code, named)
