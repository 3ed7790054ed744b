"""Workloads of sequences, in the words that contestants are told them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ranvier.bench import Array, Workload


@dataclass(frozen=True)
class Sequences(Workload):
    """A classifier of sequences.

    `kind` is "lstm" or "gru", of which the last step goes to a dense layer, or "embedding", whose mean over the steps
    does. `features` are those of a step, or the indices that there are. `sizes` are units and classes.
    """

    kind: str = ""
    steps: int = 0
    features: int = 0

    def data(self) -> tuple[Array, Array]:
        """Normal features, float32 (rows, steps, features), or indices, int64 (rows, steps), and classes."""
        random = np.random.default_rng(0)
        if self.kind == "embedding":
            x: Array = random.integers(0, self.features, (self.rows, self.steps))
            return x, (x[:, 0] + x[:, -1]) % self.sizes[-1]
        x = random.standard_normal((self.rows, self.steps, self.features), dtype=np.float32)
        teacher = random.standard_normal((self.features, self.sizes[-1]), dtype=np.float32)
        return x, (x.mean(axis=1) @ teacher).argmax(axis=1)

    def told(self) -> dict[str, Any]:
        """What contestants are told besides the sizes."""
        return {"sequence": {"kind": self.kind, "steps": self.steps, "features": self.features}}


SEQUENCES = {
    workload.name: workload
    for workload in (
        Sequences("lstm-small", (64, 5), 32, 200 * 32, "lstm", 50, 16),
        Sequences("gru-small", (64, 5), 32, 200 * 32, "gru", 50, 16),
        Sequences("lstm-medium", (256, 5), 64, 16 * 64, "lstm", 100, 128),
        Sequences("embedding", (32, 2), 32, 200 * 32, "embedding", 100, 20_000),
    )
}
