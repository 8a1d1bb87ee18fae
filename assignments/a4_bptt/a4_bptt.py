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
# a4 · Back-propagation through time

You begin with one number, a slope found with a calculator. You end with a net that learns to add, trained by a gradient
that is yours from the first line to the last, and with the proof that learning to add proves nothing about that gradient.

| Part | You | Minutes | Points |
| --- | --- | --- | --- |
| 1 · Forward, and two steps by hand | `rnn_forward` | 30 | {points:part 1} |
| 2 · On paper | `derive_bptt`, `derive_weight_gradients` | 75 | {points:part 2} by hand |
| 3 · Who is to blame? | `credit_matrix` | 30 | {points:part 3} |
| 4 · One sweep | `rnn_backward` | 45 | {points:part 4} |
| 5 · Two published bugs | `explain_bug_in_place`, `explain_bug_loss` | 40 | {points:part 5} by hand |
| 6 · Cutting the past off | `rnn_backward_truncated` | 30 | {points:part 6} |
| 7 · Dying and exploding | `state_gradient_norms`, the residual net, `clip_grad_norm` | 60 | {points:part 7 machine} + {points:part 7 hand} by hand |
| 8 · A net that adds | `loss_and_gradients`, `train_adder`, `train_first_xor_last` | 35 | {points:part 8} |
| 9 · Six reports | `name_the_mistake` | 15 | {points:part 9} |

Six hours, in more than one sitting; {points:machine} points by machine, {points:hand} by hand.

- **Install**: `pip install -r requirements.txt`, and keep `selfcheck.py` in the folder of this notebook. In Colab there is nothing to
  install: click the folder icon on the left and upload `selfcheck.py`, again in every new session.
- **Hand in**: Restart Kernel and Run All Cells, save (in Colab: File > Download), then submit this file under its name.
- **Stuck?** Open the hints below the hardest tasks, run the check again with the seed that it prints, or go on: a cell that needs a function
  you have not written says so. The code of figures is folded, because it answers questions; click the bar to read it. (Colab shows it:
  run these cells before you read them.)
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import selfcheck

plt.style.use("tableau-colorblind10")
selfcheck.install_check()

# %% [markdown]
r"""
### Names for the whole notebook

| In code | In formulas | Shape | What it is |
| --- | --- | --- | --- |
| `x[t]` | $x_t$ | (N, input_size) | the input of step $t$, a row a sample |
| `outputs[t]` | $h_t$ | (N, hidden_size) | the state that step $t$ hands on |
| `h0` | $h_{-1}$ | (N, hidden_size) | the start: the state before step 0. The name is PyTorch's; $h_0$ is `outputs[0]`, the state after step 0 |
| `grad_outputs[t]` | $g_t$ | (N, hidden_size) | the **injected gradient**: what the loss at step $t$ puts on $h_t$ directly |
| `carry` | $c_t$ | (N, hidden_size) | the **carry**: what reaches $h_t$ from step $t + 1$ |
| `weight_ih`, `weight_hh` | $W_{ih}$, $W_{hh}$ | (hidden_size, input_size), (hidden_size, hidden_size) | PyTorch's layout |
| `bias_ih`, `bias_hh` | $b_{ih}$, $b_{hh}$ | (hidden_size,) | two of them, as in PyTorch |

Steps count from 0: $t = 0, \dots, T - 1$. The loss divides, backward never does. Three sources, always in our words: **Article A**, a tutorial on
BPTT with two nets; **Article B**, a blog post on a net that adds; **Textbook C**, whose exercises are 6-1P, 6-2 and 6-3.

## 1 · Forward

$$h_t = \tanh\big(\underbrace{x_t W_{ih}^\top + b_{ih} + h_{t-1} W_{hh}^\top + b_{hh}}_{z_t,\ (N,\ \text{hidden\_size})}\big)$$

### 1.1 · The loop

Every step uses the same four parameters. The cell is given; write the loop. Backward will ask for the state *before* and *after* each step, so
keep them all in `cache`. Article A stores its start in the last slot of an array that is one too long, so that `states[t - 1]`
finds it at $t = 0$. Forget the extra slot and step 0 reads the last state, without an error. Put `h0` in front.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_rnn_cell_forward", "solution": false, "grade": false, "locked": true, "task": false}
def rnn_cell_forward(x, h_prev, params):
    """Return (h, cache) of one step, x: (N, input_size), h_prev and h: (N, hidden_size). Given: correct."""
    z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
    h = np.tanh(z)
    return h, (x, h_prev, h, params)


# %% nbgrader={"schema_version": 3, "grade_id": "rnn_forward", "solution": true, "grade": false, "locked": false, "task": false}
def rnn_forward(x, h0, params):
    """Return (outputs, cache): outputs (T, N, hidden_size) from x (T, N, input_size) and h0 (N, hidden_size).

    cache is yours: put in it what backward will need. Four lines are enough.
    """
    ### BEGIN SOLUTION
    states = [h0]
    for x_t in x:
        states.append(rnn_cell_forward(x_t, states[-1], params)[0])
    return np.stack(states[1:]), (x, np.stack(states), params)  # states[t] enters step t, states[t + 1] leaves it
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_rnn_forward", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("rnn_forward")


# %% nbgrader={"schema_version": 3, "grade_id": "given_helpers", "solution": false, "grade": false, "locked": true, "task": false} jupyter={"source_hidden": true}
# Helpers of the figures and of the exercises without points. Given: correct. Run this cell once; you need not read it.
def new_params(rng, input_size, hidden_size, classes=2, radius=1.0):
    """Fresh parameters; weight_hh is radius times an orthogonal matrix, so all its singular values are radius."""
    return {
        "weight_ih": 0.7 * rng.standard_normal((hidden_size, input_size)),
        "weight_hh": radius * np.linalg.qr(rng.standard_normal((hidden_size, hidden_size)))[0],
        "bias_ih": 0.3 * rng.standard_normal(hidden_size),
        "bias_hh": 0.3 * rng.standard_normal(hidden_size),
        "weight_ho": 0.7 * rng.standard_normal((classes, hidden_size)),
        "bias_ho": 0.3 * rng.standard_normal(classes),
    }


def radius_problem(radius):
    """Return x, h0, params and grad_last (of norm 1) of 30 steps; only weight_hh depends on the radius."""
    rng = np.random.default_rng(6)
    x, grad_last = 0.3 * rng.standard_normal((30, 4, 3)), rng.standard_normal((4, 32))
    return x, np.zeros((4, 32)), new_params(rng, 3, 32, radius=radius), grad_last / np.linalg.norm(grad_last)


def as_number(guess):
    """Return a guess as a float, or None where it is not a finite number."""
    try:
        return float(guess) if np.isfinite(float(guess)) else None
    except (TypeError, ValueError):
        return None


ONE_UNIT = {  # two steps of one unit, for a calculator
    "x": np.array([[[0.2]], [[-0.1]]]),
    "h0": np.array([[0.5]]),
    "weight_ih": np.array([[1.0]]),
    "weight_hh": np.array([[0.8]]),
    "g": np.array([[[1.0]], [[2.0]]]),
}


def four_units():
    """Return x, h0, weight_ih, weight_hh and g of two steps of four units, three samples."""
    rng = np.random.default_rng(8)
    shapes = {"x": (2, 3, 2), "h0": (3, 4), "weight_ih": (4, 2), "weight_hh": (4, 4), "g": (2, 3, 4)}
    return {name: 0.8 * rng.standard_normal(shape) for name, shape in shapes.items()}


def two_step_loss(problem, name="", nudge=0.0):
    """Return the sum of g[t] * h_t over two steps without biases; nudge is added to the value called name on the way."""
    add = {name: nudge}
    weight_hh = problem["weight_hh"] + add.get("weight_hh", 0.0)
    h0 = problem["h0"] + add.get("h0", 0.0)
    z_first = problem["x"][0] @ problem["weight_ih"].T + h0 @ weight_hh.T + add.get("z_first", 0.0)
    h_first = np.tanh(z_first) + add.get("h_first", 0.0)
    z_second = problem["x"][1] @ problem["weight_ih"].T + h_first @ weight_hh.T + add.get("z_second", 0.0)
    h_second = np.tanh(z_second) + add.get("h_second", 0.0)
    return (problem["g"][0] * h_first).sum() + (problem["g"][1] * h_second).sum()


def line_by_line(yours, problem, tolerance):
    """Print a verdict for each gradient in yours; the right ones are central differences of two_step_loss."""
    for name, value in yours.items():
        nudged = name.removeprefix("grad_")
        shape = problem["weight_hh"].shape if nudged == "weight_hh" else problem["h0"].shape
        if value is ... or value is None:
            verdict = "to do"
        elif np.size(value) != np.prod(shape):
            verdict = f"expected the shape {shape}, got {np.shape(value)}"
        else:
            slope = np.empty(shape)
            for place in np.ndindex(shape):
                nudge = np.zeros(shape)
                nudge[place] = 1e-6
                slope[place] = (two_step_loss(problem, nudged, nudge) - two_step_loss(problem, nudged, -nudge)) / 2e-6
            right = np.abs(np.reshape(value, shape) - slope).max() < tolerance * np.abs(slope).max()
            verdict = "right" if right else "not right yet: fix the first such line first"
        print(f"{name:15} {verdict}")


def second_net(x, weights, output):
    """Forward of Article A's second net: return its states (T + 1, hidden), the start first, and its outputs (T, classes)."""
    states, outputs = [np.zeros(len(weights["W"]))], []
    for x_t in x:
        states.append(1 / (1 + np.exp(-(weights["U"] @ x_t + weights["W"] @ states[-1]))))
        logits = weights["V"] @ states[-1]
        outputs.append(np.exp(logits) / np.exp(logits).sum() if output == "softmax" else 1 / (1 + np.exp(-logits)))
    return np.array(states), np.array(outputs)


def second_net_gradients(x, y, weights, output):
    """The gradients of U, V and W as the article has them: from each step at most 10 steps back, starting from o - y."""
    states, outputs = second_net(x, weights, output)
    grads = {name: np.zeros_like(weight) for name, weight in weights.items()}
    for t in range(len(x)):
        grads["V"] += np.outer(outputs[t] - y[t], states[t + 1])
        delta = weights["V"].T @ (outputs[t] - y[t]) * states[t + 1] * (1 - states[t + 1])
        for j in range(t, max(-1, t - 10), -1):
            grads["U"] += np.outer(delta, x[j])
            grads["W"] += np.outer(delta, states[j])
            delta = weights["W"].T @ delta * states[j] * (1 - states[j])
    return grads


def compare_second_net(loss, output, classes, steps):
    """Print how far the gradients of the second net are from central differences of a loss, for each array."""
    rng = np.random.default_rng(4)
    x, y = rng.standard_normal((steps, 3)), np.eye(classes)[rng.integers(classes, size=steps)]
    weights = {
        "U": rng.standard_normal((4, 3)),
        "V": rng.standard_normal((classes, 4)),
        "W": 3 * rng.standard_normal((4, 4)),
    }

    def loss_at(weights):
        o = second_net(x, weights, output)[1]
        categorical = y * np.log(o)
        return -(categorical if loss == "categorical" else categorical + (1 - y) * np.log(1 - o)).sum()

    errors = []
    for name, grad in second_net_gradients(x, y, weights, output).items():
        slope = np.empty_like(grad)
        for place in np.ndindex(grad.shape):
            nudge = np.zeros_like(grad)
            nudge[place] = 1e-6
            up, down = {**weights, name: weights[name] + nudge}, {**weights, name: weights[name] - nudge}
            slope[place] = (loss_at(up) - loss_at(down)) / 2e-6
        errors.append(f"{name} {np.linalg.norm(grad - slope) / np.linalg.norm(slope):.1e}")
    print(f"{loss:>11} loss of a {output}: relative errors " + ", ".join(errors))


def compare_layer(gradient):
    """Print how far a gradient(states, W, last_delta) of Article A's layer is from central differences, called twice."""
    rng = np.random.default_rng(782)
    U, W = 0.5 * rng.standard_normal((4, 3)), 0.5 * rng.standard_normal((4, 4))
    inputs, last_delta = rng.standard_normal((4, 3, 1)), rng.standard_normal((4, 1))

    def run_layer(W):
        states = [np.zeros((4, 1))]
        for column in inputs:
            net = U @ column + W @ states[-1]
            states.append(np.tanh(net))
        return states, (last_delta * net).sum()

    differences = np.empty((4, 4))
    for place in np.ndindex(4, 4):
        nudge = np.zeros((4, 4))
        nudge[place] = 1e-6
        differences[place] = (run_layer(W + nudge)[1] - run_layer(W - nudge)[1]) / 2e-6
    states, _ = run_layer(W)
    for call in ("first call ", "second call"):
        error = np.linalg.norm(gradient(states, W, last_delta) - differences) / np.linalg.norm(differences)
        print(f"{call}: relative error {error:.3g}")


# %% [markdown]
r"""
### 1.2 · Two steps with a calculator

One unit, two steps, no biases, $z_t = x_t + 0.8\, h_{t-1}$. The loss is $L = 1 \cdot h_0 + 2 \cdot h_1$, so the injected gradients are $g_0
= 1$ and $g_1 = 2$.

| | $x_t$ | $h_{t-1}$ | $z_t$ | $h_t = \tanh z_t$ | $1 - h_t^2$ |
| --- | --- | --- | --- | --- | --- |
| step 0 | 0.2 | 0.5 | 0.6 | 0.5370 | 0.7116 |
| step 1 | −0.1 | 0.5370 | 0.3296 | 0.3182 | 0.8988 |

Go backwards, from the last line to the first: in the code `second` is step 1, `first` is step 0. Two numbers are done; find the other four.
Two questions to answer on the way: how many readers does $h_0$, the state after step 0, have? And how many steps use the weight 0.8?

The next cell says *right* or not for each line, by nudging the number and running the two steps again. No answer key is involved.
"""

# %%
by_hand = {
    "grad_h_second": 2.0,  # the loss is its only reader: the injected gradient alone
    "grad_z_second": 1.797,  # 2 · 0.8988: times the slope of tanh at step 1
    "grad_h_first": None,  # the injected gradient 1, plus the carry that comes through z_second
    "grad_z_first": None,  # times the slope of tanh at step 0
    "grad_h0": None,  # in the start
    "grad_weight_hh": None,  # in the weight 0.8: one term a step, each grad_z times the state that the step read
}
line_by_line(by_hand, ONE_UNIT, tolerance=0.01)  # three digits are enough

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: two steps, drawn backwards with your numbers
with selfcheck.needs("line_by_line"):
    values = {name: as_number(value) for name, value in by_hand.items()}
    values["carry"] = None if values["grad_h_first"] is None else values["grad_h_first"] - 1
    shown = {name: "?" if value is None else f"{value:.4g}" for name, value in values.items()}
    fig, ax = plt.subplots(figsize=(10, 4.6), layout="constrained")
    boxes = {}
    places = {
        "h0": (0, 0),
        "cell, step 0": (2.2, 0),
        "outputs[0]": (4.4, 0),
        "cell, step 1": (6.6, 0),
        "outputs[1]": (8.8, 0),
    }
    places |= {"the loss at step 0": (4.4, 1.9), "the loss at step 1": (8.8, 1.9), "weight_hh": (4.4, -2)}
    for name, (column, row) in places.items():
        face = "lightgray" if "cell" in name else "white"
        style = {"boxstyle": "round,pad=0.5", "facecolor": face, "edgecolor": "black"}
        boxes[name] = ax.text(column, row, name, ha="center", va="center", color="black", bbox=style)
    arrows = (  # from, to, what the arrow says, where it says it
        ("the loss at step 1", "outputs[1]", "injected 2", (8.9, 0.95)),
        ("the loss at step 0", "outputs[0]", "injected 1", (4.5, 0.95)),
        ("outputs[1]", "cell, step 1", f"grad_h_second\n{shown['grad_h_second']}", (7.35, 0.35)),
        ("cell, step 1", "outputs[0]", f"carry\n{shown['carry']}", (5.3, 0.35)),
        ("outputs[0]", "cell, step 0", f"grad_h_first\n{shown['grad_h_first']}", (2.95, 0.35)),
        ("cell, step 0", "h0", f"grad_h0\n{shown['grad_h0']}", (0.4, 0.35)),
        ("cell, step 1", "weight_hh", f"grad_z_second {shown['grad_z_second']}\ntimes 0.5370", (5.9, -1.3)),
        ("cell, step 0", "weight_hh", f"grad_z_first {shown['grad_z_first']}\ntimes 0.5", (1.6, -1.3)),
    )
    for start, end, words, place in arrows:
        ends = {
            "patchA": boxes[start].get_bbox_patch(),
            "patchB": boxes[end].get_bbox_patch(),
            "shrinkA": 0,
            "shrinkB": 0,
        }
        look = {"arrowstyle": "-|>", "linewidth": 1.8, "color": "C0"}
        ax.annotate("", places[end], places[start], arrowprops=ends | look)
        ax.text(*place, words, fontsize=9)
    ax.text(4.4, -2.7, f"the two terms add: {shown['grad_weight_hh']}", ha="center", fontsize=9)
    ax.set(xlim=(-0.6, 9.9), ylim=(-2.9, 2.3))
    ax.set_axis_off()
    ax.set_title("Backwards: injected gradients come down, the carry goes left, both meet at outputs[t]")
    plt.show()

# %% [markdown]
r"""
The picture has your numbers on its arrows. At `outputs[0]` two arrows meet, and they add. At `weight_hh` two arrows meet, and they add as
well: a value used twice adds, as in a1. All of BPTT is these two sums, for T steps.

## 2 · On paper

### 2.1 · Every gradient, on an empty page

A loss $L$ looks at all states, and you know each injected gradient $g_t$. Derive (exercise 6-1P of Textbook C) the gradients
in $x_t$, in $h_{-1}$ and in the four parameters.

- Give step $t$ its own copy $W_t$ of each weight. Derive $\partial L / \partial W_t$; then set the copies equal and add.
  Never write a bare $\partial h_t / \partial W$: it does not say whether $h_{t-1}$ may move as well.
- Give each line its reason, and say the shapes. End in formulas that a loop can compute: part 4 writes that loop. Your six numbers are a test case.

Then compare with *real-time recurrent learning* (RTRL), which never goes back. While it goes forwards it updates an array of all the numbers
$\partial (h_t)_i / \partial (W_{hh})_{jm}$, where $h_{t-1}$ may move as well: one number for each $i, j, m$. Each step multiplies this array by
$W_{hh}$ over the index $i$, so every number of the new array is a sum of $H$ products. For $H$ units, one sample and $T$ steps: count time
and memory of both methods. When would you choose RTRL? Three lines are enough.

Steps count, form does not: LaTeX, plain text or a table. ({points:derive_bptt} points)
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_bptt", "solution": true, "grade": true, "locked": false, "points": 3, "task": false}
r"""
Step $t$ has its own copies $W_{ih,t}$, $W_{hh,t}$, $b_t$ and reads $z_t = x_t W_{ih,t}^\top + h_{t-1} W_{hh,t}^\top + b_t$.
Write $\delta_t = \partial L / \partial z_t$, of shape (N, H).

$$\begin{aligned}
\frac{\partial L}{\partial h_t} &= \underbrace{g_t}_{\text{injected}} + \underbrace{c_t}_{\text{carry}}
  && h_t \text{ has two readers: the loss and step } t + 1 \\
c_{T-1} &= 0 && \text{no step follows the last} \\
\delta_t &= \underbrace{(g_t + c_t) \odot (1 - h_t^2)}_{(N,\ H)} && h_t = \tanh z_t,\ \text{entry by entry} \\
(c_{t-1})_{nj} &= \sum_i (\delta_t)_{ni}\, (W_{hh,t})_{ij} && \partial z_{t,ni} / \partial h_{t-1,nj} = (W_{hh,t})_{ij} \\
c_{t-1} &= \underbrace{\delta_t\, W_{hh,t}}_{(N,\ H)} && \text{the same line, as a product} \\
\frac{\partial L}{\partial x_t} &= \underbrace{\delta_t\, W_{ih,t}}_{(N,\ \text{input\_size})}, \qquad \frac{\partial L}{\partial h_{-1}} = c_{-1}
  && h_{-1} \text{ has one reader: step } 0 \\
\frac{\partial L}{\partial W_{hh,t}} &= \underbrace{\delta_t^\top h_{t-1}}_{(H,\ H)} && \text{the copy is read in } z_t \text{ alone; } h_{t-1} \text{ stands still}
\end{aligned}$$

Set the copies equal and add, over $t = 0, \dots, T - 1$:

$$\frac{\partial L}{\partial W_{hh}} = \sum_t \delta_t^\top h_{t-1}, \qquad
\frac{\partial L}{\partial W_{ih}} = \sum_t \delta_t^\top x_t, \qquad
\frac{\partial L}{\partial b_{ih}} = \frac{\partial L}{\partial b_{hh}} = \sum_t \sum_n (\delta_t)_n.$$

The loop runs $t = T - 1, \dots, 0$: $\delta_t$ from $c_t$, then $c_{t-1}$ from $\delta_t$.

**RTRL.** BPTT keeps $T$ states of $H$ numbers and spends $O(H^2)$ a step, so $O(T H^2)$ time and $O(T H)$ memory; it can
begin only when the sequence has ended. RTRL keeps the derivative of $H$ states in about $H^2$ weights: $O(H^3)$ memory
whatever $T$ is, and multiplies it by $W_{hh}$ at each step: $O(H^4)$ a step. Both give the same gradient. RTRL pays for a few
units on a stream that never ends, or where an update is due at every step.
"""

# %% [markdown]
r"""
### 2.2 · The double sum

Split the blame by who caused it: let $\delta_{t,s}$ be the part of $\partial L / \partial z_s$ that $g_t$ alone causes. Show
(exercise 6-2, with a sample a row)

$$\frac{\partial L}{\partial W_{ih}} = \sum_t \sum_{s \le t} \delta_{t,s}^\top\, x_s, \qquad
\frac{\partial L}{\partial b_{ih}} = \sum_t \sum_{s \le t} \sum_n (\delta_{t,s})_n .$$

Say where $\delta_{t,s}$ starts and how it goes from $s$ to $s - 1$, why $s > t$ is missing, and how the $T(T + 1)/2$ terms
of these sums become the $T$ terms of 2.1. ({points:derive_weight_gradients} points)
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_weight_gradients", "solution": true, "grade": true, "locked": false, "points": 2, "task": false}
r"""
Let $g_t$ be the only injected gradient and run 2.1:

$$\begin{aligned}
\delta_{t,t} &= g_t \odot (1 - h_t^2) && \text{no carry yet} \\
\delta_{t,s-1} &= (\delta_{t,s}\, W_{hh}) \odot (1 - h_{s-1}^2) && \text{only carry: nothing is injected at } s - 1 \\
\delta_{t,s} &= 0 \quad (s > t) && h_t \text{ does not read } z_s \text{ of a later step}
\end{aligned}$$

The recursion of 2.1 is linear in the injected gradients, so the parts add: $\delta_s = \sum_{t \ge s} \delta_{t,s}$. Then

$$\begin{aligned}
\frac{\partial L}{\partial W_{ih}} &= \sum_s \delta_s^\top x_s && \text{2.1: a copy of } W_{ih} \text{ a step, then add} \\
  &= \sum_s \sum_{t \ge s} \delta_{t,s}^\top x_s && \text{the parts add} \\
  &= \sum_t \sum_{s \le t} \underbrace{\delta_{t,s}^\top x_s}_{(H,\ \text{input\_size})} && \text{the same pairs } (t, s) \text{ in another order}
\end{aligned}$$

The bias is added to every row of $z_s$, so its factor is 1 and the rows add: $\sum_t \sum_{s \le t} \sum_n (\delta_{t,s})_n$.

Read from the last line to the first, it is also the saving: all parts that stand at step $s$ meet the same $x_s$, the same
slope and the same $W_{hh}$ from there on. Add them first, walk once: $T(T + 1)/2$ terms become $T$.
"""

# %% [markdown]
r"""
## 3 · Who is to blame?

### 3.1 · The credit matrix

The double sum is a program already. For each step $t$ take its injected gradient alone and walk it back, as Article A's second net does:
two loops, slow, and hard to get wrong.
While you walk, write down how large the gradient in each state is:

- entry $[t, s]$ is the norm of what $g_t$ alone puts on the gradient in `outputs[s]`, *before* the slope of tanh at step $s$;
- so the diagonal is the norm of `grad_outputs[t]` itself, and entries with $s > t$ are 0; `h0` is not in the matrix;
- `np.linalg.norm` of a matrix is the Frobenius norm, over samples and units.

Before you run the figure, decide: the loss touches only `outputs[2]` of a sequence of 8 steps. For which $s$ is the gradient in
`outputs[s]` not zero?

<details><summary>Hint 1: the shape of the program</summary>

An outer loop over $t$, and an inner loop over $s = t, t - 1, \dots, 0$. One array, `share`, walks: it starts as `grad_outputs[t]`.
</details>
<details><summary>Hint 2: the order in the inner loop</summary>

First write down the norm of `share`. Then walk one step: through tanh at step $s$, and from $z_s$ to $h_{s-1}$. Both are lines of 2.2.
</details>
<details><summary>Hint 3: one step of the walk</summary>

`share = (share * slope of step s) @ weight_hh`, where the slope is $1 - h_s^2$ and $h_s$ is the state that *leaves* step $s$.
</details>
"""


# %% nbgrader={"schema_version": 3, "grade_id": "credit_matrix", "solution": true, "grade": false, "locked": false, "task": false}
def credit_matrix(grad_outputs, cache):
    """Return credit (T, T): [t, s] is the norm of what grad_outputs[t] alone puts on the gradient in outputs[s].

    grad_outputs is (T, N, hidden_size), cache is that of your rnn_forward. Entries with s > t are 0. Eight lines are enough.
    """
    ### BEGIN SOLUTION
    _, states, params = cache
    credit = np.zeros((len(grad_outputs), len(grad_outputs)))
    for t, share in enumerate(grad_outputs):
        for s in range(t, -1, -1):
            credit[t, s] = np.linalg.norm(share)
            share = (share * (1 - states[s + 1] ** 2)) @ params["weight_hh"]
    return credit
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_credit_matrix", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("credit_matrix")

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: the credit matrix
with selfcheck.needs("rnn_forward", "credit_matrix", "new_params"):
    rng = np.random.default_rng(0)
    T, N, params = 8, 4, new_params(rng, 3, 16)
    outputs, cache = rnn_forward(rng.standard_normal((T, N, 3)), rng.standard_normal((N, 16)), params)
    credit = np.asarray(credit_matrix(rng.standard_normal(np.shape(outputs)), cache))
    fig, ax = plt.subplots(figsize=(7, 5.5))
    image = ax.imshow(np.log10(np.where(credit > 0, credit, np.nan)), cmap="viridis")
    for t, s in np.argwhere(credit > 0):
        ax.text(s, t, f"{credit[t, s]:.2g}", ha="center", va="center", color="black" if credit[t, s] > 1.5 else "white")
    ax.set(xlabel="step s, whose state receives", ylabel="step t, which injects")
    fades = np.all(np.triu(credit, 1) == 0) and np.all(credit[1:, 0] < np.diag(credit)[1:])
    ax.set_title("Blame goes back only, and fades on the way" if fades else "Do not trust this figure yet")
    fig.colorbar(image, label="log10 of the norm")
    plt.show()

# %% [markdown]
r"""
Row 2 has three entries, at steps 0, 1 and 2: that answers the question. A row, read from the diagonal to the left, is your inner loop. A
column contains the parts that add up at one state.

## 4 · One sweep

Look at column $s$. All its parts go back from step $s$ by the same way. So add before you walk: at each step
the injected gradient joins the carry, and only their sum goes on. That is 2.1, and $T$ steps instead of $T(T + 1)/2$. At T = 400 your
double loop takes 80200 steps back, the sweep 400: 200 times fewer.

**First the mirror**, in the next cell: two steps of a net of four units, one operation a line; then each line reversed, from the last to
the first. Replace each `...` with code. No loop and no function: you read a line and write what it sends back. The last line of the cell
gives a verdict for each of yours. (No points; it is the core of `rnn_backward`.)

**Then the loop**, `rnn_backward`. With T steps the middle lines of the mirror repeat, and what one step leaves for the next is the carry.
Backward means that you compute what 2.1 says. Differences of your forward, or a walk back from each step as in part 3, give the same
numbers and cost too much: both the check and the graders measure the cost, and such a function loses points.

Three phrases of the check: the *upstream gradient* is what your backward is given, here `grad_outputs`. *Right for T = 1*: a sequence of one
step, so that no carry is needed except for `h0`. *Cut before step 2: two pieces give the whole*: steps 0 and 1 go back as one sequence, the
rest as another, whose start is the state at the cut. What the later piece gives for its `h0` is added to the last injected gradient of the
earlier piece. The two results must then be those of one call: `x` joined, parameters added.

<details><summary>Hint 1: what the loop carries</summary>

`carry` starts as zeros of the shape (N, hidden_size). The loop runs from the last step to the first. At its end `carry` is the gradient of
an array that you have not returned yet.
</details>
<details><summary>Hint 2: what to keep</summary>

Only the carry needs a loop. Keep every $\delta_t$ in one array (T, N, hidden_size), filled from the back. All the other gradients are
products of this array, taken after the loop.
</details>
<details><summary>Hint 3: the products</summary>

`delta @ weight_ih` works on all steps at once. `np.tensordot(delta, other, axes=((0, 1), (0, 1)))` sums over steps and rows; for
`weight_hh`, `other` contains the state that *enters* each step.
</details>
"""

# %%
x, h0, weight_ih, weight_hh, g = four_units().values()
z_first = x[0] @ weight_ih.T + h0 @ weight_hh.T
h_first = np.tanh(z_first)
z_second = x[1] @ weight_ih.T + h_first @ weight_hh.T
h_second = np.tanh(z_second)
loss = (g[0] * h_first).sum() + (g[1] * h_second).sum()

grad_h_second = ...  # h_second has one reader: the loss
grad_z_second = ...  # from grad_h_second, through h_second = np.tanh(z_second)
grad_h_first = ...  # h_first has two readers: the loss, and the line of z_second
grad_z_first = ...  # from grad_h_first, through h_first = np.tanh(z_first)
grad_h0 = ...  # one reader: the line of z_first
grad_weight_hh = ...  # read in two lines; the shape is (4, 4), rows are the later state

mirror = {"grad_h_second": grad_h_second, "grad_z_second": grad_z_second, "grad_h_first": grad_h_first}
mirror |= {"grad_z_first": grad_z_first, "grad_h0": grad_h0, "grad_weight_hh": grad_weight_hh}
line_by_line(mirror, four_units(), tolerance=1e-6)


# %% nbgrader={"schema_version": 3, "grade_id": "rnn_backward", "solution": true, "grade": false, "locked": false, "task": false}
def rnn_backward(grad_outputs, cache):
    """Return the dict grads of x, h0, weight_ih, weight_hh, bias_ih, bias_hh, each of the shape of its namesake.

    grad_outputs (T, N, hidden_size) holds an injected gradient for every step. One sweep: the time must grow as T does,
    not as its square. Seven lines and a dict are enough.
    """
    ### BEGIN SOLUTION
    x, states, params = cache
    slope = 1 - states[1:] ** 2
    delta = np.empty_like(slope)
    carry = np.zeros_like(slope[0])
    for t in reversed(range(len(x))):
        delta[t] = (grad_outputs[t] + carry) * slope[t]
        carry = delta[t] @ params["weight_hh"]
    return {
        "x": delta @ params["weight_ih"],
        "h0": carry,
        "weight_ih": np.tensordot(delta, x, axes=((0, 1), (0, 1))),
        "weight_hh": np.tensordot(delta, states[:-1], axes=((0, 1), (0, 1))),
        "bias_ih": delta.sum(axis=(0, 1)),
        "bias_hh": delta.sum(axis=(0, 1)),
    }
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_rnn_backward", "solution": false, "grade": true, "locked": true, "points": 8, "task": false}
selfcheck.check("rnn_backward")

# %% tags=["illustration"] jupyter={"source_hidden": true}
# PyTorch's numbers, and yours
# Gradients of torch.nn.RNN(4, 5) in float64: 3 steps, 3 samples, an injected gradient at every step. Rounded to 6 digits.
TORCH = """
outputs -0.214306 -0.974886 -0.647758 0.231562 0.905033 0.898919 -0.838277 -0.983055 0.188494 0.820569 -0.500085
0.261288 -0.800628 -0.879545 0.925089 0.911475 -0.656628 -0.848047 -0.828188 0.348204 0.546226 0.414237 -0.878027
-0.572151 0.132458 -0.638494 0.099286 -0.426381 -0.885600 0.821826 0.306853 -0.535079 0.157182 -0.078869 -0.816267
-0.810462 0.110125 -0.424194 0.112543 0.382736 -0.349169 -0.473611 -0.413411 -0.821356 0.773238;
x 0.041911 -0.064299 -0.111393 -0.056073 0.009041 0.012118 0.004054 -0.007737 -0.027401 -0.092609 -0.072673 0.014078
-0.218491 -0.105160 0.104855 0.218466 0.043088 -0.041764 -0.088218 -0.053566 0.055406 0.208941 0.170376 -0.024832
-0.023327 -0.094199 -0.078465 0.009409 0.077930 -0.020618 -0.100210 -0.087669 -0.189369 -0.192218 -0.018343 0.172396;
weight_ih 0.307845 0.308906 0.025961 -0.280853 -0.034706 0.152204 0.199179 0.063029 -0.009444 0.053131 0.066858
0.019116 -0.277238 -0.149936 0.115217 0.274439 0.166914 -0.242800 -0.429285 -0.221087;
weight_hh -0.642062 0.270390 0.412487 0.055066 -0.159629 -0.364111 -0.651986 0.303909 0.806987 0.180291 -0.320762
-0.314220 0.342482 0.528533 0.071780 0.423987 -0.498643 -0.164372 0.073776 0.199495 0.310336 0.761943 0.251357
-0.381017 -0.614128;
bias_ih -0.220396 -0.112329 -0.693584 0.060694 -0.409007;
bias_hh -0.220396 -0.112329 -0.693584 0.060694 -0.409007
"""


def wave(start, *shape):
    """Return numbers between -0.6 and 0.6 that are the same on every computer."""
    return 0.6 * np.sin(np.arange(start, start + np.prod(shape))).reshape(shape)


with selfcheck.needs("rnn_forward", "rnn_backward"):
    params = {
        "weight_ih": wave(300, 5, 4),
        "weight_hh": wave(400, 5, 5),
        "bias_ih": wave(500, 5),
        "bias_hh": wave(600, 5),
    }
    outputs, cache = rnn_forward(wave(0, 3, 3, 4), wave(100, 3, 5), params)
    yours = {"outputs": outputs, **rnn_backward(wave(200, 3, 3, 5), cache)}
    print("torch.nn.RNN(4, 5), 3 steps:")
    for line in TORCH.strip().split(";"):
        name, *numbers = line.split()
        right, own = np.array(numbers, dtype=float), np.ravel(yours[name])
        agrees = own.shape == right.shape and np.abs(own - right).max() < 1e-6
        print(
            f"{name:10} {right.size:2} numbers, the first {right[0]:+.6f}, yours {own[0]:+.6f}: {'all agree' if agrees else 'they differ'}"
        )

# %% [markdown]
r"""
These are PyTorch's own numbers, all five gradient arrays and the states, as a3 promised. `h0` has no row: the check compared it.

**Where does a mistake enter?** Look at the gradient in `x`, counted *from the end*, the order in which the sweep makes it. Last step right
and earlier ones wrong: the carry. The last step wrong as well: the step itself, or a factor. Try it: put a mistake into your own
`rnn_backward`, for example compute the carry and do not add it to the injected gradient. Then
run `selfcheck.check("rnn_backward", seed=6)`: the arrays come out as in one of the reports of part 9, to the digit. Then restore your code.

## 5 · Two published bugs

### 5.1 · A layer that overwrites its states

The first net of Article A is this recurrent layer. Its notation differs from ours:

| Article A | here |
| --- | --- |
| `states[0]`, `states[j]` | $h_{-1}$, $h_{j-1}$, with samples as columns |
| $\mathit{net}_j$ | $z_{j-1}$ |
| the error at the last `net` alone | no injected gradient but the last |

Its recursion $\delta_j^\top = \delta_{j+1}^\top\, W\, \mathrm{diag}(f'(\mathit{net}_j))$ is right. Its code has three faults, if you count so: a line
writes where it must not, an array is used in place of another, and an index is wrong. (One new line can repair two of them.) Run the cell: the
last line compares with central differences, twice on the same states.

As printed, the first call is off by 1.37 times the gradient. Fix one fault and leave the other two, and it is off by 0.747, 1.2 or 1.44:
one of the repairs alone makes it worse, since faults can hide each other. With only the index left it is off by 0.223. Fix all three, and
rounding is left, in every call.

**Write** below the code: the three faults, each with its line; which array `np.diag` gets and which the last line of the function
gets; why the second call differs from the first; your fixed lines. ({points:explain_bug_in_place} points)
"""


# %% tags=["illustration"]
def article_gradient(states, W, last_delta):
    """The gradient in W as Article A computes it, from states[0], …, states[T] and the error at the last net."""
    last = len(states) - 1
    delta = {last: last_delta}
    for j in range(last - 1, 0, -1):
        state = states[j + 1].copy()
        states[j + 1][:] = 1 - states[j + 1] ** 2  # the derivative of tanh
        delta[j] = (delta[j + 1].T @ W @ np.diag(state[:, 0])).T
    return sum(delta[j] @ states[j - 1].T for j in range(last, 0, -1))


compare_layer(article_gradient)

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "explain_bug_in_place", "solution": true, "grade": true, "locked": false, "points": 1, "task": false}
r"""
1\. **The wrong array.** `np.diag` gets `state`, the copy made before the derivative is computed. So it gets $h$ where $1 - h^2$ is due.

2\. **In place.** `states[j + 1][:] = …` writes the derivative over the stored state. So the last line, which multiplies by the states, gets
$1 - h^2$ where $h$ is due, within the first call. The second call finds derivatives in place of states and takes "derivatives" of them.

3\. **Index.** The line for `delta[j]` needs $f'(\mathit{net}_j)$, so the state of step `j`; the code takes `j + 1`.

The repair writes nothing into `states`:

```python
slope = 1 - states[j] ** 2
delta[j] = (delta[j + 1].T @ W @ np.diag(slope[:, 0])).T
```
"""

# %% [markdown]
r"""
### 5.2 · A loss that does not fit its gradient

The second net of Article A has sigmoid hidden units and a softmax at its output, $o$. From each step it walks back on its own, at most 10
steps, and starts with $o - y$. The loss it prints is the sum of *binary* cross-entropies,
$-\sum_i \big(y_i \log o_i + (1 - y_i) \log (1 - o_i)\big)$. Here $y_i$ is 1 for the right class and 0 for the others. Is $o - y$ the gradient of that loss in the numbers that enter the softmax?

The next cell runs the net, with the loss and the output that it has and with two pairs that it might have, and compares its gradients in U,
V and W with central differences of the loss.

**Write** below the code which pairs of loss and output have the gradient $o - y$, and why the third pair does not: which
factor cancels in the first two and not in the third? Then the cure (there are two). Last: set `classes` to 2
in the cell. By which constant factor is $o - y$ off now, and why does such a net still train? ({points:explain_bug_loss} points)
"""

# %% tags=["illustration"]
classes = 5
for loss, output in (("categorical", "softmax"), ("binary", "sigmoid"), ("binary", "softmax")):
    compare_second_net(loss, output, classes, steps=6)
print("The first pair again, with 20 steps, where at most 10 back are too few:")
compare_second_net("categorical", "softmax", classes, steps=20)

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "explain_bug_loss", "solution": true, "grade": true, "locked": false, "points": 1, "task": false}
r"""
$o - y$ belongs to the categorical cross-entropy of a softmax and to the binary cross-entropy of sigmoid outputs.

For a sigmoid, each output depends on its own logit alone: the loss gives $(o_i - y_i) / (o_i (1 - o_i))$ and the output's slope
$o_i (1 - o_i)$ cancels the denominator. For a softmax with one right class $c$ the categorical loss gives $-1 / o_c$ at $c$ alone,
and $o_c$ cancels against $\partial o_c / \partial z_j = o_c\, ([j = c] - o_j)$. With the binary loss the terms
$(1 - y_i) \log(1 - o_i)$ put $1 / (1 - o_i)$ on every wrong class, the softmax mixes all of them into every logit, and nothing
cancels $1 - o_i$.

Cure: print the categorical loss, $-\sum_i y_i \log o_i$ (the gradient was right, the loss was not), or take sigmoid outputs.

With two classes $o_2 = 1 - o_1$, so the binary loss is exactly twice the categorical one: $o - y$ is half its gradient. The
direction is right and the learning rate hides the factor.
"""

# %% [markdown]
r"""
## 6 · Cutting the past off

Article A's second net walks back *at most 10 steps* from each $t$: its own, and nine more across nine recurrent connections. A
*crossing* is the way from $z_t$ through $W_{hh}$ to $z_{t-1}$, and `k` counts them: `k = 9` here, at a cost of $O(T \cdot 10)$. What exactly
is cut?

- The error that $g_t$ injects reaches $z_t$ with 0 crossings, $z_{t-1}$ with 1, …, $z_{t-k}$ with $k$. There it stops.
- `k = 0`: each step alone. `weight_hh` still gets its share $\delta_t^\top h_{t-1}$: the state before it is read, not crossed.
- `h0` is $t + 1$ crossings away from step $t$. So `k = T - 1` is full but for `h0`, and `k >= T` is full.

This is a *window* that slides along with $t$: every error reaches back equally far. Others cut the sequence into
*chunks*. In PyTorch they call `detach` on the last state of a chunk: the numbers stay, their history is forgotten, and no gradient passes.
An error just after a cut then reaches nothing of the past. Write the window, not chunks.

<details><summary>Hint 1: two ways to loop</summary>

Either loop over $t$ and walk each error back at most $k$ crossings, as in part 3. Or let all errors walk at once: first all with 0
crossings, then all with 1, and so on.
</details>
<details><summary>Hint 2: all at once</summary>

`walking[s]` is the error now at $z_s$. After a crossing the error of step $s$ is at step $s - 1$: the array becomes one shorter, and what
leaves step 0 goes to `h0`.
</details>
<details><summary>Hint 3: one crossing</summary>

`crossed = walking @ weight_hh`; `crossed[0]` belongs to `h0`; `crossed[1:]`, times the slopes of the steps that it has reached, is the next
`walking`. Add each `walking` to `delta`.
</details>
"""


# %% nbgrader={"schema_version": 3, "grade_id": "rnn_backward_truncated", "solution": true, "grade": false, "locked": false, "task": false}
def rnn_backward_truncated(grad_outputs, cache, k):
    """As rnn_backward, but the error of each step crosses at most k recurrent connections (k may be 0, or above T).

    A loop over t with a short loop inside is right. So is a loop over crossings, all steps walking at once: ten lines
    and a dict. The time may grow as T · k.
    """
    ### BEGIN SOLUTION
    x, states, params = cache
    slope = 1 - states[1:] ** 2
    walking = grad_outputs * slope  # walking[s]: the error now at step s, each injected equally many steps later
    delta = walking.copy()
    grad_h0 = np.zeros_like(slope[0])
    for _ in range(min(k, len(x))):
        crossed = walking @ params["weight_hh"]
        grad_h0 += crossed[0]
        walking = crossed[1:] * slope[: len(crossed) - 1]
        delta[: len(walking)] += walking
    return {
        "x": delta @ params["weight_ih"],
        "h0": grad_h0,
        "weight_ih": np.tensordot(delta, x, axes=((0, 1), (0, 1))),
        "weight_hh": np.tensordot(delta, states[:-1], axes=((0, 1), (0, 1))),
        "bias_ih": delta.sum(axis=(0, 1)),
        "bias_hh": delta.sum(axis=(0, 1)),
    }
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_rnn_backward_truncated", "solution": false, "grade": true, "locked": true, "points": 4, "task": false}
selfcheck.check("rnn_backward_truncated")

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: what is cut off
with selfcheck.needs("rnn_forward", "credit_matrix", "rnn_backward", "rnn_backward_truncated", "new_params"):
    fig, (left, right) = plt.subplots(1, 2, figsize=(12, 4.8), layout="constrained")
    rng = np.random.default_rng(5)
    x, h0, injected = (rng.standard_normal(shape) for shape in ((12, 4, 3), (4, 16), (12, 4, 16)))
    credit = np.asarray(credit_matrix(injected, rnn_forward(x, h0, new_params(rng, 3, 16))[1]))
    image = left.imshow(np.log10(np.where(credit > 0, credit, np.nan)), cmap="viridis")
    edges, square = np.arange(13) - 0.5, np.array([0, 0, 4, 4, 0]) - 0.5
    left.step(edges - 3, edges, "k-", linewidth=2)
    left.text(5.8, 2.2, "solid: the window keeps\nwhat is right of the stairs,\nhere k = 3", va="center")
    for start in (0, 4, 8):
        left.plot(start + square, start + np.roll(square, 1), "k--")
    left.text(8.2, 5.5, "dashed:\nchunks of 4", va="center")
    left.set(
        xlabel="step s, whose state receives", ylabel="step t, which injects", xlim=(-0.6, 11.6), ylim=(11.6, -0.6)
    )
    left.set_title("A window keeps a band, chunks keep blocks")
    fig.colorbar(image, ax=left, label="log10 of the norm")
    at_four = []
    for radius, style in ((0.6, "o-"), (1.0, "s--"), (1.4, "^:")):
        rng = np.random.default_rng(5)
        x, h0, injected = (rng.standard_normal(shape) for shape in ((20, 4, 3), (4, 16), (20, 4, 16)))
        _, cache = rnn_forward(x, h0, new_params(rng, 3, 16, radius=radius))
        full = np.asarray(rnn_backward(injected, cache)["weight_hh"])
        errors = [np.linalg.norm(rnn_backward_truncated(injected, cache, k)["weight_hh"] - full) for k in range(13)]
        errors = np.array(errors) / np.linalg.norm(full)
        at_four.append(errors[4])
        right.plot(errors, style)
        right.text(12.4, errors[-1], f"radius {radius}", va="center")
    right.set_yscale("symlog", linthresh=1e-7)  # an error may be 0
    right.set(xlabel="crossings k", ylabel="relative error of weight_hh", xlim=(-0.5, 15.5), xticks=range(0, 13, 2))
    finding = "The larger the radius, the longer the past that counts"
    right.set_title(finding if 0 < at_four[0] < at_four[1] < at_four[2] else "Do not trust these lines yet")
    plt.show()

# %% [markdown]
r"""
On the left: what the window loses is the faint part; chunks of the same reach lose bright entries as well, next to the diagonal. On the
right: at k = 4 the error of `weight_hh` is 0.8 %, 8 % and 40 % of the gradient for radius 0.6, 1 and 1.4. How far back you must go is a
property of the net, not of the code.

## 7 · Dying and exploding

### 7.1 · How large is the carry?

Let the loss touch only the last state. On the way back each step multiplies by
$\mathrm{diag}(1 - h_t^2)\, W_{hh}$: over $t - s$ steps $\partial h_t / \partial h_s$ shrinks or grows like $\gamma^{t-s}$. How large is one factor $\gamma$, usually? It is at most the
largest singular value of $W_{hh}$ (how much the matrix can stretch a vector) times the largest slope of tanh, and that slope is 1 only at
$z = 0$; at $|z| = 1$ it is 0.42. In the
figures `weight_hh` is a radius times an orthogonal matrix, which stretches every vector alike: without tanh the factor is the radius. Measure it.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "state_gradient_norms", "solution": true, "grade": false, "locked": false, "task": false}
def state_gradient_norms(grad_last, cache):
    """Return (T + 1,): the norms of the gradients in h0, outputs[0], …, outputs[T - 1]; the loss touches only the last.

    grad_last (N, hidden_size) is the gradient in outputs[T - 1]; each norm is over rows and units. Six lines are enough.
    """
    ### BEGIN SOLUTION
    _, states, params = cache
    norms, grad_h = [np.linalg.norm(grad_last)], grad_last
    for h in states[:0:-1]:
        grad_h = (grad_h * (1 - h**2)) @ params["weight_hh"]
        norms.append(np.linalg.norm(grad_h))
    return np.array(norms[::-1])
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_state_gradient_norms", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("state_gradient_norms")

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: the norm of the gradient, step by step
with selfcheck.needs("rnn_forward", "state_gradient_norms", "radius_problem"):
    fig, axes = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True, layout="constrained")
    back, lower = np.arange(31), True
    for radius, style in ((0.5, "o-"), (0.9, "d-"), (1.0, "s-"), (1.5, "^-")):
        x, h0, params, grad_last = radius_problem(radius)
        norms = np.asarray(state_gradient_norms(grad_last, rnn_forward(x, h0, params)[1]))[::-1]
        lower = lower and np.all(norms[1:] < radius ** back[1:])
        for ax, line in zip(axes, (radius ** back.astype(float), norms), strict=True):
            ax.semilogy(back, line, style, markevery=3)
            ax.text(31, line[-1], f"radius {radius}", va="center")
    axes[0].set_title("No tanh: the radius is the factor")
    axes[1].set_title("With tanh: every line is lower" if lower else "With tanh: do not trust these lines yet")
    axes[0].set_ylabel("norm of the gradient")
    for ax in axes:
        ax.set(xlabel="steps back from the last", xlim=(-1, 38), xticks=range(0, 31, 5))
    axes[1].set_ylabel("norm of the gradient")
    plt.show()

# %% [markdown]
r"""
Without tanh the factor is the radius itself, so 30 steps at 0.9 leave 4 %. The slope of tanh is at most 1 and only takes away:
radius 1 dies as well (0.06 % are left), and 1.5, which would grow to 190000 without tanh, ends near 2.

### 7.2 · A net that adds instead of replacing

The residual net keeps its state and adds to it: $h_t = h_{t-1} + \tanh(z_t)$, with $z_t$ as before. Textbook C says that its gradient
cannot vanish, since the state has a way back without a factor. That is an error.

Five cures for gradients that die or explode:

| Cure | What is done |
| --- | --- |
| clipping by norm | a gradient longer than a limit is scaled down to it, before the update |
| initialisation | $W_{hh}$ starts as a chosen matrix: orthogonal, the identity, near 0 |
| non-saturating units | an activation whose slope stays away from 0 for large $z$, such as ReLU |
| gates (LSTM, GRU) | a learnt number between 0 and 1 multiplies the old state, for each unit and step |
| weight decay | the loss gets a term, $\lvert W \rvert$ or $W^2$ (L1, L2), that pulls all weights towards 0 |

**Derive** (exercise 6-3; {points:derive_residual} points):

1. how $\partial L / \partial h_{t-1}$ comes from $\partial L / \partial h_t$, with shapes;
2. why a *saturated* tanh can no longer kill the gradient, and which $W_{hh}$ kills it all the same;
3. why it can still explode, even where every singular value of $W_{hh}$ is below 1;
4. for four of the cures: which factor of your formula does it act on, and how?
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_residual", "solution": true, "grade": true, "locked": false, "points": 2, "task": false}
r"""
Write $a_t = \tanh(z_t)$ and $\partial L / \partial h_t = g_t + c_t$ as before; $h_{t-1}$ reaches $h_t$ on two paths.

$$\begin{aligned}
\delta_t &= (g_t + c_t) \odot (1 - a_t^2) && h_t = h_{t-1} + a_t;\ \text{the slope is that of } a_t, \text{ not of } h_t \\
c_{t-1} &= \underbrace{(g_t + c_t)}_{\text{identity}} + \underbrace{\delta_t\, W_{hh}}_{\text{through } z_t} && (N,\ H) \text{ both} \\
\frac{\partial h_t}{\partial h_s} &= \prod_{r=s+1}^{t} (I + D_r W_{hh}) && D_r = \mathrm{diag}(1 - a_r^2), \text{ for one sample, latest factor left}
\end{aligned}$$

**What kills it, and what does not.** Where tanh saturates, $D_r \to 0$ and the factor becomes $I$: the gradient passes unchanged, where the plain net
multiplies by 0. But the factor is a sum, and a sum can cancel: with $W_{hh} = -0.9\, I$ and $D_r$ near $I$ it is near $0.1\, I$, and 30
steps leave almost nothing. The identity path is there, and the other path takes it away.

**It can explode.** An eigenvalue $\lambda$ of $D_r W_{hh}$ becomes $1 + \lambda$. If its real part is positive, $|1 + \lambda| > 1$,
however small $\lambda$ is, and over $t - s$ steps the product grows like $(1 + \lambda)^{t-s}$. A small $W_{hh}$ makes it slow,
not impossible.

**Cures.** *Weight decay* (L1, L2) keeps $W_{hh}$ small, so $\lambda$ is near 0. *Clipping by norm* leaves the product as it is and
bounds the step that is taken with it. *Initialisation* sets the product near 1 at the start (for the plain net
$D\,W_{hh}$ near 1: orthogonal; for the residual net $W_{hh}$ near 0). *Gates* (LSTM) replace the fixed $I$ by a learnt factor
in $(0, 1)$, so the net chooses what is kept, and bring the capacity that long memories need. *Non-saturating activations* keep $D_r$
from going to 0: they help against dying, and need one of the others against exploding.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "residual_rnn_forward", "solution": true, "grade": false, "locked": false, "task": false}
def residual_rnn_forward(x, h0, params):
    """As rnn_forward, with h_t = h_{t-1} + tanh(z_t): return (outputs, cache), outputs (T, N, hidden_size).

    rnn_cell_forward gives the tanh. Backward will ask for something that outputs no longer hold. Five lines are enough.
    """
    ### BEGIN SOLUTION
    states, added = [h0], []
    for x_t in x:
        added.append(rnn_cell_forward(x_t, states[-1], params)[0])
        states.append(states[-1] + added[-1])
    return np.stack(states[1:]), (x, np.stack(states), np.stack(added), params)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_residual_rnn_forward", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("residual_rnn_forward")


# %% nbgrader={"schema_version": 3, "grade_id": "residual_rnn_backward", "solution": true, "grade": false, "locked": false, "task": false}
def residual_rnn_backward(grad_outputs, cache):
    """As rnn_backward, for the cache of residual_rnn_forward: return grads of x, h0 and the four parameters.

    One sweep again. Two lines differ from rnn_backward.
    """
    ### BEGIN SOLUTION
    x, states, added, params = cache
    slope = 1 - added**2
    delta = np.empty_like(slope)
    carry = np.zeros_like(slope[0])
    for t in reversed(range(len(x))):
        grad_h = grad_outputs[t] + carry
        delta[t] = grad_h * slope[t]
        carry = grad_h + delta[t] @ params["weight_hh"]
    return {
        "x": delta @ params["weight_ih"],
        "h0": carry,
        "weight_ih": np.tensordot(delta, x, axes=((0, 1), (0, 1))),
        "weight_hh": np.tensordot(delta, states[:-1], axes=((0, 1), (0, 1))),
        "bias_ih": delta.sum(axis=(0, 1)),
        "bias_hh": delta.sum(axis=(0, 1)),
    }
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_residual_rnn_backward", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("residual_rnn_backward")

# %%
# The next figure has two lines, for two radii. The third is yours: weight_hh = a · I. Which a kills the gradient?
third_line = None  # your a, a number


# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: the residual net
def residual_norms(x, h0, params, grad_last):
    """Norms of the gradients in h0 and in each state. The cut law: a state is the h0 of the steps after it."""
    norms, states = [], [h0, *np.asarray(residual_rnn_forward(x, h0, params)[0])]
    for t, h in enumerate(states[:-1]):
        injected = np.zeros((len(x) - t, *grad_last.shape))
        injected[-1] = grad_last
        norms.append(np.linalg.norm(residual_rnn_backward(injected, residual_rnn_forward(x[t:], h, params)[1])["h0"]))
    return [*norms, np.linalg.norm(grad_last)]


with selfcheck.needs(
    "rnn_forward", "state_gradient_norms", "residual_rnn_forward", "residual_rnn_backward", "radius_problem"
):
    fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
    back, grow = np.arange(31), True
    for radius, style, above in ((0.5, "o-", 0.2), (1.5, "^-", 5)):
        x, h0, params, grad_last = radius_problem(radius)
        norms = residual_norms(x, h0, params, grad_last)[::-1]
        grow = grow and norms[-1] > norms[0]
        ax.plot(back, norms, style, markevery=3)
        ax.text(31, norms[-1] * above, f"radius {radius}", va="center")
    title = "The residual net: both lines grow" if grow else "Do not trust these lines yet"
    factor = as_number(third_line)
    if factor is None:
        ax.text(2, 1e-8, "third_line in the cell above adds a line here")
    else:
        params["weight_hh"] = factor * np.eye(32)
        norms = residual_norms(x, h0, params, grad_last)[::-1]
        ax.plot(back, norms, "k--")
        ax.text(31, np.clip(norms[-1], 1e-17, 1e6), f"yours, a = {factor:g}", va="center")
        plain = state_gradient_norms(grad_last, rnn_forward(x, h0, params)[1])[0]
        print(
            f"weight_hh = {factor:g} · I: 30 steps leave {norms[-1]:.0e} of the gradient; the plain net leaves {plain:.0e}."
        )
        title += ", yours dies" if norms[-1] < 0.001 else ", yours does not die"
    ax.set_yscale("symlog", linthresh=1e-16)
    ax.set(xlabel="steps back from the last", ylabel="norm of the gradient", xlim=(-1, 40), ylim=(0, 1e7), title=title)
    ax.set(xticks=range(0, 31, 5), yticks=[0, 1e-15, 1e-10, 1e-5, 1, 1e5])
    plt.show()

# %% [markdown]
r"""
Over 30 steps the gradient grows 28 times at radius 0.5, where the plain net with its tanh left $3 \cdot 10^{-12}$ of it, and 180 times at 1.5.
These are not all weights. With $a = -0.9$, for example, the residual net leaves $4 \cdot 10^{-14}$ and the plain net $4 \cdot
10^{-3}$: the identity and $a$ nearly cancel. What does your $a$ leave?

### 7.3 · Clipping

When the gradient explodes its direction is still good; its length is not. So scale all arrays by one number: the norm is taken
over *every entry of every array together*, and only a norm above `max_norm` is brought down to it.

Below the check is an exercise of one line. We graded 203 public implementations of 86 authors, and fifteen of the authors had copied a clip
to ±5 *into* their backward function. Run the cell, then set `scale` to 10_000
and run it again. Which rows of `selfcheck.check("rnn_backward")` would such a function break? Clipping is a remedy for training: it is applied after the gradient and is no part of it.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "clip_grad_norm", "solution": true, "grade": false, "locked": false, "task": false}
def clip_grad_norm(grads, max_norm):
    """Return (grads, total_norm): new grads, and the norm before clipping, a float, over all arrays of the dict at once.

    At or below max_norm nothing changes, and a norm of 0 is no trouble. Three lines are enough.
    """
    ### BEGIN SOLUTION
    total_norm = float(np.linalg.norm([np.linalg.norm(grad) for grad in grads.values()]))
    scale = max_norm / total_norm if total_norm > max_norm else 1.0
    return {name: scale * grad for name, grad in grads.items()}, total_norm
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_clip_grad_norm", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("clip_grad_norm")

# %% tags=["illustration"]
scale = 1  # the injected gradient is multiplied by this

with selfcheck.needs("rnn_forward", "rnn_backward", "new_params"):
    rng = np.random.default_rng(7)
    _, cache = rnn_forward(rng.standard_normal((5, 2, 3)), np.zeros((2, 4)), new_params(rng, 3, 4))
    injected = 0.1 * rng.standard_normal((5, 2, 4))
    for name, grad in rnn_backward(scale * injected, cache).items():
        clipped = np.clip(grad, -5, 5)
        print(f"{name:10} the clipped gradient is {np.linalg.norm(clipped) / np.linalg.norm(grad):.4f} of the gradient")

# %% [markdown]
r"""
The whole gradient of a net, clipped and put to work: that is the last part.

## 8 · A net that adds

### 8.1 · All of it together

The readout and the loss are those of a3, given. Chain them: forward, readout, loss, and back the same way. With all logits equal
the loss is $\log 2 = 0.693$ for two classes, whatever T and N are: a mean taken twice shows here, and in no gradient check.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_readout", "solution": false, "grade": false, "locked": true, "task": false}
def readout_forward(outputs, params):
    """Return (logits, cache), outputs: (…, hidden_size), logits: (…, classes). Given: correct."""
    outputs = np.asarray(outputs)
    return outputs @ params["weight_ho"].T + params["bias_ho"], (outputs, params)


def readout_backward(grad_logits, cache):
    """Return the dict grads of outputs, weight_ho, bias_ho. Given: correct."""
    outputs, params = cache
    rows = grad_logits.reshape(-1, grad_logits.shape[-1])
    return {
        "outputs": grad_logits @ params["weight_ho"],
        "weight_ho": rows.T @ outputs.reshape(-1, outputs.shape[-1]),
        "bias_ho": rows.sum(axis=0),
    }


# %% nbgrader={"schema_version": 3, "grade_id": "given_sequence_loss", "solution": false, "grade": false, "locked": true, "task": false}
def sequence_loss(logits, target):
    """Return (loss, grad_logits): cross-entropy of logits (T, N, classes) with target (T, N), a mean. Given: correct."""
    shifted = logits - logits.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    right = np.eye(logits.shape[-1])[target]
    return float(-(right * log_p).sum() / np.size(target)), (np.exp(log_p) - right) / np.size(target)


def sgd_step(params, grads, lr):
    """Return new params, one step of lr against the gradient. Given: correct."""
    return {name: value - lr * np.asarray(grads[name]) for name, value in params.items()}


# %% nbgrader={"schema_version": 3, "grade_id": "loss_and_gradients", "solution": true, "grade": false, "locked": false, "task": false}
def loss_and_gradients(x, h0, target, params):
    """Return (loss, grads): sequence_loss of the readout of the RNN, and the gradients of the six parameters.

    x: (T, N, input_size), h0: (N, hidden_size), target: (T, N). Six lines are enough.
    """
    ### BEGIN SOLUTION
    outputs, rnn_cache = rnn_forward(x, h0, params)
    logits, readout_cache = readout_forward(outputs, params)
    loss, grad_logits = sequence_loss(logits, target)
    grads = readout_backward(grad_logits, readout_cache)
    grads = {**rnn_backward(grads["outputs"], rnn_cache), **grads}
    return loss, {name: grad for name, grad in grads.items() if name in params}
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_loss_and_gradients", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("loss_and_gradients")

# %% [markdown]
r"""
### 8.2 · Addition, a bit at a time

Two numbers below 128 go in bit by bit, the lowest bit first; out comes the bit of their sum. The net must remember the
carry: the one of arithmetic this time. Write the training loop: *stochastic gradient descent* (SGD), one step for each batch.

The next cell then trains two nets. 2,000 of the 16,384 pairs are held out: no training sees them.

- The net of Article B: 16 sigmoid units, sigmoid output, no biases, half the squared error, one pair an update, rate 0.1.
  It adds the update, since it starts from $y - \hat y$. It prints a line every 1000 updates.
- Yours: 16 tanh units, softmax, batches of 32, rate 1.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "train_adder", "solution": true, "grade": false, "locked": false, "task": false}
def train_adder(batches, params, lr):
    """Return (params, losses): plain SGD, one step a batch (x, target), h0 = 0; losses (steps,), each before its update.

    Seven lines are enough.
    """
    ### BEGIN SOLUTION
    losses = []
    for x, target in batches:
        h0 = np.zeros((x.shape[1], len(params["bias_hh"])))
        loss, grads = loss_and_gradients(x, h0, target, params)
        params = sgd_step(params, grads, lr)
        losses.append(loss)
    return params, np.array(losses)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_train_adder", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("train_adder")

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Two nets learn to add
PAIRS = np.stack(np.divmod(np.random.default_rng(0).permutation(128 * 128), 128))  # every a, b < 128, shuffled


def adder_digits(a, b):
    """Return x (8, N, 2), the bits of a and b, and target (8, N), the bits of a + b; the lowest bit is step 0."""
    bits = np.stack([a, b, a + b]) >> np.arange(8)[:, None, None] & 1
    return bits[:, :2].transpose(0, 2, 1).astype(float), bits[:, 2]


def adder_batches(rng, count, n=32):
    """Return count batches (x, target) of n training pairs each."""
    return [adder_digits(*PAIRS[:, rng.integers(128 * 128 - 2000, size=n)]) for _ in range(count)]


def adder_probability(x, params):
    """Return (T, N): the probability of a 1 at each step."""
    outputs, _ = rnn_forward(x, np.zeros((x.shape[1], len(params["bias_hh"]))), params)
    logits, _ = readout_forward(np.asarray(outputs), params)
    return 1 / (1 + np.exp(logits[..., 0] - logits[..., 1]))


def adder_score(params):
    """Return the share of the held-out sums of which all eight bits are right."""
    x, target = adder_digits(*PAIRS[:, -2000:])
    return float(np.mean(np.all((adder_probability(x, params) > 0.5) == target, axis=0)))


def print_sum(label, probability, a, b):
    """Print a line as Article B does: summed error, predicted bits, true bits, the sum in decimal."""
    true, bits = (a + b) >> np.arange(8) & 1, (np.asarray(probability) > 0.5).astype(int)
    words = [" ".join(map(str, row[::-1])) for row in (bits, true)]
    error = np.abs(true - probability).sum()
    print(f"{label:>5}  error {error:5.3f}  pred {words[0]}  true {words[1]}  {a} + {b} = {bits @ (1 << np.arange(8))}")


def train_article_net():
    """Train the net of Article B for 8000 updates, with its seed, and print as it does."""
    rng = np.random.RandomState(0)  # the article's seed, in the generator of its time
    U, V, W = (2 * rng.random_sample(shape) - 1 for shape in ((2, 16), (16, 1), (16, 16)))
    for update in range(8001):
        a, b = rng.randint(128), rng.randint(128)
        x, y = adder_digits(np.array([a]), np.array([b]))
        h, dz = np.zeros((9, 16)), np.zeros((9, 16))  # h[0] is the start; dz[8] is the carry into the last step
        for t in range(8):
            h[t + 1] = 1 / (1 + np.exp(-(x[t, 0] @ U + h[t] @ W)))
        guess = 1 / (1 + np.exp(-(h[1:] @ V)))
        delta = (y - guess) * guess * (1 - guess)
        for t in reversed(range(8)):
            dz[t] = (delta[t] @ V.T + dz[t + 1] @ W.T) * h[t + 1] * (1 - h[t + 1])
        U, V, W = U + 0.1 * x[:, 0].T @ dz[:8], V + 0.1 * h[1:].T @ delta, W + 0.1 * h[:8].T @ dz[:8]
        if update % 1000 == 0:
            print_sum(update, guess[:, 0], a, b)


with selfcheck.needs("train_adder", "loss_and_gradients", "rnn_forward", "rnn_backward", "new_params"):
    rng = np.random.default_rng(0)
    params, batches = new_params(rng, 2, 16), adder_batches(rng, 300)
    train_adder(batches[:1], params, lr=1.0)  # stops here if something is not written yet
    print("The net of Article B:")
    train_article_net()
    print("Your net:")
    for done in range(0, 301, 50):
        a, b = rng.integers(128, size=2)
        x, _ = adder_digits(np.array([a]), np.array([b]))
        print_sum(done, adder_probability(x, params)[:, 0], a, b)
        params, _ = train_adder(batches[done : done + 50], params, lr=1.0)
    print(f"held-out sums right: {adder_score(params):.1%}")

# %% [markdown]
r"""
After 300 batches all eight bits of all held-out sums are right. Your gradient adds. (In the article's printout the line of update 6000 is
right, and yet only 66 % of the 1000 sums before it were; of those before 8000, all.
One printed example proves little.)

### 8.3 · Does it prove that your gradient is right?

No. Take something away from the gradient and train again. The next figure does so with three mistakes, from the same start (seed 3).

**Guess.** With no carry at all (`k = 0`: no back-propagation through time), will the net still learn to add? After how many batches are all
held-out sums right?
"""

# %%
guess_adds = None  # your guess, a number of batches; 0 if it never learns to add


# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: learning with a wrong gradient
def without_carry(grad_outputs, cache):
    """Each step's own error alone: no back-propagation through time."""
    return rnn_backward_truncated(grad_outputs, cache, 0)


def last_error_only(grad_outputs, cache):
    """The errors of all steps but the last are forgotten, as in the layer of 5.1."""
    last = np.zeros_like(grad_outputs)
    last[-1] = grad_outputs[-1]
    return own_backward(last, cache)


def biases_zero(grad_outputs, cache):
    """The bias gradients are forgotten."""
    grads = own_backward(grad_outputs, cache)
    return {**grads, "bias_ih": np.zeros_like(grads["bias_ih"]), "bias_hh": np.zeros_like(grads["bias_hh"])}


with selfcheck.needs(
    "train_adder", "loss_and_gradients", "rnn_forward", "rnn_backward", "rnn_backward_truncated", "adder_score"
):
    own_backward = rnn_backward  # yours; it is called rnn_backward again when a training has ended
    runs = (
        ("right", own_backward, "o-"),
        ("no carry (k = 0)", without_carry, "s-"),
        ("bias gradients zero", biases_zero, "^--"),
        ("last step's error only", last_error_only, "x-"),
    )
    fig, ax = plt.subplots(figsize=(8, 4.5), layout="constrained")
    all_losses, first_right = {}, {}
    for name, backward, style in runs:
        rng = np.random.default_rng(3)
        batches, params, losses = adder_batches(rng, 800), new_params(rng, 2, 16), []
        rnn_backward = backward
        try:
            for done in range(20, 801, 20):
                params, more = train_adder(batches[done - 20 : done], params, lr=1.0)
                losses.extend(more)
                if adder_score(params) == 1:
                    first_right.setdefault(name, done)
        finally:
            rnn_backward = own_backward
        all_losses[name], means = losses, np.reshape(losses, (-1, 20)).mean(axis=1)
        ax.semilogy(np.arange(10, 801, 20), means, style, markevery=4)
        ax.text(
            810, means[-1], name, va={"bias gradients zero": "bottom", "no carry (k = 0)": "top"}.get(name, "center")
        )
        after = f"all sums right after {first_right[name]} batches" if name in first_right else "never all sums right"
        print(f"{name:23} {after}")
    guess = as_number(guess_adds)
    if guess is not None:
        never = guess <= 0 or guess > 800
        words = ("never" if guess <= 0 else f"{guess:g}") if never else f"{guess:g} batches"
        ax.axvline(800 if never else guess, color="C1", linestyle="--")
        ax.text(800 if never else guess, 1.5, f"your guess: {words}", ha="right" if never or guess > 400 else "left")
        print(f"your guess for no carry: {words}")
    learned = len(first_right.keys() - {"right"})
    ax.set(
        xlabel="batch", ylabel="loss, mean of 20 batches", xlim=(-10, 1090), ylim=(None, 3), xticks=range(0, 801, 100)
    )
    ax.set_title(f"{learned} mistakes of 3 learn to add" if "right" in first_right else "Do not trust these lines yet")
    if np.array_equal(all_losses["right"][:5], all_losses["no carry (k = 0)"][:5]):
        ax.set_title("Nothing was swapped: your loss_and_gradients does not call rnn_backward")
    plt.show()

# %% [markdown]
r"""
Without a single step back through time the net adds after 340 batches, and with bias gradients of zero after 100, as with the right
gradient. This start is a kind one: with other batches, the starts of seeds 0 to 4 take 200 to 2300 batches without carry. Only the last
mistake shows. A training that works says that the task was easy. It is the differences and the laws that told you your gradient is right.

Public code says the same. Among the implementations that we graded were 45 `rnn_backward` whose authors had a *gradient check*: one had
wrong numbers. Of 25 whose authors trained and looked at the loss, seven had wrong numbers (not counting the clip to ±5, which 7.3 is about).

### 8.4 · A task that needs the past

Ten bits go in; the answer is *first bit XOR last bit*, asked once, at the end. The first bit must survive nine steps, and only
the way back through time can tell the net so. The loss is the cross-entropy of the last step, a mean over N.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "train_first_xor_last", "solution": true, "grade": false, "locked": false, "task": false}
def train_first_xor_last(batches, params, lr, max_norm):
    """Return (params, losses): SGD, one step a batch (x, target), target (N,); only the last step's logits are asked.

    h0 = 0; the gradients of the six parameters are clipped together, to max_norm, before each step; losses (steps,).
    sequence_loss wants a time axis: outputs[-1:] has one. Thirteen lines are enough.
    """
    ### BEGIN SOLUTION
    losses = []
    for x, target in batches:
        outputs, rnn_cache = rnn_forward(x, np.zeros((x.shape[1], len(params["bias_hh"]))), params)
        logits, readout_cache = readout_forward(outputs[-1:], params)
        loss, grad_logits = sequence_loss(logits, np.asarray(target)[None])
        grads = readout_backward(grad_logits, readout_cache)
        grad_outputs = np.zeros_like(outputs)
        grad_outputs[-1:] = grads["outputs"]
        grads = {**rnn_backward(grad_outputs, rnn_cache), **grads}
        clipped, _ = clip_grad_norm({name: grads[name] for name in params}, max_norm)
        params = sgd_step(params, clipped, lr)
        losses.append(loss)
    return params, np.array(losses)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_train_first_xor_last", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("train_first_xor_last")


# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: first bit XOR last bit
def xor_batches(rng, count, n=32, steps=10):
    """Return count batches of x (steps, n, 1), random bits, and target (n,), first bit XOR last bit."""
    bits = [rng.integers(2, size=(steps, n)) for _ in range(count)]
    return [(b[..., None].astype(float), b[0] ^ b[-1]) for b in bits]


def xor_score(params, steps=10):
    """Return the share of all sequences of ten bits that are answered right."""
    bits = np.arange(2**steps) >> np.arange(steps)[:, None] & 1
    outputs, _ = rnn_forward(bits[..., None].astype(float), np.zeros((2**steps, len(params["bias_hh"]))), params)
    logits, _ = readout_forward(np.asarray(outputs)[-1], params)
    return float(np.mean(logits.argmax(axis=-1) == bits[0] ^ bits[-1]))


with selfcheck.needs(
    "train_first_xor_last", "rnn_forward", "rnn_backward", "rnn_backward_truncated", "clip_grad_norm", "without_carry"
):
    fig, ax = plt.subplots(figsize=(8, 4))
    ends = {"full": [], "no carry at all (k = 0)": []}
    own_backward = rnn_backward  # yours; it is called rnn_backward again when a training has ended
    for name, backward, style in (("full", own_backward, "C0o-"), ("no carry at all (k = 0)", without_carry, "C1s--")):
        for seed in range(3):
            rng = np.random.default_rng(seed)
            params, scores = new_params(rng, 1, 16), []
            for _ in range(11):
                scores.append(xor_score(params))
                rnn_backward = backward
                try:
                    params, _ = train_first_xor_last(xor_batches(rng, 20), params, lr=0.5, max_norm=1.0)
                finally:
                    rnn_backward = own_backward
            ends[name].append(scores[-1])
            ax.plot(np.arange(0, 201, 20), scores, style, label=None if seed else name)
    ax.set(xlabel="batch", ylabel="share answered right", ylim=(0.4, 1.05))
    full, none = ends.values()
    finding = min(full) == 1 and max(none) < 0.9
    ax.set_title("First XOR last: full learns it, no carry does not" if finding else "Do not trust these lines yet")
    ax.legend(loc="center right")
    plt.show()
    for name, scores in ends.items():
        print(f"{name}: " + ", ".join(f"{score:.0%}" for score in scores) + " right after 200 batches (seeds 0, 1, 2)")

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "mistake_reports", "solution": false, "grade": false, "locked": true, "task": false}
r"""
With the full gradient all 1024 sequences are right by batch 100. Without carry the three starts are at 50 %, 54 % and 63 % after batch 200, and
a coin has 50 %. To test by training, take a task that fails without the part you test.

## 9 · Six reports

Six wrong answers went through the self-check and left these reports; the list has the mistakes that they may have made. Which
mistake made which report? Ask four questions:

1. Is the last step of `x` right?
2. Which arrays agree?
3. Is it one factor throughout?
4. Which laws are broken? A *cut* breaks where what crosses from one step to the next is lost, or where steps are not added. It holds where
   every crossing is wrong in the same way. With T = 1 there is one crossing, into `h0`, and nothing to add.

You can also experiment: put a mistake from the list into your own `rnn_backward` and run `selfcheck.check("rnn_backward", seed=6)`.

<!-- mistake reports -->
"""


# %% nbgrader={"schema_version": 3, "grade_id": "name_the_mistake", "solution": true, "grade": false, "locked": false, "task": false}
def name_the_mistake():
    """Return a dict: for each report, "A" to "F", the name from the list of the mistake that made it."""
    answers = {"A": "", "B": "", "C": "", "D": "", "E": "", "F": ""}
    ### BEGIN SOLUTION
    # filled by the build
    ### END SOLUTION
    return answers


# %% nbgrader={"schema_version": 3, "grade_id": "test_name_the_mistake", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("name_the_mistake")

# %% [markdown]
r"""
## What I can now explain

Write a line to each, for yourself; nobody grades them.

- Two gradients meet in `outputs[t]`; why they add:
- Why one sweep gives what the double sum gives:
- What truncation at k loses, and when that matters:
- Why "it trains" is no proof, and what is:

**Go further.** *RTRL*: bring the total derivative of $h_t$ in `weight_hh` forwards with `np.einsum`, and find the same gradient to
rounding. *Chunks*: cut the sequence
into pieces of 5 and call `rnn_backward` on each; which entries of the credit matrix are lost? *A gate*: in
$h_t = f_t \odot h_{t-1} + (1 - f_t) \odot \tanh(z_t)$ with $f_t = \sigma(\dots)$, which path back does $f_t$ open and close?
"""

# %% tags=["illustration"]
selfcheck.summary()
