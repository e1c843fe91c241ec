"""A key of the configuration that is accepted is used, or says what it waits for."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cream.adapters.config.kinds import Section, core_of, fields_of
from cream.daemon.settings import Settings

PACKAGE = Path(__file__).parents[3] / "cream"


def effective_keys(settings_type: type, path: str = "") -> Iterator[str]:
    """The paths of all single settings that say that they have an effect."""
    for field in fields_of(settings_type):
        if field.info.not_effective:
            continue
        kind, place = core_of(field.kind), f"{path}.{field.name}".lstrip(".")
        if isinstance(kind, Section):
            yield from effective_keys(kind.settings_type, place)
        else:
            yield place


@pytest.fixture(scope="module")
def read_names() -> frozenset[str]:
    """Every attribute that is read anywhere in the code."""
    return frozenset(
        node.attr
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    )


@pytest.mark.parametrize("key", list(effective_keys(Settings)))
def test_a_key_that_is_accepted_is_read(key: str, read_names: frozenset[str]) -> None:
    assert key.rpartition(".")[2] in read_names, f"nothing reads {key}"
