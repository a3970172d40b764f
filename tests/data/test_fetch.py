import errno
import fcntl
import os
import re
import shutil
import subprocess
from contextlib import contextmanager

import pytest

from cnnkit.data.catalogue import File
from cnnkit.data.fetch import fetch
from cnnkit.errors import DataDamagedError, DownloadError

CONTENT = bytes(range(256)) * 400  # 102,400 bytes
HALF = len(CONTENT) // 2


@pytest.fixture
def file(server):
    from hashlib import md5

    server.files["set.bin"] = CONTENT
    return File("set.bin", md5(CONTENT, usedforsecurity=False).hexdigest())


def names(folder):
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_file_is_fetched_whole_and_nothing_else_is_left(server, file, tmp_path):
    path = fetch(file, (server.url,), tmp_path / "new/folder")
    assert path.read_bytes() == CONTENT
    assert names(path.parent) == ["set.bin"]
    assert server.asked == [("set.bin", None)]


def test_a_file_that_is_here_is_not_asked_for_again(server, file, tmp_path):
    for _ in range(2):
        fetch(file, (server.url,), tmp_path / "data")
    assert len(server.asked) == 1


def test_a_cut_is_taken_up_where_it_happened(server, file, tmp_path):
    server.cuts = [HALF]
    assert fetch(file, (server.url,), tmp_path / "data").read_bytes() == CONTENT
    assert server.asked == [("set.bin", None), ("set.bin", f"bytes={HALF}-")]


def test_a_later_attempt_goes_on_with_what_an_earlier_one_left(server, file, tmp_path):
    folder = tmp_path / "data"
    server.cuts = [HALF, 0]
    with pytest.raises(DownloadError) as caught:
        fetch(file, (server.url,), folder)
    assert re.sub(r"127.0.0.1:\d+", "HOST", str(caught.value)) == (
        "get: set.bin could not be fetched (HOST: cut after 51,200 of 102,400 bytes). Check the connection"
        f" and try again. 51,200 bytes are kept in {folder / 'set.bin.part'},"
        " and the next attempt goes on there."
    )
    assert names(folder) == ["set.bin.part"]
    server.asked.clear()
    assert fetch(file, (server.url,), folder).read_bytes() == CONTENT
    assert server.asked == [("set.bin", f"bytes={HALF}-")]
    assert names(folder) == ["set.bin"]


def test_a_server_that_sends_whole_files_only_is_taken_from_the_start(server, file, tmp_path):
    server.ranges = False
    server.cuts = [HALF]
    assert fetch(file, (server.url,), tmp_path / "data").read_bytes() == CONTENT
    assert server.asked[-1] == ("set.bin", f"bytes={HALF}-")


def test_a_part_that_lacks_nothing_but_its_name_is_accepted(server, file, tmp_path):
    (tmp_path / "set.bin.part").write_bytes(CONTENT)
    assert fetch(file, (server.url,), tmp_path).read_bytes() == CONTENT


def test_the_next_mirror_goes_on_where_the_first_one_stopped(server, file, tmp_path):
    server.cuts = [HALF, 0]
    mirrors = (server.url, server.url + "mirror/")
    assert fetch(file, mirrors, tmp_path / "data").read_bytes() == CONTENT
    assert server.asked[-1] == ("set.bin", f"bytes={HALF}-")


def test_a_wrong_checksum_is_never_used_and_never_deleted(server, file, tmp_path):
    for number in ("", "-2"):
        server.files["set.bin"] = CONTENT[::-1]
        with pytest.raises(DataDamagedError) as caught:
            fetch(file, (server.url,), tmp_path)
        kept = tmp_path / f"set.bin.wrong-checksum{number}"
        assert str(caught.value).endswith(
            f"expected {file.md5}. It is kept as {kept} and not used;"
            " try again, or fetch the file in another way."
        )
        assert kept.read_bytes() == CONTENT[::-1]
        assert not (tmp_path / "set.bin").exists()
    server.files["set.bin"] = CONTENT
    assert fetch(file, (server.url,), tmp_path).read_bytes() == CONTENT


def test_a_damaged_file_in_its_place_is_kept_aside(server, file, tmp_path):
    (tmp_path / "set.bin").write_bytes(b"torn")
    assert fetch(file, (server.url,), tmp_path).read_bytes() == CONTENT
    assert (tmp_path / "set.bin.damaged").read_bytes() == b"torn"


def test_a_file_that_the_server_lacks_is_said(server, tmp_path):
    with pytest.raises(DownloadError, match=r"none\.bin could not be fetched \(.*: 404 Not Found\)"):
        fetch(File("none.bin", "0"), (server.url,), tmp_path / "data")
    assert not (tmp_path / "data").exists()


def test_a_server_that_does_not_answer_is_not_waited_for(server, file, tmp_path):
    server.mute = True
    with pytest.raises(DownloadError, match=r"\(127.0.0.1:\d+: no answer within 0.2 s\)"):
        fetch(file, (server.url,), tmp_path / "data", patience=0.2)


def test_no_connection_is_said(file, tmp_path):
    with pytest.raises(DownloadError, match=r"could not be fetched .*Connection refused"):
        fetch(file, ("http://127.0.0.1:9/",), tmp_path / "data")


@contextmanager
def mounted(folder, options):
    """Put a file system of its own in `folder`."""
    mount = shutil.which("mount")
    if mount is None or os.geteuid():
        pytest.skip("only root can mount a small file system")
    folder.mkdir()
    done = subprocess.run([mount, "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_two_programs_do_not_write_into_one_file(server, file, tmp_path):
    part = tmp_path / "set.bin.part"
    part.write_bytes(CONTENT[:HALF])
    with part.open("ab") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(DownloadError, match=r"\(127.0.0.1:\d+: another program is fetching it\)"):
            fetch(file, (server.url,), tmp_path)
    assert part.read_bytes() == CONTENT[:HALF]
    assert fetch(file, (server.url,), tmp_path).read_bytes() == CONTENT


def test_a_full_disk_is_said_and_what_came_is_kept(server, file, tmp_path):
    folder = tmp_path / "full"
    with mounted(folder, "size=64k"):
        with pytest.raises(DownloadError) as caught:
            fetch(file, (server.url,), folder)
        assert str(caught.value) == (
            f"get: no space is left for {folder} (No space left on device). What has come is kept;"
            " make room and run the command again, or set CNNKIT_DATA to a folder on another disk."
        )
        assert 0 < (folder / "set.bin.part").stat().st_size <= 64 * 1024
        subprocess.run(["mount", "-o", "remount,size=1m", str(folder)], check=True)
        assert fetch(file, (server.url,), folder).read_bytes() == CONTENT
        assert server.asked[-1][1] is not None


def test_a_limit_on_the_size_of_files_is_said(server, file, tmp_path, files_of_at_most):
    why = os.strerror(errno.EFBIG)
    with files_of_at_most(HALF), pytest.raises(DownloadError, match=f"no space is left for .*{why}"):
        fetch(file, (server.url,), tmp_path)
    assert names(tmp_path) == ["set.bin.part"]


@contextmanager
def unwritable(folder):
    if os.geteuid():
        folder.mkdir(mode=0o555)
        yield "Permission denied"
    else:  # root may write wherever the file system lets it
        with mounted(folder, "ro"):
            yield "Read-only file system"


def test_a_folder_that_cannot_be_written_to_is_said(server, file, tmp_path):
    folder = tmp_path / "locked"
    with unwritable(folder) as why, pytest.raises(DownloadError) as caught:
        fetch(file, (server.url,), folder)
    assert str(caught.value) == (
        f"get: `{folder}` cannot be written to ({why}). Set CNNKIT_DATA to a folder of yours."
    )


def test_a_file_where_the_folder_should_be_is_said(server, file, tmp_path):
    (tmp_path / "data").write_text("not a folder")
    with pytest.raises(DownloadError, match="cannot be written to"):
        fetch(file, (server.url,), tmp_path / "data")
    assert (tmp_path / "data").read_text() == "not a folder"
