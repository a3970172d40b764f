"""The sandbox, tried by hostile code inside and watched from outside; every test starts the real one."""

import errno
import json
import os
import random
import re
import select
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
import torch

from autograde.errors import SandboxError
from autograde.limits import BESIDE, MIB, Limits
from autograde.parcel import ParcelError
from autograde.sandbox import PRELOAD, Bare, Sandbox, available
from autograde.seccomp import ABSENT, CLONE, DENIED, MACHINES
from autograde.wire import Channel

ROOT = Path(__file__).resolve().parent.parent
PROGRAM = {"readable": {"/course/obedient.py": ROOT / "tests/fixtures/obedient.py"}, "entry": "obedient:main"}
SMALL = Limits(seconds=120, memory=256 * MIB, processes=24, disk=16 * MIB, inodes=200, open_files=64)
PATIENCE = 60  # seconds, only ever waited out by a failure


class Talk:
    """One session and a line to it."""

    def __init__(self, zygote, **options):
        self.line, theirs = socket.socketpair()
        self.line.settimeout(PATIENCE)
        self.handle = zygote.session([theirs], **options)
        self.answers = self.line.makefile("r", encoding="utf-8")

    def say(self, source):
        self.line.sendall(json.dumps(textwrap.dedent(source)).encode() + b"\n")

    def hear(self):
        answer = json.loads(self.answers.readline())
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def __call__(self, source):
        self.say(source)
        return self.hear()

    def end(self):
        self.answers.close()
        self.line.close()
        return self.handle.kill()


@contextmanager
def talking(zygote, **options):
    talk = Talk(zygote, **options)
    try:
        yield talk
    finally:
        talk.end()


def offspring(zygote):
    """Return every process on this machine that descends from a zygote, as process objects."""
    return psutil.Process(zygote.process.pid).children(recursive=True)


def running(processes):
    """Return those that have not ended; the object knows its start time, so a reused number fools nobody."""
    found = []
    for one in processes:
        with suppress(psutil.NoSuchProcess):  # it may end between two looks
            if one.is_running() and one.status() != psutil.STATUS_ZOMBIE:
                found.append(one)
    return found


def until(condition, what):
    """Wait for something to come about."""
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, f"waited in vain for {what}"
        select.select([], [], [], 0.01)
    return value


@pytest.fixture(scope="module")
def walls():
    """Skip where there is no sandbox, but never where a whole project relies on this having run."""
    if why := available():
        pytest.fail(why) if os.environ.get("CI") else pytest.skip(why)


@pytest.fixture(scope="module")
def sandbox(walls):
    with Sandbox(SMALL, preload=("numpy",), **PROGRAM) as sandbox:
        yield sandbox


@pytest.fixture
def talk(sandbox):
    with talking(sandbox) as talk:
        yield talk


@pytest.fixture
def process(sandbox, talk):
    """The session as the host sees it: process 2 of its own namespace, which is the deepest one."""
    talk("result = 1")
    (found,) = inside(sandbox, "2")
    return found


def inside(sandbox, number):
    """Return the processes that have a number in a session's own namespace, as the host sees them."""
    return [one for one in offspring(sandbox) if fields(one.pid)["NSpid"].split()[2:] == [number]]


def zygote_of(sandbox):
    """Return the zygote as the host sees it."""
    number = str(sandbox.report["process"])
    (found,) = [one for one in offspring(sandbox) if fields(one.pid)["NSpid"].split()[1:] == [number]]
    return found


def fields(pid):
    rows = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {name: rest.strip() for name, _, rest in (row.partition(":") for row in rows)}


def depth(pid):
    return len(fields(pid)["NSpid"].split())


# What a session can see


def test_a_session_sees_the_system_and_python_and_nothing_else(talk):
    tops = set(talk("import os; result = os.listdir('/')"))
    allowed = {"usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32", "etc", "dev", "proc", "tmp"}
    python = {Path(path).parts[1] for path in (sys.prefix, sys.base_prefix)}
    assert tops - python <= allowed | {"course", "grader"}
    assert set(talk("result = os.listdir('/etc')")) <= {
        "alternatives",
        "ld.so.cache",
        "ld.so.conf",
        "ld.so.conf.d",
        "localtime",
    }
    assert set(talk("result = os.listdir('/dev')")) == {"null", "zero", "full", "random", "urandom", "shm"}


def test_of_the_course_a_session_sees_only_what_it_is_shown(talk):
    seen = talk("""
        import os
        result = [os.path.join(here, name) for top in ("/course", "/grader")
                  for here, _, files in os.walk(top) for name in files]
    """)
    own = ("__init__", "limits", "namespaces", "pages", "parcel", "seccomp", "warden", "warm")
    assert set(seen) == {"/course/obedient.py", *(f"/grader/autograde/{name}.py" for name in own)}


def test_a_file_of_the_host_is_nowhere_to_be_found(talk, tmp_path):
    secrets = [tmp_path / "gradebook-7f3a.db", Path("/dev/shm") / f"secret-7f3a-{os.getpid()}"]
    for secret in secrets:
        secret.write_text("secret")
    try:
        found = talk(f"""
            import os
            names = {[secret.name for secret in secrets]}
            result = [here for here, _, files in os.walk("/") if set(names) & set(files)]
        """)
    finally:
        secrets[1].unlink()
    assert found == []
    for path in (tmp_path, ROOT / "autograde", ROOT / "tests", Path.home() / ".ssh", Path("/etc/passwd")):
        assert talk(f"result = os.path.exists({str(path)!r})") is False


def test_the_environment_is_a_short_list_of_our_own(monkeypatch, walls):
    monkeypatch.setenv("SECRET_TOKEN", "hunter2")
    with Sandbox(SMALL, preload=(), **PROGRAM) as sandbox, talking(sandbox) as talk:
        environment = talk("import os; result = dict(os.environ)")
        raw = talk("""
            import ctypes
            libc = ctypes.CDLL(None)
            libc.getenv.restype = ctypes.c_char_p
            result = str(libc.getenv(b"SECRET_TOKEN"))
        """)
    assert "hunter2" not in "".join(environment.values())
    assert raw == "None"
    assert environment["HOME"] == "/tmp"
    assert len(environment) < 16


def test_proc_is_empty_and_cannot_be_uncovered(talk):
    assert talk("import os; result = os.listdir('/proc')") == []
    assert talk("""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        result = [libc.umount2(b"/proc", 2), ctypes.get_errno(),
                  libc.mount(b"proc", b"/tmp/work", b"proc", 0, None), ctypes.get_errno()]
    """) == [-1, errno.EPERM, -1, errno.EPERM]


def test_nothing_is_inherited_but_the_channels(talk):
    assert talk("""
        import os, stat
        result = []
        for number in range(4096):
            try:
                mode = os.fstat(number).st_mode
            except OSError:
                continue
            nothing = os.path.samestat(os.fstat(number), os.stat("/dev/null"))
            result.append([number, "socket" if stat.S_ISSOCK(mode) else nothing])
        result = [result[:3], [kind for number, kind in result[3:]], [one.fileno() for one in channels]]
        result[2] = len(result[2])
    """) == [[[0, True], [1, True], [2, True]], ["socket"], 1]


def test_every_channel_arrives_in_order(sandbox):
    pairs = [socket.socketpair() for _ in range(40)]
    line, theirs = socket.socketpair()
    handle = sandbox.session([theirs, *(theirs for _, theirs in pairs)])
    with line, handle:
        line.sendall(json.dumps("for n, c in enumerate(channels[1:]): c.sendall(b'%d' % n)").encode() + b"\n")
        for number, (ours, _) in enumerate(pairs):
            with ours:
                ours.settimeout(PATIENCE)
                assert ours.recv(10) == str(number).encode()


# What a session can reach


def test_there_is_no_network_not_even_the_hosts_loopback(talk):
    families = ("AF_INET", "AF_INET6", "AF_NETLINK", "AF_PACKET", "AF_VSOCK", "AF_ALG")
    hidden = "\0autograde-test-" + str(os.getpid())
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(hidden)
        abstract.listen()
        port = server.getsockname()[1]
        tried = talk(f"""
            import ctypes, errno, socket
            def attempt(function, *arguments):
                try:
                    return function(*arguments) and "done"
                except socket.gaierror:
                    return "no name"
                except OSError as error:
                    return errno.errorcode[error.errno]
            kinds = (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_SEQPACKET)
            result = {{}}
            for family in {families}:
                result[family] = [attempt(socket.socket, getattr(socket, family), kind) for kind in kinds]
            for target in (("127.0.0.1", {port}), ("1.1.1.1", 53), ("localhost", {port})):
                result[target[0]] = attempt(socket.create_connection, target, 2)
            result["pair"] = attempt(socket.socketpair, socket.AF_INET)
            local = socket.socket(socket.AF_UNIX)
            result["abstract"] = attempt(local.connect, {hidden!r})
        """)
        assert tried == dict.fromkeys(families, ["EPERM"] * 4) | {
            "127.0.0.1": "EPERM",
            "1.1.1.1": "EPERM",
            "localhost": tried["localhost"],
            "pair": "EPERM",
            "abstract": "ECONNREFUSED",
        }
        assert tried["localhost"] in ("EPERM", "no name")
        assert select.select([server, abstract], [], [], 0)[0] == []


def test_the_kernel_refuses_every_call_on_the_list(talk):
    """With arguments of nothing but zeros; the filter itself is read line by line in test_seccomp."""
    which, _ = MACHINES[os.uname().machine]
    denied = {name: pair[which] for name, pair in DENIED.items() if pair[which] is not None}
    answers = talk(f"""
        import ctypes
        libc = ctypes.CDLL(None, use_errno=True)
        def call(*arguments):
            ctypes.set_errno(0)
            return [libc.syscall(*map(ctypes.c_long, arguments)), ctypes.get_errno()]
        result = [{{name: call(number, 0, 0, 0, 0, 0, 0) for name, number in {denied}.items()}}]
        result += [call({ABSENT["clone3"][which]}, 0, 0), call(500)]
        result += [call({CLONE[which]}, 0x10000011, 0, 0, 0, 0)]
    """)
    nothing = [-1, errno.ENOSYS]
    assert answers == [{name: [-1, errno.EPERM] for name in denied}, nothing, nothing, [-1, errno.EPERM]]


def test_the_session_has_every_namespace_to_itself(sandbox, process):
    with talking(sandbox) as other:
        other("result = 1")
        deepest = [one.pid for one in inside(sandbox, "2")]
        assert len(deepest) == 2
        for space in ("user", "pid", "mnt", "net", "ipc", "uts", "cgroup"):
            homes = {os.readlink(f"/proc/{pid}/ns/{space}") for pid in (*deepest, os.getpid())}
            assert len(homes) == 3, space


def test_the_kernel_holds_the_session_powerless(process):
    seen = fields(process.pid)
    assert {int(seen[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert seen["NoNewPrivs"] == "1"
    assert seen["Seccomp"] == "2"
    assert seen["Threads"] == "1"
    assert seen["Groups"] in ("", "65534")
    if os.geteuid() == 0:  # the host's files are root's, and root's processes are not counted
        assert set(seen["Uid"].split()) == {"65534"}


def test_process_1_of_a_session_is_a_small_program_without_any_power(sandbox, process):
    (first,) = inside(sandbox, "1")
    assert first.name() == "cat"
    assert int(fields(first.pid)["CapEff"], 16) == 0
    assert first.memory_info().rss < 8 * MIB


def test_process_1_takes_in_what_loses_its_parent(sandbox, process, talk):
    talk("""
        import os, time
        for _ in range(100):
            if os.fork() == 0:
                if os.fork() == 0:
                    os._exit(0)
                os._exit(0)
            os.wait()
    """)
    until(lambda: len(offspring(sandbox)) == len(running(offspring(sandbox))), "the end of the orphans")


def test_no_capability_comes_back_through_a_program_or_a_namespace(talk):
    assert talk("""
        import ctypes, os, subprocess
        libc = ctypes.CDLL(None, use_errno=True)
        result = []
        for name, *arguments in (("unshare", 0x10000000), ("setuid", 0), ("chroot", b"/tmp"), ("setns", 0, 0),
                                 ("prctl", 24, 0, 0, 0, 0), ("prctl", 28, 0, 0, 0, 0)):
            result.append(getattr(libc, name)(*arguments))
        shell = subprocess.run(["/bin/sh", "-c", "echo alive; mount -t tmpfs x /tmp/work; unshare -U true"],
                               capture_output=True, text=True)
        result += [shell.stdout, shell.returncode != 0]
    """) == [-1] * 6 + ["alive\n", True]


def test_other_processes_are_out_of_sight_and_out_of_reach(sandbox, talk):
    with talking(sandbox) as hostile:
        zygote = sandbox.report["process"]
        reached = hostile(f"""
            import ctypes, errno, os, signal
            libc = ctypes.CDLL(None, use_errno=True)
            result = []
            numbers = {{{zygote}, *range(2, 400), {os.getpid()}}} - {{os.getpid()}}
            for number in numbers:
                for attempt in (lambda: os.kill(number, 0), lambda: os.kill(number, signal.SIGKILL)):
                    try:
                        attempt()
                        result.append(number)
                    except ProcessLookupError:
                        pass
                if libc.ptrace(16, number, None, None) != -1:
                    result.append(("traced", number))
            try:
                os.kill(-1, signal.SIGKILL)
                result.append("signalled")
            except ProcessLookupError:
                pass
            result.append([os.getpid(), os.getppid(), os.getuid()])
        """)
        assert reached == [[2, 0, 1000]]
        assert hostile("result = 2") == 2
    assert talk("result = 3") == 3
    assert sandbox.alive


def test_two_sessions_share_no_file(sandbox, talk):
    talk("open('/tmp/work/answer', 'w').write('42'); open('/dev/shm/answer', 'w').write('42')")
    with talking(sandbox) as other:
        assert (
            other("""
            import os
            result = [os.path.join(here, name) for top in ("/tmp", "/dev/shm")
                      for here, _, names in os.walk(top) for name in names]
        """)
            == []
        )
    with talking(sandbox) as later:
        assert later("import os; result = os.path.exists('/tmp/work/answer')") is False


def test_nothing_can_be_written_outside_of_tmp(talk):
    written = talk("""
        import os
        result = []
        for here, folders, files in os.walk("/"):
            if here == "/tmp" or here.startswith("/tmp/"):
                continue
            if os.access(here, os.W_OK):
                result.append(here)
            if here.count("/") < 4:
                for name in ("planted", *files[:5]):
                    try:
                        open(os.path.join(here, name), "ab").close()
                        result.append(os.path.join(here, name))
                    except OSError:
                        pass
    """)
    assert [path for path in written if os.path.dirname(path) != "/dev"] == []
    assert {path for path in written if os.path.dirname(path) == "/dev"} <= {
        f"/dev/{name}" for name in ("null", "zero", "full", "random", "urandom")
    }


# What a session can use up


def test_a_full_disk_is_the_sessions_own(sandbox, talk):
    code, total, device = talk("""
        import os
        total = 0
        try:
            for number in range(100):
                with open(f"/tmp/work/{number}", "wb", buffering=0) as file:
                    for _ in range(64):
                        total += file.write(bytes(1 << 16))
        except OSError as error:
            code = error.errno
        result = [code, total, os.stat("/tmp/work/0").st_dev]
    """)
    assert code == errno.ENOSPC
    assert total <= SMALL.disk
    assert device not in {os.stat(place.mountpoint).st_dev for place in psutil.disk_partitions(all=True)}
    with talking(sandbox) as other:
        other("open('/tmp/work/mine', 'wb').write(bytes(1 << 20))")


def test_the_number_of_files_is_bounded(talk):
    code, made = talk("""
        made = 0
        try:
            while made < 100_000:
                open(f"/tmp/work/{made}", "w").close()
                made += 1
        except OSError as error:
            result = [error.errno, made]
    """)
    assert code == errno.ENOSPC
    assert made < SMALL.inodes


def test_a_fork_bomb_stays_small_and_dies_with_its_session(sandbox):
    before = len(offspring(sandbox))
    bomb = Talk(sandbox)
    try:
        bomb.say("""
            import os, signal
            for number in range(1, 32):
                if number not in (9, 19):
                    signal.signal(number, signal.SIG_IGN)
            while True:
                try:
                    os.fork()
                except OSError:
                    pass
        """)
        until(lambda: len(offspring(sandbox)) >= before + SMALL.processes, "the bomb")
        with talking(sandbox) as other:
            assert other("result = 1") == 1
            counts = [len(offspring(sandbox)) for _ in range(50)]
        assert max(counts) <= before + SMALL.processes + BESIDE + 1 + BESIDE  # the other session as well
        those = offspring(sandbox)
    finally:
        ending = bomb.end()
    assert ending.reason == "ended by the grader"
    until(lambda: len(running(those)) <= before, "the end of the bomb")


def test_one_process_gets_a_memory_error_at_its_limit(talk):
    most = talk("""
        kept, result = [], 0
        try:
            while result < 4096:
                kept.append(bytearray(8 << 20))
                result += 8
        except MemoryError:
            pass
        kept.clear()
    """)
    assert SMALL.memory / MIB - 64 < most <= SMALL.memory / MIB
    assert talk("result = 'still there'") == "still there"


@pytest.mark.parametrize(
    "source",
    [
        pytest.param(
            """
            import os
            for _ in range(8):
                if os.fork() == 0:
                    block = bytearray(200 << 20)
                    for place in range(0, len(block), 4096):
                        block[place] = 1
                    os.read(os.pipe()[0], 1)
            os.read(os.pipe()[0], 1)
            """,
            id="spread over processes",
        ),
        pytest.param(
            """
            import mmap, os
            kept = []
            while True:
                kept.append(mmap.mmap(-1, 32 << 20))
                kept[-1].write(bytes(range(256)) * (1 << 17))
            """,
            id="shared and anonymous",
        ),
    ],
)
def test_a_session_that_takes_too_much_memory_is_stopped_with_the_reason(sandbox, source):
    hungry = Talk(sandbox)
    hungry.say(source)
    ending = hungry.handle.wait(PATIENCE)
    hungry.end()
    assert ending is not None
    assert ending.reason.startswith("stopped at ")
    assert ending.reason.endswith(" MiB of memory, its limit is 256 MiB")


def test_memory_that_no_limit_counts_is_refused(talk):
    assert talk("""
        import ctypes, os
        libc = ctypes.CDLL(None, use_errno=True)
        result = []
        for attempt in (lambda: os.memfd_create("x"), lambda: libc.shmget(0, 1 << 30, 0o1777)):
            try:
                result.append(attempt() if attempt() != -1 else ctypes.get_errno())
            except OSError as error:
                result.append(error.errno)
    """) == [errno.EPERM, errno.EPERM]


def test_page_tables_are_bounded_where_nothing_stands_behind_them(talk):
    assert talk("""
        import mmap
        kept, flags = [], mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000
        try:
            for _ in range(10_000):
                kept.append(mmap.mmap(-1, 1 << 30, flags, mmap.PROT_READ))
        except OSError as error:
            result = [error.errno, len(kept) <= 6]
        kept.clear()
    """) == [errno.ENOMEM, True]


def test_the_limits_of_a_process_are_in_force(process):
    rows = Path(f"/proc/{process.pid}/limits").read_text().splitlines()[1:]
    limits = {row[:26].strip(): row[26:].split()[:2] for row in rows}
    for name, most in {
        "Max cpu time": SMALL.cpu,
        "Max file size": SMALL.disk,
        "Max open files": SMALL.open_files + 1,
        "Max processes": SMALL.processes + BESIDE,
        "Max core file size": 0,
        "Max locked memory": 0,
        "Max msgqueue size": 0,
        "Max realtime priority": 0,
    }.items():
        assert limits[name] == [str(most)] * 2, name
    assert SMALL.memory < int(limits["Max data size"][1]) < SMALL.memory + 1024 * MIB


def test_descriptors_run_out_in_the_session_alone(talk):
    code, count = talk("""
        import os
        kept = []
        try:
            while len(kept) < 10_000:
                kept.append(os.open("/dev/null", os.O_RDONLY))
        except OSError as error:
            result = [error.errno, len(kept)]
        for one in kept:
            os.close(one)
    """)
    assert (code, count < 70) == (errno.EMFILE, True)


def test_a_session_past_its_time_is_stopped_with_the_reason(sandbox):
    slow = Talk(sandbox, limits=Limits(seconds=0.3))
    slow.say("while True: pass")
    ending = slow.handle.wait(PATIENCE)
    slow.end()
    assert ending is not None
    assert (ending.reason, ending.status) == ("stopped after 0.3 seconds, its limit", -9)


def test_a_process_past_its_cpu_time_is_ended_by_the_kernel(sandbox):
    busy = Talk(sandbox, limits=Limits(cpu=1))
    busy.say("while True: pass")
    ending = busy.handle.wait(PATIENCE)
    busy.end()
    assert ending is not None
    assert ending.reason == "killed by SIGKILL"


# What is left of a session


def test_daemons_and_double_forks_are_dead_when_the_session_is(sandbox):
    resident = {one.pid for one in offspring(sandbox)}
    talk = Talk(sandbox)
    started = talk("""
        import os, signal, subprocess
        reader, writer = os.pipe()
        for sessions in (1, 2, 3):
            if os.fork() == 0:
                for _ in range(sessions):
                    os.setsid() if os.getpid() != os.getsid(0) else None
                    if os.fork():
                        os._exit(0)
                for number in range(1, 65):
                    try:
                        signal.signal(number, signal.SIG_IGN)
                    except (OSError, ValueError):
                        pass
                os.write(writer, b"!")
                while True:
                    signal.pause()
        script = "trap '' TERM HUP INT; setsid sleep 1000 & sleep 1000"
        subprocess.Popen(["/bin/sh", "-c", script], start_new_session=True)
        result = sum(len(os.read(reader, 1)) for _ in range(3))
    """)
    assert started == 3
    those = [one for one in offspring(sandbox) if one.pid not in resident]
    deepest = [one for one in those if depth(one.pid) == 3]
    assert len(deepest) >= 7  # process 1, the session, three daemons, two sleepers
    talk.end()
    assert running(deepest) == []
    assert not talk.handle.alive
    until(lambda: not running(those), "the end of the warden")


def test_daemons_are_dead_when_the_session_leaves_by_itself(sandbox):
    resident = {one.pid for one in offspring(sandbox)}
    talk = Talk(sandbox)
    talk("""
        import os, signal
        for _ in range(5):
            if os.fork() == 0:
                os.setsid()
                while True:
                    signal.pause()
    """)
    those = [one for one in offspring(sandbox) if one.pid not in resident]
    assert len(those) == 8  # the warden, process 1, the session, five daemons
    talk.say("import os; os._exit(3)")
    ending = talk.handle.wait(PATIENCE)
    assert ending is not None
    assert (ending.reason, ending.status) == ("left with status 3", 3)
    until(lambda: not running(those), "the end of the daemons")
    talk.end()


def test_a_crash_is_told_by_its_signal(sandbox):
    talk = Talk(sandbox)
    talk.say("import ctypes; ctypes.string_at(0)")
    ending = talk.handle.wait(PATIENCE)
    talk.end()
    assert ending is not None
    assert ending.reason == "killed by SIGSEGV"


def test_a_session_whose_warden_is_killed_dies_and_the_next_one_finds_a_new_sandbox(walls):
    with Sandbox(SMALL, preload=(), **PROGRAM) as sandbox:
        talk = Talk(sandbox)
        talk("import ctypes; ctypes.CDLL(None).prctl(1, 0, 0, 0, 0)")  # it no longer dies with its parent
        those = offspring(sandbox)
        session = max(those, key=lambda one: depth(one.pid))
        session.parent().kill()
        ending = talk.handle.wait(PATIENCE)
        assert ending is not None
        assert ending.reason == "its warden died"
        until(lambda: not running(those), "the end of the sandbox")
        talk.end()
        with talking(sandbox) as later:
            assert later("result = 1") == 1


def test_a_killed_zygote_takes_its_sessions_along_and_is_started_again(walls):
    with Sandbox(SMALL, preload=(), **PROGRAM) as sandbox:
        talk = Talk(sandbox)
        talk("result = 1")
        those = offspring(sandbox)
        zygote_of(sandbox).kill()
        assert talk.handle.wait(PATIENCE) is not None
        until(lambda: not running(those), "the end of the sandbox")
        talk.end()
        until(lambda: not sandbox.alive, "bwrap")
        with talking(sandbox) as later:
            assert later("result = 1") == 1


GRADER = """
import json, socket, sys
from pathlib import Path
import psutil
from autograde.sandbox import *

ours, theirs = socket.socketpair()
sandbox = KIND(preload=(), readable={"/course/obedient.py": Path(sys.argv[1])}, entry="obedient:main")
sandbox.start()
session = sandbox.session([theirs])
ours.sendall(json.dumps(
    "import os, signal\\nif os.fork() == 0:\\n  os.setsid()\\n  while True: signal.pause()\\nresult = 1"
).encode() + b"\\n")
ours.recv(100)
print(*(one.pid for one in psutil.Process().children(recursive=True)), flush=True)
sys.stdin.read()
"""


def test_nothing_outlives_a_grader_that_is_killed(walls):
    script = GRADER.replace("KIND", "Sandbox")
    command = [sys.executable, "-c", script, ROOT / "tests/fixtures/obedient.py"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as grader:
        those = [psutil.Process(int(word)) for word in grader.stdout.readline().split()]
        assert len(running(those)) == 7  # bwrap twice, zygote, warden, process 1, session, daemon
        grader.kill()
    until(lambda: not running(those), "the end of all")


def test_the_zygote_serves_hundreds_and_keeps_nothing_of_them(walls):
    with Sandbox(SMALL, preload=(), **PROGRAM) as sandbox:
        zygote = zygote_of(sandbox)

        def state():
            return zygote.num_fds(), zygote.num_threads(), len(os.listdir("/proc/self/fd"))

        before, size = state(), zygote.memory_info().vms
        for number in range(200):
            with talking(sandbox, seed=number) as talk:
                assert talk("import random; result = random.random()") == random.Random(number).random()
        until(lambda: not zygote.children(), "the end of the last warden")
        assert before == state()
        assert zygote.memory_info().vms - size < MIB
        assert [one.pid for one in offspring(sandbox) if one.status() == psutil.STATUS_ZOMBIE] == []


# What a session starts with


def test_random_numbers_differ_from_session_to_session_unless_seeded(sandbox):
    draw = """
        import random, numpy
        result = [random.random(), numpy.random.rand(), numpy.random.default_rng().random()]
    """

    def drawn(seed):
        with talking(sandbox, seed=seed) as talk:
            return talk(draw)

    free = [drawn(None) for _ in range(3)]
    assert all(len(set(column)) == 3 for column in zip(*free, strict=True))
    first, again, other = drawn(7), drawn(7), drawn(8)
    assert first[:2] == again[:2]
    assert first[0] != other[0]
    assert first[1] != other[1]


def test_a_session_finds_copies_of_the_plain_files_and_of_nothing_else(sandbox, tmp_path):
    hand_in = tmp_path / "hand-in"
    (hand_in / "images").mkdir(parents=True)
    (hand_in / "notes.txt").write_text("x = 1")
    (hand_in / "images" / "cat.bin").write_bytes(bytes(range(256)) * 1000)
    (tmp_path / "secret").write_text("secret")
    (hand_in / "link").symlink_to(tmp_path / "secret")
    (hand_in / "tree").symlink_to(tmp_path)
    os.mkfifo(hand_in / "pipe")
    if os.geteuid() == 0:
        os.mknod(hand_in / "disk", 0o60666, os.makedev(7, 0))
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(hand_in / "socket"))
        with talking(sandbox, files=hand_in) as talk:
            assert talk("import os; result = os.getcwd()") == "/tmp/work"
            assert talk("""
                walk = [(here, name) for here, _, names in os.walk(".") for name in names]
                result = sorted(os.path.join(here, name)[2:] for here, name in walk)
            """) == ["images/cat.bin", "notes.txt"]
            assert talk("result = open('images/cat.bin', 'rb').read() == bytes(range(256)) * 1000") is True
            talk("open('notes.txt', 'w').write('changed')")
    assert (hand_in / "notes.txt").read_text() == "x = 1"


def test_too_many_files_are_refused_with_a_cure(sandbox, tmp_path):
    (tmp_path / "big").write_bytes(bytes(100))
    line, theirs = socket.socketpair()
    with line:
        with pytest.raises(
            ParcelError, match=r"holds more than 99 bytes. Raise the limit `parcel`, or hand in less."
        ):
            sandbox.session([theirs], files=tmp_path, limits=Limits(parcel=99))
        for number in range(5):
            (tmp_path / str(number)).touch()
        theirs = line.dup()
        with pytest.raises(
            ParcelError, match=r"holds more than 5 files. Raise the limit `inodes`, or hand in fewer."
        ):
            sandbox.session([theirs], files=tmp_path, limits=Limits(inodes=5))


def test_files_that_do_not_fit_end_in_an_error_not_in_a_session(sandbox, tmp_path):
    (tmp_path / "big").write_bytes(bytes(2 * MIB))
    line, theirs = socket.socketpair()
    with line, pytest.raises(SandboxError, match="No space left on device"):
        sandbox.session([theirs], files=tmp_path, limits=Limits(disk=MIB))


def test_all_that_the_course_uses_is_imported_before_the_fork(walls):
    with Sandbox(
        readable=PROGRAM["readable"] | {"/course/cnnkit": ROOT / "cnnkit"},
        entry="obedient:main",
        preload=[*PRELOAD, "cnnkit.functional"],
    ) as sandbox:
        assert sandbox.report["missing"] == []
        drawn = []
        for seed in (3, 3, None, None):
            with talking(sandbox, seed=seed) as talk:
                drawn.append(talk("import torch; result = torch.rand(1).item()"))
        assert drawn[0] == drawn[1]
        assert len(set(drawn)) == 3
        with talking(sandbox, seed=3) as talk:
            loaded = talk("import sys; result = list(sys.modules)")
            assert {"numpy", "torch", "torch._dynamo", "matplotlib.pyplot", "cnnkit.functional"} <= set(
                loaded
            )
            pages = Path(f"/proc/{zygote_of(sandbox).pid}/smaps_rollup").read_text()
            huge = re.search(r"AnonHugePages: +(\d+) kB", pages)
            assert int(huge[1]) > 64 * 1024  # so that a fork has few tables to copy
            assert talk("""
                import torch
                from torch.utils.data import DataLoader, TensorDataset
                x = torch.rand(4, 3)
                model = torch.nn.Linear(3, 2)
                optimizer = torch.optim.Adam(model.parameters())
                model(x).sum().backward()
                optimizer.step()
                import matplotlib.pyplot as plt, io
                figure = plt.figure()
                figure.gca().plot([1, 2])
                figure.savefig(io.BytesIO())
                batches = DataLoader(TensorDataset(x), batch_size=1, num_workers=2)
                result = [torch.get_num_threads(), model.weight.grad.shape[0], len(list(batches))]
            """) == [1, 2, 4]


def test_nothing_of_the_rehearsal_is_left_on_the_stage(walls):
    preload = ("numpy", "torch", "matplotlib.pyplot", "matplotlib_inline.backend_inline")
    with Sandbox(preload=preload) as sandbox:
        seen = [shown(sandbox, "[name for name in globals() if name[0] != '_'], In[:-1], Out, *_dh")]
        seen += [shown(sandbox, "import matplotlib.pyplot as plt; plt.get_fignums()") for _ in range(2)]
        drawn = shown(sandbox, "import torch; torch.rand(1).item()")
    names = ["In", "Out", "get_ipython", "exit", "quit", "open"]
    assert [f"({names},\n [''],\n {{}},\n PosixPath('/tmp/work'))", "[]", "[]"] == seen
    torch.manual_seed(1)
    assert str(torch.rand(1).item()) == drawn


def shown(sandbox, source):
    """Return what the first cell of a fresh session shows."""
    ours, theirs = socket.socketpair()
    with ours, sandbox.session([theirs], seed=1):
        line = Channel(ours)
        line.send({"do": "run", "id": 1, "cell": "cell", "source": source, "seconds": PATIENCE})
        (output,) = line.receive(PATIENCE)["outputs"]
    return output["text"]


def test_a_package_that_is_not_installed_is_left_out_and_named(walls):
    with Sandbox(SMALL, preload=("not_a_package", "json"), **PROGRAM) as sandbox:
        assert sandbox.report["missing"] == ["not_a_package"]


# Who starts it


ORDINARY = """
set -e
mount --bind "$BASE" /mnt
mount -t tmpfs tmpfs /root
mkdir -p "$BASE"
mount --move /mnt "$BASE"
exec setpriv --reuid=12345 --regid=12345 --clear-groups --inh-caps=-all --bounding-set=-all "$@"
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="these tests run as an ordinary user already")
def test_an_ordinary_user_gets_the_same_sandbox(walls, tmp_path):
    """An interpreter below /root is shown to that user by a mount that only this one command sees."""
    script = """
import json, os, socket, sys
from pathlib import Path
from autograde.sandbox import *
from autograde.limits import MIB

ours, theirs = socket.socketpair()
readable = {"/course/obedient.py": Path(sys.argv[1])}
with Sandbox(Limits(processes=20), preload=("numpy",), readable=readable, entry="obedient:main") as sandbox:
    with sandbox.session([theirs]) as session:
        source = '''
import os, ctypes
libc = ctypes.CDLL(None, use_errno=True)
born = 0
try:
    while born < 1000:
        if os.fork() == 0:
            os.read(os.pipe()[0], 1)
        born += 1
except OSError:
    pass
try:
    open("/usr/planted", "w")
except OSError as error:
    written = error.errno
result = [os.getuid(), os.getpid(), os.listdir("/proc"), born, written, libc.unshare(0x10000000)]
'''
        ours.sendall(json.dumps(source).encode() + b"\\n")
        print(os.geteuid(), ours.makefile().readline().strip())
    print(session.ending.reason)
"""
    if shutil.which("setpriv") is None:
        pytest.skip("there is no setpriv here")
    command = ["unshare", "-m", "--propagation", "private", "sh", "-c", ORDINARY, "sh"]
    run = subprocess.run(
        [*command, sys.executable, "-c", script, ROOT / "tests/fixtures/obedient.py"],
        env={"BASE": sys.base_prefix, "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": "/"},
        capture_output=True,
        text=True,
        cwd="/",
    )
    assert run.stderr == ""
    first, second = run.stdout.splitlines()
    assert first == f'12345 {{"result": [1000, 2, [], 19, {errno.EROFS}, -1]}}'
    assert second == "ended by the grader"


def test_a_user_who_only_passes_for_root_gets_it_too(walls):
    """As in a container without a daemon: user 0 there is somebody else here."""
    script = "from autograde.sandbox import *; print(Sandbox().root, available())"
    command = ["unshare", "--map-root-user", sys.executable, "-c", script]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert run.stdout == "False None\n"


# Where there is no sandbox


def test_a_missing_bwrap_is_said_with_a_cure(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(
        SandboxError, match=r"there is no bwrap here. Install bubblewrap, or grade with --no-sandbox."
    ):
        Sandbox(SMALL, **PROGRAM).start()


def test_what_keeps_the_zygote_from_starting_is_said(walls):
    with pytest.raises(SandboxError, match="expected an interpreter that runs"):
        Sandbox(SMALL, python="/nowhere/python", **PROGRAM).start()
    with pytest.raises(SandboxError, match="No module named 'nowhere'"):
        Sandbox(SMALL, preload=(), entry="nowhere:main").start()


def test_an_entry_that_fails_ends_its_session_with_status_1(walls):
    with Sandbox(SMALL, preload=(), readable=PROGRAM["readable"], entry="obedient:broken") as sandbox:
        line, theirs = socket.socketpair()
        with line:
            ending = sandbox.session([theirs]).wait(PATIENCE)
        assert ending is not None
        assert ending.status == 1


def test_an_interpreter_that_every_session_would_cover_is_refused(walls, tmp_path):
    python = Path("/tmp") / f"autograde-test-{os.getpid()}" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    try:
        with pytest.raises(
            SandboxError, match=r"lies below /tmp, which every session has for itself. Install"
        ):
            Sandbox(SMALL, python=str(python), **PROGRAM).start()
    finally:
        shutil.rmtree(python.parent.parent)


def test_limits_must_leave_something():
    with pytest.raises(
        ValueError, match=r"Limits: `memory` is 0, expected a number above 0. Give a larger one."
    ):
        Limits(memory=0)


@pytest.fixture
def bare():
    with Bare(SMALL, preload=("numpy",), **PROGRAM) as bare:
        yield bare


def test_without_a_sandbox_sessions_work_the_same_and_what_is_lost_is_said(bare, tmp_path):
    (tmp_path / "notes.txt").write_text("x = 1")
    with talking(bare, files=tmp_path, seed=7) as talk, talking(bare, seed=7) as twin:
        assert talk("result = open('notes.txt').read()") == "x = 1"
        draw = "import random, numpy; result = [random.random(), numpy.random.rand()]"
        assert talk(draw) == twin(draw)
        homes = [one("import os; result = [os.getcwd(), os.environ['HOME']]") for one in (talk, twin)]
        assert homes[0] != homes[1]
        assert "SECRET" not in talk("import os; result = ' '.join(os.environ)")
    assert not Path(homes[0][0]).exists()
    assert "gradebook" in Bare.unprotected
    assert Sandbox.unprotected == ""


def test_without_a_sandbox_the_same_attempts_succeed(bare, tmp_path):
    """What the tests above look for is there to be found: it is the sandbox that keeps it from sight."""
    secret = tmp_path / "gradebook-7f3a.db"
    secret.write_text("secret")
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as victim,
        talking(bare) as talk,
    ):
        talk(f"""
            import os, signal, socket
            from pathlib import Path
            socket.create_connection({server.getsockname()!r}, 5).close()
            Path({str(secret)!r}).write_text("changed")
            Path({str(tmp_path / "planted")!r}).touch()
            os.kill({victim.pid}, signal.SIGKILL)
        """)
        assert select.select([server], [], [], PATIENCE)[0] == [server]
        assert victim.wait(PATIENCE) == -9
    assert secret.read_text() == "changed"
    assert (tmp_path / "planted").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux hands orphans to the warden")
def test_without_a_sandbox_daemons_are_hunted_down(bare):
    resident = {one.pid for one in offspring(bare)}
    talk = Talk(bare)
    talk("""
        import os, signal
        for _ in range(3):
            if os.fork() == 0:
                os.setsid()
                if os.fork():
                    os._exit(0)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                while True:
                    signal.pause()
        for _ in range(3):
            os.wait()
    """)
    those = [one for one in offspring(bare) if one.pid not in resident]
    assert len(running(those)) >= 5
    talk.end()
    until(lambda: not running(those), "the end of the warden")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the warden what to count")
def test_without_a_sandbox_a_fork_bomb_is_stopped_with_the_reason(bare):
    talk = Talk(bare)
    talk.say("""
        import os
        for _ in range(200):
            if os.fork() == 0:
                os.read(os.pipe()[0], 1)
        os.read(os.pipe()[0], 1)
    """)
    ending = talk.handle.wait(PATIENCE)
    talk.end()
    assert ending is not None
    assert ending.reason.endswith(f"processes, its limit is {SMALL.processes}")


def bare_grader(folder):
    """Start a grader without a sandbox, whose session has left a daemon behind."""
    command = [sys.executable, "-c", GRADER.replace("KIND", "Bare"), ROOT / "tests/fixtures/obedient.py"]
    environment = os.environ | {"TMPDIR": str(folder)}
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
    )


def test_without_a_sandbox_nothing_outlives_a_grader_that_is_killed(tmp_path):
    with bare_grader(tmp_path) as grader:
        those = [psutil.Process(int(word)) for word in grader.stdout.readline().split()]
        assert len(running(those)) == 4  # zygote, warden, session, daemon
        assert list(tmp_path.iterdir()) != []
        grader.kill()
    until(lambda: not running(those), "the end of all")
    assert list(tmp_path.iterdir()) == []


def test_without_a_sandbox_a_zygote_waits_for_a_warden_that_is_slow(tmp_path):
    with bare_grader(tmp_path) as grader:
        those = [psutil.Process(int(word)) for word in grader.stdout.readline().split()]
        (zygote,) = psutil.Process(grader.pid).children()
        (warden,) = zygote.children()
        warden.suspend()
        grader.kill()
    select.select([], [], [], 1)  # a zygote that did not wait would be gone by now, and its warden with it
    warden.resume()
    until(lambda: not running(those), "the end of all")
    assert list(tmp_path.iterdir()) == []
