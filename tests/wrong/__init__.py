"""Wrong but plausible submissions, a table for each notebook; see tests/test_wrong_submissions.py."""
