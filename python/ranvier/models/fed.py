"""How models take data in: from whatever the user has to what the native trainer reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock, get_ident
from typing import TYPE_CHECKING, Any, cast

from ranvier.models.data import Data, take_inputs, take_targets
from ranvier.models.sizes import KEPT, SizedTrainer, keys_of
from ranvier.models.stream import Stream, StreamTrainer, is_stream

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import Array, Shape
    from ranvier.models.compiled import Compiled
    from ranvier.symbol import KerasTensor


class Fed:
    """A model's door: data on one side, a native trainer for them on the other, one thread at a time."""

    _inputs: list[KerasTensor]
    _dtype: str = "float32"
    _training_lock: Lock
    _training_thread: int | None = None

    @property
    def built(self) -> bool:
        """Whether the input shape is known and the weights exist."""
        raise NotImplementedError

    @property
    def input_names(self) -> list[str]:
        """What arrays are called in a dict of them."""
        raise NotImplementedError

    @property
    def output_names(self) -> list[str]:
        """Keys of `loss`, `metrics` and logs."""
        raise NotImplementedError

    @property
    def network(self) -> _core.Network:
        """The native network, made when first needed."""
        raise NotImplementedError

    def _row_shapes(self, data: list[Shape] | None = None) -> tuple[list[Shape], list[Shape]]:
        raise NotImplementedError

    def _wanted_shapes(self) -> list[Shape] | None:
        """Shapes of a row of each input, with None for sizes that are open; None where they are still to be learnt."""
        raise NotImplementedError

    def _network_at(self, shapes: Sequence[Shape]) -> _core.Network:
        """The native network for inputs of these shapes."""
        raise NotImplementedError

    def _see(self, inputs: Any) -> None:
        """Learns in what form inputs come, where the model can."""

    @property
    def _is_open(self) -> bool:
        raise NotImplementedError

    def _structured(self, outputs: list[Any]) -> Any:
        raise NotImplementedError

    def _build_for(self, shapes: list[Shape]) -> None:
        raise NotImplementedError

    def _require_compiled(self, where: str) -> Compiled:
        raise NotImplementedError

    def _input_names(self) -> list[str]:
        return self.input_names if self.built else ["x"]

    def _arrays(self, x: Any, where: str) -> list[Array]:
        self._see(x)
        arrays = take_inputs(where, "x", x, self._input_names(), self._wanted_shapes())
        self._build_for([array.shape[1:] for array in arrays])
        return arrays

    def _take(
        self, where: str, x: Any, y: Any, sample_weight: Any, class_weight: Mapping[Any, float] | None = None
    ) -> Data:
        self._see(x)
        arrays = take_inputs(where, "x", x, self._input_names(), self._wanted_shapes())
        _, shapes = self._row_shapes([array.shape[1:] for array in arrays])
        objectives = self._require_compiled(where).objectives
        return take_targets(where, arrays, y, sample_weight, class_weight, self.output_names, shapes, objectives)

    def _taken(
        self,
        where: str,
        x: Any,
        y: Any,
        sample_weight: Any,
        class_weight: Mapping[Any, float] | None,
        batch_size: int | None,
        most: int,
    ) -> Data | Stream:
        """Data in memory, or a stream of at most `most` batches (-1: any number)."""
        if not is_stream(x):
            return self._take(where, x, y, sample_weight, class_weight)
        for name, value in (("y", y), ("sample_weight", sample_weight), ("batch_size", batch_size)):
            if value is not None:
                raise ValueError(f"[{where}] x gives whole batches: {name} must be None, it is part of a batch")
        return Stream(where, x, lambda x, y, weight: self._take(where, x, y, weight, class_weight), most)

    def _trainer(self, compiled: Compiled, data: Data | Stream, inner: bool, streams: bool = False) -> _core.Trainer:
        binary = data.from_binary_labels

        def made(sizes: tuple[list[Shape], list[Shape]]) -> _core.Trainer:
            inputs, targets = sizes
            network = self._network_at(inputs)  # which also settles the number type
            if not compiled.has_loss and (compiled.has_metrics or not network.adds_losses):
                raise ValueError(
                    "[compile] the model was compiled without a loss"
                    + (", which metrics need" if network.adds_losses else ", and no layer adds one")
                    + ": call model.compile(optimizer, loss)"
                )
            outputs, kept = self._row_shapes(inputs)[1] if compiled.objectives else [], KEPT if self._is_open else 1
            return compiled.trainer(self, network, self._dtype, outputs, targets, binary, inner, kept)

        sizes = keys_of(data)
        own = cast("_core.Trainer", SizedTrainer(made, sizes)) if self._is_open else made(sizes)
        return cast("_core.Trainer", StreamTrainer(own)) if streams else own

    @contextmanager
    def _only_thread(self, where: str) -> Iterator[bool]:
        """Keeps other threads out; gives whether this one is inside already, called back from a pass."""
        inner = self._training_thread == get_ident()
        if not inner and not self._training_lock.acquire(blocking=False):
            raise RuntimeError(f"[{where}] another thread is training or evaluating this model: wait for it")
        if inner:
            yield True
            return
        self._training_thread = get_ident()
        try:
            yield False
        finally:
            self._training_thread = None
            self._training_lock.release()
