"""Does the staleness check find every kind of difference, and does a new run remove it?"""

from pathlib import Path

import pytest

from tools import protos
from tools.protos import SHOWN_DIFF_LINES, TREES, Tree, differences, install, moved

TREE = Tree(Path("pkg"))


def write(root: Path, **files: str) -> Path:
    """A root with these files in its tree; a double underscore is a folder."""
    for name, text in files.items():
        path = root / "pkg" / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_missing_left_over_and_different_files_are_named(tmp_path: Path) -> None:
    old = write(tmp_path / "old", same="1", gone="x", sub__changed="a\nb\n")
    new = write(tmp_path / "new", same="1", added="y", sub__changed="a\nc\n")

    found = list(differences(old, new, TREE))

    assert found[:3] == ["missing: pkg/added", "left over: pkg/gone", "differs: pkg/sub/changed"]
    assert "    -b" in found
    assert "    +c" in found


def test_only_the_start_of_a_long_difference_is_shown(tmp_path: Path) -> None:
    old = write(tmp_path / "old", a="")
    new = write(tmp_path / "new", a="\n".join(str(n) for n in range(99)))

    found = list(differences(old, new, TREE))

    assert len(found) == 1 + SHOWN_DIFF_LINES + 1
    assert found[-1] == "    ..."


def test_equal_trees_have_no_difference(tmp_path: Path) -> None:
    """Nor does what the interpreter writes beside them make one, nor what is not owned."""
    old = write(tmp_path / "old", a_pb2="1", __pycache____a="x", mine="by hand")
    new = write(tmp_path / "new", a_pb2="1")

    assert list(differences(old, new, Tree(Path("pkg"), owned="*_pb2"))) == []
    assert list(differences(old, new, TREE)) == ["left over: pkg/mine"]


def test_installing_removes_every_difference_and_touches_nothing_else(tmp_path: Path) -> None:
    old = write(tmp_path / "old", same="1", gone="x", sub__changed="a")
    new = write(tmp_path / "new", same="1", added="y", sub__changed="b", deep__er="z")
    before = (old / "pkg/same").stat().st_mtime_ns

    install(new, old, TREE)

    assert list(differences(old, new, TREE)) == []
    assert (old / "pkg/same").stat().st_mtime_ns == before


def test_moved_modules_import_from_the_wire_and_keep_names_of_the_contract() -> None:
    text = (
        "from cream.v1 import common_pb2 as _c\n"
        "import cream.v1.execution_pb2\n"
        "x: cream.v1.execution_pb2.Position\n"
        "'/cream.v1.ExecutionService/GetPositions' b'cream/v1/common.proto cream.v1.Position'\n"
    )

    assert moved(text) == (
        "from cream.wire import common_pb2 as _c\n"
        "import cream.wire.execution_pb2\n"
        "x: cream.wire.execution_pb2.Position\n"
        "'/cream.v1.ExecutionService/GetPositions' b'cream/v1/common.proto cream.v1.Position'\n"
    )


def test_a_proto_that_protoc_refuses_ends_the_run_with_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "protos/cream/v1").mkdir(parents=True)
    (tmp_path / "protos/cream/v1/bad.proto").write_text('syntax = "proto3"; message {')
    monkeypatch.setattr(protos, "PROTOS", tmp_path / "protos")

    with pytest.raises(SystemExit, match=r"bad\.proto"):
        protos.generate(tmp_path / "fresh", tmp_path)


def test_what_is_checked_in_is_fresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The gate of `make check`, and that it fails on an empty tree and `make protos` heals it."""
    assert protos.main(["--check"]) == 0, capsys.readouterr().out

    monkeypatch.setattr(protos, "ROOT", tmp_path)
    assert protos.main(["--check"]) == 1
    assert "missing: cream/wire/execution_pb2.py" in capsys.readouterr().out
    assert protos.main([]) == 0
    assert protos.main(["--check"]) == 0
    assert all(tree.files(tmp_path) for tree in TREES)
