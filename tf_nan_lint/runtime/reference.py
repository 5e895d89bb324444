"""The float64 original: a function's traced graph, values and gradients, with every float dtype widened to float64.

Calling a function with float64 arguments is not enough: code that says ``tf.float32`` or ``tf.constant(1e-7)`` then
fails, and ``x.dtype.max`` would mean another number. Widening the graph keeps the code's constants and its branches.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import tensorflow as tf

from tf_nan_lint.runtime.execute import Array, ExecutionError, Function, Outcome, Runner, as_array, outcome

_NARROW: Final = frozenset({tf.float32.as_datatype_enum, tf.float16.as_datatype_enum, tf.bfloat16.as_datatype_enum})
_WIDE: Final = tf.float64.as_datatype_enum
_suffixes = itertools.count()


class Reference:
    """``function`` in float64; called like a :class:`Runner`, and traced once for every combination of shapes."""

    def __init__(self, function: Function, *, watch: Sequence[int] | None = None, weighted: bool = False) -> None:
        # Traced in float32, the dtype that code is written for: in float16 its epsilons would be 0.
        self._narrow = Runner(function, "graph", watch=watch, weighted=weighted)
        self._direct = Runner(function, "eager", dtype="float64", watch=watch, weighted=weighted)
        self._wide: dict[object, tuple[Function, int] | None] = {}

    def __call__(self, inputs: Sequence[object]) -> Outcome:
        """Values and gradients in float64.

        Raises:
            ExecutionError: the function runs neither widened nor with float64 arguments.
        """
        arrays = [as_array(value) for value in inputs]
        key = tuple((array.shape, array.dtype.str) for array in arrays)
        if key not in self._wide:
            self._wide[key] = self._widened(arrays)
        wide = self._wide[key]
        if wide is not None:
            function, outputs = wide
            try:
                results = function(*(tf.constant(array) for array in arrays))
                return outcome(results[:outputs], results[outputs:])
            except tf.errors.OpError:
                # No float64 kernel, or no result for this input: the direct call tells which.
                pass
        return self._direct(arrays)

    def _widened(self, arrays: Sequence[Array]) -> tuple[Function, int] | None:
        """The widened function and how many of its results are values, or None where an op exists in float32 only."""
        try:
            traced = self._narrow.trace(arrays)
            return widen(traced), len(traced.structured_outputs[0])
        except (ExecutionError, ValueError, TypeError, tf.errors.OpError):
            return None


def widen(traced: Any) -> Function:
    """A concrete function's twin in float64: same arguments, flat list of results.

    Raises:
        ValueError: an op of the graph has no float64 form.
    """
    graph = traced.graph
    definition = graph.as_graph_def()
    renamed = {f.signature.name: f"{f.signature.name}_wide{next(_suffixes)}" for f in definition.library.function}
    for library_function in definition.library.function:
        library_function.signature.name = renamed[library_function.signature.name]
        for argument in (*library_function.signature.input_arg, *library_function.signature.output_arg):
            argument.type = _wide_type(argument.type)
    for gradient in definition.library.gradient:
        gradient.function_name = renamed.get(gradient.function_name, gradient.function_name)
        gradient.gradient_func = renamed.get(gradient.gradient_func, gradient.gradient_func)
    for node in _all_nodes(definition):
        for attribute in node.attr.values():
            _widen_attribute(attribute, renamed)
    names = [tensor.name for tensor in graph.inputs]
    results = [tensor.name for tensor in graph.outputs]

    def call(*arguments: Any) -> Any:
        mapping = dict(zip(names, arguments, strict=True))
        return tf.graph_util.import_graph_def(definition, input_map=mapping, return_elements=results, name="wide")

    wide = tf.compat.v1.wrap_function(call, [tf.TensorSpec(t.shape, _wide_dtype(t.dtype)) for t in graph.inputs])
    captured = [_wide_capture(tensor, graph.variables) for tensor in traced.captured_inputs]
    return lambda *arguments: wide(*arguments, *(getattr(c, "handle", c) for c in captured))


def _all_nodes(definition: Any) -> Iterator[Any]:
    yield from definition.node
    for function in definition.library.function:
        yield from function.node_def


def _wide_type(enum: int) -> int:
    return _WIDE if enum in _NARROW else enum


def _widen_attribute(attribute: Any, renamed: dict[str, str]) -> None:
    kind = attribute.WhichOneof("value")
    if kind == "type":
        attribute.type = _wide_type(attribute.type)
    elif kind == "tensor" and attribute.tensor.dtype in _NARROW:
        number = tf.make_ndarray(attribute.tensor).astype(np.float64)
        attribute.tensor.CopyFrom(tf.make_tensor_proto(number))
    elif kind == "func":
        attribute.func.name = renamed.get(attribute.func.name, attribute.func.name)
    elif kind == "list":
        for index, enum in enumerate(attribute.list.type):
            attribute.list.type[index] = _wide_type(enum)
        for function in attribute.list.func:
            function.name = renamed.get(function.name, function.name)


def _wide_dtype(dtype: Any) -> Any:
    return tf.as_dtype(_wide_type(dtype.as_datatype_enum))


def _wide_capture(tensor: Any, variables: Sequence[Any]) -> Any:
    """What a function captured, in float64: a constant is cast, a variable is copied."""
    if tensor.dtype == tf.resource:
        variable = next((v for v in variables if v.handle is tensor), None)
        if variable is None:
            raise ValueError("a captured resource is no variable")
        return tf.Variable(tf.cast(variable, _wide_dtype(variable.dtype)))
    return tf.cast(tensor, _wide_dtype(tensor.dtype))
