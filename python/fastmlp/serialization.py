"""``fastmlp.save`` and ``fastmlp.load``: networks to model files and back; what a file holds: _files/model_file.py."""

from __future__ import annotations

import os

from fastmlp._checks.text import brief
from fastmlp._files import model_file
from fastmlp._files.opening import ModelFileError as ModelFileError
from fastmlp._files.opening import read_file
from fastmlp.network import Network, model_of, network_of


def save(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network to a model file; the same network gives the same bytes.

    The file appears whole or not at all: an older file of that name stays until the new one is on the disk.

    Parameters
    ----------
    network : Network
        Its architecture, weights, seed, ``classes`` and ``metadata`` are kept, its optimizer state is not.
    path : path
        The file, ``*.safetensors``. One that is there keeps its permissions.

    Raises
    ------
    ValueError
        A weight is not finite, ``metadata`` is not a plain JSON object or is too large, or the name ends otherwise.
    TypeError
        ``path`` is no path, or ``network`` no Network.
    RuntimeError
        Another thread is training the network.
    OSError
        The file cannot be written.

    See Also
    --------
    load : Read one.
    Network.save : The same as a method.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastmlp as fm
    >>> net = fm.Network(2, [fm.Dense(3, "tanh"), fm.Dense(1)], seed=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = os.path.join(folder, "model.safetensors")
    ...     fm.save(net, path)
    ...     bool((fm.load(path).get_parameters() == net.get_parameters()).all())
    True
    """
    if not isinstance(network, Network):
        mend = ": call its save" if hasattr(network, "save") else ""
        raise TypeError(f"network must be a Network, got {brief(network)}{mend}.")
    model_file.write(model_file.Content(model_of(network), network.classes, network.metadata), path)


def load(path: str | os.PathLike[str]) -> Network:
    """Read a network from a model file; it predicts the same bits as the one that was saved.

    Parameters
    ----------
    path : path
        A file that ``save`` wrote. Any other content is refused, and one bit of a weight that is not as it was written;
        it is safe to load a file from a stranger.

    Returns
    -------
    Network
        With all that was saved; it can be trained and asked.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    TypeError
        ``path`` is no path.
    ModelFileError
        The file is damaged, truncated or not a fastmlp model.

    See Also
    --------
    save : Write one.
    ModelFileError : What is wrong with a file.

    Examples
    --------
    >>> import fastmlp as fm
    >>> net = fm.load("digits.safetensors")  # doctest: +SKIP
    """
    content = read_file(path, model_file.read)
    return network_of(content.model, classes=content.classes, metadata=content.metadata)
