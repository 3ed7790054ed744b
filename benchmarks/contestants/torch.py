"""PyTorch with its fused Adam: "eager", or with the forward pass and the loss compiled: "compile"."""

import itertools
from typing import Any

import torch
from torch import nn

from contestants.base import LEARNING_RATE, Array, Contestant


class Torch(Contestant):
    def __init__(self, layers: list[nn.Module], batch: int, compiled: bool) -> None:
        self.batch = batch
        self.model = nn.Sequential(*layers)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE, fused=True)
        self.loss = torch.compile(self.batch_loss) if compiled else self.batch_loss

    def logits(self, x: torch.Tensor) -> torch.Tensor:
        return self.model(x)

    def batch_loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(self.logits(x), y)

    def load(self, x: Array, y: Array) -> None:
        self.inputs, self.labels = self.tensor(x), torch.from_numpy(y)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            for rows in torch.randperm(len(self.inputs)).split(self.batch):
                self.optimizer.zero_grad()
                self.loss(self.inputs[rows], self.labels[rows]).backward()
                self.optimizer.step()

    def predict(self, x: Array) -> Array:
        with torch.inference_mode():
            y: Array = self.logits(self.tensor(x)).softmax(dim=1).numpy()
        return y

    @staticmethod
    def tensor(x: Array) -> torch.Tensor:
        """The same memory; channels, which are last in it, are the second axis to PyTorch."""
        rows = torch.from_numpy(x)
        return rows.permute(0, 3, 1, 2) if rows.ndim == 4 else rows


def create(sizes: tuple[int, ...], batch: int, variant: str) -> Contestant:
    layers = [layer for shape in itertools.pairwise(sizes) for layer in (nn.Linear(*shape), nn.ReLU())]
    return Torch(layers[:-1], batch, compiled=variant == "compile")


def create_convolutional(shape: list[int], blocks: list[Any], classes: int, batch: int, variant: str) -> Contestant:
    layers: list[nn.Module] = []
    (height, width, channels) = shape
    for filters, padding, normalized, halved in blocks:
        layers += [nn.Conv2d(channels, filters, 3, padding=padding)]
        layers += [nn.BatchNorm2d(filters)] if normalized else []
        layers += [nn.ReLU(), *([nn.MaxPool2d(2)] if halved else [])]
        cut, channels = 2 if padding == "valid" else 0, filters
        height, width = ((size - cut) // (2 if halved else 1) for size in (height, width))
    layers += [nn.Flatten(), nn.Linear(channels * height * width, classes)]
    made = Torch(layers, batch, compiled=variant == "compile")
    made.model.to(memory_format=torch.channels_last)  # as PyTorch's guide to performance says for images
    return made


class Recurrent(Torch):
    def logits(self, x: torch.Tensor) -> torch.Tensor:
        recurrent, dense = self.model
        return dense(recurrent(x)[0][:, -1])


def create_sequence(kind: str, shape: tuple[int, int], sizes: tuple[int, ...], batch: int, variant: str) -> Contestant:
    units, classes = sizes
    if kind == "embedding":
        first, contestant = nn.EmbeddingBag(shape[1], units, mode="mean"), Torch
    else:
        first, contestant = getattr(nn, kind.upper())(shape[1], units, batch_first=True), Recurrent
    return contestant([first, nn.Linear(units, classes)], batch, compiled=variant == "compile")
