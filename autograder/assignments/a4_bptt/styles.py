"""Right answers to a4_bptt in other styles than our own."""

from __future__ import annotations

from autograder.sample.recipes import written

ASSIGNMENT = "a4_bptt"

# Loops over steps, samples and units; what is left of NumPy is a row at a time.
LOOPS = written(
    ASSIGNMENT,
    """
    def one_step(x, h_prev, params):
        h = np.zeros_like(h_prev)
        for n in range(len(x)):
            for j in range(len(params["bias_ih"])):
                z = params["weight_ih"][j].dot(x[n]) + params["weight_hh"][j].dot(h_prev[n])
                h[n, j] = np.tanh(z + params["bias_ih"][j] + params["bias_hh"][j])
        return h

    def rnn_forward(x, h0, params):
        outputs, h = [], h0
        for t in range(len(x)):
            h = one_step(x[t], h, params)
            outputs.append(h)
        return outputs, (x, h0, outputs, params)

    def credit_matrix(grad_outputs, cache):
        x, h0, outputs, params = cache
        T = len(x)
        credit = [[0.0] * T for _ in range(T)]
        for t in range(T):
            grad_h = grad_outputs[t]
            for k in range(t, -1, -1):
                credit[t][k] = sum(value**2 for value in grad_h.ravel()) ** 0.5
                grad_h = (grad_h * (1 - outputs[k] ** 2)) @ params["weight_hh"]
        return credit

    def no_gradients(x, h0, params):
        grads = {"x": np.zeros(np.shape(x)), "h0": np.zeros(np.shape(h0))}
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            grads[name] = np.zeros(np.shape(params[name]))
        return grads

    def add_step(grads, t, grad_z, x, h_prev, params):
        carry = np.zeros_like(h_prev)
        for n in range(len(grad_z)):
            for j in range(len(grad_z[n])):
                grads["x"][t, n] += grad_z[n, j] * params["weight_ih"][j]
                grads["weight_ih"][j] += grad_z[n, j] * x[n]
                grads["weight_hh"][j] += grad_z[n, j] * h_prev[n]
                grads["bias_ih"][j] += grad_z[n, j]
                grads["bias_hh"][j] += grad_z[n, j]
                carry[n] += grad_z[n, j] * params["weight_hh"][j]
        return carry

    def rnn_backward(grad_outputs, cache):
        x, h0, outputs, params = cache
        grads = no_gradients(x, h0, params)
        carry = np.zeros(np.shape(h0))
        for t in range(len(x) - 1, -1, -1):
            grad_z = (grad_outputs[t] + carry) * (1 - outputs[t] ** 2)
            h_prev = outputs[t - 1] if t > 0 else h0
            carry = add_step(grads, t, grad_z, x[t], h_prev, params)
        grads["h0"] = carry
        return grads

    def rnn_backward_truncated(grad_outputs, cache, k):
        x, h0, outputs, params = cache
        grads = no_gradients(x, h0, params)
        for s in range(len(x)):
            grad_h = grad_outputs[s]
            for t in range(s, max(s - k, 0) - 1, -1):
                grad_z = grad_h * (1 - outputs[t] ** 2)
                grad_h = add_step(grads, t, grad_z, x[t], outputs[t - 1] if t > 0 else h0, params)
            if s + 1 <= k:
                grads["h0"] += grad_h
        return grads

    def state_gradient_norms(grad_last, cache):
        x, h0, outputs, params = cache
        grad_h, norms = grad_last, []
        for t in range(len(x) - 1, -1, -1):
            norms.insert(0, float(np.sqrt(np.sum(grad_h**2))))
            grad_h = (grad_h * (1 - outputs[t] ** 2)) @ params["weight_hh"]
        return [float(np.sqrt(np.sum(grad_h**2)))] + norms

    def clip_grad_norm(grads, max_norm):
        total = 0.0
        for name in grads:
            for value in np.ravel(grads[name]):
                total += value * value
        total = total**0.5
        if total <= max_norm:
            return grads, total
        return {name: np.array(grads[name]) * max_norm / total for name in grads}, total

    def residual_rnn_forward(x, h0, params):
        outputs, tanhs, h = [], [], h0
        for t in range(len(x)):
            tanhs.append(one_step(x[t], h, params))
            h = h + tanhs[-1]
            outputs.append(h)
        return outputs, [x, h0, outputs, tanhs, params]

    def residual_rnn_backward(grad_outputs, cache):
        x, h0, outputs, tanhs, params = cache
        grads = no_gradients(x, h0, params)
        carry = np.zeros(np.shape(h0))
        for t in range(len(x) - 1, -1, -1):
            grad_h = grad_outputs[t] + carry
            h_prev = outputs[t - 1] if t > 0 else h0
            carry = grad_h + add_step(grads, t, grad_h * (1 - tanhs[t] ** 2), x[t], h_prev, params)
        grads["h0"] = carry
        return grads

    def loss_and_gradients(x, h0, target, params):
        outputs, cache = rnn_forward(x, h0, params)
        logits, readout_cache = readout_forward(np.array(outputs), params)
        loss, grad_logits = sequence_loss(logits, target)
        grads = readout_backward(grad_logits, readout_cache)
        recurrent = rnn_backward(grads.pop("outputs"), cache)
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            grads[name] = recurrent[name]
        return loss, grads

    def train_adder(batches, params, lr):
        losses = []
        for x, target in batches:
            loss, grads = loss_and_gradients(x, np.zeros((len(x[0]), len(params["bias_ih"]))), target, params)
            losses.append(loss)
            params = {name: params[name] - lr * grads[name] for name in params}
        return params, losses

    def train_first_xor_last(batches, params, lr, max_norm):
        losses = []
        for x, target in batches:
            outputs, cache = rnn_forward(x, np.zeros((len(x[0]), len(params["bias_ih"]))), params)
            logits, readout_cache = readout_forward(outputs[-1][None], params)
            loss, grad_logits = sequence_loss(logits, target[None])
            grads = readout_backward(grad_logits, readout_cache)
            grad_outputs = [np.zeros_like(h) for h in outputs]
            grad_outputs[-1] = grads.pop("outputs")[0]
            recurrent = rnn_backward(grad_outputs, cache)
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                grads[name] = recurrent[name]
            grads, _ = clip_grad_norm(grads, max_norm)
            losses.append(loss)
            params = {name: params[name] - lr * grads[name] for name in params}
        return params, losses
    """,
)

# Every product an einsum; the cache is a dict of slopes and states.
EINSUM = written(
    ASSIGNMENT,
    """
    def rnn_forward(x, h0, params):
        inputs = np.einsum("tni,hi->tnh", x, params["weight_ih"]) + params["bias_ih"] + params["bias_hh"]
        states = np.empty((len(x) + 1, *h0.shape))
        states[0] = h0
        for t in range(len(x)):
            states[t + 1] = np.tanh(inputs[t] + np.einsum("nk,hk->nh", states[t], params["weight_hh"]))
        return states[1:].copy(), {"x": x, "before": states[:-1], "slope": 1 - states[1:] ** 2, "params": params}

    def credit_matrix(grad_outputs, cache):
        # all walks at once: walk[t] is where the walk from step t has come to
        slope, weight = cache["slope"], cache["params"]["weight_hh"]
        T = len(slope)
        credit, walk = np.zeros((T, T)), np.array(grad_outputs)
        for back in range(T):
            for t in range(back, T):
                credit[t, t - back] = np.sqrt(np.einsum("nh,nh->", walk[t], walk[t]))
            walk[back:] = np.einsum("tnh,tnh,hk->tnk", walk[back:], slope[: T - back], weight)
        return credit

    def from_grad_z(grad_z, cache, h0):
        bias = np.einsum("tnh->h", grad_z)
        return {
            "x": np.einsum("tnh,hi->tni", grad_z, cache["params"]["weight_ih"]),
            "h0": h0,
            "weight_ih": np.einsum("tnh,tni->hi", grad_z, cache["x"]),
            "weight_hh": np.einsum("tnh,tnk->hk", grad_z, cache["before"]),
            "bias_ih": bias,
            "bias_hh": bias,
        }

    def rnn_backward(grad_outputs, cache):
        slope, weight = cache["slope"], cache["params"]["weight_hh"]
        grad_z, carry = np.zeros_like(slope), np.zeros_like(slope[0])
        for t in range(len(slope))[::-1]:
            grad_z[t] = (grad_outputs[t] + carry) * slope[t]
            carry = np.einsum("nh,hk->nk", grad_z[t], weight)
        return from_grad_z(grad_z, cache, carry)

    def rnn_backward_truncated(grad_outputs, cache, k):
        slope, weight = cache["slope"], cache["params"]["weight_hh"]
        total, h0 = np.zeros_like(slope), np.zeros_like(slope[0])
        for s in range(len(slope)):
            share = grad_outputs[s]
            for t in range(s, max(-1, s - k - 1), -1):
                grad_z = share * slope[t]
                total[t] += grad_z
                share = np.einsum("nh,hk->nk", grad_z, weight)
            if k > s:
                h0 = h0 + share
        return from_grad_z(total, cache, h0)

    def state_gradient_norms(grad_last, cache):
        slope, weight = cache["slope"], cache["params"]["weight_hh"]
        grads = [grad_last]
        for t in range(len(slope))[::-1]:
            grads.append(np.einsum("nh,nh,hk->nk", grads[-1], slope[t], weight))
        return np.sqrt(np.einsum("tnh,tnh->t", grads[::-1], grads[::-1]))

    def clip_grad_norm(grads, max_norm):
        total = np.sqrt(sum(np.einsum("i,i->", g.ravel(), g.ravel()) for g in grads.values()))
        scale = min(1.0, max_norm / (total + 1e-6))
        return {name: g * scale for name, g in grads.items()}, total

    def residual_rnn_forward(x, h0, params):
        inputs = np.einsum("tni,hi->tnh", x, params["weight_ih"]) + params["bias_ih"] + params["bias_hh"]
        states = np.empty((len(x) + 1, *h0.shape))
        states[0] = h0
        for t in range(len(x)):
            states[t + 1] = states[t] + np.tanh(inputs[t] + np.einsum("nk,hk->nh", states[t], params["weight_hh"]))
        slope = 1 - np.diff(states, axis=0) ** 2
        return states[1:].copy(), {"x": x, "before": states[:-1], "slope": slope, "params": params}

    def residual_rnn_backward(grad_outputs, cache):
        slope, weight = cache["slope"], cache["params"]["weight_hh"]
        grad_z, carry = np.zeros_like(slope), np.zeros_like(slope[0])
        for t in range(len(slope))[::-1]:
            grad_h = grad_outputs[t] + carry
            grad_z[t] = grad_h * slope[t]
            carry = grad_h + np.einsum("nh,hk->nk", grad_z[t], weight)
        return from_grad_z(grad_z, cache, carry)

    def loss_and_gradients(x, h0, target, params):
        outputs, cache = rnn_forward(x, h0, params)
        logits, readout_cache = readout_forward(outputs, params)
        loss, grad_logits = sequence_loss(logits, target)
        grads = readout_backward(grad_logits, readout_cache)
        return loss, {**rnn_backward(grads["outputs"], cache), "weight_ho": grads["weight_ho"], "bias_ho": grads["bias_ho"]}

    def train_adder(batches, params, lr):
        losses = np.zeros(len(batches))
        for step, (x, target) in enumerate(batches):
            losses[step], grads = loss_and_gradients(x, np.zeros((x.shape[1], params["bias_hh"].size)), target, params)
            params = sgd_step(params, grads, lr)
        return params, losses

    def train_first_xor_last(batches, params, lr, max_norm):
        losses = np.zeros(len(batches))
        for step, (x, target) in enumerate(batches):
            outputs, cache = rnn_forward(x, np.zeros((x.shape[1], params["bias_hh"].size)), params)
            logits, _ = readout_forward(outputs[-1], params)
            losses[step], grad_logits = sequence_loss(logits[None], target[None])
            injected = np.zeros_like(outputs)
            injected[-1] = np.einsum("nc,ch->nh", grad_logits[0], params["weight_ho"])
            grads = rnn_backward(injected, cache)
            grads["weight_ho"] = np.einsum("nc,nh->ch", grad_logits[0], outputs[-1])
            grads["bias_ho"] = grad_logits[0].sum(axis=0)
            clipped, _ = clip_grad_norm({name: grads[name] for name in params}, max_norm)
            params = sgd_step(params, clipped, lr)
        return params, losses
    """,
)

# Caches that are objects: an instance that remembers its steps, and for the residual layer a closure.
OBJECTS = written(
    ASSIGNMENT,
    """
    class Step:
        def __init__(self, x, h_prev, params):
            self.x, self.h_prev, self.params = x, h_prev, params
            self.h, _ = rnn_cell_forward(x, h_prev, params)

        def back(self, grad_h):
            delta = grad_h * (1 - self.h**2)
            grads = {"weight_ih": delta.T @ self.x, "weight_hh": delta.T @ self.h_prev}
            grads["bias_ih"] = grads["bias_hh"] = delta.sum(axis=0)
            return delta @ self.params["weight_hh"], delta @ self.params["weight_ih"], grads

    class Memory(list):
        def run(self, x, h0, params):
            for x_t in x:
                self.append(Step(x_t, self[-1].h if self else h0, params))
            return np.array([step.h for step in self])

    def rnn_forward(x, h0, params):
        memory = Memory()
        return memory.run(x, h0, params), memory

    def credit_matrix(grad_outputs, cache):
        rows = []
        for t in range(len(cache)):
            row, share = np.zeros(len(cache)), grad_outputs[t]
            for k in range(t, -1, -1):
                row[k] = np.linalg.norm(share)
                share, _, _ = cache[k].back(share)
            rows.append(row)
        return rows

    class Sum(dict):
        def __iadd__(self, other):
            for name, value in other.items():
                self[name] = self[name] + value if name in self else value
            return self

    def rnn_backward(grad_outputs, cache):
        total, carry, grad_x = Sum(), 0, []
        for step, injected in zip(reversed(cache), grad_outputs[::-1]):
            carry, grad_x_t, grads = step.back(injected + carry)
            grad_x.insert(0, grad_x_t)
            total += grads
        total += {"x": np.array(grad_x), "h0": carry}
        return total

    def rnn_backward_truncated(grad_outputs, cache, k):
        total = Sum(x=np.array([0 * step.x for step in cache]), h0=0 * cache[0].h_prev)
        for s in range(len(cache)):
            share, t = grad_outputs[s], s
            while t >= 0 and s - t <= k:
                share, grad_x, grads = cache[t].back(share)
                total["x"][t] += grad_x
                total += grads
                t -= 1
            if t < 0 and s + 1 <= k:
                total += {"h0": share}
        return total

    def state_gradient_norms(grad_last, cache):
        norms = [np.linalg.norm(grad_last)]
        for step in reversed(cache):
            grad_last, _, _ = step.back(grad_last)
            norms.append(np.linalg.norm(grad_last))
        return norms[::-1]

    def clip_grad_norm(grads, max_norm):
        total = np.linalg.norm(np.concatenate([np.ravel(g) for g in grads.values()]))
        return {k: g * (max_norm / total if total > max_norm else 1) for k, g in grads.items()}, total

    def residual_rnn_forward(x, h0, params):
        steps, h, outputs = [], h0, []
        for x_t in x:
            steps.append(Step(x_t, h, params))
            h = h + steps[-1].h
            outputs.append(h)

        def backward(grad_outputs):
            total, carry, grad_x = Sum(), 0, [None] * len(steps)
            for t in range(len(steps) - 1, -1, -1):
                grad_h = grad_outputs[t] + carry
                through, grad_x[t], grads = steps[t].back(grad_h)
                carry = grad_h + through
                total += grads
            return dict(total, x=np.array(grad_x), h0=carry)

        return np.array(outputs), backward

    def residual_rnn_backward(grad_outputs, cache):
        return cache(grad_outputs)

    def loss_and_gradients(x, h0, target, params):
        outputs, memory = rnn_forward(x, h0, params)
        logits, readout = readout_forward(outputs, params)
        loss, grad_logits = sequence_loss(logits, target)
        grads = readout_backward(grad_logits, readout)
        return loss, {**grads, **rnn_backward(grads["outputs"], memory)}

    def zero_state(x, params):
        return np.zeros((x.shape[1], params["weight_hh"].shape[0]))

    def train_adder(batches, params, lr):
        def step(batch):
            nonlocal params
            x, target = batch
            loss, grads = loss_and_gradients(x, zero_state(x, params), target, params)
            params = sgd_step(params, grads, lr)
            return loss

        losses = [step(batch) for batch in batches]
        return params, losses

    def train_first_xor_last(batches, params, lr, max_norm):
        losses = []
        for x, target in batches:
            outputs, memory = rnn_forward(x, zero_state(x, params), params)
            logits, readout = readout_forward(outputs[-1:], params)
            loss, grad_logits = sequence_loss(logits, target[np.newaxis])
            losses.append(loss)
            grads = readout_backward(grad_logits, readout)
            upstream = np.concatenate([0 * outputs[:-1], grads["outputs"]])
            grads |= rnn_backward(upstream, memory)
            params = sgd_step(params, clip_grad_norm({k: grads[k] for k in params}, max_norm)[0], lr)
        return params, losses
    """,
)

# float32 throughout: right to 7 digits.
SINGLE = written(
    ASSIGNMENT,
    """
    def single(value):
        return {k: single(v) for k, v in value.items()} if isinstance(value, dict) else np.asarray(value, dtype=np.float32)

    def rnn_forward(x, h0, params):
        x, params, states = single(x), single(params), [single(h0)]
        for x_t in x:
            z = x_t @ params["weight_ih"].T + params["bias_ih"] + states[-1] @ params["weight_hh"].T + params["bias_hh"]
            states.append(np.tanh(z))
        states = np.stack(states)
        return states[1:], (x, states, params, states[1:])

    def credit_matrix(grad_outputs, cache):
        _, states, params, _ = cache
        credit = np.zeros((len(grad_outputs),) * 2, dtype=np.float32)
        for t, share in enumerate(single(grad_outputs)):
            for k in range(t, -1, -1):
                credit[t, k] = np.linalg.norm(share)
                share = (share * (1 - states[k + 1] ** 2)) @ params["weight_hh"]
        return credit

    def gather(delta, x, states, params, h0):
        sums = {"weight_ih": np.tensordot(delta, x, ((0, 1), (0, 1)))}
        sums["weight_hh"] = np.tensordot(delta, states[:-1], ((0, 1), (0, 1)))
        sums["bias_ih"] = sums["bias_hh"] = delta.sum(axis=(0, 1))
        return {"x": delta @ params["weight_ih"], "h0": h0, **sums}

    def rnn_backward(grad_outputs, cache):
        x, states, params, tanhs = cache
        slope, grad_outputs = 1 - tanhs**2, single(grad_outputs)
        delta, carry = np.empty_like(slope), np.zeros_like(slope[0])
        for t in reversed(range(len(x))):
            delta[t] = (grad_outputs[t] + carry) * slope[t]
            carry = delta[t] @ params["weight_hh"]
        return gather(delta, x, states, params, carry)

    def rnn_backward_truncated(grad_outputs, cache, k):
        x, states, params, tanhs = cache
        slope = 1 - tanhs**2
        delta, h0 = np.zeros_like(slope), np.zeros_like(slope[0])
        for s, share in enumerate(single(grad_outputs)):
            for t in range(s, max(s - k, 0) - 1, -1):
                step = share * slope[t]
                delta[t] += step
                share = step @ params["weight_hh"]
            if s < k:
                h0 += share
        return gather(delta, x, states, params, h0)

    def state_gradient_norms(grad_last, cache):
        _, states, params, _ = cache
        grad_h = single(grad_last)
        norms = [np.linalg.norm(grad_h)]
        for h in states[:0:-1]:
            grad_h = (grad_h * (1 - h**2)) @ params["weight_hh"]
            norms.append(np.linalg.norm(grad_h))
        return single(norms[::-1])

    def clip_grad_norm(grads, max_norm):
        grads = single(grads)
        total = np.sqrt(sum(np.sum(g**2) for g in grads.values()))
        scale = np.float32(max_norm) / total if total > max_norm else np.float32(1)
        return {name: scale * g for name, g in grads.items()}, total

    def residual_rnn_forward(x, h0, params):
        x, params, states, tanhs = single(x), single(params), [single(h0)], []
        for x_t in x:
            z = x_t @ params["weight_ih"].T + params["bias_ih"] + states[-1] @ params["weight_hh"].T + params["bias_hh"]
            tanhs.append(np.tanh(z))
            states.append(states[-1] + tanhs[-1])
        states = np.stack(states)
        return states[1:], (x, states, params, np.stack(tanhs))

    def residual_rnn_backward(grad_outputs, cache):
        x, states, params, tanhs = cache
        slope, grad_outputs = 1 - tanhs**2, single(grad_outputs)
        delta, carry = np.empty_like(slope), np.zeros_like(slope[0])
        for t in reversed(range(len(x))):
            delta[t] = (grad_outputs[t] + carry) * slope[t]
            carry = grad_outputs[t] + carry + delta[t] @ params["weight_hh"]
        return gather(delta, x, states, params, carry)

    def loss_and_gradients(x, h0, target, params):
        outputs, cache = rnn_forward(x, h0, params)
        logits, readout_cache = readout_forward(outputs, single(params))
        loss, grad_logits = sequence_loss(logits, target)
        grads = readout_backward(single(grad_logits), readout_cache)
        grads |= rnn_backward(grads["outputs"], cache)
        return np.float32(loss), {name: grads[name] for name in params}

    def train_adder(batches, params, lr):
        params, losses = single(params), []
        for x, target in batches:
            h0 = np.zeros((x.shape[1], len(params["bias_hh"])), dtype=np.float32)
            loss, grads = loss_and_gradients(x, h0, target, params)
            params = sgd_step(params, grads, np.float32(lr))
            losses.append(loss)
        return params, losses

    def train_first_xor_last(batches, params, lr, max_norm):
        params, losses = single(params), []
        for x, target in batches:
            outputs, cache = rnn_forward(x, np.zeros((x.shape[1], len(params["bias_hh"]))), params)
            logits, readout_cache = readout_forward(outputs[-1:], params)
            loss, grad_logits = sequence_loss(logits, np.asarray(target)[None])
            grads = readout_backward(single(grad_logits), readout_cache)
            upstream = np.zeros_like(outputs)
            upstream[-1:] = grads["outputs"]
            grads |= rnn_backward(upstream, cache)
            clipped, _ = clip_grad_norm({name: grads[name] for name in params}, max_norm)
            params = sgd_step(params, clipped, np.float32(lr))
            losses.append(np.float32(loss))
        return params, losses
    """,
)
