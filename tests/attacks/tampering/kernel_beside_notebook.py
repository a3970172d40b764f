"""Hand in a file ipykernel_launcher.py, which Python runs in place of the kernel when it starts in that
folder.

Success: the kernel swallows the errors of tests, or says that it was replaced.
"""

LAUNCHER = """
import sys

sys.path.pop(0)
sys.modules.pop("ipykernel_launcher", None)

import builtins

from IPython.core.interactiveshell import ExecutionResult
from ipykernel import zmqshell
from ipykernel.kernelapp import IPKernelApp

zmqshell.ZMQInteractiveShell._showtraceback = lambda *args, **kwargs: None
never = property(lambda self: None, lambda self, error: None)
ExecutionResult.error_in_exec = ExecutionResult.error_before_exec = never
builtins.replaced = "@MARK@"
IPKernelApp.launch_instance()
"""

cells = {"largest-gap": 'largest_gap = 1\nprint("replaced by", replaced)'}


def files(folder):
    (folder / "ipykernel_launcher.py").write_text(LAUNCHER)


def succeeded(outcome):
    return bool(outcome.gained) or outcome.said("replaced by mark-")
