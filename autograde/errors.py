"""What can go wrong through no fault of this program.

::

    AutogradeError                    every error that a user can act on; the command line prints its text
    ├── CourseError(ValueError)       the course folder is not what it should be
    ├── NotebookError(ValueError)     a file is not a notebook that can be read
    ├── StockError(RuntimeError)      nbgrader refuses; its own error is the __cause__
    ├── SandboxError(RuntimeError)    there is no sandbox, or it died
    └── ClusterError(RuntimeError)    the Dask cluster cannot be reached, or cannot grade
"""

__all__ = ["AutogradeError", "ClusterError", "CourseError", "NotebookError", "SandboxError", "StockError"]


class AutogradeError(Exception):
    """An error that a user can act on."""


class CourseError(AutogradeError, ValueError):
    """The course folder is not what it should be."""


class NotebookError(AutogradeError, ValueError):
    """A file is not a notebook that can be read."""


class StockError(AutogradeError, RuntimeError):
    """nbgrader refuses what it was asked to do; its own error is the cause."""


class SandboxError(AutogradeError, RuntimeError):
    """There is no sandbox here, or it could not start, or it died."""


class ClusterError(AutogradeError, RuntimeError):
    """The cluster cannot be reached, or cannot grade."""
