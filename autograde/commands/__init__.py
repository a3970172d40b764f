"""The commands of `autograde`, each a module: what it takes, and what it says and does.

What they do it with is beside this package; here is only what a person types and reads.
"""

from autograde.commands import demo, doctor, export, feedback, grade, intake, new, release, report, rules

__all__ = ["COMMANDS"]

# as --help lists them
COMMANDS = (release, new, intake, rules, grade, report, feedback, export, doctor, demo)
