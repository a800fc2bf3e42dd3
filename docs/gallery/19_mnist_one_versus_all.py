r"""Twenty-five units learn what strokes to look for.

A network with a hidden layer of 25 units reads handwritten digits, and the weights into each of these units can be
looked at as a picture.

The pixels, from 0 to 1, are the inputs; the outputs are ten sigmoids, one versus all
([page 9](09_one_versus_all.md)). For the 28x28 pixels of MNIST this is 784-25-10, with 19885 parameters.
"""

import matplotlib.pyplot as plt
import numpy as np

import fastmlp as fm
from fastmlp import plots

name, X_train, y_train, X_test, y_test = fm.datasets.load_handwriting()
X_train, X_test = X_train / np.float32(255), X_test / np.float32(255)
n_pixels = X_train.shape[1]
print(f"{name}: {len(X_train)} training and {len(X_test)} test pictures of {n_pixels} pixels")

net = fm.Network(n_pixels, [fm.Dense(25, "sigmoid"), fm.Dense(10, "sigmoid")], l2=1e-4, seed=0)
epochs = 15 if name == "MNIST" else 100
net.fit(X_train, y_train, epochs=epochs, batch_size=100, optimizer=fm.Adam(0.003 if name == "MNIST" else 0.01))
accuracy = net.evaluate(X_test, y_test)["accuracy"]
print(f"{net.n_parameters} parameters, {accuracy:.1%} of the test digits right")
assert net.n_parameters == (n_pixels + 1) * 25 + 26 * 10
assert accuracy > (0.95 if name == "MNIST" else 0.9)

# %%
# Each square shows the weights into one hidden unit, each at the place of its pixel. Ink on a blue pixel raises the
# unit's activation, ink on a red one lowers it: a unit answers to strokes that run through its blue parts and avoid its
# red ones (the largest hundredth of the weights is drawn paler than it is). The ten outputs then combine the answers of
# the 25 units; the table on the right says for each digit (row) how often it was read as which (column).

figure, (left, right) = plt.subplots(1, 2, figsize=(11.0, 5.0))
weights = net.layers[0].weights
limit = np.percentile(np.abs(weights), 99)
plots.weight_images(np.clip(weights, -limit, limit), ax=left)
plots.confusion_matrix(y_test, net.predict(X_test), ax=right)
figure.savefig("19_mnist_one_versus_all.png")
