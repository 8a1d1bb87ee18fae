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
you write that cell, run it backwards once, then twice, and train it to remember one bit. In a4 you do it T times.

| part | you write | points | minutes |
| --- | --- | --- | --- |
| 1 · The cell | `rnn_cell_forward`, a derivation, `rnn_cell_backward`, an explanation | {points:part 1} | 85 |
| 2 · The same cell in columns | `column_cell_forward`, an explanation, `column_cell_backward` | {points:part 2} | 45 |
| 3 · Two steps | `two_step_backward` | {points:part 3} | 30 |
| 4 · From states to a loss | `readout_forward`, `readout_backward`, `sequence_loss` | {points:part 4} | 45 |

{points:all} points, {points:hand} of them for written answers; about three and a half hours. You need pen and
paper, the chain rule, and softmax with cross-entropy as in a2.

* **Install:** `pip install -r requirements.txt`, and keep `selfcheck.py` in the folder of this notebook. In Colab there is nothing to
  install: click the folder icon on the left and upload `selfcheck.py`, again in every new session.
* **Hand in:** Restart Kernel and Run All Cells, save (in Colab: File > Download), then submit this file under its name.
* **Stuck?** Repeat a check with the seed that it prints, as in `selfcheck.check("two_step_backward", seed=7)`: the
  numbers stay the same while you search. The hardest functions have hints to unfold.

Begin where you like: a figure that needs a function you have not written says so. The code of figures is folded,
because it would answer questions before you do: run these cells, and click on the bar to see the code. (Colab
shows it: run these cells before you read them.) A *guess* is never graded. Make it before you run the next cell.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import selfcheck

selfcheck.install_check()


# %% nbgrader={"schema_version": 3, "grade_id": "given_softmax", "solution": false, "grade": false, "locked": true, "task": false}
def softmax(logits):
    """Return the probabilities along the last axis, of the shape of logits. Given: correct, and silent at ±1000."""
    exp = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return exp / exp.sum(axis=-1, keepdims=True)


# %% jupyter={"source_hidden": true}
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


# the article's checkpoint: what it draws, in this order, and the entries that it prints
drawn = {"xt": (3, 10), "a_prev": (5, 10), "Wax": (5, 3), "Waa": (5, 5), "Wya": (2, 5), "ba": (5, 1), "by": (2, 1)}
drawn |= {"da_next": (5, 10)}
printed = {("dxt", 1, 2): -0.4605641030588796, ("da_prev", 2, 3): 0.08429686538067724}
printed |= {("dWax", 3, 1): 0.39308187392193034, ("dWaa", 1, 2): -0.28483955786960663, ("dba", 4, 0): 0.80517166}


def small_loss(h0=0.5, w=0.5, u=0.6, nudge_1=0.0, nudge_2=0.0):
    """Return h1, h2 and 2 h1 + 3 h2 of the cell of one unit in 1.0; the nudges are added inside its two tanh."""
    h1 = np.tanh(w * 1 + u * h0 + nudge_1)
    h2 = np.tanh(w * -0.5 + u * h1 + nudge_2)
    return h1, h2, 2 * h1 + 3 * h2


def small_slope(**at):
    """Return the slope of the small loss in the one argument given, by differences."""
    ((name, value),) = at.items()
    return (small_loss(**{name: value + 1e-6})[2] - small_loss(**{name: value - 1e-6})[2]) / 2e-6


def small_verdicts(yours):
    """Print one verdict for each number of the table of 1.0, from the cell itself and from differences."""
    h1, h2, _ = small_loss()
    delta_2, delta_1 = small_slope(nudge_2=0.0), small_slope(nudge_1=0.0)
    right = {"h1": h1, "h2": h2, "delta_2": delta_2, "carry": 0.6 * delta_2, "grad_h1": 2 + 0.6 * delta_2}
    right |= {"delta_1": delta_1, "grad_u": small_slope(u=0.6), "grad_h0": small_slope(h0=0.5)}
    for name, number in right.items():
        verdict = "to do"
        if isinstance(yours[name], (int, float)):
            verdict = "right" if abs(yours[name] - number) < 0.002 else "not right yet"
        print(f"{name:8} {verdict}")


def box(ax, x, y, text, color="white"):
    """Draw a text in a box at x, y, and return it."""
    style = {"boxstyle": "round,pad=0.4", "facecolor": color, "edgecolor": "0.3"}
    return ax.text(x, y, text, ha="center", va="center", bbox=style, zorder=3)


def arrow(ax, start, end, text="", back=False):
    """Draw an arrow from box to box with a text at its middle, solid forward and dashed backward, each a little left."""
    a, b = np.array(start.get_position()), np.array(end.get_position())
    left = 0.1 * np.array([a[1] - b[1], b[0] - a[0]]) / np.linalg.norm(b - a)
    look = {"arrowstyle": "->", "color": "#0072B2" if back else "0.3", "linestyle": "--" if back else "-"}
    look |= {"patchA": start.get_bbox_patch(), "patchB": end.get_bbox_patch(), "shrinkA": 2, "shrinkB": 2}
    ax.annotate("", b + left, a + left, arrowprops=look, zorder=4)  # above the boxes, which it must find drawn
    paper = {"facecolor": "white", "edgecolor": "none", "pad": 1}
    spot = 0.5 * (a + b) + left
    if text:
        ax.text(*spot, text, ha="center", va="center", fontsize=9, color=look["color"], bbox=paper, zorder=5)


def guess_line(ax, guess):
    """Draw a guess as a dashed line, at the edge of the figure if it lies outside; words go into the legend."""
    if guess is None:
        return
    left, right = ax.get_xlim()
    if isinstance(guess, (int, float)):
        ax.axvline(min(max(guess, left), right), color="k", linestyle="--", label=f"your guess: {guess}")
        ax.set_xlim(left, right)
    else:
        ax.plot([], [], " ", label=f"your guess: {guess}")


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
* *Cell* means the recurrent cell, and *step* a time step. What you run is a *notebook cell*, and an update of the
  parameters a *training step*.

## 1 · The cell
### 1.0 · By calculator first

Take one sample, one unit, no biases, and two steps: $h_1 = \tanh(w x_1 + u h_0)$, $h_2 = \tanh(w x_2 + u h_1)$, with
$w = 0.5$, $u = 0.6$, $x_1 = 1$, $x_2 = -0.5$, $h_0 = 0.5$ and the loss $L = 2 h_1 + 3 h_2$. So the injected gradients
are 2 and 3. The slope of tanh is $1 - h^2$. Type each number with four digits, and run the notebook cell as often as you
like:

| number | rule |
| --- | --- |
| `h1`, `h2` | forward; `h1` is $\tanh(0.8)$ |
| `delta_2` $= \partial L / \partial z_2$, $z$ being what is inside tanh | $3\,(1 - h_2^2)$ |
| `carry`: what step 2 hands back to $h_1$ | $\delta_2\, u$ |
| `grad_h1`: injected plus carry | $2 + \text{carry}$ |
| `delta_1` $= \partial L / \partial z_1$ | $\text{grad\_h1}\,(1 - h_1^2)$ |
| `grad_u`: $u$ is used twice | $\delta_2\, h_1 + \delta_1\, h_0$ |
| `grad_h0` | $\delta_1\, u$ |
"""

# %%
small = {
    "h1": ...,
    "h2": ...,
    "delta_2": ...,
    "carry": ...,
    "grad_h1": ...,
    "delta_1": ...,
    "grad_u": ...,
    "grad_h0": ...,
}
small_verdicts(small)

# %% jupyter={"source_hidden": true} tags=["illustration"]
number = {name: f"{value:.4g}" if isinstance(value, (int, float)) else "?" for name, value in small.items()}
fig, ax = plt.subplots(figsize=(9, 4.2))
h0, x1, x2 = box(ax, -0.4, 0, "h0 = 0.5"), box(ax, 1.6, -1.2, "x1 = 1"), box(ax, 4.4, -1.2, "x2 = −0.5")
h1, h2 = box(ax, 1.6, 0, f"h1 = {number['h1']}"), box(ax, 4.4, 0, f"h2 = {number['h2']}")
loss = box(ax, 3, 1.2, "L = 2 h1 + 3 h2", "#FFF3D6")
for start, end in (h0, h1), (h1, h2), (x1, h1), (x2, h2), (h1, loss), (h2, loss):
    arrow(ax, start, end)
for start, end, text in (loss, h1, "injected 2"), (loss, h2, "injected 3"):
    arrow(ax, start, end, text, back=True)
arrow(ax, h2, h1, f"carry {number['carry']}", back=True)
arrow(ax, h1, h0, f"grad_h0 {number['grad_h0']}", back=True)
ax.set(xlim=(-0.9, 5.0), ylim=(-1.5, 1.5), title="Solid: forward. Dashed: backward, with your numbers")
ax.axis("off")
plt.show()

# %% [markdown]
r"""
In $h_1$ two gradients meet, the injected one and the carry. And $u$ gets its slope along three paths: through $h_2$,
through $h_1$, and through $h_2$ and then $h_1$. The two terms of `grad_u` hold all three: the last two are already added
up in $\delta_1$. That is all of back-propagation through time; the rest is matrices.

**With matrices.** The cell mixes the new input with the old state, sample by sample:

$$\begin{aligned}
\underbrace{Z}_{(N,\ \text{hidden})}
  &= \underbrace{X}_{(N,\ \text{input})}\;\; \underbrace{W_{ih}^\top}_{(\text{input},\ \text{hidden})} + b_{ih}
   + \underbrace{H_{\text{prev}}}_{(N,\ \text{hidden})}\;\; \underbrace{W_{hh}^\top}_{(\text{hidden},\ \text{hidden})} + b_{hh}
   && \text{six arrays go in} \\
H &= \tanh(Z) && \text{entry by entry}
\end{aligned}$$

Six arrays go in, so six gradients come out. $Z$ is the *pre-activation*, tanh the *activation function*.

Let N = 2, input_size = 3 and hidden_size = 4. Write down the shape of each of the six gradients, then run the figure.
"""

# %% jupyter={"source_hidden": true} tags=["illustration"]
fig, ax = plt.subplots(figsize=(11, 5))
shapes = {"x": (2, 3), "weight_ih": (4, 3), "bias_ih": (4,), "bias_hh": (4,), "weight_hh": (4, 4), "h_prev": (2, 4)}
x_product, h_product = box(ax, 3.5, 4.5, "X Wᵀ", "#FFF3D6"), box(ax, 3.5, 0.5, "H Wᵀ", "#FFF3D6")
added, bent = box(ax, 5.6, 2.5, "\n  +  \n", "#FFF3D6"), box(ax, 7.6, 2.5, "tanh", "#FFF3D6")
uses = [x_product, x_product, added, added, h_product, h_product]
for row, ((name, shape), operation) in enumerate(zip(shapes.items(), uses)):
    array = box(ax, 0, 5 - row, f"{name} {shape}")
    arrow(ax, array, operation)
    arrow(ax, operation, array, str(shape), back=True)
for start, end in (x_product, added), (h_product, added), (added, bent), (bent, box(ax, 9.7, 2.5, "h (2, 4)")):
    arrow(ax, start, end)
    arrow(ax, end, start, "(2, 4)", back=True)
ax.set(xlim=(-0.9, 10.3), ylim=(-0.6, 5.6), title="The cell as a graph: each gradient has the shape of its array")
ax.axis("off")
plt.show()

# %% [markdown]
r"""
Every gradient has the shape of the array it belongs to, or you could not subtract one from the other. That is the first
thing to check, always. A drawing like this one is a *computational graph*: each operation sends a gradient back along
every arrow that a value came by.

### 1.1 · Forward

One entry at a time, the two matrix products are two sums:

$$z_{nj} = \sum_i x_{ni}\, W^{ih}_{ji} + b^{ih}_j + \sum_k h^{\text{prev}}_{nk}\, W^{hh}_{jk} + b^{hh}_j,
\qquad h_{nj} = \tanh(z_{nj})$$

Row $n$ of the result depends on row $n$ of `x` and `h_prev` and on no other: samples do not meet. PyTorch keeps two
biases where one would be enough; the cell here does the same.

Return `h` and a `cache`: whatever forward has in hand and backward will need again, for example as a tuple. If you do
not know yet what that is, come back after 1.2.
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

Write $g_{nj} = \partial L / \partial h_{nj}$ (handed to you as `grad_h`, the *upstream gradient*),
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

Line B is the whole of tanh: on its way back each entry of `grad_h` is multiplied by $1 - h^2$. Read that factor off
$h$, the *output*; $z$ is the input.

| $z$ | 0 | 0.5 | 1 | 2 | 4 |
| --- | --- | --- | --- | --- | --- |
| $h = \tanh z$ | 0.0000 | 0.4621 | 0.7616 | 0.9640 | 0.9993 |
| $1 - h^2$ | 1.0000 | 0.7864 | 0.4200 | 0.0707 | 0.0013 |

Near $z = 0$ everything comes back. At $|z| = 2$ only 7 % of the gradient does, and past it next to nothing.

### 1.4 · Backward

Lines B and D and your five formulas are the function. **The loss divides, backward never does:** if $L$ is a mean, its
$1/N$ is already inside the gradient you are handed. Two warnings. `weight_hh` is square, so its shape cannot tell
$\Delta^\top H_{\text{prev}}$ from its transpose: trust the index form. And no function changes its arguments: write
`a = a * b`, not `a *= b`, on what was handed to you.

The self-check hands you a *random* `grad_h`, here and in every part that follows. With `grad_h` all ones you could
ignore it, or replace it by its mean, and nobody would see. It compares your backward with differences of *your own*
forward: a *gradient check*. A wrong forward with a backward that fits it passes this check. The check of
`rnn_cell_forward` is there for that.

<details><summary>Hint 1: where to begin</summary>

Compute $\Delta$ first. It is line B: `grad_h` times what tanh lets through, entry by entry, of shape (N, hidden_size).

</details>
<details><summary>Hint 2: which way up</summary>

A weight gets `delta.T @ what_it_multiplied`. What was multiplied gets `delta @ weight`.

</details>
<details><summary>Hint 3: the biases</summary>

Each of the two biases is added to every row, so each gets the rows of delta added up: `sum(axis=0)`. Nothing divides.

</details>
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
At the first step of a sequence the old state is often all zero. Then the gradient of `weight_hh` is zero too, whatever
`grad_h` is: $\Delta^\top H_{\text{prev}}$ has nothing to multiply. The gradient *of* `h_prev` does not care: nudging a
zero still moves the loss. So a check with a zero state would miss a transposed `weight_hh` gradient.

**Too small, too large.** Now scale all weights of the cell, for 2,000 samples, and watch the gradient that reaches `x`.
It is multiplied by the weights once, which makes it larger, and by $1 - h^2$ once. Which wins?
"""

# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward"):
    scales, norms = np.geomspace(0.1, 10, 13), []
    for scale in scales:
        x, h_prev, params = random_cell(seed=8, N=2000, scale=scale)
        h, cache = rnn_cell_forward(x, h_prev, params)
        grad_h = np.random.default_rng(1).standard_normal(np.shape(h))
        norms.append(np.linalg.norm(rnn_cell_backward(grad_h, cache)["x"], axis=1))
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.loglog(scales, np.mean(norms, axis=1), "o-", label="mean over samples")
    ax.loglog(scales, np.median(norms, axis=1), "s--", label="median sample")
    ax.set(xlabel="scale of the weights", ylabel="norm of the gradient in x")
    ax.set_title("At large weights mean and median differ")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
Small weights shrink the gradient in proportion. Large weights push most $|z|$ past 2, and there $1 - h^2$ wins: the
cell is *saturated*. At scale 10 the median sample gets a gradient of 0.001, while the mean is 1.9: a few samples with a
unit near $z = 0$ get a huge one, and hide the rest. So look at medians too. One step does this once; a sequence does it
at every step. That is the *vanishing gradient* of a4.

### 1.5 · Bug hunt: a cell that passes its test

A colleague writes the gradient in `x` as below, draws small weights, and compares with differences at a tolerance of
$10^{-7}$. It passes. You draw larger weights, and it does not. Run both notebook cells: the first tries one size of each
kind, the figure many. Up to which $|z|$ will the function pass?
"""


# %% tags=["illustration"]
def colleagues_grad_x(grad_h, x, h_prev, params):
    z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
    grad_z = grad_h * (1 - z**2)
    return grad_z @ params["weight_ih"]


with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward"):
    for scale in (0.003, 1):
        x, h_prev, params = random_cell(seed=2, scale=scale)
        h, cache = rnn_cell_forward(x, h_prev, params)
        grad_h = np.random.default_rng(1).standard_normal(np.shape(h))
        yours, theirs = rnn_cell_backward(grad_h, cache)["x"], colleagues_grad_x(grad_h, x, h_prev, params)
        error = np.abs(theirs - yours).max() / np.abs(yours).max()
        verdict = "passes" if error < 1e-7 else "fails"
        print(f"largest |z| {np.arctanh(np.abs(h).max()):.3f}: relative error {error:.0e}, {verdict}")

# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward"):
    grad_h, points = np.random.default_rng(1).standard_normal((2, 4)), []
    for scale in np.geomspace(1e-3, 1, 31):
        x, h_prev, params = random_cell(seed=2, scale=scale)
        h, cache = rnn_cell_forward(x, h_prev, params)
        right, theirs = rnn_cell_backward(grad_h, cache)["x"], colleagues_grad_x(grad_h, x, h_prev, params)
        error = np.abs(theirs - right).max() / np.abs(right).max()
        points.append((np.arctanh(np.abs(h).max()), max(error, 1e-17)))  # an error of 0 has no place on a log axis
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.loglog(*np.transpose(points), "o-", label="the colleague's gradient in x")
    ax.axhline(1e-7, color="k", linestyle=":", label="tolerance")
    ax.set(xlabel="largest |z| of the test", ylabel="relative error", title="The error depends on |z|")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
The error grows like the fourth power of $|z|$. Here it stays under $10^{-7}$ as long as the largest $|z|$ is below
0.026, and the test passes. (Of the sizes in the figure 0.022 is the last below that line; the next is already above.)

**`explain_bug_tanh` ({points:explain_bug_tanh} points).** In your own words, in two to four sentences: which line is wrong, and what is the
cure? Why does it pass with small weights? What factor does it use at $z = 2$, and what is the right one? (Put the
cure into the function and run the figure again: the error drops to the bottom.)
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

*The article*, from here on, is a solution of a textbook's exercises on recurrent networks that was published on the
web, told in our words. It writes this cell in another layout: a sample is a *column*. Nothing new is
computed; every array of data is transposed. The article has mistakes, too. You will find three.

| | ours, a sample a row | theirs, a sample a column |
| --- | --- | --- |
| input, states | `x` (N, input_size), `h_prev`, `h` (N, hidden_size) | `xt` (input_size, N), `a_prev`, `a_next` (hidden_size, N) |
| weights | `weight_ih`, `weight_hh` | `Wax`, `Waa`: the same arrays, *not* transposed |
| bias | two of (hidden_size,) | one, `ba` (hidden_size, 1) |
| prediction | part 4 | the softmax of `Wya @ a_next + by`, (classes, N) |

$$\begin{aligned}
Z^\top &= (X W_{ih}^\top + \dots)^\top = W_{ih} X^\top + \dots && (AB)^\top = B^\top A^\top \\
A_{\text{next}} &= \tanh(\underbrace{W_{ax} X_t}_{(\text{hidden},\ N)} + \underbrace{W_{aa} A_{\text{prev}}}_{(\text{hidden},\ N)}
  + \underbrace{b_a}_{(\text{hidden},\ 1)}) && \text{the transpose moves off the weights}
\end{aligned}$$

You may transpose the arrays and call your row cell, or write the cell again. Mind the axis of the softmax.
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
first cell below prints yours, and under them what the article's own softmax gives for `y[1][3]`: the last row,
far too small.

Would a gradient check have noticed? The second cell takes the loss $L = -\sum_n \log p_{c_n, n}$ with $c_n$ the right class
of sample $n$, its gradient by the chain rule (its 4 is the number of samples), and central differences beside it, for 3
classes and 4 samples in columns.
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
        steps.append((a[4][1], y[1][3], softmax_of_the_article(Wya @ a + by)[1, 3]))
    print("checkpoint, a[4][1]   -0.99999375  0.77911235 -0.99861469 -0.99833267")
    print("checkpoint, y[1][3]    0.79560373  0.86224861  0.11118257  0.81515947")
    for name, row in zip(("yours, a[4][1]", "yours, y[1][3]", "article, y[1][3]"), np.transpose(steps)):
        print(f"{name:20}" + "".join(f"{value:12.8f}" for value in row))

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

**`explain_bug_softmax` ({points:explain_bug_softmax} points).** In two to four sentences: which line of `softmax_of_the_article`
is wrong, and what is the cure when a sample is a column? Why can no gradient check find it? Name a law that finds it
without any answer key. (Put the cure into the article's function and run both notebook cells again. Now the check fails, since `grad` belongs to the old softmax. What
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

Transpose your formulas of 1.2, as you did with the forward: $(\Delta W_{ih})^\top = W_{ih}^\top \Delta^\top$, and so
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

The article ends with a checkpoint: draw all arrays from seed 1, run forward and backward, look at one entry of each
gradient. It prints five numbers. Yours are others. How do you *know* that yours are right?

Two layouts, one computation: your two backwards must agree, one of them transposed. That is a law, and it needs no answer key:
`selfcheck.laws("rnn_cell_forward", "rnn_cell_backward", "column_cell_backward")`, in a notebook cell of your own,
shows it.

Or compare with differences, which use your forward only. `da_next` is the gradient of the loss
$L = \sum_{j,n} \text{da\_next}_{jn} \cdot \text{a\_next}_{jn}$, so nudge one entry of an array and see how $L$ moves.

**Guess.** All five printed numbers differ from yours. What may have happened? The last column answers.
"""

# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("column_cell_forward", "column_cell_backward"):
    arrays = dict(zip(drawn, article_numbers(*drawn.values())))
    da_next, Wya, by = (arrays.pop(name) for name in ("da_next", "Wya", "by"))
    *_, old_ba = article_numbers((3, 10, 4), (5, 10), (5, 5), (5, 3), (2, 5), (5, 1))
    grads = column_cell_backward(da_next, **arrays)
    other = column_cell_backward(da_next, **arrays | {"ba": old_ba})
    print("                     article           you   differences   with the ba of 2.1")
    for (name, row, column), number in printed.items():
        loss = []
        for step in (1e-6, -2e-6, 1e-6):
            arrays[name[1:]][row, column] += step
            loss.append(np.sum(da_next * column_cell_forward(**arrays, Wya=Wya, by=by)[0]) / 2e-6)
        four = number, grads[name][row][column], loss[0] - loss[1], other[name][row][column]
        print(f"{name}[{row}][{column}]".ljust(14), *(f"{each:13.8f}" for each in four))

# %% [markdown]
r"""
The differences agree with you, five times out of five. And the printed numbers are right, too, but they are gradients of
*another* cell, one whose `ba` is a leftover of the four-step checkpoint of 2.1. With that `ba` all five printed numbers
come out. Copies of this exercise on the web show how: they draw the bias as `b`, and then hand over `ba`, a name that an
earlier notebook cell had filled. No error, no warning. *Restart the kernel and run all* before you believe a
number, your own or a printed one.

## 3 · Two steps

Now the state of step 1 feeds step 2, through the same weights, and the loss looks at both states, as in 1.0:

$$\begin{aligned}
H_1 &= \operatorname{cell}(X_1, H_0, W_1) && W_1 \text{: the copy of } W \text{ that step 1 uses} \\
H_2 &= \operatorname{cell}(X_2, H_1, W_2) && W_2 \text{: the copy of step 2}
\end{aligned}$$

One rule is enough, and you know it from a1's $y = w x + w^2$: **a value used twice gets the sum.** The loss uses
$H_1$, and step 2 uses it: its gradient is the injected gradient plus the carry. (Many texts call both of them `da`.
Keep two names.) Both steps use $W$, any of the four parameters: take the copies apart, let the cell give
you $\partial L / \partial W_1$ and $\partial L / \partial W_2$, set them equal again, and add. So three paths lead from $L$ back to `weight_hh`: through
$H_1$ alone, through $H_2$ alone, through both. Ten steps would have 55.

### 3.1 · Backward through two steps

You need not walk the paths one by one. Start at the end, and let each state collect all it gets before it passes
anything on:

$$\begin{aligned}
\frac{\partial L}{\partial H_2} &= \underbrace{G_2}_{\text{injected}} && \text{no later step, no carry} \\
\text{carry} &= \text{step 2's gradient in } \texttt{h\_prev} && (N,\ \text{hidden}) \\
\frac{\partial L}{\partial H_1} &= \underbrace{G_1}_{\text{injected}} + \text{carry} && \text{two uses, one sum} \\
\frac{\partial L}{\partial W} &= \frac{\partial L}{\partial W_1} + \frac{\partial L}{\partial W_2} && \text{so for all four parameters}
\end{aligned}$$

$G_1$ and $G_2$ are `grad_h1` and `grad_h2`. In a4 they become `grad_outputs[0]` and `grad_outputs[1]`.

<details><summary>Hint 1: which step first</summary>

Step 2. Call `rnn_cell_backward(grad_h2, cache_2)` and keep all that it returns.

</details>
<details><summary>Hint 2: what step 1 gets</summary>

One of those six arrays is the carry: the gradient in the state that step 2 was given. Add it to `grad_h1`, then call
`rnn_cell_backward` for step 1.

</details>
<details><summary>Hint 3: what to return</summary>

`x_1` and `h0` come from the first step, `x_2` from the second, and each of the four parameters is the sum of both.

</details>
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

A dropped carry is a common mistake: the program runs, and every shape is right.

**Guess.** Which of the seven arrays change when the carry is left out?
"""

# %%
guess_changed = []  # your guess: a list of names out of x_1, x_2, h0, weight_ih, weight_hh, bias_ih, bias_hh

# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward", "two_step_backward"):
    x_1, h0, params = random_cell(seed=5, scale=0.7)
    x_2, (grad_h1, grad_h2) = x_1[::-1], np.random.default_rng(1).standard_normal((2, 2, 4))
    h1, cache_1 = rnn_cell_forward(x_1, h0, params)
    h2, cache_2 = rnn_cell_forward(x_2, h1, params)
    right = two_step_backward(grad_h1, grad_h2, cache_1, cache_2)
    first, second = rnn_cell_backward(grad_h1, cache_1), rnn_cell_backward(grad_h2, cache_2)
    without = {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"]}
    without |= {name: np.add(first[name], second[name]) for name in params}
    change = [np.linalg.norm(np.subtract(without[name], right[name])) / np.linalg.norm(right[name]) for name in without]
    fig, ax = plt.subplots(figsize=(8, 3))
    ax.bar(list(without), change)
    ax.bar([name for name in guess_changed if name in without], max(change), fill=False, linestyle="--")
    ax.set(xlabel="gradient", ylabel="relative change", title="What changes without the carry (dashed: your guess)")
    plt.show()

# %% [markdown]
r"""
Only `x_2` stays: it is the one array whose every path ends at step 2. So when the last step is right and the
earlier ones are wrong, look at the carry.

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
        self.dWaa_list += [np.asarray(grads["weight_hh"])]
        return self.dx_list, sum(self.dWaa_list)


with selfcheck.needs("rnn_cell_forward", "rnn_cell_backward", "two_step_backward"):
    (x, h0, params), cell = random_cell(seed=5), CellOfTheArticle()
    h1, cache_1 = rnn_cell_forward(x, h0, params)
    given = (*np.random.default_rng(1).standard_normal((2, *np.shape(h1))), cache_1, rnn_cell_forward(x, h1, params)[1])
    for call in (1, 2, 3):
        (steps, dWaa), right = cell.backward(*given), two_step_backward(*given)["weight_hh"]
        print(f"call {call}: {len(steps)} steps on dx_list, dWaa is {(dWaa / right).mean():.3f} times the right one")

# %% [markdown]
r"""
The first call is right. The second gives twice the gradient, the third three times: nothing clears the stacks, so a
sequence also gets the gradients of all that came before it. Find the place for the missing line, put it in and run
the notebook cell again: every call must say 1.000.

A test that calls once is blind to this. So the self-check and the grader call your functions *twice*, with another
forward in between, and a function that remembers loses points for it. Keep nothing but what you return.

The article's last step puts the cell beside `torch.nn.RNN`. That needs all T steps, and waits for you in a4.

## 4 · From states to a loss

So far the injected gradients were given. They come from a loss, through a *readout*: one linear layer that turns
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
L &= -\frac{1}{TN} \sum_t \sum_n \log p_{tn c_{tn}}, \quad p = \operatorname{softmax}(s) && s \text{: the logits} \\
\log p_{tnc} &= (s_{tnc} - m_{tn}) - \log \sum_k e^{s_{tnk} - m_{tn}} && m_{tn} = \max_k s_{tnk}\text{, so no } e \text{ overflows} \\
\underbrace{\frac{\partial L}{\partial s_{tnc}}}_{(T,\ N,\ \text{classes})} &= \frac{1}{TN} \bigl(p_{tnc} - [c = c_{tn}]\bigr)
  && \text{a2's } p - y \text{; } [\,\cdot\,] \text{ is 1 if true, else 0}
\end{aligned}$$

Compute the second line exactly as it is written. `np.log(softmax(logits))` is a trap: let two logits be 1000 and −1000, and the
second class the right one. Its probability is 0 in floating point, and the logarithm $-\infty$. The second line gives
the loss, 2000.

<details><summary>Hint 1: the log-probability of the right class</summary>

`a[np.arange(3), k]` picks `a[0, k[0]]`, `a[1, k[1]]`, `a[2, k[2]]`. With one more axis in front, each index needs one
more, too: `np.arange(2)[:, None]` is a column, which NumPy repeats along the other axis. Try it on
`np.arange(24).reshape(2, 3, 4)`.

</details>
<details><summary>Hint 2: [c = c_tn] as an array</summary>

`np.eye(3)[[2, 0]]` is `[[0, 0, 1], [1, 0, 0]]`: a list of class numbers picks rows of the unit matrix. An array of class
numbers does so as well, whatever its shape.

</details>

The function returns both at once, the loss and `grad_logits`. The $1/(TN)$ enters here, once. Nothing after it
divides again.

No gradient check can tell a mean from a sum: a loss and a gradient that both forget the $1/(TN)$ agree. An *expected
size* can. Equal logits mean no opinion, and with 10 classes that costs $\log 10 = 2.303$, for one step as for a
thousand. With T = 7 and N = 5, a loss of 80.6 would be the sum over 35 of them.
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
### 4.4 · A cell that remembers

Everything is there to train a network on sequences of two bits. After step 1 it has to say the bit that it has just
read. After step 2 it has to say whether the two bits *differ*, and by then the first bit is gone: only the hidden state
can still know it. The loop below calls nothing but your functions. Its readout starts at zero.

**Guess.** After how many training steps is the loss below 0.1? And where must it start?
"""

# %%
guess_steps = None  # your guess, a number: after how many training steps is the loss below 0.1?


# %% tags=["illustration"]
def train_to_remember(x, target, params, lr=0.5, steps=300):
    """Return (params, losses, logits) after so many steps down; x (2, N, 1), target (2, N)."""
    losses, h0 = [], np.zeros((x.shape[1], len(params["bias_hh"])))
    for _ in range(steps):
        h1, cache_1 = rnn_cell_forward(x[0], h0, params)
        h2, cache_2 = rnn_cell_forward(x[1], h1, params)
        logits, cache = readout_forward(np.stack([h1, h2]), params)
        loss, grad_logits = sequence_loss(logits, target)
        readout = readout_backward(grad_logits, cache)
        grads = readout | two_step_backward(*readout["outputs"], cache_1, cache_2)
        params = {name: value - lr * np.asarray(grads[name]) for name, value in params.items()}
        losses.append(loss)
    return params, losses, logits


# %% jupyter={"source_hidden": true} tags=["illustration"]
with selfcheck.needs("rnn_cell_forward", "two_step_backward", "readout_forward", "readout_backward", "sequence_loss"):
    bits = np.array([[0, 0, 1, 1], [0, 1, 0, 1]])
    target = np.array([[0, 0, 1, 1], [0, 1, 1, 0]])
    params = random_cell(seed=3, input_size=1, hidden_size=8)[2]
    params |= {"weight_ho": np.zeros((2, 8)), "bias_ho": np.zeros(2)}
    _, losses, logits = train_to_remember(bits[:, :, None].astype(float), target, params)
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.semilogy(losses, label="loss of your network")
    ax.axhline(0.1, color="k", linestyle=":", label="0.1")
    guess_line(ax, guess_steps)
    ax.set(xlabel="training step", ylabel="cross-entropy", title=f"The loss, from {losses[0]:.3f} to {losses[-1]:.3f}")
    ax.legend()
    plt.show()
    for pair, p in zip(bits.T, softmax(logits)[1, :, 1]):
        print(f"bits {pair}: they differ with probability {p:.2f}")

# %% [markdown]
r"""
It starts at $\log 2 = 0.693$, no opinion, is below 0.1 after 61 training steps, and ends at 0.009 (seed 3): the
state carries the first bit into step 2. An untrained network should start near $\log C$. Look there first when a training starts oddly.

## 5 · What you can now explain

Look away from the screen and say aloud, one sentence each:

* why $\Delta^\top X$ and not $X^\top \Delta$, and where in it the sum over samples is;
* why $1 - h^2$ is taken from the output, and what large weights do to it;
* which two gradients meet in $H_1$, and what changes when you forget the later one;
* why a gradient check passes the article's softmax, and which law does not.

**Go further** (not graded). A GRU lets a part of the old state through as it is:
$h = u \cdot h_{\text{prev}} + (1 - u) \cdot n$, entry by entry, with a gate $u = \sigma(a)$. Derive the gradients in
$a$, $n$ and $h_{\text{prev}}$. In the last one there is no weight matrix and no $1 - h^2$: that is what the gate is for.
"""

# %%
selfcheck.summary()
