"""Configurations of Keras 3 in ours, and the reverse.

They agree in classes and arguments. Keras adds where a class comes from ("module", "registered_name"), options that we
do not have, which may be dropped only where they are off, and its own way to write down a graph.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ranvier import activations, initializers, layers, losses, metrics, optimizers
from ranvier._configurable import argument_names
from ranvier._custom_objects import find
from ranvier.errors import ModelFileError
from ranvier.layers import InputLayer
from ranvier.layers.tracing import given
from ranvier.models.model import Model
from ranvier.models.sequential import Sequential
from ranvier.saving.json_data import mapping

if TYPE_CHECKING:
    from ranvier.layers import Layer
    from ranvier.symbol import KerasTensor, Node

_COMMON = ("name", "trainable", "dtype", "batch_shape")
# Options of Keras that are off with these values, besides None and False.
_OFF = {"ema_momentum": 0.99}
_MODULES = {"optimizer": "optimizers", "loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics"}
_ENDINGS = {"initializer": "initializers", "regularizer": "regularizers", "constraint": "constraints"}

# Arguments that are activations, and that are layers or lists of them.
_ACTIVATIONS = ("activation", "recurrent_activation")
# Operations that Keras writes down as layers, and that only masks need.
_OF_MASKS = ("NotEqual", "Any", "LogicalAnd", "Squeeze")
_INNER = ("layer", "backward_layer", "cell", "cells")

_MASKS = ("query_mask", "value_mask", "key_mask")

_Call = tuple[int, int]
_History = tuple[str, int, int]


# --- From Keras -------------------------------------------------------------------------------------------------------


def from_keras(description: Mapping[str, Any]) -> dict[str, Any]:
    """Our description of a model that Keras describes, with "compile_config" if it has one.

    Raises: ModelFileError for what we cannot make.
    """
    made = _model(description)
    if description.get("compile_config"):
        made["compile_config"] = _compiling(mapping(description["compile_config"], "compile_config"))
    return made


def _model(description: Mapping[str, Any]) -> dict[str, Any]:
    config = mapping(description.get("config"), "Keras configuration")
    made = {"class_name": description.get("class_name"), "registered_name": description.get("registered_name")}
    made["config"] = _functional(config) if "input_layers" in config else _sequential(config)
    return made


def _is_model(description: Mapping[str, Any]) -> bool:
    return description.get("class_name") in ("Sequential", "Functional", "Model") and find(description) is None


def _sequential(config: Mapping[str, Any]) -> dict[str, Any]:
    described = [_layer(layer) for layer in _items(config, "layers")]
    shape = config.get("build_input_shape")
    if described and described[0]["class_name"] == "InputLayer":
        shape = described.pop(0)["config"].get("batch_shape")
    return {
        "name": config.get("name"),
        "trainable": config.get("trainable", True),
        "layers": described,
        "input_shape": None if shape is None else list(shape)[1:],
    }


def _functional(config: Mapping[str, Any]) -> dict[str, Any]:
    # What Keras computes masks with is made again when the layers that give masks are called.
    described = [layer for layer in _items(config, "layers") if layer.get("class_name") not in _OF_MASKS]
    position = {layer.get("name"): i for i, layer in enumerate(described)}
    # A call is known by its layer's position and its number among the calls of that layer; an input is never called.
    reads: dict[_Call, list[_History]] = {}
    masks: dict[_Call, list[_History]] = {}
    options: dict[_Call, dict[str, Any]] = {}
    for layer in described:
        calls = _items(layer, "inbound_nodes")
        for number, each in enumerate(calls or [{}]):
            call = (position[layer.get("name")], number)
            reads[call], mask, options[call] = _node_inputs(each, layer.get("class_name")) if each else ([], [], {})
            masks[call] = [history for history in mask if history[0] in position]

    def call_of(history: _History) -> _Call:
        call = (position.get(history[0], -1), history[1])
        if call not in reads:
            raise ModelFileError(f"[Keras configuration] there is no call {history[1]} of a layer {history[0]!r:.80}")
        return call

    order = _ordered(
        {call: [call_of(history) for history in (*inputs, *masks[call])] for call, inputs in reads.items()}
    )
    node_of = {call: number for number, call in enumerate(order)}

    def reference(history: _History) -> list[int]:
        return [node_of[call_of(history)], history[2]]

    def node(call: _Call) -> dict[str, Any]:
        found: dict[str, Any] = {"layer": call[0], "inputs": [reference(history) for history in reads[call]]}
        found |= {"masks": [reference(history) for history in masks[call]]} if masks[call] else {}
        return found | ({"options": options[call]} if options[call] else {})

    outputs, many = _references(config.get("output_layers"))
    keys = {side: config.get(f"{side}_layers") for side in ("input", "output")}
    return {f"{side}_keys": list(value) for side, value in keys.items() if isinstance(value, dict)} | {
        "name": config.get("name"),
        "trainable": config.get("trainable", True),
        "layers": [_layer(layer) for layer in described],
        "nodes": [node(call) for call in order],
        "inputs": [reference(_history(value)) for value in _references(config.get("input_layers"))[0]],
        "outputs": [reference(_history(value)) for value in outputs],
        "many_outputs": many,
    }


def _items(config: Mapping[str, Any], key: str) -> list[dict[str, Any]]:
    items = config.get(key)
    if not isinstance(items, list):
        raise ModelFileError(f"[Keras configuration] expected a list of {key}, got {items!r:.80}")
    return [mapping(item, key) for item in items]


def _ordered(reads: Mapping[_Call, list[_Call]]) -> list[_Call]:
    # Each call after those it reads, without recursion: networks may be deeper than Python's stack.
    order: dict[_Call, None] = {}
    for start in reads:
        stack, entered = [start], set()
        while stack:
            call = stack[-1]
            missing = [other for other in reads[call] if other not in order]
            if not missing:
                order.setdefault(stack.pop())
            elif call in entered:
                raise ModelFileError("[Keras configuration] the layers feed each other in a circle")
            else:
                entered.add(call)
                stack.extend(missing)
    return list(order)


def _node_inputs(node: Mapping[str, Any], name: Any) -> tuple[list[_History], list[_History], dict[str, Any]]:
    """What a call reads, the states that it begins with behind the rest; its mask, if any; its other arguments."""
    given = node.get("args")
    options = dict(mapping(node.get("kwargs", {}), "kwargs"))
    cls = layers.layer_classes().get(name) if isinstance(name, str) else None
    if cls is not None and hasattr(cls, "call"):
        return _traced_inputs(cls, given, options)
    states, mask = options.pop("initial_state", None), options.pop("mask", None)
    # Keras writes training=False for layers that were called without it.
    used = {key: value for key, value in options.items() if not (value is None or (key, value) == ("training", False))}
    known = {} if cls is None else cls.call_options
    if not isinstance(given, list) or len(given) != 1 or not used.keys() <= known.keys():
        raise ModelFileError(
            f"[Keras configuration] expected layers called on one value or list, got {given!r:.80}, {used!r:.80}"
        )
    chosen = {key: value for key, value in used.items() if value != known[key]}
    return _symbols(given[0]) + _symbols(states), _symbols(mask), chosen


def _traced_inputs(
    cls: Any, given: Any, kwargs: Mapping[str, Any]
) -> tuple[list[_History], list[_History], dict[str, Any]]:
    # Arguments by their names, with symbols replaced by their numbers, as a call of such a layer remembers them.
    parameters = inspect.signature(cls.call).parameters
    names = [name for name in parameters if name != "self"]
    inputs: list[_History] = []

    def taken(value: Any) -> Any:
        if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
            return [taken(item) for item in value]
        if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
            inputs.extend(_symbols(value))
            return {"tensor": len(inputs) - 1}
        return value

    if not isinstance(given, list) or len(given) > len(names):
        raise ModelFileError(f"[Keras configuration] cannot call {cls.__name__} on {given!r:.80}")
    found = dict(zip(names, given, strict=False)) | {key: value for key, value in kwargs.items() if key != "training"}
    # Masks come with the symbols.
    used = {key: value for key, value in found.items() if value is not None and not key.endswith(_MASKS)}
    wrong = [key for key in used if key not in names]
    if wrong:
        raise ModelFileError(f"[Keras configuration] cannot call {cls.__name__} with {wrong}")
    return_options = {
        key: taken(value)
        for key, value in used.items()
        if isinstance(value, list | dict) or value != parameters[key].default
    }
    return inputs, [], return_options


def _symbols(value: Any) -> list[_History]:
    if value is None:
        return []
    if isinstance(value, dict) and "class_name" not in value:
        value = list(value.values())
    if isinstance(value, list):
        return [history for item in value for history in _symbols(item)]
    return [_history(mapping(mapping(value, "args").get("config"), "args").get("keras_history"))]


def _history(value: Any) -> _History:
    if not isinstance(value, list) or len(value) != 3 or not all(type(number) is int for number in value[1:]):
        raise ModelFileError(f"[Keras configuration] expected [layer, call, output], got {value!r:.80}")
    return str(value[0]), value[1], value[2]


def _references(value: Any) -> tuple[list[Any], bool]:
    if isinstance(value, dict):
        return list(value.values()), True
    if not isinstance(value, list) or not value:
        raise ModelFileError(f"[Keras configuration] expected references to layers, got {value!r:.80}")
    return ([value], False) if isinstance(value[0], str) else (value, len(value) > 1)


def _layer(description: Mapping[str, Any]) -> dict[str, Any]:
    if _is_model(description):
        return _model(description)
    made = _object(description, layers.layer_classes(), _COMMON)
    config = made["config"]
    for key in _ACTIVATIONS:
        if isinstance(value := config.get(key), dict):
            config[key] = _activation(value)
    for key in _INNER:
        if isinstance(value := mapping(description.get("config"), "config").get(key), dict):
            config[key] = _layer(value)
        elif isinstance(value, list):
            config[key] = [_layer(mapping(item, key)) for item in value]
    return made


def _activation(value: dict[str, Any]) -> Any:
    if value.get("class_name") == "function":
        return value.get("config")
    return activations.serialize(layers.deserialize(_layer(value)))


def _object(description: Any, classes: Mapping[str, Any], common: tuple[str, ...] = ()) -> dict[str, Any]:
    """{"class_name", "config"} without what Keras adds and what is off."""
    described = mapping(description, "Keras configuration")
    name = described.get("class_name")
    own = find(described)
    if own is not None:
        return {key: described.get(key) for key in ("class_name", "registered_name", "config")}
    config = described.get("config")
    if not isinstance(config, dict):
        return {"class_name": name, "config": config}
    cls = classes.get(name) if isinstance(name, str) else None
    known = (*common, *(argument_names(cls) if cls is not None else config))
    kept = {key: value for key, value in config.items() if key in known or not _is_off(key, value)}
    return {"class_name": name, "config": {key: _plain(key, value) for key, value in kept.items()}}


def _is_off(key: str, value: Any) -> bool:
    return value is None or value is False or (key in _OFF and _OFF[key] == value)


def _plain(key: str, value: Any) -> Any:
    if key == "dtype" and isinstance(value, dict):
        return mapping(value.get("config"), "dtype").get("name")
    if isinstance(value, dict) and "class_name" in value and key not in _ACTIVATIONS:
        return _object(value, initializers._classes())
    return value


def _compiling(config: Mapping[str, Any]) -> dict[str, Any]:
    made = {
        key: _objects(config.get(key), getattr(module, "_CLASSES", {}))
        for key, module in (("loss", losses), ("metrics", metrics), ("weighted_metrics", metrics))
    }
    return {
        "optimizer": _object(config.get("optimizer"), optimizers._CLASSES),
        "loss_weights": config.get("loss_weights"),
        **made,
    }


def _objects(value: Any, classes: Mapping[str, Any]) -> Any:
    if isinstance(value, list):
        return [_objects(item, classes) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _objects(item, classes) for key, item in value.items()}
    return value if value["class_name"] == "function" else _object(value, classes)


# --- To Keras ---------------------------------------------------------------------------------------------------------


def to_keras(model: Model, include_compile: bool) -> dict[str, Any]:
    """Keras's description of a model.

    Raises: ValueError for what Keras has no words for.
    """
    described = _to_model(model)
    compiled = model.get_compile_config() if include_compile else None
    if compiled is not None:
        described["compile_config"] = {
            key: value if key == "loss_weights" else _with_modules(value, _MODULES[key])
            for key, value in compiled.items()
        }
    return described


def _to_model(model: Model) -> dict[str, Any]:
    chain = isinstance(model, Sequential)
    described: dict[str, Any] = {
        "module": "keras" if chain else "keras.src.models.functional",
        "class_name": "Sequential" if chain else "Functional",
        "config": _to_sequential(model) if isinstance(model, Sequential) else _to_functional(model),
        "registered_name": None if chain else "Functional",
    }
    if chain and model.built:
        described["build_config"] = {"input_shape": list(model.inputs[0].shape)}
    return described


def _to_sequential(model: Sequential) -> dict[str, Any]:
    config: dict[str, Any] = {"name": model.name, "trainable": model.trainable, "dtype": _policy(model.dtype)}
    config["layers"] = [_to_layer(layer) for layer in model.layers]
    if model.built:
        config["layers"].insert(0, _to_layer(model.inputs[0].node.layer))
        config["build_input_shape"] = list(model.inputs[0].shape)
    return config


def _to_functional(model: Model) -> dict[str, Any]:
    calls: dict[str, list[Any]] = {layer.name: [] for layer in model.layers}
    call_of: dict[int, int] = {}
    for node in model._nodes:
        call_of[id(node)] = len(calls[node.layer.name])
        calls[node.layer.name].append(node)

    def history(symbol: KerasTensor) -> list[Any]:
        return [symbol.name, call_of[id(symbol.node)], symbol.index]

    def tensor(symbol: KerasTensor) -> dict[str, Any]:
        config = {"shape": list(symbol.shape), "dtype": symbol.dtype, "keras_history": history(symbol)}
        return {"class_name": "__keras_tensor__", "config": config}

    described = []
    for layer in model.layers:
        nodes = [_to_call(node, tensor) for node in calls[layer.name] if not node.layer.is_input]
        described.append({**_to_layer(layer), "name": layer.name, "inbound_nodes": nodes})
    inputs, outputs = ([history(symbol) for symbol in side] for side in (model.inputs, model.outputs))
    named = inputs if model._input_keys is None else dict(zip(model._input_keys, inputs, strict=True))
    return {
        "name": model.name,
        "trainable": model.trainable,
        "layers": described,
        "input_layers": inputs[0] if len(named) == 1 and isinstance(named, list) else named,
        "output_layers": model._structured(outputs),
    }


def _to_call(node: Node, tensor: Callable[[KerasTensor], dict[str, Any]]) -> dict[str, Any]:
    layer, tensors = node.layer, [tensor(symbol) for symbol in node.inputs]
    options: dict[str, Any] = {}
    if layer.is_traced:
        return {"args": [], "kwargs": given(node.options, tensors)}
    if isinstance(layer, Model) and layer._input_keys is not None:
        return {"args": [dict(zip(layer._input_keys, tensors, strict=True))], "kwargs": {}}
    if len(tensors) > 1 and not layer.merges:
        options["initial_state"] = tensors[1:]
        tensors = tensors[:1]
    if any(mask is not None and not mask.node.layer.is_hidden for mask in node.masks):
        options["mask"] = tensor(node.masks[0])  # type: ignore[arg-type]  # the only one
    return {"args": [tensors] if layer.merges else tensors, "kwargs": options | node.options}


def _to_layer(layer: Layer) -> dict[str, Any]:
    if isinstance(layer, Model):
        return _to_model(layer)
    name = type(layer).__name__
    if name not in layers.layer_classes():
        raise ValueError(f"[save] Keras does not know the layer {layer.name} ({name}): save as '.safetensors'")
    config = layer.get_config()
    if isinstance(layer, InputLayer):
        config = {"batch_shape": [layer.batch_size, *layer.shape], "dtype": layer.dtype, "name": layer.name}
        return {"module": "keras.layers", "class_name": name, "config": config, "registered_name": None}
    if not layer.variables and layer.built:
        config.pop("trainable", None)  # some layers of Keras do not take it, and here it decides nothing
    return _to_described(name, config)


def _to_described(name: str, config: dict[str, Any]) -> dict[str, Any]:
    for key in _ACTIVATIONS:
        if isinstance(config.get(key), dict):
            function = config[key]["class_name"]
            raise ValueError(
                f"[save] Keras cannot write down the arguments of {function} in {config['name']}: use an activation "
                "layer, or save as '.safetensors'"
            )
    made = dict(config)
    made["dtype"] = _policy(config["dtype"])
    for key, value in config.items():
        if isinstance(value, dict) and (module := _ENDINGS.get(key.rpartition("_")[2])) is not None:
            made[key] = _with_modules(value, module)
        elif key in _INNER and isinstance(value, dict):
            made[key] = _to_described(value["class_name"], value["config"])
        elif key in _INNER and isinstance(value, list):
            made[key] = [_to_described(one["class_name"], one["config"]) for one in value]
    return {"module": "keras.layers", "class_name": name, "config": made, "registered_name": None}


def _policy(dtype: str) -> dict[str, Any]:
    return {"module": "keras", "class_name": "DTypePolicy", "config": {"name": dtype}, "registered_name": None}


def _with_modules(value: Any, module: str) -> Any:
    if isinstance(value, list):
        return [_with_modules(item, module) for item in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {key: _with_modules(item, module) for key, item in value.items()}
    config = value["config"]
    if isinstance(config, dict):
        nested = "optimizers.schedules" if module == "optimizers" else module
        config = {key: _with_modules(item, nested) for key, item in config.items()}
    return {"module": f"keras.{module}", "registered_name": None, **value, "config": config}
