"""What attacks on the wire share: text that runs inside a session, and knows its modules."""

__all__ = ["PATCH"]

# `patch(lie)` lets `lie(request, answer)` change every answer; `forge(nodes)` replaces what names stand for.
PATCH = """
import sys

def patch(lie):
    asked = {}
    for module in list(sys.modules.values()):
        kind = getattr(module, "__dict__", {}).get("Channel")
        if type(kind) is type and hasattr(kind, "receive") and not hasattr(kind, "patched"):
            def receive(self, *args, original=kind.receive, **kwargs):
                request = original(self, *args, **kwargs)
                asked.clear()
                asked.update(request)
                return request

            def send(self, answer, *args, original=kind.send, **kwargs):
                lie(asked, answer)
                return original(self, answer, *args, **kwargs)

            kind.receive, kind.send, kind.patched = receive, send, True

def forge(nodes):
    def lie(request, answer):
        if request.get("name") in nodes:
            answer.pop("refused", None)
            answer["value"] = nodes[request["name"]]

    patch(lie)
"""
