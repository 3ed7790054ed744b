"""In which number type a layer keeps its weights, and in which it multiplies."""

from __future__ import annotations

from typing import Any

from ranvier import config
from ranvier._configurable import Configurable, from_description

POLICIES = {
    "float32": ("float32", "float32"),
    "float64": ("float64", "float64"),
    "mixed_bfloat16": ("bfloat16", "float32"),
}


class DTypePolicy(Configurable):
    """Number types of a layer: of its products, and of its weights.

    "mixed_bfloat16": the operands of dense products, forward and backward, are rounded to bfloat16 (8 significant bits,
    the range of float32) as they are multiplied. Sums, weights, gradients, the optimizer, all other layers and
    predictions stay float32, so nothing needs a loss scale. Processors with AMX multiply such numbers several times
    faster, those of AMD with AVX512-BF16 (Zen 4 and later) 1.6 times; all others compute the same bits at the speed of
    float32 or below (see docs/performance.md).

    Args:
        name: "float32", "float64" or "mixed_bfloat16"; None is `ranvier.config.floatx()`.

    Raises: ValueError for another name.

    >>> policy = DTypePolicy("mixed_bfloat16")
    >>> policy.compute_dtype, policy.variable_dtype
    ('bfloat16', 'float32')
    """

    def __init__(self, name: str | None = None) -> None:
        if name is None:
            name = config.floatx()
        if name not in POLICIES:
            try:
                name = config.standardize_dtype(name)
            except ValueError:
                expected = "'float32', 'float64' or 'mixed_bfloat16'"
                raise ValueError(f"[dtype] expected {expected}, got {name!r}") from None
        self._name = name

    @property
    def name(self) -> str:
        """Name of the policy."""
        return self._name

    @property
    def compute_dtype(self) -> str:
        """Number type of the operands of products."""
        return POLICIES[self._name][0]

    @property
    def variable_dtype(self) -> str:
        """Number type of the weights, of all sums and of the outputs."""
        return POLICIES[self._name][1]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DTypePolicy) and other.name == self.name

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f'<DTypePolicy "{self._name}">'


def get(identifier: Any) -> DTypePolicy:
    """A policy from its name, a number type, a policy, a serialized policy, or None: `ranvier.config.dtype_policy()`.

    Raises: ValueError for anything else.

    >>> get("float64")
    <DTypePolicy "float64">
    """
    if identifier is None:
        return config.dtype_policy()
    if isinstance(identifier, DTypePolicy):
        return identifier
    return deserialize(identifier) if isinstance(identifier, dict) else DTypePolicy(identifier)


def serialize(dtype_policy: DTypePolicy) -> dict[str, Any]:
    """A policy as JSON can hold it.

    >>> serialize(DTypePolicy("float32"))
    {'class_name': 'DTypePolicy', 'config': {'name': 'float32'}}
    """
    return {"class_name": "DTypePolicy", "config": dtype_policy.get_config()}


def deserialize(config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> DTypePolicy:
    """The policy that `serialize` wrote down.

    Args:
        config: what `serialize` returned.
        custom_objects: further classes by name.

    Raises: ValueError for an unknown class or policy.

    >>> deserialize({"class_name": "DTypePolicy", "config": {"name": "mixed_bfloat16"}})
    <DTypePolicy "mixed_bfloat16">
    """
    classes = {"DTypePolicy": DTypePolicy, "FloatDTypePolicy": DTypePolicy} | (custom_objects or {})
    policy: DTypePolicy = from_description(config, classes, "dtype_policies", "dtype policy")
    return policy
