from __future__ import annotations

from typing import Any

from ranvier.layers.layer import Layer


class AttentionCore(Layer):
    """The part of attention without weights: y = dropout(softmax(scale q k^T)) v.

    Args:
        settings: what the native layer is told; see cpp/src/layers/attention.cpp.
        **kwargs: those of `Layer`.
    """

    kind = "attention"
    supports_masking = True
    merges = True

    def __init__(self, settings: dict[str, Any], **kwargs: Any) -> None:
        self.settings = dict(settings)
        super().__init__(**kwargs)

    def native_config(self) -> dict[str, Any]:
        return self.settings

    def compute_mask(self, inputs: Any, previous_mask: Any) -> Any:
        return None
