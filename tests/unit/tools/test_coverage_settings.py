"""What processes measure that tests start: themselves, from any folder, and to a polite end."""

import os
import subprocess
import sys
from pathlib import Path

from coverage import CoverageData

ROOT = Path(__file__).parents[3]

CHILD = "import cream, signal; print('up', flush=True); signal.pause()"

PARENT = f"""
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", {CHILD!r}], cwd="/", stdout=subprocess.PIPE)
child.stdout.readline()
child.terminate()
child.communicate()
"""


def test_a_process_that_a_test_starts_and_terminates_is_measured(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT)
    environ = {name: text for name, text in os.environ.items() if not name.startswith("COVERAGE")}
    measure = ["-m", "coverage", "run", f"--rcfile={ROOT / 'pyproject.toml'}"]
    command = [sys.executable, *measure, f"--data-file={tmp_path / 'measured'}", "parent.py"]

    subprocess.run(command, cwd=tmp_path, env=environ, check=True, capture_output=True, timeout=120)

    found = set()
    for path in tmp_path.glob("measured.*"):
        data = CoverageData(str(path))
        data.read()
        found |= {Path(name).relative_to(ROOT).as_posix() for name in data.measured_files()}
        data.close()
    assert "cream/__init__.py" in found
