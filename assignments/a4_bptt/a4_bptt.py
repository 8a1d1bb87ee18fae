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

You know one step of a recurrent network backwards, and two. Here you take all of them: one sweep from the last step to
the first gives every gradient. Then you cut the past off, watch gradients die and explode, and train a net that adds.

| Part | You | Minutes | Points |
| --- | --- | --- | --- |
| 1 · Forward | `rnn_forward` | 15 | {points:part 1} |
| 2 · On paper | `derive_bptt`, `derive_weight_gradients` | 45 | {points:part 2} by hand |
| 3 · Who is to blame? | `credit_matrix` | 25 | {points:part 3} |
| 4 · One sweep | `rnn_backward` | 35 | {points:part 4} |
| 5 · Two published bugs | `explain_bug_in_place`, `explain_bug_loss` | 20 | {points:part 5} by hand |
| 6 · Cutting the past off | `rnn_backward_truncated` | 20 | {points:part 6} |
| 7 · Dying and exploding | `state_gradient_norms`, the residual net, `clip_grad_norm` | 40 | {points:part 7 machine} + {points:part 7 hand} by hand |
| 8 · A net that adds | `loss_and_gradients`, `train_adder`, `train_first_xor_last` | 30 | {points:part 8} |
| 9 · Six reports | `name_the_mistake` | 10 | {points:part 9} |

Four hours; {points:machine} points by machine, {points:hand} by hand. Begin where you like: a cell that needs a function you have not written says so.
"""

# %%
import contextlib
import time

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
| `h0` | $h_{-1}$ | (N, hidden_size) | the state before step 0 |
| `grad_outputs[t]` | $g_t$ | (N, hidden_size) | the **injected gradient**: what the loss at step $t$ puts on $h_t$ directly |
| `carry` | $c_t$ | (N, hidden_size) | the **carry**: what reaches $h_t$ from step $t + 1$ |
| `weight_ih`, `weight_hh` | $W_{ih}$, $W_{hh}$ | (hidden_size, input_size), (hidden_size, hidden_size) | PyTorch's layout |
| `bias_ih`, `bias_hh` | $b_{ih}$, $b_{hh}$ | (hidden_size,) | two of them, as in PyTorch |

Steps count from 0 in code and formulas alike: $t = 0, \dots, T - 1$. Only the start is special: the array `h0` is $h_{-1}$.

The loss divides, backward never does. A `backward` returns a dict `grads`, every array under its name and in its shape.
"""

# %% [markdown]
r"""
## 1 · Forward

$$h_t = \tanh\big(\underbrace{x_t W_{ih}^\top + b_{ih} + h_{t-1} W_{hh}^\top + b_{hh}}_{z_t,\ (N,\ \text{hidden\_size})}\big)$$

```
           outputs[0]   outputs[1]   outputs[2]
               ↑            ↑            ↑
    h0 ──→ [ cell ] ──→ [ cell ] ──→ [ cell ]
               ↑            ↑            ↑
              x[0]         x[1]         x[2]
```

Every step uses the same four parameters. The cell is given below; you write the loop.
Backward will ask for every state *before* and *after* each step, so keep them all in `cache`.
`new_params` draws parameters for the figures.

An article keeps its initial state in the last slot of an array that is one too long, so that `states[t - 1]` finds it at
$t = 0$. Forget the extra slot and step 0 reads the last state, without an error. Put `h0` in front.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_rnn_cell_forward", "solution": false, "grade": false, "locked": true, "task": false}
def rnn_cell_forward(x, h_prev, params):
    """Return (h, cache) of one step, x: (N, input_size), h_prev and h: (N, hidden_size). Given: correct."""
    z = x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"]
    h = np.tanh(z)
    return h, (x, h_prev, h, params)


# %% nbgrader={"schema_version": 3, "grade_id": "given_new_params", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
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

# %% [markdown]
r"""
## 2 · On paper

### 2.1 · Every gradient, on an empty page

A loss $L$ looks at all states, and you know each injected gradient $g_t$. Derive (exercise 6-1P of a textbook) the gradients
in $x_t$, in $h_{-1}$ and in the four parameters.

- Give step $t$ its own copy $W_t$ of each weight. Derive $\partial L / \partial W_t$; then set the copies equal and add.
  Never write a bare $\partial h_t / \partial W$: it does not say whether $h_{t-1}$ may move as well.
- Give each line its reason, and say the shapes.
- End in formulas that a loop can compute. Part 4 writes that loop.

Then set *real-time recurrent learning* (RTRL) beside it. RTRL never goes back: while it goes forwards, it updates the total
derivative of every unit of $h_t$ in every weight. For $H$ units, one sample and $T$ steps: what does each of the two cost in
time and in memory, and when would you pay for RTRL? Three lines will do.

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

Split the blame by who caused it: let $\delta_{t,k}$ be the part of $\partial L / \partial z_k$ that $g_t$ alone causes. Show
(exercise 6-2, with a sample a row)

$$\frac{\partial L}{\partial W_{ih}} = \sum_t \sum_{k \le t} \delta_{t,k}^\top\, x_k, \qquad
\frac{\partial L}{\partial b_{ih}} = \sum_t \sum_{k \le t} \sum_n (\delta_{t,k})_n .$$

Say where $\delta_{t,k}$ starts and how it goes from $k$ to $k - 1$, why $k > t$ is missing, and how the $T(T + 1)/2$ terms
of these sums become the $T$ terms of 2.1. ({points:derive_weight_gradients} points)
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_weight_gradients", "solution": true, "grade": true, "locked": false, "points": 2, "task": false}
r"""
Let $g_t$ be the only injected gradient and run 2.1:

$$\begin{aligned}
\delta_{t,t} &= g_t \odot (1 - h_t^2) && \text{no carry yet} \\
\delta_{t,k-1} &= (\delta_{t,k}\, W_{hh}) \odot (1 - h_{k-1}^2) && \text{only carry: nothing is injected at } k - 1 \\
\delta_{t,k} &= 0 \quad (k > t) && h_t \text{ does not read } z_k \text{ of a later step}
\end{aligned}$$

The recursion of 2.1 is linear in the injected gradients, so the parts add: $\delta_k = \sum_{t \ge k} \delta_{t,k}$. Then

$$\begin{aligned}
\frac{\partial L}{\partial W_{ih}} &= \sum_k \delta_k^\top x_k && \text{2.1: a copy of } W_{ih} \text{ a step, then add} \\
  &= \sum_k \sum_{t \ge k} \delta_{t,k}^\top x_k && \text{the parts add} \\
  &= \sum_t \sum_{k \le t} \underbrace{\delta_{t,k}^\top x_k}_{(H,\ \text{input\_size})} && \text{the same pairs } (t, k) \text{ in another order}
\end{aligned}$$

The bias is added to every row of $z_k$, so its factor is 1 and the rows add: $\sum_t \sum_{k \le t} \sum_n (\delta_{t,k})_n$.

Read from the last line to the first, it is also the saving: all parts that stand at step $k$ meet the same $x_k$, the same
slope and the same $W_{hh}$ from there on. Add them first, walk once: $T(T + 1)/2$ terms become $T$.
"""

# %% [markdown]
r"""
## 3 · Who is to blame?

The double sum is a program already: for each step $t$, take its injected gradient alone and walk it back. An article's second net
does this. It is slow and hard to get wrong, so it is given: compare with it as often as you like.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_nested_backward", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
def nested_backward(grad_outputs, x, h0, outputs, params):
    """Return all gradients by the double sum of 2.2: T(T + 1)/2 steps back. Given: correct, and slow."""
    before = np.concatenate([h0[None], outputs[:-1]])
    names = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
    grads = {"x": np.zeros_like(x), "h0": np.zeros_like(h0)} | {name: np.zeros_like(params[name]) for name in names}
    for t in range(len(x)):
        share = grad_outputs[t]  # what the loss at step t puts on outputs[k]; k begins at t
        for k in range(t, -1, -1):
            delta = share * (1 - outputs[k] ** 2)
            grads["x"][k] += delta @ params["weight_ih"]
            grads["weight_ih"] += delta.T @ x[k]
            grads["weight_hh"] += delta.T @ before[k]
            grads["bias_ih"] += delta.sum(axis=0)
            grads["bias_hh"] += delta.sum(axis=0)
            share = delta @ params["weight_hh"]
        grads["h0"] += share
    return grads


# %% [markdown]
r"""
**Guess.** A sequence has 8 steps, and the loss touches only `outputs[2]`. For which steps $k$ is the gradient in `outputs[k]`
(and so in `x[k]`) not zero? Your guess is drawn on the next figure. It is never graded.
"""

# %%
guess_steps = None  # your guess, a list of steps: for example [0, 7]

# %% [markdown]
r"""
### 3.1 · The credit matrix

Entry $[t, k]$ is the size of what the loss at step $t$ puts on `outputs[k]`: the Frobenius norm of `share` in the loop above,
*before* the slope of tanh at step $k$. So the diagonal is the norm of `grad_outputs[t]` itself, and above it nothing.
`h0` is not in it. `np.linalg.norm` of a matrix is the Frobenius norm.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "credit_matrix", "solution": true, "grade": false, "locked": false, "task": false}
def credit_matrix(grad_outputs, cache):
    """Return credit (T, T): [t, k] is the norm of what grad_outputs[t] alone puts on the gradient in outputs[k].

    grad_outputs is (T, N, hidden_size), cache is that of your rnn_forward. Entries with k > t are 0. Eight lines are enough.
    """
    ### BEGIN SOLUTION
    _, states, params = cache
    credit = np.zeros((len(grad_outputs), len(grad_outputs)))
    for t, share in enumerate(grad_outputs):
        for k in range(t, -1, -1):
            credit[t, k] = np.linalg.norm(share)
            share = (share * (1 - states[k + 1] ** 2)) @ params["weight_hh"]
    return credit
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_credit_matrix", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("credit_matrix")

# %% tags=["illustration"]
with selfcheck.needs("rnn_forward", "credit_matrix"):
    rng = np.random.default_rng(0)
    T, N, params = 8, 4, new_params(rng, 3, 16)
    outputs, cache = rnn_forward(rng.standard_normal((T, N, 3)), rng.standard_normal((N, 16)), params)
    credit = credit_matrix(rng.standard_normal(outputs.shape), cache)
    fig, ax = plt.subplots(figsize=(7, 5.5))
    image = ax.imshow(np.log10(np.where(credit > 0, credit, np.nan)), cmap="viridis")
    for t, k in np.argwhere(credit > 0):
        ax.text(k, t, f"{credit[t, k]:.2g}", ha="center", va="center", color="black" if credit[t, k] > 1.5 else "white")
    for k in guess_steps or []:
        ax.add_patch(plt.Rectangle((k - 0.5, 1.5), 1, 1, fill=False, linestyle="--", linewidth=3, edgecolor="black"))
    ax.set(xlabel="step k, whose state receives", ylabel="step t, which injects")
    ax.set_title("Blame goes back only, and fades on the way")
    fig.colorbar(image, label="log10 of the norm")
    plt.show()

# %% [markdown]
r"""
Row 2 has three entries, at steps 0, 1 and 2. A row, read from the diagonal to the left, is the inner loop of the nested loop. A
column holds the parts that add up at one state.
"""

# %% [markdown]
r"""
## 4 · One sweep

Look at column $k$ of the matrix. All its parts go back from step $k$ by the same way. So add before you walk: at each step
the injected gradient joins the carry, and only their sum goes on. That is 2.1, and $T$ steps instead of $T(T + 1)/2$.

Two hints for speed. Only the carry needs a loop: keep all $\delta_t$ in one array (T, N, hidden_size), and take the products
for `x` and the weights after the loop, over all steps at once. `np.tensordot(a, b, axes=((0, 1), (0, 1)))` sums over steps and rows.
"""


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

# %% [markdown]
r"""
Laws that need no answer key. *Cut*: run two pieces of the sequence one after the other; backward over the second piece
gives a gradient in its `h0`; add that to the last injected gradient of the first piece, go back over it, and you have
backward over the whole. *Linear*: twice the injected gradient, twice every array. *T = 1*: one step is the cell.
"""

# %% tags=["illustration"]
selfcheck.laws("rnn_forward", "rnn_backward")

# %% [markdown]
r"""
### 4.1 · Where does a mistake enter?

When an array is wrong, look at the gradient in `x` step by step, *counted from the end*: that is the order in which the sweep
makes it. The figure compares three answers with the nested loop: yours, one without carry, and one divided by N again.
"""

# %% tags=["illustration"]
with selfcheck.needs("rnn_forward", "rnn_backward"):
    rng, params = np.random.default_rng(1), new_params(np.random.default_rng(1), 3, 8)
    x, h0, g = (rng.standard_normal(shape) for shape in ((10, 4, 3), (4, 8), (10, 4, 8)))
    outputs, cache = rnn_forward(x, h0, params)
    right, yours = nested_backward(g, x, h0, outputs, params)["x"], rnn_backward(g, cache)["x"]
    pieces = [rnn_forward(x[t, None], h, params)[1] for t, h in enumerate([h0, *outputs[:-1]])]
    alone = [rnn_backward(g[t, None], piece)["x"][0] for t, piece in enumerate(pieces)]
    fig, ax = plt.subplots(figsize=(8, 4), subplot_kw={"yscale": "log", "ylim": (1e-18, 1e4)})
    for i, (name, answer) in enumerate({"yours": yours, "no carry": alone, "over N again": yours / 4}.items()):
        gap = np.maximum(np.abs(answer - right).max(axis=(1, 2))[::-1] / np.abs(right).max(), 1e-18)
        look = {"markerfmt": f"C{i}{'os^'[i]}", "basefmt": " ", "bottom": 1e-18}
        ax.stem(np.arange(10) + 0.2 * (i - 1), gap, f"C{i}:", label=name, **look)
    ax.set(xlabel="steps from the end", ylabel="largest error, relative", title="No carry: only the last step is right")
    ax.legend(loc="upper center", ncols=3)
    plt.show()

# %% [markdown]
r"""
Rounding leaves about $10^{-16}$ or nothing. Without the carry the last step is right, since nothing comes back to it; a wrong factor
shows at the last step already. So: *last step right, earlier ones wrong* points at the carry.

### 4.2 · What does the sweep save?

**Guess.** At T = 400, how many times as long as your sweep does the nested loop take? Your guess is drawn as a cross.
"""

# %%
guess_ratio = None  # your guess, a number: nested seconds / sweep seconds at T = 400


# %% nbgrader={"schema_version": 3, "grade_id": "given_seconds_at", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
def seconds_at(T):
    """Return the seconds of nested_backward and of your rnn_backward, on a random problem of T steps."""
    rng, h0 = np.random.default_rng(2), np.zeros((2, 16))
    x, injected, params = rng.standard_normal((T, 2, 3)), rng.standard_normal((T, 2, 16)), new_params(rng, 3, 16)
    outputs, cache = rnn_forward(x, h0, params)
    nested, sweep = (lambda: nested_backward(injected, x, h0, outputs, params)), (lambda: rnn_backward(injected, cache))
    best = []
    for run, tries in ((nested, 2), (sweep, 9)):
        marks = [time.perf_counter()]
        for _ in range(tries):
            run()
            marks.append(time.perf_counter())
        best.append(np.diff(marks).min())
    return best


# %% tags=["illustration"]
with selfcheck.needs("rnn_forward", "rnn_backward"):
    lengths = np.array([25, 50, 100, 200, 400])
    nested, sweep = np.array([seconds_at(T) for T in lengths]).T
    fig, ax = plt.subplots(figsize=(7, 4))
    ax.loglog(lengths, nested, "s", label="nested loop")
    ax.loglog(lengths, nested[-1] * (lengths / 400) ** 2, "k:", label="slope 2")
    ax.loglog(lengths, sweep, "o", label="your sweep")
    ax.loglog(lengths, sweep[-1] * lengths / 400, "k--", label="slope 1")
    if guess_ratio is not None:
        ax.loglog(400, sweep[-1] * guess_ratio, "kx", markersize=12, label="your guess")
    ax.set(xlabel="steps T", ylabel="seconds", xticks=lengths, xticklabels=lengths)
    ax.set_title(f"At T = 400 the nested loop takes {nested[-1] / sweep[-1]:.0f} times as long")
    ax.minorticks_off()
    ax.legend()
    plt.show()

# %% [markdown]
r"""
The nested loop follows slope 2, the sweep slope 1: ten times the steps, a hundred times and ten times the work. At T = 400 the
loop takes 80200 steps back where the sweep takes 400.
"""

# %% [markdown]
r"""
## 5 · Two published bugs

### 5.1 · A layer that overwrites its states

An article on BPTT has this recurrent layer; states are columns, `states[0]` is the start, and the error arrives at the last
`net` alone. (It has no gradient for the input weights either. Yours does more.) Its recursion is the right one,
$\delta_k^\top = \delta_{k+1}^\top\, W\, \mathrm{diag}(f'(\mathit{net}_k))$; its code is not.

Run the next two cells. The second compares with central differences, twice on the same states.
"""


# %% tags=["illustration"]
def article_gradient(states, W, last_delta):
    """The gradient in W as the article computes it, from states[0], …, states[T] and the error at the last net."""
    last = len(states) - 1
    delta = {last: last_delta}
    for k in range(last - 1, 0, -1):
        state = states[k + 1].copy()
        states[k + 1][:] = 1 - states[k + 1] ** 2  # the derivative of tanh
        delta[k] = (delta[k + 1].T @ W @ np.diag(state[:, 0])).T
    return sum(delta[k] @ states[k - 1].T for k in range(last, 0, -1))


# %% tags=["illustration"]
with selfcheck.needs("article_gradient"):
    rng = np.random.default_rng(782)
    U, W = 0.5 * rng.standard_normal((4, 3)), 0.5 * rng.standard_normal((4, 4))
    inputs, last_delta = rng.standard_normal((4, 3, 1)), rng.standard_normal((4, 1))

    def run_layer(W):
        states = [np.zeros((4, 1))]
        for column in inputs:
            net = U @ column + W @ states[-1]
            states.append(np.tanh(net))
        return states, (last_delta * net).sum()

    states, nudges = run_layer(W)[0], 1e-6 * np.eye(16).reshape(4, 4, 4, 4)
    differences = [[(run_layer(W + nudge)[1] - run_layer(W - nudge)[1]) / 2e-6 for nudge in row] for row in nudges]
    for call in ("first call ", "second call"):
        error = np.linalg.norm(article_gradient(states, W, last_delta) - differences) / np.linalg.norm(differences)
        print(f"{call}: relative error {error:.2f}")

# %% [markdown]
r"""
The first call is off by 1.37 times the gradient, the second by 1.47 times. The loop holds two faults. Repair one at a time and run
both cells again: one repair alone leaves 1.20, the other alone 0.22, both together rounding, in every call.

**Write** in the next cell: both faults, each with its line; which array `np.diag` gets and which the last line of the function
gets; why the second call differs from the first; your repaired lines. ({points:explain_bug_in_place} points)
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "explain_bug_in_place", "solution": true, "grade": true, "locked": false, "points": 1, "task": false}
r"""
**In place.** `states[k + 1][:] = …` writes the derivative over the stored state, while `state`, the copy made one line before,
is still the state. So each reader gets the other's array: `np.diag(state)` gets $h$ where $1 - h^2$ is due, and the last line,
which multiplies by the states, gets $1 - h^2$ where $h$ is due. That happens within the first call. The second call finds
derivatives in place of states and takes "derivatives" of them.

**Index.** The line for `delta[k]` needs $f'(\mathit{net}_k)$, so the state of step `k`; the code takes `k + 1`.

The repair writes nothing into `states`:

```python
slope = 1 - states[k] ** 2
delta[k] = (delta[k + 1].T @ W @ np.diag(slope[:, 0])).T
```
"""

# %% [markdown]
r"""
### 5.2 · A loss that does not fit its gradient

The article's second net has a softmax at its output, $o$, and starts its backward pass with $o - y$. The loss it prints is the
sum of *binary* cross-entropies, $-\sum_i \big(y_i \log o_i + (1 - y_i) \log (1 - o_i)\big)$. Is $o - y$ the gradient of that? (What
follows from it is right: its readout gradient, $\sum_t (o_t - y_t)\, h_t^\top$ with columns, is that of a3.)
"""

# %% tags=["illustration"]
classes = 5
rng = np.random.default_rng(4)
z, y = rng.standard_normal((6, classes)), np.eye(classes)[rng.integers(classes, size=6)]
outputs_of = {"sigmoid": lambda z: 1 / (1 + np.exp(-z))}
outputs_of["softmax"] = lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
losses_of = {"categorical": lambda o: -(y * np.log(o)).sum()}
losses_of["binary"] = lambda o: -(y * np.log(o) + (1 - y) * np.log(1 - o)).sum()
nudges = 1e-6 * np.eye(z.size).reshape(-1, *z.shape)
for loss, output in (("categorical", "softmax"), ("binary", "sigmoid"), ("binary", "softmax")):
    up, down = ([losses_of[loss](outputs_of[output](z + sign * n)) for n in nudges] for sign in (1, -1))
    slopes = (np.array(up) - down).reshape(z.shape) / 2e-6
    error = np.linalg.norm(outputs_of[output](z) - y - slopes) / np.linalg.norm(slopes)
    print(f"{loss:>11} loss of a {output}: relative error of o - y {error:.1e}")

# %% [markdown]
r"""
**Write** in the next cell which pairs of loss and output have the gradient $o - y$, and why the third pair has not: which
factor cancels in the first two and does not in the third? Then the cure (there are two). Last: set `classes` to 2
in the cell above. By which constant factor is $o - y$ off now, and why does such a net still train? ({points:explain_bug_loss} points)
"""

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

The article's second net walks back *at most 10 steps* from each $t$: its own, and nine more across nine recurrent connections. That
is `k = 9` here, and costs $O(T \cdot 10)$. What exactly is cut?

- The error that $g_t$ injects reaches $z_t$ with 0 crossings, $z_{t-1}$ with 1, …, $z_{t-k}$ with $k$. There it stops.
- `k = 0`: each step alone. `weight_hh` still gets its share $\delta_t^\top h_{t-1}$: the state before it is read, not crossed.
- `h0` lies $t + 1$ crossings from step $t$. So `k = T - 1` is full but for `h0`, and `k >= T` is full.

This is a *window* that slides along with $t$: every error reaches back equally far. Others cut the sequence into
*chunks*, with a `detach` between them: an error just after a cut then reaches nothing of the past.
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

# %% tags=["illustration"]
selfcheck.laws("rnn_backward", "rnn_backward_truncated")

# %% tags=["illustration"]
with selfcheck.needs("rnn_forward", "credit_matrix"):
    rng = np.random.default_rng(5)
    x, h0, injected = (rng.standard_normal(shape) for shape in ((12, 4, 3), (4, 16), (12, 4, 16)))
    credit = credit_matrix(injected, rnn_forward(x, h0, new_params(rng, 3, 16))[1])
    fig, ax = plt.subplots(figsize=(7, 5.5))
    image = ax.imshow(np.log10(np.where(credit > 0, credit, np.nan)), cmap="viridis")
    edges, square = np.arange(13) - 0.5, np.array([0, 0, 4, 4, 0]) - 0.5
    ax.step(edges - 3, edges, "k-", linewidth=2, label="window, k = 3: right of the stairs")
    for start in (0, 4, 8):
        ax.plot(start + square, start + np.roll(square, 1), "k--", label=None if start else "chunks of 4")
    ax.set(xlabel="step k, whose state receives", ylabel="step t, which injects", xlim=(-0.6, 11.6), ylim=(11.6, -0.6))
    ax.set_title("A window keeps a band, chunks keep blocks")
    ax.legend(loc="upper right")
    fig.colorbar(image, label="log10 of the norm")
    plt.show()

# %% [markdown]
r"""
What lies left of the stairs is lost, and it is the faint part. Chunks of the same reach lose bright entries as well, next to the
diagonal. How much does the window cost for a net with a longer memory?
"""

# %% tags=["illustration"]
with selfcheck.needs("rnn_forward", "rnn_backward", "rnn_backward_truncated"):
    fig, ax = plt.subplots(figsize=(7, 4))
    for radius, style in ((0.6, "o-"), (1.0, "s--"), (1.4, "^:")):
        rng = np.random.default_rng(5)
        x, h0, injected = (rng.standard_normal(shape) for shape in ((20, 4, 3), (4, 16), (20, 4, 16)))
        _, cache = rnn_forward(x, h0, new_params(rng, 3, 16, radius=radius))
        full = rnn_backward(injected, cache)["weight_hh"]
        errors = [np.linalg.norm(rnn_backward_truncated(injected, cache, k)["weight_hh"] - full) for k in range(16)]
        ax.semilogy(errors / np.linalg.norm(full), style, label=f"spectral radius {radius}")
    ax.set(xlabel="crossings k", ylabel="relative error of weight_hh")
    ax.set_title("The larger the radius, the longer the past that counts")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
At k = 4 the error of `weight_hh` is 0.8 %, 8 % and 40 % of the gradient for radius 0.6, 1 and 1.4. How far back you must go is a
property of the net, not of the code.

## 7 · Dying and exploding

### 7.1 · How large is the carry?

Let the loss touch only the last state. On the way back each step multiplies by
$\mathrm{diag}(1 - h_t^2)\, W_{hh}$: over $t - k$ steps $\partial h_t / \partial h_k$ shrinks or grows like $\gamma^{t-k}$. Measure it.
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

# %% [markdown]
r"""
**Guess.** `weight_hh` is 0.9 times an orthogonal matrix (radius 0.9), and the net has no tanh. By which factor does the norm of
the gradient change at each step back? And with tanh: the same, smaller, larger? Your factor is drawn dashed.
"""

# %%
guess_factor = None  # your guess, a number: the factor of one step back at radius 0.9, without tanh


# %% nbgrader={"schema_version": 3, "grade_id": "given_radius_problem", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
def radius_problem(radius):
    """Return x, h0, params and grad_last (of norm 1) of the next figures, 30 steps; only weight_hh knows the radius."""
    rng = np.random.default_rng(6)
    x, grad_last = 0.3 * rng.standard_normal((30, 4, 3)), rng.standard_normal((4, 32))
    return x, np.zeros((4, 32)), new_params(rng, 3, 32, radius=radius), grad_last / np.linalg.norm(grad_last)


# %% tags=["illustration"]
with selfcheck.needs("rnn_forward", "state_gradient_norms"):
    fig, axes = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    back = np.arange(30, -1, -1)
    for radius, style in ((0.5, "o-"), (0.9, "d-"), (1.0, "s-"), (1.5, "^-")):
        x, h0, params, grad_last = radius_problem(radius)
        axes[0].semilogy(-back, radius**back, style, markevery=3, label=f"radius {radius}")
        axes[1].semilogy(-back, state_gradient_norms(grad_last, rnn_forward(x, h0, params)[1]), style, markevery=3)
    for ax, title in zip(axes, ("No tanh: the radius is the factor", "With tanh: every line is lower"), strict=True):
        ax.set(xlabel="steps from the last (0) back", ylabel="norm of the gradient", title=title)
        if guess_factor is not None:
            ax.semilogy(-back, float(guess_factor) ** back, "k--", label="your guess")
    axes[0].legend()
    plt.show()

# %% [markdown]
r"""
Without tanh the factor is the radius itself, so 30 steps at 0.9 leave 4 %. The slope of tanh is at most 1 and only takes away:
radius 1 dies as well (0.06 % are left), and 1.5, which would grow to 190000 without tanh, ends near 2.

### 7.2 · A net that adds instead of replacing

The residual net keeps its state and adds to it: $h_t = h_{t-1} + \tanh(z_t)$, with $z_t$ as before. **Derive** (exercise 6-3):

1. how $\partial L / \partial h_{t-1}$ comes from $\partial L / \partial h_t$, with shapes;
2. why the gradient does not die on the long way back;
3. why it can still explode, even where every singular value of $W_{hh}$ is below 1;
4. four cures, and for each which factor of your formula it acts on, and how.

({points:derive_residual} points)
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_residual", "solution": true, "grade": true, "locked": false, "points": 2, "task": false}
r"""
Write $a_t = \tanh(z_t)$ and $\partial L / \partial h_t = g_t + c_t$ as before; $h_{t-1}$ reaches $h_t$ on two paths.

$$\begin{aligned}
\delta_t &= (g_t + c_t) \odot (1 - a_t^2) && h_t = h_{t-1} + a_t;\ \text{the slope is that of } a_t, \text{ not of } h_t \\
c_{t-1} &= \underbrace{(g_t + c_t)}_{\text{identity}} + \underbrace{\delta_t\, W_{hh}}_{\text{through } z_t} && (N,\ H) \text{ both} \\
\frac{\partial h_t}{\partial h_k} &= \prod_{s=k+1}^{t} (I + D_s W_{hh}) && D_s = \mathrm{diag}(1 - a_s^2), \text{ for one sample, latest factor left}
\end{aligned}$$

**It does not die.** Multiplied out, the product holds the term $I$: one path on which nothing is multiplied. Where
tanh saturates ($D_s \to 0$) the factor becomes $I$, not 0.

**It can explode.** An eigenvalue $\lambda$ of $D_s W_{hh}$ becomes $1 + \lambda$. If its real part is positive, $|1 + \lambda| > 1$,
however small $\lambda$ is, and over $t - k$ steps the product grows like $(1 + \lambda)^{t-k}$. A small $W_{hh}$ makes it slow,
not impossible.

**Cures.** *Weight decay* (L1, L2) keeps $W_{hh}$ small, so $\lambda$ is near 0. *Clipping by norm* leaves the product as it is and
bounds the step that is taken with it. *Initialisation* sets the product near 1 at the start (for the plain net
$D\,W_{hh}$ near 1: orthogonal; for the residual net $W_{hh}$ near 0). *Gates* (LSTM) replace the fixed $I$ by a learnt factor
in $(0, 1)$, so the net chooses what is kept, and bring the capacity that long memories need. *Non-saturating activations* keep $D_s$
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

# %% tags=["illustration"]
with selfcheck.needs("residual_rnn_forward", "residual_rnn_backward"):
    fig, ax = plt.subplots(figsize=(7, 4))
    for radius, style in ((0.5, "o-"), (0.9, "d-"), (1.0, "s-"), (1.5, "^-")):
        x, h0, params, grad_last = radius_problem(radius)
        outputs, _ = residual_rnn_forward(x, h0, params)
        norms = []
        for t, h in enumerate([h0, *outputs[:-1]]):  # the cut law: h is the h0 of the piece from step t on
            injected = np.concatenate([np.zeros((29 - t, 4, 32)), grad_last[None]])
            _, cache = residual_rnn_forward(x[t:], h, params)
            norms.append(np.linalg.norm(residual_rnn_backward(injected, cache)["h0"]))
        ax.semilogy(np.arange(-30, 1), [*norms, 1], style, markevery=3, label=f"radius {radius}")
    ax.set(xlabel="steps from the last (0) back", ylabel="norm of the gradient")
    ax.set_title("The residual net: no radius dies, all grow")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
Over 30 steps the gradient grows 28 times at radius 0.5, where the plain net with its tanh left $3 \cdot 10^{-12}$ of it, and 180 times at 1.5.
The slope of tanh keeps it from worse.

### 7.3 · Clipping

When the gradient explodes its direction is still good; its length is not. So scale all arrays by one number: the norm is taken
over *every entry of every array together*, and only a norm above `max_norm` is brought down to it.
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

# %% [markdown]
r"""
One unit, 15 steps, one weight $w$: $h_t = \tanh(w\, h_{t-1} - 0.3)$ from $h_{-1} = 0.8$, and the loss is $\tfrac12 (h_{14} - 0.2)^2$.
Gradient descent (rate 0.1, 60 steps) starts at $w = 2$, once as it is and once clipped at 0.1.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_cliff", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
def cliff(w):
    """Return the loss of the one-unit net with recurrent weight w, and its gradient in w, a dict."""
    params = {
        "weight_ih": np.zeros((1, 1)),
        "weight_hh": np.array([[w]]),
        "bias_ih": np.array([-0.3]),
        "bias_hh": np.zeros(1),
    }
    outputs, cache = rnn_forward(np.zeros((15, 1, 1)), np.array([[0.8]]), params)
    injected = np.zeros((15, 1, 1))
    injected[-1] = outputs[-1] - 0.2
    return 0.5 * injected[-1].item() ** 2, {"weight_hh": rnn_backward(injected, cache)["weight_hh"]}


# %% tags=["illustration"]
with selfcheck.needs("rnn_forward", "rnn_backward", "clip_grad_norm"):
    fig, ax = plt.subplots(figsize=(8, 4))
    grid = np.linspace(0, 2.1, 500)
    ax.plot(grid, [cliff(w)[0] for w in grid], "k-", linewidth=1, label="loss")
    for max_norm, style, name in ((np.inf, "s--", "as it is"), (0.1, "o-", "clipped at 0.1")):
        path = [2.0]
        for _ in range(60):
            clipped, _ = clip_grad_norm(cliff(path[-1])[1], max_norm)
            path.append(path[-1] - 0.1 * clipped["weight_hh"].item())
        ax.plot(path, [cliff(w)[0] for w in path], style, markersize=4, label=name)
    ax.set(xlabel="recurrent weight w", ylabel="loss", title="At the cliff one step as it is throws the descent away")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
The valley at $w = 1.6$ ends in a cliff, with a slope up to 30: left of it the state falls to the other side. One step as it is jumps over
the valley, walks off and ends at a loss of 0.13; the clipped steps end in the valley, at 0.002.

## 8 · A net that adds

### 8.1 · All of it together

The readout and the loss are those of a3, given. Chain them: forward, readout, loss, and back the same way. With all logits equal
the loss is $\log 2 = 0.693$ for two classes, whatever T and N are: a mean taken twice shows here, and in no gradient check.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_readout", "solution": false, "grade": false, "locked": true, "task": false}
def readout_forward(outputs, params):
    """Return (logits, cache), outputs: (…, hidden_size), logits: (…, classes). Given: correct."""
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
    return {name: value - lr * grads[name] for name, value in params.items()}


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

Two numbers below 128 go in bit by bit, the least significant first; out comes the bit of their sum. The net must remember the
carry: the one of arithmetic this time. The cell below gives the data: 2,000 of the 16,384 pairs are held out.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_adder_data", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
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
    logits, _ = readout_forward(rnn_forward(x, np.zeros((x.shape[1], len(params["bias_hh"]))), params)[0], params)
    return 1 / (1 + np.exp(logits[..., 0] - logits[..., 1]))


def adder_score(params):
    """Return the share of the held-out sums of which all eight bits are right."""
    x, target = adder_digits(*PAIRS[:, -2000:])
    return float(np.mean(np.all((adder_probability(x, params) > 0.5) == target, axis=0)))


def print_sum(label, probability, a, b):
    """Print a line as the article does: summed error, predicted bits, true bits, the sum in decimal."""
    true, bits = (a + b) >> np.arange(8) & 1, (np.asarray(probability) > 0.5).astype(int)
    words = [" ".join(map(str, row[::-1])) for row in (bits, true)]
    error = np.abs(true - probability).sum()
    print(f"{label:>5}  error {error:5.3f}  pred {words[0]}  true {words[1]}  {a} + {b} = {bits @ (1 << np.arange(8))}")


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

# %% [markdown]
r"""
First an article's own net for the same task: 16 sigmoid units, sigmoid output, no biases, half the squared error, one pair an
update, rate 0.1. It adds the update, since it starts from $y - \hat y$. Its printout, every 1000 updates:
"""

# %% tags=["illustration"]
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

# %% [markdown]
r"""
At update 6000 the line is right, and yet only 66 % of the 1000 sums before it were; of those before 8000, all. One printed example
proves little. Now yours: 16 tanh units, softmax, batches of 32, rate 1.
"""

# %% tags=["illustration"]
with selfcheck.needs("train_adder", "loss_and_gradients", "rnn_forward", "rnn_backward"):
    rng = np.random.default_rng(0)
    params, batches = new_params(rng, 2, 16), adder_batches(rng, 300)
    for done in range(0, 301, 50):
        a, b = rng.integers(128, size=2)
        x, _ = adder_digits(np.array([a]), np.array([b]))
        print_sum(done, adder_probability(x, params)[:, 0], a, b)
        params, _ = train_adder(batches[done : done + 50], params, lr=1.0)
    print(f"held-out sums right: {adder_score(params):.1%}")

# %% [markdown]
r"""
After 300 batches all eight bits of all held-out sums are right. Your gradients add.

### 8.3 · Does it prove that they are right?

Take one thing of yours away and train again with your own `train_adder`. The cell below swaps one function for a wrong one while
it runs, and puts yours back.

**Guess.** With no carry at all in your backward (`k = 0`: no back-propagation through time), will the net still learn to add? After
how many batches?
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_swapped", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
@contextlib.contextmanager
def swapped(name, make_wrong):
    """While inside, the function called name is make_wrong(yours); afterwards it is yours again."""
    yours = globals()[name]
    globals()[name] = make_wrong(yours)
    try:
        yield
    finally:
        globals()[name] = yours


# %% nbgrader={"schema_version": 3, "grade_id": "given_mistakes", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
def no_carry(yours):
    return lambda grad_outputs, cache: rnn_backward_truncated(grad_outputs, cache, 0)


def biases_times(factor):
    """Each bias gradient times a factor: 0 is forgotten, 1 / N is a mean where a sum is due."""
    return lambda yours: lambda g, cache: {n: v * (factor if "bias" in n else 1) for n, v in yours(g, cache).items()}


def extra_factor(yours):
    """The slope p(1 - p) once too often, in the gradient of the logits of two classes."""

    def wrong(logits, target):
        loss, grad = yours(logits, target)
        p = 1 / (1 + np.exp(logits[..., ::-1] - logits))
        return loss, grad * p * (1 - p)

    return wrong


def last_error_only(yours):
    return lambda g, cache: yours(g * (np.arange(len(g)) == len(g) - 1)[:, None, None], cache)


MISTAKES = {  # label: the function that is swapped, and what it is swapped for
    "right": ("rnn_backward", lambda yours: yours),
    "no carry at all (k = 0)": ("rnn_backward", no_carry),
    "bias gradients zero": ("rnn_backward", biases_times(0)),
    "bias gradients over N": ("rnn_backward", biases_times(1 / 32)),
    "extra p(1 - p)": ("sequence_loss", extra_factor),
    "last step's error only": ("rnn_backward", last_error_only),
}

# %%
guess_adds = None  # your guess, a number of batches; 0 if it never learns to add

# %% tags=["illustration"]
with selfcheck.needs("train_adder", "loss_and_gradients", "rnn_forward", "rnn_backward", "rnn_backward_truncated"):
    fig, ax = plt.subplots(figsize=(7, 4.5))
    for (name, (function, wrong)), style in zip(MISTAKES.items(), ("o-", "s-", "^--", "v--", "d:", "x-"), strict=True):
        rng = np.random.default_rng(3)
        with swapped(function, wrong):
            params, losses = train_adder(adder_batches(rng, 800), new_params(rng, 2, 16), lr=1.0)
        label = f"{name}: {adder_score(params):.0%} of sums right"
        ax.semilogy(np.arange(10, 801, 20), losses.reshape(-1, 20).mean(axis=1), style, markevery=4, label=label)
    if guess_adds is not None:
        ax.axvline(float(guess_adds), color="black", linestyle="--", label="your guess")
    ax.set(xlabel="batch", ylabel="loss, mean of 20 batches", title="Four mistakes of five learn to add")
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    plt.show()

# %% [markdown]
r"""
Without a single step back through time the net adds, and with bias gradients of zero, too. This start is a kind one: five others
take 200 to 2300 batches without carry, but each of them gets there. Only the last mistake shows: an error
injected at the last step alone, like that of the layer in 5.1. A training that works says that the task was easy. It is
the differences and the laws that told you your gradient is right.

### 8.4 · A task that needs the past

Ten bits go in; the answer is *first bit XOR last bit*, asked once, at the end. The first bit must survive nine steps, and only
the way back through time can tell the net so. The loss is the cross-entropy of the last step, a mean over N.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "given_xor_data", "solution": false, "grade": false, "locked": true, "task": false} tags=["illustration"]
def xor_batches(rng, count, n=32, steps=10):
    """Return count batches of x (steps, n, 1), random bits, and target (n,), first bit XOR last bit."""
    bits = [rng.integers(2, size=(steps, n)) for _ in range(count)]
    return [(b[..., None].astype(float), b[0] ^ b[-1]) for b in bits]


def xor_score(params, steps=10):
    """Return the share of all sequences of ten bits that are answered right."""
    bits = np.arange(2**steps) >> np.arange(steps)[:, None] & 1
    outputs, _ = rnn_forward(bits[..., None].astype(float), np.zeros((2**steps, len(params["bias_hh"]))), params)
    logits, _ = readout_forward(outputs[-1], params)
    return float(np.mean(logits.argmax(axis=-1) == bits[0] ^ bits[-1]))


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

# %% tags=["illustration"]
with selfcheck.needs("train_first_xor_last", "rnn_forward", "rnn_backward", "rnn_backward_truncated", "clip_grad_norm"):
    fig, ax = plt.subplots(figsize=(8, 4))
    for name, wrong, style in (("full", lambda yours: yours, "C0o-"), ("no carry at all (k = 0)", no_carry, "C1s--")):
        for seed in range(3):
            rng = np.random.default_rng(seed)
            params, scores = new_params(rng, 1, 16), []
            for _ in range(11):
                scores.append(xor_score(params))
                with swapped("rnn_backward", wrong):
                    params, _ = train_first_xor_last(xor_batches(rng, 20), params, lr=0.5, max_norm=1.0)
            ax.plot(np.arange(0, 201, 20), scores, style, label=None if seed else name)
    ax.set(xlabel="batch", ylabel="share answered right", title="First XOR last: full learns it, no carry does not")
    ax.legend()
    plt.show()

# %% [markdown]
r"""
Three starts each. With the full gradient all 1024 sequences are right by batch 100; without carry the three are at 50 %, 54 % and 63 % after
batch 200, and a coin has 50 %. To test by training, take a task that fails without the part you test.

## 9 · Six reports

Six wrong answers went through the self-check and left the reports below; the list has the mistakes that they may have made. Which
mistake made which report? Ask three questions: is the last step right, which arrays agree, is it one factor throughout?
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "mistake_reports", "solution": false, "grade": false, "locked": true, "task": false}
r"""
### The reports

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

**Go further.** *RTRL*: bring the total derivative of $h_t$ in `weight_hh` forwards with `np.einsum`, and find the same gradient to rounding. *Chunks*: cut the sequence
into pieces of 5 and call `rnn_backward` on each; which entries of the credit matrix are lost? *A gate*: in
$h_t = f_t \odot h_{t-1} + (1 - f_t) \odot \tanh(z_t)$ with $f_t = \sigma(\dots)$, which path back does $f_t$ open and close?
"""

# %% tags=["illustration"]
selfcheck.summary()
