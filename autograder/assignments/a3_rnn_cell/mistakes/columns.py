"""Known mistakes of a3_rnn_cell: columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.assignments.a3_rnn_cell.mistakes.shared import DIVIDES, REREAD, WORDS, Array, Grads
from autograder.assignments.classification import Classes
from autograder.assignments.classification_rules import by_rule as classes_by_rule
from autograder.assignments.errors import BENDS
from autograder.assignments.recurrent import families, shares, walk
from autograder.assignments.recurrent.sweep import Sweep, run_forward
from autograder.naming.bank import Functions, MistakesIn, Own
from autograder.naming.edits import View

COLUMNS = "2, 'The same cell in columns'"


def columns(
    own: Own,
    change: Callable[[dict[str, Array]], dict[str, Array]] = lambda given: given,
    axis: int | None = 0,
    answer: Callable[[Array, dict[str, Array]], Array] = lambda a_next, given: given["Wya"] @ a_next + given["by"],
    bend: Callable[[Array], Array] = np.tanh,
    **slots: Any,
) -> Functions:
    """A column_cell_forward of other arrays, with its softmax along another axis, or of other logits."""

    def column_cell_forward(
        xt: Array, a_prev: Array, Wax: Array, Waa: Array, Wya: Array, ba: Array, by: Array
    ) -> tuple[Array, Array]:
        given = change({"xt": xt, "a_prev": a_prev, "Wax": Wax, "Waa": Waa, "Wya": Wya, "ba": ba, "by": by})
        a_next = bend(given["Wax"] @ given["xt"] + given["Waa"] @ given["a_prev"] + given["ba"])
        return a_next, Classes(axis=axis, **slots).probabilities(answer(a_next, given))

    return {"column_cell_forward": column_cell_forward}


in_column_cell_forward = MistakesIn("column_cell_forward", columns)
in_column_cell_forward(
    "softmax_over_all",
    "the softmax runs over the whole matrix: all columns together add up to 1, not each",
    "2.1 and its bug hunt: a sample is a column. Mind the axis.",
    axis=None,
    seen_in="the article's exercise 6-2P",
)
in_column_cell_forward(
    "softmax_over_rows",
    "the softmax runs along the rows, over the samples",
    "2: a sample is a column, so its probabilities are below each other.",
    axis=1,
)
in_column_cell_forward(
    "column_bias_forgotten",
    "ba is not added",
    f"{COLUMNS}, the line of A_next.",
    change=lambda given: {**given, "ba": 0 * given["ba"]},
)
in_column_cell_forward(
    "by_forgotten",
    "by is not added",
    f"{COLUMNS}, the row of the prediction.",
    change=lambda given: {**given, "by": 0 * given["by"]},
)
in_column_cell_forward(
    "column_bias_twice",
    "ba is added twice, once for each bias of the row cell",
    f"{COLUMNS}: ours has two biases, theirs has one.",
    change=lambda given: {**given, "ba": 2 * given["ba"]},
)
in_column_cell_forward(
    "Waa_turned",
    "Waa is transposed, and no shape complains",
    f"{COLUMNS}: the weights are the same arrays, not turned over.",
    change=lambda given: {**given, "Waa": given["Waa"].T},
)
in_column_cell_forward(
    "column_state_ignored",
    "a_prev does not enter",
    f"{COLUMNS}, the line of A_next.",
    change=lambda given: {**given, "a_prev": 0 * given["a_prev"]},
)
in_column_cell_forward(
    "prediction_of_old_state",
    "the prediction is made from the old state",
    f"{COLUMNS}: Wya @ a_next + by.",
    answer=lambda a_next, given: given["Wya"] @ given["a_prev"] + given["by"],
)

for id, (words, bend) in BENDS.items():
    if id != "tanh":
        said = "the tanh is missing" if id == "nothing" else f"{words} stands for the tanh"
        MistakesIn("column_cell_forward", columns, by_rule=True)(
            f"column_bend_{id}", said, f"{COLUMNS}, the line of A_next.", bend=bend
        )
View(
    "column_cell_forward",
    columns,
    dict.fromkeys(("given", "p"), f"{COLUMNS}, the row of the prediction."),
    prefix="column_softmax_",
    words={"inside": ""},
).show(
    classes_by_rule("given", "p"),
    by_rule=True,
    but=("given_normed", "given_by_largest", "given_standard", "given_by_root", "given_by_classes", "p_hard"),
)
in_column_cell_forward = MistakesIn("column_cell_forward", columns, by_rule=True)
COLUMN: dict[str, Any] = {
    "the prediction is made of the sum inside tanh": lambda a_next, given: (
        given["Wya"] @ (given["Wax"] @ given["xt"] + given["Waa"] @ given["a_prev"] + given["ba"]) + given["by"]
    ),
    "the prediction is made of the sum of both states": lambda a_next, given: (
        given["Wya"] @ (a_next + given["a_prev"]) + given["by"]
    ),
    "tanh is taken of the new state once more before the prediction": lambda a_next, given: (
        given["Wya"] @ np.tanh(a_next) + given["by"]
    ),
    "tanh is taken of the logits": lambda a_next, given: np.tanh(given["Wya"] @ a_next + given["by"]),
    "by is taken away": lambda a_next, given: given["Wya"] @ a_next - given["by"],
    "by is added twice": lambda a_next, given: given["Wya"] @ a_next + 2 * given["by"],
}
for words, answer in COLUMN.items():
    in_column_cell_forward(f"column_{words}", words, f"{COLUMNS}, the row of the prediction.", answer=answer)

BACK = "2.2, 'Backward in columns'"


def column_back(
    own: Own,
    bias: Callable[[Array], Array] = lambda ba: ba,
    form: Callable[[Grads], Grads] = lambda grads: grads,
    **slots: Any,
) -> Functions:
    """A column_cell_backward with these slots of Sweep, turned over. bias: what the forward adds. form: the result's."""

    def column_cell_backward(da_next: Array, xt: Array, a_prev: Array, Wax: Array, Waa: Array, ba: Array) -> Grads:
        params = {"weight_ih": Wax, "weight_hh": Waa, "bias_ih": bias(ba)[:, 0], "bias_hh": 0 * ba[:, 0]}
        grads = Sweep(**slots)(da_next.T[None], run_forward(xt.T[None], a_prev.T, params))
        return form(
            {
                "dxt": grads["x"][0].T,
                "da_prev": grads["h0"].T,
                "dWax": grads["weight_ih"],
                "dWaa": grads["weight_hh"],
                "dba": np.atleast_2d(grads["bias_ih"]).T,
            }
        )

    return {"column_cell_backward": column_cell_backward}


known = MistakesIn("column_cell_backward", column_back)
known(
    "leftover_bias",
    "a_next is computed again without ba",
    "2.3: the article's numbers come from a ba that is not the argument.",
    seen_in="the article's exercise 6-2P (a global instead of an argument)",
    bias=lambda ba: 0 * ba,
)
known(
    "dba_flat",
    "dba is (hidden_size,), and ba is (hidden_size, 1)",
    f"{BACK}: dba is (hidden_size, 1), like ba. keepdims=True keeps the axis.",
    seen_in="DLS 119220 nearby",
    form=lambda grads: {**grads, "dba": grads["dba"][:, 0]},
)
known(
    "dba_over_units",
    "dba is summed over the units, and the samples stay",
    f"{BACK}: a sample is a column, so samples add along axis 1.",
    seen_in="DLS 241052",
    added=lambda delta: delta.sum(axis=2).T,
)
known(
    "column_rows_returned",
    "the gradients of xt and a_prev are handed back a sample a row",
    f"{BACK}: each of the shape of its namesake.",
    form=lambda grads: {**grads, "dxt": grads["dxt"].T, "da_prev": grads["da_prev"].T},
)
ADDS = f"{BACK}: a sample is a column, so samples add along axis 1, for each unit."
READS = f"{BACK}: Δ_c times what the weight multiplies, turned over."
view = View(
    "column_cell_backward",
    column_back,
    {
        **dict.fromkeys(REREAD, f"{BACK}: Δ_c = Δᵀ."),
        "slope": "1.3, 'What tanh lets through'.",
        "crossing": f"{BACK}: turn (Δ W_hh)ᵀ over with care.",
        "parameters": DIVIDES,
        "biases": ADDS,
        "added": ADDS,
        "reads_hh": READS,
        "weight_hh": READS,
        "weight_ih": READS,
        "carry_divided_by_batch": DIVIDES,
        "bias_mean_over_batch": DIVIDES,
    },
    where="in columns: ",
    prefix="column_",
    words={
        **WORDS,
        "carry": "da_prev",
        "g": "da_next",
        "injected": "da_next",
        "h": "a_next",
        "what_h": "",
        "h_before": "a_prev, the old state",
        "nothing_joins": "da_next is not used",
        "bias_twice": "dba is twice too large",
        "x": "xt",
        "h0": "a_prev",
        "weight_ih": "Wax",
        "weight_hh": "Waa",
    },
    ids={
        "tanh_missing": "column_slope_missing",
        "tanh_not_squared": "column_slope_not_squared",
        "bias_total": "dba_total",
        "bias_mean_over_batch": "dba_mean",
        "mean_over_batch": "column_mean",
        "carry_not_transposed": "da_prev_not_transposed",
        "weight_hh_turned": "dWaa_turned",
        "state_after": "dWaa_of_new_state",
    },
)
view.show(
    (*walk.SLOPE, *walk.INJECTED, *walk.CARRY, *shares.ONE_STEP),
    but=(*walk.OF_TIME, "bias_hh_left_out", "writes_into_states", "sums_never_cleared"),
)
view.show(
    (one for one in families.at_one_step() if not one.id.startswith(("bias_ih", "bias_hh"))),
    but=("biases_row_kept",),
    by_rule=True,
)
