"""Tests are judged here, on what comes over the wire, whatever the student's half does."""

from __future__ import annotations

import json
import socket
import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograde.capture import NOTHING, Ran
from autograde.judge import TOUCHED, Judged, Outcome, Patience, channels, judge
from autograde.notebook import Notebook, load
from autograde.verdict import points_of
from cnnkit.answers import QUESTIONS, FunctionQuestion
from cnnkit.check import DIAGNOSIS_MIME

ROOT = Path(__file__).resolve().parent.parent
REAL = ("01-convolution-by-hand", "02-shapes-and-parameters")
QUICK = Patience(cell=1, test=2, grace=1)

Fork = Callable[[int], list[socket.socket]]
Grade = Callable[..., Judged]


@pytest.fixture
def grade(forked_session: Fork) -> Grade:
    """Return a function that judges a hand-in against a session in a process of its own."""

    def run(source: Notebook, submitted: Notebook | None = None, patience: Patience | None = None) -> Judged:
        return judge(source, submitted or source, forked_session(channels(source)), patience)

    return run


def plain(source: str, id: str = "") -> dict[str, Any]:
    return {"cell_type": "code", "id": id, "metadata": {}, "source": source, "outputs": []}


def marked(source: str, id: str, **meta: Any) -> dict[str, Any]:
    return plain(source, id) | {"metadata": {"nbgrader": {"grade_id": id, "schema_version": 3, **meta}}}


solution = partial(marked, grade=False, solution=True, locked=False)
locked = partial(marked, grade=False, solution=False, locked=True)


def check(source: str, id: str = "test", points: float = 1) -> dict[str, Any]:
    return marked(source, id, grade=True, solution=False, locked=True, points=points)


def notebook(*cells: dict[str, Any]) -> Notebook:
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def real(name: str, folder: str = "solutions") -> Notebook:
    return load(ROOT / folder / name / f"{name}.ipynb")


def only(judged: Judged) -> Outcome:
    (outcome,) = judged.tests
    return outcome


def earned(judged: Judged) -> dict[str, float]:
    return {outcome.id: outcome.points for outcome in judged.tests}


# -- the course's own notebooks


@pytest.mark.parametrize("name", REAL)
def test_the_solutions_of_the_course_earn_all_points(grade: Grade, name: str) -> None:
    source = real(name)
    judged = grade(source)
    assert {t.id: t.max_points for t in judged.tests} == earned(judged)
    assert ("graded", "") == (judged.state, judged.reason)
    assert all(cell.ok for cell in judged.cells)


@pytest.mark.parametrize("name", REAL)
def test_the_released_notebooks_of_the_course_earn_nothing(grade: Grade, name: str) -> None:
    judged = grade(real(name), real(name, "notebooks"))
    assert set(earned(judged).values()) == {0}
    assert {"missing"} == {t.outputs[0]["data"][DIAGNOSIS_MIME]["verdict"] for t in judged.tests}


WRONG_FUNCTIONS = {
    "conv2d": """
        def conv2d(x, weight, bias, stride=1, padding=0):
            return np.zeros((len(x), len(weight), 1, 1))
        """,
    "max_pool2d": """
        def max_pool2d(x, kernel_size, stride):
            out = x[:, :, ::stride, ::stride]
            height, width = ((size - kernel_size) // stride + 1 for size in x.shape[2:])
            return out[:, :, :height, :width]
        """,
    "out_size": """
        def out_size(size, kernel_size, stride, padding):
            if kernel_size > size + 2 * padding:
                raise ValueError("no room")
            return (size + 2 * padding - kernel_size) // stride + 1
        """,
    "n_params": """
        def n_params(in_channels, out_channels, kernel_size, bias=True):
            return out_channels * in_channels * kernel_size**2
        """,
}


def first_mistake(question: Any) -> Any:
    return question.wrong[question.mistakes[0].id]


def half_right(question: Any) -> Any:
    """Answer with one entry, or one cell, of the first mistake, and the rest right."""
    right, wrong = question.right, first_mistake(question)
    if isinstance(right, dict):
        return right | {name: wrong[name] for name in list(right)[:1]}
    if np.ndim(right) and np.shape(right) == np.shape(wrong):
        mixed = np.array(right)
        mixed.flat[-1] = np.array(wrong).flat[-1]
        return mixed
    return right


def written(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key!r}: {written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()})"
    return repr(value.item() if isinstance(value, np.generic) else value)


def answered(name: str, answer: Callable[[Any], Any]) -> Notebook:
    """Return a hand-in without its pictures, whose answers are made by `answer`."""
    cells = []
    for cell in real(name)["cells"]:
        question = QUESTIONS.get(cell.get("id"))
        if cell["cell_type"] == "code" and question is not None:
            text = (
                f"{question.variable} = {written(answer(question))}"
                if (not isinstance(question, FunctionQuestion))
                else textwrap.dedent(WRONG_FUNCTIONS[question.variable])
            )
            cells.append(cell | {"source": "import numpy as np\n" + text})
        elif "nbgrader" in cell["metadata"] or not any(
            x in cell["source"] for x in ("plot.", "plt.", "widgets.", "stack")
        ):
            cells.append(cell)
    return notebook(*cells)


IMAGE = "import numpy as np\nimage = np.array([[1, 0, 2, 3, 1], [3, 2, 0, 7, 0], [0, 6, 1, 1, 4]])"


def in_one_process(submitted: Notebook) -> dict[str, float]:
    """Return the points that each test gives when all cells run one after another in this process."""
    names: dict[str, Any] = {"display": lambda *values: None}
    points = {}
    for cell in submitted["cells"]:
        if cell["cell_type"] != "code":
            continue
        meta = cell["metadata"].get("nbgrader", {})
        if not meta.get("grade"):
            exec(cell["source"], names)
            continue
        *before, last = cell["source"].splitlines()
        try:
            exec("\n".join(before), names)
            points[cell["id"]] = eval(last, names)
        except Exception:
            points[cell["id"]] = 0.0
    return points


@pytest.mark.parametrize("name", REAL)
@pytest.mark.parametrize("answer", [first_mistake, half_right])
def test_partial_credit_is_what_one_process_gives(
    grade: Grade, name: str, answer: Callable[[Any], Any]
) -> None:
    submitted = answered(name, answer)
    submitted["cells"].insert(0, plain(IMAGE))
    judged = grade(real(name), submitted)
    assert in_one_process(submitted) == earned(judged)
    assert 0 < judged.points < sum(t.max_points for t in judged.tests)


# -- a notebook with a network

NETWORK = """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)
        self.norm = nn.BatchNorm2d(4)
        self.drop = nn.Dropout(0.5)
        self.fc = nn.Linear(4, 2)

    def forward(self, x, scale=1.0):
        if x.dim() != 4:
            raise ValueError("expected (N, C, H, W)")
        return scale * self.fc(self.drop(self.norm(self.conv(x))).mean((2, 3)))

def make(seed=None):
    return Net()

model = Net()
"""


def torch_notebook(test: str) -> Notebook:
    setup = plain("import torch\nfrom torch import nn", "setup")
    return notebook(setup, solution(NETWORK, "net"), check(test))


NETWORK_TESTS = {
    "parameters are tensors": """
        named = dict(model.named_parameters())
        assert list(named) == ["conv.weight", "conv.bias", "norm.weight", "norm.bias", "fc.weight", "fc.bias"]
        assert all(type(p) is torch.Tensor and p.requires_grad for p in model.parameters())
        assert sum(p.numel() for p in model.parameters()) == 40 + 8 + 10
        assert {name for name, _ in model.named_buffers()} >= {"norm.running_mean", "norm.running_var"}
        """,
    "the forward pass": """
        x = torch.zeros(3, 1, 8, 8)
        assert model(x).shape == (3, 2)
        assert torch.allclose(model.eval()(x, scale=2.0), 2 * model(x))
        """,
    "modes": """
        x = torch.randn(2, 1, 8, 8)
        assert model.training is True
        assert not torch.equal(model(x), model(x))
        model.eval()
        assert model.training is False
        assert torch.equal(model(x), model(x))
        """,
    "the state can be read and loaded": """
        state = model.state_dict()
        assert set(state) > {"conv.weight", "norm.running_mean"}
        model.load_state_dict({name: torch.zeros_like(value) for name, value in state.items()})
        assert not any(p.any() for p in model.parameters())
        """,
    "modules inside": """
        assert [name for name, _ in model.named_children()] == ["conv", "norm", "drop", "fc"]
        assert model.conv.kernel_size == (3, 3) and model.fc.out_features == 2
        assert len(list(model.modules())) == 5
        """,
    "errors of the forward pass": """
        try:
            model(torch.zeros(8, 8))
        except ValueError as error:
            assert "(N, C, H, W)" in str(error)
        else:
            assert False
        """,
    "seeds reach the student's side": """
        torch.manual_seed(7)
        one = make().state_dict()
        torch.manual_seed(7)
        reference = nn.Conv2d(1, 4, 3)
        assert torch.equal(one["conv.weight"], reference.weight)
        torch.manual_seed(7)
        assert torch.equal(make().conv.weight, one["conv.weight"])
        assert not torch.equal(make().conv.weight, one["conv.weight"])
        """,
    "what torch can name crosses": """
        assert model.to(torch.float64)(torch.zeros(1, 1, 8, 8, dtype=torch.float64)).dtype is torch.float64
        """,
}


@pytest.mark.parametrize("name", NETWORK_TESTS)
def test_a_network_can_be_tested(grade: Grade, name: str) -> None:
    outcome = only(grade(torch_notebook(textwrap.dedent(NETWORK_TESTS[name]).strip())))
    assert ("", 1) == (outcome.error, outcome.points)


def test_a_network_that_is_wrong_fails(grade: Grade) -> None:
    outcome = only(grade(torch_notebook("assert sum(p.numel() for p in model.parameters()) == 59")))
    assert ("AssertionError", 0) == (outcome.error, outcome.points)


# -- values that lie

LIES = {
    "an object that equals everything": """
        class Yes:
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            def __bool__(self): return True
            def __float__(self): return 42.0
            def __array__(self, *args, **kwargs):
                import numpy
                return numpy.array(42)
        x = Yes()
        """,
    "a number that equals everything": """
        class Yes(int):
            def __eq__(self, other): return True
            def __ne__(self, other): return False
            __hash__ = None
        x = Yes(7)
        """,
    "an array that equals everything": """
        import numpy as np
        class Yes(np.ndarray):
            def __eq__(self, other): return np.True_
            def __array_ufunc__(self, *args, **kwargs): return np.True_
        x = np.array(7).view(Yes)
        """,
    "a class that pretends to be int": """
        class Yes:
            __class__ = int
            def __eq__(self, other): return True
        x = Yes()
        """,
    "a class with a metaclass that agrees": """
        class Meta(type):
            def __eq__(cls, other): return True
            def __hash__(cls): return 42
            def __instancecheck__(cls, other): return True
        class x(metaclass=Meta): pass
        """,
    "a pickle that runs": """
        class Bomb:
            def __reduce__(self): return (exec, ("raise SystemExit",))
        x = Bomb()
        """,
    "an object that refuses to be looked at": """
        class Evil:
            def __getattribute__(self, name): raise RuntimeError(name)
            def __repr__(self): raise RuntimeError
        x = Evil()
        """,
    "a value that contains itself": "x = []; x.append(x)",
    "a value without a bottom": "x = 42\nfor _ in range(5000): x = [x]",
    "a value without an end": "x = [[0] * 1000] * 10_000",
    "a value of many bytes": "import numpy as np; x = np.zeros(2**28, dtype=np.uint8)",
    "another answer at every look": """
        class Moody:
            calls = 0
            @property
            def value(self):
                Moody.calls += 1
                return 42 if Moody.calls % 2 else 7
        x = Moody()
        """,
    "a patched comparison": """
        import builtins, operator
        import numpy as np
        builtins.abs = builtins.float = lambda *a: 42
        np.allclose = np.array_equal = operator.eq = lambda *a, **k: True
        x = 7
        """,
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_earns_nothing_and_spoils_nothing(grade: Grade, name: str) -> None:
    def source(text: str) -> Notebook:
        return notebook(
            plain("import numpy as np", "setup"),
            solution("y = 1", "honest"),
            solution(text, "lie"),
            check("assert y == 1", "test-before"),
            check("assert x == 42 and np.array_equal(x, 42) and float(abs(x)) == 42", "test-lie"),
            check("assert y == 1", "test-after"),
        )

    assert {"test-before": 1, "test-lie": 1, "test-after": 1} == earned(grade(source("x = 42")))
    judged = grade(source("x = 42"), source(textwrap.dedent(LIES[name])))
    assert {"test-before": 1, "test-lie": 0, "test-after": 1} == earned(judged)
    assert "graded" == judged.state


def test_a_function_that_changes_its_answers_starts_afresh_in_every_test(grade: Grade) -> None:
    counter = "calls = []\ndef f():\n    calls.append(1)\n    return len(calls)"
    tests = [check("assert f() == 1 and f() == 2 and calls == []", f"test-{number}") for number in range(3)]
    assert {1.0} == set(earned(grade(notebook(solution(counter, "f"), *tests))).values())


def test_a_later_cell_changes_no_earlier_answer(grade: Grade) -> None:
    source = notebook(
        solution("x = 1", "x"),
        check("assert x == 1", "first"),
        plain("x = 2"),
        check("assert x == 2", "second"),
    )
    assert {"first": 1, "second": 1} == earned(grade(source))


def test_no_cell_shows_what_a_test_called_a_function_with(grade: Grade) -> None:
    keep = "import mmap\nseen = mmap.mmap(-1, 100)\ndef f(x):\n    seen.write(b'%d' % x)\n    return x"
    later = "import time; time.sleep(0.2); print(seen[:9])"
    source = notebook(solution(keep, "f"), check("assert f(271828) == 271828"), plain(later))
    judged = grade(source)
    assert 1 == judged.points
    assert "b'\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00'\n" == judged.cells[-1].outputs[0]["text"]


def test_functions_judged_by_calls_do_not_see_each_other(grade: Grade) -> None:
    sneaky = "seen = []\ndef f(x):\n    seen.append(x)\n    return 42 if len(seen) > 1 else x"
    source = notebook(solution(sneaky, "f"), check("f(1)", "probe", 0), check("assert f(3) == 3", "test"))
    assert 1 == earned(grade(source))["test"]


# -- sessions that misbehave

DEATHS = {
    "it leaves": ("import os; os._exit(0)", "the session died in cell bad."),
    "it is killed": (
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "the session died in cell bad.",
    ),
    "it goes silent": (
        "import os, signal; os.kill(os.getpid(), signal.SIGSTOP)",
        "the session did not answer any more in cell bad.",
    ),
    "it talks nonsense": (
        """
import os, stat
for fd in range(3, 60):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, b"\\x00" * 7 + b"\\x03\\x01\\x02\\x03" * 9)
    except OSError: pass
""",
        "the session sent nonsense in cell bad (wire: what came is not msgpack",
    ),
    "it announces too much": (
        """
import os, stat
for fd in range(3, 60):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, b"\\xff" * 8)
    except OSError: pass
""",
        "the session sent nonsense in cell bad",
    ),
    "it answers before it is asked": (
        """
import os, stat, msgpack
text = msgpack.packb({"ok": True, "timed_out": False, "outputs": [], "value": 42, "ended": 0})
for fd in range(3, 60):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode): os.write(fd, len(text).to_bytes(8, "big") + text)
    except OSError: pass
""",
        "the session sent nonsense in cell bad (it answered out of turn).",
    ),
}


@pytest.mark.parametrize("name", DEATHS)
def test_what_was_earned_before_the_session_was_lost_is_kept(grade: Grade, name: str) -> None:
    text, reason = DEATHS[name]
    source = notebook(
        solution("x = 42", "x"),
        check("assert x == 42", "before"),
        solution(text.strip(), "bad"),
        check("assert x == 42", "after"),
    )
    judged = grade(source, patience=QUICK)
    assert {"before": 1, "after": 0} == earned(judged)
    assert "graded in part" == judged.state
    assert judged.reason.startswith(reason)
    assert [("x", True), ("bad", False)] == [(cell.id, cell.ok) for cell in judged.cells]


FORGED_ANSWERS = {
    "no answer": {},
    "an answer of no kind": {"id": 1, "answer": 42},
    "a value of no kind": {"id": 1, "value": {"x": 42}},
    "an unknown node": {"id": 1, "value": ["pickle", b""]},
    "another turn": {"id": 9, "value": 42},
    "a broken exception": {"id": 1, "raised": {"mro": "ValueError", "text": "x"}},
    "a call back": {"id": 1, "callback": 0, "args": []},
}


@pytest.mark.parametrize("name", FORGED_ANSWERS)
def test_a_forged_answer_fails_its_test_only(grade: Grade, name: str) -> None:
    forge = f"""
from autograde.wire import Channel
send = Channel.send
def forged(self, message, *rest):
    return send(self, {FORGED_ANSWERS[name]!r} if message.get("value") == 42 else message, *rest)
Channel.send = forged
"""
    answer = "def x(): return 42\ny = 1\n"
    tests = [check("assert x() == 42", "forged"), check("assert y == 1", "after")]
    assert {"forged": 1, "after": 1} == earned(grade(notebook(solution(answer, "x"), *tests)))
    judged = grade(notebook(solution(answer + forge, "x"), *tests), patience=QUICK)
    assert {"forged": 0, "after": 1} == earned(judged)
    assert judged.tests[0].error.split(":")[0] in ("SessionLost", "WireError")


FORGED_STEPS = {
    "no answer": {},
    "an end of no kind": {"ended": {"x": 42}},
    "an end that is unknown": {"ended": ["pickle", b""]},
    "an unknown node": {"value": ["pickle", b""]},
    "another turn": {"id": 9, "ended": None},
}


@pytest.mark.parametrize("name", FORGED_STEPS)
def test_a_forged_step_of_a_generator_fails_its_test_only(grade: Grade, name: str) -> None:
    forge = f"""
from autograde.wire import Channel
send = Channel.send
def forged(self, message, *rest):
    forged = {{"id": message.get("id")}} | {FORGED_STEPS[name]!r}
    return send(self, forged if message.get("value") == 42 else message, *rest)
Channel.send = forged
"""
    answer = "def x(): yield 42\ny = 1\n"
    tests = [check("assert list(x()) == [42]", "forged"), check("assert y == 1", "after")]
    assert {"forged": 1, "after": 1} == earned(grade(notebook(solution(answer, "x"), *tests)))
    judged = grade(notebook(solution(answer + forge, "x"), *tests), patience=QUICK)
    assert {"forged": 0, "after": 1} == earned(judged)


def test_a_forged_answer_about_a_class_loses_the_session(grade: Grade) -> None:
    forge = "from autograde.session import Snapshot\nSnapshot.derives = lambda self, request: {'value': 1}"
    source = notebook(solution("class A: pass", "a"), check("assert isinstance(A(), A) and issubclass(A, A)"))
    assert 1 == only(grade(source)).points
    forged = notebook(solution("class A: pass\n" + forge, "a"), source["cells"][1])
    assert only(grade(source, forged)).error.startswith("SessionLost")


FORGED_VALUES = {
    "no values": {},
    "values of no kind": {"values": 42},
    "an unknown node": {"values": {"x": ["pickle", b""]}},
    "an object": {"values": {"x": ["handle", 0, {"type": "int", "kind": "object", "callable": True}]}},
    "other names": {"values": {"y": 42, "assert": 1}},
}


@pytest.mark.parametrize("name", FORGED_VALUES)
def test_forged_values_are_worth_no_more_than_others(grade: Grade, name: str) -> None:
    forge = f"""
from autograde.wire import Channel
send = Channel.send
def forged(self, message, *rest):
    values = message.get("values") or {{}}
    return send(self, message | {FORGED_VALUES[name]!r} if "x" in values else message, *rest)
Channel.send = forged
"""
    answer = "x = 7\ny = 1\n"
    tests = [check("assert x == 42", "forged"), check("assert y == 1", "after")]
    judged = grade(notebook(solution(answer + forge, "x"), *tests), patience=QUICK)
    assert {"forged": 0, "after": 1} == earned(judged)


def test_values_are_what_they_were_when_the_test_s_turn_came(grade: Grade) -> None:
    source = notebook(
        solution("x = [1]", "x"), check("assert x == [1]\nx.append(2)", "a"), check("assert x == [1]", "b")
    )
    later = notebook(*source["cells"], solution("x.clear()\nx = 3", "late"))
    assert {"a": 1, "b": 1} == earned(grade(source, later))


def test_a_name_that_only_a_hidden_test_uses_is_asked_for_when_all_cells_have_run(grade: Grade) -> None:
    """What is fetched at once says which names a test uses: students may learn that of what they can read."""
    spy = """
from autograde import session
asked, plain = [], session._Session.plain
def listen(self, request):
    asked.extend(request["names"])
    return plain(self, request)
session._Session.plain = listen
x, y = 1, 2
"""
    hidden = "assert x == 1\n### BEGIN HIDDEN TESTS\nassert y == 2\n### END HIDDEN TESTS"
    source = notebook(
        solution(spy.strip(), "x"),
        check(hidden, "hidden"),
        check("assert x == 1", "open"),
        solution("asked", "asked"),
    )
    judged = grade(source)
    assert {"hidden": 1, "open": 1} == earned(judged)
    assert "['x']" == judged.cells[-1].outputs[0]["data"]["text/plain"]


def test_a_claimed_value_is_taken_as_the_student_s_own(grade: Grade) -> None:
    """A session may answer what it likes: that is no more than writing it into the cell."""
    claim = "from autograde.session import Snapshot\nSnapshot.fetch = lambda self, request: {'value': 7}"
    source = notebook(solution("x = 42", "x"), check("assert x == 42"))
    assert 0 == only(grade(source, notebook(solution(claim, "x"), *source["cells"][1:]))).points


def test_a_verdict_that_a_student_displays_counts_for_nothing(grade: Grade) -> None:
    record = {"question": "x", "points": 1.0, "max_points": 1.0, "verdict": "correct", "mistakes": []}
    bundle = {DIAGNOSIS_MIME: record, "text/plain": "✓ right", "text/html": "<b>right</b>"}
    forged = f"""
def forge():
    print("✓ 1 of 1 point")
    display({bundle!r}, raw=True)
class X:
    def _repr_mimebundle_(self, **kwargs): return {bundle!r}
def f():
    forge()
    return X()
forge()
x = X()
x
"""
    source = notebook(solution("x = f = print", "x"), check("f()\nassert x is None"))
    judged = grade(source, notebook(solution(forged, "x"), *source["cells"][1:]))
    outcome = only(judged)
    assert 0 == outcome.points
    shown = [*outcome.outputs, *(output for cell in judged.cells for output in cell.outputs)]
    assert {"text/plain"} == {kind for output in shown for kind in output.get("data", {})}
    assert "✓ 1 of 1 point\n" == outcome.outputs[0]["text"]


SLOW = {
    "the test itself": ("x = 1", "while x: pass"),
    "a student's function": ("def x():\n    while True: pass", "x()"),
    "a student's function behind except": (
        "def x():\n    while True: pass",
        "for _ in range(200):\n    try: x()\n    except Exception: pass",
    ),
    "a generator without an end": ("def x():\n    while True: yield 1", "for _ in x(): pass"),
    "a generator that never yields": ("def x():\n    while True: pass\n    yield", "next(x())"),
    "an iterator without an end": ("import itertools\nx = itertools.repeat(1)", "-1 in x"),
    "a property": ("class X:\n    @property\n    def p(self):\n        while True: pass\nx = X()", "x.p"),
}


@pytest.mark.parametrize("name", SLOW)
def test_a_test_that_takes_too_long_is_stopped(grade: Grade, name: str) -> None:
    text, test = SLOW[name]
    source = notebook(solution(text, "x"), check(test, "slow"), check("assert True", "after"))
    judged = grade(source, patience=QUICK)
    assert {"slow": 0, "after": 1} == earned(judged)
    assert "CellTimeoutError: the cell ran for more than 2 seconds, and was stopped" == judged.tests[0].error


def test_a_cell_that_is_stopped_is_named_and_the_others_count(grade: Grade) -> None:
    source = notebook(plain("while True: pass", "endless"), solution("x = 1", "x"), check("assert x == 1"))
    judged = grade(source, patience=QUICK)
    assert ("graded in part", "stopped after 1 seconds: endless.") == (judged.state, judged.reason)
    assert 1 == judged.points


def test_cells_have_a_time_for_all_of_them(grade: Grade) -> None:
    cells = [
        solution("x = 1", "x"),
        check("assert x == 1", "before"),
        plain("import time; time.sleep(2.1)", "slow"),
    ]
    source = notebook(*cells, solution("y = 1", "y"), check("assert y == 1", "after"))
    judged = grade(source, patience=Patience(total=2))
    assert {"before": 1, "after": 0} == earned(judged)
    assert "the cells from y on did not run: 2 seconds were over." == judged.reason


# -- whose cell counts


def honest() -> Notebook:
    return notebook(
        plain("given = 1", "setup"),
        locked("def helper(): return 5\nfixed = 7", "fixed"),
        solution("x = 42", "x"),
        check("assert x == 42 and fixed == 7", "test-x", 2),
        solution("y = 2", "y"),
        check("assert y == 2", "test-y", 3),
    )


def changed(change: Callable[[list[dict[str, Any]]], Any]) -> Notebook:
    submitted = honest()
    change(submitted["cells"])
    return submitted


def _retype(cells: list[dict[str, Any]]) -> None:
    cells[3]["cell_type"] = "markdown"


def _edit_test(cells: list[dict[str, Any]]) -> None:
    cells[2]["source"], cells[3]["source"] = "x = 0", "assert True"


CHANGES: dict[str, tuple[Callable[[list[dict[str, Any]]], Any], dict[str, float]]] = {
    "nothing": (lambda cells: None, {"test-x": 2, "test-y": 3}),
    "a test is deleted": (lambda cells: cells.pop(3), {"test-x": 2, "test-y": 3}),
    "both tests are deleted": (lambda cells: (cells.pop(5), cells.pop(3)), {"test-x": 2, "test-y": 3}),
    "a test is retyped": (_retype, {"test-x": 2, "test-y": 3}),
    "a test is edited": (_edit_test, {"test-x": 0, "test-y": 3}),
    "a test stands twice": (
        lambda cells: cells.insert(0, check("assert True", "test-x", 2)),
        {"test-x": 0, "test-y": 3},
    ),
    "a solution stands twice": (
        lambda cells: cells.append(solution("x = 0", "x")),
        {"test-x": 2, "test-y": 3},
    ),
    "points are changed": (
        lambda cells: cells[3]["metadata"]["nbgrader"].update(points=100),
        {"test-x": 2, "test-y": 3},
    ),
    "a test of one's own": (
        lambda cells: cells.append(check("100", "mine", 100)),
        {"test-x": 2, "test-y": 3},
    ),
    "a test's metadata are gone": (lambda cells: cells[3]["metadata"].clear(), {"test-x": 2, "test-y": 3}),
    "a read-only cell is edited": (
        lambda cells: cells[1].update(source="fixed = 0"),
        {"test-x": 2, "test-y": 3},
    ),
    "a read-only cell is deleted": (lambda cells: cells.pop(1), {"test-x": 2, "test-y": 3}),
    "a solution is deleted": (lambda cells: cells.pop(2), {"test-x": 0, "test-y": 3}),
    "the order is turned round": (lambda cells: cells.reverse(), {"test-x": 0, "test-y": 0}),
    "everything is gone": (lambda cells: cells.clear(), {"test-x": 0, "test-y": 0}),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_source_decides_what_is_tested_for_how_much(grade: Grade, name: str) -> None:
    change, expected = CHANGES[name]
    judged = grade(honest(), changed(change))
    assert expected == earned(judged)
    assert [2, 3] == [outcome.max_points for outcome in judged.tests]


def test_a_deleted_test_sees_the_notebook_as_it_stood_there(grade: Grade) -> None:
    source = notebook(
        solution("x = 1", "one"), check("assert x == 1", "test-one"), solution("x = 2", "two"), plain("x = 3")
    )
    judged = grade(source, notebook(*(cell for cell in source["cells"] if cell["id"] != "test-one")))
    assert 1 == only(judged).points
    assert only(judged).place is None


def test_a_notebook_may_hold_what_no_file_can(grade: Grade) -> None:
    odd = [plain("x = '\ud800'\ndisplay(x)\nx", "\ud800"), plain("print('\\ud800'); 1 / 0", "i" * 10_000)]
    judged = grade(honest(), changed(lambda cells: cells.extend(odd)))
    assert 5 == judged.points
    assert ("graded", "?", "i" * 200) == (judged.state, judged.cells[-2].id, judged.cells[-1].id)
    assert json.dumps(judged.cells[-1].outputs, ensure_ascii=False).encode()


def test_what_a_test_quotes_of_a_student_can_be_written_to_a_file(grade: Grade) -> None:
    test = "import warnings\nwarnings.warn(x)\n"
    test += "display({'a/json': {'x': x}, 'text/plain': x}, raw=True)\nassert 0, x"
    outcome = only(grade(notebook(solution("x = '\\ud800'", "x"), check(test))))
    assert "AssertionError: ?" == outcome.error
    assert ("warning: ?",) == outcome.notes
    assert json.dumps(outcome.outputs, ensure_ascii=False).encode()


def test_what_a_student_adds_runs_where_it_stands(grade: Grade) -> None:
    source = honest()
    judged = grade(source, changed(lambda cells: cells.insert(3, plain("x = 41 + 1; print('added')"))))
    added = next(cell for cell in judged.cells if cell.id == "cell 4")
    assert ("added\n", 3) == (added.outputs[0]["text"], added.place)


def test_a_session_needs_a_channel_for_each_test() -> None:
    assert 3 == channels(honest())
    with pytest.raises(ValueError, match=r"`session` has 0 channels, expected 3\. Make more pairs\."):
        judge(honest(), honest(), [])


# -- whose name counts


def test_the_instructor_s_functions_are_the_judge_s_own(grade: Grade) -> None:
    helper = plain("def close(a, b): return abs(a - b) < LIMIT\nLIMIT = 0.1", "helper")
    source = notebook(helper, solution("x = 1.0", "x"), check("assert close(x, 1)"))
    assert 1 == only(grade(source)).points
    forged = notebook(helper, solution("x = 7\ndef close(a, b): return True", "x"), source["cells"][2])
    assert 0 == only(grade(source, forged)).points


@pytest.mark.parametrize("change", ["given = np.array([1.0, 2.0])", "given[:] = [1.0, 2.0]"])
def test_the_instructor_s_data_are_the_judge_s_own(grade: Grade, change: str) -> None:
    data = plain("import numpy as np\ngiven = np.array([3.0, 9.0])", "data")
    source = notebook(data, solution("gap = 6.0", "gap"), check("assert gap == np.ptp(given)"))
    assert 1 == only(grade(source)).points
    forged = notebook(data, solution(f"{change}\ngap = 1.0", "gap"), source["cells"][2])
    assert 0 == only(grade(source, forged)).points


def test_a_tag_keeps_an_instructor_s_function_on_the_student_s_side(grade: Grade) -> None:
    maker = plain("import types\ndef make(): return types.SimpleNamespace(n=3)", "maker")
    source = notebook(maker, solution("def f(box): return box.n", "f"), check("assert f(make()) == 3"))
    assert only(grade(source)).error.startswith("WireError: call: an argument is a SimpleNamespace")
    maker["metadata"]["tags"] = ["student-side"]
    assert 1 == only(grade(source)).points


def test_what_the_source_imports_is_the_judge_s_own(grade: Grade) -> None:
    source = notebook(
        plain("from math import *\nimport numpy.linalg, numpy.fft\nimport statistics as stats", "setup"),
        solution("import numpy as np\nx = 4.0", "x"),
        check(
            "assert sqrt(x) == 2 and numpy.linalg.norm([x]) == 4 and stats.mean([x]) == 4 and np.abs(x) == 4"
        ),
    )
    assert ("", 1) == (only(grade(source)).error, only(grade(source)).points)
    lies = "class Yes:\n    def __getattr__(self, name): return lambda *a: 4\n"
    forged = lies + "np = numpy = stats = Yes()\nsqrt = lambda x: 2\nx = 9.0"
    submitted = notebook(source["cells"][0], solution(forged, "x"), source["cells"][2])
    assert 0 == only(grade(source, submitted)).points


def test_a_module_that_only_the_student_imports_is_the_judge_s_own(grade: Grade) -> None:
    source = notebook(solution("import numpy as np\nx = 4.0", "x"), check("assert np.allclose(x, 4)"))
    assert 1 == only(grade(source)).points
    forged = "import numpy as np\nnp.allclose = lambda *a: True\nx = 7"
    assert 0 == only(grade(source, notebook(solution(forged, "x"), source["cells"][1]))).points


def test_a_built_in_name_is_the_student_s_if_the_exercise_asks_for_it(grade: Grade) -> None:
    source = notebook(
        solution("def sum(values): return 42", "sum"), check("assert sum([1]) == 42 and max([1]) == 1")
    )
    assert 1 == only(grade(source)).points
    forged = notebook(solution("def max(values): return 42", "sum"), source["cells"][1])
    assert 0 == only(grade(source, forged)).points


def test_each_test_begins_with_names_of_its_own(grade: Grade) -> None:
    source = notebook(
        solution("x = 1", "x"),
        check("x = y = 5", "first"),
        check("assert x == 1 and 'y' not in globals()", "second"),
    )
    assert {"first": 1, "second": 1} == earned(grade(source))


def test_a_test_may_look_an_answer_up_by_its_name(grade: Grade) -> None:
    source = notebook(solution("x = 16", "x"), check("assert globals().get('x') == 16 and 'y' not in dir()"))
    assert 1 == only(grade(source)).points
    assert 0 == only(grade(source, notebook(solution("y = 16", "x"), source["cells"][1]))).points


# -- calls

CALLS = {
    "errors are what they were": (
        "class Small(ValueError): pass\ndef f(x): raise Small(f'{x} is small')",
        """
try: f(3)
except ValueError as error: assert str(error) == '3 is small' and type(error).__name__ == 'Small'
else: assert False
try: f(3)
except (KeyError, TypeError): assert False
except Exception: pass
""",
    ),
    "an error of two kinds": (
        "class Both(ArithmeticError, ValueError): pass\ndef f(): raise Both",
        "try: f()\nexcept ValueError: pass\ntry: f()\nexcept ArithmeticError: pass",
    ),
    "errors that cannot be combined": (
        "class Odd(UnicodeError, KeyError): pass\ndef f(): raise Odd('x')",
        "try: f()\nexcept UnicodeError as error: assert str(error)",
    ),
    "a library's errors are known too": (
        "import numpy as np\ndef f(): return np.linalg.inv(np.zeros((2, 2)))",
        "import numpy as np\ntry: f()\nexcept np.linalg.LinAlgError: pass\nelse: assert False",
    ),
    "leaving is an error like others": (
        "import sys\ndef f(): sys.exit()",
        "try: f()\nexcept Exception as e: assert type(e).__name__ == 'SystemExit'\nelse: assert False",
    ),
    "functions of the test": (
        "def integrate(f, a, b): return sum(f(a + (b - a) * k / 100) for k in range(100)) * (b - a) / 100",
        "def line(x): return 2 * x\nassert abs(integrate(line, 0, 1) - 0.99) < 1e-9\n"
        "assert integrate(lambda x: 1.0, 0, 2) == 2",
    ),
    "errors of the test's functions": (
        "def careful(f):\n    try: return f(1)\n    except ZeroDivisionError as error: return str(error)",
        "assert careful(lambda x: x / 0) == 'division by zero'",
    ),
    "functions that call each other back and forth": (
        "def g(x): return x + 1\ndef f(h): return h(1) * 10",
        "assert f(lambda x: g(g(x))) == 30",
    ),
    "what has a name": (
        "def apply(f, x, dtype): return f(x).astype(dtype)",
        "import numpy as np\nassert apply(np.tanh, np.zeros(2), np.float32).dtype == np.float32",
    ),
    "numbers to be drawn": (
        "import numpy as np\ndef draw(rng): return rng.normal(size=3)\ndef old(): return np.random.rand()",
        """
import numpy as np
assert (draw(np.random.default_rng(3)) == np.random.default_rng(3).normal(size=3)).all()
np.random.seed(5)
one, two = old(), old()
np.random.seed(5)
assert (one, two) == (np.random.rand(), np.random.rand())
""",
    ),
    "what a call prints": (
        "def hello(): print('hello')",
        """
import contextlib, io
with contextlib.redirect_stdout(io.StringIO()) as printed: hello()
assert printed.getvalue() == 'hello\\n'
""",
    ),
    "what a call changes stays changed in this test": (
        "class Count:\n    def __init__(self): self.n = 0\n    def up(self, by=1): self.n += by; return self",
        "count = Count()\nassert count.up().up(by=2).n == 3 and count.n == 3 and count.up() is count",
    ),
    "arguments are copies": (
        "import numpy as np\ndef spoil(x): x[:] = 0; return x.sum()",
        "import numpy as np\nx = np.ones(3)\nassert spoil(x) == 0 and x.sum() == 3",
    ),
    "frozen records can be compared": (
        "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass P:\n    x: int\n    y: int = 2\n"
        "    def total(self): return self.x + self.y",
        "p = P(1)\nassert p == P(1, 2) and p != P(2) and p.x == 1 and p.total() == 3\n"
        "assert repr(p) == 'P(x=1, y=2)'",
    ),
    "a name, a signature, a kind": (
        "def f(a, b=2, *rest, c, d=None, **more): return 1",
        """
import inspect
parameters = inspect.signature(f).parameters
assert list(parameters) == ['a', 'b', 'rest', 'c', 'd', 'more'] and parameters['b'].default == 2
assert f.__name__ == 'f' and callable(f) and repr(f) == "<the student's function f>"
assert type(f).__name__ == 'Function' and not isinstance(f, type(lambda: 0))
""",
    ),
    "a class is called and named": (
        "class Net: depth = 3",
        "assert Net.depth == 3 and Net().depth == 3 and Net.__name__ == 'Net' and hasattr(Net, 'depth')\n"
        "assert not hasattr(Net, 'width')",
    ),
    "what the living function leads to": (
        "import torch\ndef f(x): return x\nhere = globals()\nhere['f'] = lambda x: torch.relu(x)",
        "assert f.library_calls() == ['torch'], f.library_calls()",
    ),
    "its text and its libraries can be asked for": (
        "import torch.nn.functional as F\ndef helper(x): return F.relu(x)\ndef f(x): return helper(x)",
        "assert 'torch.nn.functional.relu' in f.library_calls() and 'helper(x)' in f.source()",
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls(grade: Grade, name: str) -> None:
    text, test = CALLS[name]
    outcome = only(grade(notebook(solution(text, "f"), check(test.strip()))))
    assert ("", 1) == (outcome.error, outcome.points)


REFUSED = {
    "==": ("f == f", "TypeError: <the student's function f> is no plain data: it cannot be compared"),
    "bool": ("bool(f)", "TypeError: <the student's function f> is no plain data"),
    "for": ("for x in box: pass", "TypeError: <the student's Box object> is no plain data"),
    "in": ("1 in box", "TypeError: <the student's Box object> is no plain data"),
    "len": ("len(box)", "TypeError: object of type 'Box' has no len()"),
    "[]": ("box[0]", "TypeError: 'Box' object is not subscriptable"),
    "+": ("box + 1", "TypeError: unsupported operand type(s) for +: 'Box' and 'int'"),
    "float": ("float(box)", "TypeError: float() argument must be a string or a real number, not 'Box'"),
    "copy": ("import copy; copy.deepcopy(box)", "TypeError: <the student's Box object> is no plain data"),
    "pickle": ("import pickle; pickle.dumps(box)", "TypeError: <the student's Box object> is no plain data"),
    "setting": (
        "box.__class__ = int",
        "AttributeError: <the student's Box object>: `__class__` cannot be set from a test.",
    ),
    "an object of the test's": (
        "class Mine: pass\nf(Mine())",
        "WireError: call: an argument is a Mine, expected plain data, an array, a tensor or what the student",
    ),
    "a module": ("import sys\nf(sys)", "WireError: call: an argument is a module"),
    "the code": ("f.__code__", "AttributeError: <the student's function f> has no __code__ here"),
    "what is missing": ("nowhere", "NameError: name 'nowhere' is not defined"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_done_says_so(grade: Grade, name: str) -> None:
    test, error = REFUSED[name]
    made = "class Box:\n    def __len__(self): return 1\n    def __getitem__(self, k): return 1\n"
    made += "    def __iter__(self): return iter([1])\n    def __bool__(self): return True\n"
    made += "box = Box()\ndef f(x=0): return x"
    outcome = only(grade(notebook(solution(made, "f"), check(test))))
    assert outcome.error.startswith(error)
    assert 0 == outcome.points


CLASSES = {
    "real types decide": (
        """
class Shape: pass
class Meta(type):
    def __instancecheck__(cls, value): return True
    def __subclasscheck__(cls, other): return True
class Anything(metaclass=Meta): pass
class Liar:
    __class__ = Shape
class Square(Shape): pass
x = Liar()
""",
        """
assert isinstance(Square(), Shape) and isinstance(Square(), (int, Shape)) and not isinstance(x, Shape)
assert not isinstance(Shape(), Anything) and not issubclass(Shape, Anything) and not isinstance(3, Shape)
assert issubclass(Square, Shape) and not issubclass(Shape, Square) and not issubclass(int, Shape)
""",
    ),
    "what arrives as data has no class of the student's any more": (
        "class Metre(float): pass\ndef f(): return Metre(3)",
        """
try: isinstance(f(), Metre)
except TypeError as error: assert 'arrives as plain data' in str(error)
else: assert False
""",
    ),
    "an exception class catches what is of it, and no more": (
        "class Low(ValueError): pass\nclass Lower(Low): pass\nclass High(Exception): pass\n"
        "def f(kind): raise {'low': Low, 'lower': Lower, 'high': High}[kind]",
        """
for kind in ('low', 'lower'):
    try: f(kind)
    except High: assert False
    except Low as error: assert isinstance(error, ValueError) and type(error).__name__.lower() == kind
try: f('high')
except Low: assert False
except High: pass
assert issubclass(Lower, Low) and not issubclass(Low, Lower)
""",
    ),
    "a dataclass that can change is compared as it is": (
        "from dataclasses import dataclass, field\n@dataclass\nclass P:\n    x: int\n"
        "    seen: int = field(default=0, compare=False)\n    def move(self): self.x += 1; self.seen += 1",
        """
p = P(1)
assert p == P(1) and p != P(2) and [p] == [P(1)]
p.move()
p.seen = 9
assert p == P(2) and p.seen == 9
""",
    ),
    "a dataclass that compares in its own way is not compared": (
        "from dataclasses import dataclass\n@dataclass\nclass P:\n    x: int\n"
        "    def __eq__(self, other): return True",
        "try: P(1) == P(2)\nexcept TypeError: pass\nelse: assert False",
    ),
    "a path names a file and opens none": (
        "from pathlib import Path\nx = Path('/etc/hostname')\ndef f(p): return p.exists()",
        "import pathlib\nassert x == pathlib.Path('/etc/hostname') and not hasattr(x, 'read_text')\n"
        "assert f(pathlib.Path('/')) is True",
    ),
    "what is inside an exception": (
        "class E(Exception):\n    def __init__(self, n): super().__init__('no'); self.n = n\n"
        "    def _render_traceback_(self): return ['forged']\ndef f(): raise E([1, 2])",
        """
try: f()
except E as error:
    assert error.n == [1, 2] and error.args == ('no',) and not hasattr(error, 'nothing')
    assert not hasattr(error, '_render_traceback_')
""",
    ),
}


@pytest.mark.parametrize("name", CLASSES)
def test_classes(grade: Grade, name: str) -> None:
    text, test = CLASSES[name]
    outcome = only(grade(notebook(solution(text.strip(), "f"), check(test.strip()))))
    assert ("", 1) == (outcome.error, outcome.points)


def test_a_student_s_name_for_every_exception_catches_no_failed_test(grade: Grade) -> None:
    test = "try:\n    f()\n    assert False, 'no error'\nexcept Low:\n    pass"
    source = notebook(solution("class Low(Exception): pass\ndef f(): raise Low", "f"), check(test))
    assert 1 == only(grade(source)).points
    for claim in ("Low = Exception", "Low = BaseException", "Low = AssertionError"):
        forged = notebook(solution(f"{claim}\ndef f(): pass", "f"), source["cells"][1])
        assert "AssertionError: no error" == only(grade(source, forged)).error


def test_a_changed_argument_is_noted_where_the_test_asks_for_it(grade: Grade) -> None:
    asks, sees = "x = [2, 1]\nassert f(x) == [1, 2]\nassert x == [2, 1]", "x = [2, 1]\nassert f(x) == [1, 2]"
    source = notebook(solution("def f(x): return sorted(x)", "f"), check(asks, "asks"), check(sees, "sees"))
    spoils = notebook(solution("def f(x): x.sort(); return list(x)", "f"), *source["cells"][1:])
    returns = notebook(solution("def f(x): return x", "f"), *source["cells"][1:])
    assert [(), ()] == [test.notes for test in grade(source).tests]
    assert [(TOUCHED,), ()] == [test.notes for test in grade(source, spoils).tests]
    assert [(TOUCHED,), ()] == [test.notes for test in grade(source, returns).tests]


# -- points

VALUES: dict[str, tuple[Any, float, str]] = {
    "a share": (1.5, 1.5, ""),
    "a whole number": (1, 1, ""),
    "numpy's number": (np.float64(0.5), 0.5, ""),
    "an array of one number": (np.array(0.5), 0.5, ""),
    "nothing shown": (NOTHING, 2, ""),
    "more than there is": (5, 2, "The test gave 5 of 2 points; it was put right."),
    "less than nothing": (-1.0, 0, "The test gave -1 of 2 points; it was put right."),
    "no number": (float("nan"), 0, "The test's last value is not a number (NaN): no points."),
    "a number beyond all floats": (10**400, 2, "The test gave inf of 2 points; it was put right."),
    "infinity": (float("inf"), 2, "The test gave inf of 2 points; it was put right."),
    "a truth": (True, 2, "The test's last value is a bool, no number: full points, as in nbgrader."),
    "a text": ("0.5", 2, "The test's last value is a str, no number: full points, as in nbgrader."),
}


@pytest.mark.parametrize("name", VALUES)
def test_the_value_of_a_test_is_its_credit(name: str) -> None:
    value, points, note = VALUES[name]
    assert (points, (note,) if note else ()) == points_of(Ran([], None, value), 2)


TEXTS = {
    "0.5": (0.5, ""),
    "0.5;": (2, ""),
    "None": (2, ""),
    "x = 0.5": (2, ""),
    "assert False": (0, ""),
    "raise SystemExit": (0, ""),
    "exit()": (0, ""),
    "def f(:": (0, ""),
    "import sys; print('oh', file=sys.stderr)": (0, "The test wrote to stderr, which counts as failed."),
    "import warnings; warnings.warn('careful')": (2, "warning: careful"),
    "print('fine'); display(3)": (2, ""),
}


@pytest.mark.parametrize("text", TEXTS)
def test_what_a_test_does_decides_its_points(grade: Grade, text: str) -> None:
    points, note = TEXTS[text]
    outcome = only(grade(notebook(check(text, points=2))))
    assert (points, (note,) if note else ()) == (outcome.points, outcome.notes)


def test_the_failing_line_is_shown_and_a_hidden_one_is_not(grade: Grade) -> None:
    test = "assert x > 0\nassert x < 9, 'visible'\n"
    test += "### BEGIN HIDDEN TESTS\nassert x == 3, 'x is not 3'\n### END HIDDEN TESTS"
    source = notebook(solution("x = 3", "x"), check(test))

    def with_answer(value: int) -> Outcome:
        return only(grade(source, notebook(solution(f"x = {value}", "x"), source["cells"][1])))

    visible, hidden = with_answer(10), with_answer(4)
    assert ("assert x < 9, 'visible'", False) == (visible.line, visible.hidden)
    assert "AssertionError: visible" == visible.error
    assert ("", True, "AssertionError: x is not 3") == (hidden.line, hidden.hidden, hidden.error)


BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
COUNTS = "calls = []\ndef f():\n    calls.append(1)\n    print(f'call {len(calls)}')\n    return len(calls)"


def test_a_hidden_part_goes_on_where_the_visible_part_has_left_off(grade: Grade) -> None:
    test = f"score = f() / 2\ndisplay('seen')\n{BEGIN}\nassert f() == 2\nscore += 0.25\n{END}\nfloat(score)"
    outcome = only(grade(notebook(solution(COUNTS, "f"), check(test))))
    assert outcome.visible is not None
    assert (0.5, 0.75) == (outcome.visible.points, outcome.points)
    shown = [output.get("text") or output["data"]["text/plain"] for output in outcome.outputs]
    assert ["call 1\n", "'seen'", "call 2\n", "0.75"] == shown
    told = [output.get("text") or output["data"]["text/plain"] for output in outcome.visible.outputs]
    assert ["call 1\n", "'seen'", "0.5"] == told


UNCUT = {
    "inside a block": f"for x in (1, 2):\n    assert x\n    {BEGIN}\n    assert f() == x\n    {END}",
    "in two places": f"{BEGIN}\nassert f() == 1\n{END}\nassert f()\n{BEGIN}\nassert f() == 3\n{END}",
    "before more tests": f"assert f() == 1\n{BEGIN}\nassert f() == 2\n{END}\nassert f()",
    "behind a magic": f"%time total = 1\nassert f() == 1\n{BEGIN}\nassert f() == 2\n{END}",
}


@pytest.mark.parametrize("kind", UNCUT)
def test_a_hidden_part_that_cannot_be_cut_off_runs_with_the_whole_on_another_copy(
    grade: Grade, kind: str
) -> None:
    source = notebook(solution(COUNTS, "f"), check(UNCUT[kind]))
    assert 3 == channels(source)
    outcome = only(grade(source))
    assert (1, "") == (outcome.points, outcome.error)
    assert outcome.visible is not None
    assert (1, "") == (outcome.visible.points, outcome.visible.error)


def test_a_hidden_part_may_bind_what_the_last_line_shows(grade: Grade) -> None:
    outcome = only(grade(notebook(check(f"{BEGIN}\nscore = 0.5\n{END}\nscore"))))
    assert 0.5 == outcome.points
    assert outcome.visible is not None
    assert "NameError: name 'score' is not defined" == outcome.visible.error
    assert ["execute_result"] == [output["output_type"] for output in outcome.outputs]


def test_the_last_value_of_the_visible_part_is_no_credit_for_the_whole(grade: Grade) -> None:
    outcome = only(grade(notebook(check(f"score = 0.5\nscore\n{BEGIN}\nassert score\n{END}"))))
    assert outcome.visible is not None
    assert (0.5, 1) == (outcome.visible.points, outcome.points)
    assert [] == outcome.outputs


def test_random_numbers_go_on_although_other_tests_run_in_between(grade: Grade) -> None:
    first, second = np.random.RandomState(3).rand(2)
    test = f"np.random.seed(3)\nassert np.random.rand() == {first!r}\n"
    test += f"{BEGIN}\nassert f() == {second!r}\n{END}"
    given = plain("import numpy as np", "given")
    source = notebook(
        given,
        solution("def f():\n    return float(np.random.rand())", "f"),
        *(check(test, name) for name in "ab"),
    )
    assert {"a": 1, "b": 1} == earned(grade(source))


def test_all_visible_parts_have_run_before_anything_hidden_does(
    grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a copy was told in a hidden part must not reach what another shows in a visible one."""
    monkeypatch.chdir(tmp_path)
    note = """
from pathlib import Path
def f(word=""):
    path = Path("note")
    if word:
        path.write_text(word)
    return path.read_text() if path.exists() else ""
"""
    tests = [
        check(f"assert f() == ''\n{BEGIN}\nassert f('secret') == 'secret'\n{END}", "a"),
        check(f"print(f())\n{BEGIN}\nprint(f())\n{END}", "b"),
    ]
    first, second = grade(notebook(solution(note.strip(), "f"), *tests)).tests
    assert second.visible is not None
    assert "\n" == second.visible.outputs[0]["text"]
    assert "\nsecret\n" == second.outputs[0]["text"]
    assert 1 == first.points


def test_the_session_serves_the_last_test_itself_and_still_stops_the_copies_of_others(
    grade: Grade, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    student = """
import os, time
from pathlib import Path
session = os.getpid()

def endless():
    Path("copy").write_text(str(os.getpid()))
    while True:
        pass

def stopped():
    for _ in range(200):
        if not Path("/proc", Path("copy").read_text()).exists():
            return True
        time.sleep(0.01)

def here():
    return os.getpid()
"""
    last = check("assert here() == session\nassert stopped()", "last")
    source = notebook(solution(student.strip(), "f"), check("endless()", "first"), last)
    judged = grade(source, patience=QUICK)
    assert {"first": 0, "last": 1} == earned(judged), judged.tests


def test_what_only_the_hidden_part_needs_is_there_for_it(grade: Grade) -> None:
    given = plain("import math\nLIMIT = 4\ndef close(a):\n    return abs(a - LIMIT) < 1", "given")
    test = f"LIMIT_HERE = 1\nassert x\n{BEGIN}\nassert close(x + y) and math.floor(3.5) == x\n{END}"
    source = notebook(given, solution("x, y = 3, 1", "xy"), check(test))
    assert (1, "") == (only(grade(source)).points, only(grade(source)).error)


def test_what_the_visible_part_binds_is_not_bound_again_for_the_hidden_one(grade: Grade) -> None:
    given = plain("LIMIT = 4", "given")
    test = f"LIMIT = 5\nx = 7\n{BEGIN}\nassert (lambda: LIMIT + x)() == 12\n{END}"
    assert 1 == only(grade(notebook(given, solution("x = 3", "x"), check(test)))).points


def test_outputs_of_a_test_are_those_of_a_notebook(grade: Grade) -> None:
    outcome = only(grade(notebook(check("print('one'); display('two'); 1 / 0"))))
    assert ["stream", "display_data", "error"] == [output["output_type"] for output in outcome.outputs]
    assert "ZeroDivisionError" == outcome.outputs[-1]["ename"]
    assert all("autograde" not in line for line in outcome.outputs[-1]["traceback"])
