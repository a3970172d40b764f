"""Hostile notebooks of our own making, handed in to our own grader.

Each family is a folder and each attack a small file in it, which says what the attack tries and how success
would show. ``python -m tests.attacks`` runs them and prints the table of docs/security.md.

All of them are harmless by design: what they take is a canary made up for the run, what they leave behind
is a file in a temporary folder, and what they exhaust is bounded by themselves, whether or not the grader
stops them.
"""
