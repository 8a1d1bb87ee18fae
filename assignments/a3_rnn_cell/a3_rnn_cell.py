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
# a3 · One step of a recurrent network, then two, backwards

A recurrent network reads a sequence step by step and keeps what it has seen in a *hidden state*. Training it is called
back-propagation through time. The name is longer than the idea: it is one cell, run backwards, again and again. Here
you write that cell, run it backwards once, then twice. In a4 you do it T times.

| part | you write | points | minutes |
| --- | --- | --- | --- |
| 1 · The cell | `rnn_cell_forward`, a derivation, `rnn_cell_backward`, an explanation | {points:part 1} | 55 |
| 2 · The same cell in columns | `column_cell_forward`, an explanation, `column_cell_backward` | {points:part 2} | 35 |
| 3 · Two steps | `two_step_backward` | {points:part 3} | 30 |
| 4 · From states to a loss | `readout_forward`, `readout_backward`, `sequence_loss` | {points:part 4} | 30 |

{points:all} points, {points:hand} of them for written answers; two and a half hours. You need pen and paper, the chain rule, and softmax with
cross-entropy as in a2. Begin where you like: a figure that needs a function you have not written says so. A *guess* is
never graded. Make it before you run the next cell.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import selfcheck

selfcheck.install_check()

# %% [markdown]
r"""
### Words and shapes

| formula | code | shape |
| --- | --- | --- |
| $X$ | `x` | (N, input_size): row $n$ is sample $n$ |
| $H_{\text{prev}},\ H$ | `h_prev`, `h` | (N, hidden_size): the old state and the new one |
| $W_{ih}$ | `weight_ih` | (hidden_size, input_size): outputs first, inputs second |
| $W_{hh}$ | `weight_hh` | (hidden_size, hidden_size): new state first, old state second |
| $b_{ih},\ b_{hh}$ | `bias_ih`, `bias_hh` | (hidden_size,) |

Names and shapes are those of `torch.nn.RNNCell`, because the grader compares your numbers with PyTorch's.

* `grads["weight_ih"]` means $\partial L / \partial W_{ih}$. It has the shape of `weight_ih`.
* Two gradients can meet in one state. The **injected gradient** comes straight from the loss. The **carry** comes back
  from the later step. In parts 1 and 2 there is one step, so you are handed one gradient, `grad_h`.
* **The loss divides, backward never does.** If $L$ is a mean, its $1/N$ is already inside the gradient you are handed.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_softmax", "solution": false, "grade": false, "locked": true, "task": false}
def softmax(logits):
    """Return the probabilities along the last axis, of the shape of logits. Given: correct, and silent at ±1000."""
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


# %%
def random_cell(seed, N=2, input_size=3, hidden_size=4, scale=1.0):
    """Return x, h_prev, params for the figures: normal numbers, those in params times scale."""
    rng = np.random.default_rng(seed)
    weights = {"weight_ih": (hidden_size, input_size), "weight_hh": (hidden_size, hidden_size)}
    biases = {"bias_ih": (hidden_size,), "bias_hh": (hidden_size,)}
    params = {name: scale * rng.standard_normal(shape) for name, shape in (weights | biases).items()}
    return rng.standard_normal((N, input_size)), np.tanh(rng.standard_normal((N, hidden_size))), params


def article_numbers(*shapes):
    """Return one array a shape, drawn as the article draws them: np.random.seed(1), then randn in this order."""
    rng = np.random.RandomState(1)
    return [rng.randn(*shape) for shape in shapes]


def guess_line(ax, guess, names=None):
    """Draw a guess, a number or one of the names on the axis, as a dashed line. Without a guess draw nothing."""
    if guess is not None and (names is None or guess in names):
        ax.axvline(guess if names is None else list(names).index(guess), color="k", linestyle="--", label="your guess")
        ax.legend()


# %% [markdown]
r"""
## 1 · The cell

The cell mixes the new input with the old state, sample by sample:

$$\begin{aligned}
\underbrace{Z}_{(N,\ \text{hidden})}
  &= \underbrace{X}_{(N,\ \text{input})}\;\; \underbrace{W_{ih}^\top}_{(\text{input},\ \text{hidden})} + b_{ih}
   + \underbrace{H_{\text{prev}}}_{(N,\ \text{hidden})}\;\; \underbrace{W_{hh}^\top}_{(\text{hidden},\ \text{hidden})} + b_{hh}
   && \text{six arrays go in} \\
H &= \tanh(Z) && \text{entry by entry}
\end{aligned}$$

Six arrays go in, so six gradients come out.

**Guess.** Let N = 2, input_size = 3 and hidden_size = 4. What shape has each of the six gradients?
"""

# %%
guess_shapes = {}  # your guess: a dict such as {"x": (7, 9), "weight_ih": (9, 7)}, with as many names as you like

# %% tags=["illustration"]
shapes = {"x": (2, 3), "weight_ih": (4, 3), "bias_ih": (4,), "bias_hh": (4,), "weight_hh": (4, 4), "h_prev": (2, 4)}
box = {"boxstyle": "round", "facecolor": "white", "edgecolor": "0.3"}
fig, ax = plt.subplots(figsize=(11, 4.5))
ax.text(0.7, -2.5, "z (2, 4)   — tanh →   h (2, 4)", va="center", bbox=box)
for row, (name, shape) in enumerate(shapes.items()):
    guess = f"     your guess: {guess_shapes[name]}" if name in guess_shapes else ""
    ax.text(0.38, -row, f"{name} {shape}", ha="center", va="center", bbox=box)
    ax.text(0.27, -row, f"∂L/∂{name} {shape}{guess}", ha="right", va="center", color="C0")
    for up, line, color, arrow in ((0.1, "-", "0.3", "->"), (-0.1, "--", "C0", "<-")):
        look = {"arrowstyle": arrow, "linestyle": line, "color": color}
        ax.annotate("", (0.68, -2.5 + up), (0.46, -row + up), arrowprops=look)
ax.set(xlim=(-0.12, 1.0), ylim=(-5.6, 0.6), xticks=[], yticks=[], title="Each gradient has the shape of its array")
ax.set(xlabel="forward: solid, to the right      backward: dashed, to the left", ylabel="six arrays go in")
plt.show()

# %% [markdown]
r"""
Every gradient has the shape of the array it belongs to, or you could not subtract one from the other. That is the first
thing to check, always.

### 1.1 · Forward

One entry at a time, the two matrix products are two sums:

$$z_{nj} = \sum_i x_{ni}\, W^{ih}_{ji} + b^{ih}_j + \sum_k h^{\text{prev}}_{nk}\, W^{hh}_{jk} + b^{hh}_j,
\qquad h_{nj} = \tanh(z_{nj})$$

Row $n$ of the result depends on row $n$ of `x` and `h_prev` and on no other: samples do not meet. PyTorch keeps two
biases where one would do. So do you.

Return `h`, and a `cache` with all that backward will want. Read 1.2 if you do not know yet what that is.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "rnn_cell_forward", "solution": true, "grade": false, "locked": false, "task": false}
def rnn_cell_forward(x, h_prev, params):
    """Return (h, cache): h (N, hidden_size) from x (N, input_size) and h_prev (N, hidden_size).

    params holds weight_ih (hidden_size, input_size), weight_hh (hidden_size, hidden_size), bias_ih and bias_hh
    (hidden_size,). cache is yours: put in it what rnn_cell_backward will need. Three lines are enough.
    """
    ### BEGIN SOLUTION
    z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
    h = np.tanh(z)
    return h, (x, h_prev, h, params)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_rnn_cell_forward", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("rnn_cell_forward")

# %% [markdown]
r"""
### 1.2 · Derive: lines to order (`derive_cell`, {points:derive_cell} points)

Write $g_{nj} = \partial L / \partial h_{nj}$ (handed to you as `grad_h`),
$\delta_{nj} = \partial L / \partial z_{nj}$, $\Delta$ for the matrix of all $\delta_{nj}$, and $W$ for $W_{ih}$.
These lines derive $\partial L / \partial W$. They are shuffled, and one does not belong.

$$\begin{aligned}
\text{A:}\quad & \frac{\partial L}{\partial W_{ji}} = \sum_n \delta_{nj}\, x_{ni} &
\text{B:}\quad & \delta_{nj} = g_{nj}\,(1 - h_{nj}^2) \\
\text{C:}\quad & \frac{\partial L}{\partial W_{ji}} = \sum_n \sum_k \delta_{nk}\, \frac{\partial z_{nk}}{\partial W_{ji}} &
\text{D:}\quad & \frac{\partial L}{\partial W} = \Delta^\top X \\
\text{E:}\quad & \delta_{nj} = \sum_m \sum_k g_{mk}\, \frac{\partial h_{mk}}{\partial z_{nj}} &
\text{F:}\quad & \frac{\partial z_{nk}}{\partial W_{ji}} = x_{ni} \text{ if } k = j, \text{ else } 0 \\
\text{G:}\quad & \frac{\partial L}{\partial W_{ji}} = \frac{1}{N} \sum_n \delta_{nj}\, x_{ni} &
\text{H:}\quad & \frac{\partial h_{mk}}{\partial z_{nj}} = 1 - h_{nj}^2 \text{ if } m = n,\ k = j, \text{ else } 0
\end{aligned}$$

1. Put the seven that belong in an order in which each follows from those before. Say why the eighth does not belong.
2. Give each line its reason, in a few words.
3. Go on alone: the other five gradients as matrix formulas, a shape under each. Why are the two bias gradients equal?
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_cell", "solution": true, "grade": true, "locked": false, "points": 3, "task": false}
r"""
**1.** E, H, B, C, F, A, D. Line G does not belong. If $L$ is a mean over $N$, the $1/N$ is already inside $g$, so it is
inside $\delta$; if $L$ is a sum, there is no $1/N$ at all. Backward adds over samples and never divides.

**2.**

$$\begin{aligned}
\text{E:}\quad \delta_{nj} &= \sum_m \sum_k g_{mk}\, \frac{\partial h_{mk}}{\partial z_{nj}}
  && \text{chain rule over every entry of } H \\
\text{H:}\quad \frac{\partial h_{mk}}{\partial z_{nj}} &= 1 - h_{nj}^2 \text{ for its own entry, else } 0
  && \tanh \text{ acts entry by entry, } \tanh' = 1 - \tanh^2 \\
\text{B:}\quad \delta_{nj} &= g_{nj}\,(1 - h_{nj}^2)
  && \text{H in E: one term of the sum is left} \\
\text{C:}\quad \frac{\partial L}{\partial W_{ji}} &= \sum_n \sum_k \delta_{nk}\, \frac{\partial z_{nk}}{\partial W_{ji}}
  && \text{chain rule over every entry of } Z \\
\text{F:}\quad \frac{\partial z_{nk}}{\partial W_{ji}} &= x_{ni} \text{ if } k = j, \text{ else } 0
  && W_{ji} \text{ stands in unit } j \text{ only, times } x_{ni} \\
\text{A:}\quad \frac{\partial L}{\partial W_{ji}} &= \sum_n \delta_{nj}\, x_{ni}
  && \text{F in C: one } k \text{ is left, every sample stays} \\
\text{D:}\quad \frac{\partial L}{\partial W} &= \underbrace{\Delta^\top}_{(\text{hidden},\ N)}\;\;
  \underbrace{X}_{(N,\ \text{input})}
  && \text{a sum over } n \text{ is a matrix product}
\end{aligned}$$

**3.**

$$\begin{aligned}
\frac{\partial L}{\partial W_{hh}} &= \underbrace{\Delta^\top H_{\text{prev}}}_{(\text{hidden},\ \text{hidden})}
  && \text{as A, with } h^{\text{prev}}_{nk} \text{ for } x_{ni} \\
\frac{\partial L}{\partial b_{ih}} = \frac{\partial L}{\partial b_{hh}} &= \underbrace{\textstyle\sum_n \delta_n}_{(\text{hidden},)}
  && \partial z_{nj} / \partial b_j = 1 \text{ for each of the two} \\
\frac{\partial L}{\partial X} &= \underbrace{\Delta\, W_{ih}}_{(N,\ \text{input})}
  && x_{ni} \text{ goes into every unit } j \text{ of row } n\text{: a sum over } j \\
\frac{\partial L}{\partial H_{\text{prev}}} &= \underbrace{\Delta\, W_{hh}}_{(N,\ \text{hidden})}
  && \text{the same for } h^{\text{prev}}_{nk}
\end{aligned}$$

The bias gradients are equal because both biases are added to the same $z$: a nudge of one does what a nudge of the
other does.
"""

# %% [markdown]
r"""
### 1.3 · What tanh lets through

Line B is the whole of tanh: on its way back each entry of `grad_h` is multiplied by $1 - h^2$. Look at that factor
before you code it. Read it off $h$, the *output*; $z$ is the input, and the table shows both.
"""

# %% tags=["illustration"]
z = np.linspace(-4, 4, 201)
fig, ax = plt.subplots(figsize=(7, 3.5))
ax.plot(z, np.tanh(z), label="h = tanh z")
ax.plot(z, 1 - np.tanh(z) ** 2, "--", label="1 − h², the share that comes back")
ax.plot([-2, 2], 1 - np.tanh([-2, 2]) ** 2, "o", color="C1", label="1 − h² at z = ±2")
ax.set(xlabel="pre-activation z", ylabel="value", title="At |z| = 2 only 7 % of the gradient comes back")
ax.legend()
plt.show()
print("       z         h    1 − h²")
for value in (0, 0.5, 1, 2, 4):
    print(f"{value:8.1f}{np.tanh(value):10.4f}{1 - np.tanh(value) ** 2:10.4f}")

# %% [markdown]
r"""
Near $z = 0$ everything comes back, past $|z| = 2$ next to nothing.

### 1.4 · Backward

Lines B and D and your five formulas are the function. Two warnings. `weight_hh` is square, so its shape cannot tell
$\Delta^\top H_{\text{prev}}$ from its transpose: trust the index form. And no function changes its arguments: write
`a = a * b`, not `a *= b`, on what was handed to you.

The self-check below hands you a *random* `grad_h`, here and in every part that follows. With `grad_h` all ones you
could ignore it, or replace it by its mean, and nobody would see.

The check compares your backward with differences of *your own* forward. A forward that is wrong in a consistent way
passes this row. The row of `rnn_cell_forward` is there for that.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "rnn_cell_backward", "solution": true, "grade": false, "locked": false, "task": false}
def rnn_cell_backward(grad_h, cache):
    """Return the dict grads of x, h_prev, weight_ih, weight_hh, bias_ih, bias_hh, each of the shape of its namesake.

    grad_h (N, hidden_size) is the gradient of the loss in h. Two lines and a dict are enough.
    """
    ### BEGIN SOLUTION
    x, h_prev, h, params = cache
    grad_z = grad_h * (1 - h**2)
    return {
        "x": grad_z @ params["weight_ih"],
        "h_prev": grad_z @ params["weight_hh"],
        "weight_ih": grad_z.T @ x,
        "weight_hh": grad_z.T @ h_prev,
        "bias_ih": grad_z.sum(axis=0),
        "bias_hh": grad_z.sum(axis=0),
    }
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_rnn_cell_backward", "solution": false, "grade": true, "locked": true, "points": 6, "task": false}
selfcheck.check("rnn_cell_backward")

# %% [markdown]
r"""
**Guess.** At the first step of a sequence the old state is often all zero. With `h_prev = 0`, one of the six
gradients is zero too, whatever `grad_h` is. Which one?
"""

# %%
guess_zero = None  # your guess: one of "x", "h_prev", "weight_ih", "weight_hh", "bias_ih", "bias_hh"

# %% tags=["illustration"]
with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward"):
    x, h_prev, params = random_cell(seed=0)
    h, cache = rnn_cell_forward(x, np.zeros_like(h_prev), params)
    grads = rnn_cell_backward(np.random.default_rng(1).standard_normal(h.shape), cache)
    fig, ax = plt.subplots(figsize=(8, 3))
    ax.bar(list(grads), [np.linalg.norm(grad) for grad in grads.values()])
    guess_line(ax, guess_zero, names=list(grads))
    ax.set(xlabel="gradient of", ylabel="norm", title="With h_prev = 0 one gradient is zero, five are not")
    plt.show()
    print("The zero one:", *[name for name, grad in grads.items() if not grad.any()])

# %% [markdown]
r"""
$\Delta^\top H_{\text{prev}}$ has nothing to multiply. The gradient *of* `h_prev` does not care: $h^{\text{prev}} = 0$
is a value, and nudging it still moves the loss. So a check with a zero state would miss a transposed `weight_hh`
gradient: zero is zero either way.

**Too small, too large.** Now scale all weights of the cell, for 2,000 samples, and watch the gradient that reaches `x`.
It is multiplied by the weights once, which makes it larger, and by $1 - h^2$ once. Which wins?
"""

# %% tags=["illustration"]
with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward"):
    scales, norms = np.geomspace(0.1, 10, 13), []
    for scale in scales:
        x, h_prev, params = random_cell(seed=8, N=2000, scale=scale)
        h, cache = rnn_cell_forward(x, h_prev, params)
        grad_h = np.random.default_rng(1).standard_normal(h.shape)
        norms.append(np.linalg.norm(rnn_cell_backward(grad_h, cache)["x"], axis=1))
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.loglog(scales, np.mean(norms, axis=1), "o-", label="mean over samples")
    ax.loglog(scales, np.median(norms, axis=1), "s--", label="the sample in the middle (median)")
    ax.set(xlabel="scale of the weights", ylabel="norm of the gradient in x")
    ax.set_title("Large weights starve the typical sample")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
Small weights shrink the gradient in proportion. Large weights push most $|z|$ past 2, and there $1 - h^2$ wins: the
cell is *saturated*. At scale 10 the sample in the middle gets a gradient of 0.001, while the mean stands at 1.9: a
few samples with a unit near $z = 0$ get a huge one, and hide the rest. So look at medians too. One step does this
once; a sequence does it at every step. That is the vanishing gradient of a4.
"""

# %% [markdown]
r"""
### 1.5 · Bug hunt: a cell that passes its test

A colleague writes the gradient in `x` as below, draws small weights, and compares with differences at a tolerance of
$10^{-7}$. It passes. You draw larger weights, and it does not. Run both cells.

**Guess.** Up to which largest $|z|$ does the function pass at $10^{-7}$?
"""

# %%
guess_passes = None  # your guess: a number between 0.001 and 3


# %% tags=["illustration"]
def colleagues_grad_x(grad_h, x, h_prev, params):
    z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
    grad_z = grad_h * (1 - z**2)
    return grad_z @ params["weight_ih"]


with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward"):
    x, h_prev, params = random_cell(seed=2)
    h, cache = rnn_cell_forward(x, h_prev, params)
    grad_h = np.random.default_rng(1).standard_normal(h.shape)
    print("yours:", rnn_cell_backward(grad_h, cache)["x"], sep="\n")
    print("the colleague's:", colleagues_grad_x(grad_h, x, h_prev, params), sep="\n")

# %% tags=["illustration"]
with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward"):
    grad_h, points = np.random.default_rng(1).standard_normal((2, 4)), []
    for scale in np.geomspace(1e-3, 1, 31):
        x, h_prev, params = random_cell(seed=2, scale=scale)
        h, cache = rnn_cell_forward(x, h_prev, params)
        right, theirs = rnn_cell_backward(grad_h, cache)["x"], colleagues_grad_x(grad_h, x, h_prev, params)
        points.append((np.arctanh(np.abs(h).max()), np.abs(theirs - right).max() / np.abs(right).max()))
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.loglog(*np.transpose(points), "o-", label="the colleague's gradient in x")
    ax.axhline(1e-7, color="k", linestyle=":", label="tolerance")
    ax.set(xlabel="largest |z| of the test", ylabel="relative error", title="Small weights hide the mistake")
    ax.legend()
    guess_line(ax, guess_passes)
    plt.show()

# %% [markdown]
r"""
The error grows like the fourth power of $|z|$. Here it stays under $10^{-7}$ as long as the largest $|z|$ is below
0.026, and the test passes.

**`explain_bug_tanh` ({points:explain_bug_tanh} points).** In your own words, in two to four sentences: which line is wrong, and what is the
cure? Why does it pass with small weights? What factor does it use at $z = 2$, and what is the right one? (Put the
cure into the function and run the figure again.)
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "explain_bug_tanh", "solution": true, "grade": true, "locked": false, "points": 1, "task": false}
r"""
The line `grad_z = grad_h * (1 - z**2)` puts the pre-activation into a formula made for the output.
$\tanh'(z) = 1 - \tanh^2(z)$, so the cure is `h = np.tanh(z)` and `grad_z = grad_h * (1 - h**2)`.

For small $|z|$ the two agree, since $\tanh z \approx z$: then $1 - z^2$ and $1 - h^2$ are both close to 1 and differ
only by about $\tfrac{2}{3} z^4$. At $z = 2$ the factor used is $1 - 4 = -3$, the right one 0.0707: too large, and of
the wrong sign. A test needs $|z|$ around 1 or 2.
"""

# %% [markdown]
r"""
## 2 · The same cell in columns

A published solution of a textbook's RNN exercises, *the article* from here on, writes this cell in another layout: a
sample is a *column* (its exercise 6-2P). Nothing new is computed; every array of data is turned over. The article has
mistakes, too. You will find three.

| | ours, a sample a row | theirs, a sample a column |
| --- | --- | --- |
| input, states | `x` (N, input_size), `h_prev`, `h` (N, hidden_size) | `xt` (input_size, N), `a_prev`, `a_next` (hidden_size, N) |
| weights | `weight_ih`, `weight_hh` | `Wax`, `Waa`: the same arrays, *not* turned over |
| bias | two of (hidden_size,) | one, `ba` (hidden_size, 1) |
| prediction | part 4 | the softmax of `Wya @ a_next + by`, (classes, N) |

$$\begin{aligned}
Z^\top &= (X W_{ih}^\top + \dots)^\top = W_{ih} X^\top + \dots && (AB)^\top = B^\top A^\top \\
A_{\text{next}} &= \tanh(\underbrace{W_{ax} X_t}_{(\text{hidden},\ N)} + \underbrace{W_{aa} A_{\text{prev}}}_{(\text{hidden},\ N)}
  + \underbrace{b_a}_{(\text{hidden},\ 1)}) && \text{the transpose moves off the weights}
\end{aligned}$$

You may turn the arrays over and call your row cell, or write it anew. Mind the axis of the softmax.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "column_cell_forward", "solution": true, "grade": false, "locked": false, "task": false}
def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    """Return (a_next, yt_pred), a sample a column: a_next (hidden_size, N), yt_pred (classes, N).

    xt (input_size, N), a_prev (hidden_size, N), Wax (hidden_size, input_size), Waa (hidden_size, hidden_size),
    Wya (classes, hidden_size), ba (hidden_size, 1), by (classes, 1). Two lines are enough.
    """
    ### BEGIN SOLUTION
    a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
    return a_next, softmax((Wya @ a_next + by).T).T
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_column_cell_forward", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("column_cell_forward")

# %% [markdown]
r"""
### 2.1 · Four steps in columns, and a bug hunt

The article also runs the cell over time: `x` is (input_size, N, T), and the state of one step is the old state of the
next. Its second checkpoint has N = 10 and T = 4 and looks at two rows, `a[4][1]` and `y[1][3]`, four steps each. The
cell below prints yours, and under them what the article's own softmax makes of `y[1][3]`.
"""


# %% tags=["illustration"]
def softmax_of_the_article(logits):
    exp = np.exp(logits - np.max(logits))
    return exp / np.sum(exp)


with selfcheck.needs("column_cell_forward"):
    x, a, Waa, Wax, Wya, ba, by = article_numbers((3, 10, 4), (5, 10), (5, 5), (5, 3), (2, 5), (5, 1), (2, 1))
    steps = []
    for t in range(4):
        a, y = column_cell_forward(x[:, :, t], a, Wax, Waa, Wya, ba, by)
        steps.append((a[4, 1], y[1, 3], softmax_of_the_article(Wya @ a + by)[1, 3]))
    print("checkpoint, a[4][1]   -0.99999375  0.77911235 -0.99861469 -0.99833267")
    print("checkpoint, y[1][3]    0.79560373  0.86224861  0.11118257  0.81515947")
    for name, row in zip(("yours, a[4][1]", "yours, y[1][3]", "article, y[1][3]"), np.transpose(steps)):
        print(f"{name:20}" + "".join(f"{value:12.8f}" for value in row))

# %% [markdown]
r"""
The article's probabilities are far too small. Would a gradient check have told? Take the loss
$L = -\sum_n \log p_{c_n, n}$ with $c_n$ the right class of sample $n$, its gradient by the chain rule, and central
differences beside it, for 3 classes and 4 samples in columns.
"""

# %% tags=["illustration"]
rng = np.random.default_rng(4)
logits, target, samples = rng.standard_normal((3, 4)), np.array([2, 0, 1, 1]), np.arange(4)
grad = 4 * softmax_of_the_article(logits)
grad[target, samples] -= 1
differences = np.zeros((3, 4))
for entry in np.ndindex(3, 4):
    nudge = np.zeros((3, 4))
    nudge[entry] = 1e-5
    up, down = (-np.log(softmax_of_the_article(logits + step)[target, samples]).sum() for step in (nudge, -nudge))
    differences[entry] = (up - down) / 2e-5
print(f"gradient check: largest difference {np.abs(differences - grad).max():.0e}")
print("sums of the columns:", softmax_of_the_article(logits).sum(axis=0).round(3))

# %% [markdown]
r"""
The gradient check passes, at rounding level, and the function is wrong.

**`explain_bug_softmax` ({points:explain_bug_softmax} points).** In two to four sentences: which line is wrong, and what is the cure when a sample
is a column? Why can no gradient check find it? Name a law that finds it without any answer key. (Put the cure into
the article's function and run both cells again. Now the check fails, since `grad` belongs to the old softmax. What
must its 4 become?)
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "explain_bug_softmax", "solution": true, "grade": true, "locked": false, "points": 1, "task": false}
r"""
`np.sum(exp)` adds over the whole matrix, so all samples share one total. With a sample a column the cure is
`exp / np.sum(exp, axis=0, keepdims=True)` (and the maximum per column as well, so that no column underflows).

A gradient check compares a backward with its *own* forward. Here both are made from the same wrong softmax, so they
agree. A law finds it: every column must add up to 1 (here all four *together* do). Or: add 5 to one column of logits,
and nothing may change; change one sample, and the others must stay.

(The 4 counts the terms of $L$ that share one total, one a sample. With a total for each column it becomes 1.)
"""

# %% [markdown]
r"""
### 2.2 · Backward in columns

Turn your formulas of 1.2 over, as you turned the forward: $(\Delta W_{ih})^\top = W_{ih}^\top \Delta^\top$, and so
on. With $\Delta_c = \Delta^\top$, (hidden_size, N):

$$\underbrace{\frac{\partial L}{\partial X_t}}_{(\text{input},\ N)} = W_{ax}^\top \Delta_c, \qquad
\underbrace{\frac{\partial L}{\partial W_{ax}}}_{(\text{hidden},\ \text{input})} = \Delta_c X_t^\top$$

The other three are yours. `dba` is (hidden_size, 1), like `ba`. There is no cache: the function gets its arrays again.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "column_cell_backward", "solution": true, "grade": false, "locked": false, "task": false}
def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    """Return the dict of dxt, da_prev, dWax, dWaa, dba, each of the shape of its namesake; dba is (hidden_size, 1).

    da_next (hidden_size, N) is the gradient of the loss in a_next; the other shapes are those of column_cell_forward.
    There is no cache: compute a_next again. Two lines and a dict are enough.
    """
    ### BEGIN SOLUTION
    a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
    dz = da_next * (1 - a_next**2)
    return {
        "dxt": Wax.T @ dz,
        "da_prev": Waa.T @ dz,
        "dWax": dz @ xt.T,
        "dWaa": dz @ a_prev.T,
        "dba": dz.sum(axis=1, keepdims=True),
    }
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_column_cell_backward", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("column_cell_backward")

# %% [markdown]
r"""
### 2.3 · Bug hunt: a checkpoint that its own code does not give

Two layouts, one computation: your two backwards, turned over, must agree. That is a *law*. It needs no answer key.
"""

# %% tags=["illustration"]
selfcheck.laws("rnn_cell_forward", "rnn_cell_backward", "column_cell_backward")

# %% [markdown]
r"""
The article ends with a checkpoint: draw all arrays from seed 1, run forward and backward, look at one entry of each
gradient. It prints five numbers. Yours are others. How do you *know* that yours are right?

Ask a witness who has not read your code: differences. `da_next` is the gradient of the loss
$L = \sum_{j,n} \text{da\_next}_{jn} \cdot \text{a\_next}_{jn}$, so nudge one entry of an array and see how $L$ moves.
"""

# %%
# the article's checkpoint: what it draws, in this order, and the entries that it prints
drawn = {"xt": (3, 10), "a_prev": (5, 10), "Wax": (5, 3), "Waa": (5, 5), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
drawn |= {"da_next": (5, 10)}
printed = {("dxt", 1, 2): -0.4605641030588796, ("da_prev", 2, 3): 0.08429686538067724}
printed |= {("dWax", 3, 1): 0.39308187392193034, ("dWaa", 1, 2): -0.28483955786960663, ("dba", 4, 0): 0.80517166}

# %% tags=["illustration"]
with selfcheck.needs("column_cell_forward", "column_cell_backward"):
    arrays = dict(zip(drawn, article_numbers(*drawn.values())))
    da_next, Wya, by = (arrays.pop(name) for name in ("da_next", "Wya", "by"))
    grads = column_cell_backward(da_next, **arrays)
    print("                     article           you   differences")
    for (name, row, column), number in printed.items():
        loss = []
        for step in (1e-6, -2e-6, 1e-6):
            arrays[name[1:]][row, column] += step
            loss.append(np.sum(da_next * column_cell_forward(**arrays, Wya=Wya, by=by)[0]))
        entry = f"{name}[{row}][{column}]"
        print(f"{entry:14}{number:14.8f}{grads[name][row, column]:14.8f}{(loss[0] - loss[1]) / 2e-6:14.8f}")

# %% [markdown]
r"""
The witness is with you, five times out of five. And the printed numbers are no nonsense: they are right gradients of
*another* cell, one in which one array is a leftover of the four-step checkpoint of 2.1.

**Guess.** Whose leftover is it: `a_prev`, `Wax`, `Waa` or `ba`?
"""

# %%
guess_leftover = None  # your guess: one of "a_prev", "Wax", "Waa", "ba"

# %% tags=["illustration"]
with selfcheck.needs("column_cell_backward"):
    arrays = dict(zip(drawn, article_numbers(*drawn.values())))
    arrays = {name: array for name, array in arrays.items() if name not in ("Wya", "by")}
    _, a0, Waa, Wax, _, ba = article_numbers((3, 10, 4), (5, 10), (5, 5), (5, 3), (2, 5), (5, 1))
    met = {}
    for name, leftover in {"a_prev": a0, "Wax": Wax, "Waa": Waa, "ba": ba}.items():
        grads = column_cell_backward(**(arrays | {name: leftover}))
        met[name] = sum(np.isclose(grads[key][row, column], number) for (key, row, column), number in printed.items())
    fig, ax = plt.subplots(figsize=(6, 3))
    ax.bar(list(met), list(met.values()))
    ax.set(xlabel="left over from 2.1", ylabel="printed numbers met, of 5", title="A leftover ba gives all five")
    guess_line(ax, guess_leftover, names=list(met))
    plt.show()

# %% [markdown]
r"""
With the `ba` of the other checkpoint all five printed numbers come out. Copies of this exercise on the web show how:
they draw the bias as `b`, and then hand over `ba`, a name that an earlier cell had filled. No error, no warning. A
function that reads a global where it should read its argument goes wrong in the same silence. *Restart the kernel and
run all* before you believe a number, your own or a printed one.
"""

# %% [markdown]
r"""
## 3 · Two steps

Now the state of step 1 feeds step 2, through the same weights, and the loss looks at both states:

$$\begin{aligned}
H_1 &= \operatorname{cell}(X_1, H_0, W_1) && W_1 \text{: the copy of } W \text{ that step 1 uses} \\
H_2 &= \operatorname{cell}(X_2, H_1, W_2) && W_2 \text{: the copy of step 2}
\end{aligned}$$

One rule is enough, and you know it from a1's $y = w x + w^2$: **a value used twice gets the sum.** The loss uses
$H_1$, and step 2 uses it: its gradient is the injected gradient plus the carry. (Many texts call both of them `da`.
Keep two names.) Both steps use $W$: take the copies apart, let the cell give you $\partial L / \partial W_1$ and
$\partial L / \partial W_2$, set them equal again, and add.

**Guess.** Follow the arrows back. How many different paths lead from $L$ to `weight_hh`?
"""

# %%
guess_paths = None  # your guess: a whole number

# %% tags=["illustration"]
places = {"L": (1.5, 2), "h0": (0, 1), "h1": (1, 1), "h2": (2, 1), "weight_hh": (1.5, 0)}
paths = {"L h1 weight_hh": ("-", -0.08), "L h2 weight_hh": ("--", 0.08), "L h2 h1 weight_hh": (":", 0)}
fig, ax = plt.subplots(figsize=(8, 4.2))
for a, b in ("h0", "h1"), ("h1", "h2"), ("weight_hh", "h1"), ("weight_hh", "h2"), ("h1", "L"), ("h2", "L"):
    ax.annotate("", places[b], places[a], arrowprops={"arrowstyle": "->", "color": "0.7", "shrinkA": 18, "shrinkB": 18})
for path, (line, shift) in paths.items():
    across, up = np.transpose([places[name] for name in path.split()])
    ax.plot(across + shift, up, line, linewidth=2, label=path.replace(" ", " → "))
for name, (across, up) in places.items():
    ax.text(across, up, name, ha="center", va="center", bbox={"boxstyle": "round", "facecolor": "white"})
ax.set(xlim=(-0.3, 4), ylim=(-0.3, 2.3), xticks=[0, 1, 2], yticks=[], title="Three paths lead back to weight_hh")
ax.set(xlabel="step", ylabel="from below: weights, states, loss")
ax.legend(loc="right", title=f"your guess: {'none' if guess_paths is None else guess_paths}")
plt.show()

# %% [markdown]
r"""
Three paths (ten steps would have 55): through $H_1$ alone, through $H_2$ alone, through both.

### 3.1 · Backward through two steps

You need not walk them one by one. Start at the end, and let each state collect all it gets before it passes anything
on:

$$\begin{aligned}
\frac{\partial L}{\partial H_2} &= \underbrace{G_2}_{\text{injected}} && \text{no later step, no carry} \\
\text{carry} &= \text{step 2's gradient in } \texttt{h\_prev} && (N,\ \text{hidden}) \\
\frac{\partial L}{\partial H_1} &= \underbrace{G_1}_{\text{injected}} + \text{carry} && \text{two uses, one sum} \\
\frac{\partial L}{\partial W} &= \frac{\partial L}{\partial W_1} + \frac{\partial L}{\partial W_2} && \text{so for all four parameters}
\end{aligned}$$

`rnn_cell_backward` does the rest; you call it twice. $G_1$ and $G_2$ are `grad_h1` and `grad_h2`. In a4 they become
`grad_outputs[0]` and `grad_outputs[1]`.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "two_step_backward", "solution": true, "grade": false, "locked": false, "task": false}
def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    """Return the dict grads of x_1, x_2, h0, weight_ih, weight_hh, bias_ih, bias_hh after two steps of the cell.

    grad_h1 and grad_h2 (N, hidden_size) are the injected gradients of the two steps, cache_1 and cache_2 what your
    rnn_cell_forward returned for them. Call rnn_cell_backward; five lines are enough.
    """
    ### BEGIN SOLUTION
    second = rnn_cell_backward(grad_h2, cache_2)
    carry = second["h_prev"]
    first = rnn_cell_backward(grad_h1 + carry, cache_1)
    shared = {name: first[name] + second[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
    return {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"], **shared}
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_two_step_backward", "solution": false, "grade": true, "locked": true, "points": 5, "task": false}
selfcheck.check("two_step_backward")

# %% [markdown]
r"""
### 3.2 · Leave out the carry

A dropped carry is a classic. The program runs, every shape is right, and the last step is right too.

**Guess.** Which of the seven arrays change when the carry is left out?
"""

# %%
guess_changed = []  # your guess: a list of names out of x_1, x_2, h0, weight_ih, weight_hh, bias_ih, bias_hh

# %% tags=["illustration"]
with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward", "two_step_backward"):
    x_1, h0, params = random_cell(seed=5, scale=0.7)
    x_2, grad_h1, grad_h2 = x_1[::-1], *np.random.default_rng(1).standard_normal((2, 2, 4))
    h1, cache_1 = rnn_cell_forward(x_1, h0, params)
    h2, cache_2 = rnn_cell_forward(x_2, h1, params)
    right, second = two_step_backward(grad_h1, grad_h2, cache_1, cache_2), rnn_cell_backward(grad_h2, cache_2)
    alone = two_step_backward(grad_h1, 0 * grad_h2, cache_1, cache_2)  # so nothing comes back from step 2
    without = {name: alone[name] + second.get(name, 0) for name in right} | {"x_2": second["x"]}
    change = [np.linalg.norm(without[name] - right[name]) / np.linalg.norm(right[name]) for name in right]
    fig, ax = plt.subplots(figsize=(8, 3))
    ax.bar(list(right), change)
    ax.bar(guess_changed, max(change), fill=False, linestyle="--")
    ax.set(xlabel="gradient of (dashed: your guess)", ylabel="change", title="Without the carry only x_2 is right")
    plt.show()

# %% [markdown]
r"""
Only `x_2` stays: it is the one array whose every path ends at step 2. So when the last step is right and all before
it is wrong, look at the carry. The feedback counts time steps from the end for this reason.

### 3.3 · Bug hunt: called twice

The article's class keeps the gradients of every step on stacks, `dx_list` and others, and adds them up at the end.
Here are its stacks around your function.
"""


# %% tags=["illustration"]
class CellOfTheArticle:
    def __init__(self):
        self.dx_list, self.dWaa_list = [], []

    def backward(self, grad_h1, grad_h2, cache_1, cache_2):
        grads = two_step_backward(grad_h1, grad_h2, cache_1, cache_2)
        self.dx_list += [grads["x_1"], grads["x_2"]]
        self.dWaa_list += [grads["weight_hh"]]
        return self.dx_list, sum(self.dWaa_list)


with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward", "two_step_backward"):
    (x, h0, params), cell = random_cell(seed=5), CellOfTheArticle()
    h1, cache_1 = rnn_cell_forward(x, h0, params)
    given = (*np.random.default_rng(1).standard_normal((2, *h1.shape)), cache_1, rnn_cell_forward(x, h1, params)[1])
    for call in (1, 2, 3):
        (steps, dWaa), right = cell.backward(*given), two_step_backward(*given)["weight_hh"]
        print(f"call {call}: {len(steps)} steps on dx_list, dWaa is {(dWaa / right).mean():.3f} times the right one")

# %% [markdown]
r"""
The first call is right. The second gives twice the gradient, the third three times: nothing clears the stacks, so a
sequence also gets the gradients of all that came before it. Find the place for the missing line, put it in and run
the cell again: every call must say 1.000.

A test that calls once is blind to this. So the self-check calls each of your functions *twice*, with another forward in
between, and your functions keep nothing but what they return.
"""

# %% [markdown]
r"""
### 3.4 · PyTorch's numbers

The article's last step puts the cell beside `torch.nn.RNN(4, 5)` in float64: batch of 3, an injected gradient at every
step. These are PyTorch's numbers for two steps, of each array the norm and the last entry. In a4 you take all T.
"""

# %% tags=["illustration"]
pytorch = {"h2": (3.26728350, 0.35552138)}
pytorch |= {"x_1": (2.15913319, -0.16923056), "x_2": (3.15803150, 0.27163157), "h0": (1.42061847, -0.09175325)}
pytorch |= {"weight_ih": (4.82514434, 2.33365080), "weight_hh": (3.09150291, 0.81984337)}
pytorch |= {"bias_ih": (2.11982289, 1.93521244), "bias_hh": (2.11982289, 1.93521244)}
with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward", "two_step_backward"):
    x, h0, *parameters, grad_outputs = article_numbers((2, 3, 4), (3, 5), (5, 4), (5, 5), (5,), (5,), (2, 3, 5))
    params = dict(zip(("weight_ih", "weight_hh", "bias_ih", "bias_hh"), parameters))
    h1, cache_1 = rnn_cell_forward(x[0], h0, params)
    h2, cache_2 = rnn_cell_forward(x[1], h1, params)
    grads = two_step_backward(grad_outputs[0], grad_outputs[1], cache_1, cache_2)
    for name, (norm, last) in pytorch.items():
        yours = grads.get(name, h2)
        yours = f"{np.linalg.norm(yours):12.8f}{yours.flat[-1]:12.8f}"
        print(f"{name:10} PyTorch {norm:12.8f}{last:12.8f}     you {yours}")

# %% [markdown]
r"""
## 4 · From states to a loss

So far the injected gradients fell from the sky. They come from a loss, through a *readout*: one linear layer that turns
every state into a score for each class. Stack the states of all steps, time first: `outputs` is (T, N, hidden_size).

### 4.1 · Readout

$$\underbrace{\text{logits}}_{(T,\ N,\ \text{classes})} = \underbrace{\text{outputs}}_{(T,\ N,\ \text{hidden})}\;\;
\underbrace{W_{ho}^\top}_{(\text{hidden},\ \text{classes})} + b_{ho}$$

It is the linear half of your cell, the same at every step. `@` works on the last two axes and repeats over those
before them, so one line serves (N, hidden_size) and (T, N, hidden_size) alike.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "readout_forward", "solution": true, "grade": false, "locked": false, "task": false}
def readout_forward(outputs, params):
    """Return (logits, cache): logits (…, classes) from outputs (…, hidden_size), one or more leading axes.

    params holds weight_ho (classes, hidden_size) and bias_ho (classes,). Two lines are enough.
    """
    ### BEGIN SOLUTION
    logits = outputs @ params["weight_ho"].T + params["bias_ho"]
    return logits, (outputs, params)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_readout_forward", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("readout_forward")

# %% [markdown]
r"""
### 4.2 · Readout, backwards

$W_{ho}$ serves every step and every sample, so line A gets one more axis to add over:

$$\frac{\partial L}{\partial W^{ho}_{cj}} = \sum_t \sum_n \frac{\partial L}{\partial \text{logits}_{tnc}}\; \text{outputs}_{tnj}$$

A sum over $t$ and $n$ does not care which is which. `reshape(-1, size)` makes one long list of rows out of all leading
axes; then the sum is the matrix product of line D. The gradient in `outputs` keeps its axes.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "readout_backward", "solution": true, "grade": false, "locked": false, "task": false}
def readout_backward(grad_logits, cache):
    """Return the dict grads of outputs, weight_ho, bias_ho, each of the shape of its namesake.

    grad_logits (…, classes) has the leading axes of outputs: one, two or more. Three lines and a dict are enough.
    """
    ### BEGIN SOLUTION
    outputs, params = cache
    rows = outputs.reshape(-1, outputs.shape[-1])
    grad_rows = grad_logits.reshape(-1, grad_logits.shape[-1])
    return {
        "outputs": grad_logits @ params["weight_ho"],
        "weight_ho": grad_rows.T @ rows,
        "bias_ho": grad_rows.sum(axis=0),
    }
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_readout_backward", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("readout_backward")

# %% [markdown]
r"""
### 4.3 · The loss of a sequence

Every step of every sample has its right class $c_{tn}$, `target[t, n]`. The loss is the mean cross-entropy over all
T·N:

$$\begin{aligned}
L &= -\frac{1}{TN} \sum_t \sum_n \log p_{tn c_{tn}}, \quad p = \operatorname{softmax}(z) && z \text{: the logits} \\
\log p_{tnc} &= (z_{tnc} - m_{tn}) - \log \sum_k e^{z_{tnk} - m_{tn}} && m_{tn} = \max_k z_{tnk}\text{, so no } e \text{ overflows} \\
\underbrace{\frac{\partial L}{\partial z_{tnc}}}_{(T,\ N,\ \text{classes})} &= \frac{1}{TN} \bigl(p_{tnc} - [c = c_{tn}]\bigr)
  && \text{a2's } p - y \text{; } [\,\cdot\,] \text{ is 1 if true, else 0}
\end{aligned}$$

Take the second line at its word. `np.log(softmax(logits))` is a trap: let two logits be 1000 and −1000, and the
second class the right one. Its probability is 0 in floating point, and the logarithm $-\infty$. The second line gives
the loss, 2000.

The function returns both at once, the loss and `grad_logits`. The $1/(TN)$ enters here, once. Nothing after it
divides again.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "sequence_loss", "solution": true, "grade": false, "locked": false, "task": false}
def sequence_loss(logits, target):
    """Return (loss, grad_logits): the mean cross-entropy over T·N as a float, and its gradient (T, N, classes).

    logits (T, N, classes), target (T, N) integers. No overflow at ±1000. Five lines are enough.
    """
    ### BEGIN SOLUTION
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    one_hot = np.eye(logits.shape[-1])[target]
    loss = -(one_hot * log_p).sum() / target.size
    return float(loss), (softmax(logits) - one_hot) / target.size
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_sequence_loss", "solution": false, "grade": true, "locked": true, "points": 4, "task": false}
selfcheck.check("sequence_loss")

# %% [markdown]
r"""
No gradient check can tell a mean from a sum: a loss and a gradient that both forget the $1/(TN)$ agree. An *expected
size* can.

**Guess.** All logits are equal, so the net has no opinion. T = 7, N = 5, 10 classes. What is the loss?
"""

# %%
guess_loss = None  # your guess: a number

# %% tags=["illustration"]
with selfcheck.needs("sequence_loss"):
    classes = np.array([2, 3, 5, 8, 10, 15, 20])
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.plot(classes, np.log(classes), color="0.75", linewidth=6, label="log of the number of classes")
    for (T, N), look in {(1, 1): ("s", 12), (7, 5): ("x", 9), (40, 30): ("o", 4)}.items():
        losses = [sequence_loss(np.zeros((T, N, C)), np.zeros((T, N), dtype=int))[0] for C in classes]
        ax.plot(classes, losses, look[0], markersize=look[1], color="k", fillstyle="none", label=f"T = {T}, N = {N}")
    if guess_loss is not None:
        ax.plot([2, 10], [guess_loss, guess_loss], "C1--", label="your guess for 10 classes")
    ax.set(xlabel="classes", ylabel="loss of equal logits", xticks=classes)
    ax.set_title("No opinion costs log C, whatever T and N")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
With 10 classes it is $\log 10 = 2.303$, for one step as for a thousand. A loss of 80.6 would be the sum over 35 of
them. An untrained net should start near $\log C$: look there first when a training starts oddly.

## 5 · What you can now explain

Look away from the screen and say aloud, one sentence each:

* why $\Delta^\top X$ and not $X^\top \Delta$, and where in it the sum over samples is;
* why $1 - h^2$ is taken from the output, and what large weights do to it;
* which two gradients meet in $H_1$, and what changes when you forget the later one;
* why a gradient check passes the article's softmax, and which law does not.
"""

# %% [markdown]
r"""
**Go further** (not graded). A GRU lets a part of the old state through as it is:
$h = u \cdot h_{\text{prev}} + (1 - u) \cdot n$, entry by entry, with a gate $u = \sigma(a)$. Derive the gradients in
$a$, $n$ and $h_{\text{prev}}$, then write them. In the last one there is no weight matrix and no $1 - h^2$: that is
what the gate is for.
"""


# %% tags=["illustration"]
def gate_backward(grad_h, a, n, h_prev):
    """Return (grad_a, grad_n, grad_h_prev), each of the shape of a; u is 1 / (1 + np.exp(-a))."""
    return ()


rng = np.random.default_rng(6)
inputs, grad_h = rng.standard_normal((3, 2, 4)), rng.standard_normal((2, 4))
for place, grad in enumerate(gate_backward(grad_h, *inputs)):
    loss = []
    for step in (1e-6, -1e-6):
        a, n, h_prev = (array + step * (place == other) for other, array in enumerate(inputs))
        u = 1 / (1 + np.exp(-a))
        loss.append(grad_h * (u * h_prev + (1 - u) * n))
    print(f"result {place + 1}: largest difference {np.abs(grad - (loss[0] - loss[1]) / 2e-6).max():.0e}")

# %%
selfcheck.summary()
