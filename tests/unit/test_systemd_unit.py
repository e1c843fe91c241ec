"""The unit file: understood by systemd, and with next to no rights."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).parents[2] / "systemd" / "cream.service"
ANALYZE = shutil.which("systemd-analyze")
# Of ten; the bound is a promise, what it is at present is lower.
HIGHEST_EXPOSURE = 1.5

needs_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed here")


def analyzed(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert ANALYZE is not None
    return subprocess.run(
        [ANALYZE, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


@needs_systemd
def test_the_exposure_is_within_its_bound() -> None:
    shown = analyzed("security", "--offline=true", "--no-pager", str(UNIT))
    if "Unknown" in shown.stderr or "unrecognized" in shown.stderr:
        pytest.skip(f"this systemd cannot judge a file: {shown.stderr.strip()}")

    found = re.search(r"exposure level for cream\.service: ([\d.]+)", shown.stdout)

    assert found is not None, shown.stdout + shown.stderr
    assert float(found[1]) <= HIGHEST_EXPOSURE


@needs_systemd
def test_systemd_understands_every_line(tmp_path: Path) -> None:
    """All but where the program lies, which is not there on this machine."""
    text = re.sub(r"^ExecStart=\S+", "ExecStart=/bin/true", UNIT.read_text(), flags=re.M)
    copy = tmp_path / "cream.service"
    copy.write_text(text)

    shown = analyzed("verify", "--man=no", str(copy))

    own = [line for line in shown.stderr.splitlines() if "cream.service" in line]
    assert own == []


def assignments() -> dict[str, str]:
    lines = (line for line in UNIT.read_text().splitlines() if "=" in line and line[0] != "#")
    return dict(line.split("=", 1) for line in lines)


def test_what_the_daemon_relies_on_is_there() -> None:
    unit = assignments()

    assert (unit["Type"], unit["NotifyAccess"]) == ("notify", "main")
    assert unit["ExecReload"] == "/bin/kill -HUP $MAINPID"
    assert int(unit["WatchdogSec"]) > 2 * 10, "a commit may take ten seconds"
    assert unit["RestartPreventExitStatus"] == "78"
    assert int(unit["TimeoutStopSec"]) >= 90
