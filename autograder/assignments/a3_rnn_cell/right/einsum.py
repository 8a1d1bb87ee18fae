"""Every product an einsum; the cache is a dict of what is needed and no more."""

import numpy as np


def rnn_cell_forward(x, h_prev, params):
    z = np.einsum("ni,hi->nh", x, params["weight_ih"]) + np.einsum("nk,hk->nh", h_prev, params["weight_hh"])
    h = np.tanh(z + params["bias_ih"] + params["bias_hh"])
    kept = {"x": x, "h_prev": h_prev, "slope": 1 - h**2}
    return h, kept | {"weight_ih": params["weight_ih"], "weight_hh": params["weight_hh"]}


def rnn_cell_backward(grad_h, cache):
    grad_z = np.einsum("nh,nh->nh", grad_h, cache["slope"])
    bias = np.einsum("nh->h", grad_z)
    return {
        "x": np.einsum("nh,hi->ni", grad_z, cache["weight_ih"]),
        "h_prev": np.einsum("nh,hk->nk", grad_z, cache["weight_hh"]),
        "weight_ih": np.einsum("nh,ni->hi", grad_z, cache["x"]),
        "weight_hh": np.einsum("nh,nk->hk", grad_z, cache["h_prev"]),
        "bias_ih": bias,
        "bias_hh": bias,
    }


def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
    a_next = np.tanh(np.einsum("hi,in->hn", Wax, xt) + np.einsum("hk,kn->hn", Waa, a_prev) + ba)
    logits = np.einsum("ch,hn->cn", Wya, a_next) + by
    return a_next, np.exp(logits - np.logaddexp.reduce(logits, axis=0))


def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
    dz = da_next / np.cosh(Wax @ xt + Waa @ a_prev + ba) ** 2
    return {
        "dxt": np.einsum("hn,hi->in", dz, Wax),
        "da_prev": np.einsum("hn,hk->kn", dz, Waa),
        "dWax": np.einsum("hn,in->hi", dz, xt),
        "dWaa": np.einsum("hn,kn->hk", dz, a_prev),
        "dba": np.einsum("hn->h", dz)[:, None],
    }


def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
    # both steps at once, stacked
    grad_z2 = grad_h2 * cache_2["slope"]
    grad_z1 = (grad_h1 + grad_z2 @ cache_2["weight_hh"]) * cache_1["slope"]
    grad_z = np.stack([grad_z1, grad_z2])
    grad_x = np.einsum("tnh,hi->tni", grad_z, cache_1["weight_ih"])
    return {
        "x_1": grad_x[0],
        "x_2": grad_x[1],
        "h0": grad_z1 @ cache_1["weight_hh"],
        "weight_ih": np.einsum("tnh,tni->hi", grad_z, np.stack([cache_1["x"], cache_2["x"]])),
        "weight_hh": np.einsum("tnh,tnk->hk", grad_z, np.stack([cache_1["h_prev"], cache_2["h_prev"]])),
        "bias_ih": np.einsum("tnh->h", grad_z),
        "bias_hh": np.einsum("tnh->h", grad_z),
    }


def readout_forward(outputs, params):
    return np.einsum("...h,ch->...c", outputs, params["weight_ho"]) + params["bias_ho"], (outputs, params["weight_ho"])


def readout_backward(grad_logits, cache):
    outputs, weight = cache
    rows, grad_rows = outputs.reshape(-1, weight.shape[1]), grad_logits.reshape(-1, weight.shape[0])
    return {
        "outputs": np.einsum("...c,ch->...h", grad_logits, weight),
        "weight_ho": np.einsum("rc,rh->ch", grad_rows, rows),
        "bias_ho": np.einsum("rc->c", grad_rows),
    }


def sequence_loss(logits, target):
    log_p = logits - np.logaddexp.reduce(logits, axis=-1, keepdims=True)
    one_hot = np.eye(logits.shape[-1])[target]
    return -np.einsum("tnc,tnc->", one_hot, log_p) / target.size, (np.exp(log_p) - one_hot) / target.size
