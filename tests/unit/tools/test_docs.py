"""Does every kind of staleness show, does a new run remove it, and do the documents keep up?"""

import argparse
import ast
import json
import re
from collections.abc import Sequence
from pathlib import Path

import openapi_spec_validator
import pytest
from attrs import frozen

import cream
from cream.cli import exits
from cream.core.execution.states import TRANSITIONS
from cream.core.model.errors import CATALOGUE
from cream.core.model.order import OrderStatus
from cream.core.model.setting import section, setting
from cream.core.model.verdict import Severity, Unit
from cream.core.risk.case import Case
from cream.core.risk.checks import ALL_RULES
from cream.core.risk.rule import Breach, Rule
from cream.wire import (
    account_pb2,
    control_pb2,
    execution_pb2,
    market_snapshot_pb2,
    options_pb2,
    simulation_pb2,
    status_pb2,
)
from tools import docs
from tools.docs import SHOWN_DIFF_LINES, Unmarked, difference, filled

ROOT = Path(__file__).resolve().parents[3]

PLACE = "# Title\n\n<!-- generated: a -->\nold\n<!-- end: a -->\n\nby hand\n"


@frozen(kw_only=True)
class Inner:
    """A part."""

    seconds: float = setting(1.5, gt=0, unit="s", doc="How long.")


@frozen(kw_only=True)
class Outer:
    """A whole."""

    inner: Inner = section(Inner, doc="The part.")


class NoDoubt(Rule):
    """There is no doubt.

    This is not shown.
    """

    code = "DOUBT"
    severity = Severity.CRITICAL
    limit_key = "doubt|s"
    unit = Unit.COUNT

    def breaches(self, case: Case) -> Sequence[Breach]:
        return ()


# Parts --------------------------------------------------------------------------------------------


def test_a_generated_part_is_made_anew_and_the_rest_is_left_alone() -> None:
    made = filled(PLACE, {"a": lambda: "new\n"})

    assert made == "# Title\n\n<!-- generated: a -->\n\nnew\n\n<!-- end: a -->\n\nby hand\n"
    assert filled(made, {"a": lambda: "new\n"}) == made


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<!-- generated: a -->",
        "<!-- end: a --> <!-- generated: a -->",
        PLACE.replace("end: a", "end: b"),
    ],
)
def test_a_part_without_a_place_is_an_error(text: str) -> None:
    with pytest.raises(Unmarked, match="generated: a"):
        filled(text, {"a": lambda: ""})


def test_a_place_without_a_maker_is_an_error() -> None:
    with pytest.raises(Unmarked, match="nothing makes b"):
        filled(PLACE + "<!-- generated: b -->", {"a": lambda: ""})


def test_the_configuration_page_begins_with_what_is_written_by_hand() -> None:
    page = docs.configuration(Outer)

    assert page.startswith(docs.CONFIGURATION_INTRODUCTION)
    assert "| `seconds` | number | `1.5` | s | > 0 | How long. |" in page


def test_the_schema_is_text_that_ends_with_a_line() -> None:
    assert '"seconds"' in docs.schema(Outer)
    assert docs.schema(Outer).endswith("}\n")


def test_the_openapi_document_is_valid_and_knows_the_bearer_token() -> None:
    document = json.loads(docs.openapi())

    openapi_spec_validator.validate(document)
    assert document["security"] == [{"bearer": []}]
    assert document["info"]["version"] == cream.__version__


def test_every_error_code_has_its_row() -> None:
    rows = docs.errors().splitlines()[2:]

    assert len(rows) == len(CATALOGUE)
    assert rows[0].startswith("| `INVALID_REQUEST` | 400 | INVALID_ARGUMENT (3) | ")


def test_a_rule_is_shown_by_its_first_sentence_and_bars_do_not_break_the_table() -> None:
    assert docs.violations([NoDoubt()]).splitlines()[2:] == [
        "| `DOUBT` | CRITICAL | `constraints.doubt\\|s` | COUNT | There is no doubt. |"
    ]


def test_every_rule_of_the_gate_is_shown_with_what_it_demands() -> None:
    shown = docs.violations(ALL_RULES).splitlines()[2:]

    assert len(shown) == len(ALL_RULES)
    assert not [row for row in shown if row.endswith("|  |")]


def test_codes_in_place_of_a_rules_own_are_found() -> None:
    spreads, venue = docs.finer_codes().splitlines()

    assert "`LEG_RATIO`" in spreads
    assert "`SUB_PENNY_PRICE`" in venue


def test_ends_that_every_open_state_reaches_are_drawn_once() -> None:
    new, taken = OrderStatus.PENDING_NEW, OrderStatus.ACCEPTED
    filled_, rejected = OrderStatus.FILLED, OrderStatus.REJECTED
    ends: frozenset[OrderStatus] = frozenset()
    table = {
        new: frozenset((taken, filled_, rejected)),
        taken: frozenset((filled_,)),
        filled_: ends,
        rejected: ends,
    }

    assert docs.state_diagram(table).splitlines() == [
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> PENDING_NEW",
        "    state open {",
        "        PENDING_NEW --> ACCEPTED",
        "    }",
        "    PENDING_NEW --> REJECTED",
        "    open --> FILLED",
        "    FILLED --> [*]",
        "```",
    ]


def test_the_diagram_shows_every_transition_of_the_table() -> None:
    drawn = docs.state_diagram(TRANSITIONS)
    arrows = set(re.findall(r"(\S+) --> (\S+)", drawn))

    for status, targets in TRANSITIONS.items():
        for target in targets:
            assert {(status.value, target.value), ("open", target.value)} & arrows
    assert len(arrows) < sum(map(len, TRANSITIONS.values()))


def test_commands_are_shown_with_what_they_take() -> None:
    parser = argparse.ArgumentParser(prog="x")
    groups = parser.add_subparsers()
    one = groups.add_parser("one", help="does one")
    one.add_argument("file")
    one.add_argument("--kind", choices=("a", "b"), required=True)
    two = groups.add_parser("two").add_subparsers().add_parser("deep", help="does | deep")
    two.add_argument("--loud", "-l", action="store_true")
    two.add_argument("--times", type=int)

    assert docs.commands(parser).splitlines()[2:] == [
        "| `x one` | does one | `FILE` `--kind {a,b}` |",
        "| `x two deep` | does \\| deep | `[--loud]` `[--times TIMES]` |",
    ]


def test_log_events_are_found_with_all_their_keys(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(
        "log.info('b.second', one=1)\nlog.error('a.first', exc_info=error, **more)\n"
        "log.info(event)\nother.info('c.no')\nlog.info('b.second', two=2, one=3)\n"
    )

    assert docs.log_events(tmp_path).splitlines()[2:] == [
        "| `a.first` | error | `exc_info` |",
        "| `b.second` | info | `one`, `two` |",
    ]


# The command --------------------------------------------------------------------------------------


def test_only_the_start_of_a_long_difference_is_shown() -> None:
    new = "\n".join(map(str, range(99)))

    shown = list(difference(Path("a.md"), "", new))

    assert shown[0] == "--- a.md (as it is)"
    assert shown[-1] == "..."
    assert len(shown) == SHOWN_DIFF_LINES + 1


def marked(root: Path) -> Path:
    """A root whose documents have every marker and nothing between them."""
    names = {
        "architecture": ("order-states",),
        "api": ("errors", "violations", "finer-codes"),
        "operations": ("commands", "log-events"),
    }
    (root / "docs").mkdir()
    for document, parts in names.items():
        text = "".join(f"<!-- generated: {one} --><!-- end: {one} -->\n" for one in parts)
        (root / "docs" / f"{document}.md").write_text(text)
    return root


def test_the_check_tells_what_is_stale_and_a_run_removes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "ROOT", marked(tmp_path))
    before = (tmp_path / "docs/api.md").read_text()

    assert docs.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert "+| `INVALID_REQUEST` | 400 |" in said
    assert said.endswith("Documents are stale; run `make docs`.\n")
    assert (tmp_path / "docs/api.md").read_text() == before
    assert docs.main([]) == 0
    assert capsys.readouterr().out == "docs: 6 files changed\n"
    assert docs.main(["--check"]) == 0
    assert docs.main([]) == 0
    assert capsys.readouterr().out == "docs: 0 files changed\n"


def test_a_document_that_lost_its_marker_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(docs, "ROOT", marked(tmp_path))
    (tmp_path / "docs/api.md").write_text("nothing")

    assert docs.main([]) == 1
    assert "docs/api.md: expected <!-- generated: errors -->" in capsys.readouterr().out


def test_what_is_checked_in_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    """The gate of `make check`."""
    assert docs.main(["--check"]) == 0, capsys.readouterr().out


# What is written by hand --------------------------------------------------------------------------


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


def documents() -> list[Path]:
    return sorted((ROOT / "docs").rglob("*.md"))


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    """To files that are there, and within them to headings."""
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if target.startswith(("http://", "https://")):
            continue
        name, _, heading = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{target} is not there"
        if heading:
            assert heading in anchors(file.read_text()), f"{target}: no such heading"


def anchors(text: str) -> set[str]:
    """The names that a Markdown renderer gives to headings."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


def test_every_grpc_method_is_described() -> None:
    text = document("api.md")
    modules = (execution_pb2, market_snapshot_pb2, control_pb2)
    newer = (options_pb2, account_pb2, status_pb2, simulation_pb2)
    for module in (*modules, *newer):
        for service in module.DESCRIPTOR.services_by_name.values():
            assert f"`{service.full_name}`" in text
            for method in service.methods:
                assert f"`{method.name}`" in text, f"{service.name}.{method.name}"


def test_every_route_is_described() -> None:
    """Each in code font, alone or with others on its line: `GET|POST /v1/trading-state`."""
    text = document("api.md")
    for path, methods in json.loads(docs.openapi())["paths"].items():
        for method in methods:
            assert re.search(rf"`{method.upper()} {re.escape(path)}`", text), f"{method} {path}"


def test_every_exit_code_is_explained() -> None:
    codes = {value for name, value in vars(exits).items() if name.isupper()}
    rows = re.findall(r"^\| (\d+) \|", document("operations.md"), re.MULTILINE)

    assert codes <= {int(code) for code in rows}


def test_every_metric_is_explained() -> None:
    text = document("operations.md")
    for module in ("cream/daemon/measures.py", "cream/adapters/metrics.py"):
        for node in ast.walk(ast.parse((ROOT / module).read_text())):
            if isinstance(node, ast.Constant) and re.fullmatch(r"cream_[a-z_]+", str(node.value)):
                assert f"`{node.value}" in text, node.value


def test_files_that_are_named_exist() -> None:
    """A path in code font that begins with one of our folders is a file or a folder."""
    named = re.compile(r"`((?:cream|tests|tools|docs|systemd|protos|examples)/[\w./-]+)`")
    for path in documents():
        for target in named.findall(path.read_text()):
            assert (ROOT / target).exists(), f"{path.name}: {target} is not there"


def settable() -> set[str]:
    """Every section and every key of docs/configuration.md, as dotted paths."""
    found: set[str] = set()
    for part in re.split(r"^## `", document("configuration.md"), flags=re.MULTILINE)[1:]:
        section, _, rest = part.partition("`")
        keys = re.findall(r"^\| `(\w+)` \|", rest, re.MULTILINE)
        found |= {section, *(f"{section}.{key}" for key in keys)}
    return found


def test_settings_that_are_named_exist() -> None:
    """`section.key` in a page for people is a key that can be set, or else the name of an event."""
    known = settable()
    events = set(re.findall(r"^\| `([\w.]+)`", docs.log_events(ROOT / "cream"), re.MULTILINE))
    tops = "|".join({path.partition(".")[0] for path in known})
    for page in ("operations.md", "api.md", "architecture.md", "glossary.md"):
        for path in re.findall(rf"`((?:{tops})(?:\.[a-z_]+)+)`", document(page)):
            assert path in known | events, f"{page}: there is no setting {path}"


def promises() -> list[list[str]]:
    """The rows of docs/promises.md as cells."""
    rows = re.findall(r"^\| (\d+-.*) \|$", document("promises.md"), re.MULTILINE)
    return [row.split(" | ") for row in rows]


def test_a_promise_is_shown_or_open_and_has_a_name_of_its_own() -> None:
    rows = promises()

    assert len({row[0] for row in rows}) == len(rows) > 0
    for name, _, _, shown_by, state in rows:
        assert state in ("shown", "open"), name
        assert state == "open" or shown_by.strip() != "–", f"{name}: shown by nothing"


def test_tests_that_show_a_promise_exist() -> None:
    for name, _, _, shown_by, _ in promises():
        for path, test in re.findall(r"`(tests/[\w./-]+)(?:::(\w+))?`", shown_by):
            file = ROOT / path
            assert file.exists(), f"{name}: {path} is not there"
            if test:
                assert re.search(rf"^(async )?def {test}\(", file.read_text(), re.MULTILINE), (
                    f"{name}: {path} has no {test}"
                )
