"""Release a course of Jupyter notebooks, grade what comes back, and report on it.

Run it as ``autograde`` or ``python -m autograde``; the modules, in the order in which a notebook meets them:

=============  ==================================================================
``course``     the root, its assignments, their questions, points and paths
``notebook``   read, clean and show a notebook file (also git's textconv)
``release``    solutions -> notebooks through nbgrader; drift, leaks; student kit
``intake``     a folder of hand-ins -> one submission per student and assignment
``grade``      submissions -> results and nbgrader's gradebook
``report``     results -> one HTML page and CSV tables
``doctor``     what this machine lacks, and what that costs
``demo``       a made-up class, carried through all of it
=============  ==================================================================

Nothing here imports ``cnnkit``: a grader must not break with the library that students edit.
"""
