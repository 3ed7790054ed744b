"""Damaged and hostile files: a clear error, never a crash, never code, never much memory.

Every file of the corpus is made here by changing a good one. A file may still load only where nothing can tell that it
was changed: HDF5 has no checksum of its arrays.
"""

import gc
import json
import os
import random
import struct
import tracemalloc
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from ranvier import Input, Model, Sequential, layers, models
from ranvier.saving import ModelFileError

# What reading any file may take besides twice its size: parsers, error texts, h5py's own buffers.
ALLOWANCE = 6 << 20
HUGE = 10**12

Change = Callable[[Any], None]


def network() -> Sequential:
    model = Sequential(
        [
            Input((4,)),
            layers.Dense(8, activation="relu", name="first"),
            layers.Dropout(0.2, name="drop"),
            layers.Reshape((2, 4), name="fold"),
            layers.Flatten(name="flat"),
            layers.Dense(3, activation="softmax", name="last"),
        ],
        name="net",
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["acc"])
    model.fit(np.zeros((8, 4)), np.zeros(8), verbose=0)
    return model


def graph() -> Model:
    x = Input((4,), name="x")
    twice = layers.Dense(4, name="twice")
    return Model(x, layers.add([twice(x), twice(twice(x))], name="sum"), name="graph")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of good files."""
    folder = tmp_path_factory.mktemp("good")
    network().save(folder / "net.safetensors")
    network().save(folder / "net.keras")
    network().save_weights(folder / "net.weights.h5")
    graph().save(folder / "graph.safetensors")
    graph().save(folder / "graph.keras")
    return folder


# --- How a file is changed --------------------------------------------------------------------------------------------


def split(data: bytes) -> tuple[dict[str, Any], bytes]:
    """Header and numbers of a .safetensors file."""
    size = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def joined(header: Any, numbers: bytes) -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + numbers


def with_header(data: bytes, change: Change) -> bytes:
    header, numbers = split(data)
    change(header)
    return joined(header, numbers)


def with_description(data: bytes, change: Change) -> bytes:
    """Changed by somebody who knows the format: the checksum is right."""

    def apply(header: Any) -> None:
        description = json.loads(header["__metadata__"]["ranvier"])
        change(description)
        text = description if isinstance(description, str) else json.dumps(description)
        header["__metadata__"] |= {"ranvier": text, "crc32": f"{zlib.crc32(text.encode()):08x}"}

    return with_header(data, apply)


def with_text(data: bytes, text: str) -> bytes:
    def apply(header: Any) -> None:
        header["__metadata__"] |= {"ranvier": text, "crc32": f"{zlib.crc32(text.encode(errors='replace')):08x}"}

    return with_header(data, apply)


def members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def zipped(path: Path, parts: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)


# --- Configurations that a hostile file may hold, for both formats ----------------------------------------------------


def of_layer(index: int, **changes: Any) -> Change:
    def change(config: Any) -> None:
        [layer] = [
            layer for layer in config["layers"] if layer["config"]["name"] == ("first", "fold", "last", "drop")[index]
        ]
        layer["config"].update(changes)

    return change


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


CHAIN_CONFIGS: dict[str, Change] = {
    **{
        f"units={value!r:.20}": of_layer(0, units=value)
        for value in (HUGE, 10**30, -1, 0, 2.5, "8", None, [8], {"a": 1}, True, 9, float("nan"))
    },
    **{
        f"target_shape={value!r:.30}": of_layer(1, target_shape=value)
        for value in ([2**32, 2**32, -1], [2**62, 4], [-1, -1], [0, -1], [], "ab", [None], [1] * 10_000, HUGE, [10**30])
    },
    **{f"rate={value!r}": of_layer(3, rate=value) for value in (-1, "x", None, [0.5], 1e400)},
    **{
        f"activation={value!r:.40}": of_layer(2, activation=value)
        for value in (
            "os.system",
            "__import__",
            {"class_name": "function", "config": "exec"},
            {"class_name": "elu", "config": {"alpha": [1], "x": 1}},
            {"class_name": "Lambda", "config": {"function": ["4wEAAAA="]}},
            ["relu"],
            17,
        )
    },
    **{
        f"initializer={value!r:.40}": of_layer(2, kernel_initializer=value)
        for value in (
            {"class_name": "os.system", "config": {"command": "true"}},
            {"module": "builtins", "class_name": "eval", "config": {"source": "1"}},
            {"class_name": "Constant", "config": {"value": deep(500)}},
            {"class_name": 3},
            [1],
            3.5,
        )
    },
    "input too large": lambda config: config.update(
        input_shape=[HUGE],
        layers=[layer if layer["class_name"] != "InputLayer" else large_input() for layer in config["layers"]],
    ),
    "name of another type": of_layer(0, name={"a": [1]}),
    "name twice": of_layer(0, name="last"),
    "name of a path": of_layer(0, name="../../../etc/passwd"),
    "dtype": of_layer(0, dtype="object"),
    "dtype of another size": of_layer(0, dtype="float64"),
    "unknown argument": of_layer(0, command="true"),
    "no layers": lambda config: config.pop("layers"),
    "layers of another type": lambda config: config.update(layers={"a": 1}),
    "layer without class": lambda config: config["layers"][-1].pop("class_name"),
    "layer without config": lambda config: config["layers"][-1].pop("config"),
    "layer of another type": lambda config: config["layers"].append(3),
    "unknown class": lambda config: config["layers"][-1].update(class_name="Popen"),
    "class of another type": lambda config: config["layers"][-1].update(class_name=["Dense"]),
    "an optimizer as a layer": lambda config: config["layers"][-1].update(class_name="Adam", config={}),
    "one layer too many": lambda config: config["layers"].append(
        {"class_name": "Dense", "module": "keras.layers", "config": {"units": 10**5, "name": "more"}}
    ),
}


def large_input() -> Any:
    return {"class_name": "InputLayer", "module": "keras.layers", "config": {"batch_shape": [None, HUGE], "name": "i"}}


GRAPH_CONFIGS: dict[str, Change] = {
    "no nodes": lambda config: config.update(nodes=[]),
    "node to nowhere": lambda config: config["nodes"][1].update(layer=99),
    "node from nowhere": lambda config: config["nodes"][1].update(inputs=[[99, 0]]),
    "node from itself": lambda config: config["nodes"][1].update(inputs=[[1, 0]]),
    "negative node": lambda config: config["nodes"][1].update(inputs=[[-1, 0]]),
    "output of another number": lambda config: config["nodes"][1].update(inputs=[[0, 7]]),
    "node of another type": lambda config: config["nodes"].append("a"),
    "no outputs": lambda config: config.update(outputs=[]),
    "outputs of another type": lambda config: config.update(outputs=3),
    "many copies": lambda config: config.update(nodes=config["nodes"] * 300),
    "no inputs": lambda config: config.update(inputs=[]),
}

KERAS_GRAPH_CONFIGS: dict[str, Change] = {
    "circle": lambda config: history(config, 1).__setitem__(slice(None), ["sum", 0, 0]),
    "call to nowhere": lambda config: history(config, 1).__setitem__(0, "nobody"),
    "call of another number": lambda config: history(config, 1).__setitem__(1, 7),
    "output of another number": lambda config: history(config, 1).__setitem__(2, 7),
    "history of another type": lambda config: history(config, 1).clear(),
    "no nodes": lambda config: config["layers"][1].pop("inbound_nodes"),
    "nodes of another type": lambda config: config["layers"][1].update(inbound_nodes={"a": 1}),
    "node without args": lambda config: config["layers"][1]["inbound_nodes"][0].pop("args"),
    "node with options": lambda config: config["layers"][1]["inbound_nodes"][0]["kwargs"].update(command="true"),
    "outputs of another type": lambda config: config.update(output_layers=17),
    "no layers": lambda config: config.update(layers=[]),
}


def history(config: Any, layer: int) -> Any:
    return config["layers"][layer]["inbound_nodes"][0]["args"][0]["config"]["keras_history"]


# --- The corpus -------------------------------------------------------------------------------------------------------

Corpus = Iterator[tuple[str, str, bytes]]  # what was done, the file's suffix, its bytes


def damaged(suffix: str, data: bytes, cuts: int, flips: int) -> Corpus:
    chance = random.Random(suffix)
    for _ in range(cuts):
        cut = chance.randrange(len(data))
        yield f"cut at {cut}", suffix, data[:cut]
    for _ in range(flips):
        place, bit = chance.randrange(len(data)), chance.randrange(8)
        changed = bytearray(data)
        changed[place] ^= 1 << bit
        yield f"bit {bit} of byte {place}", suffix, bytes(changed)


def native_corpus(data: bytes, graph_data: bytes) -> Corpus:
    yield from damaged(".safetensors", data, 25, 60)
    for size in (0, 1, len(data), 2**31, 2**63 - 1, 2**64 - 1):
        yield f"a header of {size}", ".safetensors", size.to_bytes(8, "little") + data[8:]
    yield "only a size", ".safetensors", (100).to_bytes(8, "little")
    yield "more at the end", ".safetensors", data + b"more"

    headers: dict[str, Change] = {
        "no metadata": lambda header: header.pop("__metadata__"),
        "metadata of another type": lambda header: header.update(__metadata__=3),
        "no checksum": lambda header: header["__metadata__"].pop("crc32"),
        "another format": lambda header: header["__metadata__"].update(format="pt"),
        "tensor gone": lambda header: header.pop("model/first/kernel"),
        "huge shape": lambda header: header["model/first/kernel"].update(shape=[HUGE, HUGE]),
        "shape that overflows": lambda header: header["model/first/kernel"].update(shape=[2**63, 2]),
        "negative shape": lambda header: header["model/first/kernel"].update(shape=[-4, -8]),
        "another shape": lambda header: header["model/first/kernel"].update(shape=[8, 4]),
        "another type": lambda header: header["model/first/kernel"].update(dtype="I32"),
        "unknown type": lambda header: header["model/first/kernel"].update(dtype="PICKLE"),
        "offsets beyond the end": lambda header: header["model/first/kernel"].update(data_offsets=[HUGE, HUGE + 128]),
        "offsets reversed": lambda header: header["model/first/kernel"].update(data_offsets=[128, 0]),
        "overlap": lambda header: header.update({"model/first/kernel": header["model/last/kernel"]}),
        "tensor of another type": lambda header: header.update({"model/first/kernel": [1]}),
    }
    for what, change in headers.items():
        yield what, ".safetensors", with_header(data, change)
    yield "a list for a header", ".safetensors", joined([1, 2], b"")
    yield "a header that is deep", ".safetensors", joined(deep(900), b"")
    yield "foreign", ".safetensors", joined({"weight": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}, b"abcd")

    texts = [
        "",
        "{",
        "[]",
        "null",
        "3",
        "[" * 100_000,
        '{"version": 1}',
        "\ud800".encode("utf-8", "replace").decode(),
        "9" * 9000,
    ]
    for text in texts:
        yield f"description {text[:20]!r}", ".safetensors", with_text(data, text)
    yield "many lists", ".safetensors", with_text(data, "[" + "[]," * 200_000 + "[]]")

    def of_model(change: Change) -> Change:
        return lambda description: change(description["model"]["config"])

    for what, change in CHAIN_CONFIGS.items():
        yield what, ".safetensors", with_description(data, of_model(change))
    for what, change in GRAPH_CONFIGS.items():
        yield what, ".safetensors", with_description(graph_data, of_model(change))
    whole: dict[str, Change] = {
        "another version": lambda d: d.update(version=2),
        "another kind": lambda d: d.update(kind="pickle"),
        "weights only": lambda d: d.update(kind="weights"),
        "a model class of another type": lambda d: d["model"].update(class_name=[1]),
        "an unknown model class": lambda d: d["model"].update(class_name="subprocess.Popen"),
        "a model of another type": lambda d: d.update(model=[1]),
        "a configuration of another type": lambda d: d["model"].update(config=[1]),
        "no weights": lambda d: d.update(weights=[]),
        "weights of another type": lambda d: d.update(weights={"first": 1}),
        "weights of nobody": lambda d: d["weights"][0].update(layer="nobody"),
        "weights of a path": lambda d: d["weights"][0].update(layer="../../etc"),
        "weights twice": lambda d: d["weights"].append(d["weights"][0]),
        "weights without names": lambda d: d["weights"][0].update(variables=3),
        "checksums of another type": lambda d: d.update(crc32=[1]),
        "compile of another type": lambda d: d.update(compile=[1]),
        "optimizer unknown": lambda d: d["compile"]["optimizer"].update(class_name="os.system"),
        "optimizer of another type": lambda d: d["compile"].update(optimizer="true"),
        "rate of another type": lambda d: d["compile"]["optimizer"]["config"].update(learning_rate="x"),
        "loss unknown": lambda d: d["compile"].update(loss={"class_name": "function", "config": "os.system"}),
        "loss of another type": lambda d: d["compile"].update(loss={"class_name": [1], "config": 3}),
        "metrics of another type": lambda d: d["compile"].update(metrics={"a": {"b": 3}}),
        "steps of another type": lambda d: d["optimizer"].update(iterations="many"),
        "steps beyond all numbers": lambda d: d["optimizer"].update(iterations=2**70),
        "negative steps": lambda d: d["optimizer"].update(iterations=-1),
        "slots of nobody": lambda d: d["optimizer"]["slots"][0].update(variable="nobody/kernel"),
        "slots of another name": lambda d: d["optimizer"]["slots"][0].update(slots=["a", "b"]),
        "slots of another type": lambda d: d["optimizer"].update(slots=3),
        "slots twice": lambda d: d["optimizer"]["slots"].append(d["optimizer"]["slots"][0]),
    }
    for what, change in whole.items():
        yield what, ".safetensors", with_description(data, change)


def keras_corpus(folder: Path) -> Corpus:
    path = folder / "changed.keras"
    data = (folder / "net.keras").read_bytes()
    parts = members(folder / "net.keras")
    yield from ((what, suffix, changed) for what, suffix, changed in damaged(".keras", data, 20, 0))

    def built(*arguments: Any) -> bytes:
        zipped(path, *arguments)
        return path.read_bytes()

    def with_config(source: dict[str, bytes], change: Change) -> bytes:
        config = json.loads(source["config.json"])
        change(config["config"])
        return built({**source, "config.json": json.dumps(config).encode()})

    for what, change in CHAIN_CONFIGS.items():
        yield what, ".keras", with_config(parts, change)
    graph_parts = members(folder / "graph.keras")
    for what, change in KERAS_GRAPH_CONFIGS.items():
        yield what, ".keras", with_config(graph_parts, change)
    for missing in ("config.json", "model.weights.h5"):
        yield f"no {missing}", ".keras", built({name: part for name, part in parts.items() if name != missing})
    for text in (b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"class_name": "Sequential"}'):
        yield f"configuration {text[:20]!r}", ".keras", built({**parts, "config.json": text})
    for weights in (b"", b"PK", b"\x89HDF\r\n\x1a\n", os.urandom(1000), parts["model.weights.h5"][:3000]):
        yield f"weights {weights[:8]!r}", ".keras", built({**parts, "model.weights.h5": weights})
    bomb = {**parts, "config.json": b" " * (50 << 20)}
    yield "bomb", ".keras", built(bomb, zipfile.ZIP_DEFLATED)
    yield "compressed", ".keras", built(parts, zipfile.ZIP_DEFLATED)
    yield from archive_corpus(data)


def archive_corpus(data: bytes) -> Corpus:
    """Sizes and places that are declared, in the archive's directory, and checksums that are not right."""
    directory = data.index(b"PK\x01\x02")
    for field, where in (("checksum", 16), ("stored size", 20), ("size", 24), ("place", 42)):
        for value in (0, 2**31, 2**32 - 1):
            changed = bytearray(data)
            for place in range(directory, len(data) - 46):
                if data[place : place + 4] == b"PK\x01\x02":
                    struct.pack_into("<I", changed, place + where, value)
            if bytes(changed) != data:
                yield f"{field} {value}", ".keras", bytes(changed)


def hdf5_corpus(folder: Path) -> Corpus:
    path = folder / "changed.weights.h5"
    data = (folder / "net.weights.h5").read_bytes()

    def built(change: Callable[[Any], None]) -> bytes:
        path.write_bytes(data)
        with h5py.File(path, "r+") as file:
            change(file)
        return path.read_bytes()

    def replaced(**arguments: Any) -> Change:
        def change(file: Any) -> None:
            del file["layers/dense/vars/0"]
            file["layers/dense/vars"].create_dataset("0", **arguments)

        return change

    def linked(link: Any, place: str = "layers/dense/vars/0") -> Change:
        def change(file: Any) -> None:
            del file[place]
            file[place] = link

        return change

    def virtual(file: Any) -> None:
        layout = h5py.VirtualLayout((4, 8), "f4")
        layout[:] = h5py.VirtualSource("/etc/passwd", "0", (4, 8))
        del file["layers/dense/vars/0"]
        file["layers/dense/vars"].create_virtual_dataset("0", layout)

    changes: dict[str, Change] = {
        "outside link": linked(h5py.ExternalLink("/etc/passwd", "/0")),
        "outside link to a layer": linked(h5py.ExternalLink("other.h5", "/"), "layers/dense/vars"),
        "soft link": linked(h5py.SoftLink("/layers/dense_1/vars/0")),
        "soft link to itself": linked(h5py.SoftLink("/layers/dense/vars/0")),
        "virtual": virtual,
        "numbers of another file": replaced(shape=(4, 8), dtype="f4", external=[("/etc/passwd", 0, 128)]),
        "huge and empty": replaced(shape=(HUGE, HUGE // 10**6), dtype="f4", chunks=(1024, 1024)),
        "chunks": replaced(data=np.zeros((4, 8), "f4"), chunks=(2, 2)),
        "compressed": replaced(data=np.zeros((4, 8), "f4"), compression="gzip"),
        "another shape": replaced(data=np.zeros((8, 4), "f4")),
        "text": replaced(data=np.full((4, 8), b"text")),
        "compound": replaced(data=np.zeros((4, 8), [("a", "f4")])),
        "complex": replaced(data=np.zeros((4, 8), "c8")),
        "a group for an array": linked(h5py.SoftLink("/layers"), "layers/dense/vars/0"),
        "array gone": lambda file: file.pop("layers/dense/vars/0"),
        "layer gone": lambda file: file.pop("layers/dense"),
        "all gone": lambda file: file.pop("layers"),
        "an array for a group": lambda file: (file.pop("layers"), file.create_dataset("layers", data=1)),
        "one array too many": lambda file: file["layers/dense/vars"].create_dataset("2", data=np.zeros(3)),
    }
    for what, change in changes.items():
        yield what, ".weights.h5", built(change)
    yield from damaged(".weights.h5", data, 20, 60)
    for junk in (b"", b"\x89HDF\r\n\x1a\n", b"\x89HDF\r\n\x1a\n" + os.urandom(2000), os.urandom(2000)):
        yield f"junk of {len(junk)}", ".weights.h5", junk


def load(path: Path) -> None:
    if path.name.endswith(".weights.h5"):
        target = network()
        before = target.get_weights()
        try:
            target.load_weights(path)
        except ValueError:
            for old, new in zip(before, target.get_weights(), strict=True):
                np.testing.assert_array_equal(old, new)
            raise
    else:
        models.load_model(path)


def attempt(path: Path) -> Exception | None:
    try:
        load(path)
    except Exception as error:  # noqa: BLE001  which one it is, is what is tested
        return error.with_traceback(None)
    return None


def check(corpus: Corpus, folder: Path, may_load: Callable[[str], bool]) -> int:
    """Loads every file; returns how many there were."""
    count = 0
    loaded = []
    gc.collect()
    gc.freeze()  # what the other tests hold need not be gone through for every file
    tracemalloc.start()
    try:
        for what, suffix, data in corpus:
            count += 1
            path = folder / f"hostile{suffix}"
            path.write_bytes(data)
            size = len(data)
            del data
            gc.collect()
            tracemalloc.reset_peak()
            held = tracemalloc.get_traced_memory()[0]
            error = attempt(path)
            if error is None:
                loaded.append(what)
            else:
                assert isinstance(error, ModelFileError), (what, repr(error))
                assert len(str(error)) < 3000, what
                assert str(error).startswith("["), (what, str(error))
            del error
            taken = tracemalloc.get_traced_memory()[1] - held
            assert taken <= 2 * size + ALLOWANCE, (what, taken, size)
    finally:
        tracemalloc.stop()
        gc.unfreeze()
    assert not [what for what in loaded if not may_load(what)]
    return count


COUNTS: dict[str, int] = {}
# These change nothing that matters: a rate or a name as good as another, an initializer that is not asked.
HARMLESS = ("rate=1e400", "many copies", "name of a path", "name of another type")


def is_harmless(what: str) -> bool:
    return what in HARMLESS or what.startswith("initializer={'class_name': 'Constant'")


def test_native_files(good: Path, tmp_path: Path) -> None:
    corpus = native_corpus((good / "net.safetensors").read_bytes(), (good / "graph.safetensors").read_bytes())
    COUNTS["native"] = check(corpus, tmp_path, is_harmless)


def test_keras_files(good: Path, tmp_path: Path) -> None:
    COUNTS["keras"] = check(keras_corpus(good), tmp_path, is_harmless)


def test_hdf5_files(good: Path, tmp_path: Path) -> None:
    count = check(hdf5_corpus(good), tmp_path, lambda what: what.startswith(("bit ", "cut ")))
    COUNTS["hdf5"] = count


def test_there_are_at_least_200_files() -> None:
    if len(COUNTS) == 3:
        assert sum(COUNTS.values()) >= 200


@pytest.mark.parametrize("suffix", [".safetensors", ".keras"])
def test_a_good_file_takes_no_more_than_twice_its_size(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"model{suffix}"
    Sequential([Input((1000,)), layers.Dense(2000), layers.Dense(500)]).save(path)
    size = path.stat().st_size
    gc.collect()
    tracemalloc.start()
    try:
        model = models.load_model(path)
        taken = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    weights = sum(weight.nbytes for weight in (variable.numpy() for variable in model.variables))
    assert taken + weights <= 2 * size + ALLOWANCE
