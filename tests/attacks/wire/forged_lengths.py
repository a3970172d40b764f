"""Announce messages of 2**64 - 1 bytes, of none, and of just under every likely limit, and send nothing more.

Success: grading takes more than a minute, points are earned, or others have to suffer.
"""

cells = {
    "largest-gap": """
import os, socket, stat

largest_gap = 1
sizes = [2**64 - 1, 0, 2**27 - 1, 2**24, 2**63]
for fd in range(3, 300):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            with socket.socket(fileno=os.dup(fd)) as channel:
                channel.send(sizes[fd % 5].to_bytes(8, "big"), socket.MSG_DONTWAIT)
    except OSError:
        pass
"""
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class or outcome.seconds > 60
