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
# Two gates · {points:all} points

A cell keeps a state $c$. One gate says how much of it stays, the other how much of a candidate $g$ comes in.
"""

# %%
import numpy as np
import selfcheck

# %% [markdown]
r"""
## 1 · Both gates at once

$$\sigma\!\left(x W_{ih}^\top + b_{ih} + h W_{hh}^\top + b_{hh}\right)$$

`weight_ih` is (2H, inputs) and `weight_hh` is (2H, H): first the rows of the forget gate, then those of the input gate.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "gates", "solution": true, "grade": false, "locked": false, "task": false}
def gates(x, h, params):
    """Return both gates, (N, 2H), for x: (N, inputs), h: (N, H) and the dict params. Two lines are enough."""
    ### BEGIN SOLUTION
    net = x @ params["weight_ih"].T + params["bias_ih"] + h @ params["weight_hh"].T + params["bias_hh"]
    return 1 / (1 + np.exp(-net))
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_gates", "solution": false, "grade": true, "locked": true, "points": 3, "task": false}
selfcheck.check("gates")

# %% [markdown]
r"""
## 2 · The new state

$c' = f \odot c + i \odot g$, where $f$ and $i$ are the two halves of your `gates`.
"""


# %% nbgrader={"schema_version": 3, "grade_id": "new_state", "solution": true, "grade": false, "locked": false, "task": false}
def new_state(x, h, c, candidate, params):
    """Return the new state, (N, H); h, c, candidate: (N, H). Two lines are enough, and one of them calls gates."""
    ### BEGIN SOLUTION
    forget, enter = np.split(gates(x, h, params), 2, axis=1)
    return forget * c + enter * candidate
    ### END SOLUTION


# %% nbgrader={"schema_version": 3, "grade_id": "test_new_state", "solution": false, "grade": true, "locked": true, "points": 2, "task": false}
selfcheck.check("new_state")

# %% [markdown]
r"""
## 3 · Two biases

Why do `bias_ih` and `bias_hh` get the same gradient?
"""

# %% [markdown] nbgrader={"schema_version": 3, "grade_id": "two_biases", "solution": true, "grade": true, "locked": false, "points": 2, "task": false}
r"""
YOUR ANSWER HERE
"""
