"""Right answers to a3_rnn_cell in other styles than our own."""

from __future__ import annotations

from autograder.sample.recipes import written

ASSIGNMENT = "a3_rnn_cell"

# Plain Python: lists and loops over samples, units and inputs.
LOOPS = written(
    ASSIGNMENT,
    """
    import math

    def rnn_cell_forward(x, h_prev, params):
        h = []
        for n in range(len(x)):
            row = []
            for j in range(len(params["bias_ih"])):
                z = params["bias_ih"][j] + params["bias_hh"][j]
                for i in range(len(x[n])):
                    z += params["weight_ih"][j][i] * x[n][i]
                for k in range(len(h_prev[n])):
                    z += params["weight_hh"][j][k] * h_prev[n][k]
                row.append(math.tanh(z))
            h.append(row)
        return h, [x, h_prev, h, params]

    def zeros(rows, columns):
        return [[0.0] * columns for _ in range(rows)]

    def rnn_cell_backward(grad_h, cache):
        x, h_prev, h, params = cache
        N, D, H = len(x), len(x[0]), len(h[0])
        grads = {"x": zeros(N, D), "h_prev": zeros(N, H), "weight_ih": zeros(H, D), "weight_hh": zeros(H, H)}
        grads["bias_ih"], grads["bias_hh"] = [0.0] * H, [0.0] * H
        for n in range(N):
            for j in range(H):
                grad_z = grad_h[n][j] * (1 - h[n][j] ** 2)
                grads["bias_ih"][j] += grad_z
                grads["bias_hh"][j] += grad_z
                for i in range(D):
                    grads["x"][n][i] += grad_z * params["weight_ih"][j][i]
                    grads["weight_ih"][j][i] += grad_z * x[n][i]
                for k in range(H):
                    grads["h_prev"][n][k] += grad_z * params["weight_hh"][j][k]
                    grads["weight_hh"][j][k] += grad_z * h_prev[n][k]
        return grads

    def turned(rows):
        return [list(column) for column in zip(*rows)]

    def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
        nothing = [0.0] * len(ba)
        params = {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": [b[0] for b in ba], "bias_hh": nothing}
        a_next, _ = rnn_cell_forward(turned(xt), turned(a_prev), params)
        predictions = []
        for row in a_next:
            logits = [sum(w * a for w, a in zip(Wya[c], row)) + by[c][0] for c in range(len(by))]
            powers = [math.exp(value - max(logits)) for value in logits]
            predictions.append([power / sum(powers) for power in powers])
        return turned(a_next), turned(predictions)

    def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
        nothing = [0.0] * len(ba)
        params = {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": [b[0] for b in ba], "bias_hh": nothing}
        _, cache = rnn_cell_forward(turned(xt), turned(a_prev), params)
        grads = rnn_cell_backward(turned(da_next), cache)
        return {
            "dxt": turned(grads["x"]),
            "da_prev": turned(grads["h_prev"]),
            "dWax": grads["weight_ih"],
            "dWaa": grads["weight_hh"],
            "dba": [[value] for value in grads["bias_ih"]],
        }

    def added(a, b):
        return [added(p, q) for p, q in zip(a, b)] if hasattr(a, "__len__") else a + b

    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        second = rnn_cell_backward(grad_h2, cache_2)
        first = rnn_cell_backward(added(grad_h1, second["h_prev"]), cache_1)
        grads = {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"]}
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            grads[name] = added(first[name], second[name])
        return grads

    def readout_row(row, params):
        weight, bias = params["weight_ho"], params["bias_ho"]
        return [sum(w * h for w, h in zip(weight[c], row)) + bias[c] for c in range(len(bias))]

    def readout_forward(outputs, params):
        if len(np.shape(outputs)) == 1:
            return readout_row(outputs, params), (outputs, params)
        return [readout_forward(part, params)[0] for part in outputs], (outputs, params)

    def readout_backward(grad_logits, cache):
        outputs, params = cache
        C, H = len(params["bias_ho"]), len(params["weight_ho"][0])
        weight, bias, rows = zeros(C, H), [0.0] * C, []
        for grad, row in zip(np.reshape(grad_logits, (-1, C)), np.reshape(outputs, (-1, H))):
            rows.append([sum(grad[c] * params["weight_ho"][c][k] for c in range(C)) for k in range(H)])
            for c in range(C):
                bias[c] += grad[c]
                for k in range(H):
                    weight[c][k] += grad[c] * row[k]
        return {"outputs": np.reshape(rows, np.shape(outputs)), "weight_ho": weight, "bias_ho": bias}

    def sequence_loss(logits, target):
        T, N = len(target), len(target[0])
        loss, grad = 0.0, []
        for t in range(T):
            grad.append([])
            for n in range(N):
                top = max(logits[t][n])
                powers = [math.exp(value - top) for value in logits[t][n]]
                total = sum(powers)
                right = target[t][n]
                loss += (math.log(total) + top - logits[t][n][right]) / (T * N)
                grad[t].append([(power / total - (c == right)) / (T * N) for c, power in enumerate(powers)])
        return loss, grad
    """,
)

# Every product an einsum; the cache is a dict of what is needed and no more.
EINSUM = written(
    ASSIGNMENT,
    """
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
    """,
)

# The cache is an instance of a class that knows how to go back.
INSTANCES = written(
    ASSIGNMENT,
    """
    class Step:
        def __init__(self, x, h_prev, params):
            self.x, self.h_prev, self.params = x, h_prev, params
            joined = np.hstack([x, h_prev]) @ np.hstack([params["weight_ih"], params["weight_hh"]]).T
            self.h = np.tanh(joined + params["bias_ih"] + params["bias_hh"])

        def back(self, grad_h):
            grad_z = grad_h * (1 - self.h) * (1 + self.h)
            grads = {"x": grad_z @ self.params["weight_ih"], "h_prev": grad_z @ self.params["weight_hh"]}
            grads |= {"weight_ih": grad_z.T @ self.x, "weight_hh": grad_z.T @ self.h_prev}
            return grads | {"bias_ih": grad_z.sum(0), "bias_hh": grad_z.sum(0)}

    def rnn_cell_forward(x, h_prev, params):
        step = Step(x, h_prev, params)
        return step.h, step

    def rnn_cell_backward(grad_h, cache):
        return cache.back(grad_h)

    def as_row_params(Wax, Waa, ba):
        return {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": ba[:, 0], "bias_hh": np.zeros(len(ba))}

    def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
        h, _ = rnn_cell_forward(xt.T, a_prev.T, as_row_params(Wax, Waa, ba))
        return h.T, softmax(h @ Wya.T + by.T).T

    def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
        _, step = rnn_cell_forward(xt.T, a_prev.T, as_row_params(Wax, Waa, ba))
        grads = step.back(da_next.T)
        names = {"dxt": "x", "da_prev": "h_prev"}
        result = {ours: grads[theirs].T for ours, theirs in names.items()}
        return result | {"dWax": grads["weight_ih"], "dWaa": grads["weight_hh"], "dba": grads["bias_ih"][:, None]}

    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        second = cache_2.back(grad_h2)
        first = cache_1.back(grad_h1 + second["h_prev"])
        total = {name: first[name] + second[name] for name in cache_1.params if name in first}
        return {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"], **total}

    class Readout:
        def __init__(self, outputs, params):
            self.outputs, self.weight = outputs, params["weight_ho"]
            self.logits = np.matmul(outputs, self.weight.T) + params["bias_ho"]

        def back(self, grad_logits):
            axes = tuple(range(grad_logits.ndim - 1))
            weight = np.tensordot(grad_logits, self.outputs, axes=(axes, axes))
            return {"outputs": np.matmul(grad_logits, self.weight), "weight_ho": weight, "bias_ho": grad_logits.sum(axes)}

    def readout_forward(outputs, params):
        readout = Readout(outputs, params)
        return readout.logits, readout

    def readout_backward(grad_logits, cache):
        return cache.back(grad_logits)

    def sequence_loss(logits, target):
        p = softmax(logits)
        top = logits.max(axis=-1)
        log_sum = top + np.log(np.exp(logits - top[..., None]).sum(axis=-1))
        picked = np.take_along_axis(logits, target[..., None], axis=-1)[..., 0]
        grad = p.copy()
        np.put_along_axis(grad, target[..., None], np.take_along_axis(p, target[..., None], -1) - 1, axis=-1)
        return np.mean(log_sum - picked), grad / target.size
    """,
)

# float32 throughout: right to 7 digits.
SINGLE = written(
    ASSIGNMENT,
    """
    def single(value):
        return np.asarray(value, dtype=np.float32)

    def rnn_cell_forward(x, h_prev, params):
        x, h_prev = single(x), single(h_prev)
        params = {name: single(value) for name, value in params.items()}
        h = np.tanh(x @ params["weight_ih"].T + params["bias_ih"] + h_prev @ params["weight_hh"].T + params["bias_hh"])
        return h, (x, h_prev, h, params)

    def rnn_cell_backward(grad_h, cache):
        x, h_prev, h, params = cache
        grad_z = single(grad_h) * (1 - h**2)
        return {
            "x": grad_z @ params["weight_ih"],
            "h_prev": grad_z @ params["weight_hh"],
            "weight_ih": grad_z.T @ x,
            "weight_hh": grad_z.T @ h_prev,
            "bias_ih": grad_z.sum(axis=0),
            "bias_hh": grad_z.sum(axis=0),
        }

    def column_cell_forward(xt, a_prev, Wax, Waa, Wya, ba, by):
        xt, a_prev, Wax, Waa, Wya, ba, by = map(single, (xt, a_prev, Wax, Waa, Wya, ba, by))
        a_next = np.tanh(Wax @ xt + Waa @ a_prev + ba)
        return a_next, softmax((Wya @ a_next + by).T).T

    def column_cell_backward(da_next, xt, a_prev, Wax, Waa, ba):
        da_next, xt, a_prev, Wax, Waa, ba = map(single, (da_next, xt, a_prev, Wax, Waa, ba))
        dz = da_next * (1 - np.tanh(Wax @ xt + Waa @ a_prev + ba) ** 2)
        grads = {"dxt": Wax.T @ dz, "da_prev": Waa.T @ dz, "dWax": dz @ xt.T, "dWaa": dz @ a_prev.T}
        return grads | {"dba": dz.sum(axis=1, keepdims=True)}

    def two_step_backward(grad_h1, grad_h2, cache_1, cache_2):
        second = rnn_cell_backward(grad_h2, cache_2)
        first = rnn_cell_backward(grad_h1 + second["h_prev"], cache_1)
        total = {name: first[name] + second[name] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")}
        return {"x_1": first["x"], "x_2": second["x"], "h0": first["h_prev"]} | total

    def readout_forward(outputs, params):
        outputs, weight = single(outputs), single(params["weight_ho"])
        return outputs @ weight.T + single(params["bias_ho"]), (outputs, weight)

    def readout_backward(grad_logits, cache):
        outputs, weight = cache
        grad_logits = single(grad_logits)
        rows, grad_rows = (array.reshape(-1, array.shape[-1]) for array in (outputs, grad_logits))
        return {"outputs": grad_logits @ weight, "weight_ho": grad_rows.T @ rows, "bias_ho": grad_rows.sum(axis=0)}

    def sequence_loss(logits, target):
        logits = single(logits)
        shifted = logits - logits.max(axis=-1, keepdims=True)
        log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
        right = np.eye(logits.shape[-1], dtype=np.float32)[target]
        return -(right * log_p).sum() / np.float32(target.size), (np.exp(log_p) - right) / np.float32(target.size)
    """,
)
