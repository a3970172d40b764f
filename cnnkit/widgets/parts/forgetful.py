"""Widgets that take answers, which are void once what they were about has changed."""

from __future__ import annotations

from typing import Any, ClassVar

from cnnkit.widgets.parts.fallback import PicturedWidget

__all__ = ["ForgetfulWidget"]


class ForgetfulWidget(PicturedWidget):
    """A widget that empties its answers when Python changes what they were about.

    A page empties them itself. It may send a setting and an answer to the new question in one message, and
    that answer must stay.
    """

    asked: ClassVar[tuple[str, ...]]  # settings that the answers depend on
    given: ClassVar[tuple[str, ...]]  # the answers: lists or dictionaries

    _page_speaks = False

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.observe(self._forget, self.asked)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take a message from the page."""
        self._page_speaks = True
        try:
            super().set_state(sync_data)
        finally:
            self._page_speaks = False

    def _forget(self, _: Any) -> None:
        if not self._page_speaks:
            for name in self.given:
                setattr(self, name, type(getattr(self, name))())
