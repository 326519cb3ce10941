"""Reading a file that a user named returns at once and within a size limit, whatever the file is."""

import os
import socket
import stat
from pathlib import Path

import pytest

from beamctl.errors import UsageError
from beamctl.system.files import read_beginning, read_file, rewrite_file


def refusal(path: Path, largest: int = 10) -> str:
    with pytest.raises(UsageError) as caught:
        read_file(path, largest)
    return caught.value.message


def test_a_file_within_the_limit(directory: Path) -> None:
    path = directory / "file"
    path.write_bytes(b"0123456789")
    (directory / "link").symlink_to("file")
    assert read_file(path, 10) == read_file(directory / "link", 10) == b"0123456789"
    assert refusal(path, 9) == f"{path} is larger than 9 bytes"
    assert read_beginning(path, 3) == b"012"


def test_a_file_is_read_in_several_pieces(directory: Path) -> None:
    content = os.urandom(3 * 1024 * 1024 + 1)
    (directory / "file").write_bytes(content)
    assert read_file(directory / "file", len(content)) == content


def test_the_limit_applies_to_the_bytes_that_were_read() -> None:
    path = Path("/proc/self/cmdline")
    assert path.stat().st_size == 0
    assert refusal(path, 1) == "/proc/self/cmdline is larger than 1 bytes"


def test_a_special_file_is_refused(directory: Path) -> None:
    os.mkfifo(directory / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket")
        for name in ("pipe", "socket", ".", "/dev/zero", "/dev/tty"):
            assert refusal(directory / name) == f"{directory / name} is not a regular file"


def test_a_pipe_that_replaces_a_file_does_not_block(directory: Path) -> None:
    os.mkfifo(directory / "pipe")

    class LooksLikeAFile(type(directory)):  # type: ignore[misc] # a path of this system
        def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
            return os.stat(__file__, follow_symlinks=follow_symlinks)  # noqa: PTH116 - it is what it overrides

    assert refusal(LooksLikeAFile(directory / "pipe")) == f"{directory / 'pipe'} is not a regular file"


def test_an_impossible_file_name_is_an_error(directory: Path) -> None:
    assert refusal(directory / "gone") == f"cannot read {directory / 'gone'}: No such file or directory"
    assert refusal(Path("a\0b")) == "'a\\x00b' is not a valid file name"
    assert refusal(Path("\ud800")) == "'\\ud800' is not a valid file name"


def test_no_descriptor_stays_open(directory: Path) -> None:
    os.mkfifo(directory / "pipe")
    (directory / "file").write_bytes(b"0123456789")
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - names are enough
    refusal(directory / "file", 1)
    refusal(directory / "pipe")
    read_file(directory / "file", 10)
    assert len(os.listdir("/proc/self/fd")) == before  # noqa: PTH208 - as above


def test_a_file_is_rewritten_with_its_permissions(directory: Path) -> None:
    file = directory / "a.yaml"
    file.write_bytes(b"one\r\n")
    file.chmod(0o664)
    rewrite_file(file, b"one\r\n", b"\xef\xbb\xbftwo\n")
    assert file.read_bytes() == b"\xef\xbb\xbftwo\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o664
    assert list(directory.iterdir()) == [file]


@pytest.mark.parametrize("now", [b"", b"on", b"onE", b"one more"])
def test_a_file_that_was_changed_is_not_rewritten(directory: Path, now: bytes) -> None:
    file = directory / "a.yaml"
    file.write_bytes(now)
    with pytest.raises(UsageError, match="was changed after it was read"):
        rewrite_file(file, b"one", b"two")
    assert file.read_bytes() == now


def test_a_missing_file_and_a_folder_are_not_rewritten(directory: Path) -> None:
    for path, why in ((directory / "none", "No such file"), (directory, "is not a regular file")):
        with pytest.raises(UsageError, match=why):
            rewrite_file(path, b"", b"two")
    assert list(directory.iterdir()) == []
