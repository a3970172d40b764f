"""Ask a service on the instructor's machine, and two that listen on sockets without a file.

Success: the service's canary comes out.
"""

cells = {
    "largest-gap": """
import socket

largest_gap = 1
for family, address in [(socket.AF_INET, ("127.0.0.1", @PORT@)), (socket.AF_UNIX, "\\\\0@SOCKET@")]:
    try:
        with socket.socket(family) as asked:
            asked.settimeout(1)
            asked.connect(address)
            print(asked.recv(1000).decode()[::-1])
    except OSError as error:
        print(error)
"""
}


def succeeded(outcome):
    return outcome.leaked("loopback", "socket")
