"""Training, evaluation and prediction, as every model offers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ranvier.callbacks import CallbackList, History
from ranvier.models import loop
from ranvier.models.compiled import Compiled
from ranvier.models.fed import Fed
from ranvier.models.run import Run
from ranvier.models.sizes import Latest
from ranvier.models.stream import Stream, each_batch, is_stream, parts
from ranvier.random import draw_seed
from ranvier.utils.progress import make_progress

if TYPE_CHECKING:
    from ranvier import _core
    from ranvier._typing import ArrayLike, Shape
    from ranvier.callbacks import Callback
    from ranvier.metrics import Metric
    from ranvier.models.data import Data
    from ranvier.optimizers import Optimizer

_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)


class Training(Fed):
    """What a model does with data. `Model` adds what it is made of."""

    name: str
    stop_training: bool
    history: History | None
    _run: Run | None = None  # the `fit` that runs
    _many_outputs: bool
    _compiled: Compiled | None = None
    _compile_arguments: Mapping[str, Any] = {}
    _network: _core.Network | None = None
    _sizes: Latest[Any]
    # What one-row predict needs, in as few steps as Python allows.
    _fast_shape: Shape | None = None
    _fast_predict: Any = None

    def _forget_network(self) -> None:
        self._network = self._fast_shape = self._fast_predict = None
        self._sizes.clear()

    def compile(
        self,
        optimizer: Any = "rmsprop",
        loss: Any = None,
        loss_weights: Any = None,
        metrics: Any = None,
        weighted_metrics: Any = None,
        run_eagerly: bool = False,
        steps_per_execution: int = 1,
        jit_compile: bool | str = "auto",
        auto_scale_loss: bool = True,
    ) -> None:
        """Says how the model is to be trained.

        Args:
            optimizer: a name, a class or an `Optimizer`.
            loss: a name, a function of `ranvier.losses`, one of your own written with `ranvier.ops`, or a `Loss`; for
                several outputs a list or a dict by output, or one for all. None if layers add all of it (`add_loss`):
                then no targets are needed.
            loss_weights: factors of the losses in their sum: a list, or a dict by output.
            metrics: names, functions or `Metric` objects; "accuracy" becomes the one that suits the output. For
                several outputs a list of lists, or a dict by output.
            weighted_metrics: the same, weighted by `sample_weight` and `class_weight`.
            run_eagerly: accepted for compatibility; there is one way to run, and it is native.
            steps_per_execution: likewise.
            jit_compile: likewise.
            auto_scale_loss: likewise.

        Raises: ValueError for unknown names, with the nearest valid one; TypeError for other kinds of objects.
        """
        names = self._names_to_compile(loss)
        self._compiled = Compiled(names, optimizer, loss, loss_weights, metrics, weighted_metrics)
        self._compile_arguments = {
            "loss": loss,
            "loss_weights": loss_weights,
            "metrics": metrics,
            "weighted_metrics": weighted_metrics,
        }

    def _names_to_compile(self, loss: Any) -> list[str]:
        # A model with a method `call` knows its outputs only when it is built: until then those that loss speaks of.
        if self.output_names:
            return self.output_names
        if isinstance(loss, Mapping) and "class_name" not in loss:
            return [str(name) for name in loss]
        return [f"output_{i}" for i in range(len(loss))] if isinstance(loss, list | tuple) else ["output"]

    def _name_outputs(self) -> None:
        """Compiles a model again whose outputs have got other names than it was compiled with."""
        if self._compiled is not None and self._compiled.output_names != self.output_names:
            told = {**self._compile_arguments, "optimizer": self._compiled.optimizer}
            self._compiled.__init__(self.output_names, **told)  # type: ignore[misc]  # whoever holds it goes on with it

    def _require_compiled(self, where: str) -> Compiled:
        if self._compiled is None:
            raise ValueError(f"[{where}] the model is not compiled: call model.compile(optimizer, loss) first")
        return self._compiled

    @property
    def optimizer(self) -> Optimizer | None:
        """The optimizer, once compiled."""
        return None if self._compiled is None else self._compiled.optimizer

    @property
    def loss(self) -> Any:
        """The loss, or the list of them, once compiled."""
        if self._compiled is None or not self._compiled.has_loss:
            return None
        return self._compiled.losses if len(self._compiled.losses) > 1 else self._compiled.losses[0]

    @property
    def metrics(self) -> list[Metric]:
        """The metrics, once the model has seen data."""
        return [] if self._compiled is None else self._compiled.metrics

    @property
    def metrics_names(self) -> list[str]:
        """Names of what `evaluate` returns, in its order."""
        return [] if self._compiled is None else list(self._compiled.names)

    def fit(
        self,
        x: ArrayLike = None,
        y: ArrayLike = None,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: Sequence[Any] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | None = None,
        sample_weight: ArrayLike = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
    ) -> History:
        """Trains for a number of epochs and returns what happened in each.

        Data may be arrays of any number type and order, memory maps, lists, data frames, sparse rows of SciPy or arrays
        of other libraries, and are never copied whole; or come in batches, fetched by a thread.
        Ctrl-C stops between batches; the model stays usable and `model.history` keeps the epochs that were complete.

        Args:
            x: inputs (rows, ...); for several inputs a list, or a dict by name. Or a generator, another iterable, or a
                `PyDataset`, of batches (x, y) or (x, y, sample_weight).
            y: targets (rows, ...); for several outputs a list, or a dict by name.
            batch_size: rows a step; 32 by default.
            epochs: number of the last epoch.
            verbose: 0 is silent, 1 a live bar, 2 a line an epoch; "auto" is 1 in a terminal or notebook, otherwise 2.
            callbacks: what to call at the ends of epochs and batches.
            validation_split: fraction of rows, the last ones, to validate on instead of training on them.
            validation_data: (x, y) or (x, y, sample_weight) to validate on, or batches as for x.
            shuffle: whether each epoch takes the rows, or the batches of a `PyDataset`, in an order of its own.
            class_weight: a weight for each class, as a dict.
            sample_weight: a weight for each row.
            initial_epoch: number of epochs that are already done.
            steps_per_epoch: batches an epoch at most.
            validation_steps: batches of validation at most.
            validation_batch_size: rows a batch of validation; by default `batch_size`.
            validation_freq: validate every so many epochs, or after those listed, counting from 1.

        Raises: ValueError and TypeError for data that do not fit, before anything changes; NonFiniteLossError if the
            loss becomes NaN or infinite, the weights then being finite.
        """
        return self._prepared_fit(
            x,
            y,
            batch_size=batch_size,
            epochs=epochs,
            verbose=verbose,
            callbacks=callbacks,
            validation_split=validation_split,
            validation_data=validation_data,
            shuffle=shuffle,
            class_weight=class_weight,
            sample_weight=sample_weight,
            initial_epoch=initial_epoch,
            steps_per_epoch=steps_per_epoch,
            validation_steps=validation_steps,
            validation_batch_size=validation_batch_size,
            validation_freq=validation_freq,
        )()

    def _prepared_fit(
        self,
        x: ArrayLike = None,
        y: ArrayLike = None,
        *,
        batch_size: int | None = None,
        epochs: int = 1,
        verbose: int | str = "auto",
        callbacks: Sequence[Callback] | Callback | None = None,
        validation_split: float = 0.0,
        validation_data: Sequence[Any] | None = None,
        shuffle: bool = True,
        class_weight: Mapping[Any, float] | None = None,
        sample_weight: ArrayLike = None,
        initial_epoch: int = 0,
        steps_per_epoch: int | None = None,
        validation_steps: int | None = None,
        validation_batch_size: int | None = None,
        validation_freq: int | Sequence[int] = 1,
        seed: int | None = None,
    ) -> Callable[[], History]:
        """All of `fit` that checks and draws; what it returns trains. `seed`: instead of one that is drawn."""
        compiled = self._require_compiled("fit")
        options = loop.Options(
            batch_size=count("fit", "batch_size", batch_size, 32),
            epochs=count("fit", "epochs", epochs, least=0),
            initial_epoch=count("fit", "initial_epoch", initial_epoch, least=0),
            steps=count("fit", "steps_per_epoch", steps_per_epoch, -1),
            validation_steps=count("fit", "validation_steps", validation_steps, -1),
            validation_batch_size=count("fit", "validation_batch_size", validation_batch_size, batch_size or 32),
            validation_freq=validation_freq,
            shuffle=bool(shuffle),
        )
        progress = make_progress("fit", verbose)
        history = History()
        most = -1 if options.steps < 0 else options.steps * max(0, options.epochs - options.initial_epoch)
        data = self._taken("fit", x, y, sample_weight, class_weight, batch_size, most)
        validation = None
        if validation_data is not None:
            where = "fit, validation_data"
            given = (validation_data, None, None) if is_stream(validation_data) else validation_parts(validation_data)
            validation = self._taken(where, given[0], given[1], given[2], None, validation_batch_size, -1)
        elif validation_split:
            if isinstance(data, Stream):
                raise ValueError("[fit] validation_split needs arrays: give validation_data with batches")
            data, validation = data.split(validation_split)
        steps = data.steps(options.steps) if isinstance(data, Stream) else options.steps_of(data.rows)
        hooks = CallbackList(callbacks, history, model=self, verbose=verbose, epochs=options.epochs, steps=steps)
        seed = draw_seed() if seed is None else seed

        def run() -> History:
            with self._only_thread("fit") as inner:
                self._build_for([array.shape[1:] for array in data.x])
                streams = [one for one in (data, validation) if isinstance(one, Stream)]
                trainer = self._trainer(compiled, data, inner, bool(streams))
                trainer.seed = seed
                self.history, self.stop_training = history, False
                self._run = Run(trainer, data, hooks, options.initial_epoch)
                try:
                    loop.train(self, self._run, compiled, validation, options, progress)
                finally:
                    self._run = None
                    for stream in streams:
                        stream.close()
            return history

        return run

    def evaluate(
        self,
        x: ArrayLike = None,
        y: ArrayLike = None,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        sample_weight: ArrayLike = None,
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
        return_dict: bool = False,
    ) -> Any:
        """The loss and the metrics on data, without training.

        Args:
            x: inputs (rows, ...).
            y: targets (rows, ...).
            batch_size: rows a batch; 32 by default.
            verbose: see `fit`.
            sample_weight: a weight for each row.
            steps: batches at most.
            callbacks: what to call.
            return_dict: whether to return them by name.

        Returns: the loss, or a list in the order of `metrics_names` if there are metrics, or a dict.
        Raises: ValueError and TypeError for data that do not fit.
        """
        compiled = self._require_compiled("evaluate")
        size = count("evaluate", "batch_size", batch_size, 32)
        most = count("evaluate", "steps", steps, -1)
        progress = make_progress("evaluate", verbose)
        hooks = CallbackList(callbacks, model=self, verbose=verbose, epochs=1, steps=None)
        data = self._taken("evaluate", x, y, sample_weight, None, batch_size, most)
        with self._only_thread("evaluate") as inner:
            self._build_for([array.shape[1:] for array in data.x])
            trainer = self._trainer(compiled, data, inner, isinstance(data, Stream))
            self._seed(trainer, data)
            try:
                results = loop.evaluate(trainer, compiled, data.feed(), size, most, hooks, progress)
            finally:
                if isinstance(data, Stream):
                    data.close()
        return self._reported(compiled, results, return_dict)

    def predict(
        self,
        x: ArrayLike,
        batch_size: int | None = None,
        verbose: int | str = "auto",
        steps: int | None = None,
        callbacks: Sequence[Callback] | Callback | None = None,
    ) -> Any:
        """The outputs for inputs, in order. A row's output does not depend on the other rows.

        Args:
            x: inputs (rows, ...); for several inputs a list, or a dict by name.
            batch_size: rows a batch, where `steps` or batch hooks count them.
            verbose: accepted for compatibility; predictions are silent.
            steps: batches at most.
            callbacks: what to call.

        Returns: an array (rows, ...), or a list or dict of them as the model has its outputs.
        Raises: ValueError and TypeError for data that do not fit.
        """
        if type(x) is np.ndarray and steps is None and callbacks is None and x.shape[1:] == self._fast_shape:
            dtype = x.dtype
            if dtype is _FLOAT32 or dtype is _FLOAT64:
                return self._fast_predict([x])[0]
        size = count("predict", "batch_size", batch_size, 32)
        hooks = CallbackList(callbacks, model=self, verbose=0, epochs=1, steps=None)
        most = count("predict", "steps", steps, -1)
        if is_stream(x):
            batches = (self._arrays(parts("predict", batch)[0], "predict") for batch in each_batch(x, most))
            outputs = loop.predict_batches(self._network_for, batches, hooks)
            return self._structured(outputs)
        arrays = self._arrays(x, "predict")
        if most >= 0:
            arrays = [array[: size * most] for array in arrays]
        outputs = loop.predict(self._network_for(arrays), arrays, size, hooks)
        return self._structured(outputs)

    def _network_for(self, arrays: Sequence[Any]) -> _core.Network:
        return self._network_at([array.shape[1:] for array in arrays])

    def train_on_batch(
        self,
        x: ArrayLike,
        y: ArrayLike = None,
        sample_weight: ArrayLike = None,
        class_weight: Mapping[Any, float] | None = None,
        return_dict: bool = False,
    ) -> Any:
        """One step on all of these rows.

        Args:
            x: inputs (rows, ...).
            y: targets (rows, ...).
            sample_weight: a weight for each row.
            class_weight: a weight for each class, as a dict.
            return_dict: whether to return the loss and the metrics by name.

        Returns: the loss and the metrics of these rows before the step, as `evaluate` does.
        Raises: ValueError and TypeError for data that do not fit; NonFiniteLossError.
        """
        return self._on_batch("train_on_batch", True, x, y, sample_weight, class_weight, return_dict)

    def test_on_batch(
        self, x: ArrayLike, y: ArrayLike = None, sample_weight: ArrayLike = None, return_dict: bool = False
    ) -> Any:
        """The loss and the metrics of these rows, as one batch.

        Args:
            x: inputs (rows, ...).
            y: targets (rows, ...).
            sample_weight: a weight for each row.
            return_dict: whether to return them by name.

        Raises: ValueError and TypeError for data that do not fit.
        """
        return self._on_batch("test_on_batch", False, x, y, sample_weight, None, return_dict)

    def predict_on_batch(self, x: ArrayLike) -> Any:
        """The outputs for these rows; the same as `predict`."""
        return self.predict(x)

    def _on_batch(
        self,
        where: str,
        training: bool,
        x: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike,
        class_weight: Mapping[Any, float] | None,
        return_dict: bool,
    ) -> Any:
        compiled = self._require_compiled(where)
        data = self._take(where, x, y, sample_weight, class_weight)
        with self._only_thread(where) as inner:
            self._build_for([array.shape[1:] for array in data.x])
            trainer = self._trainer(compiled, data, inner)
            self._seed(trainer, data)
            trainer.begin(data.feed(), data.rows, training, False, 0, -1)
            trainer.run(float("inf"), -1)
            return self._reported(compiled, trainer.results(), return_dict)

    def _seed(self, trainer: _core.Trainer, data: Data | Stream) -> None:
        # Of a pass that is no `fit`: other numbers each time, where any are drawn.
        if self._network_for(data.x).draws:
            trainer.seed = draw_seed()

    def _reported(self, compiled: Compiled, results: list[float], return_dict: bool) -> Any:
        if return_dict:
            return compiled.logs(results)
        values = compiled.values(results)
        return values if len(values) > 1 else values[0]


def count(where: str, argument: str, value: Any, default: int | None = None, least: int = 1) -> int:
    """A whole number of at least `least`; None is the default.

    Raises: ValueError otherwise.
    """
    if value is None and default is not None:
        return default
    if isinstance(value, bool) or not hasattr(value, "__index__") or value < least:
        raise ValueError(f"[{where}] {argument} must be an integer of at least {least}, got {value!r}")
    return int(value)


def validation_parts(given: Any) -> tuple[Any, Any, Any]:
    """x, y and weights of a `validation_data`.

    Raises: ValueError unless it is a tuple of two or three.
    """
    if not isinstance(given, list | tuple) or len(given) not in (2, 3):
        raise ValueError(f"[fit] validation_data must be (x, y) or (x, y, sample_weight), got {type(given).__name__}")
    return given[0], given[1], given[2] if len(given) == 3 else None
