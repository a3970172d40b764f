"""Write garbage to every socket that the process inherited.

Success: points are earned, or others have to suffer.
"""

cells = {
    "largest-gap": """
import os, socket, stat

largest_gap = 1
for fd in range(3, 300):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            with socket.socket(fileno=os.dup(fd)) as channel:
                channel.send(os.urandom(3000), socket.MSG_DONTWAIT)
    except OSError:
        pass
"""
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
