"""`.env` below the environment of the process."""

from pathlib import Path

import pytest

from cream.adapters.config.environment import MAX_ENV_FILE_BYTES, read_environment
from cream.adapters.config.problems import ConfigErrors


def dotenv(folder: Path, content: str | bytes) -> Path:
    raw = content if isinstance(content, bytes) else content.encode()
    (folder / ".env").write_bytes(raw)
    return folder


def said(folder: Path) -> list[str]:
    with pytest.raises(ConfigErrors) as caught:
        read_environment(folder, {})
    return str(caught.value).replace(str(folder / ".env"), ".env").splitlines()


def test_without_a_file_the_environment_of_the_process_is_all(tmp_path: Path) -> None:
    assert read_environment(tmp_path, {"A": "1"}) == {"A": "1"}


def test_a_file_adds_what_the_process_does_not_have(tmp_path: Path) -> None:
    folder = dotenv(tmp_path, "A=file\nB='b c'  # why\nexport C=\"x\\ny\"\n\n# comment\nD=\n")

    assert read_environment(folder, {"A": "process"}) == {
        "A": "process",
        "B": "b c",
        "C": "x\ny",
        "D": "",
    }


def test_the_process_wins_even_with_an_empty_value(tmp_path: Path) -> None:
    assert read_environment(dotenv(tmp_path, "A=file"), {"A": ""}) == {"A": ""}


def test_values_are_taken_as_they_stand(tmp_path: Path) -> None:
    folder = dotenv(tmp_path, 'A=1\nB=${A}\nC="${A}"\nD=$A\n')

    assert read_environment(folder, {}) == {"A": "1", "B": "${A}", "C": "${A}", "D": "$A"}


def test_lines_that_cannot_be_read_are_all_reported_and_never_shown(tmp_path: Path) -> None:
    folder = dotenv(tmp_path, "A=1\nhunter2\n\n\n=hunter2\nB C=hunter2\n1A=hunter2\nE='hunter2\n")

    lines = said(folder)

    assert lines == [
        ".env:2: found a line that has another form, expected NAME=value",
        ".env:5: found a line that has another form, expected NAME=value",
        ".env:6: found a line that has another form, expected NAME=value",
        ".env:7: found something else before the =, expected a name of letters, digits and "
        "underscores",
        ".env:8: found a line that has another form, expected NAME=value",
    ]


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"A=1\nB=\xff\n", ".env:2: found other bytes, expected UTF-8"),
        (
            b"#" * (MAX_ENV_FILE_BYTES + 1),
            f".env: found a larger file, expected at most {MAX_ENV_FILE_BYTES} bytes",
        ),
    ],
)
def test_a_file_that_is_no_text_is_refused(tmp_path: Path, content: bytes, line: str) -> None:
    assert said(dotenv(tmp_path, content)) == [line]


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    assert read_environment(dotenv(tmp_path, b"\xef\xbb\xbfA=1\n"), {}) == {"A": "1"}


def test_a_folder_of_that_name_is_reported(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()

    assert said(tmp_path) == [".env: found “Is a directory”, expected a readable file"]


# systemd's credentials ---------------------------------------------------------------------------


def test_credentials_stand_between_the_file_and_the_process(tmp_path: Path) -> None:
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "ALPACA_KEY").write_text("secret\n")
    (folder / "ALPACA_SECRET").write_text("from the credential")
    (folder / "not-a-name").write_text("passed over")
    (tmp_path / ".env").write_text("ALPACA_KEY=from the file\nOTHER=file\n")
    process = {"CREDENTIALS_DIRECTORY": str(folder), "ALPACA_SECRET": "from the process"}

    found = read_environment(tmp_path, process)

    assert (found["ALPACA_KEY"], found["OTHER"]) == ("secret", "file")
    assert found["ALPACA_SECRET"] == "from the process"
    assert "not-a-name" not in found


@pytest.mark.parametrize("content", [None, b"\xff"])
def test_credentials_that_cannot_be_read_are_a_problem(
    tmp_path: Path, content: bytes | None
) -> None:
    folder = tmp_path / "credentials"
    if content is not None:
        folder.mkdir()
        (folder / "KEY").write_bytes(content)

    with pytest.raises(ConfigErrors) as wrong:
        read_environment(tmp_path, {"CREDENTIALS_DIRECTORY": str(folder)})

    assert "readable credentials" in str(wrong.value)
