"""What a name costs, with tables warm: `python -m benchmarks.naming [ASSIGNMENT …]`.

Every known mistake by rule is named twice; the second time counts, in CPU milliseconds within the namer. Trainings are apart:
a replay of theirs is a training. Prints the median, the time that 95 % stay below.
"""

from __future__ import annotations

import argparse
import statistics
import time
from typing import Any

from autograder.authoring.audit.validity import grade_mistake, judge_of
from autograder.course.settings import load_course
from autograder.naming.bank import registered

EVERY = 7


def main() -> None:
    """Measure each assignment and print a line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignments", nargs="*")
    chosen = parser.parse_args().assignments
    for name, assignment in load_course().assignments.items():
        if chosen and name not in chosen:
            continue
        judge, spent = judge_of(assignment, "bench"), [0.0]
        namer = judge.namer
        assert namer is not None
        diagnose = namer.diagnose

        def timed(*arguments: Any) -> list[dict[str, Any]]:
            start = time.thread_time()
            told = diagnose(*arguments)  # noqa: B023
            spent[0] = time.thread_time() - start  # noqa: B023
            return told

        namer.diagnose = timed  # type: ignore[method-assign]
        costs = []
        for mistake in registered(assignment)[::EVERY]:
            if not assignment.functions[mistake.function].composed:
                for _ in range(2):
                    grade_mistake(judge, assignment, mistake)
                costs.append(1000 * spent[0])
        costs.sort()
        late = costs[int(0.95 * len(costs))]
        print(f"{name}: {len(costs)} names, median {statistics.median(costs):.1f} ms, 95 % below {late:.1f} ms")


if __name__ == "__main__":
    main()
