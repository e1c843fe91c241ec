"""Columns are as wide as their widest cell, numbers stand to the right."""

from hypothesis import given
from hypothesis import strategies as st

from cream.cli.tables import table


def test_words_stand_left_numbers_right_and_nothing_is_a_dash() -> None:
    rows = [["AAPL", "-5", None, "x"], ["A", "1234.50", "7", None]]

    assert table(("SYMBOL", "QTY", "STOP", "NOTE"), rows) == (
        "SYMBOL      QTY  STOP  NOTE\nAAPL         -5     -  x\nA       1234.50     7  -"
    )


def test_a_table_without_rows_is_its_headings() -> None:
    assert table(("A", "LONGER"), []) == "A  LONGER"


def test_one_word_among_numbers_makes_a_column_of_words() -> None:
    assert table(("N",), [["10"], ["none"], ["1"]]) == "N\n10\nnone\n1"


CELL = st.one_of(
    st.none(), st.text("abc -.19", max_size=6).map(str.strip), st.integers(), st.decimals()
)


@given(st.lists(st.tuples(CELL, CELL, CELL), max_size=8))
def test_every_cell_is_in_its_column(rows: list[tuple[object, ...]]) -> None:
    headings = ("FIRST", "SECOND", "THIRD")
    lines = table(headings, rows).split("\n")
    ends = [
        len(max([one, *(text(row[i]) for row in rows)], key=len)) for i, one in enumerate(headings)
    ]

    assert len(lines) == 1 + len(rows)
    for line, row in zip(lines[1:], rows, strict=True):
        start = 0
        for width, cell in zip(ends, row, strict=True):
            assert line[start : start + width].strip() == text(cell)
            start += width + 2
        assert len(line) <= start


def text(cell: object) -> str:
    return "-" if cell is None else str(cell)
