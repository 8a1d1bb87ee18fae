"""Which submissions have code, or wrong numbers, in common that few others have. It compares and judges nobody."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from autograder.reports.fingerprints import Mark, Piece, hashes, marks, pieces

FEW = 10  # who may share a thing for it to say something about a pair; in a large class
SHARE = 0.05  # this part of the class
LEAST = 4  # fingerprints that two share with few others
NUMBERS_WEIGH = 6  # as many fingerprints as equal wrong numbers weigh
MOST_PAIRS = 100


@dataclass(frozen=True)
class Work:
    """What is compared of a submission: its code cells, and the digests and mistakes of its wrong functions."""

    student: str
    cells: tuple[str, ...]
    numbers: Mapping[str, str]
    mistakes: Mapping[str, str]


@dataclass(frozen=True)
class SharedCode:
    """A function of the first student whose code is partly that of the second: the part of its fingerprints, and lines.

    others: how many more in the class have most of the same.
    """

    name: str
    part: float
    others: int
    first: str
    second: str
    first_lines: frozenset[int]
    second_lines: frozenset[int]


@dataclass(frozen=True)
class SharedNumbers:
    """A function whose wrong numbers are equal; others: how many more in the class have them. mistake: one that we know."""

    name: str
    others: int
    mistake: str


@dataclass(frozen=True)
class Pair:
    """Two students with what they share; weight only puts the pairs in an order."""

    students: tuple[str, str]
    code: tuple[SharedCode, ...]
    numbers: tuple[SharedNumbers, ...]
    weight: float


@dataclass(frozen=True)
class Prints:
    """One submission's pieces by number, and where each of its fingerprints is."""

    pieces: Sequence[Piece]
    places: Mapping[int, tuple[int, Mark]]  # fingerprint -> number of the piece, lines
    sizes: Mapping[int, int]  # number of the piece -> how many fingerprints it has


def similar(class_work: Sequence[Work], given: Iterable[str], kept: Collection[str]) -> list[Pair]:
    """The pairs that share something, those who share most first. given: the code that was handed out."""
    handed_out = frozenset(given)
    known = {fingerprint for code in handed_out for fingerprint in hashes(code, kept)[1]}
    prints = {work.student: prints_of(work, handed_out, known, kept) for work in class_work}
    owners: dict[int, list[str]] = defaultdict(list)
    for student, found in prints.items():
        for fingerprint in found.places:
            owners[fingerprint].append(student)
    numbers: dict[tuple[str, str], list[Work]] = defaultdict(list)
    for work in class_work:
        for name, digest in work.numbers.items():
            numbers[name, digest].append(work)
    few, n = max(FEW, math.ceil(SHARE * len(class_work))), len(class_work)
    rare: Counter[tuple[str, str]] = Counter()
    weights: dict[tuple[str, str], float] = defaultdict(float)
    for who in owners.values():
        if 2 <= len(who) <= few:
            for pair in combinations(who, 2):
                rare[pair] += 1
                weights[pair] += math.log2(1 + n / len(who))
    wrong: dict[tuple[str, str], list[SharedNumbers]] = defaultdict(list)
    for (name, _), works in numbers.items():
        if 2 <= len(works) <= few:
            for a, b in combinations(works, 2):
                pair = (a.student, b.student)
                wrong[pair].append(SharedNumbers(name, len(works) - 2, a.mistakes.get(name, "")))
                weights[pair] += NUMBERS_WEIGH * math.log2(1 + n / len(works))
    order = sorted(weights, key=lambda pair: (-weights[pair], pair))
    chosen = [pair for pair in order if rare[pair] >= LEAST or pair in wrong][:MOST_PAIRS]
    return [
        Pair(pair, shared_code(*pair, prints, owners), tuple(wrong.get(pair, ())), weights[pair]) for pair in chosen
    ]


def prints_of(work: Work, handed_out: Collection[str], known: Collection[int], kept: Collection[str]) -> Prints:
    """The fingerprints of a submission, without those of the code that was handed out."""
    found = list(pieces([cell for cell in work.cells if cell not in handed_out]))
    places: dict[int, tuple[int, Mark]] = {}
    for number, piece in enumerate(found):
        for mark in marks(piece.code, kept):
            if mark.hash not in known:
                places.setdefault(mark.hash, (number, mark))
    return Prints(found, places, Counter(number for number, _ in places.values()))


def shared_code(
    a: str, b: str, prints: Mapping[str, Prints], owners: Mapping[int, Sequence[str]]
) -> tuple[SharedCode, ...]:
    """What two submissions have in common, by function of the first, where most in common first."""
    mine, theirs = prints[a], prints[b]
    common: dict[tuple[int, int], list[int]] = defaultdict(list)
    for fingerprint in mine.places.keys() & theirs.places.keys():
        common[mine.places[fingerprint][0], theirs.places[fingerprint][0]].append(fingerprint)
    rows = []
    for (one, other), found in common.items():
        part = len(found) / min(mine.sizes[one], theirs.sizes[other])
        if len(found) < 2 or part < 0.3:
            continue
        count = Counter(student for fingerprint in found for student in owners[fingerprint])
        others = sum(1 for student, shared in count.items() if shared >= 0.8 * len(found)) - 2
        lines = [
            frozenset(n for f in found for n in range(side.places[f][1].first, side.places[f][1].last + 1))
            for side in (mine, theirs)
        ]
        piece, counterpart = mine.pieces[one], theirs.pieces[other]
        name = piece.name if piece.name == counterpart.name else f"{piece.name} and {counterpart.name}"
        rows.append(SharedCode(name, part, others, piece.code, counterpart.code, *lines))
    return tuple(sorted(rows, key=lambda row: (row.others, -row.part, row.name)))
