"""The table of `summary`, line by line as Keras prints it."""

import io
import sys
from typing import Any

import numpy as np
import pytest

from ranvier import Input, Model, Sequential, layers
from ranvier.models.summary import size

CHAIN = """
Model: "clinic"
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━┓
┃ Layer (type)                    ┃ Output Shape           ┃       Param # ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━┩
│ one (Dense)                     │ (None, 6)              │            12 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ two (Dense)                     │ (None, 200)            │         1,400 │
├─────────────────────────────────┼────────────────────────┼───────────────┤
│ drop (Dropout)                  │ (None, 200)            │             0 │
└─────────────────────────────────┴────────────────────────┴───────────────┘
 Total params: 1,412 (5.52 KB)
 Trainable params: 1,412 (5.52 KB)
 Non-trainable params: 0 (0.00 B)
"""

GRAPH = """
Model: "residual"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
│ x (InputLayer)      │ (None, 4)         │          0 │ -                 │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ a_dense_layer       │ (None, 4)         │         20 │ x[0][0]           │
│ (Dense)             │                   │            │                   │
├─────────────────────┼───────────────────┼────────────┼───────────────────┤
│ sum (Add)           │ (None, 4)         │          0 │ x[0][0],          │
│                     │                   │            │ a_dense_layer[0]… │
└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: 20 (80.00 B)
 Trainable params: 20 (80.00 B)
 Non-trainable params: 0 (0.00 B)
"""


def clinic() -> Sequential:
    return Sequential(
        [
            layers.Dense(6, input_shape=(1,), name="one"),
            layers.Dense(200, name="two"),
            layers.Dropout(0.1, name="drop"),
        ],
        name="clinic",
    )


def printed(model: Model, **arguments: Any) -> list[str]:
    lines: list[str] = []
    model.summary(print_fn=lines.append, **arguments)
    return lines


def test_chain(capsys: pytest.CaptureFixture[str]) -> None:
    clinic().summary()
    assert capsys.readouterr().out == CHAIN.lstrip("\n")


def test_graph() -> None:
    x = Input((4,), name="x")
    model = Model(x, layers.Add(name="sum")([x, layers.Dense(4, name="a_dense_layer")(x)]), name="residual")
    assert printed(model) == GRAPH.strip("\n").split("\n")


def test_a_functional_chain_needs_no_connections() -> None:
    x = Input((4,), name="x")
    lines = printed(Model(x, layers.Dense(2, name="y")(x)))
    assert "Connected to" not in lines[2]
    assert lines[4].startswith("│ x (InputLayer)")


def test_before_the_input_shape_is_known() -> None:
    lines = printed(Sequential([layers.Dense(3, name="one")]))
    assert lines[4] == "│ one (Dense)                     │ ?                      │   0 (unbuilt) │"
    assert lines[6] == " Total params: 0 (0.00 B)"


def test_optimizer_state_is_counted_as_in_keras() -> None:
    model = clinic()
    model.compile("adam", "mse")
    model.fit(np.ones((2, 1)), np.ones((2, 200)), verbose=0)
    assert printed(model)[-4:] == [
        " Total params: 4,238 (16.55 KB)",
        " Trainable params: 1,412 (5.52 KB)",
        " Non-trainable params: 0 (0.00 B)",
        " Optimizer params: 2,826 (11.04 KB)",
    ]


def test_frozen_layers() -> None:
    model = clinic()
    model.layers[0].trainable = False
    lines = printed(model, show_trainable=True)
    assert lines[2].endswith(" Trainable ┃")
    assert [lines[i].split("│")[4].strip() for i in (4, 6, 8)] == ["N", "Y", "-"]
    assert lines[-2:] == [" Trainable params: 1,400 (5.47 KB)", " Non-trainable params: 12 (48.00 B)"]


def test_widths() -> None:
    for length in (60, 70, 100):
        lines = printed(clinic(), line_length=length)
        assert {len(line) for line in lines[1:-3]} == {length}
    lines = printed(clinic(), line_length=54, positions=[0.4, 0.8, 1.0])
    assert [len(part) for part in lines[1][1:-1].split("┳")] == [20, 20, 10]
    with pytest.raises(ValueError, match="at least 3 characters"):
        printed(clinic(), positions=[1.0, 0.5, 0.1])


def test_long_names_are_broken_not_cut() -> None:
    name = "a_very_long_name_of_a_layer_that_does_not_fit_the_column"
    lines = printed(Sequential([layers.Dense(1, name=name)]))
    assert "".join(line.split("│")[1].strip() for line in lines[4:6]) == name
    assert {len(line) for line in lines[1:8]} == {76}


def test_range_of_layers() -> None:
    lines = printed(clinic(), layer_range=["two", "dr.*"])
    assert [line.split("(")[0].strip("│ ") for line in lines if line.startswith("│")] == ["two", "drop"]
    with pytest.raises(ValueError, match="matches none of"):
        printed(clinic(), layer_range=["two", "end"])


def test_a_shared_layer_is_one_row() -> None:
    a, b = Input((4,), name="a"), Input((4,), name="b")
    shared = layers.Dense(2, name="shared")
    lines = printed(Model([a, b], layers.Add(name="sum")([shared(a), shared(b)])))
    rows = [line for line in lines if line.startswith("│")]
    assert sum("shared (Dense)" in row for row in rows) == 1
    assert any("b[0][0]" in row for row in rows)
    assert any("shared[1][0]" in row for row in rows)


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_printing_never_raises(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding=encoding))
    model = clinic()
    model.name = "Klinik ☂"
    model.summary()
    text = raw.getvalue().decode(encoding)
    assert 'Model: "Klinik ?"' in text
    assert "| one (Dense)" in text
    assert "+====" in text
    monkeypatch.setattr(sys, "stdout", None)
    model.summary()


def test_sizes() -> None:
    assert [size(n) for n in (0, 1023, 1024, 3 * 2**20, 5 * 2**30, 2**41)] == [
        "0.00 B",
        "1023.00 B",
        "1.00 KB",
        "3.00 MB",
        "5.00 GB",
        "2.00 TB",
    ]
