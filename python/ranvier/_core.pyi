"""The native core. Private: the public face is the Python around it.

Shapes never include the batch axis. `Config` values are None, bool, int, float, str or flat lists of numbers; an
unknown key, a missing one or a value of another type raises ValueError naming the layer, the key and what is valid.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Config = Mapping[str, Any]
Array = NDArray[Any]

class NonFiniteLossError(ArithmeticError):
    """The loss of a batch was NaN or infinite; training stopped before the update."""

class Regularizer:
    """A penalty on a parameter or an activity."""

    def __init__(self, kind: str, config: Config) -> None: ...
    def prepare(self, owner: str, shape: Shape) -> None:
        """ValueError if it cannot be of a tensor of this shape."""
    def penalty(self, x: Array) -> float: ...
    def gradient(self, x: Array) -> Array: ...

class Constraint:
    """A condition on a parameter that is restored after each update."""

    def __init__(self, kind: str, config: Config) -> None: ...
    def prepare(self, owner: str, shape: Shape) -> None:
        """ValueError if it cannot be of a parameter of this shape."""
    def apply(self, w: Array) -> Array:
        """A copy that satisfies it."""

class Parameter:
    """A trainable or constant array that layers, networks and Python share."""

    name: str
    trainable: bool
    regularizer: Regularizer | None
    constraint: Constraint | None
    @property
    def shape(self) -> Shape: ...
    @property
    def dtype(self) -> str: ...
    def numpy(self) -> Array:
        """A writable view that keeps the memory alive."""

class Layer:
    """One node kind with its configuration and parameters, for one scalar type."""

    def __init__(self, kind: str, config: Config, name: str) -> None: ...
    name: str
    trainable: bool
    activity_regularizer: Regularizer | None
    @property
    def kind(self) -> str: ...
    @property
    def built(self) -> bool: ...
    @property
    def parameters(self) -> list[Parameter]: ...
    @property
    def states(self) -> list[Parameter]:
        """What a stateful layer carries from batch to batch."""
    def variant(self, config: Config) -> Layer:
        """A layer of the same kind with other settings and the same parameters."""

    def makes_single(self, single_inputs: Sequence[bool]) -> bool:
        """Whether the outputs have no batch axis, given which inputs have none."""

    def output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]: ...
    def build(self, input_shapes: Sequence[Shape], most_elements: int = -1) -> None:
        """Creates the parameters, all zero; again with shapes that fit: nothing; with others: ValueError.

        `most_elements`: all of them together, or -1; more is a ValueError before any memory is taken.
        """

class Network:
    """A directed acyclic graph of layers. Values are numbered; every layer call adds one node."""

    def __init__(self, name: str) -> None: ...
    name: str
    def add_input(self, shape: Shape, name: str) -> int: ...
    def add(self, layer: Layer, inputs: Sequence[int], masks: Sequence[int | None] = ()) -> list[int]:
        """`masks`: for each input the value that says which of its positions count, or None for all."""
    def set_outputs(self, values: Sequence[int], masks: Sequence[int | None] = (), single: bool = False) -> None:
        """`masks`: for each output the value that says which of its positions its loss is of, or None for all.

        `single`: they may have no batch axis, as the value of a loss.
        """
    def shape(self, value: int) -> Shape: ...
    @property
    def parameters(self) -> list[Parameter]:
        """Each once, in order of first use."""
    @property
    def draws(self) -> bool:
        """Whether layers draw numbers in inference too."""
    @property
    def adds_losses(self) -> bool:
        """Whether layers add to the loss."""
    def predict(self, inputs: Sequence[Any], seed: int = 0) -> list[Array]:
        """Inference on any number of rows; re-entrant, GIL released. `seed`: of the numbers that layers draw."""
    def run(self, inputs: Sequence[Any], training: bool, seed: int) -> list[Array]:
        """One forward pass over all rows as a single batch."""
    def gradients(
        self, inputs: Sequence[Array], output_gradients: Sequence[Array], training: bool, seed: int
    ) -> tuple[list[Array], list[Array]]:
        """Gradients of sum(output * output_gradient) with respect to the inputs and the parameters, in their order."""
    def memory(self) -> list[dict[str, int]]:
        """Bytes that each idle plan for inference holds, by what they are for."""

class Loss:
    """`reduction`: "sum_over_batch_size", "mean", "sum", "none" or "mean_with_sample_weight"."""

    @overload
    def __init__(self, kind: str, config: Config, reduction: str) -> None: ...
    @overload
    def __init__(self, network: Network, reduction: str) -> None:
        """Of a network from (targets, predictions) to values."""
    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The loss of each row; y_true is (..., C) like y_pred, or (...) class indices for a sparse loss.

        Of a loss of whole batches: what its reduction is of.
        """

class Metric:
    """A streaming metric: of a native kind, or the mean of what a network from targets and predictions gives."""

    @overload
    def __init__(self, kind: str, config: Config) -> None: ...
    @overload
    def __init__(self, network: Network) -> None: ...
    def update(self, y_true: Array, y_pred: Array, sample_weight: Array | None) -> None: ...
    def values(self, y_true: Array, y_pred: Array) -> Array:
        """The value of each row, for metrics that are means of row values."""
    def result(self) -> float | list[float]: ...
    def reset(self) -> None: ...

class Schedule:
    """The learning rate as a function of the step: of a native kind, or of what `rates(first, count)` returns before a
    pass."""

    @overload
    def __init__(self, kind: str, config: Config) -> None: ...
    @overload
    def __init__(self, rates: Callable[[int, int], list[float]]) -> None: ...
    def rate(self, step: int) -> float: ...

class Optimizer:
    def __init__(self, kind: str, config: Config) -> None: ...
    learning_rate: float
    iterations: int
    """Batches so far."""
    def set_schedule(self, schedule: Schedule) -> None: ...
    def exclude_from_weight_decay(self, parameters: Sequence[Parameter]) -> None: ...
    def overwrite_with_average(self) -> None: ...
    def build(self, parameters: Sequence[Parameter]) -> None:
        """Makes the state that a first step would make."""
    def state(self) -> list[tuple[str, Array]]:
        """(name, view): averages, accumulated gradients, the slots of each parameter; empty before the first step."""
    def slots(self) -> list[tuple[Parameter, list[tuple[str, Array]]]]:
        """The same by parameter, for each that has state."""

class Feed:
    """Rows of x, y and weights, read where they lie: any dtype and strides, never copied whole."""

    def __init__(self, x: Sequence[Any], y: Sequence[Array], sample_weight: Sequence[Array | None]) -> None: ...
    @property
    def rows(self) -> int: ...
    @property
    def x_shapes(self) -> list[Shape]:
        """Of a row of each input."""
    @property
    def y_shapes(self) -> list[Shape]: ...

class Trainer:
    """Runs epochs natively. One loss and a list of metrics for each output of the network."""

    def __init__(
        self,
        network: Network,
        losses: Sequence[Loss],
        loss_weights: Sequence[float],
        metrics: Sequence[Sequence[Metric]],
        weighted_metrics: Sequence[Sequence[Metric]],
        optimizer: Optimizer,
    ) -> None: ...
    seed: int
    def begin(self, feed: Feed, batch_size: int, training: bool, shuffle: bool, epoch: int, steps: int) -> None:
        """Starts a pass over the feed; metrics are reset. `steps`: batches at most, or -1.

        Row order depends only on (seed, epoch).
        """
    def extend(self, feed: Feed) -> None:
        """Goes on in the same pass with another feed, whose rows are one more batch."""
    def run(self, seconds: float, batches: int) -> bool:
        """Runs until the time or the number of batches (-1: any) is used up; False once the pass is complete."""
    @property
    def batch(self) -> int:
        """Batches done in this pass."""
    @property
    def batches(self) -> int:
        """Batches of the whole pass."""
    def results(self) -> list[Any]:
        """So far: total loss, then each output's loss, then each output's metrics, then its weighted metrics.

        Numbers, and lists of them for metrics of several.
        """
    keep_batch: bool  # from the next `begin` on
    def last_batch(self) -> list[tuple[Array, Array, Array | None]]:
        """Copies of targets, predictions and weights of the last batch, for each output, if batches are kept."""
    def memory(self) -> list[dict[str, int]]:
        """Bytes that the plans for training and for evaluation hold, by what they are for."""
    def progress(self) -> list[float]:
        """Where the pass is, its losses and metrics so far: what `resume` goes on from."""
    def resume(self, progress: Sequence[float], skipped: int = 0) -> None:
        """Goes on in the middle of a pass that `begin` has started with the same options.

        The feed may begin after `skipped` batches of the pass.
        """

class Scalars:
    """Everything that exists once per scalar type: `_core.float32`, `_core.float64`."""

    Layer: type[Layer]
    Network: type[Network]
    Loss: type[Loss]
    Metric: type[Metric]
    Optimizer: type[Optimizer]
    Regularizer: type[Regularizer]
    Constraint: type[Constraint]
    Trainer: type[Trainer]
    def time_distributed(self, layer: Any, name: str) -> Any:
        """The layer for every step of a sequence (batch, steps, ...)."""
    def activation(self, name: str, parameters: Sequence[float], x: Array) -> Array:
        """Applies an activation of `activations()` elementwise; parameters in the order of its row."""
    def multiply(self, a: Array, b: Array, out: Array, bias: Array | None = None, relu: bool = False) -> None:
        """Out = a b (+ bias), then max(., 0) if `relu`: a dense product. `a` and `b` may be transposed views."""

    def axis_activation(self, name: str, x: Array, axis: int) -> Array: ...

float32: Scalars
float64: Scalars

class text:  # a submodule
    """What ranvier.text is made of."""

    class ReadOptions:
        """`errors`: "strict", "replace" or "ignore"; `lower`: the lower-case letter of each code point, or None;
        `most_words`: 0 for no limit."""

        def __init__(
            self, name: str, longest_sentence: int, errors: str, lower: Array | None, most_words: int
        ) -> None: ...

    class Corpus:
        """A text as numbers of words, in the order of their first appearance."""

        @property
        def sentences(self) -> int: ...
        @property
        def memory(self) -> int: ...
        @property
        def word_count(self) -> int: ...
        @property
        def counts(self) -> Array: ...
        @property
        def tokens(self) -> Array: ...
        @property
        def starts(self) -> Array: ...
        def words(self, numbers: Array) -> list[str]: ...
        def find(self, words: Sequence[str]) -> Array:
            """Numbers of words, -1 for those that do not occur."""

    class BufferReader:
        """Reads a text in memory by several threads."""

        def __init__(self, buffer: Any, options: text.ReadOptions, threads: int) -> None: ...
        def run(self, seconds: float) -> bool:
            """Reads on; whether there is more. ValueError for invalid UTF-8."""
        @property
        def done(self) -> int: ...
        def take(self) -> text.Corpus: ...

    class Cooccurrences:
        """Counts of neighbours; whoever makes a model of them takes them away."""

        def elements(self) -> tuple[Array, Array, Array]:
            """Rows, columns and values of those that are kept."""

    class CooccurrenceCounter:
        """Counts neighbours row by row."""

        def __init__(
            self, corpus: text.Corpus, numbers: Array, words: int, window: int, symmetric: bool, threads: int
        ) -> None: ...
        def run(self, seconds: float) -> bool:
            """Counts on; whether there is more. GIL released."""
        @property
        def done(self) -> int: ...
        @property
        def total(self) -> int: ...
        @property
        def pairs(self) -> int: ...
        @property
        def memory(self) -> int: ...
        def take(self) -> text.Cooccurrences: ...

    class GloveFloat32:
        """Epochs of GloVe."""

        def __init__(
            self,
            pairs: text.Cooccurrences,
            words: int,
            vector_size: int,
            x_max: float,
            alpha: float,
            learning_rate: float,
            seed: int,
            symmetric: bool,
            threads: int,
        ) -> None: ...
        def run(self, seconds: float) -> bool:
            """Trains on; whether the epoch goes on. GIL released."""
        @property
        def done(self) -> int: ...
        @property
        def total(self) -> int: ...
        @property
        def loss(self) -> float: ...
        @property
        def memory(self) -> int: ...
        def read(self, contexts: bool) -> tuple[Array, Array, Array, Array]:
            """Vectors, biases, and the sums of squared gradients of both."""
        def write(
            self, contexts: bool, vectors: Array, biases: Array, vector_sums: Array, bias_sums: Array
        ) -> None: ...
        def sum(self) -> Array: ...
        def next_order(self) -> tuple[Array, Array, Array]:
            """Words, contexts and counts of the next epoch in their order."""

    class GloveFloat64(GloveFloat32):
        """The same in double."""

    class PhraseStyle:
        """How phrases are joined."""

        def __init__(self, delimiter: str, connectors: list[str]) -> None: ...

    class PhraseCounts:
        """Counts of words and of pairs of neighbours."""

        @overload
        def __init__(self) -> None: ...
        @overload
        def __init__(
            self, text: Array, ends: Array, counts: Array, first: Array, last: Array, total: int, least: int
        ) -> None: ...
        def state(self) -> tuple[Any, ...]:
            """The arguments of the constructor."""
        def learn(self, corpus: text.Corpus, style: text.PhraseStyle, most: int, threads: int) -> None: ...
        @property
        def total(self) -> int: ...
        @property
        def least(self) -> int: ...
        @property
        def size(self) -> int: ...
        @property
        def memory(self) -> int: ...
        def names(self) -> list[str]: ...
        def counts(self) -> Array: ...
        def candidates(self) -> tuple[Array, Array, Array, Array]:
            """Numbers of the pairs, their counts, and those of their first and last parts."""
        def names_of(self, numbers: Array) -> list[str]: ...

    class PhraseJoiner:
        """Finds phrases in a corpus."""

        def __init__(self, style: text.PhraseStyle, phrases: list[str]) -> None: ...
        def join(self, corpus: text.Corpus, threads: int) -> text.Corpus: ...
        def count(self, corpus: text.Corpus, threads: int) -> list[int]: ...

    class TokenizerOptions:
        """`split`: "whitespace", "character" or anything else for none."""

        def __init__(self, lower: bool, strip_punctuation: bool, split: str, ngrams: list[int]) -> None: ...

    class TokenCounts:
        """Counts of the tokens of texts."""

        def __init__(self) -> None: ...
        def add(
            self, texts: tuple[Any, ...], starts: Array | None, options: text.TokenizerOptions, threads: int
        ) -> None: ...
        @property
        def words(self) -> list[str]: ...
        @property
        def counts(self) -> Array: ...
        @property
        def rows(self) -> Array:
            """In how many texts each occurs."""

    class WordTable:
        """Tokens and their numbers."""

        def __init__(self, words: list[str]) -> None: ...
        def look_up(
            self,
            texts: tuple[Any, ...],
            starts: Array | None,
            options: text.TokenizerOptions,
            first: int,
            threads: int,
        ) -> tuple[Array, Array]:
            """Numbers of all tokens, and where each text begins."""

    @staticmethod
    def pad32(tokens: Array, starts: Array, width: int, threads: int) -> Array: ...
    @staticmethod
    def pad64(tokens: Array, starts: Array, width: int, threads: int) -> Array: ...
    @staticmethod
    def count_each(tokens: Array, starts: Array, size: int, factors: Array | None, threads: int) -> Array: ...

    class Word2VecTrainer:
        """Passes over a corpus that change three matrices in place."""

        def __init__(
            self,
            corpus: text.Corpus,
            numbers: Array,
            keep: Array,
            counts: Array,
            input: Array,
            noise_output: Array | None,
            tree_output: Array | None,
            config: Config,
        ) -> None: ...
        def begin(self, epoch: int, first_rate: float, last_rate: float, workers: int, deterministic: bool) -> None: ...
        def run(self, seconds: float) -> bool:
            """Trains on; whether the epoch has more. GIL released."""
        def progress(self) -> dict[str, Any]:
            """Of this epoch: loss (a sum), examples, words (trained on), tokens (read)."""

    @staticmethod
    def row_matrix(rows: int, columns: int) -> Array:
        """Zeros, whose rows begin on cache lines and are padded, which the caller does not see."""
    @staticmethod
    def check_rows(matrix: Array) -> None:
        """ValueError for a matrix whose rows do not lie as those of row_matrix."""

    @staticmethod
    def huffman_tree(counts: Array) -> tuple[Array, Array, Array]:
        """Where each word's path begins, its inner nodes from the root 0 on, and the child (0, 1) it turns to."""

    class SentenceReader:
        """Reads sentences one by one, or a text in pieces."""

        def __init__(self, options: text.ReadOptions) -> None: ...
        def add_text(self, bytes: bytes) -> None: ...
        def end_text(self) -> None: ...
        def add_sentences(self, sentences: Any, seconds: float) -> bool:
            """Takes sentences of an iterator; whether there are more. TypeError for what is none."""
        @property
        def sentences(self) -> int: ...
        def take(self) -> text.Corpus: ...

    class VectorLines:
        """Reads lines of a word and its numbers, in pieces of any size, on several threads.

        `columns`, `rows` and `most_rows` may be -1: as the first line has it, unknown, all. ValueError names the line.
        """

        def __init__(
            self, dtype: np.dtype[Any], columns: int, rows: int, most_rows: int, first_line: int, finite: bool
        ) -> None: ...
        def feed(self, bytes: Any) -> None: ...
        def finish(self) -> None: ...
        @property
        def full(self) -> bool: ...
        @property
        def rows(self) -> int: ...
        @property
        def columns(self) -> int: ...
        def words(self, encoding: str, errors: str) -> list[str]:
            """UnicodeDecodeError, with the row as its attribute `word`."""
        def line_of(self, row: int) -> int: ...
        def release(self, dtype: np.dtype[Any]) -> Array:
            """The numbers; the reader has none after it."""

    class VectorRecords:
        """The same for records of a word, a space and numbers of 32 bits."""

        def __init__(self, dtype: np.dtype[Any], columns: int, rows: int, whole: bool, finite: bool) -> None: ...
        def feed(self, bytes: Any) -> None: ...
        def finish(self) -> None: ...
        @property
        def full(self) -> bool: ...
        @property
        def rows(self) -> int: ...
        @property
        def columns(self) -> int: ...
        def words(self, encoding: str, errors: str) -> list[str]: ...
        def release(self, dtype: np.dtype[Any]) -> Array: ...

    @staticmethod
    def write_vectors(words: list[str], vectors: Array, first: int, binary: bool) -> bytes:
        """Lines or records of the rows from `first` on. ValueError for a word that could not be read back."""
    @staticmethod
    def decode_words(bytes: Any, ends: Array) -> list[str]: ...
    @staticmethod
    def nearest(
        vectors: Array, first: int, last: int, queries: Array, count: int, skipped: list[list[int]]
    ) -> tuple[Array, Array]:
        """Rows and their similarities, (queries, count), best first, -1 where there are no more.

        Queries may have any length; query i does not find the rows skipped[i].
        """
    @staticmethod
    def similarities(vectors: Array, first: int, last: int, queries: Array) -> Array:
        """Cosines, (queries, last - first); queries may have any length."""
    @staticmethod
    def row_norms(vectors: Array) -> Array: ...
    @staticmethod
    def nearest_spellings(words: list[str], word: str, most: int) -> list[int]: ...

def layer_kinds() -> list[str]: ...
def activations() -> list[dict[str, Any]]:
    """Rows {name, formula, parameters: {name: default}}."""

def axis_activations() -> list[dict[str, Any]]:
    """Rows {name, formula, parameters: {}}."""

def losses() -> list[dict[str, Any]]:
    """Rows {name, formula, parameters: {name: default}, sparse, from_logits}."""

def batch_losses() -> list[str]:
    """Kinds of losses that join the rows of a batch."""

def metric_kinds() -> list[str]: ...
def optimizer_kinds() -> list[str]: ...
def schedule_kinds() -> list[str]: ...
def regularizer_kinds() -> list[str]: ...
def constraint_kinds() -> list[str]: ...
def first_nonfinite(x: Any) -> int:
    """Flat (C order) index of the first NaN or infinity, or -1. Any strides; integers are always finite."""

def label_range(y: Array) -> tuple[float, float, int, int, int]:
    """(least, greatest, index of the least, of the greatest, of the first non-integer or -1), flat C order."""

def isa() -> str: ...
def available_isas() -> list[str]: ...
def select_isa(name: str) -> None: ...
def num_threads() -> int: ...
def set_num_threads(threads: int) -> None: ...
def work_alone(alone: bool) -> bool:
    """Whether this Python thread's native calls start no other threads; returns what it was."""

def random_bits(seed: int, stream: int, first: int, count: int) -> NDArray[np.uint32]:
    """Philox4x32-10 bits first .. first + count - 1 of a stream; `first` is a multiple of 4."""

__version__: str
