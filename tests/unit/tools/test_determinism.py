"""Whatever differs from run to run is found, by whatever name, and seams are kept honest."""

from pathlib import Path

import pytest

from tools.determinism import OVER_A_SET, SEAMS, main, problems

CREAM = Path(__file__).parents[3] / "cream"


def found(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "module.py"
    file.write_text(text)
    return [problem.removeprefix("m.py:") for problem in problems(file, "m.py")]


@pytest.mark.parametrize(
    "module",
    [
        "asyncio",
        "concurrent.futures",
        "multiprocessing",
        "random",
        "secrets",
        "threading",
        "time",
        "uuid",
        "numpy.random",
        "trio.to_thread",
    ],
)
@pytest.mark.parametrize(
    "form", ["import {0}", "import {0} as other", "from {0} import something as other"]
)
def test_a_banned_module_is_found_however_it_is_imported(
    form: str, module: str, tmp_path: Path
) -> None:
    [problem] = found(tmp_path, form.format(module) + "\n")

    assert problem.startswith(f"1: imports {module}")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import datetime\ndatetime.datetime.now()", "datetime.datetime.now"),
        ("import datetime as d\nd.datetime.utcnow()", "datetime.datetime.utcnow"),
        ("from datetime import datetime\ndatetime.today()", "datetime.datetime.today"),
        ("from datetime import datetime as dt\ndt.now(UTC)", "datetime.datetime.now"),
        ("from datetime import date\ndate.today()", "datetime.date.today"),
        ("import datetime\ndatetime.date.today()", "datetime.date.today"),
        ("import os\nos.urandom(8)", "os.urandom"),
        ("import os as o\no.getrandom(8)", "os.getrandom"),
        ("import trio\nawait trio.to_thread.run_sync(f)", "trio.to_thread"),
        ("import trio\nt = trio.to_thread", "trio.to_thread"),
        ("import trio\ntrio.lowlevel.start_thread_soon(f, g)", "trio.lowlevel.start_thread_soon"),
        ("import numpy as np\nnp.random.default_rng(1)", "numpy.random"),
        ("import importlib\nimportlib.import_module(x)", "importlib.import_module"),
        ("x = 1\n__import__('random')", "__import__"),
        # Passed on is as good as called.
        ("from datetime import datetime\nfield(factory=datetime.now)", "datetime.datetime.now"),
    ],
)
def test_a_banned_name_is_found_by_what_it_stands_for(text: str, name: str, tmp_path: Path) -> None:
    assert found(tmp_path, text + "\n") == [f"2: reaches for {name}"]


@pytest.mark.parametrize(
    "text",
    [
        "from os import urandom as seed\nseed(8)",
        "from trio import to_thread\nawait to_thread.run_sync(f)",
        "from numpy import random\nrandom.default_rng()",
    ],
)
def test_a_banned_name_that_is_imported_is_found_once_where_it_comes_in(
    text: str, tmp_path: Path
) -> None:
    [problem] = found(tmp_path, text + "\n")

    assert problem.startswith("1: imports ")


@pytest.mark.parametrize(
    "text",
    [
        "for x in {1, 2}: pass",
        "for x in {y for y in z}: pass",
        "for x in set(z): pass",
        "for x in frozenset(z): pass",
        "for x in set(a) - b: pass",
        "for x in a.keys() | b.keys(): pass",
        "for x in set(a).union(b): pass",
        "[x for x in set(z)]",
        "{x: 1 for x in {1, 2}}",
        "yes = sum(x for x in {0.1, 0.2})",
        "list({1, 2})",
        "tuple(set(z))",
        "next(iter(set(z)))",
        "enumerate({1, 2})",
        "', '.join({'a', 'b'})",
        "f(*{1, 2})",
        "[*{1, 2}]",
    ],
)
def test_going_through_a_set_in_its_order_is_found(text: str, tmp_path: Path) -> None:
    assert found(tmp_path, text + "\n") == [f"1: {OVER_A_SET}"]


@pytest.mark.parametrize(
    "text",
    [
        "for x in sorted({1, 2}): pass",
        "for x in sorted(y + 1 for y in set(z)): pass",
        "{x + 1 for x in {1, 2}}",
        "any(x > 1 for x in set(z))",
        "frozenset([x for x in {1, 2}])",
        "{*{1, 2}, 3}",
        "for x in a.keys(): pass",
        "for x in a - b: pass",
        "len({1, 2})",
        "x in {1, 2}",
    ],
)
def test_an_order_that_nobody_can_see_is_allowed(text: str, tmp_path: Path) -> None:
    assert found(tmp_path, text + "\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "import trio\ntrio.current_time()",
        "from datetime import UTC, datetime\ndatetime.fromtimestamp(0, UTC)",
        "import numpy as np\nnp.linalg.norm(x)",
        "import os\nos.environ['HOME']",
        "clock.now()",
        "from cream.core import random_walk",
        "from . import random",
        "import timeit_of_ours",
        "book.date.today",
    ],
)
def test_what_only_sounds_like_it_is_allowed(text: str, tmp_path: Path) -> None:
    assert found(tmp_path, text + "\n") == []


# The run over a tree ----------------------------------------------------------------------------

WALL_CLOCK = "from datetime import datetime\n\nNOW = datetime.now()\n"


def written(tmp_path: Path, **files: str) -> Path:
    for name, text in files.items():
        path = tmp_path / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".py").write_text(text)
    return tmp_path


def test_a_problem_is_printed_with_its_place_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = written(tmp_path, core__book=WALL_CLOCK, core__plan="X = 1\n")

    assert main(root, {}) == 1
    assert capsys.readouterr().out == (
        "core/book.py:3: reaches for datetime.datetime.now "
        "(not a seam: see tools/determinism.py)\n"
        "determinism: 1 problems, 0 seams\n"
    )


def test_a_seam_may_do_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = written(tmp_path, adapters__clock=WALL_CLOCK)

    assert main(root, {"adapters/clock.py": "the clock"}) == 0
    assert capsys.readouterr().out == "determinism: 0 problems, 1 seams\n"


def test_a_seam_whose_file_is_gone_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(written(tmp_path, other="X = 1\n"), {"adapters/clock.py": "the clock"}) == 1
    assert "adapters/clock.py: listed as a seam, but no such file\n" in capsys.readouterr().out


def test_a_seam_that_needs_no_exception_any_more_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = written(tmp_path, adapters__clock="X = 1\n")

    assert main(root, {"adapters/clock.py": "the clock"}) == 1
    assert "adapters/clock.py: listed as a seam, but needs no exc" in capsys.readouterr().out


def test_generated_code_is_not_looked_at(tmp_path: Path) -> None:
    assert main(written(tmp_path, wire__plan_pb2=WALL_CLOCK), {}) == 0


def test_every_seam_has_its_reason_and_the_tree_keeps_to_them() -> None:
    assert all(SEAMS.values())
    assert main(CREAM) == 0
