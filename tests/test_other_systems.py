"""What students run needs no Unix: nothing that Windows lacks is imported, opened or printed without care."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.halves import is_students

ROOT = Path(__file__).resolve().parents[1]
UNIX = ["fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "syslog"]
# of the modules os and signal, what Python's documentation calls available on Unix only
UNIX_NAMES = {
    "chown",
    "fork",
    "forkpty",
    "getegid",
    "geteuid",
    "getgid",
    "getgroups",
    "getloadavg",
    "getpgid",
}
UNIX_NAMES |= {
    "getpgrp",
    "getuid",
    "killpg",
    "mkfifo",
    "mknod",
    "nice",
    "openpty",
    "pipe2",
    "pread",
    "pwrite",
}
UNIX_NAMES |= {"sched_getaffinity", "sched_setaffinity", "setpgid", "setsid", "setuid", "statvfs", "sync"}
UNIX_NAMES |= {"sysconf", "uname", "wait3", "wait4", "O_NOFOLLOW", "O_DIRECTORY", "WNOHANG"}
UNIX_NAMES |= {"SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "alarm", "setitimer"}
WITHOUT = f"""
import importlib, pkgutil, sys
sys.modules |= dict.fromkeys({UNIX})
import cnnkit
names = [module.name for module in pkgutil.walk_packages(cnnkit.__path__, "cnnkit.")]
for name in names:
    name.endswith("__main__") or importlib.import_module(name)
print(len(names))
"""


def python(*words, letters="utf-8", **more):
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": letters} | more
    return subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding=letters,
        check=False,
    )


def test_every_module_can_be_imported_where_unixs_own_are_missing():
    done = python("-c", WITHOUT)
    assert (done.returncode, done.stderr) == (0, "")
    assert int(done.stdout) > 100


def unguarded(text):
    """Return what a source takes of os and signal that Windows has not got, and does not ask for first."""
    tree = ast.parse(text)
    found = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and ast.unparse(node.value) in ("os", "signal")
        and node.attr in UNIX_NAMES
    }
    asked = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return found - asked


def test_nothing_is_taken_of_os_that_windows_lacks():
    found = {
        path.name: names
        for path in ROOT.glob("cnnkit/**/*.py")
        if (names := unguarded(path.read_text("utf-8")))
    }
    assert found == {}


def test_what_windows_lacks_would_be_found():
    assert unguarded("import os\nos.fork()") == {"fork"}
    assert unguarded("import os\nif hasattr(os, 'fork'):\n    os.fork()") == set()


def test_no_text_is_read_or_written_in_whatever_encoding_a_system_has():
    files = [path for path in ROOT.glob("tests/**/test_*.py") if is_students(path)]
    done = python(
        "-m", "ruff", "check", "--preview", "--select", "PLW1514", "--quiet", "cnnkit", *map(str, files)
    )
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("letters", "sign"), [("utf-8", "✓ Python"), ("cp1252", "+ Python"), ("ascii", "+ Python")]
)
def test_a_command_prints_in_whatever_letters_there_are(letters, sign):
    done = python("-m", "cnnkit", "doctor", letters=letters)
    assert done.stderr == ""
    assert done.stdout.startswith(sign)


def test_the_half_that_runs_on_every_system_is_read_from_the_files():
    halves = {path.name: is_students(path) for path in ROOT.glob("tests/**/test_*.py")}
    assert {"test_functional.py", "test_nn_fit.py", "test_answers.py", "test_first_notebooks.py"} <= {
        name for name, students in halves.items() if students
    }
    assert not any(halves[name] for name in ("test_sandbox.py", "test_gradebook.py", "test_frame.py"))
    assert sum(halves.values()) > 40


def test_that_half_can_be_collected_where_unixs_own_modules_are_missing(tmp_path):
    blocked = tmp_path / "without_unix.py"
    blocked.write_text(f"import sys\nsys.modules |= dict.fromkeys({UNIX})\n", encoding="utf-8")
    words = ("-p", "without_unix", "--student-half", "--collect-only", "--quiet", "-p", "no:cacheprovider")
    paths = os.pathsep.join([str(tmp_path), str(ROOT)])
    done = python("-m", "pytest", *words, "tests", "cnnkit", PYTHONPATH=paths, PYTEST_ADDOPTS="")
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    assert "tests/test_sandbox.py" not in done.stdout
    assert "tests/journeys/test_first_notebooks.py" in done.stdout
