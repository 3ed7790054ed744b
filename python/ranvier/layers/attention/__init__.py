"""Layers that look at other places of a sequence."""

from ranvier.layers.attention.attention import AdditiveAttention, Attention
from ranvier.layers.attention.group_query_attention import GroupedQueryAttention, GroupQueryAttention
from ranvier.layers.attention.multi_head_attention import MultiHeadAttention

__all__ = ["AdditiveAttention", "Attention", "GroupQueryAttention", "GroupedQueryAttention", "MultiHeadAttention"]
