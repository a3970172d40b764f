"""The crew of processes that grade: who dies is replaced, who hangs is given up, nothing is asked early."""

import os
import signal
import time
from dataclasses import replace

import psutil
import pytest

from autograde import engine
from autograde.course import Question
from autograde.engine import Worker, run
from autograde.grading import patience
from autograde.intake import Submission
from autograde.notebook import dumps, loads
from autograde.result import State
from autograde.task import Kit, Task, task_of

SOURCE = {
    "cells": [
        {
            "cell_type": "code",
            "id": "answer",
            "metadata": {"nbgrader": {"grade_id": "answer", "solution": True, "grade": False}},
            "source": "answer = 42",
        },
        {
            "cell_type": "code",
            "id": "test-answer",
            "metadata": {
                "nbgrader": {"grade_id": "test-answer", "grade": True, "solution": False, "points": 2}
            },
            "source": "from given import RIGHT\nassert answer == RIGHT",
        },
    ],
    "metadata": {},
    "nbformat": 4,
    "nbformat_minor": 5,
}
GIVEN = {"given.py": b"RIGHT = 42\n"}
KIT = Kit("one", (Question("test-answer", 2.0),), dumps(SOURCE).encode(), GIVEN, b"PK\x05\x06" + bytes(18))


def task(student, answer, *, timeout=20, files=None):
    nb = loads(dumps(SOURCE).encode())
    nb["cells"][0]["source"] = answer
    return Task(student, "one", KIT.digest, 2.0, dumps(nb).encode(), files or {}, timeout, "print")


def test_each_task_is_asked_for_when_its_turn_comes_and_started_once():
    asked, started = [], []

    def tasks():
        for name in ("a", "b", "c", "d"):
            asked.append(name)
            yield task(name, "answer = 42" if name != "c" else "answer = 41")

    stream = run(tasks(), {KIT.digest: KIT}, 1, lambda one: started.append(one.student))
    first = next(stream)
    assert (asked, started, first[0].points) == (["a"], ["a"], 2.0)
    points = {result.student: result.points for result, _ in stream}
    assert (points, started) == ({"b": 2.0, "c": 0.0, "d": 2.0}, ["a", "b", "c", "d"])


def test_files_of_the_instructors_replace_a_students_and_the_judge_has_its_own():
    lying = {"given.py": b"RIGHT = 0\n", "own.py": b"VALUE = 42\n"}
    answers = {"reads": "import own\nanswer = own.VALUE", "lies": "import given\nanswer = given.RIGHT"}
    changes = "open('given.py', 'w').write('RIGHT = 1')\nanswer = 1"
    given = [task(name, text, files=lying) for name, text in {**answers, "changes": changes}.items()]
    points = {r.student: r.points for r, _ in run(given, {KIT.digest: KIT}, 1, lambda _: None)}
    assert points == {"reads": 2.0, "lies": 2.0, "changes": 0.0}


def graded(worker, one, harm=None):
    """Grade with one worker, and harm it once it is at work."""
    worker.give(one)
    result = None
    while result is None:
        if harm is not None:
            harm(worker)
            harm = None
        engine.wait([worker.pipe], timeout=max(0, worker.deadline - time.monotonic()))
        result = worker.take()
    return result


@pytest.fixture(scope="module")
def worker():
    worker = Worker({KIT.digest: KIT}, sandbox=True)
    graded(worker, task("warm", "answer = 42"))
    yield worker
    worker.end()


def family(worker):
    return psutil.Process(worker.process.pid).children(recursive=True)


def judges(worker):
    own = psutil.Process(worker.process.pid)
    return [child for child in own.children() if child.name() != "bwrap"]


def kill_the_worker(worker):
    worker.process.kill()


def kill_the_sandbox(worker):
    while not judges(worker):
        time.sleep(0.01)
    next(child for child in family(worker) if child.name() == "bwrap").kill()


def kill_the_judge(worker):
    while not judges(worker):
        time.sleep(0.01)
    judges(worker)[0].kill()


def kill_the_cells(worker):
    while not judges(worker):
        time.sleep(0.01)
    time.sleep(0.5)  # so that the session is there, and in its cell
    own = [one for one in family(worker) if one not in judges(worker)]
    max(own, key=lambda one: one.create_time()).kill()


SLOW = "import time\ntime.sleep(1.5)\nanswer = 42"


@pytest.mark.parametrize("harm", [kill_the_worker, kill_the_sandbox, kill_the_judge, kill_the_cells])
def test_what_was_killed_from_outside_is_graded_again_at_once(worker, harm):
    result, notebook = graded(worker, task("slow", SLOW), harm)
    assert (result.state, result.points, result.fingerprint) == (State.GRADED, 2.0, "print")
    assert notebook["cells"][1]["source"] == SOURCE["cells"][1]["source"]


def test_who_always_dies_over_a_task_gets_a_row_that_is_tried_again_next_time(worker, monkeypatch):
    hand_over = Worker.hand_over

    def and_kill(self, one):
        hand_over(self, one)
        os.kill(self.process.pid, signal.SIGKILL)

    monkeypatch.setattr(Worker, "hand_over", and_kill)
    result, notebook = graded(worker, task("cursed", "answer = 42"))
    assert (result.state, notebook, result.fingerprint) == (State.UNGRADABLE, None, "")
    assert result.reason == "The processes that graded it died. Grade it again."


def test_who_does_not_answer_in_time_is_given_up(worker):
    def stop(worker):
        worker.process.send_signal(signal.SIGSTOP)
        worker.deadline = time.monotonic() + 0.2

    result, _ = graded(worker, task("hangs", SLOW), stop)
    assert (result.state, worker.attempts) == (State.UNGRADABLE, 1)
    assert graded(worker, task("next", "answer = 42"))[0].points == 2.0


def test_the_error_of_a_student_s_cell_stands_in_the_notes(worker):
    result, _ = graded(worker, task("stops", "answer = 42\nraise ValueError('seal broken')"))
    assert (result.points, result.notes) == (2.0, ("The cell answer stopped with ValueError: seal broken.",))
    assert graded(worker, task("fine", "answer = 42"))[0].notes == ()


def test_a_worker_whose_engine_is_gone_ends_with_all_that_it_started(worker):
    worker.give(task("slow", "import time\ntime.sleep(30)"))
    while not judges(worker):
        time.sleep(0.01)
    members = [psutil.Process(worker.process.pid), *family(worker)]
    worker.pipe.close()
    assert psutil.wait_procs(members, timeout=10, callback=lambda _: worker.process.poll())[1] == []
    worker.start()


def kit_with(text):
    """Return a kit with another test, and the way to a task of it."""
    nb = loads(dumps(SOURCE).encode())
    nb["cells"][1]["source"] = text
    kit = replace(KIT, source=dumps(nb).encode())
    return kit, lambda answer: replace(task("a", answer), kit=kit.digest)


def test_a_function_that_feeds_the_tests_own_list_ends_at_the_judges_memory():
    kit, of = kit_with("heard = []\ndef noted(x): heard.append(x)\nanswer(noted)\nassert heard")
    greedy = "def answer(say):\n    for i in range(1000):\n        say(bytes([i % 256]) * 30_000_000)"
    ((result, _),) = run([of(greedy)], {kit.digest: kit}, 1, lambda _: None)
    assert (result.state, result.points) == (State.GRADED, 0.0)
    assert result.marks[0].message.startswith("MemoryError")


def test_a_notebook_of_many_tests_and_threads_is_graded_to_its_end():
    nb = loads(dumps(SOURCE).encode())
    answer, test = nb["cells"]
    tests = []
    for number in range(120):
        meta = {"nbgrader": {**test["metadata"]["nbgrader"], "grade_id": f"test-{number}", "points": 1}}
        tests.append({**test, "id": f"test-{number}", "metadata": meta, "source": "assert answer == 42"})
    questions = tuple(Question(cell["id"], 1.0) for cell in tests)
    kit = replace(KIT, questions=questions, source=dumps(nb | {"cells": [answer, *tests]}).encode())
    threads = "from concurrent.futures import ThreadPoolExecutor as Pool\nimport time\npool = Pool(30)\n"
    threads += "list(pool.map(time.sleep, [0.05] * 60))\nanswer = 42"
    answer["source"] = threads
    one = replace(task("a", ""), kit=kit.digest, notebook=dumps(nb | {"cells": [answer, *tests]}).encode())
    ((result, _),) = run([one], {kit.digest: kit}, 1, lambda _: None)
    assert (result.state, result.points) == (State.GRADED, 120.0)


def test_there_is_time_for_every_test_however_long_the_students_cells_take():
    one = task("a", "answer = 42", timeout=20)
    nb = loads(one.notebook)
    nb["cells"] *= 100
    long = replace(one, notebook=dumps(nb).encode())
    for case, tests in ((one, 1), (long, 100)):
        waits = patience(case, tests)
        assert waits.cell == waits.test == 20
        assert waits.total + tests * waits.test < case.limit
    assert patience(replace(long, timeout=600), 100).total == 600


def test_a_task_holds_what_was_handed_in(tmp_path):
    folder = tmp_path / "anna/one"
    folder.mkdir(parents=True)
    path = folder / "one.ipynb"
    path.write_text(dumps(SOURCE))
    (folder / "data").mkdir()
    (folder / "data/a.csv").write_text("1")
    submission = Submission("anna", "one", path, notes=("odd",))
    one = task_of(submission, KIT, 30, "print")
    assert (one.files, one.notes, one.kit) == ({"data/a.csv": b"1"}, ("odd",), KIT.digest)
    assert one.limit == 60 + 2 * 30
