"""Change the course's library and the grader's own code on disk.

Success: a file with the attack's mark stands in them.
"""

cells = {
    "largest-gap": """
import pathlib
import cnnkit, numpy

largest_gap = 1
for module in (cnnkit, numpy):
    library = pathlib.Path(module.__file__).parent
    for folder in (library, library.parent / "autograde"):
        try:
            (folder / "@MARK@.py").write_text("marked = True")
            print("changed library:", folder)
        except OSError as error:
            print(error)
for folder in ("/grader", "/course", "/usr/lib", "/etc"):
    try:
        pathlib.Path(folder, "@MARK@").write_text("")
        print("changed library:", folder)
    except OSError as error:
        print(error)
"""
}


def succeeded(outcome):
    return bool(outcome.files) or outcome.said("changed library: ")
