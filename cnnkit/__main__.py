"""The command line: ``cnnkit lab | check 02 | submit 02 | data | data get NAME | weights | doctor``.

Exit codes: 0 done; 1 something is damaged, missing, left to do or could not be fetched; 2 the command cannot
be carried out as it was given; 130 interrupted; 141 nobody reads the output.
"""

from __future__ import annotations

import argparse
import codecs
import io
import os
import re
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from cnnkit.errors import ArgumentError, CnnkitError

__all__ = ["main"]

# What is printed instead where the output has no such letters, as in a pipe on Windows.
PLAIN = {"✓": "+", "✗": "x", "·": ".", "…": "...", "×": "x", "−": "-", "–": "-", "→": "->", "±": "+-"}


class _Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with a command, and what was probably meant."""

    def error(self, message: str) -> NoReturn:
        choice = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice:
            known = [name.strip(" '") for name in choice[2].split(",")]
            near = get_close_matches(choice[1], known, n=1, cutoff=0.5)
            cure = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
            message = f"there is no command {choice[1]!r}. {cure}"
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
    parser = _Parser(
        prog="cnnkit", description="Your notebooks, the course's data sets, and a look at your environment."
    )
    parser.epilog = (__doc__ or "").split("\n\n", 1)[1]
    parser.add_argument("--version", action=_Version, nargs=0, help="say which version this is, and stop")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)

    lab = commands.add_parser("lab", help="open the notebooks in JupyterLab")
    lab.epilog = "All other options are JupyterLab's own, such as --no-browser and --port=8889."
    lab.set_defaults(run=_lab)

    check = commands.add_parser("check", help="run a notebook and say what is done, and what is left")
    check.add_argument("notebook", metavar="NOTEBOOK", help="its number, such as 02, or a file")
    check.set_defaults(run=_check)

    submit = commands.add_parser("submit", help="pack a notebook and what belongs to it into one zip file")
    submit.add_argument("notebook", metavar="NOTEBOOK", help="its number, such as 02, or a file")
    submit.add_argument("--to", type=Path, metavar="ZIP", help="default: the notebook's name, in this folder")
    submit.set_defaults(run=_submit)

    data = commands.add_parser("data", help="list which data sets are here, or get one")
    data.set_defaults(run=_list)
    actions = data.add_subparsers(dest="action", metavar="get", required=False)
    get = actions.add_parser("get", help="fetch a data set, going on where an earlier attempt stopped")
    get.add_argument("names", nargs="+", metavar="NAME", help="cifar10, mnist or fashion_mnist")
    get.add_argument(
        "--to", type=Path, metavar="DIR", help="default: the folder in CNNKIT_DATA, or the nearest data/"
    )
    get.set_defaults(run=_get)

    weights = commands.add_parser("weights", help="list the trained networks, and measure them again")
    weights.add_argument("names", nargs="*", metavar="NAME", help="default: all of them")
    weights.set_defaults(run=_weights)

    doctor = commands.add_parser("doctor", help="say what this environment lacks")
    doctor.set_defaults(run=_doctor)
    return parser


def _lab(options: argparse.Namespace) -> int:
    from cnnkit.homework import lab

    return lab.start(options.rest)


def _check(options: argparse.Namespace) -> int:
    from cnnkit.homework import check, find
    from cnnkit.homework.checking import LONG

    homework = find(options.notebook)
    print(f"Running {homework.path} from top to bottom, as it is saved ...", flush=True)

    def slow(line: str) -> None:
        print(f"… the cell that begins {line!r} is still running; the grader stops a cell after {LONG} s.")
        print("  Training may: its run is kept, and read the next time. Ctrl + C ends this.", flush=True)

    report = check(homework, on_finding=lambda finding: print(finding, flush=True), on_long=slow)
    print(f"\n{report}")
    return int(bool(report.left or report.damage))


def _submit(options: argparse.Namespace) -> int:
    from cnnkit.homework import find, pack

    package = pack(find(options.notebook), options.to)
    print(package)
    print(f"Hand in this one file. `cnnkit check {options.notebook}` says what is left to do.")
    return int(bool(package.flaws))


def _list(options: argparse.Namespace) -> int:
    from cnnkit.data.inventory import inventory

    table = inventory()
    print(table)
    return int(any(row[-1] == "DAMAGED" for row in table.rows))


def _get(options: argparse.Namespace) -> int:
    from cnnkit.data import places
    from cnnkit.data.catalogue import OFFICIAL
    from cnnkit.data.get import get
    from cnnkit.data.loading import require_name

    for name in options.names:
        require_name("get", name)
    root = options.to or places.destination()
    for name in options.names:
        if name not in OFFICIAL:
            print(f"{name} is built in: there is nothing to fetch.")
            continue
        files, kept = get(OFFICIAL[name], root)
        for path in kept:
            print(f"{name}: a damaged file was in its place, and is kept as {path}")
        training, test = files.counts()
        print(f"{name}: {training:,} training and {test:,} test images, sound, in {files.path}")
    return 0


def _weights(options: argparse.Namespace) -> int:
    from cnnkit import nn
    from cnnkit.nn.names import require_known

    known = [*nn.shipped(), *nn.style.shipped()]
    for name in options.names:
        require_known("weights", "name", name, known)
    named = options.names or known
    agree = [_classifier(name) if name in nn.shipped() else _style(name) for name in named]
    return int(not all(agree))


def _classifier(name: str) -> bool:
    """Print what a classifier is and what is measured of it; False where that is not what its log says."""
    from cnnkit import data, nn
    from cnnkit.data.catalogue import OFFICIAL
    from cnnkit.data.derived import origin
    from cnnkit.data.loading import find
    from cnnkit.nn.trained import FOLDER

    run = nn.runlog.read(FOLDER / f"{name}.jsonl")
    assert run.network is not None
    print(f"{name}: {run.network.ledger().total:,} parameters, trained on {run.data['name']}", flush=True)
    source, _ = origin(run.data["name"])
    if find(OFFICIAL[source]) is None:
        print(f"  not measured: {source} is not here. Fetch it: cnnkit data get {source}")
        return True
    found = nn.verify(run, data.load(run.data["name"], download=False))
    print("\n".join(f"  {line}" for line in str(found).splitlines()))
    return found.agrees


def _style(name: str) -> bool:
    """Do the same with a transform network, which needs no data that must be fetched."""
    from cnnkit import data, nn

    run = nn.style.pretrained(name)
    count = sum(weight.numel() for weight in run.model.parameters())
    print(f"{name}: {count:,} parameters, paints in the style of data.painting({name!r})", flush=True)
    found = nn.style.verify(run, data.painting(name), data.photograph("china"))
    print(f"  {found}")
    return found.agrees


def _doctor(options: argparse.Namespace) -> int:
    from cnnkit.doctor import Report, examine, healthy

    findings = []
    for finding in examine():  # each as soon as it is known
        print(finding, flush=True)
        findings.append(finding)
    print(Report(tuple(findings)).summary)
    return int(not healthy(findings))


def _plain(error: UnicodeError) -> tuple[str, int]:
    """Write a letter that the output lacks as one that it has."""
    assert isinstance(error, UnicodeEncodeError)
    return "".join(PLAIN.get(letter, "?") for letter in error.object[error.start : error.end]), error.end


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    codecs.register_error("plain", _plain)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="plain")
    parser = _parser()
    options, rest = parser.parse_known_args(argv)
    if rest and options.run is not _lab:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    options.rest = rest
    try:
        return int(options.run(options))
    except ArgumentError as error:
        print(f"cnnkit: {error}", file=sys.stderr)
        return 2
    except CnnkitError as error:
        print(f"cnnkit: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("cnnkit: interrupted; what was done so far is kept", file=sys.stderr)
        return 130
    except BrokenPipeError:  # whoever read the output has enough of it
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141


if __name__ == "__main__":
    raise SystemExit(main())
