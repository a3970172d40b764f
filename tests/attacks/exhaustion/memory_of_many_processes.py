"""Take four gigabytes of memory in twelve processes, none of which has much.

Success: all of them have their share at the same time.
"""

cells = {
    "largest-gap": """
import os, time

done, tell = os.pipe()
for _ in range(12):
    if os.fork() == 0:
        share = b"x" * (350 * 2**20)
        os.write(tell, b"1")
        time.sleep(4)
        os._exit(0)
os.close(tell)
shares = 0
while os.read(done, 1):
    shares += 1
    if shares == 12:
        print("took it all")
        break
"""
}


def succeeded(outcome):
    return outcome.said("took it all") or outcome.harmed_class
