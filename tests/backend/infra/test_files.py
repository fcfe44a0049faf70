"""Files in a folder: the same bytes are kept once, whole or not at all."""

from __future__ import annotations

import hashlib
import io

import pytest

from backend.infra.files import FolderFiles
from backend.kernel.errors import NotFound


class Broken(io.BytesIO):
    """A stream that ends in the middle."""

    def read(self, size: int | None = -1) -> bytes:
        if self.tell():
            raise ConnectionResetError
        return super().read(10)


@pytest.fixture
def files(tmp_path):
    return FolderFiles(tmp_path / "files")


def kept(files):
    return [one for one in files.folder.rglob("*") if one.is_file()]


def test_a_file_is_found_again_under_the_hash_of_its_bytes(files):
    sha256 = files.put(b"a certificate")
    assert sha256 == hashlib.sha256(b"a certificate").hexdigest()
    assert files.size(sha256) == 13 and files.exists(sha256)
    with files.open(sha256) as file:
        assert file.read() == b"a certificate"


def test_the_same_bytes_are_kept_once_however_they_come(files):
    assert files.put(b"x" * 3_000_000) == files.put(io.BytesIO(b"x" * 3_000_000))
    assert len(kept(files)) == 1


def test_a_stream_that_breaks_off_leaves_nothing_behind(files):
    with pytest.raises(ConnectionResetError):
        files.put(Broken(b"half a photograph"))
    assert kept(files) == []


@pytest.mark.parametrize("name", ["0" * 64, "../../etc/passwd", "", "A" * 64])
def test_what_is_not_kept_is_not_found(files, name):
    with pytest.raises(NotFound):
        files.open(name)
    with pytest.raises(NotFound):
        files.size(name)
