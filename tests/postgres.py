"""A PostgreSQL server of one's own: a cluster in a temporary folder, with its socket; gone at the end."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from tests.missing import cannot_run

__all__ = ["server"]

ROLE = "instructor"
# It keeps nothing that matters after a power cut, and listens to this machine's socket alone.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off", "listen_addresses": ""}
DEBIAN = Path("/usr/lib/postgresql")  # where Debian keeps them, out of PATH


def _programs() -> Path:
    """Return the folder that holds ``initdb`` and ``pg_ctl``, of the newest version that is here."""
    on_path = shutil.which("pg_ctl")
    folders = [Path(on_path).parent] if on_path else []
    folders += sorted(DEBIAN.glob("*/bin"), key=lambda folder: -float(folder.parent.name))
    for folder in folders:
        if (folder / "initdb").is_file() and (folder / "pg_ctl").is_file():
            return folder
    cannot_run("PostgreSQL is not installed (apt install postgresql): no gradebook can be kept in one")


def _runner() -> dict[str, int | str]:
    """Return as whom to run it: it refuses to run as root."""
    if os.geteuid():
        return {}
    names = {user.pw_name for user in pwd.getpwall()}
    person = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": person.pw_uid, "group": person.pw_gid, "extra_groups": []}  # type: ignore[dict-item]


@contextmanager
def server() -> Iterator[Callable[[], str]]:
    """Run a server, as a function that makes an empty database and returns its address."""
    import psycopg

    programs, runner = _programs(), _runner()
    # not below pytest's folders, which nobody else may enter; short, as a socket's name has to be
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp", ignore_cleanup_errors=True) as name:
        folder, password = Path(name), secrets.token_hex(8)
        (folder / "password").write_text(password)
        if runner:
            for path in (folder, folder / "password"):
                os.chown(path, int(runner["user"]), int(runner["group"]))

        def run(program: str, *words: str) -> None:
            subprocess.run(
                [programs / program, "--pgdata", folder / "data", *words],
                cwd=folder,
                env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                check=True,
                **runner,  # type: ignore[call-overload]
            )

        words = ("--username", ROLE, "--pwfile", str(folder / "password"), "--auth", "scram-sha-256")
        run("initdb", *words, "--encoding", "UTF8", "--no-sync")
        chosen = SETTINGS | {"unix_socket_directories": name}
        options = " ".join(f"-c {key}='{value}'" for key, value in chosen.items())
        run("pg_ctl", "start", "--wait", "--log", str(folder / "log"), "--options", options)
        numbers = count(1)

        def database() -> str:
            made = f"gradebook_{next(numbers)}"
            login = {"host": name, "user": ROLE, "password": password, "dbname": "postgres"}
            with psycopg.connect(**login, autocommit=True) as connection:
                connection.execute(f'CREATE DATABASE "{made}"')
            return f"postgresql+psycopg://{ROLE}:{password}@/{made}?host={name}"

        try:
            yield database
        finally:
            run("pg_ctl", "stop", "--wait", "--mode", "immediate")
