"""Checks on TensorFlow that a rule's example breaks, that its repair does not, and that both are the same function."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np

from tf_nan_lint.diagnostics import Applicability
from tf_nan_lint.errors import TfNanLintError
from tf_nan_lint.graph.build import build
from tf_nan_lint.graph.source import SourceFile
from tf_nan_lint.rules.base import Example
from tf_nan_lint.runtime.agree import compare
from tf_nan_lint.runtime.execute import Array, ExecutionError, Function, Runner, as_array, define, is_float
from tf_nan_lint.runtime.slice import SliceError, slice_of

VARIATIONS: Final = 4
"""How many random variations of every ordinary input a safe repair is compared on."""

_serial = itertools.count()


class ExampleError(TfNanLintError):
    """The text of an example does not define what the check needs."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem

    def __str__(self) -> str:
        return self.problem


def check_example(
    rule_code: str,
    example: Example,
    *,
    bad_function: Function | None = None,
    good_function: Function | None = None,
    dtypes: Sequence[str] = (),
    seed: int = 0,
) -> list[str]:
    """What is wrong with an example on TensorFlow, one sentence each; nothing is an empty list.

    On its witness ``bad`` breaks in exactly the modes that ``breaks`` lists (a mode that is not listed is not run) and
    ``good`` is finite in all of them; a ``SAFE`` repair agrees with the float64 original on the witness, the ordinary
    inputs and seeded variations of them. The functions are ``f`` of the example's own text, which is executed, or its
    slice where the example says so; ``bad_function`` and ``good_function`` take their place. ``dtypes`` (by default the
    example's own, where it has any) name the dtypes of arguments that are not float32, by position.
    """
    kinds = tuple(dtypes) or tuple(getattr(example, "dtypes", ()))
    label = f"{rule_code} {example.title}"
    try:
        bad = bad_function or _function(example, example.bad, f"{label}, bad")
        good = None if example.good is None else good_function or _function(example, example.good, f"{label}, good")
    except TfNanLintError as error:
        return [f"{label}: {error}"]
    witness = _arguments(example.witness, kinds)
    modes = tuple(example.breaks)
    problems = []
    for mode in modes:
        found = _breaks(bad, witness, mode, example.watch)
        if found != example.breaks[mode]:
            problems.append(
                f"{label}: in {mode} mode the bad code's witness breaks {found}, not {example.breaks[mode]}"
            )
        found = "nothing" if good is None else _breaks(good, witness, mode, example.watch)
        if found != "nothing":
            problems.append(f"{label}: in {mode} mode the good code's witness breaks {found}")
    if good is not None and example.applicability is Applicability.SAFE:
        ordinary = [_arguments(inputs, kinds) for inputs in example.ordinary]
        rng = np.random.default_rng(seed)
        varied = [variation(inputs, rng) for inputs in ordinary for _ in range(VARIATIONS)]
        agreement = compare(
            bad,
            good,
            [*ordinary, *varied],
            witnesses=[witness],
            modes=modes,
            watch=example.watch,
            rtol=example.rtol,
            atol=example.atol,
        )
        if not agreement.agrees:
            problems += [f"{label}: {line}" for line in str(agreement).splitlines()]
    return problems


def variation(inputs: Sequence[Array], rng: np.random.Generator) -> list[Array]:
    """Other ordinary arguments of the same shapes: scaled and shuffled, within what they seem to be.

    Masks and labels (0, 1, -1) stay such, shares that sum to 1 and other numbers of [0, 1] too, signs are kept,
    symmetric matrices are only scaled, integers are left alone.
    """
    return [_varied(array, rng) for array in inputs]


def _varied(array: Array, rng: np.random.Generator) -> Array:
    if np.issubdtype(array.dtype, np.integer):
        return array
    shuffled = rng.permutation(array.reshape(-1)).reshape(array.shape)
    if not is_float(array) or bool(np.isin(array, (-1.0, 0.0, 1.0)).all()):
        return shuffled
    is_share = bool((array >= 0).all() and (array <= 1).all())
    if is_share and array.ndim and np.allclose(array.sum(-1), 1.0, atol=1e-4):
        return rng.permuted(array, axis=-1)
    scale = rng.uniform(0.3, 1.0) if is_share else np.exp(rng.uniform(-1.0, 1.0))
    is_square = array.ndim >= 2 and array.shape[-1] == array.shape[-2]
    is_symmetric = is_square and np.array_equal(array, np.swapaxes(array, -1, -2))
    return (array if is_symmetric else shuffled) * scale


def sliced(text: str, name: str = "f") -> Function:
    """The function ``name`` of a module through the value graph: for code that this TensorFlow cannot import.

    Raises:
        ExampleError: the module has no such function.
        SliceError: what it returns cannot be run.
    """
    source = SourceFile.from_text("example.py", text)
    outline = source.outline()
    module = build(source, outline, list(outline.functions()))
    scope = next((s for s in module.scopes if s.kind == "function" and s.name == name and not s.calls), None)
    if scope is None or not scope.returns:
        raise ExampleError(f"there is no function {name!r} that returns something")
    parameters = [known[0].node for known in scope.history.values() if known[0].kind == "parameter"]
    node = scope.returns[-1][1]
    piece = slice_of(node.args if node.op in ("tuple", "list") else [node], parameters)
    if len(piece.nodes) > len(parameters):
        raise SliceError(node, f"it depends on {', '.join(piece.inputs[len(parameters) :])}")
    return piece.compile()


def _function(example: Example, text: str, label: str) -> Function:
    if example.slice:
        return sliced(text)
    # A text of its own for every check: the name is where tf.function looks for the source.
    namespace = define(text, f"<{label} {next(_serial)}>")
    if "f" not in namespace:
        raise ExampleError("its text defines no function 'f'")
    function: Function = namespace["f"]
    return function


def _arguments(inputs: Sequence[object], dtypes: Sequence[str]) -> list[Array]:
    arrays = [as_array(value) for value in inputs]
    kinds = [*dtypes, *["float32"] * (len(arrays) - len(dtypes))]
    return [array if kind == "float32" else array.astype(kind) for array, kind in zip(arrays, kinds, strict=True)]


def _breaks(function: Function, witness: Sequence[Array], mode: str, watch: Sequence[int] | None) -> str:
    try:
        return Runner(function, mode, watch=watch)(witness).breaks
    except ExecutionError as error:
        return f"down ({error.problem})"
