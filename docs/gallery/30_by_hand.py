r"""A network by hand, every number of it.

Three layers of two units, weights that one can multiply in one's head, and the input (1, -1): what goes through the
network, what the loss says of it, and how one step of learning changes each weight.

A layer computes $z = x W + b$ and $a = \sigma(z)$; the toy network that many lectures begin with has

```math
W^{(1)} = \begin{pmatrix} 1 & -1 \\ -2 & 1 \end{pmatrix},\; b^{(1)} = (1, 0), \qquad
W^{(2)} = \begin{pmatrix} 2 & -2 \\ -1 & -1 \end{pmatrix},\; b^{(2)} = (0, 0), \qquad
W^{(3)} = \begin{pmatrix} 3 & -1 \\ -1 & 4 \end{pmatrix},\; b^{(3)} = (-2, 2),
```

a row for each input of a layer and a column for each unit.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

net = fm.Network(2, [fm.Dense(2, "sigmoid") for _ in range(3)], loss="half_squared_error", dtype="float64")
net.set_parameters([1, -1, -2, 1, 1, 0, 2, -2, -1, -1, 0, 0, 3, -1, -1, 4, -2, 2])
x, y = [1.0, -1.0], [1.0, 0.0]
print(fm.explain(net, x, digits=2))
assert net.forward([x]).round(2).tolist() == [[0.62, 0.83]]

# %%
# The same in a picture: outputs in the units, weights on the connections. Another input gives another output; the
# network is a function from the plane into the plane.

figure, axes = plt.subplots(figsize=(9.0, 3.8))
plots.network_diagram(net, ax=axes, x=x, weights=True, input_names=["$x_1$", "$x_2$"], output_names=["$a_1$", "$a_2$"])
axes.set_title("(1, -1) becomes (0.62, 0.83)")
figure.savefig("30_by_hand.png")
print("f(0, 0) =", net.forward([[0.0, 0.0]])[0].round(2))
assert net.forward([[0.0, 0.0]]).round(2).tolist() == [[0.51, 0.85]]

# %%
# Now the output shall be (1, 0). The way back begins with the derivative of the loss by each pre-activation, $\delta$,
# and goes down layer by layer; each weight's derivative is the $\delta$ behind it times the value before it. A step of
# gradient descent with a rate of 0.5 then gives the new weights.

explanation = fm.explain(net, x, y, learning_rate=0.5, digits=3)
lines = str(explanation).splitlines()
print("\n".join(lines[lines.index("loss, half_squared_error") :]))

before = net.loss([x], [y])
net.fit([x], [y], epochs=1, optimizer=fm.SGD(0.5), batch_size=1)
print(f"\nloss before the step {before:.3f}, after it {net.loss([x], [y]):.3f}")
assert f"W3[0,0] = 3 - 0.500 * (-0.078) = {net.layers[2].weights[0, 0]:.3f}" in str(explanation)
assert net.loss([x], [y]) < before

# %%
# In a notebook `fm.explain(net, x, y)` shows itself with subscripts, and `to_latex()` is for a paper or a slide:

print(fm.explain(net, x).to_latex()[:330])
assert np.isfinite(net.get_parameters()).all()
