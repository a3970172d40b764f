"""What can go wrong through no fault of this program.

::

    AutogradeError                    every error that a user can act on; the command line prints its text
    ├── CourseError(ValueError)       the course folder is not what it should be
    ├── NotebookError(ValueError)     a file is not a notebook that can be read
    └── StockError(RuntimeError)      nbgrader refuses; its own error is the __cause__
"""

__all__ = ["AutogradeError", "CourseError", "NotebookError", "StockError"]


class AutogradeError(Exception):
    """An error that a user can act on."""


class CourseError(AutogradeError, ValueError):
    """The course folder is not what it should be."""


class NotebookError(AutogradeError, ValueError):
    """A file is not a notebook that can be read."""


class StockError(AutogradeError, RuntimeError):
    """nbgrader refuses what it was asked to do; its own error is the cause."""
