"""Ask the machine to run something later, by cron, systemd and the desktop.

Success: a file is there after grading.
"""

cells = {
    "largest-gap": """
import pathlib

largest_gap = 1
ours = ("@HOME@/.config/systemd/user", "@HOME@/.config/autostart")
for folder in ("/etc/cron.d", "/var/spool/cron/crontabs", *ours):
    try:
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        pathlib.Path(folder, "@MARK@").write_text("# nothing")
    except OSError as error:
        print(error)
"""
}


def succeeded(outcome):
    return bool(outcome.files)
