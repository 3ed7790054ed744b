"""What `compile` was told, sorted by output, and the native trainer it makes."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ranvier import config, losses, metrics, optimizers
from ranvier.errors import nearest
from ranvier.losses import Loss
from ranvier.metrics import MeanMetricWrapper, Metric
from ranvier.models.observed import ObservedTrainer, Observer
from ranvier.models.sizes import Latest

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Shape

# Names that mean a different metric for each form of output and targets.
_ACCURACY = ("accuracy", "acc")
_CROSSENTROPY = ("crossentropy", "ce")


class Objective:
    """What is asked of one output: a loss, its weight, and metrics with their names in logs."""

    def __init__(self, name: str, loss: Loss, weight: float, wanted: list[Any], weighted: list[Any]) -> None:
        self.name = name
        self.loss = loss
        self.weight = weight
        self._wanted = [_early(metric) for metric in wanted]
        self._weighted = [_early(metric) for metric in weighted]
        self.metrics: list[Metric] = []
        self.weighted_metrics: list[Metric] = []
        self.labels: list[str] = []

    @property
    def _all(self) -> list[tuple[str, Any]]:
        return [*self._wanted, *self._weighted]

    @property
    def indexed(self) -> bool:
        """Whether a metric takes targets for class indices."""
        metrics = [metric for _, metric in self._all if isinstance(metric, Metric)]
        return any(metric.sparse and not metric.any_labels for metric in metrics)

    @property
    def needs_targets(self) -> bool:
        """Whether something is recorded with targets of one shape: a loss or a metric written in Python."""
        return self.loss.is_traced or any(isinstance(one, MeanMetricWrapper) for _, one in self._all)

    def resolve(self, shape: Shape) -> None:
        """Chooses the metrics that depend on the output's shape; the first time only."""
        if self.labels or not (self._wanted or self._weighted):
            return
        self.metrics = [_resolved(metric, shape, self.loss.sparse) for _, metric in self._wanted]
        self.weighted_metrics = [_resolved(metric, shape, self.loss.sparse) for _, metric in self._weighted]
        plain = [label for label, _ in self._wanted]
        weighted = [f"weighted_{label}" if label in plain else label for label, _ in self._weighted]
        self.labels = _numbered(plain + weighted)


def _early(wanted: Any) -> tuple[str, Any]:
    # Unknown names must be errors of compile, not of fit.
    if isinstance(wanted, str) and wanted.lower() in (*_ACCURACY, *_CROSSENTROPY):
        return wanted, wanted.lower()
    metric = metrics.as_metric(wanted, "compile")
    axis = getattr(metric, "axis", -1)
    if axis != -1:
        raise ValueError(f"[compile] {metric.name} is gathered along the last axis only, got axis={axis}")
    return (wanted if isinstance(wanted, str) else metric.name), metric


def _resolved(wanted: Any, shape: Shape, sparse: bool) -> Metric:
    if isinstance(wanted, Metric):
        return wanted
    form = "binary" if shape[-1] == 1 else "sparse_categorical" if sparse else "categorical"
    return metrics.get(f"{form}_{'accuracy' if wanted in _ACCURACY else 'crossentropy'}")


def _numbered(labels: list[str]) -> list[str]:
    seen: dict[str, int] = {}
    unique = []
    for label in labels:
        number = seen[label] = seen.get(label, -1) + 1
        unique.append(f"{label}_{number}" if number else label)
    return unique


class _Made:
    # A native trainer of a network, and each metric with the native one that the trainer fills.

    def __init__(
        self,
        network: _core.Network,
        trainer: _core.Trainer,
        metrics: list[tuple[Metric, _core.Metric | None]],
        dtype: str,
    ) -> None:
        self._network = network
        self.trainer = trainer
        self._metrics = metrics
        self._dtype = dtype

    def follow(self) -> None:
        for metric, native in self._metrics:
            if native is not None:
                metric.follow(native, self._dtype)


class Compiled:
    """The optimizer, and an objective for each output.

    Args:
        names: of the outputs.
        optimizer, loss, loss_weights, metrics, weighted_metrics: see `Model.compile`.

    Raises: ValueError and TypeError for what is unknown or does not match the outputs.
    """

    def __init__(
        self, names: Sequence[str], optimizer: Any, loss: Any, loss_weights: Any, metrics: Any, weighted_metrics: Any
    ) -> None:
        self.output_names = list(names)
        self.optimizer = optimizers.as_optimizer(optimizer, "compile")
        self.has_loss = loss is not None
        self.has_metrics = bool(metrics or weighted_metrics)
        chosen = _each("loss", loss, names, shared=True)
        weights = (
            [1.0] * len(names) if loss_weights is None else _each("loss_weights", loss_weights, names, shared=False)
        )
        wanted = _lists("metrics", metrics, names)
        weighted = _lists("weighted_metrics", weighted_metrics, names)
        for name, one in zip(names, chosen, strict=True):
            if one is None and self.has_loss:
                raise ValueError(f"[compile] loss is missing for the output '{name}': every output needs one")
        self.objectives = [
            Objective(name, _last_axis(losses.as_loss(one)), _weight(name, weight), plain, extra)
            for name, one, weight, plain, extra in zip(names, chosen, weights, wanted, weighted, strict=True)
            if one is not None
        ]
        self.names: list[str] = []
        self._order: list[int] = []
        self._finishers: list[Any] = []
        # By whether they run inside another pass; for a model of open sizes the latest.
        self._trainers: dict[bool, Latest[_Made]] = {False: Latest(), True: Latest()}

    @property
    def losses(self) -> list[Loss]:
        """The loss of each output."""
        return [objective.loss for objective in self.objectives]

    @property
    def metrics(self) -> list[Metric]:
        """All metrics, once the output shapes are known."""
        return [metric for o in self.objectives for metric in (*o.metrics, *o.weighted_metrics)]

    def trainer(
        self,
        owner: object,
        network: _core.Network,
        dtype: str,
        shapes: Sequence[Shape],
        targets: Sequence[Shape],
        binary: tuple[bool, ...],
        inner: bool,
        kept: int,
    ) -> _core.Trainer:
        """The native trainer of a network, kept while nothing changes.

        Args:
            owner: the model that the optimizer serves.
            network: what is trained.
            dtype: its number type.
            shapes: of a row of each output.
            targets: of a row of the targets of each.
            binary: see `Data.from_binary_labels`.
            inner: whether it runs inside a pass of the other one, from a callback, and so has metrics of its own.
            kept: how many trainers, of the latest networks.
        """
        own = [tuple(shape) if o.needs_targets else None for o, shape in zip(self.objectives, targets, strict=True)]
        key = (id(network), binary, tuple(own))  # what is made keeps the network, so that no other has its id
        made = self._trainers[inner].get(
            key, lambda: self._made(owner, network, dtype, shapes, targets, binary, inner), kept
        )
        if not inner:
            made.follow()
        return made.trainer

    def _made(
        self,
        owner: object,
        network: _core.Network,
        dtype: str,
        shapes: Sequence[Shape],
        targets: Sequence[Shape],
        binary: tuple[bool, ...],
        inner: bool,
    ) -> _Made:
        for objective, shape in zip(self.objectives, shapes, strict=True):
            objective.resolve(shape)
        rows: list[tuple[Any, ...]] = list(zip(self.objectives, binary, targets, shapes, strict=True))

        def natives(metrics: list[Metric], *row: Any) -> list[_core.Metric | None]:
            return [metric.native_for(dtype, *row) for metric in metrics]

        plain = [natives(o.metrics, *row) for o, *row in rows]
        weighted = [natives(o.weighted_metrics, *row) for o, *row in rows]
        in_order = [native for pair in zip(plain, weighted, strict=True) for part in pair for native in part]
        self._name_results([native is not None for native in in_order])
        trainer = config.scalars(dtype).Trainer(
            network,
            [o.loss.native_for(dtype, *row) for o, *row in rows],
            [o.weight for o in self.objectives],
            [[native for native in part if native is not None] for part in plain],
            [[native for native in part if native is not None] for part in weighted],
            self.optimizer.native_for(owner, dtype),
        )
        if None in in_order:
            trainer = self._observed(trainer, in_order, inner)
        return _Made(network, trainer, list(zip(self.metrics, in_order, strict=True)), dtype)

    def _observed(self, trainer: _core.Trainer, natives: list[_core.Metric | None], inner: bool) -> _core.Trainer:
        observers: list[Observer | None] = []
        for output, objective in enumerate(self.objectives):
            for weighted, chosen in ((False, objective.metrics), (True, objective.weighted_metrics)):
                for metric in chosen:
                    observed = natives[len(observers)] is None
                    own = copy.deepcopy(metric) if inner and observed else metric
                    observers.append(Observer(own, output, objective.loss.sparse, weighted) if observed else None)
        return cast("_core.Trainer", ObservedTrainer(trainer, observers))

    def _name_results(self, native: list[bool]) -> None:
        # Native results: the total, each output's loss, then the metrics output by output.
        several = len(self.objectives) > 1
        first = 1 + len(self.objectives)
        order = [0, *(range(1, first) if several else ())]
        names = ["loss", *(f"{o.name}_loss" for o in self.objectives if several)]
        finishers: list[Any] = [None] * len(names)
        for objective in self.objectives:
            names += [f"{objective.name}_{label}" if several else label for label in objective.labels]
        finishers += [metric.finish if own else None for metric, own in zip(self.metrics, native, strict=True)]
        self.names = names
        self._order = order + list(range(first, first + len(self.metrics)))
        self._finishers = finishers

    def values(self, results: list[Any]) -> list[Any]:
        """What is reported, in the order of `names`."""
        return [
            results[i] if finish is None else finish(results[i])
            for i, finish in zip(self._order, self._finishers, strict=True)
        ]

    def logs(self, results: list[Any], prefix: str = "") -> dict[str, Any]:
        """What is reported, by name, in alphabetical order as Keras prints it."""
        named = zip(self.names, self.values(results), strict=True)
        return {prefix + name: value for name, value in sorted(named)}


def _each(argument: str, value: Any, names: Sequence[str], shared: bool) -> list[Any]:
    if isinstance(value, Mapping) and "class_name" not in value:
        for key in value:
            if key not in names:
                hint = f"; did you mean '{found}'?" if (found := nearest(str(key), names)) else ""
                raise ValueError(f"[compile] {argument} names the output {key!r}{hint} Outputs: {', '.join(names)}")
        return [value.get(name) for name in names]
    if isinstance(value, list | tuple):
        if len(value) != len(names):
            raise ValueError(f"[compile] {argument} must hold an item for each output, {list(names)}, got {len(value)}")
        return list(value)
    if shared or len(names) == 1:
        return [value] * len(names)
    raise ValueError(f"[compile] {argument} must be a list or dict for the outputs {list(names)}, got {value!r}")


def _lists(argument: str, value: Any, names: Sequence[str]) -> list[list[Any]]:
    if value is None:
        return [[] for _ in names]
    if len(names) == 1 and isinstance(value, list | tuple):
        if len(value) == 1 and isinstance(value[0], list | tuple):
            value = value[0]
        return [list(value)]
    items = _each(argument, value, names, shared=False)
    return [[] if item is None else list(item) if isinstance(item, list | tuple) else [item] for item in items]


def _weight(name: str, weight: Any) -> float:
    if weight is None:
        return 1.0
    if isinstance(weight, bool) or not hasattr(weight, "__float__") or not float(weight) >= 0:
        raise ValueError(f"[compile] the loss weight of '{name}' must be a number of at least 0, got {weight!r}")
    return float(weight)


def _last_axis(loss: Loss) -> Loss:
    axis = getattr(loss, "axis", -1)
    if axis != -1 and not loss.whole_batch:
        raise ValueError(f"[compile] {loss.name} is trained along the last axis only, got axis={axis}")
    return loss
