"""Runs a function on TensorFlow, eagerly, as a graph and compiled by XLA, and reads its values and gradients."""

from __future__ import annotations

import linecache
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from tf_nan_lint.errors import TfNanLintError

MODES: Final = ("eager", "graph", "xla")
"""How TensorFlow runs code: op by op, as ``tf.function``, and as ``tf.function(jit_compile=True)``."""

FAILURES: Final = (
    tf.errors.OpError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What TensorFlow, or the code it runs, raises where shapes, dtypes or names do not fit."""

Array: TypeAlias = npt.NDArray[Any]
"""A numpy array; floating-point ones are float64, whatever dtype TensorFlow computes with."""

Function: TypeAlias = Callable[..., Any]
"""A function of tensors that returns a tensor or a nest of them."""


class ExecutionError(TfNanLintError):
    """TensorFlow could not run a function: shapes or dtypes do not fit, or an op does not exist in this mode."""

    def __init__(self, mode: str, problem: str) -> None:
        super().__init__(mode, problem)
        self.mode = mode
        self.problem = problem

    def __str__(self) -> str:
        return f"TensorFlow cannot run this in {self.mode} mode: {self.problem}"


@dataclass(frozen=True, slots=True)
class InputSpec:
    """What an argument may be: ``kind`` is ``float``, ``int`` or ``bool``; values lie in [``low``, ``high``].

    ``shape`` None stands for any.
    """

    name: str
    kind: str = "float"
    low: float = -np.inf
    high: float = np.inf
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What one run gave: the flattened outputs, and for every watched input the gradient of their sum.

    All arrays are float64; a complex output has a last axis (real, imaginary) of its own.
    """

    values: tuple[Array, ...]
    gradients: tuple[Array, ...]

    @property
    def breaks(self) -> str:
        """What is not finite: ``value`` (then the gradient may be too), ``gradient`` or ``nothing``."""
        if not all_finite(self.values):
            return "value"
        return "nothing" if all_finite(self.gradients) else "gradient"

    @property
    def broken(self) -> float:
        """The first number that is not finite, values before gradients; 0.0 where all are."""
        for array in (*self.values, *self.gradients):
            bad = array[~np.isfinite(array)]
            if bad.size:
                return float(bad.flat[0])
        return 0.0


def all_finite(arrays: Sequence[Array]) -> bool:
    """Whether no entry is NaN or infinite."""
    return all(bool(np.isfinite(array).all()) for array in arrays)


def as_array(value: object) -> Array:
    """An argument in numpy: Python numbers, nested lists of them and float arrays as float64.

    Booleans stay booleans, and integer arrays (not Python integers) become int32.
    """
    array = np.asarray(value)
    if array.dtype == np.bool_:
        return array
    if np.issubdtype(array.dtype, np.integer) and isinstance(value, (np.ndarray, np.generic)):
        return array.astype(np.int32)
    return array.astype(np.float64)


def rounded(array: Array, dtype: str) -> Array:
    """A float64 array with every entry rounded to a floating-point dtype; others are returned as they are."""
    if array.dtype != np.float64:
        return array
    with np.errstate(over="ignore", under="ignore"):
        return array.astype(tf.as_dtype(dtype).as_numpy_dtype).astype(np.float64)


def is_float(array: Array) -> bool:
    """Whether gradients flow to an argument."""
    return array.dtype == np.float64


def define(source: str, filename: str) -> dict[str, Any]:
    """Execute a module of our own (an example, a generated slice) and return its names.

    The text is put where ``inspect`` finds it: ``tf.function`` translates Python's ``if`` and ``while`` from it.
    """
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": filename}
    exec(compile(source, filename, "exec"), namespace)
    return namespace


class Runner:
    """One function in one mode; it is traced once for every combination of shapes.

    Float arguments are cast to ``dtype``. ``watch`` lists the arguments whose gradients are read, by default all float
    ones. ``weighted`` differentiates a weighted sum of the output's entries instead of the plain sum, which is
    constant, and so has gradient 0, for every output that is normalised.
    """

    def __init__(
        self,
        function: Function,
        mode: str,
        *,
        dtype: str = "float32",
        watch: Sequence[int] | None = None,
        weighted: bool = False,
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}, not {mode!r}")
        self.mode = mode
        self.dtype = dtype
        self.function = function
        self.watch = None if watch is None else tuple(watch)
        self.weighted = weighted
        self._traced: dict[object, Any] = {}

    def watched(self, arrays: Sequence[Array]) -> tuple[int, ...]:
        """The positions of the arguments whose gradients are read."""
        wanted = range(len(arrays)) if self.watch is None else self.watch
        return tuple(index for index in wanted if is_float(arrays[index]))

    def trace(self, arrays: Sequence[Array]) -> Any:
        """The concrete ``tf.function`` of values and gradients for arguments like these.

        Raises:
            ExecutionError: the function cannot be traced with these shapes.
        """
        tensors = [self.tensor(array) for array in arrays]
        key = tuple((tuple(t.shape), t.dtype) for t in tensors)
        if key not in self._traced:
            step = _step(self.function, self.watched(arrays), self.weighted)
            compiled = tf.function(step, jit_compile=True) if self.mode == "xla" else tf.function(step)
            specs = [tf.TensorSpec(t.shape, t.dtype) for t in tensors]
            self._traced[key] = self._guarded(lambda: compiled.get_concrete_function(*specs))
        return self._traced[key]

    def tensor(self, array: Array) -> Any:
        """An argument as a tensor of the runner's dtype."""
        if not is_float(array):
            return tf.constant(array)
        with np.errstate(over="ignore", under="ignore"):
            return tf.constant(array.astype(tf.as_dtype(self.dtype).as_numpy_dtype))

    def __call__(self, inputs: Sequence[object]) -> Outcome:
        """Run once.

        Raises:
            ExecutionError: TensorFlow raised an error.
        """
        arrays = [as_array(value) for value in inputs]
        step = _step(self.function, self.watched(arrays), self.weighted) if self.mode == "eager" else self.trace(arrays)
        tensors = [self.tensor(array) for array in arrays]
        values, gradients = self._guarded(lambda: step(*tensors))
        return outcome(values, gradients)

    def _guarded(self, action: Callable[[], Any]) -> Any:
        try:
            with warnings.catch_warnings():
                # What TensorFlow warns of (sparse gradients made dense) is no business of the caller.
                warnings.simplefilter("ignore")
                return action()
        except FAILURES as error:
            text = str(error).strip()
            raise ExecutionError(self.mode, text.splitlines()[0] if text else type(error).__name__) from error


def evaluate(
    function: Function,
    inputs: Sequence[object],
    mode: str,
    watch: Sequence[int] | None = None,
    *,
    dtype: str = "float32",
    weighted: bool = False,
) -> Outcome:
    """Values and gradients of ``function`` at ``inputs`` in one mode; see :class:`Runner`.

    ``inputs`` are numbers, nested lists or arrays. Gradients are those of the sum of all float outputs, zeros where an
    input is not connected.

    Raises:
        ExecutionError: TensorFlow cannot run the function.
    """
    return Runner(function, mode, dtype=dtype, watch=watch, weighted=weighted)(inputs)


def outcome(values: Sequence[Any], gradients: Sequence[Any]) -> Outcome:
    """Tensors as an :class:`Outcome`."""
    return Outcome(tuple(_numbers(v) for v in values), tuple(_numbers(g) for g in gradients))


def _numbers(tensor: Any) -> Array:
    return np.asarray(tensor.numpy()).astype(np.float64)


def _step(function: Function, watch: tuple[int, ...], weighted: bool) -> Function:
    def step(*tensors: Any) -> Any:
        watched = [tensors[index] for index in watch]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(watched)
            outputs = _outputs(function(*tensors))
        targets = [y for y in outputs if y.dtype.is_floating]
        if not targets or not watched:
            return outputs, [tf.zeros_like(x) for x in watched]
        upstream = [_weights(y) for y in targets] if weighted else None
        gradients = tape.gradient(targets, watched, upstream, tf.UnconnectedGradients.ZERO)
        return outputs, [tf.convert_to_tensor(g) for g in gradients]

    return step


def _outputs(result: Any) -> list[Any]:
    outputs = [tf.convert_to_tensor(y) for y in tf.nest.flatten(result) if y is not None]
    return [tf.stack([tf.math.real(y), tf.math.imag(y)], -1) if y.dtype.is_complex else y for y in outputs]


def _weights(output: Any) -> Any:
    # Eighths from 0.5 to 1.375: different for neighbours, and exact in every dtype.
    steps = tf.cast((tf.range(tf.size(output)) * 5) % 8 + 4, output.dtype)
    return tf.reshape(steps / 8, tf.shape(output))
