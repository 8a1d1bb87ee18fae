"""The student's process: what it can do, what it cannot, and what a death costs. Real cage, real kernels."""

import pathlib
import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from autograder.course import load_course
from autograder.kernels.cage import Cage, Limits
from autograder.kernels.contract import Function, functions
from autograder.kernels.student import CallFailed, Student
from autograder.kernels.submission import Submission

Start = Callable[..., Student]
CONTRACT = {
    "f": Function("f", ("x",), "array"),
    "g": Function("g", ("x",), ("array", "keep")),
    "h": Function("h", ("cache",), {"a": "array", "b": "array"}),
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
        ("import os\ndef f(x):\n    os._exit(3)", "exit status 3"),
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
        ("def f(x): return None", "returned None"),
        ("def f(x): return {'a': x}", "returned a dict"),
        ("def f(x): raise ValueError('the secret is 0.1234')", "raised ValueError (line 1 of its cell)."),
    ],
)
def test_what_goes_wrong_is_one_sentence_and_costs_one_function(start: Start, code: str, said: str) -> None:
    student = start("def g(x):\n    return x, None", code)
    with pytest.raises(CallFailed, match=said.replace("(", r"\(").replace(")", r"\)")):
        student.f(np.ones(2))
    assert np.array_equal(student.g(np.ones(2))[0], np.ones(2))


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
        "This cell was stopped: it ended the kernel (exit status 1).",
        "four\n",
    ]
    assert student.f(np.ones(1)) == 1


ATTACKS = {
    "network": "import socket; socket.create_connection(('127.0.0.1', 22), 1)",
    "write outside home": "open('/usr/x', 'w')",
    "write to its own Python": "open('/venv/x', 'w')",
    "read the course": "import glob; assert glob.glob('/**/suites/*', recursive=False) or glob.glob('/**/.course_seed')",
    "raise a limit of the parent": "import resource; resource.prlimit(2, resource.RLIMIT_AS, (1, 1))",
    "see other processes": "import os; assert [p for p in os.listdir('/proc') if p.isdigit() and int(p) > 3]; os.kill(2, 0)",
    "mount": "import ctypes; assert ctypes.CDLL(None).mount(b'x', b'/tmp', b'tmpfs', 0, None) == 0",
    "have a parent to signal": "import os; assert os.getppid() != 0",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_fails(start: Start, cage: Cage, attack: str) -> None:
    if cage.isolation != "cage":
        pytest.fail("the attacks are meant for the cage; this run has none")
    student = start(
        f"try:\n    {ATTACKS[attack]}\n    print('done')\nexcept BaseException as e:\n    print(type(e).__name__)"
    )
    assert runs(student)[0].strip() != "done"


def test_nothing_is_left_for_the_next_submission(start: Start) -> None:
    leave = "for p in ('/tmp/x', '/home/student/x', '/dev/shm/x'):\n    open(p, 'w').write('left')"
    look = "import glob; print(glob.glob('/tmp/*') + glob.glob('/home/student/*') + glob.glob('/dev/shm/*'))"
    assert runs(start(leave, look))[1] != "[]\n"
    assert runs(start(look)) == ["[]\n"]


def test_a_fork_bomb_ends_with_its_submission(start: Start, cage: Cage) -> None:
    start("import os\nwhile True:\n    try: os.fork()\n    except OSError: break", "def f(x): return x")
    assert start("def f(x): return x").f(np.ones(1)) == 1


def test_output_is_capped_and_kept_in_order(start: Start) -> None:
    student = start("import sys\nprint('a'); print('b', file=sys.stderr); print('c')", "print('x' * 10_000_000)")
    assert isinstance(student.code, Submission)
    first, second = student.code.runs
    assert [(o["name"], o["text"]) for o in first.outputs] == [("stdout", "a\n"), ("stderr", "b\n"), ("stdout", "c\n")]
    assert len(second.outputs[0]["text"]) < (1 << 20) + 100


def test_cpu_time_is_the_kernels_own(start: Start) -> None:
    student = start("import time\ntime.process_time = lambda: 0\ndef f(x):\n    sum(range(2_000_000))\n    return x")
    assert student.ask("f", np.ones(1)).cpu > 0.01


def test_without_a_cage_the_same_program_serves(tmp_path: pathlib.Path) -> None:
    course = load_course()
    cage = Cage(course.python, LIMITS, "none", course.selfcheck)
    cage.wait()
    submission = Submission(cage, ["def predict(x, w, b):\n    return w * x + b"])
    try:
        student = Student(submission, functions("a1_linear_fit"))
        assert np.array_equal(student.predict(np.ones(2), 2.0, 1.0), [3.0, 3.0])
    finally:
        submission.end()
        cage.close()
