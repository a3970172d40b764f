"""Reads the few JavaScript statements that the demo's text box holds. Nothing is ever run."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple, NoReturn

from cnnkit.errors import ArgumentError

__all__ = ["Definition", "Script", "Value", "read_script"]

Value = int | float | str | bool
Definition = dict[str, Value]

TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
      | (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w$]))
      | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
      | (?P<name>[A-Za-z_$][\w$]*)
      | (?P<mark>[\[\]{}(),:;=.+-])""",
    re.VERBOSE | re.DOTALL,
)
CURLY = "‘’“”„´"
READ = (
    "layer_defs = [];, layer_defs.push({...});, net = new convnetjs.Net();, net.makeLayers(layer_defs);"
    " or trainer = new convnetjs.SGDTrainer(net, {...});"
)


class Token(NamedTuple):
    kind: str
    text: str
    line: int


@dataclass
class Script:
    """What a text defines: its layers in order, and the trainer's options if it makes one."""

    definitions: list[Definition] = field(default_factory=list)
    trainer: Definition | None = None


def read_script(text: str, function: str) -> Script:
    """Read the demo's text.

    Parameters
    ----------
    text : str
        Statements as the demo's page shows them, or a bare list of definitions (JSON, as its older
        version shows). Comments, either kind of quote, trailing commas and missing semicolons are fine.
    function : str
        Who asks; messages begin with it.

    Returns
    -------
    Script
        As JavaScript would have it: ``layer_defs = []`` starts anew, the last trainer counts.

    Raises
    ------
    ArgumentError
        Anything else; the message names the line.

    Examples
    --------
    >>> read_script("layer_defs.push({type:'pool', sx:2, stride:2,}); // halves it", "example").definitions
    [{'type': 'pool', 'sx': 2, 'stride': 2}]
    """
    if not isinstance(text, str):
        raise ArgumentError(
            f"{function}: `text` is {type(text).__name__}, expected a string of JavaScript."
            " Paste the text of the demo's box."
        )
    return _Reader(text, function).script()


class _Reader:
    def __init__(self, text: str, function: str) -> None:
        self.function = function
        self.tokens = self._tokens(text)
        self.place = 0

    def _tokens(self, text: str) -> list[Token]:
        tokens, at, line = [], 0, 1
        while at < len(text):
            match = TOKEN.match(text, at)
            if match is None:
                self._refuse_character(text[at], line)
            kind = str(match.lastgroup)
            if kind != "space":
                tokens.append(Token(kind, match[0], line))
            line += match[0].count("\n")
            at = match.end()
        return [*tokens, Token("end", "the end of the text", line)]

    def _refuse_character(self, character: str, line: int) -> NoReturn:
        if character in CURLY:
            raise ArgumentError(
                f"{self.function}: `text` has the quote {character} in line {line}, as word processors and"
                " PDF files print it; expected ' or \". Type the quotes again."
            )
        if character in "\"'":
            raise ArgumentError(
                f"{self.function}: `text` has a string in line {line} that does not end there, expected"
                f" a second {character}. Close it."
            )
        self._refuse(Token("mark", character, line), READ)

    def _refuse(self, token: Token, expected: str, cure: str = "Nothing else is run.") -> NoReturn:
        found = token.text if token.kind == "end" else f"`{token.text}`"
        raise ArgumentError(
            f"{self.function}: `text` has {found} in line {token.line}, expected {expected}. {cure}"
        )

    @property
    def next(self) -> Token:
        return self.tokens[self.place]

    def _take(self) -> Token:
        token = self.next
        self.place += 1
        return token

    def _at(self, text: str) -> bool:
        return self.next.kind in ("mark", "name") and self.next.text == text

    def _skip(self, text: str) -> bool:
        found = self._at(text)
        self.place += found
        return found

    def _expect(self, text: str, cure: str = "Add it.") -> None:
        if not self._skip(text):
            self._refuse(self.next, f"`{text}`", cure)

    def script(self) -> Script:
        script = Script()
        while self.next.kind != "end":
            if not self._skip(";"):
                self._statement(script)
        return script

    def _statement(self, script: Script) -> None:
        if self._at("["):
            script.definitions = self._definitions("[", "]")
            return
        for word in ("var", "let", "const"):
            if self._skip(word):
                break
        start = self._take()
        if start.kind != "name":
            self._refuse(start, READ)
        if self._skip("="):
            self._assignment(start, script)
        elif self._skip("."):
            self._call(start, script)
        else:
            self._refuse(start, READ)

    def _assignment(self, start: Token, script: Script) -> None:
        if self._at("[") and start.text == "layer_defs":
            script.definitions = self._definitions("[", "]")
        elif self._skip("new"):
            made = self._take()
            while self._skip("."):
                made = self._take()
            self._expect("(")
            if made.text in ("Trainer", "SGDTrainer"):
                self._argument("net")
                script.trainer = self._object() if self._skip(",") and not self._at(")") else {}
            elif made.text != "Net":
                self._refuse(made, "Net, Trainer or SGDTrainer after `new`")
            self._expect(")")
        else:
            self._refuse(start, READ)

    def _call(self, start: Token, script: Script) -> None:
        method = self._take()
        if (start.text, method.text) == ("layer_defs", "push"):
            script.definitions += self._definitions("(", ")")
        elif method.text == "makeLayers":
            self._expect("(")
            self._argument("layer_defs")
            self._expect(")")
        else:
            self._refuse(start, READ)

    def _argument(self, name: str) -> None:
        argument = self._take()
        if argument.kind != "name":
            self._refuse(argument, f"`{name}`")

    def _definitions(self, opening: str, closing: str) -> list[Definition]:
        self._expect(opening)
        definitions = []
        while not self._skip(closing):
            definitions.append(self._object())
            if not self._at(closing):
                self._expect(",", f"Put a comma or `{closing}` there.")
        return definitions

    def _object(self) -> Definition:
        self._expect("{", "Write a definition as {type:'conv', sx:5, filters:8}.")
        options: Definition = {}
        while not self._skip("}"):
            key = self._take()
            if key.kind not in ("name", "string"):
                self._refuse(key, "an option's name", "Write options as sx:5.")
            name = _unquoted(key.text) if key.kind == "string" else key.text
            if name in options:
                self._refuse(key, "each option once", "Remove one of the two.")
            self._expect(":", "Write options as sx:5.")
            options[name] = self._value()
            if not self._at("}"):
                self._expect(",", "Put a comma between options.")
        return options

    def _value(self) -> Value:
        sign = -1 if self._at("-") else 1
        signed = self._skip("-") or self._skip("+")
        token = self._take()
        if token.kind == "number":
            number = float(token.text)
            return sign * (int(number) if number.is_integer() else number)
        if token.kind == "string" and not signed:
            return _unquoted(token.text)
        if token.text in ("true", "false") and not signed:
            return token.text == "true"
        self._refuse(token, "a number or a quoted word", "Write the value itself: nothing is computed here.")


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
