"""Small sets in the official formats, and a server on this machine that hands them out, well or badly."""

import gzip
import hashlib
import io
import tarfile
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from struct import pack
from threading import Event, Thread
from types import SimpleNamespace

import numpy as np
import pytest

from cnnkit.data import loading, places
from cnnkit.data.catalogue import CIFAR10, MNIST, OFFICIAL, File

COUNTS = (40, 20)


@pytest.fixture(autouse=True)
def alone(tmp_path, monkeypatch):
    """Work in an empty folder, where no set of this machine is found and nothing is fetched unasked."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(places.VARIABLE, raising=False)
    monkeypatch.setenv(loading.OFFLINE, "1")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    installed = tmp_path / "elsewhere/cnnkit/__init__.py"
    monkeypatch.setattr(places, "cnnkit", SimpleNamespace(__file__=str(installed)))
    monkeypatch.setattr(loading, "_failed", {})
    monkeypatch.setattr(loading, "_said", set())


@pytest.fixture
def files_of_at_most():
    """Return a function that lets no file grow larger than so many bytes, within its ``with`` block."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")

    @contextmanager
    def limited(size):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


def md5(content):
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def idx(array):
    """Return an array in the format of MNIST."""
    return pack(f">BBBB{array.ndim}I", 0, 0, 8, array.ndim, *array.shape) + array.tobytes()


def python2_pickle(rows, labels):
    """Return a batch of CIFAR-10 opcode by opcode, as Python 2 and its numpy wrote it."""
    text = lambda word: b"U" + bytes([len(word)]) + word  # noqa: E731
    number = lambda value: b"J" + pack("<i", value)  # noqa: E731
    dtype = b"cnumpy\ndtype\n" + text(b"u1") + b"K\0K\1\x87R(K\3" + text(b"|") + b"NNN"
    dtype += number(-1) + number(-1) + b"K\0tb"
    data = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\0\x85" + text(b"b") + b"\x87R(K\1"
    data += number(len(rows)) + number(rows.shape[1]) + b"\x86" + dtype + b"\x89"
    data += b"T" + pack("<I", rows.nbytes) + rows.tobytes() + b"tb"
    listed = b"](" + b"".join(map(number, labels)) + b"e"
    return b"\x80\2}(" + text(b"data") + data + text(b"labels") + listed + b"u."


@dataclass
class Small:
    """A small set: what it is known by, its files, what is fetched, and the arrays that are in there."""

    official: object
    files: dict
    downloads: dict
    train: tuple
    test: tuple

    def unpack(self, root):
        folder = root / self.official.folder
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)
        return folder


def _known(base, files, downloads, mirrors):
    return replace(
        base,
        counts=COUNTS,
        files=tuple(File(name, md5(content)) for name, content in files.items()),
        downloads=tuple(File(name, md5(content)) for name, content in downloads.items()),
        mirrors=mirrors,
    )


def _arrays(shape, count, shift):
    rng = np.random.default_rng(count)
    return rng.integers(0, 256, (count, *shape), np.uint8), (np.arange(count) + shift) % 10


@pytest.fixture
def small_mnist(monkeypatch):
    """A set in MNIST's format, which `load` takes for MNIST."""
    train, test = (_arrays((1, 28, 28), count, count) for count in COUNTS)
    arrays = [train[0][:, 0], train[1].astype(np.uint8), test[0][:, 0], test[1].astype(np.uint8)]
    files = {file.name: idx(array) for file, array in zip(MNIST.files, arrays, strict=True)}
    downloads = {f"{name}.gz": gzip.compress(content) for name, content in files.items()}
    small = Small(_known(MNIST, files, downloads, ("http://127.0.0.1:9/",)), files, downloads, train, test)
    monkeypatch.setitem(OFFICIAL, "mnist", small.official)
    return small


@pytest.fixture
def small_cifar(monkeypatch):
    """A set in CIFAR-10's format, which `load` takes for CIFAR-10."""
    train, test = (_arrays((3, 32, 32), count, count) for count in COUNTS)
    batches = [*zip(np.split(train[0], 5), np.split(train[1], 5), strict=True), test]
    files = {
        file.name: python2_pickle(images.reshape(len(images), -1), labels.tolist())
        for file, (images, labels) in zip(CIFAR10.files, batches, strict=True)
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(f"{CIFAR10.folder}/{name}")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    downloads = {CIFAR10.downloads[0].name: packed.getvalue()}
    small = Small(_known(CIFAR10, files, downloads, ("http://127.0.0.1:9/",)), files, downloads, train, test)
    monkeypatch.setitem(OFFICIAL, "cifar10", small.official)
    return small


@dataclass
class Server:
    """Serves `files`; what it does to the next answers stands in `cuts`, and what it was asked in `asked`."""

    url: str = ""
    files: dict = field(default_factory=dict)
    cuts: list = field(default_factory=list)  # for each answer: bytes after which the connection is cut
    ranges: bool = True
    mute: bool = False
    closing: Event = field(default_factory=Event)
    asked: list = field(default_factory=list)

    def serve(self, small, monkeypatch):
        """Hand out the downloads of a small set."""
        self.files |= small.downloads
        small.official = replace(small.official, mirrors=(self.url,))
        monkeypatch.setitem(OFFICIAL, small.official.name, small.official)


@pytest.fixture
def server():
    """A server on the loopback interface."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            name, span = Path(self.path).name, self.headers.get("Range")
            state.asked.append((name, span))
            if state.mute:
                state.closing.wait()
                return
            if name not in state.files:
                self.send_error(404)
                return
            content, start = state.files[name], 0
            if span and state.ranges:
                start = int(span.removeprefix("bytes=").rstrip("-"))
                if start >= len(content):
                    self.send_error(416)
                    return
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
            self.end_headers()
            cut = state.cuts.pop(0) if state.cuts else None
            self.wfile.write(content[start:] if cut is None else content[start : start + cut])

        def log_message(self, *arguments):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        http.daemon_threads = True
        state.url = f"http://127.0.0.1:{http.server_port}/"
        thread = Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield state
        state.closing.set()
        http.shutdown()
        thread.join()
