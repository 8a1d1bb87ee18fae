"""What users read is plain English: the words of a private dialect stay out, and README shows what the grader says."""

import ast
import html
import pathlib
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest

from autograder.course.settings import ROOT
from autograder.grading import words
from autograder.grading.judge import Judge
from autograder.grading.render import result_html
from autograder.grading.results import CheckResult, FunctionResult, Named, Outcome, SubmissionResult
from autograder.kernels.raised import KNOWN, Vocabulary, error_in_words
from autograder.kernels.student import CallFailed, decode
from autograder.naming.bank import bank
from tests.course import NAMES, named
from tests.test_render import told_by_explain

# The word, what to write instead, and where it is right.
WORDS = (
    (r"\bmend(s|ed|ing)?\b", "fix, repair", ""),
    (r"\bput (back|right)\b", "restored, fixed", ""),
    (r"\bcame\b", "got, returned", ""),
    (r"\b(stands?|stood)\b", "is, was", r"\bstands? for\b"),
    (r"\bas (it|they) stands?\b", "unchanged", ""),
    (r"\b(is|are) told\b", "the message says", ""),
    (r"\b(lies?|lying) (in|on|between|behind|below|within|where)\b", "is in", ""),
    (r"\b(to|cannot) be had\b", "is not available", ""),
    (r"\brests? (up)?on\b", "depends on", ""),
    (r"\bupon\b", "on", ""),
    (r"\bthe middle one\b", "median", ""),
    (r"\bin (the )?place of\b", "instead of", ""),
    (r"\b(is|are|was|were) left out\b", "skipped, missing", ""),
    (r"\bkept once\b", "one copy kept", ""),
    (r"\b(was expected|is wanted|was wanted)\b", "expected …, got …", ""),
    (r"\bcounts? as far as\b", "credited in proportion to", ""),
    (r"\bno ground\b", "cannot be used", ""),
    (r"\bit knows\b", "known keys:", ""),
    (r"\bwalls? (\w+ ){1,2}off\b", "isolate", ""),
    (r"\bzero is right here\b", "the correct value is zero", ""),
)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MODULES = sorted((ROOT / "autograder").rglob("*.py"))
Said = tuple[int, str]


def found(said: Said) -> list[str]:
    """What is wrong in one piece of text."""
    line, text = said
    plain = " ".join(text.split())
    return [
        f"line {line}: {hit[0]!r}; write: {instead}"
        for word, instead, right in WORDS
        if (hit := re.search(word, re.sub(right, "", plain) if right else plain))
    ]


def messages(path: pathlib.Path) -> Iterator[Said]:
    """The strings of a module that a user may read: all but docstrings, and of a hidden suite the titles too."""
    docstrings = set()
    for node in ast.walk(tree := ast.parse(path.read_text())):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node) is not None:
            in_suite = "suite" in (path.stem, path.parent.name)
            title = in_suite and isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
            if not title:
                docstrings.add(node.body[0].value)  # type: ignore[attr-defined]
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in docstrings:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", MODULES, ids=[str(p.relative_to(ROOT)) for p in MODULES])
def test_messages_are_plain(path: pathlib.Path) -> None:
    assert [wrong for said in messages(path) for wrong in found(said)] == []


@pytest.mark.parametrize("path", PAGES, ids=[p.name for p in PAGES])
def test_pages_are_plain(path: pathlib.Path) -> None:
    assert [wrong for said in enumerate(path.read_text().splitlines(), 1) for wrong in found(said)] == []


def test_a_word_of_the_dialect_is_found_and_a_good_one_is_not() -> None:
    for text in (
        "a list came",
        "test_predict: stood 2 times",
        "h0 lies in x",
        "plus in place\n of minus",
        "built upon it",
    ):
        assert found((1, text)), text
    for text in ("the standard library", "{points:part 7} stands for a sum", "the model understands", "he belies it"):
        assert not found((1, text)), text


@pytest.mark.parametrize("path", [*PAGES, *MODULES], ids=[str(p.relative_to(ROOT)) for p in [*PAGES, *MODULES]])
def test_only_files_of_the_repository_are_named(path: pathlib.Path) -> None:
    """A page that only its authors have helps no reader."""
    pages = re.findall(r"(?:\w+/)*\w+\.md\b", path.read_text())
    known = {p.name for p in ROOT.glob("*.md")} | {p.name for p in (ROOT / "docs").glob("*.md")}
    assert {name.rpartition("/")[2] for name in pages} <= known | {"rubric.md", "student_readme.md", "CHANGES.md"}


def test_links_between_pages_lead_somewhere() -> None:
    for path in PAGES:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", path.read_text()):
            assert (path.parent / link).exists(), f"{path.name}: {link}"


def test_the_readme_shows_what_the_grader_says() -> None:
    """Its eight lines are graded here; points, mistake and arrays are those that it prints."""
    text = (ROOT / "README.md").read_text()
    assignment = named("a3_rnn_cell")
    namespace = assignment.namespace()
    code = re.search(r"```python\n(def rnn_cell_backward.*?)```", text, re.DOTALL)
    assert code is not None
    exec(code[1], namespace)
    judge = Judge.of([assignment], "readme", 0.125, naming=True)
    result = judge.grade(assignment, assignment.student(namespace), {"rnn_cell_backward": 6.0})["rnn_cell_backward"]
    plain = re.sub(r"[*`>]|\s+", " ", text)
    plain = " ".join(plain.split())
    assert f"{result.points:g} of {result.max_points:g} points" in plain
    (mistake,) = result.mistakes
    assert mistake.title in plain
    assert mistake.reread in plain
    decides = result.checks[0]
    assert decides.title in plain
    assert [f"{array.name} : {array.sentence}" in plain for array in decides.arrays if not array.ok] == [True]


# ---- full stops ------------------------------------------------------------------------------------------------------

TWO_MARKS = re.compile(r"[.?!…]\.|\.[;,]")
DIED = "This cell was stopped: it was still running after 10 s. Its definitions were kept."


def pages() -> Iterator[str]:
    """The box of every known mistake and of every check, alone and with others, and what is said of calls and cells."""
    for assignment in map(named, NAMES):
        titles = [test.title for test in Judge.of([assignment], "a seed").tests[assignment.name]]
        for outcome in Outcome:
            checks = [CheckResult(title, 1, 0.0, outcome, "f raised ValueError.", blocked_by="f") for title in titles]
            result = FunctionResult("f", 0, 2, tuple(checks), fix_first="g")
            yield result_html(result)
            yield words.headline(SubmissionResult(functions={"f": result, "g": replace(result, fix_first="")}))
            yield words.joined(words.what_happened(result), "marked by hand")
        named_mistakes = [Named(m.id, m.title, m.reread) for m in bank(assignment)]
        for one, other in pairwise(named_mistakes):
            yield result_html(FunctionResult("f", 0, 2, mistakes=(one,)))
            yield result_html(FunctionResult("f", 0, 2, mistakes=(one, other)))
            yield told_by_explain(FunctionResult("f", 0, 2, mistakes=(one,)))
    for message in ("no dot", "a dot.", "is it?", DIED, ""):
        yield words.ended_early(1, "ValueError", message)
        yield words.stopped_cell(3, "2.3 · Which way is down?", DIED)
    for known, _ in KNOWN:
        yield error_in_words({"type": "ValueError", "message": known, "line": 3}, Vocabulary())
        yield error_in_words({"type": "ValueError", "message": known}, Vocabulary())
    for function in (function for name in NAMES for function in named(name).functions.values()):
        for entry in ({"got": "NoneType"}, {"got": "dict"}, {"got": "list", "length": 3}):
            with pytest.raises(CallFailed) as failed:
                decode(function, entry, memoryview(b""), 0, frozenset())
            yield failed.value.sentence


def test_no_sentence_ends_in_two_marks() -> None:
    said = [html.unescape(re.sub(r"<[^>]+>", "", page)) for page in pages()]
    assert [text[max(0, hit.start() - 60) : hit.end()] for text in said for hit in TWO_MARKS.finditer(text)] == []
