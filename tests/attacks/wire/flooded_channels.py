"""Pump a stream of zeros, and of messages of a hundred megabytes, into every channel for some seconds.

Success: grading takes more than a minute, or others have to suffer.
"""

cells = {
    "largest-gap": """
import os, socket, stat, threading, time

largest_gap = 1

def pump(fd):
    end = time.time() + 8
    block = (100 * 2**20).to_bytes(8, "big") + bytes(2**20)
    with socket.socket(fileno=os.dup(fd)) as channel:
        while time.time() < end:
            try:
                channel.send(block, socket.MSG_DONTWAIT)
            except BlockingIOError:
                time.sleep(.01)
            except OSError:
                break

for fd in range(3, 300):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            threading.Thread(target=pump, args=(fd,), daemon=True).start()
    except OSError:
        pass
"""
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class or outcome.seconds > 60
