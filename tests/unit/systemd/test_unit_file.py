"""Does the unit run the daemon as it is built to be run, and with how few rights?"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cream.cli import exits
from cream.cli.main import parser
from cream.daemon.settings import Settings

ROOT = Path(__file__).resolve().parents[3]
UNIT = ROOT / "systemd/cream.service"
ENVIRONMENT = ROOT / "systemd/cream.env.example"

# What `systemd-analyze security` may rate the unit at: 0 is sealed, 10 is wide open.
HIGHEST_EXPOSURE = 1.5

WITHOUT_ANALYZE = "systemd-analyze is not on this machine"


def assignments(text: str) -> dict[str, dict[str, list[str]]]:
    """Every value of every key, by section. systemd allows a key several times."""
    sections: dict[str, dict[str, list[str]]] = {}
    keys: dict[str, list[str]] = {}
    for line in text.splitlines():
        if not line or line[0] in "#;":
            continue
        if line.startswith("["):
            keys = sections.setdefault(line.strip("[]"), {})
            continue
        key, equals, value = line.partition("=")
        assert equals, f"neither a section nor an assignment: {line}"
        keys.setdefault(key, []).append(value)
    return sections


@pytest.fixture
def service() -> dict[str, list[str]]:
    return assignments(UNIT.read_text())["Service"]


def test_it_tells_systemd_when_it_is_ready_and_that_it_lives(service: dict[str, list[str]]) -> None:
    assert service["Type"] == ["notify"]
    assert service["NotifyAccess"] == ["main"]
    assert float(service["WatchdogSec"][0]) > 0


def test_what_it_starts_is_a_command_that_exists(service: dict[str, list[str]]) -> None:
    program, *arguments = service["ExecStart"][0].split()

    assert Path(program).name == "cream"
    assert Path(program).is_absolute()
    assert parser().parse_args(arguments).config == Path("/etc/cream/config.yaml")


def test_asserts_stay_on(service: dict[str, list[str]]) -> None:
    """They state invariants of the ledger; -O and PYTHONOPTIMIZE would take them out."""
    assert " -O" not in service["ExecStart"][0]
    assert service["UnsetEnvironment"] == ["PYTHONOPTIMIZE"]
    assert not [one for one in service["Environment"] if "PYTHONOPTIMIZE" in one]


def test_a_wrong_configuration_is_not_tried_again(service: dict[str, list[str]]) -> None:
    assert service["Restart"] == ["on-failure"]
    assert service["RestartPreventExitStatus"] == [str(exits.CONFIGURATION)]


def test_it_stays_down_after_a_few_failures() -> None:
    unit = assignments(UNIT.read_text())["Unit"]

    assert unit["StartLimitBurst"] == ["5"]
    assert unit["StartLimitIntervalSec"] == ["300"]


def test_the_drain_has_time_to_end_before_it_is_killed(service: dict[str, list[str]]) -> None:
    """The phases of `Tree._wind_down`, each as long as it may be: two servers that are first left
    to end and then stopped, the watchdog, orders in flight, six subsystems; then the journal's last
    commit and its queue.
    """
    settings = Settings()
    phases = (2 * 2 + 1 + 1 + 6) * settings.supervision.stop_seconds
    journal = settings.persistence.commit_timeout_ms + settings.persistence.drain_timeout_ms

    assert float(service["TimeoutStopSec"][0]) > phases + journal / 1000
    assert service["KillMode"] == ["mixed"]


def test_a_start_that_waits_for_the_broker_is_not_killed(service: dict[str, list[str]]) -> None:
    assert float(service["TimeoutStartSec"][0]) > 2 * Settings().recovery.start_timeout_seconds


def test_what_it_writes_is_for_its_user_alone(service: dict[str, list[str]]) -> None:
    assert service["User"] == ["cream"]
    assert service["StateDirectory"] == ["cream"]
    assert service["WorkingDirectory"] == ["/var/lib/cream"]
    assert service["StateDirectoryMode"] == ["0700"]
    assert service["UMask"] == ["0077"]


def test_the_environment_file_holds_no_secret_and_only_names_that_are_read() -> None:
    lines = [line for line in ENVIRONMENT.read_text().splitlines() if line]
    set_here = [line for line in lines if not line.startswith("#")]
    offered = {
        line.lstrip("#").partition("=")[0] for line in lines if re.match(r"#?[A-Z_]+=", line)
    }

    assert set_here == ["CREAM_ENV=PAPER"]
    assert offered == {"CREAM_ENV", "ALPACA_KEY", "ALPACA_SECRET", "CREAM_LOG"}


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason=WITHOUT_ANALYZE)
def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    """With a program that exists here in place of ours, which is installed elsewhere."""
    copy = tmp_path / UNIT.name
    copy.write_text(re.sub(r"(?m)^ExecStart=.*$", "ExecStart=/bin/true", UNIT.read_text()))

    done = run_analyze("verify", str(copy))

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason=WITHOUT_ANALYZE)
def test_it_is_hardly_exposed() -> None:
    done = run_analyze("security", "--offline=true", str(UNIT))
    rated = re.search(r"Overall exposure level for \S+: (\d+\.\d+)", done.stdout)
    if rated is None:
        pytest.skip(f"this systemd-analyze does not rate unit files: {done.stderr.strip()}")

    assert float(rated[1]) <= HIGHEST_EXPOSURE


def run_analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["systemd-analyze", "--no-pager", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


# In a process of its own: the restriction cannot be taken back.
IMPORT_ALL = """
import ctypes, importlib, mmap, pkgutil, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit(77)
try:
    mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    sys.exit(77)
except OSError:
    pass
import cream
for module in pkgutil.walk_packages(cream.__path__, "cream."):
    # A migration is run by Alembic and a main module by Python.
    if ".migrations." not in module.name and module.name != "cream.__main__":
        importlib.import_module(module.name)
"""


def test_every_extension_loads_where_memory_is_never_writable_and_executable() -> None:
    """MemoryDenyWriteExecute, as the kernel itself enforces it (Linux 6.3 and later)."""
    command = [sys.executable, "-c", IMPORT_ALL]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode == 77:
        pytest.skip("this kernel cannot refuse memory that is writable and executable")

    assert done.returncode == 0, done.stderr
