"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SUFFIX = ".partial"


@contextmanager
def replacing(path: str | os.PathLike[str], overwrite: bool = True) -> Iterator[Path]:
    """Gives a name in a temporary folder beside `path`; what is written there takes its place at the end.

    Writers may keep temporary files of their own in that folder, as safetensors does. The file is synced to the disk
    before, so that after a crash there is the old file or the new one. If anything fails, the old file is as it was and
    the temporary folder is gone.

    Raises: FileExistsError if there is a file and `overwrite` is false; OSError where it cannot be written.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> with replacing(f"{folder.name}/note.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> Path(folder.name, "note.txt").read_text()
    'whole'
    >>> folder.cleanup()
    """
    target = Path(os.path.realpath(path))  # a link stays a link
    if target.is_dir():
        raise IsADirectoryError(f"[save] {str(path)!r} is a folder: give the name of a file")
    if target.exists() and not overwrite:
        raise FileExistsError(f"[save] {str(path)!r} exists already: give overwrite=True to replace it")
    if not target.parent.is_dir():
        raise FileNotFoundError(f"[save] there is no folder {str(target.parent)!r}: make it first")
    folder = target.with_name(f".{target.name}.{os.getpid()}-{secrets.token_hex(4)}{_SUFFIX}")
    folder.mkdir()
    try:
        temporary = folder / target.name
        yield temporary
        if target.exists():
            shutil.copymode(target, temporary)
        _sync(temporary, os.O_RDWR)
        temporary.replace(target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    sync_folder(target.parent)


def remove_leftovers(path: str | os.PathLike[str]) -> None:
    """Removes the temporary folders that processes which were killed have left beside `path`."""
    target = Path(os.path.realpath(path))
    for leftover in target.parent.glob(f".{target.name}.*{_SUFFIX}"):
        shutil.rmtree(leftover, ignore_errors=True)


def sync_folder(folder: Path) -> None:
    """Makes names in a folder durable, where the system can."""
    if os.name == "posix":
        _sync(folder, os.O_RDONLY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
