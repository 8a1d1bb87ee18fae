"""Another nbgrader is refused with a sentence when it starts, whatever of the things that we use it has changed."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest
from nbgrader.converters import Autograde
from nbgrader.preprocessors import LimitOutput, SaveAutoGrades

from autograder.plugins import seams


def owner_of(used: str) -> tuple[Any, str]:
    """The class that has one of the names in USED, and its name there."""
    module, _, path = used.partition(":")
    name, attribute = path.split(".")
    return getattr(importlib.import_module(module), name), attribute


def test_the_pinned_nbgrader_has_all_that_is_used() -> None:
    seams.check()


@pytest.mark.parametrize("used", [name for name, arguments in seams.USED.items() if arguments is not None])
def test_a_method_that_takes_other_arguments_is_refused(used: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, attribute = owner_of(used)
    monkeypatch.setattr(owner, attribute, lambda one: None)
    with pytest.raises(RuntimeError, match=rf"nbgrader changed: \w+\.{attribute} takes other arguments"):
        seams.check()


@pytest.mark.parametrize("used", seams.USED)
def test_a_method_that_is_gone_is_refused(used: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, attribute = owner_of(used)
    for one in owner.__mro__:
        if attribute in vars(one):
            monkeypatch.delattr(one, attribute)
    with pytest.raises(RuntimeError, match=rf"nbgrader changed: .* has no \w+\.{attribute}\. Install"):
        seams.check()


@pytest.mark.parametrize(("name", "module"), [(n, m) for n, modules in seams.PLACES.items() for m in modules])
def test_a_class_that_is_looked_up_elsewhere_is_refused(
    name: str, module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(importlib.import_module(module), name)
    with pytest.raises(RuntimeError, match=f"nbgrader changed: {module} has no {name}. Install the versions that"):
        seams.install()


def test_other_preprocessors_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Autograde.autograde_preprocessors, "default", lambda: [LimitOutput])
    with pytest.raises(RuntimeError, match="nbgrader changed: Execute is not among the preprocessors of Autograde"):
        seams.autograde_preprocessors(SaveAutoGrades)


def test_a_formgrader_without_its_list_of_handlers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, seams.FORMGRADER, ModuleType("handlers"))
    with pytest.raises(RuntimeError, match=f"nbgrader changed: {seams.FORMGRADER} has no list of handlers"):
        seams.add_to_formgrader([("/address", object)])


def test_handlers_are_added_to_the_formgrader_once_and_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its configuration is read again with every page."""
    module = ModuleType("handlers")
    module.default_handlers = ["theirs"]  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, seams.FORMGRADER, module)
    for _ in range(2):
        seams.add_to_formgrader(["ours", "second"])
    assert module.default_handlers == ["ours", "second", "theirs"]
