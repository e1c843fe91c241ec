"""What import contracts cannot say: pure code never suspends, files and functions stay small,
and every module of the core has its tests.
"""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "cream"
GENERATED = ("wire/", "client/v1/", "adapters/rpc/google_rpc/")

LINES_A_FILE = 400
LINES_A_FUNCTION = 60


def written() -> list[str]:
    found = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return sorted(path for path in found if not path.startswith(GENERATED))


def tree_of(relative: str) -> ast.Module:
    return ast.parse((PACKAGE / relative).read_text())


def test_the_tree_was_found() -> None:
    assert len(written()) > 50


@pytest.mark.parametrize("relative", [one for one in written() if one.startswith("core/")])
def test_a_pure_module_never_suspends(relative: str) -> None:
    """No coroutine, no await: what runs between two lines of the core is nothing.

    Protocols may declare coroutines: they describe the outside and have no body.
    """
    suspends = (ast.Await, ast.AsyncWith, ast.AsyncFor)
    nodes = list(ast.walk(tree_of(relative)))

    assert not [node.lineno for node in nodes if isinstance(node, suspends)]
    coroutines = [node for node in nodes if isinstance(node, ast.AsyncFunctionDef)]
    for coroutine in coroutines:
        assert isinstance(coroutine.body[-1], ast.Expr), f"{coroutine.name} has a body"


@pytest.mark.parametrize("relative", written())
def test_a_file_fits_on_a_few_screens(relative: str) -> None:
    lines = (PACKAGE / relative).read_text().count("\n")

    assert lines <= LINES_A_FILE, f"{relative} has {lines} lines: it is asking to be two"


@pytest.mark.parametrize("relative", written())
def test_a_function_fits_on_one_screen(relative: str) -> None:
    for node in ast.walk(tree_of(relative)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            length = node.end_lineno - node.lineno + 1
            assert length <= LINES_A_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("relative", written())
def test_a_module_says_what_it_is_for(relative: str) -> None:
    tree = tree_of(relative)

    assert ast.get_docstring(tree) or not tree.body


def has_code(relative: str) -> bool:
    """Whether anything in the module computes: types and protocols alone have nothing to test."""
    return any(
        not isinstance(node.body[-1], ast.Expr)
        for node in ast.walk(tree_of(relative))
        if isinstance(node, ast.FunctionDef)
    )


@pytest.mark.parametrize(
    "relative",
    [
        one
        for one in written()
        if one.startswith("core/") and not one.endswith("__init__.py") and has_code(one)
    ],
)
def test_a_module_of_the_core_has_its_tests(relative: str) -> None:
    """tests/unit mirrors cream: a reader finds the tests of a module without searching."""
    module = Path(relative)
    mirror = ROOT / "tests" / "unit" / module.parent
    stem = module.stem.lstrip("_")

    assert list(mirror.glob(f"test_{stem}*.py")), f"no test_{stem}.py in {mirror}"
