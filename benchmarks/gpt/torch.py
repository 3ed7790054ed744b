"""PyTorch with its fused Adam and its fused attention."""

import torch
from torch import nn

from contestants.base import LEARNING_RATE, Array
from gpt import Sizes


class Block(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        width = sizes.width
        self.heads = sizes.heads
        self.first, self.second = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.dense = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time, width = x.shape
        parts = self.qkv(self.first(x)).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(*parts.unbind(), is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(batch, time, width))
        return x + self.dense(self.second(x))


class Gpt(nn.Module):
    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.tokens = nn.Embedding(sizes.vocabulary, sizes.width)
        self.places = nn.Parameter(0.05 * torch.randn(sizes.time, sizes.width))
        self.blocks = nn.Sequential(*(Block(sizes) for _ in range(sizes.blocks)))
        self.norm, self.head = nn.LayerNorm(sizes.width), nn.Linear(sizes.width, sizes.vocabulary)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.blocks(self.tokens(x) + self.places)))


class Torch:
    def __init__(self, sizes: Sizes, batch: int) -> None:
        self.batch = batch
        self.model = Gpt(sizes)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE, fused=True)

    def load(self, x: Array, y: Array) -> None:
        self.x, self.y = torch.from_numpy(x), torch.from_numpy(y)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            for rows in torch.randperm(len(self.x)).split(self.batch):
                self.optimizer.zero_grad()
                nn.functional.cross_entropy(self.model(self.x[rows]).flatten(0, 1), self.y[rows].flatten()).backward()
                self.optimizer.step()


def create(sizes: Sizes, batch: int) -> Torch:
    return Torch(sizes, batch)
