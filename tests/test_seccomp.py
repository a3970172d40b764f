"""The filter of system calls, run on paper for every machine, and held against the kernel's own numbers."""

import errno
import re
import struct
from pathlib import Path

import pytest

from autograde.seccomp import ABSENT, CLONE, DENIED, MACHINES, SOCKETS, FilterError, program

HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
# what numpy, torch, IPython and the interpreter cannot do without: read, write, mmap, futex, execve, prctl
HARMLESS = {"x86_64": (0, 1, 9, 202, 59, 157), "aarch64": (63, 64, 222, 98, 221, 167)}
REFUSED, ABSENT_CALL, ALLOWED = f"errno {errno.EPERM}", f"errno {errno.ENOSYS}", "allow"
NEW_USER, THREAD = 0x10000000, 0x3D0F00


def verdict(machine, number, *arguments, arch=None):
    """Run the filter as the kernel does, on a struct seccomp_data."""
    given = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<iIQ6Q", number, arch or MACHINES[machine][1], 0, *given)
    lines = list(struct.iter_unpack("<HBBI", program(machine)))
    held, place = 0, 0
    while True:
        code, yes, no, constant = lines[place]
        place += 1
        match code:
            case 0x20:
                (held,) = struct.unpack_from("<I", data, constant)
            case 0x15:
                place += yes if held == constant else no
            case 0x25:
                place += yes if held > constant else no
            case 0x45:
                place += yes if held & constant else no
            case 0x06:
                kind = constant & 0xFFFF0000
                return {0x7FFF0000: ALLOWED, 0x80000000: "kill"}.get(kind, f"errno {constant & 0xFFFF}")
            case _:
                pytest.fail(f"no such instruction: {code:#x}")


@pytest.mark.parametrize("machine", MACHINES)
def test_every_listed_call_is_refused(machine):
    which = MACHINES[machine][0]
    numbers = {name: pair[which] for name, pair in DENIED.items() if pair[which] is not None}
    assert {name: verdict(machine, number) for name, number in numbers.items()} == dict.fromkeys(
        numbers, REFUSED
    )
    assert [verdict(machine, pair[which]) for pair in ABSENT.values()] == [ABSENT_CALL]


@pytest.mark.parametrize("machine", MACHINES)
def test_every_other_call_goes_through(machine):
    which = MACHINES[machine][0]
    judged = {pair[which] for pair in (DENIED | ABSENT | SOCKETS).values()}
    assert set(HARMLESS[machine]).isdisjoint(judged)
    assert {number for number in range(463) if verdict(machine, number) != ALLOWED} == judged - {None}


@pytest.mark.parametrize("machine", MACHINES)
def test_a_call_younger_than_the_list_does_not_exist(machine):
    assert {verdict(machine, number) for number in (463, 500, 0x40000000, 0x40000000 + 101, 2**31 - 1)} == {
        ABSENT_CALL
    }


@pytest.mark.parametrize("machine", MACHINES)
def test_threads_and_forks_may_be_made_but_no_namespaces(machine):
    clone = CLONE[MACHINES[machine][0]]
    assert verdict(machine, clone, THREAD) == ALLOWED
    assert verdict(machine, clone, 17) == ALLOWED
    for bit in (17, 25, 26, 27, 28, 29, 30):
        assert verdict(machine, clone, 1 << bit | 17) == REFUSED


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("call", SOCKETS)
def test_only_local_sockets_may_be_made(machine, call):
    number = SOCKETS[call][MACHINES[machine][0]]
    assert {family: verdict(machine, number, family) for family in range(46)} == {
        family: ALLOWED if family == 1 else REFUSED for family in range(46)
    }
    assert verdict(machine, number, 2 | 1 << 32) == REFUSED  # the kernel reads 32 bits of it as well


@pytest.mark.parametrize("machine", MACHINES)
def test_the_calls_of_another_machine_are_the_end(machine):
    assert verdict(machine, 0, arch=0x40000003) == "kill"  # i386


@pytest.mark.parametrize("machine", MACHINES)
def test_the_numbers_are_the_kernels(machine):
    if not HEADERS[machine].exists():
        pytest.skip(f"there is no {HEADERS[machine]} here")
    found = re.findall(r"#define __NR(?:3264)?_(\w+)\s+(\d+)\b", HEADERS[machine].read_text())
    numbers = {name: int(number) for name, number in found}
    which = MACHINES[machine][0]
    ours = {name: pair[which] for name, pair in (DENIED | ABSENT | SOCKETS | {"clone": CLONE}).items()}
    known = {
        name: number for name, number in ours.items() if number is None or number <= max(numbers.values())
    }
    assert known == {name: numbers.get(name) for name in known}


def test_a_machine_without_numbers_is_refused():
    with pytest.raises(
        FilterError, match=r"`machine` is 'riscv64', expected x86_64 or aarch64\. Grade on one\."
    ):
        program("riscv64")
