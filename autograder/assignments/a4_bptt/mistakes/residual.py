"""Known mistakes of a4_bptt: residual."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.assignments.a4_bptt.mistakes.backward import ADD, DIVIDES
from autograder.assignments.a4_bptt.mistakes.shared import Array, Grads, Params
from autograder.assignments.a4_bptt.mistakes.sweep import Run, but, parameters, per_weight, residual_bptt, run_forward
from autograder.naming.bank import Functions, Own, mistake

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


@mistake(
    "residual_rnn_forward",
    id="identity_forgotten_forward",
    title="the old state is not added: this is the plain layer",
    reread=IDENTITY,
)
def identity_forgotten_forward(own: Own) -> Functions:
    return residual_states(lambda h, tanh, h0: tanh)


@mistake(
    "residual_rnn_forward",
    id="h0_added_at_every_step",
    title="h0 is added at every step, instead of the previous state",
    reread=f"{IDENTITY} The state before step t is that of step t − 1.",
)
def h0_added_at_every_step(own: Own) -> Functions:
    return residual_states(lambda h, tanh, h0: h0 + tanh)


@mistake(
    "residual_rnn_forward",
    id="tanh_over_the_sum",
    title="the old state is added inside another tanh",
    reread=f"{IDENTITY} It is added outside, so that it passes unchanged.",
)
def tanh_over_the_sum(own: Own) -> Functions:
    return residual_states(lambda h, tanh, h0: np.tanh(h + tanh))


@mistake(
    "residual_rnn_forward",
    id="residual_h0_not_used",
    title="the residual layer starts from zero, whatever h0 is",
    reread="7.2: the state before step 0 is h0, for both ways.",
)
def residual_h0_not_used(own: Own) -> Functions:
    return {"residual_rnn_forward": lambda x, h0, params: (run_forward(x, 0 * h0, params, residual=True).after, None)}


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


@mistake(
    "residual_rnn_backward",
    id="identity_forgotten",
    title="the carry comes back through tanh alone: the identity path is forgotten",
    reread=f"{IDENTITY} So its gradient has two terms.",
)
def identity_forgotten(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_z @ w))


@mistake(
    "residual_rnn_backward",
    id="identity_alone",
    title="the carry comes back by the identity alone: the path through weight_hh is forgotten",
    reread=f"{IDENTITY} So its gradient has two terms.",
)
def identity_alone(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_h))


@mistake(
    "residual_rnn_backward",
    id="identity_behind_tanh",
    title="the identity path is multiplied by the slope of tanh",
    reread=f"{IDENTITY} One of them meets no tanh.",
)
def identity_behind_tanh(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_z + grad_z @ w))


@mistake(
    "residual_rnn_backward",
    id="identity_twice",
    title="the identity path is counted twice",
    reread=f"{IDENTITY} Each of them once.",
)
def identity_twice(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: 2 * grad_h + grad_z @ w))


@mistake(
    "residual_rnn_backward",
    id="identity_without_injected",
    title="the identity path hands on the old carry alone, without what is injected at the step",
    reread=f"{IDENTITY} What goes on is the whole gradient of the state.",
)
def identity_without_injected(own: Own) -> Functions:
    def step(injected: Array, carry: Array, slope: Array, w: Array) -> tuple[Array, Array]:
        grad_z = (injected + carry) * slope
        return grad_z, carry + grad_z @ w

    return residual_bptt(step=step)


@mistake(
    "residual_rnn_backward",
    id="slope_from_state",
    title="the slope of tanh is read from the state, which here is no tanh",
    reread=f"{IDENTITY} 1 − tanh² needs the tanh: keep it in the cache, or take the difference of two states.",
)
def slope_from_state(own: Own) -> Functions:
    return residual_bptt(slope=lambda run, t: 1 - run.after[t] ** 2)


@mistake(
    "residual_rnn_backward",
    id="residual_tanh_missing",
    title="the slope of tanh is missing in the residual layer",
    reread="7.2 and 2.1, the line of δ.",
)
def residual_tanh_missing(own: Own) -> Functions:
    return residual_bptt(slope=lambda run, t: np.ones_like(run.z[t]))


@mistake(
    "residual_rnn_backward",
    id="residual_carry_not_transposed",
    title="in the residual layer the carry goes back through weight_hh the wrong way round",
    reread="2.1, the line of the carry, by index.",
)
def residual_carry_not_transposed(own: Own) -> Functions:
    return residual_bptt(step=residual_step(carry=lambda grad_h, grad_z, w: grad_h + grad_z @ w.T))


@mistake(
    "residual_rnn_backward",
    id="residual_carry_dropped",
    title="in the residual layer no carry is passed on at all",
    reread=f"{IDENTITY} Both of them carry.",
)
def residual_carry_dropped(own: Own) -> Functions:
    right = residual_step()
    return residual_bptt(step=lambda injected, carry, slope, w: right(injected, 0 * carry, slope, w))


@mistake(
    "residual_rnn_backward",
    id="residual_weight_hh_meets_tanh",
    title="weight_hh is paired with the tanh of the step before, not with the state",
    reread="7.2: what does weight_hh multiply in the residual layer?",
)
def residual_weight_hh_meets_tanh(own: Own) -> Functions:
    def change(run: Run, grad_z: Array, right: Grads) -> Grads:
        return {"weight_hh": np.einsum("tnh,tnk->hk", grad_z, np.concatenate([run.before[:1], run.tanhs[:-1]]))}

    return residual_bptt(**but(change))


@mistake(
    "residual_rnn_backward",
    id="residual_state_after",
    title="in the residual layer weight_hh is paired with the state that leaves the step",
    reread="2.1: δ_tᵀ h_{t−1}.",
)
def residual_state_after(own: Own) -> Functions:
    return residual_bptt(**but(lambda run, dz, right: {"weight_hh": np.einsum("tnh,tnk->hk", dz, run.after)}))


@mistake(
    "residual_rnn_backward",
    id="residual_h0_without_identity",
    title="h0 gets its gradient through weight_hh only, not by the identity",
    reread=f"{IDENTITY} h0 has them too.",
)
def residual_h0_without_identity(own: Own) -> Functions:
    return residual_bptt(**but(lambda run, grad_z, right: {"h0": grad_z[0] @ run.params["weight_hh"]}))


@mistake(
    "residual_rnn_backward",
    id="residual_overwritten",
    title="in the residual layer the parameters keep the first step's share alone",
    reread=ADD,
)
def residual_overwritten(own: Own) -> Functions:
    return residual_bptt(**but(lambda run, grad_z, right: parameters(run, grad_z, slice(0, 1))))


@mistake(
    "residual_rnn_backward",
    id="residual_mean_over_batch",
    title="in the residual layer the parameters' gradients are divided by the batch size",
    reread=DIVIDES,
)
def residual_mean_over_batch(own: Own) -> Functions:
    return residual_bptt(**but(per_weight(lambda run, grad, name: grad / run.x.shape[1])))
