"""What may be wrong in somebody's backpropagation: a program whose mistakes can be chosen, and the known mistakes."""
