"""Every known mistake loses points, in the right arrays, and gets its own name and no other; right answers get none."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from autograder.assignments.a4_bptt.spoiled import catches
from autograder.assignments.sequences import RNNProblem, draw_rnn
from autograder.authoring.audit.problem_rules import hiding, lint
from autograder.authoring.audit.suite_rules import refused, refused_files
from autograder.authoring.audit.validity import alive, grade, grade_mistake, judge_of, killed, wrong_arrays
from autograder.authoring.check_runs import survivors
from autograder.grading.judge import EXPLAINS_ALL, Judge
from autograder.naming.bank import bank, find, made_by_rule
from autograder.naming.replay import reference
from tests.course import NAMES, named

ASSIGNMENTS = NAMES


PARTS = 3


def judged(assignment: str, seed: str, part: int = 0, parts: int = 1) -> None:
    """Every mistake of one assignment on one course seed; or of so many parts of the bank, one."""
    one, judge = named(assignment), judge_of(named(assignment), seed)
    table = [killed(mistake, [grade_mistake(judge, one, mistake)]) for mistake in bank(one)[part::parts]]
    assert survivors(one, table) == []


@pytest.mark.sampled(PARTS)
@pytest.mark.parametrize("part", [2, 1, 0])  # the marks on record begin with the other end: other mistakes
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_mistake_loses_points_and_is_named(assignment: str, part: int) -> None:
    judged(assignment, "bank-0", part, PARTS)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [f"bank-{number}" for number in range(1, 20)])
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_mistake_is_named_on_every_seed(assignment: str, seed: str) -> None:
    judged(assignment, seed)


# The functions that have families of mistakes by rule.
BY_RULE = [(one, name) for one in ASSIGNMENTS for name in named(one).functions if made_by_rule(named(one), name)]


def judged_by_rule(assignment: str, function: str, seed: str, every: int) -> None:
    """Mistakes by rule of one function on one course seed: each loses points and is explained in full.

    Its name is its own, unless another way to say the same, a listed one or a rule, is shorter.
    """
    one, own = named(assignment), 0
    mistakes = made_by_rule(one, function)[::every]
    for mistake in mistakes:
        result = grade_mistake(judges(assignment, seed), one, mistake)
        assert result.points < 1, mistake.title
        assert result.mistakes, mistake.title
        assert not any("+" in m.id for m in result.mistakes), mistake.title
        assert all(m.kind in EXPLAINS_ALL for m in result.mistakes), mistake.title
        own += mistake.id in [m.id for m in result.mistakes]
    assert own >= 0.7 * len(mistakes)


@cache
def judges(assignment: str, seed: str) -> Judge:
    """One judge an assignment and seed."""
    return judge_of(named(assignment), seed)


def test_mistakes_by_rule_lose_points_and_are_named() -> None:
    assert BY_RULE
    judged_by_rule("a4_bptt", "rnn_backward", "rules-0", every=30)
    judged_by_rule("a2_mlp_backprop", "cross_entropy", "rules-0", every=20)


@pytest.mark.thorough
@pytest.mark.parametrize("seed", [f"rules-{number}" for number in range(1, 20)])
@pytest.mark.parametrize(("assignment", "function"), BY_RULE)
def test_every_mistake_by_rule_is_named_on_every_seed(assignment: str, function: str, seed: str) -> None:
    judged_by_rule(assignment, function, seed, every=1)


RIGHT_ARRAYS = {
    "a1_linear_fit": {
        "x_forgotten": {"dw"},
        "db_zero": {"db"},
        "losses_after": {"losses"},
        "two_forgotten": {"dw", "db"},
    },
    "a2_mlp_backprop": {
        "bias_by_mean": {"bias_1", "bias_2"},
        "bias_1_before_slope": {"bias_1"},
        "hidden_slope_missing": {"x", "weight_1", "bias_1"},
        "mean_again": {"weight_1", "bias_1", "weight_2", "bias_2"},
        "article_loss": {"loss"},
        "train_losses_after": {"losses"},
    },
    "a3_rnn_cell": {
        "h_prev_not_transposed": {"h_prev"},
        "new_state_for_old": {"weight_hh"},
        "two_carry_dropped": {"x_1", "h0", "weight_ih", "weight_hh", "bias_ih", "bias_hh"},
        "dba_flat": {"dba"},
        "softmax_over_all": {"yt_pred"},
        "sequence_sign": {"grad_logits"},
    },
    "a4_bptt": {
        "state_after": {"weight_hh"},
        "h0_taken_for_zero": {"weight_hh"},
        "x_one_early": {"weight_ih"},
        "h0_zero": {"h0"},
        "x_in_sweep_order": {"x"},
        "bias_total": {"bias_ih", "bias_hh"},
        "overwritten": {"weight_ih", "weight_hh", "bias_ih", "bias_hh"},
        "weights_not_truncated": {"weight_ih", "weight_hh", "bias_ih", "bias_hh"},
        "residual_h0_without_identity": {"h0"},
        "loss_summed": {"loss"},
        "xor_losses_after": {"losses"},
    },
}


@pytest.mark.parametrize("assignment", RIGHT_ARRAYS)
def test_points_are_lost_in_the_right_arrays(assignment: str) -> None:
    judge = judge_of(named(assignment), "arrays")
    found = {
        id: set(wrong_arrays(grade_mistake(judge, named(assignment), find(named(assignment), id))))
        for id in RIGHT_ARRAYS[assignment]
    }
    assert found == RIGHT_ARRAYS[assignment]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_the_right_answer_has_no_name(assignment: str) -> None:
    judge = judge_of(named(assignment), "right")
    for name, result in grade(
        judge, named(assignment), reference(named(assignment)), *named(assignment).functions
    ).items():
        assert result.points == 1, name
        assert not result.mistakes, name


def test_the_bank_is_large_and_well_worded() -> None:
    known = [m for assignment in ASSIGNMENTS for m in bank(named(assignment))]
    assert len(known) >= 70
    for assignment in ASSIGNMENTS:
        titles = [m.title for m in bank(named(assignment))]
        assert len(set(titles)) == len(titles)
        assert len({m.id for m in bank(named(assignment))}) == len(titles)
    for m in known:
        assert m.function in named(next(a for a in ASSIGNMENTS if m in bank(named(a)))).functions
        assert "\n" not in m.title
        assert not m.title.endswith(".")
        assert len(m.title) <= 125, m.id
        assert m.reread, m.id
        assert m.reread[-1] in ".?", m.id


# ---- machine-made mistakes -------------------------------------------------------------------------------------------


@pytest.mark.sampled(2)
@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_mutants_are_killed_or_argued(assignment: str) -> None:
    gaps = [mutant.name for mutant in alive(named(assignment), ["mutants"]) if not mutant.why]
    assert not gaps, "kill these in the suite, or argue in MUTANTS of the assignment's exempt.py why they are right"


# ---- fixtures --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_problems_that_decide_points_hide_nothing(assignment: str) -> None:
    assert hiding(named(assignment), judge_of(named(assignment), "lint")) == []


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_suites_have_no_tolerance_of_their_own(assignment: str) -> None:
    assert refused_files(named(assignment)) == []


def spoil(**changes: object) -> RNNProblem:
    """A good problem with some arrays replaced."""
    return replace(GOOD_PROBLEM, **changes)


GOOD_PROBLEM = draw_rnn(np.random.default_rng(0))
WEIGHTS = GOOD_PROBLEM.params
A4 = named("a4_bptt")
BAD_PROBLEMS = {
    "steps": draw_rnn(np.random.default_rng(0), steps=2, n=3, input_size=5, hidden_size=4),
    "sample": draw_rnn(np.random.default_rng(0), n=1),
    "different": draw_rnn(np.random.default_rng(0), n=4, hidden_size=4),
    "zero": spoil(h0=np.zeros_like(GOOD_PROBLEM.h0)),
    "symmetric": spoil(params={**WEIGHTS, "weight_hh": WEIGHTS["weight_hh"] + WEIGHTS["weight_hh"].T}),
    "constant": spoil(grad_outputs=np.ones_like(GOOD_PROBLEM.grad_outputs)),
    "tiny": spoil(params={name: 0.01 * value for name, value in WEIGHTS.items()}),
}


@pytest.mark.parametrize("word", BAD_PROBLEMS)
def test_each_rule_refuses_a_problem_that_breaks_it(word: str) -> None:
    said = lint(BAD_PROBLEMS[word], A4)
    assert len(said) == 1
    assert word in said[0]
    assert lint(GOOD_PROBLEM, A4) == []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("assert np.allclose(a, b)", "allclose"),
        ("np.testing.assert_allclose(a, b)", "testing"),
        ("from math import isclose", "isclose"),
        ("assert a == pytest.approx(b)", "approx"),
        ("NEAR = 1e-3\nassert_arrays(a, b, rtol=NEAR)", "rtol="),
        ("rtol = coarse(a)\nrtol = 1e-3\nassert_arrays(a, b, rtol=rtol)", "rtol="),
        ("x = np.random.default_rng(0).normal(size=3)", "draw"),
        ("from random import gauss", "draw"),
    ],
)
def test_a_suite_with_its_own_tolerance_or_numbers_is_refused(code: str, said: str) -> None:
    assert said in " ".join(refused(code))


def test_a_suite_may_pass_a_shared_tolerance_on_and_speak_of_others() -> None:
    text = (
        '''"""No atol, no approx(…) here."""\nrtol = None\nrtol = rtol or coarse(h)\nassert_arrays(a, b, rtol=rtol)'''
    )
    assert refused(text) == []
    assert refused("assert_arrays(a, b, rtol=DIGITS)", ["DIGITS"]) == []


def test_the_linter_refuses_what_hides_mistakes() -> None:
    hidden = {catch.spoiled: catch.hidden for catch in catches(bank(named("a4_bptt")))}
    assert hidden["none of this"] == ()
    assert len(hidden["one step, T = 1"]) >= 8
    assert "carry_not_transposed" in hidden["a symmetric weight_hh"]
    assert "h0_taken_for_zero" in hidden["h0 = 0"]
    assert "injected_ones" in hidden["an upstream of ones"]
    assert "mean_over_batch" in hidden["one sample, N = 1"]
    assert "tanh_missing" in hidden["weights times 0.01, atol 1e-2"]
