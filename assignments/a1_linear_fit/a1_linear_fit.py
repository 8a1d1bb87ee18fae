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
# a1 · Fitting a line

You fit a line to five points. It has two numbers, $w$ and $b$, and every idea of this course is already in it: a
loss, its slopes, a walk downhill, a step that is too long, and a wrong rule whose numbers look right.

| part | you write | minutes | points |
| --- | --- | --- | --- |
| 1 · The line and its loss | `predict`, `mse_loss` | 15 | {points:part 1} |
| 2 · Which way is down? | `numerical_derivative`, a derivation by hand, `mse_gradients` | 50 | {points:part 2} |
| 3 · Walk down | `gradient_descent`, `largest_stable_lr` | 40 | {points:part 3} |
| 4 · One point at a time | `online_fit`, a bug explained by hand, `counterexample` | 35 | {points:part 4} |

- **Install**: `pip install -r requirements.txt`, and keep `selfcheck.py` in the folder of this notebook. In Colab there is nothing to
  install: click the folder icon on the left and upload `selfcheck.py`, again in every new session.
- **Hand in**: Restart Kernel and Run All Cells, save (in Colab: File > Download), then submit this file under its name.
- **Stuck?** Each function has a check right below it, which draws fresh numbers each time. For the same numbers again, copy the last line
  below its table into a new cell. Or go on: a figure that needs a function you have not written says so. The code of figures is folded,
  because it answers questions; click the bar to read it. (Colab shows it: run these cells before you read them.)

*Guess* cells are never graded: write your guess, and the next figure draws it dashed.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
import selfcheck

five_x = np.array([2.0, 1.0, 3.0, 5.0, 6.0])  # the five points of the article, used in every figure
five_y = 2 * five_x - 6

plt.style.use("tableau-colorblind10")
selfcheck.install_check()

# %% [markdown]
r"""
**Notation.** Come back to this table when a sign is new.

| sign | in code | shape | meaning |
| --- | --- | --- | --- |
| $x_n,\ y_n$ | `x[n]`, `target[n]` | `x`, `target`: (N,) | input and target of sample $n$ |
| $w,\ b$ | `w`, `b` | numbers | the two numbers of the line |
| $\hat y_n = w x_n + b$ | `prediction[n]` | `prediction`: (N,) | what the line says for $x_n$ |
| $L = \frac{1}{N} \sum_n (\hat y_n - y_n)^2$ | `mse_loss(prediction, target)` | a number | the loss: how wrong the line is |
| $\frac{\partial L}{\partial w},\ \frac{\partial L}{\partial b}$ | `dw`, `db` | numbers | slope of $L$ when one of the two moves and the other is held still |
| $\eta$ | `lr` | a number above 0 | the learning rate: how far a step goes |
| $w^*$ | | a number | the best $w$: the one with the smallest loss |
| $h,\ H$ | `hessian` | a number, (2, 2) | second derivatives of $L$: how fast its slopes change (section 3.2) |

The loss divides by $N$. The slopes have a $\frac{1}{N}$ because the loss has one, and for no other reason.
"""

# %% [markdown]
r"""
## 1 · The line and its loss

An article, a tutorial on the web that we retell in our words, fits five points of $y = 2x - 6$. It starts at $w = 5$, leaves $b$ at $-6$,
goes through the points five times, updates $w$ after each point and prints it: 26 numbers with the start. Run its rule and you get all of
them. The rule is wrong all the same: on other points it runs away from the answer. In part 4 you find what is missing.

### 1.1 · The line

$\hat y_n = w x_n + b$, with the same $w$ and the same $b$ for every sample. NumPy does all samples at once: `x` is
(N,), `w` and `b` are numbers, and so the prediction is (N,).

The figure shows the points (`five_x`, `five_y`) and the line where the article starts. Before you write `predict`: with $w = 0$, what must
each of the N predictions be? Such a statement, true whatever the other numbers are, is a *law*; the checks try many of them.
"""


# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: the five points
def as_number(guess):
    """Return a guess as a float, or None where it is not a number."""
    try:
        return float(guess)
    except (TypeError, ValueError):
        return None


ends = np.array([0.0, 7.0])
plt.figure(figsize=(7, 4))
plt.vlines(five_x, five_y, 5 * five_x - 6, colors="gray", linestyles=":", label="errors of the start")
plt.plot(ends, 5 * ends - 6, "--", label="the start: w = 5, b = −6")
plt.plot(ends, 2 * ends - 6, "-", label="the goal: w = 2, b = −6")
plt.plot(five_x, five_y, "ko", label="the five points")
plt.title("At w = 5 every prediction is too high")
plt.xlabel("x")
plt.ylabel("y")
plt.legend()
plt.show()
print("The errors of the start are 6, 3, 9, 15 and 18: all positive, and the larger x is, the larger the error.")


# %% nbgrader={"schema_version": 3, "grade_id": "predict", "solution": true, "grade": false, "locked": false, "task": false}
def predict(x, w, b):
    """Return the predictions of the line, (N,), for x: (N,) and the numbers w and b.

    One line is enough, and no loop.
    """
    ### BEGIN SOLUTION
    return w * x + b
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_predict", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("predict")

# %% [markdown]
r"""
### 1.2 · One number for how wrong it is

Square each error, so that too high and too low both count. Then take the mean. For the start of the article:

$$L = \frac{6^2 + 3^2 + 9^2 + 15^2 + 18^2}{5} = \frac{675}{5} = 135$$

Three laws that your function must obey:

- prediction and target equal: the loss is 0;
- every prediction off by one: the loss is 1;
- every sample written down twice: the loss does not change. This law tells a mean from a sum.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "mse_loss", "solution": true, "grade": false, "locked": false, "task": false}
def mse_loss(prediction, target):
    """Return the mean of the squared errors, a float; prediction, target: (N,).

    One line is enough, and no loop.
    """
    ### BEGIN SOLUTION
    return float(np.mean((prediction - target) ** 2))
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_mse_loss", "solution": false, "grade": true, "locked": true, "points": 1, "task": false}
selfcheck.check("mse_loss")

# %% [markdown]
r"""
## 2 · Which way is down?

### 2.1 · Nudge it and see

At $w = 5$, $b = -6$ the loss is 135. Turn $w$ up by a little and leave $b$ alone: the change of the loss over the
size of the nudge is the slope. For any function $f$ of one number, nudge both ways and divide by the whole distance.
This is the central difference. By hand on $f(a) = a^2$, whose slope is $2a$:

$$\begin{aligned}
\frac{f(a + \varepsilon) - f(a - \varepsilon)}{2 \varepsilon}
  &= \frac{(a^2 + 2 a \varepsilon + \varepsilon^2) - (a^2 - 2 a \varepsilon + \varepsilon^2)}{2 \varepsilon}
  && \text{multiply out} \\
  &= \frac{4 a \varepsilon}{2 \varepsilon} = \underbrace{2a}_{\text{a number}}
   && \text{the } \varepsilon^2 \text{ cancel}
\end{aligned}$$

A nudge one way only, $\frac{f(a + \varepsilon) - f(a)}{\varepsilon}$, leaves $2a + \varepsilon$: off by the size of
the nudge. In every notebook of this course the nudge is how you check a formula. It needs no answer key.
"""

# %%
# Before you write it: w goes from 5 to 5.001. By how much does the loss change? It was 135.
guess_loss_change = None  # your guess, a number: the loss at w = 5.001 minus the loss at w = 5


# %% nbgrader={"schema_version": 3, "grade_id": "numerical_derivative", "solution": true, "grade": false, "locked": false, "task": false}
def numerical_derivative(f, at, eps=1e-6):
    """Return the slope of f at the number `at`, a float, by the central difference; f: float -> float.

    One line is enough.
    """
    ### BEGIN SOLUTION
    return (f(at + eps) - f(at - eps)) / (2 * eps)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_numerical_derivative", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("numerical_derivative")

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: the loss and its slope
with selfcheck.needs("predict", "mse_loss", "numerical_derivative", "as_number"):

    def loss_of(w):
        """The loss as a function of w alone, b = −6."""
        return mse_loss(predict(five_x, w, -6.0), five_y)

    ws, near = np.linspace(0, 6, 121), np.array([3.9, 6.1])
    slope, guess = numerical_derivative(loss_of, 5.0), as_number(guess_loss_change)
    plt.figure(figsize=(7, 4))
    plt.plot(ws, [loss_of(w) for w in ws], "-", label="the loss, b = −6")
    plt.plot(near, 135 + slope * (near - 5), "-.", label=f"your slope at w = 5: {slope:.2f}")
    if guess is not None:
        plt.plot(near, 135 + guess / 0.001 * (near - 5), "k--", label="your guess")
    plt.plot(5, 135, "ko")
    plt.gca().set(xlabel="w", ylabel="loss", ylim=(-10, 270))
    plt.title("The slope is the tangent: at w = 5 the loss climbs steeply")
    plt.legend()
    plt.show()
    print(f"The slope at w = 5 is {slope:.2f}, so a nudge of 0.001 changes the loss by about {0.001 * slope:.4f}.")

# %% [markdown]
r"""
### 2.2 · One value, used twice

Let $y = w \cdot x + w^2$. The one number $w$ is used in two places. Give each use a name of its own,
$y = u \cdot x + v^2$ with $u = w$ and $v = w$. A nudge of $w$ moves $u$ and $v$ both, and what the two do to $y$ adds
up:

$$\begin{aligned}
\frac{dy}{dw}
  &= \frac{\partial y}{\partial u} \frac{du}{dw} + \frac{\partial y}{\partial v} \frac{dv}{dw}
   && \text{two uses, two terms} \\
  &= x \cdot 1 + 2v \cdot 1 && \text{each use alone, the other held still} \\
  &= \underbrace{x + 2w}_{\text{one number, like } w} && u = v = w
\end{aligned}$$

At $x = 3$, $w = 5$ that is $3 + 10 = 13$. Forget a use and you get 3, or 10. Ask your nudge which it is. The rule to
take along: **a value used twice adds.** Used five times, it has five terms to add.
"""

# %% tags=["illustration"]
with selfcheck.needs("numerical_derivative"):
    slope = numerical_derivative(lambda w: w * 3 + w**2, 5.0)
    print(f"The nudge says {slope:.6f}: both uses count.")

# %% [markdown]
r"""
### 2.3 · The slope as a formula

A nudge computes the loss twice for each number, and networks have thousands of numbers. A formula gives all slopes for about the work of
computing the loss once or twice. Here it is for $w$, complete. Read each line with its reason.

$$\begin{aligned}
\frac{\partial L}{\partial w}
  &= \frac{1}{N} \sum_n \frac{\partial}{\partial w} (\hat y_n - y_n)^2
   && \text{every sample uses } w \text{, so the slopes add} \\
  &= \frac{1}{N} \sum_n 2\,(\hat y_n - y_n)\, \frac{\partial \hat y_n}{\partial w}
   && \text{chain rule; } y_n \text{ is data and stays} \\
  &= \frac{1}{N} \sum_n 2\,(\hat y_n - y_n)\, x_n && \hat y_n = w x_n + b \text{, with } b \text{ held still} \\
  &= \underbrace{\frac{2}{N} \sum_n (\hat y_n - y_n)\, x_n}_{\text{one number, like } w}
   && \text{the 2 is in every term}
\end{aligned}$$

At $w = 5$, $b = -6$:
$\frac{2}{5} (6 \cdot 2 + 3 \cdot 1 + 9 \cdot 3 + 15 \cdot 5 + 18 \cdot 6) = \frac{2}{5} \cdot 225 = 90$. Is it the
slope of your figure?

**Your turn, by hand: `derive_loss_gradient` ({points:derive_loss_gradient} points).**

1. Derive $\frac{\partial L}{\partial b}$ in the same way: a reason to the right of each line. Under the result say what it is: one number, or an array of which shape?
2. Now tie $b$ to $w$: let $b = w^2$, so that $\hat y_n = w x_n + w^2$. One value is used twice in every sample.
   Derive $\frac{dL}{dw}$ of this model, and say how it is made of the two slopes $\frac{\partial L}{\partial w}$ and
   $\frac{\partial L}{\partial b}$ that you know.

Plain text such as `dL/db = (1/N) sum_n ...` is as good as LaTeX. Steps and reasons earn the points.

**Then write both slopes** in `mse_gradients`, below your answer. Two formulas, two results, and one thing that both
need: the error $\hat y_n - y_n$. Compute it once. At the start of the article your function should say $(90,\ 20.4)$.
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "derive_loss_gradient", "solution": true, "grade": true, "locked": false, "points": 2, "task": false}
r"""
1\. The slope for $b$:

$$\begin{aligned}
\frac{\partial L}{\partial b}
  &= \frac{1}{N} \sum_n \frac{\partial}{\partial b} (\hat y_n - y_n)^2
   && \text{every sample uses } b \text{, so the slopes add} \\
  &= \frac{1}{N} \sum_n 2\,(\hat y_n - y_n)\, \frac{\partial \hat y_n}{\partial b}
   && \text{chain rule; } y_n \text{ stays} \\
  &= \frac{1}{N} \sum_n 2\,(\hat y_n - y_n) \cdot 1 && \hat y_n = w x_n + b \text{, with } w \text{ held still} \\
  &= \underbrace{\frac{2}{N} \sum_n (\hat y_n - y_n)}_{\text{one number, like } b} && \text{the 2 is in every term}
\end{aligned}$$

2\. With $b = w^2$, a nudge of $w$ moves both uses:

$$\begin{aligned}
\frac{dL}{dw}
  &= \frac{\partial L}{\partial w} \cdot 1 + \frac{\partial L}{\partial b} \cdot \frac{db}{dw}
   && \text{one value used twice adds} \\
  &= \frac{\partial L}{\partial w} + 2w\, \frac{\partial L}{\partial b} && b = w^2 \\
  &= \underbrace{\frac{2}{N} \sum_n (\hat y_n - y_n)(x_n + 2w)}_{\text{one number, like } w}
   && \text{both slopes put in}
\end{aligned}$$

It is the old slope for $w$ plus $2w$ times the slope for $b$.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "mse_gradients", "solution": true, "grade": false, "locked": false, "task": false}
def mse_gradients(x, target, w, b):
    """Return (dw, db), the slopes of mse_loss(predict(x, w, b), target), as floats; x, target: (N,).

    Two lines are enough, and no loop.
    """
    ### BEGIN SOLUTION
    error = predict(x, w, b) - target
    return float(2 * np.mean(error * x)), float(2 * np.mean(error))
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_mse_gradients", "solution": false, "grade": true, "locked": true, "points": 4, "task": false}
selfcheck.check("mse_gradients")

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: the gradient at twenty places
with selfcheck.needs("predict", "mse_loss", "mse_gradients"):
    ws, bs = np.linspace(-2, 6, 81), np.linspace(-10, -2, 81)
    loss = np.empty((81, 81))
    for row, b in enumerate(bs):
        loss[row] = [mse_loss(predict(five_x, w, b), five_y) for w in ws]
    plt.figure(figsize=(6.5, 6))
    curves = plt.contour(ws, bs, loss, levels=[1, 5, 20, 50, 100, 200], colors="gray")
    plt.clabel(curves, fmt="%d", manual=[(w, -6.75) for w in (2.4, 2.7, 3.3, 4, 4.75, 5.8)])
    for w in (-1, 0.5, 3.5, 5):
        for b in (-9, -7.5, -6, -4.5, -3):
            down = -np.array(mse_gradients(five_x, five_y, w, b), dtype=float)
            plt.quiver(w, b, *(down / np.linalg.norm(down)), angles="xy", scale=14, width=0.005)
    plt.plot(2, -6, "k*", markersize=14, label="the minimum")
    plt.gca().set(xlabel="w", ylabel="b", aspect="equal", title="Downhill leads across the valley, not along it")
    plt.legend(loc="upper right")
    plt.show()
    print("The number on a curve is its loss. Each arrow, minus the gradient, crosses the curves at a right angle.")
    print("Few arrows aim at the minimum.")

# %% [markdown]
r"""
## 3 · Walk down

### 3.1 · Gradient descent

Take a step against both slopes, then ask for the slopes again where you stand:

$$w \leftarrow w - \eta\, \frac{\partial L}{\partial w} \qquad b \leftarrow b - \eta\, \frac{\partial L}{\partial b}$$

Both slopes belong to the same place. If you change $w$ first and then ask for the slope of $b$, you ask somewhere
else. Each loss is taken *before* its update, so `losses[0]` is the loss of the start.

One step by hand, from $w = 5$, $b = -6$ with $\eta = 0.01$: $w = 5 - 0.9 = 4.1$ and $b = -6 - 0.204 = -6.204$.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "gradient_descent", "solution": true, "grade": false, "locked": false, "task": false}
def gradient_descent(x, target, w, b, lr, steps):
    """Return (w, b, losses) after the given number of steps; losses: (steps,), each taken before its update.

    Six lines are enough, with one loop over the steps.
    """
    ### BEGIN SOLUTION
    losses = np.empty(steps)
    for step in range(steps):
        losses[step] = mse_loss(predict(x, w, b), target)
        dw, db = mse_gradients(x, target, w, b)
        w, b = w - lr * dw, b - lr * db
    return w, b, losses
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_gradient_descent", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("gradient_descent")

# %%
# The learning rate has a limit. Below it the walk arrives, above it the walk explodes. And exactly at the limit?
# The loss of the start is 135. Does it fall to 0, stay, or explode? Write the loss that you expect after 400 steps.
guess_loss_at_limit = None  # your guess, a number: 1e12 for "it explodes"

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: the loss for four learning rates
with selfcheck.needs("predict", "mse_loss", "mse_gradients", "gradient_descent", "as_number"):
    limit = 0.06336320251817217  # for the five points; section 3.2 says where it comes from
    parts, styles = (0.5, 0.95, 1, 1.01), ("C0-o", "C1:s", "C3-.^", "C5-v")
    runs = [gradient_descent(five_x, five_y, 5.0, -6.0, part * limit, 401)[2] for part in parts]
    plt.figure(figsize=(7, 4.5))
    for part, losses, style in zip(parts, runs, styles, strict=True):
        plt.semilogy(losses, style, linewidth=2, markevery=50, label=f"{part} × limit")
    guess = as_number(guess_loss_at_limit)
    if guess is not None:
        plt.plot(
            [0, 440], [runs[2][0], np.clip(guess, 1e-15, 1e10)], "k--", label=f"your guess, at the limit: {guess:g}"
        )
    plt.gca().set(
        xlabel="step", ylabel="loss", ylim=(1e-16, 1e11), title="At the limit the loss stays, above it explodes"
    )
    plt.legend(loc="lower left")
    plt.show()
    print(f"After 400 steps: {runs[2][-1]:.1f} at the limit, {runs[3][-1]:.1e} at 1 % above it.")
    print("Section 3.2 says why. The last 0.1 from 135 is the direction that still shrinks.")

# %% [markdown]
r"""
### 3.2 · Where the limit comes from

One number first: a parabola $L = \frac{h}{2} (w - w^*)^2$. Its lowest point is $w^*$, its slope is $h\,(w - w^*)$, and its second
derivative, the *curvature*, is $h$.

$$\begin{aligned}
w_{\text{new}} - w^*
  &= (w - w^*) - \eta\, h\, (w - w^*) && \text{the update, minus } w^* \\
  &= \underbrace{(1 - \eta h)}_{\text{one factor, every step}} (w - w^*) && \text{take } w - w^* \text{ out}
\end{aligned}$$

The distance shrinks if the factor lies between $-1$ and 1: if $\eta h < 2$. At $\eta h = 2$ the factor is $-1$, and
you bounce for ever.

With two numbers there are two slopes, and each changes with $w$ and with $b$: four second derivatives. Written as a table they are the
matrix $H$, the *Hessian*. Its first row is how $\frac{\partial L}{\partial w}$ changes with $w$ and with $b$:

$$H = \begin{pmatrix} \partial^2 L / \partial w^2 & \partial^2 L / \partial w\, \partial b \\
  \partial^2 L / \partial b\, \partial w & \partial^2 L / \partial b^2 \end{pmatrix}
\overset{\text{five points}}{=} \begin{pmatrix} 30 & 6.8 \\ 6.8 & 2 \end{pmatrix}$$

A step of $(\Delta w, \Delta b)$ changes the slope of $w$ by $30\, \Delta w + 6.8\, \Delta b$ and the slope of $b$ by $6.8\, \Delta w + 2\, \Delta b$.
This pair of sums is what $H$ times the step means. Most steps change the slopes in another direction than their own. Two directions do not;
NumPy finds them, and you can check them:

$$\begin{aligned}
H \begin{pmatrix} 1 \\ 0.23 \end{pmatrix} &= \begin{pmatrix} 30 + 1.564 \\ 6.8 + 0.46 \end{pmatrix}
  = \begin{pmatrix} 31.564 \\ 7.26 \end{pmatrix} \approx 31.564 \begin{pmatrix} 1 \\ 0.23 \end{pmatrix} && \text{across the valley: steep} \\
H \begin{pmatrix} -0.23 \\ 1 \end{pmatrix} &= \begin{pmatrix} -6.9 + 6.8 \\ -1.564 + 2 \end{pmatrix}
  = \begin{pmatrix} -0.1 \\ 0.436 \end{pmatrix} \approx 0.436 \begin{pmatrix} -0.23 \\ 1 \end{pmatrix} && \text{along the valley: flat}
\end{aligned}$$

Who steps along one of them stays on it, and the slope changes by $h$ times the step, as on the parabola above: $h = 31.564$ or $0.436$. These
two numbers are the *eigenvalues* of $H$. Every walk is made of both directions, and each shrinks by its own factor $1 - \eta h$. The steeper
one is the first to grow: $\eta_{\text{limit}} = 2 / (\text{largest eigenvalue of } H)$, here $2 / 31.564 = 0.0634$.

**For your function:** take the derivatives of your two slopes to fill $H$ for any $x$. No target is left in it, no $w$, no $b$: the limit
depends on $x$ alone.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "largest_stable_lr", "solution": true, "grade": false, "locked": false, "task": false}
def largest_stable_lr(x):
    """Return the learning rate, a float, above which gradient_descent diverges on the inputs x: (N,).

    Two lines are enough, and no loop. np.linalg.eigvalsh(H) returns the eigenvalues, the largest last.
    """
    ### BEGIN SOLUTION
    hessian = 2 * np.array([[np.mean(x**2), np.mean(x)], [np.mean(x), 1.0]])
    return float(2 / np.linalg.eigvalsh(hessian)[-1])
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_largest_stable_lr", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("largest_stable_lr")

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: two walks downhill
with selfcheck.needs("predict", "mse_loss", "mse_gradients", "gradient_descent", "largest_stable_lr"):
    ws, bs = np.linspace(-1.5, 5.5, 71), np.linspace(-8, -4.5, 36)
    loss = np.empty((36, 71))
    for row, b in enumerate(bs):
        loss[row] = [mse_loss(predict(five_x, w, b), five_y) for w in ws]
    plt.figure(figsize=(8, 4.6))
    curves = plt.contour(ws, bs, loss, levels=[0.1, 1, 5, 20, 50, 100, 200], colors="lightgray")
    plt.clabel(curves, levels=[50], fmt="loss %d", colors="gray")
    for part, style in ((0.95, "C1:^"), (0.5, "C0-o")):
        lr = part * largest_stable_lr(five_x)
        path = [gradient_descent(five_x, five_y, 5.0, -6.0, lr, steps)[:2] for steps in range(21)]
        plt.plot(*np.transpose(path), style, markersize=5, linewidth=1, label=f"{part} × limit, 20 steps")
    for (dw, db), name in (((1, 0.23), "steep"), ((-0.23, 1), "flat")):
        plt.annotate("", (2 + dw, -6 + db), (2, -6), arrowprops={"arrowstyle": "-|>", "linewidth": 2, "color": "k"})
        plt.text(2 + 1.1 * dw, -6 + 1.05 * db, name, ha="center", va="bottom")
    plt.plot(2, -6, "k*", markersize=14, label="the minimum")
    plt.gca().set(xlabel="w", ylabel="b", aspect="equal", title="Near the limit the steep direction bounces")
    plt.legend(loc="upper right")
    plt.show()
    print("At half the limit the steep direction is done in one step; the flat one creeps along the valley.")
    print("At 0.95 of it the steep one bounces, but the flat one, which takes longest, is nearly twice as fast.")

# %% [markdown]
r"""
## 4 · One point at a time

### 4.1 · Online updates

The article does not wait for all five points. It updates after each one, and leaves $b$ at $-6$. Such updates are *online*. Take half the
squared error of that one sample as the loss, so that the 2 of the slope cancels. Its true gradient and the update are

$$\frac{\partial}{\partial w}\, \frac{1}{2} (\hat y_n - y_n)^2 = \underbrace{(\hat y_n - y_n)\, x_n}_{\text{one number, like } w}
\qquad w \leftarrow w - \eta\, (\hat y_n - y_n)\, x_n$$

Write `online_fit` with this update. (The article has another rule, which comes in 4.2.) Keep every weight: the
start, then $w$ after each update, so 5 passes over 5 samples make 26 numbers. The first update by hand, at $x = 2$
with $\eta = 0.1$: $w = 5 - 0.1 \cdot 6 \cdot 2 = 3.8$.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "online_fit", "solution": true, "grade": false, "locked": false, "task": false}
def online_fit(x, target, w, lr, passes, b=-6.0):
    """Return all weights, (passes * N + 1,): the start, then w after each update; x, target: (N,), taken in order.

    Six lines are enough: a loop over the passes, and in it a loop over the samples.
    """
    ### BEGIN SOLUTION
    weights = [w]
    for _ in range(passes):
        for x_n, y_n in zip(x, target):
            w = w - lr * (predict(x_n, w, b) - y_n) * x_n
            weights.append(w)
    return np.array(weights)
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_online_fit", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("online_fit")

# %%
# At lr = 0.1 the fifth update of your online_fit, at x = 6, multiplies the distance w - 2 by a number. Which? (0.5 would halve it.)
guess_factor = None  # your guess, a number; it may be negative

# %% tags=["illustration"] jupyter={"source_hidden": true}
# Figure: three ways to the weight
with selfcheck.needs("predict", "online_fit", "as_number"):
    runs = {lr: online_fit(five_x, five_y, 5.0, lr, 5) for lr in (0.1, 0.01)}
    article = [5.0]
    for x_n, y_n in zip(np.tile(five_x, 5), np.tile(five_y, 5), strict=True):
        article.append(article[-1] + 0.1 * (y_n - (article[-1] * x_n - 6)))
    plt.figure(figsize=(7.5, 4.5))
    plt.plot(article, "C3-.s", runs[0.1], "C1-o", runs[0.01], "C0:^", markersize=4)
    guess = as_number(guess_factor)
    if guess is not None:
        plt.plot([4, 5], [runs[0.1][4], 2 + guess * (runs[0.1][4] - 2)], "k--D")
    plt.axhline(2, color="gray", linewidth=0.8, label="_nolegend_")
    plt.text(25.5, 1.93, "the best w", ha="right", va="top")
    plt.gca().set(xlabel="update", ylabel="w", ylim=(1, 5.5))
    plt.title("At lr 0.1 the true gradient overshoots, and still arrives at 2")
    plt.legend(["the article's rule, lr 0.1", "true gradient, lr 0.1", "true gradient, lr 0.01", "your guess"])
    plt.show()
    print(f"At x = 6 and lr 0.1, w − 2 is multiplied by {(runs[0.1][5] - 2) / (runs[0.1][4] - 2):.2f}.")

# %% [markdown]
r"""
### 4.2 · Twenty-six right numbers

At 0.1 both rules arrive, and 0.01 is on its way. Your weights after each pass, by the true gradient:

| lr | pass 1 | pass 2 | pass 3 | pass 4 | pass 5 |
| --- | --- | --- | --- | --- | --- |
| 0.1 | 2.631800 | 2.133057 | 2.028022 | 2.005901 | 2.001243 |
| 0.01 | 3.245404 | 2.517011 | 2.214629 | 2.089100 | 2.036988 |

At 0.1 $w$ jumps over the goal at $x = 5$ and $x = 6$. The curvature of one sample's loss is $h = x^2$, so $\eta h$ is
2.5 and 3.6 there, above the limit of 2. The other three make up for it: a pass multiplies $w - 2$ by
$0.6 \cdot 0.9 \cdot 0.1 \cdot (-1.5) \cdot (-2.6) = 0.2106$.

The article uses another rule, `w = w + lr * (y - y_hat)`: it takes $\hat y - y$ for the slope. The next cell compares the rule with the
numbers that the article prints, and then its slope with that of your nudge.
"""

# %% tags=["illustration"]
printed = """
5 4.4 4.16 3.512 2.756 2.3024 2.24192 2.217728 2.1524096 2.0762048 2.03048192 2.024385536 2.0219469824 2.01536288768
2.00768144384 2.003072577536 2.00245806202880 2.00221225582592 2.00154857907814 2.00077428953907 2.00030971581563
2.00024777265250 2.00022299538725 2.00015609677108 2.00007804838554 2.0000312193542"""
rule, printed = [5.0], np.array(printed.split(), dtype=float)
for x_n, y_n in zip(np.tile(five_x, 5), np.tile(five_y, 5)):
    rule.append(rule[-1] + 0.1 * (y_n - (rule[-1] * x_n - 6)))
print(f"{np.isclose(rule, printed, rtol=0, atol=1e-12).sum()} of 26 numbers agree with the article to 1e-12.")
with selfcheck.needs("numerical_derivative"):  # is the rule the gradient, then? It takes y_hat - y for the slope
    print("at w = 5:  x   the rule's slope   the nudge's slope")
    for x_n, y_n in zip(five_x, five_y):
        nudge = numerical_derivative(lambda w: 0.5 * (w * x_n - 6 - y_n) ** 2, 5.0)
        print(f"{x_n:12.0f} {5 * x_n - 6 - y_n:18.3f} {nudge:19.3f}")

# %% [markdown]
r"""
**Your turn, by hand: `explain_bug_missing_x` ({points:explain_bug_missing_x} points).**

1. What is wrong in `w = w + lr * (y - y_hat)`? Write the line as it should be. Which rows of the table just printed give the bug
   away, and which row hides it?
2. Why does the rule reach 2 on these five points all the same? Find the number by which one update multiplies
   $w - 2$, and name an $x$ for which $w$ runs away instead, at the same `lr` of 0.1.
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "explain_bug_missing_x", "solution": true, "grade": true, "locked": false, "points": 1, "task": false}
r"""
1\. The slope of $\frac{1}{2} (\hat y - y)^2$ in $w$ is $(\hat y - y)\, x$, by the chain rule with
$\frac{\partial \hat y}{\partial w} = x$. The line leaves out the factor $x$. As it should be:
`w = w + lr * (y - y_hat) * x`. In the table the nudge is $x$ times the rule's slope: 2, 3, 5 and 6 times at
$x = 2, 3, 5, 6$. The row $x = 1$ hides the bug: there the two agree.

2\. On these points $y - \hat y = (2 - w)\, x$. One update of the rule multiplies $w - 2$ by $1 - 0.1\, x$: by 0.8,
0.9, 0.7, 0.5 and 0.4. All five lie between 0 and 1, since every $x$ is positive and none is large. The step has the
wrong length but the right sign. For a negative $x$ the sign is wrong too: at $x = -1$ the factor is 1.1, and $w$ runs
away from 2.
"""

# %% [markdown]
r"""
### 4.3 · Break it

Now build the data that the article should have tried. Choose `x`, `target`, a start `w` and `lr` such that, with
$b = -6$ and one pass over the samples,

- the article's rule ends at a finite $w$ that is *farther* from the best $w$ than the start, and
- the true gradient, your `online_fit`, ends *nearer* to it than the start.

Look for an $x$ at which the rule goes the wrong way, not only too far: there the true gradient is still right. At least two of the $x$
differ, and `lr` is above 0. The best $w$ is the one with the smallest loss for $b = -6$.
Points on $y = 2x - 6$ are allowed, and then the best $w$ is 2.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "counterexample", "solution": true, "grade": false, "locked": false, "task": false}
def counterexample():
    """Return (x, target, w, lr): x, target: (N,) with at least two different x; the start w; lr > 0.

    Two lines are enough.
    """
    ### BEGIN SOLUTION
    x = np.array([-1.0, -2.0])
    return x, 2 * x - 6, 5.0, 0.1
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_counterexample", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("counterexample")

# %% [markdown]
r"""
## 5 · What I can now explain

Say each one aloud, in a sentence or two. Where you get stuck, the section is in brackets.

- Why the slope for $w$ has an $x$ in it and the slope for $b$ has none. (2.3)
- What happens to the slope when a value is used twice, and when it is used N times. (2.2)
- What the walk does just below its limit, at it, and just above it. (3.2)
- Why twenty-six right numbers do not prove a rule right, and what to ask instead. (4.2)

In `a2_mlp_backprop` the line becomes a network with two layers. The chain rule, the nudge and "used twice adds" stay.

**To go further** (not graded). The valley of section 2 is long and thin: its largest curvature is 72.4 times its
smallest. This is the condition number. Shift the five $x$ so that their mean is 0. The line can still fit, with
another $b$. Run the cell. Then look at your $H$ of section 3.2: which entries have become 0, and what does that do to
the valley?
"""

# %% tags=["illustration"]
with selfcheck.needs("predict", "mse_loss", "mse_gradients", "gradient_descent", "largest_stable_lr"):
    for words, points in (("as they are", five_x), ("centred", five_x - five_x.mean())):
        losses = gradient_descent(points, five_y, 5.0, -6.0, largest_stable_lr(points) / 2, 500)[2]
        steps, ratio = np.argmax(losses < 1e-6), np.linalg.cond(np.stack([points, np.ones(5)])) ** 2
        print(f"{words:>11}: condition number {ratio:4.1f}, loss below 1e-6 after {steps} steps at half the limit")

# %% tags=["illustration"]
selfcheck.summary()
