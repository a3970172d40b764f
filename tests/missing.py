"""What a test does where a program that it needs is not installed."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

__all__ = ["cannot_run"]


def cannot_run(reason: str) -> NoReturn:
    """Skip, or fail where a skipped test would go unnoticed."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
