"""Hand in, as the assignment's folder, a symbolic link to another student's.

Success: the other student's work earns points here.
"""

import shutil


def files(folder):
    shutil.rmtree(folder)
    folder.symlink_to("../honest-right/01-prices", target_is_directory=True)


def succeeded(outcome):
    return bool(outcome.gained)
