"""The libraries that the benchmarks compare, one module each."""

import importlib
import importlib.util
from importlib import metadata
from typing import Any, NamedTuple

from contestants.base import Contestant


class Entry(NamedTuple):
    """Where a contestant is found."""

    module: str
    variant: str
    imports: tuple[str, ...]
    """The packages that a user's program needs."""

    def versions(self) -> dict[str, str]:
        """Their names as installed, with the versions."""
        distributions = metadata.packages_distributions()
        names = [name for package in self.imports for name in distributions.get(package, [package])]
        return {name: metadata.version(name) for name in names}


CONTESTANTS = {
    "ranvier": Entry("ranvier", "", ("ranvier",)),
    "numpy": Entry("numpy", "", ("numpy",)),
    "jax-scan": Entry("jax", "scan", ("jax",)),
    "jax-step": Entry("jax", "step", ("jax",)),
    "torch": Entry("torch", "eager", ("torch",)),
    "torch-compile": Entry("torch", "compile", ("torch",)),
    "keras-jax": Entry("keras", "jax", ("keras", "jax")),
    "keras-torch": Entry("keras", "torch", ("keras", "torch")),
    "keras-tensorflow": Entry("keras", "tensorflow", ("keras", "tensorflow")),
    "scikit-learn": Entry("sklearn", "", ("sklearn",)),
}


def available() -> dict[str, dict[str, str]]:
    """The contestants whose packages this interpreter can import, with their versions."""
    return {
        name: entry.versions()
        for name, entry in CONTESTANTS.items()
        if all(importlib.util.find_spec(package) for package in entry.imports)
    }


def create(
    name: str,
    sizes: tuple[int, ...],
    batch: int,
    image: dict[str, Any] | None = None,
    sequence: dict[str, Any] | None = None,
) -> Contestant:
    """The contestant's network, ready to train: of dense layers of these sizes, of convolutions, or of a sequence."""
    entry = CONTESTANTS[name]
    module = importlib.import_module(f"contestants.{entry.module}")
    contestant: Contestant
    if sequence is not None:
        contestant = module.create_sequence(
            sequence["kind"], (sequence["steps"], sequence["features"]), sizes, batch, entry.variant
        )
    elif image is None:
        contestant = module.create(sizes, batch, entry.variant)
    else:
        contestant = module.create_convolutional(image["shape"], image["blocks"], sizes[-1], batch, entry.variant)
    return contestant
