"""Files are fetched once, kept whole, and never leave their folder."""

from __future__ import annotations

import hashlib
import io
import tarfile
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ranvier.utils import get_file

CONTENT = b"a,b\n1,2\n" * 1000
SHA256, MD5 = hashlib.sha256(CONTENT).hexdigest(), hashlib.md5(CONTENT).hexdigest()


class Site:
    """A server on this machine: what it has, and what it was asked for."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, bytes] = {"/data/rows.csv": CONTENT}
        self.asked: list[str] = []
        self.missing_bytes = 0  # promised, but not sent


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            made.asked.append(self.path)
            content = made.files.get(self.path.split("?")[0])
            if content is None:
                self.send_error(404)
                return
            self.send_response(200)
            self.send_header("Content-Length", str(len(content) + made.missing_bytes))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        made = Site(f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield made
        server.shutdown()
        thread.join()


def tar_of(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def zip_of(**files: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return packed.getvalue()


def test_a_file_is_fetched_once(site: Site, tmp_path: Path) -> None:
    for _ in range(2):
        found = Path(get_file(origin=f"{site.address}/data/rows.csv?version=2", cache_dir=tmp_path))
        assert found == tmp_path / "datasets" / "rows.csv"
        assert found.read_bytes() == CONTENT
    assert site.asked == ["/data/rows.csv?version=2"]
    get_file(origin=f"{site.address}/data/rows.csv?version=2", cache_dir=tmp_path, force_download=True)
    assert len(site.asked) == 2


def test_the_folder_is_that_of_keras(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    found = get_file("mine.csv", f"{site.address}/data/rows.csv", cache_subdir="sets/a")
    assert Path(found) == tmp_path / "home" / "sets" / "a" / "mine.csv"


@pytest.mark.parametrize(
    "right", [{"file_hash": SHA256}, {"file_hash": MD5.upper()}, {"md5_hash": MD5}], ids=["sha256", "md5", "older"]
)
def test_a_file_with_the_right_hash_is_kept(site: Site, tmp_path: Path, right: dict[str, str]) -> None:
    found = Path(get_file("rows.csv", f"{site.address}/data/rows.csv", cache_dir=tmp_path, **right))
    assert found.read_bytes() == CONTENT
    found.write_bytes(CONTENT[:-1])  # damaged since
    get_file("rows.csv", f"{site.address}/data/rows.csv", cache_dir=tmp_path, **right)
    assert found.read_bytes() == CONTENT
    assert len(site.asked) == 2


def test_a_file_that_cannot_be_had_leaves_nothing(site: Site, tmp_path: Path) -> None:
    target = tmp_path / "datasets" / "rows.csv"
    with pytest.raises(ValueError, match=f"does not have the sha256 {'0' * 64}: it was not kept"):
        get_file(origin=f"{site.address}/data/rows.csv", file_hash="0" * 64, cache_dir=tmp_path)
    with pytest.raises(OSError, match=f"404.*put it at {tmp_path / 'datasets' / 'none.csv'}"):
        get_file(origin=f"{site.address}/none.csv", cache_dir=tmp_path)
    with pytest.raises(OSError, match="cannot be had: unknown url type"):
        get_file("rows.csv", "nonsense", cache_dir=tmp_path)
    site.missing_bytes = 5
    with pytest.raises(OSError, match=r"ended after 8,000 of 8,005 bytes|IncompleteRead"):
        get_file(origin=f"{site.address}/data/rows.csv", cache_dir=tmp_path)
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("pack", [tar_of, zip_of])
def test_archives_are_unpacked(site: Site, tmp_path: Path, pack: Any) -> None:
    """Into the folders that Keras unpacks them into; once."""
    site.files["/flowers.tgz"] = pack(**{"flowers/rose.txt": b"red"})
    address, options = f"{site.address}/flowers.tgz", {"cache_dir": tmp_path, "extract": True}
    for fname, folder, archive in (
        (None, "flowers.tgz", "flowers.tgz_archive"),
        ("set", "set", "set_archive"),
        ("set.tar.gz", "set_extracted", "set.tar.gz"),
    ):
        for _ in range(2):
            found = Path(get_file(fname, address, **options))  # type: ignore[arg-type]
            assert found == tmp_path / "datasets" / folder
            assert (found / "flowers" / "rose.txt").read_bytes() == b"red"
        assert (tmp_path / "datasets" / archive).exists()
    assert len(site.asked) == 3


def test_archives_stay_in_their_folder(site: Site, tmp_path: Path) -> None:
    site.files["/evil.tgz"] = tar_of(**{"../../evil.txt": b"evil"})
    site.files["/torn.tgz"] = tar_of(**{"a.txt": bytes(range(256)) * 100})[:-200]
    site.files["/text.tgz"] = CONTENT
    for name, message in (
        ("evil.tgz", "cannot be unpacked: .*outside the destination"),
        ("torn.tgz", "cannot be unpacked|is no archive"),
        ("text.tgz", "is no archive of the kind tar or zip"),
    ):
        with pytest.raises(ValueError, match=message):
            get_file(origin=f"{site.address}/{name}", cache_dir=tmp_path, extract=True)
    assert not list(tmp_path.rglob("evil.txt"))
    assert {path.name for path in (tmp_path / "datasets").iterdir()} == {
        "evil.tgz_archive",
        "torn.tgz_archive",
        "text.tgz_archive",
    }


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"origin": None}, "expected the address of the file as origin"),
        ({"fname": "a/b.csv"}, "expected a file name without folders as fname, got 'a/b.csv'"),
        ({"fname": ".."}, "expected a file name without folders"),
        ({"file_hash": "12"}, "expected 32 digits of an MD5 or 64 of a SHA-256 as file_hash, got '12'"),
        ({"file_hash": MD5, "hash_algorithm": "sha256"}, "expected 32 digits"),
        ({"hash_algorithm": "crc"}, "hash_algorithm must be one of 'auto', 'sha256', 'md5'; got 'crc'"),
        ({"extract": True, "archive_format": "rar"}, "archive_format must be one of 'tar', 'zip'; got 'rar'"),
    ],
    ids=str,
)
def test_bad_arguments(site: Site, tmp_path: Path, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        get_file(**{"origin": f"{site.address}/data/rows.csv", "cache_dir": tmp_path} | arguments)
