"""The course that is attacked: nbgrader's folders laid out as in this repository's own course."""

import os
import sys
from pathlib import Path

c = get_config()  # noqa: F821  (given by traitlets when it reads this file)

root = Path(__file__).resolve().parent
work = root / "autograde" / "work"

c.CourseDirectory.course_id = "attacked"
c.CourseDirectory.root = str(root)
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "notebooks"
c.CourseDirectory.submitted_directory = "autograde/work/submitted"
c.CourseDirectory.autograded_directory = "autograde/work/autograded"
c.CourseDirectory.feedback_directory = "autograde/work/feedback"
c.CourseDirectory.db_url = f"sqlite:///{work / 'gradebook.db'}"
c.ClearSolutions.code_stub = {"python": "# your answer here"}
# As `autograde grade --timeout 3`.
c.Execute.timeout = 3

work.mkdir(parents=True, exist_ok=True)
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
