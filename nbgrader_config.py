"""nbgrader's view of this repository: the course is its root.

``solutions/`` is edited by hand, ``notebooks/`` is what nbgrader makes of it for students, and all
that grading leaves behind lies under ``autograde/work``, which git ignores. Both stock ``nbgrader``
commands and ``python -m autograde`` read this file.
"""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (given by traitlets when it reads this file)

root = Path(__file__).resolve().parent
work = root / "autograde" / "work"

c.CourseDirectory.course_id = "cnnkit"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "autograde/work/submitted"
c.CourseDirectory.autograded_directory = "autograde/work/autograded"
c.CourseDirectory.feedback_directory = "autograde/work/feedback"
c.CourseDirectory.solution_directory = "autograde/work/solution"
c.CourseDirectory.source_with_tests_directory = "autograde/work/source_with_tests"
# A file, or the database at this address, which may hold a password and so stands in no file of the course.
c.CourseDirectory.db_url = os.environ.get("CNNKIT_GRADEBOOK", f"sqlite:///{work / 'gradebook.db'}")

# sqlite creates a file, but not the folder around it.
work.mkdir(parents=True, exist_ok=True)
# nbgrader calls `alembic` by name when it creates a gradebook; it stands beside this Python, which is
# not on PATH when the environment was not activated.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

# What being late costs stands in autograde/work/class.toml, for nbgrader's own commands too.
c.AssignLatePenalties.plugin_class = "autograde.penalties.ClassRules"

# A released answer cell keeps what stands before the solution (`padded = None`, a function's head), so
# nothing needs to be raised in it: the check below says that the answer is missing.
c.ClearSolutions.code_stub = {"python": "# your answer here"}

# Whom `autograde release` asks whether the questions' inputs tell their mistakes apart, and for variants.
c.Autograde.catalogue = "cnnkit.answers.author"

# Students' Markdown is shown without the HTML that is in it: in formgrader a script would have your rights.
c.HTMLExporter.filters = {"markdown2html": "autograde.formgrader.markdown"}
