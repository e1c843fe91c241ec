"""What is installed is what is meant: the packages that were asked for are all in use."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# As they are imported. pytest-trio is a plugin: its fixtures and its mode are what is used of it.
ASKED_FOR = (
    "trio",
    "trio_websocket",
    "hypercorn",
    "quart_trio",
    "grpclib",
    "betterproto2",
    "httpx",
    "attrs",
    "cattrs",
)


def imported(folder: str) -> Iterator[str]:
    """The packages that the code in `folder` imports."""
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                yield node.module.partition(".")[0]


@pytest.fixture(scope="module")
def in_use() -> frozenset[str]:
    return frozenset(imported("cream"))


@pytest.mark.parametrize("package", ASKED_FOR)
def test_a_package_that_was_asked_for_is_used(in_use: frozenset[str], package: str) -> None:
    assert package in in_use


def test_tests_run_under_pytest_trio(request: pytest.FixtureRequest) -> None:
    assert request.config.getini("trio_mode")
    assert request.config.pluginmanager.has_plugin("trio")
