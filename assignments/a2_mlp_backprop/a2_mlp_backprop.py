# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
r"""
# a2 · Two layers, every gradient

A network of two layers holds many weights, and each of them has its own slope. One walk backward through the network
finds all the slopes at once. You do that walk with a calculator, then with letters, then in NumPy, and check every
line. At the end your own gradient separates three spirals.

| | part | you write | points | minutes |
| --- | --- | --- | --- | --- |
| 1 | Numbers first | `sigmoid`, `mlp_forward`, `half_squared_error`, `worked_example`, one explanation | {points:part 1} | 85 |
| 2 | A slope without calculus | `numerical_gradient` | {points:part 2} | 25 |
| 3 | Letters, then code | one derivation, `mlp_backward`, `name_the_mistake` | {points:part 3} | 90 |
| 4 | Classes | `softmax`, one derivation, `cross_entropy`, `cross_entropy_backward` | {points:part 4} | 35 |
| 5 | Train it | `sgd_step`, `train_mlp` | {points:part 5} | 35 |

{points:all} points in all; the minutes are estimates. You need matrix products and the chain rule of calculus.

* **Install:** `pip install -r requirements.txt`, and keep `selfcheck.py` in the folder of this notebook. In Colab there is nothing to
  install: click the folder icon on the left and upload `selfcheck.py`, again in every new session.
* **Hand in:** Restart Kernel and Run All Cells, save (in Colab: File > Download), then submit this file under its name.
* **Stuck?** Repeat a check with the seed that it prints, as in `selfcheck.check("mlp_backward", seed=7)`: the numbers
  stay the same while you search. The hardest function has hints to unfold.

Begin anywhere: a cell that needs a function you have not written yet says so. The code of figures is folded, because it
would answer questions before you do: run these cells, and click on the bar to see the
code. (Colab shows it: run these cells before you read them.) *Guesses* are never graded.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import selfcheck

plt.rcParams["axes.prop_cycle"] = plt.cycler(color=["#0072B2", "#D55E00", "#009E73", "#8E4585"])
plt.rcParams["figure.constrained_layout.use"] = True
selfcheck.install_check()


# %% jupyter={"source_hidden": true} nbgrader={"schema_version": 3, "grade_id": "given_nets", "solution": false, "grade": false, "locked": true, "task": false}
def article_params():
    """Return the parameters of the small network of part 1, its W and V transposed into PyTorch's layout (out, in)."""
    W, B1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), np.array([0.1, 0.2, 0.3])
    V, B2 = np.array([[0.1], [0.2], [0.3]]), np.array([0.1])
    return {"weight_1": W.T, "bias_1": B1, "weight_2": V.T, "bias_2": B2}


def random_params(rng, inputs, hidden, outputs):
    """Return random parameters of a network of these sizes."""
    shapes = {"weight_1": (hidden, inputs), "bias_1": hidden, "weight_2": (outputs, hidden), "bias_2": outputs}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def loss_of(name, x, target, params):
    """Return the half squared error of the network as a function of its one parameter of this name."""

    def loss(array):
        prediction, _ = mlp_forward(x, {**params, name: array})
        return half_squared_error(prediction, target)

    return loss


def draw_network(ax, circles, weight_1, weight_2, arrow):
    """Draw the 2-3-1 network: a text in each circle from the left and the top, a number on each edge."""
    columns = [[(0, 0.8), (0, -0.8)], [(1, 1.2), (1, 0), (1, -1.2)], [(2, 0)]]
    for layer, weight in enumerate([weight_1, weight_2]):
        for (j, i), number in np.ndenumerate(weight):
            start, end = np.array(columns[layer][i]), np.array(columns[layer + 1][j])
            look = {"arrowstyle": arrow, "color": "0.5", "shrinkA": 30, "shrinkB": 30}
            ax.annotate("", end, start, arrowprops=look, zorder=1)
            ax.text(
                *(0.68 * start + 0.32 * end),
                f"{number:.4g}" if arrow == "->" else f"{number:#.4g}",
                ha="center",
                va="center",
                fontsize=9,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )
    for spot, text in zip(columns[0] + columns[1] + columns[2], circles):
        ax.plot(*spot, "o", markersize=58, color="white", markeredgecolor="black", zorder=2)
        ax.text(*spot, text, ha="center", va="center", fontsize=8, zorder=3)
    ax.set(xlim=(-0.3, 2.3), ylim=(-1.7, 1.7))
    ax.axis("off")


def draw_classes(ax, params, x, target):
    """Colour the plane by the class that the network gives to each point, and draw the points."""
    side = np.linspace(-1.2, 1.2, 151)
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    given = np.argmax(mlp_forward(plane, params)[0], axis=1).reshape(151, 151)
    colours = ["#0072B2", "#D55E00", "#009E73"]
    ax.contourf(side, side, given, [-0.5, 0.5, 1.5, 2.5], colors=colours, alpha=0.3)
    for label, marker in enumerate("os^"):
        ax.plot(*x[target == label].T, marker, color=colours[label], markersize=4, label=f"class {label}")
    right = np.mean(np.argmax(mlp_forward(x, params)[0], axis=1) == target)
    ax.set(xlabel="first input", ylabel="second input", title=f"{right:.0%} of the points are in their own colour")
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.13), ncols=3)  # below the axes: the points fill the square


def guess_line(ax, guess):
    """Draw a guess as a dashed line, at the edge of the figure if it lies outside; words go into the legend."""
    if guess is None:
        return
    left, right = ax.get_xlim()
    if isinstance(guess, (int, float)):
        ax.axvline(min(max(guess, left), right), color="0.4", linestyle="--", label=f"your guess: {guess}")
        ax.set_xlim(left, right)
    else:
        ax.plot([], [], " ", label=f"your guess: {guess}")


def network_in_lines(start, fixed):
    """Run the six lines of the forward from start, a dict; a value in fixed replaces what its line computes."""
    value = {**start, **fixed}
    value["weighted_1"] = fixed.get("weighted_1", value["x"] @ value["weight_1"].T)
    value["net_1"] = fixed.get("net_1", value["weighted_1"] + value["bias_1"])
    value["hidden"] = fixed.get("hidden", 0.5 + 0.5 * np.tanh(value["net_1"] / 2))  # the sigmoid, as a tanh
    value["weighted_2"] = fixed.get("weighted_2", value["hidden"] @ value["weight_2"].T)
    value["net_2"] = fixed.get("net_2", value["weighted_2"] + value["bias_2"])
    value["prediction"] = fixed.get("prediction", 0.5 + 0.5 * np.tanh(value["net_2"] / 2))
    return value


def mirror_start():
    """Return value, g: every value of a random network for 4 rows, and the gradient of its prediction."""
    rng = np.random.default_rng(5)
    start = {"x": rng.standard_normal((4, 2)), **random_params(rng, inputs=2, hidden=3, outputs=5)}
    return network_in_lines(start, {}), {"prediction": rng.standard_normal((4, 5))}


def mirror_verdicts(g, value):
    """Print one verdict a line: each gradient of the mirror against differences of the forward."""
    start = {name: value[name] for name in ("x", "weight_1", "bias_1", "weight_2", "bias_2")}
    for name, grad in g.items():
        slopes = np.zeros(value[name].shape)
        for index in np.ndindex(slopes.shape):
            for eps in (1e-6, -1e-6):
                nudged = value[name].copy()
                nudged[index] += eps
                prediction = network_in_lines(start, {name: nudged})["prediction"]
                slopes[index] += np.sum(g["prediction"] * prediction) / (2 * eps)
        verdict = "right"
        if grad is ...:
            verdict = "to do"
        elif np.shape(grad) != slopes.shape:
            verdict = f"WRONG: its shape is {np.shape(grad)}, {name} has {slopes.shape}"
        elif not np.allclose(grad, slopes, rtol=1e-6, atol=1e-7):
            verdict = f"WRONG: {np.sum(~np.isclose(grad, slopes, 1e-6, 1e-7))} of {slopes.size} entries differ"
        print(f'g["{name}"]'.ljust(18), verdict)


def article_verdicts(forward, step):
    """Print one verdict for each of the three bugs of 5.3."""
    x, params = np.array([[0.4, 0.5]]), article_params()
    at_zero = forward(np.zeros((1, 2)), params)[1].item()
    print(f"(g) prediction at [0, 0] is {at_zero:.6f}:", "right" if abs(at_zero - 0.607019) < 1e-6 else "not 0.607019")
    try:
        stepped = step(x, 1.0, params, 0.01)
        loss = 0.5 * (forward(x, stepped)[1].item() - 1) ** 2
        print(f"(h) loss after one step is {loss:.7f}:", "right" if abs(loss - 0.0721275) < 1e-7 else "not 0.0721275")
    except ValueError as error:
        print(f"(f) stops: {error}")


# %% [markdown]
r"""
## Notation

| name | shape | what it is |
| --- | --- | --- |
| `x` | (N, inputs) | a row is a sample |
| `weight_1`, `bias_1` | (hidden, inputs), (hidden,) | first layer; a weight is (out, in), as in PyTorch |
| `weight_2`, `bias_2` | (outputs, hidden), (outputs,) | second layer |
| `net_1`, `net_2` | (N, hidden), (N, outputs) | weighted sum plus bias of a layer, before its sigmoid; in formulas $z^{(1)}$, $z^{(2)}$ |
| `prediction`, `target` | (N, outputs) | $\hat y$ and the label $y$ |
| `grad_prediction` | (N, outputs) | $\partial L / \partial \hat y$, the *upstream gradient*: handed to the backward function |
| `grads` | | a dict: for each input and parameter one array of its name and its shape |

A layer is `x @ weight.T + bias`, followed by an *activation function*, here the sigmoid. Each output of the first layer
is a *hidden unit*. The *forward* computes the prediction and keeps in a `cache` what the *backward* needs; the backward
starts at the loss and finds the slopes, the last layer first. A *step* of gradient *descent* moves each parameter by
−lr times its slope; the number `lr` is the *learning rate*.

> **The loss divides, backward never does.** If a loss is a mean over N rows, its own gradient carries the 1/N. The
> layers below add over rows and divide by nothing.

No function changes its arguments. Called twice, it gives the same answer twice.

## 1 · Numbers first
### 1.1 · A network small enough for a calculator

*The article*, from here on, is a tutorial on back-propagation that was published on the web and works through one
network by hand. We use its numbers and tell it in our words. The input is $[0.4,\ 0.5]$, the label is 1, and both
layers end in a sigmoid:

$$W = \begin{bmatrix} 0.1 & 0.3 & 0.5 \\ 0.2 & 0.4 & 0.6 \end{bmatrix},\quad
B_1 = \begin{bmatrix} 0.1 & 0.2 & 0.3 \end{bmatrix},\quad
V = \begin{bmatrix} 0.1 \\ 0.2 \\ 0.3 \end{bmatrix},\quad
B_2 = \begin{bmatrix} 0.1 \end{bmatrix}$$

The first hidden unit sums up $0.4 \cdot 0.1 + 0.5 \cdot 0.2 + 0.1 = 0.24$. Do the same for the second one: column 2 of
$W$, and the bias 0.2. Type your number, run the cell, then run the figure.
"""

# %%
first_number = None  # the sum of the second hidden unit, bias included

# %% jupyter={"source_hidden": true} tags=["illustration"]
params, shown = article_params(), "?" if first_number is None else first_number
fig, ax = plt.subplots(figsize=(8, 4.4))
sums = ["x 0.4", "x 0.5", "net 0.24\nbias 0.1", f"net {shown}\nbias 0.2", "net 0.80\nbias 0.3", "ŷ ?\nbias 0.1"]
draw_network(ax, sums, params["weight_1"], params["weight_2"], "->")
ax.set_title("Thirteen parameters, and one number comes out")
plt.show()
right = isinstance(first_number, (int, float)) and abs(first_number - 0.52) < 1e-9
print("Right: that is a forward, by hand." if right else "The circle in the middle waits for your number.")

# %% [markdown]
r"""
Nine weights are on the edges, four biases in the circles: thirteen slopes to find.

### 1.2 · The sigmoid

$$\begin{aligned}
\sigma(z) &= \frac{1}{1 + e^{-z}} \\
\sigma'(z) &= \frac{e^{-z}}{(1 + e^{-z})^2} && \text{chain rule on } (1 + e^{-z})^{-1} \\
  &= \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} && \text{split the square} \\
  &= \sigma(z)\,\bigl(1 - \sigma(z)\bigr) && \text{the second factor is } 1 - \sigma(z)
\end{aligned}$$

Backward needs only $\sigma$ itself, never $z$. That is why a cache can keep the output and forget the sum. Two numbers
that add up to 1 have their largest product at ½ and ½, so the slope of a sigmoid never exceeds 1/4. Each sigmoid on the
way back multiplies the gradient by at most 1/4, two of them by at most 1/16.

`np.exp(1000)` overflows: a float ends near $1.8 \cdot 10^{308}$, which is $e^{709.8}$. So let no positive number into
`np.exp`. With $s = e^{-|z|}$ the sigmoid is $1/(1+s)$ where $z \ge 0$. What is it where $z < 0$?
"""


# %% nbgrader={"schema_version": 3, "grade_id": "sigmoid", "solution": true, "grade": false, "locked": false, "task": false}
def sigmoid(z):
    """Return 1 / (1 + exp(-z)), elementwise, in the shape of z, without overflow at ±1000.

    Two lines are enough.
    """
    ### BEGIN SOLUTION
    shrunk = np.exp(-np.abs(z))  # in (0, 1], for the exponent is never positive
    return np.where(np.greater_equal(z, 0), 1, shrunk) / (1 + shrunk)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_sigmoid", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("sigmoid")

# %% [markdown]
r"""
### 1.3 · Why bend at all?

Leave the first sigmoid out and multiply:

$$\begin{aligned}
\bigl(x\,W_1^\top + b_1\bigr)\,W_2^\top + b_2
  &= x\,W_1^\top W_2^\top + b_1 W_2^\top + b_2 && \text{expand} \\
  &= x\,\underbrace{(W_2 W_1)^\top}_{\text{one weight}} + \underbrace{b_1 W_2^\top + b_2}_{\text{one bias}}
  && W_1^\top W_2^\top = (W_2 W_1)^\top
\end{aligned}$$

Two linear layers collapse into one. A *threshold* in between (1 above zero, else 0), as in the perceptron of the 1950s,
does bend. You will see in 2.2 what it does to a gradient.

### 1.4 · Forward, and a loss

Now write the forward for any sizes: `x @ weight.T + bias`, a sigmoid, and the same again. Put into `cache` what the
backward will ask for. You decide what that is, and you may come back and change it.

The loss of the article is half the squared error, added over all entries:

$$L = \tfrac12 \sum_{n,k} (\hat y_{nk} - y_{nk})^2, \qquad
\frac{\partial L}{\partial \hat y_{nk}} = \hat y_{nk} - y_{nk}.$$

The half is there for that derivative. Mind the order: prediction minus target. And it is a sum: write every row down
twice, and the loss doubles, its gradient doubles, and a step with the same learning rate is twice as long. A mean would
not notice.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "mlp_forward", "solution": true, "grade": false, "locked": false, "task": false}
def mlp_forward(x, params):
    """Return (prediction, cache) of the network with a sigmoid after both layers; x (N, inputs), prediction (N, outputs).

    params: weight_1 (hidden, inputs), bias_1 (hidden,), weight_2 (outputs, hidden), bias_2 (outputs,).
    Three lines are enough, and no loop.
    """
    ### BEGIN SOLUTION
    hidden = sigmoid(x @ params["weight_1"].T + params["bias_1"])
    prediction = sigmoid(hidden @ params["weight_2"].T + params["bias_2"])
    return prediction, (x, hidden, prediction, params["weight_1"], params["weight_2"])
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_mlp_forward", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("mlp_forward")


# %% nbgrader={"schema_version": 3, "grade_id": "half_squared_error", "solution": true, "grade": false, "locked": false, "task": false}
def half_squared_error(prediction, target):
    """Return half the sum of the squared differences, a float; prediction, target: (N, outputs).

    One line is enough.
    """
    ### BEGIN SOLUTION
    return float(0.5 * np.sum((prediction - target) ** 2))
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_half_squared_error", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("half_squared_error")

# %% [markdown]
r"""
### 1.5 · The calculator

One slope together, $V_2 = 0.2$. It acts on the loss through `net_2` alone, and `net_2` through $\hat y$ alone:

$$\begin{aligned}
\frac{\partial L}{\partial V_2}
  &= \frac{\partial L}{\partial \hat y} \cdot \frac{\partial \hat y}{\partial \mathit{net}_2}
     \cdot \frac{\partial \mathit{net}_2}{\partial V_2}
  && \text{chain rule} \\
  &= (\hat y - 1) \cdot \hat y\,(1 - \hat y) \cdot h_2 && \text{loss, sigmoid, layer} \\
  &= -0.3803 \cdot 0.2357 \cdot 0.6271 = -0.0562
\end{aligned}$$

Two of the three factors do not mention $V_2$. Call their product $\delta_2$: it is the *shared factor* of the layer.
One layer further down, the shared factor of hidden unit $j$ is $\delta_{1,j} = \delta_2\, V_j\, h_j (1 - h_j)$.

Fill this table on paper. Each blank takes one line on a calculator. The given numbers are computed with all digits, so
your last digit may differ.

| step | rule | values |
| --- | --- | --- |
| `net_1` | $x W + B_1$ | 0.24, ____, 0.80 |
| `hidden` | $\sigma(\mathit{net}_1)$ | 0.5597, 0.6271, ____ |
| `net_2` | $\mathit{hidden}\; V + B_2$ | ____ |
| `prediction` | $\sigma(\mathit{net}_2)$ | 0.6197 |
| `loss` | $\frac12 (\hat y - 1)^2$ | ____ |
| $\delta_2$, which is also the slope of $B_2$ | $(\hat y - 1)\, \hat y (1 - \hat y)$ | ____ |
| slopes of $V$ | $\delta_2\, h_j$ | ____, −0.0562, ____ |
| $\delta_1$, which are also the slopes of $B_1$ | $\delta_2\, V_j\, h_j (1 - h_j)$ | −0.002208, ____, ____ |
| slopes of $W$, row of $x_1$ | $\delta_{1,j}\, x_1$ | ____, −0.001676, ____ |
| slopes of $W$, row of $x_2$ | $\delta_{1,j}\, x_2$ | −0.001104, ____, ____ |

Then hand the numbers in: typed, or computed by the same lines in NumPy. Mind the layout: `weight_1` is $W$
transposed. Below the check, a figure puts *your* numbers on the edges of the network.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "worked_example", "solution": true, "grade": false, "locked": false, "task": false}
def worked_example():
    """Return a dict: net_1 (1, 3), hidden (1, 3), net_2 (1, 1), prediction (1, 1), loss (a float) and grads.

    `.item()` makes a float of an array of shape (1, 1). grads is a dict in PyTorch's layout: weight_1 (3, 2),
    bias_1 (3,), weight_2 (1, 3), bias_2 (1,).
    Typed from your calculator with 4 significant digits, or computed: both are right.
    """
    x, label = np.array([[0.4, 0.5]]), 1.0
    W, B1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), np.array([0.1, 0.2, 0.3])
    V, B2 = np.array([[0.1], [0.2], [0.3]]), np.array([0.1])
    ### BEGIN SOLUTION
    net_1 = x @ W + B1
    hidden = sigmoid(net_1)
    net_2 = hidden @ V + B2
    prediction = sigmoid(net_2)
    loss = half_squared_error(prediction, label)
    delta_2 = (prediction - label) * prediction * (1 - prediction)
    delta_1 = delta_2 * V.T * hidden * (1 - hidden)
    grads = {"weight_1": delta_1.T @ x, "bias_1": delta_1[0], "weight_2": delta_2 * hidden, "bias_2": delta_2[0]}
    return {"net_1": net_1, "hidden": hidden, "net_2": net_2, "prediction": prediction, "loss": loss, "grads": grads}
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_worked_example", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("worked_example")

# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("worked_example"):
    example = worked_example()
    grads = {name: np.asarray(grad) for name, grad in example["grads"].items()}
    circles = ["x 0.4", "x 0.5"]
    for hidden, delta in zip(np.ravel(example["hidden"]), grads["bias_1"]):
        circles.append(f"h {hidden:#.4g}\nδ {delta:#.4g}")
    circles.append(f"ŷ {np.ravel(example['prediction'])[0]:#.4g}\nδ {grads['bias_2'][0]:#.4g}")
    fig, ax = plt.subplots(figsize=(8, 4.4))
    draw_network(ax, circles, grads["weight_1"], grads["weight_2"], "<-")
    ax.set_title("Backward: each slope is δ at one end of its edge times the value at the other")
    plt.show()

# %% [markdown]
r"""
Multiply the δ at the right end of an edge by the value at its left end, and you have its slope. $\delta_2$ serves the
four slopes of the upper layer and the three $\delta_1$ serve the other nine. Back-propagation is this: compute the
shared factor once, use it for every weight of the unit, hand it down.

### 1.6 · Bug hunt: the article's sums

On its way through this network the article makes four mistakes. They are among the lines (a) to (e); one of the five
is right. Beside each line is what it gives, and a number to compare it with.

| | the line | gives | compare |
| --- | --- | --- | --- |
| (a) | $0.4 \cdot 0.3 + 0.5 \cdot 0.4$ | 0.22 | your calculator |
| (b) | $\mathit{net}_2 = 0.1\,h_1 + 0.2\,h_2 + 0.3\,h_3 + 0.1$ | 0.488393 | its sigmoid is 0.619728, and so is $\hat y$ |
| (c) | loss $= \frac12 (y - \hat y)$ | 0.190136 | `half_squared_error` gives 0.072303 |
| (d) | $\sigma' = 1 - \hat y \cdot \hat y$ at `net_2` | 0.615937 | two neighbours of `net_2`, $10^{-5}$ away: slope 0.235665 |
| (e) | $\partial L / \partial \hat y = y - \hat y$, handed back to get `dV`, `dW`; then `V = V - 0.01 * dV`, `W = W - 0.01 * dW` | loss 0.0723987 after the step | loss 0.0723035 before it |

**`explain_bug_worked_example` ({points:explain_bug_worked_example} points, graded by hand).** For each of the four wrong lines write one sentence: which
line it is, which number gives it away, and the cure. Try each cure in a cell of your own: it must agree with the last
column, and after the cure of (e) the loss must fall to 0.0722083.
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "explain_bug_worked_example", "solution": true, "grade": true, "locked": false, "points": 1, "task": false}
r"""
* **(a)** The sum is wrong: the calculator says $0.12 + 0.20 = 0.32$, not 0.22. Cure: 0.32, so `net_1` is
  $0.32 + 0.2 = 0.52$ there.
* **(c)** The square is missing: the line gives 0.190136, half the squared error is 0.072303. Without the square the
  "loss" is even negative when $\hat y > y$. Cure: $\frac12 (y - \hat y)^2$.
* **(d)** $\sigma' = \sigma(1 - \sigma) = \sigma - \sigma^2$, not $1 - \sigma \cdot \sigma$: the line gives 0.615937,
  the neighbours say 0.235665, and no slope of a sigmoid exceeds 0.25. Cure: `y * (1 - y)`.
* **(e)** The sign is wrong: the loss rises from 0.0723035 to 0.0723987, although we step down the slope. The
  derivative of the loss is $\hat y - y$. Cure: `error = y - label` (or add the step instead of subtracting it); then
  the loss falls to 0.0722083.
"""

# %% [markdown]
r"""
## 2 · A slope without calculus
### 2.1 · Nudge one number at a time

You can check any gradient without deriving it. Nudge one entry up, then down, and divide:

$$\frac{\partial f}{\partial a_i} \approx \frac{f(a + \varepsilon e_i) - f(a - \varepsilon e_i)}{2\,\varepsilon}
\qquad e_i \text{: 1 at entry } i,\ 0 \text{ elsewhere}$$

These are *finite differences*, and comparing a gradient with them is a *gradient check*. `np.ndindex(array.shape)`
visits every index, also the single index `()` of a 0-d array. `f` takes the whole array and depends on its argument
alone, so you may nudge the array itself or a copy.

If you nudge the array itself, put each entry back as it was: keep the old number and write it back. Adding
$\varepsilon$, taking away $2\varepsilon$ and adding $\varepsilon$ again changes the last digit of four numbers in five.

### 2.2 · Is your worked example right?

With `numerical_gradient` you know without asking anyone. The cell below its check hands it the loss of the network as a
function of one parameter, the others held still. Then it puts the threshold of 1.3 into the hidden layer: what slope
does it find there?
"""


# %% nbgrader={"schema_version": 3, "grade_id": "numerical_gradient", "solution": true, "grade": false, "locked": false, "task": false}
def numerical_gradient(f, array, eps=1e-6):
    """Return the central differences of f at array, float64 in the shape of array; f(array) is a number.

    array is float64 of any shape, also 0-d or a strided view; after the call it is what it was, to the bit.
    Ten lines are enough.
    """
    ### BEGIN SOLUTION
    nudged = np.array(array, dtype=float)  # a copy: the caller's array is never touched
    gradient = np.zeros(nudged.shape)
    for index in np.ndindex(nudged.shape):
        at = nudged[index]
        nudged[index] = at + eps
        above = f(nudged)
        nudged[index] = at - eps
        gradient[index] = (above - f(nudged)) / (2 * eps)
        nudged[index] = at
    return gradient
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_numerical_gradient", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("numerical_gradient")

# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("sigmoid", "mlp_forward", "half_squared_error", "worked_example", "numerical_gradient"):
    x, params, grads = np.array([[0.4, 0.5]]), article_params(), worked_example()["grads"]
    for name in params:
        slopes = numerical_gradient(loss_of(name, x, 1.0, params), params[name])
        print(f"{name}: differences and your worked example are at most {np.abs(slopes - grads[name]).max():.0e} apart")

    def threshold_loss(weight_1):
        hidden = 1.0 * (x @ weight_1.T + params["bias_1"] > 0)
        return half_squared_error(sigmoid(hidden @ params["weight_2"].T + params["bias_2"]), 1.0)

    print("weight_1 under a threshold:", numerical_gradient(threshold_loss, params["weight_1"]).tolist())

# %% [markdown]
r"""
Under a threshold all six slopes are exactly 0, because a threshold is flat except at its jump: descent does not move,
whatever the loss.

Differences need no derivation. Why not use them for everything? They run the forward twice for *each* parameter: a
network of a million weights would run it two million times for one step. Backward runs once and gives all slopes. So
differences check a gradient on a small network, and backward trains the large one. (The grader measures the cost of
your backward functions for this reason.)

### 2.3 · How small a nudge?

The formula is exact only in the limit. How does its error change as ε falls from $10^{-1}$ to $10^{-13}$? Sketch the
curve, then run the figure.
"""


# %% jupyter={"source_hidden": true} tags=["illustration"]
def total(array):
    return np.sum(sigmoid(array))


with selfcheck.needs("sigmoid", "numerical_gradient"):
    z, sizes, central, forward = np.random.default_rng(0).standard_normal(6), 10.0 ** np.arange(-13, 0), [], []
    slope = sigmoid(z) * (1 - sigmoid(z))
    for eps in sizes:
        one_sided = [(total(z + eps * unit) - total(z)) / eps for unit in np.eye(6)]
        central.append(np.abs(numerical_gradient(total, z, eps) - slope).max() / slope.max())
        forward.append(np.abs(one_sided - slope).max() / slope.max())
    plt.loglog(sizes, central, "o-", label="central: up and down")
    plt.loglog(sizes, forward, "s--", label="forward: up only")
    plt.gca().set(xlabel="ε", ylabel="relative error", title="Too small is as bad as too large")
    plt.legend()
    plt.show()

# %% [markdown]
r"""
From the right the central error falls like $\varepsilon^2$, the forward error like $\varepsilon$. To the left both
rise: $f$ is known to 16 digits, and its rounding error is divided by ever smaller ε. The central formula is right to
ten digits at $\varepsilon = 10^{-5}$, and to three at $10^{-12}$.

## 3 · Letters, then code
### 3.1 · Every slope of two layers, by index

Rows are $n$, inputs $i$, hidden units $j$, outputs $k$. Forward, for one entry:

$$\begin{aligned}
z^{(1)}_{nj} &= \sum_i x_{ni} W^{(1)}_{ji} + b^{(1)}_j, & h_{nj} &= \sigma(z^{(1)}_{nj}) \\
z^{(2)}_{nk} &= \sum_j h_{nj} W^{(2)}_{kj} + b^{(2)}_k, & \hat y_{nk} &= \sigma(z^{(2)}_{nk})
\end{aligned}$$

$L$ may be any loss. All we know of it is $g_{nk} = \partial L / \partial \hat y_{nk}$, the array `grad_prediction`.
One rule does all the work: a value that is used in several places collects a slope from each, and they *add*.

**`derive_mlp` ({points:derive_mlp} points, graded by hand).** Copy the derivation with its seven blanks filled. Give a reason for each
line that has none. Then write all five gradients of the parameters and of $x$ as products of whole matrices, with
their shapes.

$$\begin{aligned}
\delta^{(2)}_{nk} = \frac{\partial L}{\partial z^{(2)}_{nk}}
  &= g_{nk}\,\boxed{?_1} && z^{(2)}_{nk} \text{ acts through } \hat y_{nk} \text{ alone} \\
\frac{\partial L}{\partial b^{(2)}_k}
  &= \sum_n \delta^{(2)}_{nk} && \text{one bias, used in every row: add} \\
\frac{\partial L}{\partial W^{(2)}_{kj}}
  &= \sum_n \delta^{(2)}_{nk}\,\boxed{?_2} && \text{one weight, used in every row: add} \\
\frac{\partial L}{\partial h_{nj}}
  &= \boxed{?_3}\ \delta^{(2)}_{nk} W^{(2)}_{kj} && \text{reason?} \\
\delta^{(1)}_{nj} = \frac{\partial L}{\partial z^{(1)}_{nj}}
  &= \frac{\partial L}{\partial h_{nj}}\,\boxed{?_4} && \text{reason?} \\
\frac{\partial L}{\partial W^{(1)}_{ji}} &= \boxed{?_5},\qquad
\frac{\partial L}{\partial b^{(1)}_j} = \boxed{?_6} && \text{as in layer 2} \\
\frac{\partial L}{\partial x_{ni}} &= \boxed{?_7} && \text{reason?}
\end{aligned}$$

To begin the second part:
$\dfrac{\partial L}{\partial W^{(2)}} = \underbrace{(\delta^{(2)})^\top h}_{(\text{outputs},\ \text{hidden})}$, since
entry $(k, j)$ of that product is $\sum_n \delta^{(2)}_{nk} h_{nj}$.
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_mlp", "solution": true, "grade": true, "locked": false, "points": 3, "task": false}
r"""
$$\begin{aligned}
\delta^{(2)}_{nk}
  &= g_{nk}\,\boxed{\hat y_{nk}\,(1 - \hat y_{nk})}
  && z^{(2)}_{nk} \text{ acts through } \hat y_{nk} \text{ alone; } \sigma' = \sigma(1 - \sigma) \\
\frac{\partial L}{\partial b^{(2)}_k}
  &= \sum_n \delta^{(2)}_{nk} && \text{one bias, used in every row: add} \\
\frac{\partial L}{\partial W^{(2)}_{kj}}
  &= \sum_n \delta^{(2)}_{nk}\,\boxed{h_{nj}} && \text{one weight, used in every row: add} \\
\frac{\partial L}{\partial h_{nj}}
  &= \boxed{\textstyle\sum_k}\ \delta^{(2)}_{nk} W^{(2)}_{kj}
  && h_{nj} \text{ goes into every output } k \text{ of its row: add} \\
\delta^{(1)}_{nj}
  &= \frac{\partial L}{\partial h_{nj}}\,\boxed{h_{nj}\,(1 - h_{nj})}
  && z^{(1)}_{nj} \text{ acts through } h_{nj} \text{ alone} \\
\frac{\partial L}{\partial W^{(1)}_{ji}}
  &= \boxed{\textstyle\sum_n \delta^{(1)}_{nj}\, x_{ni}},\qquad
  \frac{\partial L}{\partial b^{(1)}_j} = \boxed{\textstyle\sum_n \delta^{(1)}_{nj}} && \text{used in every row: add} \\
\frac{\partial L}{\partial x_{ni}}
  &= \boxed{\textstyle\sum_j \delta^{(1)}_{nj} W^{(1)}_{ji}}
  && x_{ni} \text{ goes into every hidden unit } j \text{ of its row: add}
\end{aligned}$$

With whole matrices, $\odot$ entry by entry, $\delta^{(2)} = g \odot \hat y \odot (1 - \hat y)$ and
$\delta^{(1)} = (\delta^{(2)} W^{(2)}) \odot h \odot (1 - h)$:

$$\begin{aligned}
\frac{\partial L}{\partial W^{(2)}} &= \underbrace{(\delta^{(2)})^\top h}_{(\text{outputs},\ \text{hidden})} &
\frac{\partial L}{\partial b^{(2)}} &= \underbrace{\textstyle\sum_n \delta^{(2)}_n}_{(\text{outputs},)} \\
\frac{\partial L}{\partial W^{(1)}} &= \underbrace{(\delta^{(1)})^\top x}_{(\text{hidden},\ \text{inputs})} &
\frac{\partial L}{\partial b^{(1)}} &= \underbrace{\textstyle\sum_n \delta^{(1)}_n}_{(\text{hidden},)} \\
\frac{\partial L}{\partial x} &= \underbrace{\delta^{(1)} W^{(1)}}_{(N,\ \text{inputs})}
\end{aligned}$$
"""

# %% [markdown]
r"""
### 3.2 · The forward in lines, and its mirror

Here is the forward once more, cut so that each line does one thing. This is a *computational graph*, written down.

| line | forward, from the top down |
| --- | --- |
| 1 | `weighted_1 = x @ weight_1.T` |
| 2 | `net_1 = weighted_1 + bias_1` |
| 3 | `hidden = sigmoid(net_1)` |
| 4 | `weighted_2 = hidden @ weight_2.T` |
| 5 | `net_2 = weighted_2 + bias_2` |
| 6 | `prediction = sigmoid(net_2)` |

Backward reads the table from the bottom up. Each line asks: I know the gradient of what this line *made*; what is the gradient
of what it *used*? Line 6 and the bias of line 5 are done. Replace each `...`, from the top down, and run the cell as
often as you like: it gives one verdict a line. `g["hidden"]` is the gradient of `value["hidden"]`. Nothing here is graded.

Sizes are a help, not a proof: the cell has 4 rows, 2 inputs, 3 hidden units and 5 outputs, so a wrong transpose gives a
wrong shape. If they were all equal, every product would fit. Your indices decide.
"""

# %% tags=["illustration"]
value, g = mirror_start()  # two dicts: every value by its name, and the gradient of the prediction
g["net_2"] = g["prediction"] * value["prediction"] * (1 - value["prediction"])  # line 6
g["bias_2"] = g["net_2"].sum(axis=0)  # line 5
g["weighted_2"] = ...  # line 5
g["weight_2"] = ...  # line 4
g["hidden"] = ...  # line 4
g["net_1"] = ...  # line 3
g["bias_1"] = ...  # line 2
g["weighted_1"] = ...  # line 2
g["weight_1"] = ...  # line 1
g["x"] = ...  # line 1
mirror_verdicts(g, value)

# %% [markdown]
r"""
### 3.3 · Backward

Now shorten the mirror: `weighted_1` and `weighted_2` need no lines of their own, and `g["net_2"]` and `g["net_1"]` are
the shared factors $\delta^{(2)}$ and $\delta^{(1)}$.

Change nothing in `cache` and nothing in `grad_prediction`: `grad_prediction *= …` writes into the caller's array.

<details><summary>Hint 1: where to begin</summary>

Take from `cache` what the mirror reads: `x`, `hidden`, `prediction` and the two weights. If one is missing, go back to
`mlp_forward` and put it in.

</details>
<details><summary>Hint 2: the two lines that matter</summary>

$\delta^{(2)}$ is `grad_prediction` times the slope of the upper sigmoid, entry by entry. $\delta^{(1)}$ is what arrives
at `hidden`, times the slope of the lower one.

</details>
<details><summary>Hint 3: which product</summary>

Everything that belongs to a weight is `delta.T @ what_the_weight_multiplied`. Everything that goes further down is
`delta @ weight`. A bias adds the rows of its delta.

</details>

The second table of the check needs no right answers, only laws. Backward is *linear*: twice the `grad_prediction` gives
twice the gradients, zero gives zero. And rows do not know each other: the gradients of a batch are those of its parts,
added for the parameters and stacked for `x`.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "mlp_backward", "solution": true, "grade": false, "locked": false, "task": false}
def mlp_backward(grad_prediction, cache):
    """Return grads, a dict: x (N, inputs) and the four parameters, each in its own shape; grad_prediction (N, outputs).

    Four lines are enough (the return may span several), and no loop.
    """
    ### BEGIN SOLUTION
    x, hidden, prediction, weight_1, weight_2 = cache
    delta_2 = grad_prediction * prediction * (1 - prediction)
    delta_1 = delta_2 @ weight_2 * hidden * (1 - hidden)
    return {
        "x": delta_1 @ weight_1,
        "weight_1": delta_1.T @ x,
        "bias_1": delta_1.sum(axis=0),
        "weight_2": delta_2.T @ hidden,
        "bias_2": delta_2.sum(axis=0),
    }
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_mlp_backward", "solution": false, "grade": true, "locked": true, "points": 6, "task": false}
selfcheck.check("mlp_backward")

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "mistake_reports", "solution": false, "grade": false, "locked": true, "task": false}
r"""
### 3.4 · Six reports

Six people wrote `mlp_backward`, each with one mistake. Below is what the check said to them. Which arrays are right,
and what is the pattern in those that are not? Only a bias off: look at how rows are added. Everything off by the same
factor: look at the top. Layer 2 right and layer 1 wrong: look between them.

You can test a suspicion. Put the mistake into your own `mlp_backward` and run `selfcheck.check("mlp_backward", seed=2024)`:
if you are right, the relative errors and the broken laws are those of the report. (The check prints more than the table:
a column of words, and the laws that all six pass.) Then take the mistake out again.

<!-- mistake reports -->
"""


# %% nbgrader={"schema_version": 3, "grade_id": "name_the_mistake", "solution": true, "grade": false, "locked": false, "task": false}
def name_the_mistake():
    """Return a dict: for each report "A" to "F" the name of its mistake, copied from the list above."""
    answers = {"A": "", "B": "", "C": "", "D": "", "E": "", "F": ""}
    ### BEGIN SOLUTION
    # filled by the build
    ### END SOLUTION
    return answers


# %% nbgrader={"schema_version": 3, "grade_id": "test_name_the_mistake", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("name_the_mistake")

# %% [markdown]
r"""
## 4 · Classes
### 4.1 · Softmax

With several classes the network gives a row of scores, the *logits* $s_{nc}$, one a class. Softmax turns each row into
probabilities:

$$p_{nc} = \frac{e^{s_{nc}}}{\sum_{c'} e^{s_{nc'}}}, \qquad \sum_c p_{nc} = 1 \text{ in every row } n.$$

Add the same number $a$ to a whole row: a factor $e^a$ appears above and below the line, and cancels. So you may subtract
the largest score of each row first, and no positive number ever enters `np.exp`. Per row: `axis=-1, keepdims=True`.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "softmax", "solution": true, "grade": false, "locked": false, "task": false}
def softmax(logits):
    """Return the probabilities along the last axis, in the shape of logits, without overflow at ±1000.

    Two lines are enough.
    """
    ### BEGIN SOLUTION
    powers = np.exp(logits - np.max(logits, axis=-1, keepdims=True))  # largest exponent of a row: 0
    return powers / powers.sum(axis=-1, keepdims=True)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_softmax", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("softmax")

# %% [markdown]
r"""
### 4.2 · The loss of a probability

The loss of row $n$ is $-\log$ of the probability that its true class $y_n$ got. The cross-entropy is the mean over
rows. By $[c = y_n]$ we mean 1 if $c$ is the true class, else 0.

**`derive_softmax_cross_entropy` ({points:derive_softmax_cross_entropy} points, graded by hand).** Fill the blanks, then say in one sentence why each row
of the result sums to 0.

$$\begin{aligned}
\ell_n &= -\log p_{n y_n} = -s_{n y_n} + \log \sum_{c'} e^{s_{nc'}} && \text{log of a quotient} \\
\frac{\partial \ell_n}{\partial s_{nc}}
  &= -[c = y_n] + \boxed{?_1} && \text{derivative of } \log \sum \\
  &= \boxed{?_2} - [c = y_n] && \text{definition of softmax} \\
\frac{\partial L}{\partial s_{nc}}
  &= \boxed{?_3}\,\bigl(\,\boxed{?_2} - [c = y_n]\,\bigr) && L = \frac1N \sum_n \ell_n
\end{aligned}$$
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_softmax_cross_entropy", "solution": true, "grade": true, "locked": false, "points": 1, "task": false}
r"""
$$\begin{aligned}
\frac{\partial \ell_n}{\partial s_{nc}}
  &= -[c = y_n] + \boxed{\frac{e^{s_{nc}}}{\sum_{c'} e^{s_{nc'}}}}
  && \text{one over the sum, times the derivative of its term } c \\
  &= \boxed{p_{nc}} - [c = y_n] && \text{definition of softmax} \\
\frac{\partial L}{\partial s_{nc}}
  &= \underbrace{\boxed{\frac1N}\,\bigl(\,p_{nc} - [c = y_n]\,\bigr)}_{(N,\ \text{classes})}
  && L \text{ is the mean of } N \text{ rows}
\end{aligned}$$

Each row sums to 0 because the probabilities of a row sum to 1 and exactly one class is the true one: $(1 - 1)/N = 0$.
"""

# %% [markdown]
r"""
### 4.3 · Cross-entropy

`np.log(softmax(logits))` is not enough. A score 1000 below the largest gets the probability 0 in floating point, and
its log is $-\infty$. Code the first line of the derivation instead, with the largest score taken away:

$$\ell_n = \log \sum_c e^{s_{nc} - m_n} - (s_{n y_n} - m_n), \qquad m_n = \max_c s_{nc}$$

`logits[np.arange(N), target]` picks one entry of each row.

A network that knows nothing gives equal scores to all classes. Its loss is $\log C$, whatever N: 2.3026 for ten
classes. If a first loss reads 23 there, someone has added up ten rows. A gradient check does not see that if the
gradient is added up, too. The law of the uniform logits, in the table below, does.

### 4.4 · Its gradient

`cross_entropy_backward` is the last line of your derivation, with `softmax` doing most of the work. Here the 1/N
belongs: this *is* the loss that divides.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "cross_entropy", "solution": true, "grade": false, "locked": false, "task": false}
def cross_entropy(logits, target):
    """Return the mean over rows of -log of the true class's probability, a float, without overflow at ±1000.

    logits (N, classes), target (N,) of class numbers. Three lines are enough.
    """
    ### BEGIN SOLUTION
    shifted = logits - np.max(logits, axis=1, keepdims=True)
    log_sum = np.log(np.exp(shifted).sum(axis=1))
    return float(np.mean(log_sum - shifted[np.arange(len(target)), target]))
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_cross_entropy", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("cross_entropy")


# %% nbgrader={"schema_version": 3, "grade_id": "cross_entropy_backward", "solution": true, "grade": false, "locked": false, "task": false}
def cross_entropy_backward(logits, target):
    """Return the gradient of cross_entropy at the logits, (N, classes), without overflow at ±1000.

    Three lines are enough.
    """
    ### BEGIN SOLUTION
    gradient = softmax(logits)
    gradient[np.arange(len(target)), target] -= 1
    return gradient / len(target)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_cross_entropy_backward", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("cross_entropy_backward")

# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("softmax", "cross_entropy_backward"):
    logits, target = 1.5 * np.random.default_rng(4).standard_normal((5, 4)), np.array([0, 2, 1, 3, 2])
    image = 5 * np.asarray(cross_entropy_backward(logits, target))
    plt.figure(figsize=(6, 3.8))
    plt.imshow(image, cmap="PuOr", vmin=-1.6, vmax=1.6, aspect="auto")
    for (row, column), value in np.ndenumerate(image):
        true = " ←" if column == target[row] else ""
        plt.text(column, row, f"{value:+.2f}{true}", ha="center", va="center", fontweight="bold" if true else "normal")
    plt.gca().set(xlabel="class (← marks the true one)", ylabel="sample", xticks=range(4), yticks=range(5))
    plt.colorbar(label="p − y, which is N times the gradient")
    plt.title("Only the true class is negative; each row sums to 0")
    plt.show()

# %% [markdown]
r"""
Here y is *one-hot*: 1 for the true class, 0 for the others. Descent adds to the true class what it takes from the
others. The worse the guess, the larger the number.

## 5 · Train it
### 5.1 · One step

A step takes each parameter a little way down its slope: new = old − lr · slope. All gradients come first, then all
updates: if you update layer 2 before you compute the gradients of layer 1, you walk down the slope of another network. So
`sgd_step` takes a whole dict and returns a new one. (The name is short for *stochastic gradient descent*, where the
rows of a step are drawn at random. One pass over all rows is an *epoch*.)

### 5.2 · Many steps

In `train_mlp`: forward, loss, backward, step, and again, always with all rows. What is the gradient of the half
squared error at the prediction? It is in 1.4.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "sgd_step", "solution": true, "grade": false, "locked": false, "task": false}
def sgd_step(params, grads, lr):
    """Return a new dict of new arrays, each parameter moved by -lr times its gradient; params stays as it is.

    grads may hold more names (x, for one). One line is enough.
    """
    ### BEGIN SOLUTION
    return {name: value - lr * grads[name] for name, value in params.items()}
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_sgd_step", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("sgd_step")


# %% nbgrader={"schema_version": 3, "grade_id": "train_mlp", "solution": true, "grade": false, "locked": false, "task": false}
def train_mlp(x, target, params, lr, steps):
    """Return (params, losses) after so many steps down the half squared error; x (N, inputs), target (N, outputs).

    losses (steps,) holds each loss before its update. Six lines are enough.
    """
    ### BEGIN SOLUTION
    losses = np.zeros(steps)
    for step in range(steps):
        prediction, cache = mlp_forward(x, params)
        losses[step] = half_squared_error(prediction, target)
        params = sgd_step(params, mlp_backward(prediction - target, cache), lr)
    return params, losses
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_train_mlp", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("train_mlp")

# %% [markdown]
r"""
### 5.3 · Bug hunt: a program like the article's

The article's code has three more mistakes. These two functions are built like it. Run the cell, then fix one line
after the other, until each verdict says *right*:

* (f) stops the program. Read the two shapes. Line (h) subtracts `grad_W.T` from `weight_1`: which shape must `grad_W` have?
* (g) gives 0.619728 at [0, 0] too, although the inputs differ. Which name in that line is not an argument?
* (h) leaves the loss at 0.0722083 once (f) is right. A step of all thirteen parameters leaves 0.0721275. Which did
  not move?
"""

# %% tags=["illustration"]
X = np.array([[0.4, 0.5]])


def article_forward(x, params):
    hidden = sigmoid(X @ params["weight_1"].T + params["bias_1"])  # (g)
    return hidden, sigmoid(hidden @ params["weight_2"].T + params["bias_2"])


def article_step(x, label, params, lr):
    hidden, y = article_forward(x, params)
    delta_2 = (y - label) * y * (1 - y)
    delta_1 = delta_2 @ params["weight_2"] * hidden * (1 - hidden)
    grad_V = hidden * delta_2
    grad_W = np.concatenate([x[0, 0] * delta_1[0], x[0, 1] * delta_1[0]], axis=0)  # (f), a row for each input
    moved = {"weight_1": params["weight_1"] - lr * grad_W.T, "weight_2": params["weight_2"] - lr * grad_V}  # (h)
    return params | moved


with selfcheck.needs("sigmoid"):
    article_verdicts(article_forward, article_step)

# %% [markdown]
r"""
### 5.4 · Three spirals

Now your functions do something that a line cannot: three classes of points, wound around each other. Your
`mlp_forward` gives three predictions between 0 and 1. The loop multiplies them by 10 and takes the result as logits of
your cross-entropy; by the chain rule its gradient is multiplied by 10, too. Everything else is as in
your `train_mlp`.

The upper weights start at zero, so the network knows nothing. You know its first loss: $\log 3$. The loop can also
make one of three mistakes on purpose: the slope of the upper sigmoid is missing; the biases never move; every sign is
turned.

**Guess.** After how many steps is the loss of the right version below 0.2? And what will the loss do under each mistake?
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_spirals", "solution": false, "grade": false, "locked": true, "task": false}
def spirals(seed=1):
    """Return x (300, 2) and target (300,): three arms of 100 points."""
    rng, radius, x = np.random.default_rng(seed), np.linspace(0.1, 1, 100), []
    for arm in range(3):
        angle = 2 * np.pi * arm / 3 + 1.5 * np.pi * radius + 0.1 * rng.standard_normal(100)
        x.append(np.stack([radius * np.sin(angle), radius * np.cos(angle)], axis=1))
    return np.concatenate(x), np.repeat([0, 1, 2], 100)


def train_classes(x, target, lr=0.1, steps=1000, mistake="right", seed=2):
    """Return (params, losses) of a network with 30 hidden units, trained by your functions and its cross-entropy."""
    params, losses = random_params(np.random.default_rng(seed), inputs=2, hidden=30, outputs=3), []
    params = {"weight_1": 6 * params["weight_1"], "bias_1": 3 * params["bias_1"]}
    params |= {"weight_2": np.zeros((3, 30)), "bias_2": np.zeros(3)}
    for _ in range(steps):
        outputs, cache = mlp_forward(x, params)
        logits = 10 * np.asarray(outputs)
        losses.append(cross_entropy(logits, target))
        grad_prediction = 10 * np.asarray(cross_entropy_backward(logits, target))
        if mistake == "upper slope missing":
            grad_prediction = grad_prediction / (logits / 10 * (1 - logits / 10))
        grads = mlp_backward(grad_prediction, cache)
        stepped = sgd_step(params, grads, -lr if mistake == "signs turned" else lr)
        if mistake == "biases never move":
            stepped |= {"bias_1": params["bias_1"], "bias_2": params["bias_2"]}
        params = stepped
    return params, losses


# %%
guess_steps = None  # your guess, a number: after how many steps is the loss of the right version below 0.2?

# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("mlp_forward", "mlp_backward", "cross_entropy", "cross_entropy_backward", "sgd_step"):
    x, target = spirals()
    fig, (left, right) = plt.subplots(1, 2, figsize=(11, 4.6))
    draw_classes(left, train_classes(x, target)[0], x, target)
    styles, learnt = {"right": "-", "upper slope missing": "-.", "biases never move": "--", "signs turned": ":"}, -1
    for mistake, style in styles.items():
        params, losses = train_classes(x, target, mistake=mistake)
        learnt += losses[-1] < 0.2
        right.semilogy(losses, style, label=f"{mistake}: {losses[-1]:.3f} at the end")
    right.plot(0, np.log(3), "ko", label="log 3")
    right.set(xlabel="step", ylabel="cross-entropy", title=f"From log 3: {learnt} of 3 mistakes learn it, too")
    guess_line(right, guess_steps)
    fig.legend(*right.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    plt.show()

# %% [markdown]
r"""
The right version starts at $\log 3 = 1.0986$, is below 0.2 after 366 steps, and ends at 0.09 with all 300 points in
their own colour (points of seed 1, start of seed 2). With turned signs the loss climbs. Without the upper slope it jumps
to 3.70 and zigzags at first, then ends lower than the right version, at 0.02. When the biases never move, the curve
looks like the right one and ends at 0.10. *A falling loss proves nothing about a gradient.* Differences do.

## What you can explain now

1. Why one backward pass gives all slopes: the shared factor of a unit is computed once and handed down.
2. Why gradients add over rows, and over all places where a value is used.
3. Why softmax and cross-entropy together leave p − y (y one-hot), and who divides by N.
4. Why a falling loss, or shapes that fit, do not show that a gradient is right.

To go further: leave the upper sigmoid out, so that `net_2` are the logits. Which line of `mlp_backward` changes, and do
the spirals come out faster?
"""

# %%
selfcheck.summary()
