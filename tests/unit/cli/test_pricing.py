"""`cream price`: the table in, the table out."""

import csv
import io
import json
from pathlib import Path

import pytest

from cream.cli.exits import DONE, USAGE
from cream.cli.main import main

GOLDEN = Path(__file__).parents[2] / "data" / "options-golden.csv"
HEADER = "style,flag,spot,strike,rate,div_yield,dividends,t_years,sigma"
GOOD = "european,c,100,100,0.05,0,,1,0.2"


def run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, *lines: str, as_json: bool = False
) -> tuple[int, str, str]:
    file = tmp_path / "table.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code = main(["price", str(file), *(["--json"] if as_json else [])])
    printed = capsys.readouterr()
    return code, printed.out, printed.err


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_the_reference_table_is_priced_within_its_tolerances(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Units, names and order are those of the table; its other columns are ignored."""
    assert main(["price", str(GOLDEN)]) == DONE
    found = rows_of(capsys.readouterr().out)
    with GOLDEN.open(newline="") as file:
        expected = list(csv.DictReader(file))

    assert len(found) == len(expected)
    for ours, theirs in zip(found, expected, strict=True):
        assert ours["status"] == "OK"
        for name in ("price", "delta", "gamma", "vega", "theta_per_year", "rho"):
            tolerance = theirs["theta_tol" if name == "theta_per_year" else f"{name}_tol"]
            if theirs[name] and tolerance:
                assert abs(float(ours[name]) - float(theirs[name])) <= float(tolerance)


def test_a_price_without_sigma_is_explained_by_a_volatility(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(
        capsys,
        tmp_path,
        "price,style,flag,spot,strike,rate,t_years",
        "10.450583572185565,european,call,100,100,0.05,1",
        "200,EUROPEAN,C,100,100,0.05,1",
        "4,american,p,100,105,0.05,1",
    )
    first, second, third = rows_of(out)

    assert code == DONE
    assert float(first["sigma"]) == pytest.approx(0.2, abs=1e-10)
    assert float(first["vega"]) == pytest.approx(37.524, abs=1e-3)
    assert (second["status"], second["sigma"]) == ("ABOVE_MAXIMUM", "")
    assert third["status"] == "BELOW_INTRINSIC"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("martian,c,100,100,0.05,0,,1,0.2", "style"),
        ("european,x,100,100,0.05,0,,1,0.2", "flag"),
        ("european,c,abc,100,0.05,0,,1,0.2", "spot"),
        ("european,c,0,100,0.05,0,,1,0.2", "spot"),
        ("european,c,100,nan,0.05,0,,1,0.2", "strike"),
        ("european,c,100,100,,0,,1,0.2", "rate"),
        ("european,c,100,100,0.05,inf,,1,0.2", "div_yield"),
        ("european,c,100,100,0.05,0,12,1,0.2", "dividends"),
        ("european,c,100,100,0.05,0,12:-1,1,0.2", "dividends"),
        ("european,c,100,100,0.05,0,,soon,0.2", "t_years"),
        ("european,c,100,100,0.05,0,,1,-0.2", "sigma"),
        ("european,c,100,100,0.05,0,,1,", "sigma"),
        ("european,c,100", "sigma"),
        ("european,c,100,100,0.05,0,,99999,0.2", "outside"),
    ],
)
def test_a_bad_row_says_where_and_spoils_nobody_elses(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str, says: str
) -> None:
    code, out, err = run(capsys, tmp_path, HEADER, GOOD, line, GOOD)
    found = rows_of(out)

    assert code == DONE
    assert [row["status"] for row in found] == ["OK", "BAD_INPUT", "OK"]
    assert {*found[1].values()} == {"2", "BAD_INPUT", ""}
    assert {**found[0], "row": ""} == {**found[2], "row": ""}
    assert err.startswith("row 2: ")
    assert says in err


def test_json_is_a_list_of_rows_with_nulls(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, out, _ = run(capsys, tmp_path, HEADER, GOOD, "european,c,-1,1,0,0,,1,1", as_json=True)
    good, bad = json.loads(out)

    assert good["price"] == pytest.approx(10.450583572185565)
    assert good["problem"] == ""
    assert bad["price"] is None
    assert (bad["row"], bad["status"]) == (2, "BAD_INPUT")
    assert "spot" in bad["problem"]


def test_standard_input_serves_as_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the mark that spreadsheets put in front, as in a file."""
    table = f"\ufeff{HEADER}\r\n{GOOD}\r\n".encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(table), encoding="ascii"))

    assert main(["price", "-"]) == DONE
    assert rows_of(capsys.readouterr().out)[0]["status"] == "OK"


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (f'{GOOD},"a quote that nobody closes', "OK"),
        ('european,c,"100,100,0.05,0,,1,0.2,x', "BAD_INPUT"),
        (f'{GOOD},"closed", but not at the end of a cell"', "OK"),
        (f"{GOOD},{'x' * 200_000}", "BAD_INPUT"),
        (f"{GOOD},caf\udce9", "OK"),
    ],
)
def test_a_row_that_is_no_proper_csv_takes_no_other_along(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str, status: str
) -> None:
    file = tmp_path / "table.csv"
    table = "\n".join([f"{HEADER},note", GOOD, line, GOOD, f'{GOOD},"so"', GOOD, ""])
    file.write_bytes(table.encode(errors="surrogateescape"))

    assert main(["price", str(file)]) == DONE
    found = rows_of(capsys.readouterr().out)
    assert [row["status"] for row in found] == ["OK", status, "OK", "OK", "OK"]


def test_a_quoted_cell_may_go_on_over_several_lines(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(
        capsys, tmp_path, f"{HEADER},note", f'{GOOD},"one', "two,", 'three"', "", GOOD
    )

    assert code == DONE
    assert [row["status"] for row in rows_of(out)] == ["OK", "OK"]


def test_columns_that_are_not_read_may_have_any_names(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, tmp_path, f"{HEADER},note,note,,", f"{GOOD},a,b,,")

    assert code == DONE
    assert [row["status"] for row in rows_of(out)] == ["OK"]


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("",), "style"),
        (("style,flag,spot,strike,rate,t_years", "x"), "sigma or price"),
        ((f"{HEADER},sigma", GOOD), "two columns sigma"),
    ],
)
def test_a_table_without_its_columns_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, lines: tuple[str, ...], says: str
) -> None:
    code, out, err = run(capsys, tmp_path, *lines)

    assert (code, out) == (USAGE, "")
    assert says in err


def test_a_file_that_cannot_be_read_is_wrong_usage(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert main(["price", str(tmp_path / "none.csv")]) == USAGE
    binary = tmp_path / "binary.csv"
    binary.write_bytes(b"\xff\xfe\x00")
    assert main(["price", str(binary)]) == USAGE
    assert "none.csv" in capsys.readouterr().err


def test_a_header_alone_is_an_empty_table(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    code, out, _ = run(capsys, tmp_path, HEADER)

    assert code == DONE
    assert rows_of(out) == []
