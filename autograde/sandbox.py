"""Where students' code runs: behind bubblewrap, with nothing of the course in sight.

::

    grader ── starts ──> bwrap ──> zygote (see warm) ── forks ──> one session per submission

A session sees the system's programs and libraries, the Python that grades with what is installed in it, and
what `readable` names, all of it read-only; of the rest nothing: no home, no network, no process but its own.
It finds a dozen variables in its environment, and one place to write to: a /tmp of its own, in memory.
"""

from __future__ import annotations

import ast
import os
import platform
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from autograde.errors import SandboxError
from autograde.limits import Limits
from autograde.zygote import Ending, SessionHandle, Zygote

__all__ = ["PRELOAD", "Bare", "Ending", "Limits", "Sandbox", "SessionHandle", "available"]

HERE = Path(__file__).resolve().parent
NOBODY = 65534
PRELOAD = (
    "numpy",
    "numpy.random",
    "numpy.testing",
    "torch",
    "torch._dynamo",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "IPython.core.interactiveshell",
    "anywidget",
)
ENTRY = "autograde.session:main"
SYSTEM = ("lib", "lib32", "lib64", "libx32", "bin", "sbin")  # of / and of /usr
ETC = ("ld.so.cache", "ld.so.conf", "ld.so.conf.d", "alternatives", "localtime")
# Some user, but not one that passes for root: the kernel lets nobody map that one any further.
OTHER = ("--uid", "1000", "--gid", "1000")
DEVICES = ("null", "zero", "full", "random", "urandom")
ENVIRONMENT = {
    "HOME": "/tmp",
    "TMPDIR": "/tmp",
    "USER": "student",
    "LOGNAME": "student",
    "LANG": "C.UTF-8",
    "IPYTHONDIR": "/tmp/ipython",
    "MPLCONFIGDIR": "/tmp/matplotlib",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    # one thread each: a pool would not survive the fork, and two workers would fight over the cores
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    # sets of strings in the same order on every machine and every day
    "PYTHONHASHSEED": "0",
}


class Sandbox(Zygote):
    """A zygote behind bubblewrap, for as many sessions as there are.

    Parameters
    ----------
    limits : Limits
        For every session that does not bring its own.
    python : str
        The interpreter; its own folders are all that is shown of the host besides the system's.
    readable : mapping of str to path, or None
        Files and folders to show read-only: the path inside, the path here. /course is where modules are
        looked for. By default the cnnkit that stands beside this package.
    preload : sequence of str
        What the zygote imports, where installed.
    entry : str
        What a session runs, as ``module:function``: it gets the list of its channels. A module that is not of
        this package stands in a folder of `readable`, below /course.

    Raises
    ------
    SandboxError
        On entering: there is no sandbox here, or the zygote does not start.

    Examples
    --------
    ::

        with Sandbox(Limits(memory=GIB)) as sandbox:
            ours, theirs = socket.socketpair()
            with sandbox.session([theirs], files=Path("hand-in"), seed=7) as session:
                Channel(ours).send({"do": "run", "cell": "sum", "source": "1 + 1", "seconds": 10})
                print(Channel(ours).receive(20))
            print(session.ending)
    """

    unprotected = ""

    def __init__(
        self,
        limits: Limits | None = None,
        python: str = sys.executable,
        *,
        readable: Mapping[str, Path] | None = None,
        preload: Sequence[str] = PRELOAD,
        entry: str = ENTRY,
    ) -> None:
        self.python = python
        self.readable = {"/course/cnnkit": HERE.parent / "cnnkit"} if readable is None else dict(readable)
        self.root = os.geteuid() == 0 and mapped(NOBODY)
        super().__init__(
            limits or Limits(),
            {
                "entry": entry,
                "preload": list(preload),
                "path": ["/grader", "/course"],
                "user": NOBODY if self.root else None,
                "walls": True,
            },
        )

    def environment(self) -> dict[str, str]:
        """Return the zygote's whole environment."""
        return {"PATH": "/usr/bin:/bin"} | ENVIRONMENT

    def command(self, descriptor: int) -> list[str]:
        """Return the command that starts bubblewrap, and in it the zygote."""
        program = shutil.which("bwrap")
        if program is None:
            raise SandboxError(
                "sandbox: there is no bwrap here. Install bubblewrap, or grade with --no-sandbox."
            )
        # Root needs no user namespace, and leaves root as its first step inside.
        user = ["--cap-drop", "ALL"]
        user += (
            ["--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"]
            if self.root
            else ["--unshare-user", *OTHER]
        )
        spaces = [f"--unshare-{space}" for space in ("pid", "ipc", "uts", "net", "cgroup-try")]
        return [
            program,
            *user,
            *spaces,
            *("--hostname", "grader", "--die-with-parent", "--new-session"),
            *("--proc", "/proc", "--dir", "/dev"),
            *(word for name in DEVICES for word in ("--dev-bind", f"/dev/{name}", f"/dev/{name}")),
            *("--symlink", "/tmp/shm", "/dev/shm"),
            *self.binds(),
            *("--perms", "1777", "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/", "--"),
            *interpreter(self.python, descriptor, "/grader"),
        ]

    def binds(self) -> Iterator[str]:
        """Yield bubblewrap's arguments for all that may be read."""
        shown = self.shown()
        made: set[Path] = set()
        for inside in sorted(shown):  # a folder before what lies in it
            # bubblewrap itself would make the folders on the way for root only
            above = [folder for folder in reversed(Path(inside).parents) if folder != Path("/")]
            for folder in above:
                if folder not in made and not any(str(one) in shown for one in (folder, *folder.parents)):
                    yield from ("--dir", str(folder))
                    made.add(folder)
            yield from ("--ro-bind", shown[inside], inside)

    def shown(self) -> dict[str, str]:
        """Return what a session may read: the path inside, the path here."""
        shown: dict[str, str] = {}
        if any(folder.is_relative_to("/tmp") for folder in prefixes(self.python)):
            raise SandboxError(
                f"sandbox: `python` {self.python} lies below /tmp, which every session has for itself."
                " Install it elsewhere."
            )
        for top in (Path("/"), Path("/usr"), *prefixes(self.python)):
            for name in (*SYSTEM, "pyvenv.cfg"):
                folder = top / name
                if folder.exists():
                    shown[str(folder)] = str(folder)
        for path in (*(f"/etc/{name}" for name in ETC), "/usr/share/zoneinfo"):
            if Path(path).exists():
                shown[path] = path
        for name in sorted(
            needed({"warm", self.order["entry"].partition(":")[0].removeprefix("autograde.")})
        ):
            shown[f"/grader/autograde/{name}.py"] = str(HERE / f"{name}.py")
        for inside, outside in self.readable.items():
            shown[inside] = str(Path(outside).resolve())
        return shown


class Bare(Zygote):
    """The same without a sandbox, for machines that have none: a zygote, limits and nothing else.

    Parameters
    ----------
    limits, python, readable, preload, entry
        As of `Sandbox`.

    Attributes
    ----------
    unprotected : str
        What is not protected, to be shown to whoever chose this.
    """

    unprotected = (
        "There is no sandbox: students' code runs with your own rights. It can read and change every file"
        " that you can, the gradebook and other students' work among them, use the network, see and end your"
        " processes, and leave some behind that hide well. The limits on time, memory and processes help"
        " against mistakes, not against malice."
    )

    def __init__(
        self,
        limits: Limits | None = None,
        python: str = sys.executable,
        *,
        readable: Mapping[str, Path] | None = None,
        preload: Sequence[str] = PRELOAD,
        entry: str = ENTRY,
    ) -> None:
        if not hasattr(os, "fork"):
            raise SandboxError(f"bare: {platform.system()} cannot fork. Grade on Linux or macOS, or in WSL.")
        self.python = python
        shown = {"/course/cnnkit": HERE.parent / "cnnkit"} if readable is None else readable
        course = {
            str(Path(path).resolve().parent)
            for inside, path in shown.items()
            if inside.startswith("/course/")
        }
        self.home = tempfile.TemporaryDirectory(prefix="autograde-")
        order = {
            "home": self.home.name,
            "entry": entry,
            "preload": list(preload),
            "path": [str(HERE.parent), *sorted(course - {str(HERE.parent)})],
            "user": None,
            "walls": False,
        }
        super().__init__(limits or Limits(), order)

    def environment(self) -> dict[str, str]:
        """Return the zygote's whole environment."""
        own = {"HOME": self.home.name, "TMPDIR": self.home.name, "PATH": os.environ.get("PATH", os.defpath)}
        return ENVIRONMENT | own | {"IPYTHONDIR": self.home.name, "MPLCONFIGDIR": self.home.name}

    def command(self, descriptor: int) -> list[str]:
        """Return the command that starts the zygote."""
        return interpreter(self.python, descriptor, str(HERE.parent))

    def folder(self) -> Path:
        """Return a fresh folder for a session to work in."""
        Path(self.home.name).mkdir(exist_ok=True)  # a zygote that ended took it along
        return Path(tempfile.mkdtemp(dir=self.home.name))

    def close(self) -> None:
        """End the zygote; its sessions end with it."""
        super().close()
        with suppress(FileNotFoundError):  # the zygote may have been quicker
            self.home.cleanup()


@cache
def available() -> str | None:
    """Return why there is no sandbox on this machine; None if there is one. It is tried, not guessed.

    Returns
    -------
    str or None
        A sentence for the user, with a cure where there is one.
    """
    system, release = platform.system(), platform.release()
    if system != "Linux":
        return f"bubblewrap runs on Linux, this is {system}. Grade on Linux or in WSL, or with --no-sandbox."
    # Older kernels count the processes of a user, not of a namespace: no session could be held to a number.
    if tuple(int(part) for part in release.split("-")[0].split(".")[:2]) < (5, 14):
        return (
            f"the kernel is Linux {release}, expected 5.14 or newer. Grade elsewhere, or with --no-sandbox."
        )
    try:
        ours, theirs = socket.socketpair()
        with (
            ours,
            Sandbox(preload=(), entry="autograde.warm:leave") as sandbox,
            sandbox.session([theirs]) as session,
        ):
            session.wait(30)
    except SandboxError as error:
        text = str(error)
        if Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns").exists() and "ermi" in text:
            text += " AppArmor may be why: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        return text
    return None


def interpreter(python: str, descriptor: int, path: str) -> list[str]:
    """Return the command that runs the zygote with nothing of the user's own in its path."""
    start = f"import sys; sys.path.insert(0, {path!r}); from autograde.warm import main; main({descriptor})"
    return [python, "-P", "-s", "-B", "-c", start]


@cache
def prefixes(python: str) -> tuple[Path, ...]:
    """Return the folders that an interpreter is installed in, its virtual environment's first."""
    ask = "import sys; print(sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, sep='\\n')"
    try:
        run = subprocess.run([python, "-I", "-S", "-c", ask], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise SandboxError(
            f"sandbox: `python` is {python!r}, expected an interpreter that runs: {error}"
        ) from error
    found = [Path(line) for line in run.stdout.splitlines()]
    link = Path(python)
    for _ in range(40):  # every station of the way must be there
        found.append(link.parent.parent)
        if not link.is_symlink():
            break
        link = link.parent / link.readlink()
    return tuple(dict.fromkeys(path for one in found for path in (one, one.resolve())))


def needed(names: set[str]) -> set[str]:
    """Return the modules of this package that some of its modules import, those included.

    Examples
    --------
    >>> sorted(needed({"warden"}))
    ['__init__', 'limits', 'warden']
    """
    done: set[str] = set()
    more = names | {"__init__"}
    while more := {name for name in more if (HERE / f"{name}.py").exists()} - done:
        done |= more
        trees = [ast.parse((HERE / f"{name}.py").read_text(encoding="utf-8")) for name in more]
        nodes = [node for tree in trees for node in ast.walk(tree)]
        targets = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                targets += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        more = {target.split(".")[1] for target in targets if target.startswith("autograde.")}
    return done


def mapped(user: int) -> bool:
    """Return whether a user id exists in this process's user namespace."""
    try:
        rows = [line.split() for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()]
    except OSError:
        return False
    return any(int(first) <= user < int(first) + int(count) for first, _, count in rows)
