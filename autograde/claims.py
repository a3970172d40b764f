"""What a session claims that a cell showed, rebuilt field by field: text and pictures, nothing else."""

from __future__ import annotations

import base64
from typing import Any

from autograde.capture import OUTPUTS, PICTURE, PICTURES, TEXT
from autograde.wire import WireError

__all__ = ["rebuilt"]

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
PIXELS = 2**25  # beyond that, a small file becomes a large picture in the reader's browser
LINES = 50


def rebuilt(claims: Any) -> list[dict[str, Any]]:
    """Return a session's outputs as nbformat's.

    Parameters
    ----------
    claims : object
        What came; a list of dicts with ``kind`` and its fields.

    Returns
    -------
    list of dict
        Streams, plain text, PNG pictures and errors; no HTML, no scripts, no other kind of data.

    Raises
    ------
    WireError
        It is no such list, or more than a session may send.

    Examples
    --------
    >>> rebuilt([{"kind": "text", "text": "4", "html": "<script>"}])
    [{'output_type': 'display_data', 'data': {'text/plain': '4'}, 'metadata': {}}]
    """
    if type(claims) is not list or len(claims) > OUTPUTS + 1:
        raise WireError(
            f"wire: a cell's outputs came as {claims!r:.60}, expected a list of at most {OUTPUTS}."
        )
    outputs = [_output(claim) for claim in claims]
    pictures = sum("image/png" in output.get("data", {}) for output in outputs)
    if pictures > PICTURES or sum(len(str(output)) for output in outputs) > 8 * TEXT + 2 * PICTURES * PICTURE:
        raise WireError("wire: a cell's outputs are larger than a cell's outputs may be.")
    return outputs


def _output(claim: Any) -> dict[str, Any]:
    kind = claim.get("kind") if type(claim) is dict else None
    if kind in ("stdout", "stderr"):
        return {"output_type": "stream", "name": kind, "text": _text(claim, "text")}
    if kind in ("text", "result"):
        return _shown({"text/plain": _text(claim, "text")}, kind == "result")
    if kind == "png":
        return _shown({"image/png": _picture(claim.get("data")), "text/plain": _text(claim, "text")}, False)
    if kind == "error":
        lines = claim.get("traceback")
        if type(lines) is list and len(lines) <= LINES and all(type(line) is str for line in lines):
            return {
                "output_type": "error",
                "ename": _text(claim, "ename"),
                "evalue": _text(claim, "evalue"),
                "traceback": lines,
            }
    raise WireError(f"wire: a damaged output came: {claim!r:.60}")


def _shown(data: dict[str, str], result: bool) -> dict[str, Any]:
    if result:
        return {"output_type": "execute_result", "data": data, "metadata": {}, "execution_count": None}
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _text(claim: dict[str, Any], field: str) -> str:
    if type(claim.get(field)) is not str:
        raise WireError(f"wire: an output's {field} is {claim.get(field)!r:.60}, expected a text.")
    return str(claim[field])


def _picture(data: Any) -> str:
    sound = type(data) is bytes and data.startswith(PNG) and len(data) <= PICTURE
    if not sound or int.from_bytes(data[16:20], "big") * int.from_bytes(data[20:24], "big") > PIXELS:
        raise WireError(f"wire: a picture came that is no PNG of moderate size: {data!r:.40}")
    return base64.b64encode(data).decode()
