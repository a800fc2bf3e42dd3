"""Make the documents a package of the clone, so that ``python -m docs`` is this folder and no other of that name."""
