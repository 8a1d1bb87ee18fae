"""Marking by question: what is chosen of a rubric is one mark, it lands in nbgrader's tables, and nobody's is overwritten."""

from __future__ import annotations

import json
import pathlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import pytest
import requests
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from nbgrader.api import Gradebook

from autograder.course.cells import is_answer, nbgrader_of
from autograder.course.settings import ROOT
from autograder.plugins.by_question import Stored, answers, mark, questions
from autograder.plugins.rubric_marks import SHARES, Choice, Rubric, Step, choice_of, comment_of, read_rubric, score_of
from autograder.plugins.rubrics import rubrics
from tests.answers import formgrader, handed_in, write
from tests.course import NAMES
from tests.notebooks import cells

pytestmark = pytest.mark.filterwarnings("ignore:Object of type <Submitted")  # nbgrader's own, under SQLAlchemy 2

A, QUESTION = "a1_linear_fit", "derive_loss_gradient"
RUBRIC = read_rubric(rubrics(ROOT / "assignments" / A / "rubric.md")[QUESTION])

# ---- a choice as a mark ------------------------------------------------------------------------------------------------

LINE = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1)
STEPS = st.lists(st.builds(Step, LINE, st.sampled_from([0.25, 0.5, 0.75, 1.0])), max_size=6)
RUBRICS = st.builds(
    Rubric, STEPS.map(tuple), st.lists(LINE.map(lambda t: f"turn {t}"), max_size=4, unique=True).map(tuple)
)


@st.composite
def choices(draw: st.DrawFn) -> tuple[Rubric, Choice, float]:
    """A rubric, a choice of it, and the points of its question."""
    rubric = draw(RUBRICS)
    most = sum(step.points for step in rubric.steps) or 2.0
    shares = draw(st.tuples(*[st.sampled_from(SHARES) for _ in rubric.steps]))
    turns = draw(st.lists(st.integers(0, len(rubric.turns) - 1), unique=True)) if rubric.turns else []
    score = None if rubric.steps else draw(st.floats(0, most))
    return rubric, Choice(shares, tuple(sorted(turns)), draw(st.text()), score), most


@settings(max_examples=50)
@given(choices(), st.booleans())
def test_what_was_chosen_is_read_back_from_score_and_comment(drawn: tuple[Rubric, Choice, float], quoted: bool) -> None:
    """As after a reload: the page shows steps, wrong turns and words as they were chosen."""
    rubric, choice, most = drawn
    comment = comment_of(rubric, choice, quoted)
    own = choice.text.replace("\r\n", "\n").replace("\r", "\n").strip()
    assume(not any(line.startswith("- ") for line in own.split("\n")))
    assert choice_of(rubric, score_of(rubric, choice, most), comment, most) == replace(choice, text=own)


@settings(max_examples=50)
@given(choices(), st.integers(0, 5))
def test_more_of_a_step_is_never_fewer_points(drawn: tuple[Rubric, Choice, float], number: int) -> None:
    rubric, choice, most = drawn
    assume(number < len(rubric.steps))
    more = replace(choice, shares=(*choice.shares[:number], 1.0, *choice.shares[number + 1 :]))
    assert 0 <= score_of(rubric, choice, most) <= score_of(rubric, more, most) <= most


@given(st.text(), st.none() | st.floats(0, 2))
def test_a_mark_of_somebody_else_is_shown_as_it_is(comment: str, score: float | None) -> None:
    """A score and a comment that the formgrader's own page wrote: no step is taken for chosen that nobody chose."""
    assume("- Step" not in comment)
    choice = choice_of(RUBRIC, score, comment, 2.0)
    assert choice == Choice((1.0,) * 4 if score == 2 else (), (), choice.text, None if score == 2 else score)
    assert choice.text == comment.replace("\r\n", "\n").replace("\r", "\n").strip()


def test_the_comment_says_what_is_missing() -> None:
    choice = Choice((1, 0.5, 1, 0), (1,), "Nearly.\r\n")
    assert score_of(RUBRIC, choice, 2) == 1.25
    assert comment_of(RUBRIC, choice, quoted=True) == (
        f"- Step 2, 0.25 of 0.5: {RUBRIC.steps[1].text}\n- Step 4, 0 of 0.5: {RUBRIC.steps[3].text}\n"
        f"- {RUBRIC.turns[1]}\n\nNearly."
    )
    assert comment_of(RUBRIC, choice, quoted=False).startswith("- Step 2, 0.25 of 0.5.\n- Step 4, 0 of 0.5.\n")
    assert comment_of(RUBRIC, Choice((1, 1, 1, 1)), quoted=True) == ""


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        (Choice(), "Nothing is chosen"),
        (Choice(score=2.5), "from 0 to 2"),
        (Choice(score=-1), "from 0 to 2"),
        (Choice(score=float("nan")), "from 0 to 2"),
        (Choice((1, 1)), "The rubric has changed"),
        (Choice((1, 1, 1, 0.7)), "The rubric has changed"),
        (Choice((1, 1, 1, 1), (9,)), "The rubric has changed"),
        (Choice((1, 1, 1, 1), text="x" * 20_000), "longer than"),
    ],
)
def test_what_is_no_mark_is_refused(choice: Choice, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        score_of(RUBRIC, choice, 2)


def test_a_question_worth_less_than_its_steps_gives_no_more() -> None:
    """As after a change of points in course.toml."""
    assert score_of(RUBRIC, Choice((1, 1, 1, 1)), 1) == 1
    assert choice_of(RUBRIC, 1, "", 1) == Choice((1, 1, 1, 1))


@pytest.mark.parametrize("assignment", NAMES)
def test_every_question_can_be_marked_by_steps(assignment: str) -> None:
    """The steps of each rubric add up to the question's points, and its wrong turns are found."""
    sections = rubrics(ROOT / "assignments" / assignment / "rubric.md")
    worth = {nbgrader_of(c)["grade_id"]: nbgrader_of(c)["points"] for c in cells("source", assignment) if is_answer(c)}
    for question, points in worth.items():
        rubric = read_rubric(sections[question])
        assert sum(step.points for step in rubric.steps) == points, question
        assert 3 <= len(rubric.turns) <= 9, question
        assert not any("\n" in text for text in (*rubric.turns, *(step.text for step in rubric.steps))), question


# ---- nbgrader's tables -------------------------------------------------------------------------------------------------

TEXTS = ("First: $x^2$", "", "Second", "Third", "<script>alert(1)</script> Fourth", "Fifth")


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A class of six; the second has left the answer blank."""
    return handed_in(tmp_path_factory.mktemp("marking"), A, QUESTION, TEXTS)


def database(course: pathlib.Path) -> Gradebook:
    """A connection of its own, as another marker's server has."""
    return Gradebook(f"sqlite:///{course}/gradebook.db")


def test_of_two_marks_at_once_one_is_written(course: pathlib.Path) -> None:
    """Four markers who saw the same state mark every answer at the same moment: each answer has one mark, wholly."""
    with closing(database(course)) as gradebook:
        assert questions(gradebook, A) == ["derive_loss_gradient", "explain_bug_missing_x"]
        seen = answers(gradebook, A, QUESTION)
    written: dict[str, list[Stored]] = {answer.id: [] for answer in seen}
    gate = threading.Barrier(4)

    def marker(number: int) -> None:
        with closing(database(course)) as gradebook:
            for answer in seen:
                now = Stored(number / 4, f"marker {number}", waits=False)
                gate.wait()
                if mark(gradebook, answer, now):
                    written[answer.id].append(now)

    markers = [threading.Thread(target=marker, args=(number,)) for number in range(4)]
    for thread in markers:
        thread.start()
    for thread in markers:
        thread.join()
    with closing(database(course)) as gradebook:
        assert {a.id: [a.stored] for a in answers(gradebook, A, QUESTION)} == written
        for answer in answers(gradebook, A, QUESTION):
            before = next(a.stored for a in seen if a.id == answer.id)
            assert mark(gradebook, answer, before)
        assert [a.stored for a in answers(gradebook, A, QUESTION)] == [a.stored for a in seen]


# ---- the server --------------------------------------------------------------------------------------------------------


@dataclass
class Marker:
    """A person with a browser of their own on the formgrader's server."""

    address: str

    def __post_init__(self) -> None:
        self.session = requests.Session()
        self.page = self.session.get(f"{self.address}/formgrader/marking/{A}")
        self.xsrf = self.session.cookies["_xsrf"]

    def ask(self, id: str = "") -> Any:
        """What the page's script gets."""
        return self.session.get(f"{self.address}/formgrader/api/marking/{A}/{QUESTION}{id and f'/{id}'}").json()

    def ids(self, state: str) -> list[str]:
        """The answers in this state."""
        return [answer["id"] for answer in self.ask()["answers"] if answer["state"] == state]

    def put(self, id: str, **body: Any) -> requests.Response:
        """Send what the page's script would send."""
        address = f"{self.address}/formgrader/api/marking/{A}/{QUESTION}/{id}"
        return self.session.put(address, json=body, headers={"X-XSRFToken": self.xsrf})

    def give(self, seen: Any, *shares: float, **other: Any) -> requests.Response:
        """Mark an answer as it was seen."""
        chosen = {"shares": shares, "turns": [], "text": "", "score": None, "version": seen["version"]}
        return self.put(seen["id"], **chosen | other)


@pytest.fixture(scope="module")
def server(course: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the formgrader."""
    with formgrader(course, tmp_path_factory.mktemp("teacher")) as address:
        yield address


@pytest.fixture
def ada(server: str) -> Marker:
    return Marker(server)


@pytest.fixture
def ben(server: str) -> Marker:
    return Marker(server)


@pytest.fixture
def seen(ada: Marker, course: pathlib.Path) -> Iterator[Any]:
    """The first answer that waits, as Ada sees it; it waits again afterwards."""
    first = ada.ids("open")[0]
    yield ada.ask(first)["answer"]
    with closing(database(course)) as gradebook:
        (answer,) = [a for a in answers(gradebook, A, QUESTION) if a.id == first]
        mark(gradebook, answer, Stored())


def stored(course: pathlib.Path, id: str) -> Any:
    """What nbgrader's tables have of an answer."""
    with closing(database(course)) as gradebook:
        grade = gradebook.find_grade_by_id(id)
        comment = gradebook.find_comment(QUESTION, A, A, grade.student.id)
        return grade.manual_score, comment.manual_comment, grade.needs_manual_grade


def test_the_page_has_the_rubric_and_no_name(ada: Marker) -> None:
    """No student is named; no script is in the page, and none but ours is run."""
    assert ada.page.url.endswith(f"/formgrader/marking/{A}/{QUESTION}")
    policy = ada.page.headers["Content-Security-Policy"]
    nonce = policy.partition("script-src 'nonce-")[2].partition("'")[0]
    assert policy.startswith(f"default-src 'none'; script-src 'nonce-{nonce}'; ")
    assert ada.page.text.count("<script") == ada.page.text.count(f'marking.js" nonce="{nonce}" defer></script>') == 1
    assert ada.page.text.count('class="choice step"') == 4
    assert ada.page.text.count('class="choice turn"') == len(RUBRIC.turns)
    told = json.dumps([ada.ask(id) for id in ada.ids("open")])
    assert "student-" not in ada.page.text + told
    assert "<script" not in told
    assert "<msup><mi>x</mi><mn>2</mn></msup>" in told


def test_the_formgraders_list_leads_to_the_page(ada: Marker) -> None:
    page = ada.session.get(f"{ada.address}/formgrader/gradebook/{A}/{A}").text
    assert f'href="/formgrader/marking/{A}"' in page
    assert "Show All Names" in page


def test_a_mark_lands_in_nbgraders_tables(ada: Marker, seen: Any, course: pathlib.Path) -> None:
    """The formgrader's own page shows it; after a reload its steps are as they were chosen."""
    assert seen["state"] == "open"
    chosen = {"shares": [1, 0.5, 1, 0], "turns": [0], "text": "Nearly.", "score": None}
    reply = ada.put(seen["id"], version=seen["version"], **chosen)
    assert reply.status_code == 200
    score, comment, waits = stored(course, seen["id"])
    assert (score, waits) == (1.25, False)
    assert comment.startswith("- Step 2, 0.25 of 0.5: $\\partial")
    submission = seen["address"].split("/")[-2]
    theirs = ada.session.get(f"{ada.address}/formgrader/api/grades?submission_id={submission}").json()
    assert [g["manual_score"] for g in theirs if g["name"] == QUESTION] == [1.25]
    assert ada.ask(seen["id"])["answer"]["choice"] == chosen
    assert ada.ask(seen["id"])["answer"]["state"] == "marked"


def test_a_second_markers_mark_is_never_overwritten(ada: Marker, ben: Marker, seen: Any, course: pathlib.Path) -> None:
    """The server refuses and shows the other's mark. The same mark again is no conflict, nor is one given knowingly."""
    assert ben.give(seen, 1, 1, 1, 1).status_code == 200
    refused = ada.give(seen, 1, 0, 0, 0)
    assert refused.status_code == 409
    assert refused.json()["answer"]["choice"]["shares"] == [1, 1, 1, 1]
    assert stored(course, seen["id"])[0] == 2
    assert ada.give(seen, 1, 1, 1, 1).status_code == 200
    assert ada.give(refused.json()["answer"], 1, 0, 0, 0).status_code == 200
    assert stored(course, seen["id"])[0] == 0.5


def test_a_mark_of_the_formgraders_own_page_is_not_overwritten(ada: Marker, seen: Any, course: pathlib.Path) -> None:
    theirs = {"manual_score": 1.7, "extra_credit": None}
    address = f"{ada.address}/formgrader/api/grade/{seen['id']}"
    assert ada.session.put(address, json=theirs, headers={"X-XSRFToken": ada.xsrf}).status_code == 200
    refused = ada.give(seen, 1, 0, 0, 0)
    assert refused.status_code == 409
    assert refused.json()["answer"]["choice"] == {"shares": [], "turns": [], "text": "", "score": 1.7}
    assert stored(course, seen["id"])[0] == 1.7


def test_an_answer_that_has_changed_since_is_not_marked(ada: Marker, seen: Any, course: pathlib.Path) -> None:
    """The student handed in again, and the notebook was graded again while the page was open."""
    with closing(database(course)) as gradebook:
        student = gradebook.find_grade_by_id(seen["id"]).student.id
    folder = course / "autograded" / student / A
    before = (folder / f"{A}.ipynb").read_text()
    write(folder, A, QUESTION, "Another answer")
    try:
        refused = ada.give(seen, 1, 1, 1, 1)
        assert refused.status_code == 409
        assert "Another answer" in refused.json()["answer"]["html"]
        assert stored(course, seen["id"]) == (None, None, True)
    finally:
        (folder / f"{A}.ipynb").write_text(before)


def test_undo_leaves_what_was_there_before(ada: Marker, ben: Marker, seen: Any, course: pathlib.Path) -> None:
    """Not marked yet is not marked yet again; another's mark is not undone."""
    given = ada.give(seen, 1, 1, 1, 1).json()["answer"]
    assert ada.put(seen["id"], version=given["version"], back=seen["back"]).status_code == 200
    assert stored(course, seen["id"]) == (None, None, True)
    given = ada.give(seen, 1, 1, 1, 1).json()["answer"]
    ben.give(given, 1, 1, 0, 0)
    assert ada.put(seen["id"], version=given["version"], back=seen["back"]).status_code == 409
    assert stored(course, seen["id"])[0] == 1


def test_progress_knows_marked_open_and_blank(ada: Marker, seen: Any) -> None:
    assert [len(ada.ids(state)) for state in ("open", "marked", "blank")] == [5, 0, 1]
    ada.give(seen, 0, 0, 0, 0)
    assert [len(ada.ids(state)) for state in ("open", "marked", "blank")] == [4, 1, 1]


def test_what_is_no_mark_is_not_saved(ada: Marker, seen: Any, course: pathlib.Path) -> None:
    """Each refusal has a status; without the page's token nothing is read."""
    assert "from 0 to 2" in ada.give(seen, score=2.5).json()["message"]
    sent = {"shares": [], "turns": [], "text": "", "score": 1, "version": seen["version"]}
    bad: tuple[Any, ...] = (None, [], 1, {}, sent | {"score": "x"}, sent | {"shares": 1}, sent | {"turns": ["x"]})
    bad += ({"version": seen["version"], "back": {"score": float("nan"), "comment": "", "waits": True}},)
    address = f"{ada.address}/formgrader/api/marking/{A}/{QUESTION}/{seen['id']}"
    token = {"X-XSRFToken": ada.xsrf}
    assert {ada.session.put(address, data=json.dumps(body), headers=token).status_code for body in bad} == {400}
    assert ada.session.put(address, json=sent).status_code == 403
    assert ada.put("0" * 32, **sent).status_code == 404
    assert ada.session.get(address.replace(seen["id"], "0" * 32)).status_code == 404
    assert ada.session.get(f"{ada.address}/formgrader/marking/{A}/no_question").status_code == 404
    assert ada.session.get(f"{ada.address}/formgrader/marking/no_assignment").status_code == 404
    assert stored(course, seen["id"]) == (None, None, True)


@pytest.mark.thorough
def test_a_gradebook_in_use_costs_no_mark(ada: Marker, seen: Any, course: pathlib.Path) -> None:
    """Another program holds SQLite's lock longer than nbgrader waits: one sentence, and the mark can be sent again."""
    with closing(sqlite3.connect(course / "gradebook.db")) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = ada.give(seen, 1, 1, 1, 1)
        other.rollback()
    assert refused.status_code == 503
    assert "Try again in a moment" in refused.json()["message"]
    assert ada.give(seen, 1, 1, 1, 1).status_code == 200
