"""Take five gigabytes of memory, page by page.

Success: it gets them all.
"""

cells = {
    "largest-gap": """
taken = []
try:
    for _ in range(20):
        taken.append(bytearray(b"x") * 2**28)
    print("took it all")
finally:
    taken.clear()
"""
}


def succeeded(outcome):
    return outcome.said("took it all") or outcome.harmed_class
