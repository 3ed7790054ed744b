"""PyTorch with its fused Adam: "eager", or with the forward pass and the loss compiled: "compile"."""

import itertools

import torch
from torch import nn

from contestants.base import LEARNING_RATE, Array, Contestant


class Torch(Contestant):
    def __init__(self, sizes: tuple[int, ...], batch: int, compiled: bool) -> None:
        self.batch = batch
        layers = [layer for shape in itertools.pairwise(sizes) for layer in (nn.Linear(*shape), nn.ReLU())]
        self.model = nn.Sequential(*layers[:-1])
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=LEARNING_RATE, fused=True)
        self.loss = torch.compile(self.batch_loss) if compiled else self.batch_loss

    def batch_loss(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return nn.functional.cross_entropy(self.model(x), y)

    def load(self, x: Array, y: Array) -> None:
        self.inputs, self.labels = torch.from_numpy(x), torch.from_numpy(y)

    def train(self, epochs: int) -> None:
        for _ in range(epochs):
            for rows in torch.randperm(len(self.inputs)).split(self.batch):
                self.optimizer.zero_grad()
                self.loss(self.inputs[rows], self.labels[rows]).backward()
                self.optimizer.step()

    def predict(self, x: Array) -> Array:
        with torch.inference_mode():
            y: Array = self.model(torch.from_numpy(x)).softmax(dim=1).numpy()
        return y


def create(sizes: tuple[int, ...], batch: int, variant: str) -> Contestant:
    return Torch(sizes, batch, compiled=variant == "compile")
