"""Known mistakes of a4_bptt: residual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a4_bptt.mistakes.backward import ADD, DIVIDES
from autograder.assignments.a4_bptt.mistakes.shared import Array, Grads, Params
from autograder.assignments.a4_bptt.mistakes.sweep import Run, but, parameters, per_weight, residual_bptt, run_forward
from autograder.naming.bank import Functions, MistakesIn, Own

in_residual_rnn_forward = MistakesIn("residual_rnn_forward")
in_residual_rnn_backward = MistakesIn("residual_rnn_backward")

IDENTITY = "7.2, 'A net that adds instead of replacing': a state has two ways into the next one."


def residual_states(step: Callable[[Array, Array, Array], Array]) -> Functions:
    """A residual_rnn_forward whose next state is step(h_prev, tanh, h0)."""

    def residual_rnn_forward(x: Array, h0: Array, params: Params) -> tuple[Array, None]:
        states = [h0]
        for x_t in x:
            run = run_forward(x_t[None], states[-1], params)
            states.append(step(states[-1], run.tanhs[0], h0))
        return np.stack(states[1:]), None

    return {"residual_rnn_forward": residual_rnn_forward}


in_residual_rnn_forward(
    "identity_forgotten_forward",
    "the old state is not added: this is the plain layer",
    IDENTITY,
    lambda own: residual_states(lambda h, tanh, h0: tanh),
)
in_residual_rnn_forward(
    "h0_added_at_every_step",
    "h0 is added at every step, instead of the previous state",
    f"{IDENTITY} The state before step t is that of step t − 1.",
    lambda own: residual_states(lambda h, tanh, h0: h0 + tanh),
)
in_residual_rnn_forward(
    "tanh_over_the_sum",
    "the old state is added inside another tanh",
    f"{IDENTITY} It is added outside, so that it passes unchanged.",
    lambda own: residual_states(lambda h, tanh, h0: np.tanh(h + tanh)),
)
in_residual_rnn_forward(
    "residual_h0_not_used",
    "the residual layer starts from zero, whatever h0 is",
    "7.2: the state before step 0 is h0, for both ways.",
    lambda own: {
        "residual_rnn_forward": lambda x, h0, params: (run_forward(x, 0 * h0, params, residual=True).after, None)
    },
)


def residual_step(
    z: Callable[[Array, Array], Array] = lambda grad_h, slope: grad_h * slope,
    carry: Callable[[Array, Array, Array], Array] = lambda grad_h, grad_z, w: grad_h + grad_z @ w,
) -> Callable[[Array, Array, Array, Array], tuple[Array, Array]]:
    """One step back of the residual layer, right by default."""

    def step(injected: Array, old: Array, slope: Array, w: Array) -> tuple[Array, Array]:
        grad_h = injected + old
        grad_z = z(grad_h, slope)
        return grad_z, carry(grad_h, grad_z, w)

    return step


in_residual_rnn_backward(
    "identity_forgotten",
    "the carry comes back through tanh alone: the identity path is forgotten",
    f"{IDENTITY} So its gradient has two terms.",
    lambda own: residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_z @ w)),
)
in_residual_rnn_backward(
    "identity_alone",
    "the carry comes back by the identity alone: the path through weight_hh is forgotten",
    f"{IDENTITY} So its gradient has two terms.",
    lambda own: residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_h)),
)
in_residual_rnn_backward(
    "identity_behind_tanh",
    "the identity path is multiplied by the slope of tanh",
    f"{IDENTITY} One of them meets no tanh.",
    lambda own: residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_z + grad_z @ w)),
)
in_residual_rnn_backward(
    "identity_twice",
    "the identity path is counted twice",
    f"{IDENTITY} Each of them once.",
    lambda own: residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: 2 * grad_h + grad_z @ w)),
)


@in_residual_rnn_backward(
    "identity_without_injected",
    "the identity path hands on the old carry alone, without what is injected at the step",
    f"{IDENTITY} What goes on is the whole gradient of the state.",
)
def identity_without_injected(own: Own) -> Functions:
    def step(injected: Array, carry: Array, slope: Array, w: Array) -> tuple[Array, Array]:
        grad_z = (injected + carry) * slope
        return grad_z, carry + grad_z @ w

    return residual_bptt(step=step)


in_residual_rnn_backward(
    "slope_from_state",
    "the slope of tanh is read from the state, which here is no tanh",
    f"{IDENTITY} 1 − tanh² needs the tanh: keep it in the cache, or take the difference of two states.",
    lambda own: residual_bptt(slope=lambda run, t: 1 - run.after[t] ** 2),
)
in_residual_rnn_backward(
    "residual_tanh_missing",
    "the slope of tanh is missing in the residual layer",
    "7.2 and 2.1, the line of δ.",
    lambda own: residual_bptt(slope=lambda run, t: np.ones_like(run.z[t])),
)
in_residual_rnn_backward(
    "residual_carry_not_transposed",
    "in the residual layer the carry goes back through weight_hh the wrong way round",
    "2.1, the line of the carry, by index.",
    lambda own: residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_h + grad_z @ w.T)),
)


@in_residual_rnn_backward(
    "residual_carry_dropped",
    "in the residual layer no carry is passed on at all",
    f"{IDENTITY} Both of them carry.",
)
def residual_carry_dropped(own: Own) -> Functions:
    right = residual_step()
    return residual_bptt(step=lambda injected, carry, slope, w: right(injected, 0 * carry, slope, w))


@in_residual_rnn_backward(
    "residual_weight_hh_meets_tanh",
    "weight_hh is paired with the tanh of the step before, not with the state",
    "7.2: what does weight_hh multiply in the residual layer?",
)
def residual_weight_hh_meets_tanh(own: Own) -> Functions:
    def change(run: Run, grad_z: Array, right: Grads) -> Grads:
        return {"weight_hh": np.einsum("tnh,tnk->hk", grad_z, np.concatenate([run.before[:1], run.tanhs[:-1]]))}

    return residual_bptt(**but(change))


in_residual_rnn_backward(
    "residual_state_after",
    "in the residual layer weight_hh is paired with the state that leaves the step",
    "2.1: δ_tᵀ h_{t−1}.",
    lambda own: residual_bptt(**but(lambda run, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz, run.after)})),
)
in_residual_rnn_backward(
    "residual_h0_without_identity",
    "h0 gets its gradient through weight_hh only, not by the identity",
    f"{IDENTITY} h0 has them too.",
    lambda own: residual_bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0] @ run.params["weight_hh"]})),
)
in_residual_rnn_backward(
    "residual_overwritten",
    "in the residual layer the parameters keep the first step's share alone",
    ADD,
    lambda own: residual_bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(0, 1)))),
)
in_residual_rnn_backward(
    "residual_mean_over_batch",
    "in the residual layer the parameters' gradients are divided by the batch size",
    DIVIDES,
    lambda own: residual_bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1]))),
)
