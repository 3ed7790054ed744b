"""Files that are fetched once and kept."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ranvier.errors import one_of
from ranvier.utils.progress import say, tqdm_class

_CHUNK = 1 << 20
_SECONDS = 30  # without a byte


def get_file(
    fname: str | os.PathLike[str] | None = None,
    origin: str | None = None,
    untar: bool = False,
    md5_hash: str | None = None,
    file_hash: str | None = None,
    cache_subdir: str | os.PathLike[str] = "datasets",
    hash_algorithm: str = "auto",
    extract: bool = False,
    archive_format: str | Sequence[str] | None = "auto",
    cache_dir: str | os.PathLike[str] | None = None,
    force_download: bool = False,
) -> str:
    """Fetches a file, unless it is there already, and returns where it is.

    The folder is that of Keras, so what Keras has fetched is found. A file appears under its name only when it is whole
    and its hash is right.

    Args:
        fname: name of the file; by default the last part of the address. Of an archive that is extracted, the folder,
            if it has no extension.
        origin: address: http, https or file.
        untar: older spelling of `extract=True, archive_format="tar"`.
        md5_hash: older spelling of `file_hash` with `hash_algorithm="md5"`.
        file_hash: hexadecimal digest that the file must have.
        cache_subdir: folder in `cache_dir`, or an absolute path.
        hash_algorithm: "sha256", "md5" or "auto", by the length of the digest.
        extract: whether to unpack the archive; then the folder is returned.
        archive_format: "tar" (also compressed), "zip", a list of them, or "auto", which tries both.
        cache_dir: by default the environment's KERAS_HOME, or `~/.keras`; where that cannot be written, a folder for
            temporary files.
        force_download: whether to fetch it again.

    Raises: ValueError for arguments that do not fit, a wrong hash, or an archive that is none; OSError if the file
        cannot be had: then put it there yourself.

    >>> from pathlib import Path
    >>> folder = getfixture("tmp_path")
    >>> _ = (folder / "rows.csv").write_text("1,2")
    >>> Path(get_file(origin=(folder / "rows.csv").as_uri(), cache_dir=folder / "cache")).read_text()
    Downloading rows.csv from file://...
    '1,2'
    """
    if origin is None:
        raise ValueError("[get_file] expected the address of the file as origin")
    if md5_hash is not None and file_hash is None:
        file_hash, hash_algorithm = md5_hash, "md5"
    digest = _digest(file_hash, hash_algorithm)
    name = str(fname) if fname else PurePosixPath(origin.split("?")[0]).name
    if not name or name in (".", "..") or Path(name).name != name:
        raise ValueError(f"[get_file] expected a file name without folders as fname, got {name!r}")
    folder = _home(cache_dir) / cache_subdir
    folder.mkdir(parents=True, exist_ok=True)
    target, unpacked = folder / name, folder / name
    if extract or untar:
        if fname and "." in name:
            unpacked = folder / f"{name[: name.index('.')]}_extracted"
        else:
            target = folder / f"{name}_archive"

    fetched = force_download or not target.exists()
    if not fetched and digest is not None and not _has_digest(target, digest):
        say(f"{target} is not the file that was expected: it is fetched again")
        fetched = True
    if fetched:
        _fetch(origin, target, digest)
    if not (extract or untar):
        return str(target)
    if fetched or not unpacked.exists():
        _unpack(target, unpacked, "tar" if untar else archive_format)
    return str(unpacked)


def _home(cache_dir: str | os.PathLike[str] | None) -> Path:
    given = cache_dir or os.environ.get("KERAS_HOME")
    home = Path(given).expanduser() if given else Path.home() / ".keras"
    with suppress(OSError):
        home.mkdir(parents=True, exist_ok=True)
    return home if os.access(home, os.W_OK) else Path(tempfile.gettempdir()) / ".keras"


def _digest(file_hash: str | None, algorithm: str) -> tuple[str, str] | None:
    one_of("get_file", "hash_algorithm", algorithm, ("auto", "sha256", "md5"))
    if file_hash is None:
        return None
    if algorithm == "auto":
        algorithm = {32: "md5", 64: "sha256"}.get(len(file_hash), "")
    if len(file_hash) != {"md5": 32, "sha256": 64}.get(algorithm):
        raise ValueError(f"[get_file] expected 32 digits of an MD5 or 64 of a SHA-256 as file_hash, got {file_hash!r}")
    return algorithm, file_hash.lower()


def _has_digest(path: Path, digest: tuple[str, str]) -> bool:
    found = hashlib.new(digest[0])
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            found.update(chunk)
    return found.hexdigest() == digest[1]


def _fetch(origin: str, target: Path, digest: tuple[str, str] | None) -> None:
    from urllib.request import urlopen  # slow to import

    say(f"Downloading {target.name} from {origin}")
    handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            try:
                with urlopen(origin, timeout=_SECONDS) as source:
                    _copy(source, file)
            except (OSError, ValueError) as error:  # ValueError: not an address
                raise OSError(
                    f"[get_file] {origin} cannot be had: {error}. Fetch it by other means and put it at {target}"
                ) from error
        if digest is not None and not _has_digest(Path(temporary), digest):
            raise ValueError(
                f"[get_file] what {origin} sent does not have the {digest[0]} {digest[1]}: it was not kept"
            )
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _copy(source: Any, file: IO[bytes]) -> None:
    length = source.headers.get("Content-Length")
    total = int(length) if length else None
    done = 0
    with tqdm_class()(total=total, unit="B", unit_scale=True, leave=False, disable=None) as bar:
        while chunk := source.read(_CHUNK):
            file.write(chunk)
            done += len(chunk)
            bar.update(len(chunk))
    if total is not None and done != total:
        raise OSError(f"it ended after {done:,} of {total:,} bytes")


def _unpack(archive: Path, folder: Path, formats: str | Sequence[str] | None) -> None:
    tried = ("tar", "zip") if formats == "auto" else (formats,) if isinstance(formats, str) else tuple(formats or ())
    for format in tried:
        one_of("get_file", "archive_format", format, ("tar", "zip"))
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.") as temporary:
        new = Path(temporary) / "new"
        try:
            if "tar" in tried and tarfile.is_tarfile(archive):
                with tarfile.open(archive) as tar:
                    tar.extractall(new, filter="data")  # nothing outside of the folder, no devices
            elif "zip" in tried and zipfile.is_zipfile(archive):
                with zipfile.ZipFile(archive) as packed:
                    packed.extractall(new)
            else:
                raise ValueError(f"[get_file] {archive} is no archive of the kind {' or '.join(tried) or 'None'}")
        except (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error) as error:
            raise ValueError(f"[get_file] {archive} cannot be unpacked: {error}") from error
        if folder.exists():
            shutil.rmtree(folder)
        new.replace(folder)
