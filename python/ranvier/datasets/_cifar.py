"""What both sets of tiny images share (Krizhevsky, 2009): archives of pickled arrays, channels first."""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import numpy as np

from ranvier import config
from ranvier.datasets._files import unpickled
from ranvier.utils.file_utils import get_file

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ranvier._typing import Array


def read_parts(name: str, sha256: str, parts: Sequence[Sequence[str]], labels: str) -> list[tuple[Array, Array]]:
    """Images and classes of each part of `cifar-<name>-python.tar.gz`, which may be several files.

    Raises: OSError if it cannot be fetched.
    """
    path = get_file(
        f"cifar-{name}-{'batches-py' if name == '10' else 'python'}-target_archive",
        f"https://www.cs.toronto.edu/~kriz/cifar-{name}-python.tar.gz",
        file_hash=sha256,
    )
    with tarfile.open(path) as archive:
        files = {member.name.rsplit("/")[-1]: member for member in archive if member.isfile()}

        def read(file: str) -> tuple[Array, Array]:
            source = archive.extractfile(files[file])
            assert source is not None  # a file
            found = unpickled(source)
            return found[b"data"], np.asarray(found[labels.encode()], dtype=np.uint8)

        return [_joined([read(file) for file in part]) for part in parts]


def _joined(files: list[tuple[Array, Array]]) -> tuple[Array, Array]:
    x = np.concatenate([images for images, _ in files]).reshape(-1, 3, 32, 32)
    if config.image_data_format() == "channels_last":
        x = x.transpose(0, 2, 3, 1)
    return np.ascontiguousarray(x), np.concatenate([labels for _, labels in files])[:, None]
