"""What a network is, without its face: layers settled and built, numbers, the meaning of outputs.

Training, checks, files and pictures work on a ``Model`` of this floor; ``fastmlp.Network`` holds one.
"""
