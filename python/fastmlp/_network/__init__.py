"""Parts of the face of a network that stand by themselves; fastmlp/network.py puts them together."""
