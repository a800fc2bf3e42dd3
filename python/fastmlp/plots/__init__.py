"""Pictures of networks, training and data: ``fm.plots``, drawn with matplotlib (the extra ``plot``).

Every function draws into the ``ax`` it is given, or into a new figure, and returns the Axes; none shows a window, saves
a file or changes matplotlib's settings. matplotlib is imported when the first picture is drawn. One file for each kind
of picture; colours and the checks of arguments are in _drawing/canvas.py and _checks.py.
"""

from __future__ import annotations

from fastmlp._drawing.learning_curves import learning_curves
from fastmlp.plots._activation_curves import activation_curves
from fastmlp.plots._animate_training import animate_training
from fastmlp.plots._computational_graph import computational_graph
from fastmlp.plots._confusion_matrix import confusion_matrix
from fastmlp.plots._decision_regions import decision_regions
from fastmlp.plots._hidden_space import hidden_space
from fastmlp.plots._network_diagram import network_diagram
from fastmlp.plots._regression import curve, surface
from fastmlp.plots._weight_images import weight_images

__all__ = [
    "activation_curves",
    "animate_training",
    "computational_graph",
    "confusion_matrix",
    "curve",
    "decision_regions",
    "hidden_space",
    "learning_curves",
    "network_diagram",
    "surface",
    "weight_images",
]
