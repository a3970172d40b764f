"""What a student's server knows of the course: its name, and where assignments are handed out and in."""

import os

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "cnnkit"
c.Exchange.root = os.environ.get("CNNKIT_EXCHANGE", "/srv/nbgrader/exchange")
