"""The command line of those who give the course; what it can do is in `autograde.commands`.

Exit codes: 0 done; 1 something was found that needs attention (a release that differs from its source or
leaks, a source notebook with a mistake, a missing requirement, a hand-in or a kept result that cannot be
read); 2 the command cannot be carried out as it was given; 130 interrupted; 141 nobody reads the output. A
submission that cannot be graded is a row in the report, not an error.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from autograde.commands import COMMANDS
from autograde.course import nearest
from autograde.errors import AutogradeError

__all__ = ["main"]


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command, and what was probably meant."""

    def error(self, message: str) -> NoReturn:
        choice = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice:
            known = [name.strip(" '") for name in choice[2].split(",")]
            message = f"there is no command {choice[1]!r}. {nearest(choice[1], known)}"
        self.exit(2, f"{self.prog}: {message}\n")


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: that takes longer than to read a command."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> NoReturn:
        from importlib.metadata import PackageNotFoundError, version

        try:
            said = version("cnnkit")
        except PackageNotFoundError:
            said = "unknown: run from a folder, not installed"
        print(parser.prog, said)
        parser.exit()


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="autograde", description="Release, grade and report on a course of notebooks.")
    parser.epilog = (__doc__ or "").split("\n\n", 1)[1]
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is, and stop")
    common = _Parser(add_help=False)
    common.add_argument(
        "--course", type=Path, metavar="DIR", help="the course's folder (default: around here)"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    for command in COMMANDS:
        command.add(commands, common)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    options = _parser().parse_args(argv)
    try:
        return int(options.run(options))
    except AutogradeError as error:
        print(f"autograde: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as error:
        print(f"autograde: {error.filename or 'the system'}: {error.strerror or error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("autograde: interrupted; what was done so far is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
