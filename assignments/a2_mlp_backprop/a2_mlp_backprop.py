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

A net of two layers holds many weights, and each of them has its own slope. One walk backward through the net finds
all the slopes at once. You do that walk with a calculator, then with letters, then in NumPy, and you check every
line.

| | part | you write | points | minutes |
| --- | --- | --- | --- | --- |
| 1 | Numbers first | `sigmoid`, `mlp_forward`, `half_squared_error`, `worked_example`, one explanation | {points:part 1} | 60 |
| 2 | A slope without calculus | `numerical_gradient` | {points:part 2} | 25 |
| 3 | Letters, then code | one derivation, `mlp_backward`, `name_the_mistake` | {points:part 3} | 60 |
| 4 | Classes | `softmax`, one derivation, `cross_entropy`, `cross_entropy_backward` | {points:part 4} | 40 |
| 5 | Train it | `sgd_step`, `train_mlp` | {points:part 5} | 25 |

Begin anywhere: a cell that needs a function you have not written yet says so in one sentence. *Guess* cells are never
graded. Your guess is drawn into the next figure. {points:all} points in all; the minutes are estimates.
"""

# %%
from time import perf_counter

import matplotlib.pyplot as plt
import numpy as np
import selfcheck

plt.rcParams["axes.prop_cycle"] = plt.cycler(color=["#0072B2", "#D55E00", "#009E73", "#8E4585"])
plt.rcParams["figure.constrained_layout.use"] = True
selfcheck.install_check()

# %% [markdown]
r"""
## Notation

| name | shape | what it is |
| --- | --- | --- |
| `x` | (N, inputs) | a row is a sample |
| `weight_1`, `bias_1` | (hidden, inputs), (hidden,) | first layer; a weight is (out, in), as in PyTorch |
| `weight_2`, `bias_2` | (outputs, hidden), (outputs,) | second layer |
| `prediction`, `target` | (N, outputs) | $\hat y$ and the label |
| `grad_prediction` | (N, outputs) | $\partial L / \partial \hat y$, handed to the backward function |
| `grads` | | a dict: for each input and parameter one array of its name and its shape |

A layer is `x @ weight.T + bias`. Its result before the sigmoid is called *net*.

> **The loss divides, backward never does.** If a loss is a mean over N rows, its own gradient carries the 1/N. The
> layers below add over rows and divide by nothing.

No function changes its arguments. Called twice, it gives the same answer twice.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_nets", "solution": false, "grade": false, "locked": true, "task": false}
def article_params():
    """Return the parameters of the small net of part 1. W and V are written (in, out), so they are transposed here."""
    W, B1 = np.array([[0.1, 0.3, 0.5], [0.2, 0.4, 0.6]]), np.array([0.1, 0.2, 0.3])
    V, B2 = np.array([[0.1], [0.2], [0.3]]), np.array([0.1])
    return {"weight_1": W.T, "bias_1": B1, "weight_2": V.T, "bias_2": B2}


def random_params(rng, inputs, hidden, outputs):
    """Return random parameters of a net of these sizes."""
    shapes = {"weight_1": (hidden, inputs), "bias_1": hidden, "weight_2": (outputs, hidden), "bias_2": outputs}
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def loss_of(name, x, target, params):
    """Return the half squared error of the net as a function of its one parameter of this name."""
    return lambda array: half_squared_error(mlp_forward(x, {**params, name: array})[0], target)


# %% [markdown]
r"""
## 1 · Numbers first
### 1.1 · A net small enough for a calculator

An article on back-propagation works through one net by hand. We use its numbers. The input is $[0.4,\ 0.5]$, the
label is 1, and both layers end in a sigmoid:

$$W = \begin{bmatrix} 0.1 & 0.3 & 0.5 \\ 0.2 & 0.4 & 0.6 \end{bmatrix},\quad
B_1 = \begin{bmatrix} 0.1 & 0.2 & 0.3 \end{bmatrix},\quad
V = \begin{bmatrix} 0.1 \\ 0.2 \\ 0.3 \end{bmatrix},\quad
B_2 = \begin{bmatrix} 0.1 \end{bmatrix}$$
"""

# %% tags=["illustration"]
params, spots = article_params(), [[(0, 0.7), (0, -0.7)], [(1, 1), (1, 0), (1, -1)], [(2, 0)]]
words = ["0.4", "0.5", "+0.1", "+0.2", "+0.3", "+0.1"]
plt.figure(figsize=(7, 3.6))
for layer, name in enumerate(["weight_1", "weight_2"]):
    for (j, i), weight in np.ndenumerate(params[name]):
        start, end = np.array(spots[layer][i]), np.array(spots[layer + 1][j])
        plt.plot(*np.stack([start, end]).T, color="0.6", zorder=1)
        plt.text(*(0.75 * start + 0.25 * end), f"{weight:.1f}", ha="center", va="center", backgroundcolor="white")
for spot, word in zip(spots[0] + spots[1] + spots[2], words, strict=True):
    plt.plot(*spot, "o", markersize=34, color="white", markeredgecolor="black")
    plt.text(*spot, word, ha="center", va="center")
plt.xticks([0, 1, 2], ["input", "hidden", "prediction"])
plt.gca().set(xlabel="layer", ylabel="unit", yticks=[], xlim=(-0.3, 2.3), ylim=(-1.4, 1.4))
plt.title("Thirteen parameters, and one number comes out")
plt.show()

# %% [markdown]
r"""
Nine weights stand on the edges, four biases (with a +) in the circles: thirteen slopes to find.

### 1.2 · The sigmoid

$$\begin{aligned}
\sigma(z) &= \frac{1}{1 + e^{-z}} \\
\sigma'(z) &= \frac{e^{-z}}{(1 + e^{-z})^2} && \text{chain rule on } (1 + e^{-z})^{-1} \\
  &= \frac{1}{1 + e^{-z}} \cdot \frac{e^{-z}}{1 + e^{-z}} && \text{split the square} \\
  &= \sigma(z)\,\bigl(1 - \sigma(z)\bigr) && \text{the second factor is } 1 - \sigma(z)
\end{aligned}$$

Backward needs only $\sigma$ itself, never $z$. That is why a cache can keep the output and forget the net.

`np.exp(1000)` overflows: a float ends near $1.8 \cdot 10^{308}$, which is $e^{709.8}$. So let no positive number into
`np.exp`. With $s = e^{-|z|}$ the sigmoid is $1/(1+s)$ where $z \ge 0$. What is it where $z < 0$?
"""

# %%
guess_steepest = None  # your guess, a number: the steepest slope that the sigmoid has anywhere


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

# %% tags=["illustration"]
with selfcheck.needs("sigmoid"):
    z = np.linspace(-8, 8, 401)
    value = sigmoid(z)
    plt.figure(figsize=(7, 3.2))
    plt.plot(z, value, "-", label="σ(z)")
    plt.plot(z, value * (1 - value), "-.", label="σ′(z) = σ(z) (1 − σ(z))")
    plt.plot(0, 0.25, "ks", label="steepest: 0.25 at z = 0")
    if guess_steepest is not None:
        plt.axhline(guess_steepest, color="0.4", linestyle="--", label="your guess")
    plt.gca().set(xlabel="z", ylabel="value", title="The slope of a sigmoid never exceeds 1/4")
    plt.legend()
    plt.show()

# %% [markdown]
r"""
Each sigmoid on the way back multiplies the gradient by at most 1/4, two of them by at most 1/16.

### 1.3 · Why bend at all?

Leave the first sigmoid out and multiply:

$$\begin{aligned}
\bigl(x\,W_1^\top + b_1\bigr)\,W_2^\top + b_2
  &= x\,W_1^\top W_2^\top + b_1 W_2^\top + b_2 && \text{expand} \\
  &= x\,\underbrace{(W_2 W_1)^\top}_{\text{one weight}} + \underbrace{b_1 W_2^\top + b_2}_{\text{one bias}}
  && W_1^\top W_2^\top = (W_2 W_1)^\top
\end{aligned}$$

Two linear layers collapse into one. A *threshold* in between, the perceptron of the 1950s, does bend. What is its
slope?
"""

# %% tags=["illustration"]
with selfcheck.needs("sigmoid"):
    x, weight_1, bias_1 = np.linspace(-3, 3, 1201)[:, None], np.full((3, 1), 4.0), np.array([6.0, 0.0, -6.0])
    weight_2 = np.array([[1.0, -1.9, 1.0]])
    net_1 = x @ weight_1.T + bias_1
    plt.figure(figsize=(7, 3.4))
    for between, style, name in (
        (net_1, ":", "nothing"),
        (net_1 > 0, "--", "threshold"),
        (sigmoid(net_1), "-", "sigmoid"),
    ):
        plt.plot(x, between @ weight_2.T, style, label=name)
    plt.gca().set(xlabel="x", ylabel="output of layer 2", title="Between two layers: a line, stairs, a curve")
    plt.legend(title="in between")
    plt.show()

# %% [markdown]
r"""
With nothing in between, two layers draw one straight line. Only the curve both bends and slopes. On the stairs every
slope is 0, or does not exist at a jump, so no gradient can train them.

### 1.4 · Forward, and a loss

Now write the forward for any sizes: `x @ weight.T + bias`, a sigmoid, and the same again. Put into `cache` what the
backward will ask for. You decide what that is, and you may come back and change it.

The loss of the article is half the squared error, added over all entries:

$$L = \tfrac12 \sum_{n,k} (\hat y_{nk} - y_{nk})^2, \qquad
\frac{\partial L}{\partial \hat y_{nk}} = \hat y_{nk} - y_{nk}.$$

The half is there for that derivative. Mind the order: prediction minus target.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "mlp_forward", "solution": true, "grade": false, "locked": false, "task": false}
def mlp_forward(x, params):
    """Return (prediction, cache) of the net with a sigmoid after both layers; x (N, inputs), prediction (N, outputs).

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

# %%
guess_doubling = None  # your guess, a number: write every row down twice, and this loss is multiplied by ...

# %% tags=["illustration"]
with selfcheck.needs("sigmoid", "mlp_forward", "half_squared_error"):
    rng = np.random.default_rng(1)
    x, target, params = rng.standard_normal((5, 2)), rng.random((5, 1)), random_params(rng, 2, 3, 1)
    prediction, _ = mlp_forward(x, params)
    twice, _ = mlp_forward(np.concatenate([x, x]), params)
    once, both = half_squared_error(prediction, target), half_squared_error(twice, np.concatenate([target, target]))
    factors = [twice[0, 0] / prediction[0, 0], both / once, (both / 10) / (once / 5)]
    plt.figure(figsize=(7, 2.4))
    plt.plot(factors, ["prediction of row 0", "½ Σ of squares", "½ mean over rows"], "D", markersize=9)
    if guess_doubling is not None:
        plt.axvline(guess_doubling, color="0.4", linestyle="--", label="your guess")
        plt.legend()
    plt.gca().set(xlabel="factor when every row is written twice", xlim=(0, 3), ylim=(-0.5, 2.5), ylabel="quantity")
    plt.title("A sum doubles with the rows, a mean does not notice")
    plt.show()

# %% [markdown]
r"""
A sum doubles, so its gradient doubles and a step with the same learning rate is twice as long.

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

Fill this table on paper. Each blank takes one line on a calculator.

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
transposed.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "worked_example", "solution": true, "grade": false, "locked": false, "task": false}
def worked_example():
    """Return a dict: net_1 (1, 3), hidden (1, 3), net_2 (1, 1), prediction (1, 1), loss (a float) and grads.

    grads is a dict in PyTorch's layout: weight_1 (3, 2), bias_1 (3,), weight_2 (1, 3), bias_2 (1,).
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

# %% tags=["illustration"]
with selfcheck.needs("sigmoid", "half_squared_error", "worked_example"):
    example = worked_example()
    hidden, grads = np.asarray(example["hidden"]), {name: np.asarray(grad) for name, grad in example["grads"].items()}
    for name, slopes in (
        ("V, divided by hidden", grads["weight_2"][0] / hidden[0]),
        ("B2", grads["bias_2"]),
        ("W, row of x_1, divided by 0.4", grads["weight_1"][:, 0] / 0.4),
        ("W, row of x_2, divided by 0.5", grads["weight_1"][:, 1] / 0.5),
        ("B1", grads["bias_1"]),
    ):
        print(f"slopes of {name:30}", *(f"{slope:10.6f}" for slope in slopes))

# %% [markdown]
r"""
Divide each slope by what its weight is multiplied with, and one number per unit is left: its shared factor.
$\delta_2$ serves the four slopes of the upper layer and the three $\delta_1$ serve the other nine. Back-propagation
is this: compute the shared factor once, use it for every weight of the unit, hand it down.

### 1.6 · Bug hunt: the article's sums

On its way through this net the article makes four mistakes. They are among the lines (a) to (e) below; one of the
five is right. Run the cell. The numbers behind each letter tell you whether its line holds. Then put the four right
and run again.
"""

# %% tags=["illustration"]
with selfcheck.needs("sigmoid", "mlp_forward", "half_squared_error", "worked_example"):
    x, label, params, example = np.array([[0.4, 0.5]]), 1.0, article_params(), worked_example()
    H, y, grads = np.asarray(example["hidden"]), np.asarray(example["prediction"]).item(), example["grads"]
    total = 0.22  # (a) 0.4 · 0.3 + 0.5 · 0.4
    net_2 = 0.1 * H[0, 0] + 0.2 * H[0, 1] + 0.3 * H[0, 2] + 0.1  # (b)
    loss = 0.5 * (label - y)  # (c)
    slope = 1 - y * y  # (d) the derivative of the sigmoid where its value is y
    error = label - y  # (e) the derivative of the loss at y; the step is weight - 0.01 * gradient
    print(f"(a) {total:.6f}, on a calculator {0.4 * 0.3 + 0.5 * 0.4:.6f}")
    print(f"(b) {net_2:.6f}, a sigmoid of it gives {sigmoid(net_2):.6f}, the net gives {y:.6f}")
    print(f"(c) {loss:.6f}, by half_squared_error {half_squared_error(y, label):.6f}")
    print(f"(d) {slope:.6f}, from two neighbours {(sigmoid(net_2 + 1e-5) - sigmoid(net_2 - 1e-5)) / 2e-5:.6f}")
    # a step of V and W alone, as there
    moved = {k: v - 0.01 * error / (y - label) * ("weight" in k) * np.asarray(grads[k]) for k, v in params.items()}
    after = half_squared_error(mlp_forward(x, moved)[0], label)
    print(f"(e) loss before the step {half_squared_error(y, label):.7f}, after it {after:.7f}")

# %% [markdown]
r"""
**`explain_bug_worked_example` ({points:explain_bug_worked_example} points, graded by hand).** For each of the four wrong lines write one sentence: which
line it is, which number gave it away, and the cure.
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

`np.ndindex(array.shape)` visits every index, also the single index `()` of a 0-d array. `f` takes the whole array and
depends on its argument alone, so you may nudge the array itself or a copy.

If you nudge the array itself, put each entry back as it was: keep the old number and write it back. Adding
$\varepsilon$, taking away $2\varepsilon$ and adding $\varepsilon$ again leaves another last digit in four of five
numbers.

### 2.2 · Is your worked example right?

With `numerical_gradient` you know without asking anyone. The cell below its check hands it the loss of the net as a
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

# %% tags=["illustration"]
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
Under a threshold all six slopes are exactly 0: descent stands still whatever the loss.

### 2.3 · How small a nudge?

The formula is exact only in the limit. Is a smaller ε always better?
"""

# %%
guess_best_eps = None  # your guess, a number such as 1e-3: the ε with the smallest error

# %% tags=["illustration"]
with selfcheck.needs("sigmoid", "numerical_gradient"):
    z, eps = np.random.default_rng(0).standard_normal(6), 10.0 ** np.arange(-13, 0)
    slope = sigmoid(z) * (1 - sigmoid(z))
    central = [numerical_gradient(lambda a: np.sum(sigmoid(a)), z, e) for e in eps]
    forward = [[(np.sum(sigmoid(z + e * unit)) - np.sum(sigmoid(z))) / e for unit in np.eye(6)] for e in eps]
    for slopes, marker, name in ((central, "o-", "central"), (forward, "s--", "forward")):
        error = np.abs(np.array(slopes) - slope).max(axis=1) / slope.max()
        plt.loglog(eps, error, marker, label=f"{name}: best {error.min():.0e} at ε = {eps[error.argmin()]:.0e}")
    if guess_best_eps is not None:
        plt.axvline(guess_best_eps, color="0.4", linestyle="--", label="your guess")
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

The loss $L$ may be any. All we are told is $g_{nk} = \partial L / \partial \hat y_{nk}$, the array `grad_prediction`.
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
### 3.2 · The forward, one operation a line

Here is the forward once more, cut so that each line does one thing. Read the comments from the bottom up: they are
the backward. Three are filled. On paper, fill the others with your derivation. The cell prints the shapes: each
gradient has the shape of its value.

Sizes are a help, not a proof. If inputs, hidden, outputs and N are equal, every product fits, transposed or not. Your
indices decide.
"""

# %% tags=["illustration"]
with selfcheck.needs("sigmoid"):
    rng = np.random.default_rng(5)
    x, params = rng.standard_normal((4, 2)), random_params(rng, inputs=2, hidden=3, outputs=5)
    weighted_1 = x @ params["weight_1"].T  # grad_x = ?   grad_weight_1 = ?
    net_1 = weighted_1 + params["bias_1"]  # grad_weighted_1 = ?   grad_bias_1 = ?
    hidden = sigmoid(net_1)  # grad_net_1 = grad_hidden * ?
    weighted_2 = hidden @ params["weight_2"].T  # grad_hidden = ?   grad_weight_2 = grad_weighted_2.T @ hidden
    net_2 = weighted_2 + params["bias_2"]  # grad_weighted_2 = grad_net_2   grad_bias_2 = grad_net_2.sum(axis=0)
    prediction = sigmoid(net_2)  # grad_net_2 = grad_prediction * ?
    names = ("weighted_1", "net_1", "hidden", "weighted_2", "net_2", "prediction")
    values = params | dict(zip(names, (weighted_1, net_1, hidden, weighted_2, net_2, prediction), strict=True))
    print("4 rows, 2 inputs, 3 hidden units, 5 outputs")
    for name, value in values.items():
        print(f"{name:10} and grad_{name:10} {value.shape}")

# %% [markdown]
r"""
### 3.3 · Backward

Write the mirror, then shorten it: `weighted_1` and `weighted_2` need no lines of their own, and what you called
`grad_net_2` and `grad_net_1` are the shared factors $\delta^{(2)}$ and $\delta^{(1)}$.

Change nothing in `cache` and nothing in `grad_prediction`: `grad_prediction *= …` writes into the caller's array.

Below the check, the second table needs no right answers, only laws. Backward is *linear*: twice the `grad_prediction`
gives twice the gradients, zero gives zero. And rows do not know each other: the gradients of a batch are those of its
parts, added for the parameters and stacked for `x`.
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

# %% tags=["illustration"]
selfcheck.laws("mlp_forward", "mlp_backward")

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "mistake_reports", "solution": false, "grade": false, "locked": true, "task": false}
r"""
### 3.4 · Six reports

Six people wrote `mlp_backward`, each with one mistake. Below is what the check said to them. Which arrays are right,
and what is the pattern in those that are not? Only a bias off: look at how rows are added. Everything off by the same
factor: look at the top. Layer 2 right and layer 1 wrong: look between them.

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

With several classes the net gives a row of scores, the *logits* $s_{nc}$, one a class. Softmax turns each row into
probabilities:

$$p_{nc} = \frac{e^{s_{nc}}}{\sum_{c'} e^{s_{nc'}}}, \qquad \sum_c p_{nc} = 1 \text{ in every row } n.$$

Add the same number $a$ to a whole row: above and below a factor $e^a$ appears, and cancels. So you may take away the
largest score of each row first, and no positive number ever enters `np.exp`. Per row: `axis=-1, keepdims=True`.
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

A net that knows nothing gives equal scores to all classes. Its loss is $\log C$, whatever N: 2.3026 for ten classes.
If a first loss reads 23 there, someone has added up ten rows. No gradient check sees that. The law of the uniform
logits, in the table below, does.

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

# %% tags=["illustration"]
with selfcheck.needs("softmax", "cross_entropy_backward"):
    rng = np.random.default_rng(4)
    logits, target = 1.5 * rng.standard_normal((5, 4)), np.array([0, 2, 1, 3, 2])
    image = 5 * cross_entropy_backward(logits, target)
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
Descent adds to the true class what it takes from the others. The worse the guess, the larger the number.

## 5 · Train it
### 5.1 · One step

A step takes each parameter a little way down its slope: new = old − lr · slope. All gradients come first, then all
updates: whoever updates layer 2 before computing the gradients of layer 1 walks down the slope of another net. So
`sgd_step` takes a whole dict and returns a new one.

### 5.2 · Many steps

In `train_mlp`: forward, loss, backward, step, and again, always with all rows. What is the gradient of the half
squared error at the prediction? It stands in 1.4.
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
The task is XOR: the answer is 1 if exactly one of two bits is 1. No straight line parts the ones from the zeros, so
by 1.3 no net without a bend can do it. `xor_losses` calls your `train_mlp` a step at a time, from the article's
thirteen numbers, and can spoil each step by a mistake that the article makes.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_xor", "solution": false, "grade": false, "locked": true, "task": false}
def xor():
    """Return the four rows of XOR: x (4, 2) and target (4, 1)."""
    return np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), np.array([[0.0], [1.0], [1.0], [0.0]])


def xor_losses(weights=1, biases=1, top_slope=lambda p: p * (1 - p)):
    """Return the losses of 1000 single steps of train_mlp with lr = 2, each step spoiled by the arguments."""
    (x, target), params, losses = xor(), article_params(), []
    factor = {"weight_1": weights, "bias_1": biases, "weight_2": weights, "bias_2": biases}
    for _ in range(1000):
        p, _ = mlp_forward(x, params)
        losses.append(half_squared_error(p, target))
        error = (p - target) * top_slope(p) / (p * (1 - p))
        stepped, _ = train_mlp(x, p - error, params, 2.0, 1)
        params = {name: old + factor[name] * (stepped[name] - old) for name, old in params.items()}
    return losses


# %%
guess_steps = None  # your guess, a number: after how many steps is the loss of the right version below 0.05?

# %% tags=["illustration"]
with selfcheck.needs("sigmoid", "mlp_forward", "half_squared_error", "mlp_backward", "sgd_step", "train_mlp"):
    versions = {
        "right": xor_losses(),
        "sign error": xor_losses(weights=-1, biases=-1),
        "no steps for biases": xor_losses(biases=0),
        "1 − σ² for σ′ on top": xor_losses(top_slope=lambda p: 1 - p * p),
    }
    for (name, losses), style in zip(versions.items(), ["-", ":", "--", "-."], strict=True):
        plt.semilogy(losses, style, label=f"{name}: {losses[-1]:.4f}")
    if guess_steps is not None:
        plt.axvline(guess_steps, color="0.4", linestyle="--", label="your guess")
    plt.gca().set(xlabel="step", ylabel="half squared error", ylim=(1e-5, 2))
    plt.title("Two of three mistakes learn XOR too")
    plt.legend(title="loss at the end", loc="lower left")
    plt.show()

# %% [markdown]
r"""
The right version is below 0.05 after 268 steps. Of the mistakes only the sign error shows; one of the others is even
faster. *A falling loss proves nothing about a gradient.* Differences do.

Now the right version, with your `train_mlp`, seen from above.
"""

# %% tags=["illustration"]
with selfcheck.needs("sigmoid", "mlp_forward", "half_squared_error", "mlp_backward", "sgd_step", "train_mlp"):
    x, target = xor()
    params, losses = train_mlp(x, target, article_params(), lr=2.0, steps=1000)
    side = np.linspace(-0.5, 1.5, 101)
    plane = np.stack(np.meshgrid(side, side), axis=-1).reshape(-1, 2)
    surface = mlp_forward(plane, params)[0].reshape(101, 101)
    plt.figure(figsize=(5, 4))
    plt.contourf(side, side, surface, np.linspace(0, 1, 11), cmap="cividis")
    plt.colorbar(label="prediction")
    plt.plot([0, 1], [0, 1], "ws", markersize=11, markeredgecolor="black", label="target 0")
    plt.plot([0, 1], [1, 0], "w^", markersize=11, markeredgecolor="black", label="target 1")
    plt.gca().set(xlabel="first bit", ylabel="second bit", title="The net lays a ridge between the zeros")
    plt.legend(loc="lower left")
    plt.show()

# %% [markdown]
r"""
The ridge is one bend up and one down, between the two zeros. A line cannot do that, two sigmoids can.

### 5.3 · Bug hunt: a program like the article's

The article's code has three more mistakes. This class is built like it. Run it and the cell below, then put right one
line after the other:

* (f) stops the program. Read the two shapes. Which shape must `grad_W` have?
* (g) gives 0.619728 twice, although the inputs differ. Right is 0.607019 at [0, 0]. Which name in that line is not an
  argument?
* (h) leaves the loss at 0.0722083 once (f) is right. A step of all thirteen parameters leaves 0.0721275. Which did
  not move?
"""


# %% tags=["illustration"]
class ArticleNet:
    def __init__(self, weight_1, bias_1, weight_2, bias_2):
        self.W, self.B1, self.V, self.B2 = weight_1.T, bias_1, weight_2.T, bias_2

    def forward(self, x):
        self.H = sigmoid(X @ self.W + self.B1)  # (g)
        return sigmoid(self.H @ self.V + self.B2)

    def step(self, x, label, lr):
        y = self.forward(x)
        delta_2 = (y - label) * y * (1 - y)
        delta_1 = delta_2 * self.V.T * self.H * (1 - self.H)
        grad_W = np.concatenate([x[0, 0] * delta_1[0], x[0, 1] * delta_1[0]], axis=0)  # (f)
        self.V, self.W = self.V - lr * delta_2 * self.H.T, self.W - lr * grad_W  # (h)


# %% tags=["illustration"]
X = np.array([[0.4, 0.5]])
with selfcheck.needs("sigmoid"):
    net = ArticleNet(**article_params())
    print(f"(g) prediction at X: {net.forward(X).item():.6f}, at [0, 0]: {net.forward(np.zeros((1, 2))).item():.6f}")
    try:
        net.step(X, 1.0, 0.01)
        print(f"(h) loss after one step: {0.5 * (net.forward(X).item() - 1) ** 2:.7f}")
    except ValueError as error:
        print(f"(f) {error}")

# %% [markdown]
r"""
### 5.4 · Further: why not differences for everything?

Your `numerical_gradient` is right to nine digits and needs no derivation. It runs the forward twice for each of P
parameters. Backward runs once. Time both.
"""

# %% tags=["illustration"]
with selfcheck.needs("sigmoid", "mlp_forward", "half_squared_error", "mlp_backward", "numerical_gradient"):
    rng, rows = np.random.default_rng(2), []
    for hidden in (3, 25, 250):
        x, target, params = rng.standard_normal((4, 2)), rng.random((4, 1)), random_params(rng, 2, hidden, 1)
        marks = [perf_counter()]
        slopes = [numerical_gradient(loss_of(name, x, target, params), params[name]) for name in params]
        marks.append(perf_counter())
        mlp_backward(target, mlp_forward(x, params)[1])  # any gradient will do: only the time counts
        rows.append((sum(slope.size for slope in slopes), *np.diff([*marks, perf_counter()])))
    count, differences, backward = np.array(rows).T
    plt.loglog(count, differences, "o-", count, backward, "s--")
    plt.legend(["differences: 2P forward passes", "one forward, one backward"])
    plt.gca().set(xlabel="parameters P", ylabel="seconds")
    plt.title(f"For {count[-1]:.0f} slopes, differences take {differences[-1] / backward[-1]:.0f} times as long")
    plt.show()

# %% [markdown]
r"""
The ratio grows with P. A net of a million weights would wait about a million times as long for each step: that is
what back-propagation saves.

## What you can explain now

1. Why one backward pass gives all slopes: the shared factor of a unit is computed once and handed down.
2. Why gradients add over rows, and over all places where a value is used.
3. Why softmax and cross-entropy together leave p − y, and who divides by N.
4. Why a falling loss, or shapes that fit, do not show that a gradient is right.

To go further: put `softmax` and `cross_entropy` on top of the two layers in place of the second sigmoid, for three
classes. Which line of `mlp_backward` changes?
"""

# %%
selfcheck.summary()
