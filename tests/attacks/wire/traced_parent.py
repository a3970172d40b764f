"""Attach to the parent process as a debugger would, and write into its memory.

Success: the kernel allows it.
"""

cells = {
    "largest-gap": """
import ctypes, os

largest_gap = 1
ATTACH, DETACH = 16, 17
library = ctypes.CDLL(None, use_errno=True)
parent = os.getppid()
if parent > 0 and library.ptrace(ATTACH, parent, 0, 0) == 0:
    os.waitpid(parent, os.WNOHANG | 0x40000000)
    library.ptrace(DETACH, parent, 0, 0)
    print("attached to the parent")
try:
    with open(f"/proc/{parent}/mem", "r+b"):
        print("may write the parent's memory")
except OSError as error:
    print(error)
"""
}


def succeeded(outcome):
    return outcome.said("attached to the parent") or outcome.said("may write the parent's memory")
