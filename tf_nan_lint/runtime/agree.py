"""Compares a function with its repair: what a safe fix owes (values, gradients, finiteness, no dead gradient)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np

from tf_nan_lint.runtime.execute import (
    MODES,
    Array,
    ExecutionError,
    Function,
    Outcome,
    Runner,
    as_array,
    rounded,
)
from tf_nan_lint.runtime.reference import Reference

TOLERANCES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"float32": (1e-5, 1e-6), "float16": (5e-3, 1e-3), "bfloat16": (4e-2, 1e-2), "float64": (1e-10, 1e-12)}
)
"""Relative and absolute tolerance of every dtype; both apply together, ``atol + rtol * |expected|``."""


@dataclass(frozen=True, slots=True)
class CounterExample:
    """One input at which the repair is not as good as its original, explained in one line.

    ``kind``: ``value``, ``gradient`` (differs from the float64 original), ``dead gradient`` (0 where the float64
    original's is not), ``not finite``, ``shape`` or ``error``. ``mode`` is the one it was seen in.
    """

    kind: str
    mode: str
    inputs: tuple[object, ...]
    detail: str

    def __str__(self) -> str:
        return f"{self.mode}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What a comparison found: ``compared`` counts the runs, ``skipped`` names modes that cannot run the original."""

    counter_examples: tuple[CounterExample, ...]
    compared: int
    skipped: tuple[str, ...] = ()

    @property
    def agrees(self) -> bool:
        """Whether the repair was run and never found wanting: the condition for a ``SAFE`` fix."""
        return self.compared > 0 and not self.counter_examples

    def __str__(self) -> str:
        if self.agrees:
            return f"agrees with the float64 original in {self.compared} runs"
        return "\n".join(map(str, self.counter_examples)) or "could not be compared: no mode runs the original"


def compare(
    before: Function,
    after: Function,
    inputs_list: Sequence[Sequence[object]],
    *,
    witnesses: Sequence[Sequence[object]] = (),
    dtype: str = "float32",
    modes: Sequence[str] = MODES,
    watch: Sequence[int] | None = None,
    rtol: float | None = None,
    atol: float | None = None,
    names: Sequence[str] = (),
) -> Agreement:
    """Check that ``after`` computes the same function as ``before``, with finite gradients.

    ``inputs_list`` and ``witnesses`` are argument lists: numbers, nested lists or arrays, floats rounded to ``dtype``.
    For each of them, in each mode:

    - (a) where the value of ``before`` in float64 is finite, that of ``after`` in ``dtype`` agrees;
    - (b) the same, separately, for each gradient (of a weighted sum, so that normalised outputs have one);
    - (c) ``after`` is finite on every one of ``witnesses``, and wherever ``before`` in ``dtype`` and the same mode is;
    - (d) no gradient of ``after`` is 0 where that of ``before`` in float64 is finite and above ``atol``.

    A number of the float64 original that is too large for ``dtype`` counts as the infinity it rounds to. A mode that
    cannot run ``before`` is skipped.
    """
    relative, absolute = TOLERANCES[dtype]
    tolerance = (relative if rtol is None else rtol, absolute if atol is None else atol)
    reference = Reference(before, watch=watch, weighted=True)
    cases = [([rounded(as_array(v), dtype) for v in inputs], False) for inputs in inputs_list]
    cases += [([rounded(as_array(v), dtype) for v in inputs], True) for inputs in witnesses]
    found: list[CounterExample] = []
    compared = 0
    skipped = []
    for mode in modes:
        old = Runner(before, mode, dtype=dtype, watch=watch, weighted=True)
        new = Runner(after, mode, dtype=dtype, watch=watch, weighted=True)
        runs = 0
        for arrays, is_witness in cases:
            case = _Case(mode, arrays, dtype, tolerance, old.watched(arrays), names)
            try:
                expected, original = reference(arrays), old(arrays)
            except ExecutionError:
                continue
            runs += 1
            try:
                repaired = new(arrays)
            except ExecutionError as error:
                found.append(case.counter_example("error", f"the repair fails: {error.problem}"))
                continue
            found += case.check(expected, original, repaired, is_witness)
        compared += runs
        if not runs:
            skipped.append(mode)
    return Agreement(tuple(found), compared, tuple(skipped))


@dataclass(frozen=True, slots=True, eq=False)
class _Case:
    """One input in one mode."""

    mode: str
    arrays: Sequence[Array]
    dtype: str
    tolerance: tuple[float, float]
    watched: tuple[int, ...]
    names: Sequence[str]

    def counter_example(self, kind: str, detail: str) -> CounterExample:
        return CounterExample(kind, self.mode, tuple(a.tolist() for a in self.arrays), f"{detail}, at {self.where}")

    @property
    def where(self) -> str:
        """The inputs in one line; only the beginning of long ones."""
        with np.printoptions(precision=6, threshold=12, edgeitems=3):
            parts = [f"{self.name(i)} = {' '.join(str(array).split())}" for i, array in enumerate(self.arrays)]
        return ", ".join(parts)

    def name(self, index: int) -> str:
        return self.names[index] if index < len(self.names) else f"input {index}"

    def check(
        self, expected: Outcome, original: Outcome, repaired: Outcome, is_witness: bool
    ) -> Iterator[CounterExample]:
        """What is wrong with ``repaired``: at most one counter-example for every output and every gradient."""
        if len(expected.values) != len(repaired.values):
            yield self.counter_example("shape", f"{len(repaired.values)} outputs instead of {len(expected.values)}")
            return
        for index, triple in enumerate(zip(expected.values, original.values, repaired.values, strict=True)):
            label = "the value" if len(expected.values) == 1 else f"output {index}"
            yield from self.numbers("value", label, triple, is_witness)
        for index, triple in enumerate(zip(expected.gradients, original.gradients, repaired.gradients, strict=True)):
            yield from self.numbers("gradient", f"the gradient of {self.name(self.watched[index])}", triple, is_witness)

    def numbers(
        self, kind: str, label: str, triple: tuple[Array, Array, Array], is_witness: bool
    ) -> Iterator[CounterExample]:
        expected, original, repaired = triple
        if repaired.shape != expected.shape:
            yield self.counter_example("shape", f"{label} has shape {repaired.shape}, not {expected.shape}")
            return
        finite = np.isfinite(repaired)
        lost = ~finite & np.isfinite(original)
        if lost.any():
            at = _first(lost)
            text = f"{label}{_entry(at)} is {_number(repaired[at])}, the original's is {_number(original[at])}"
            yield self.counter_example("not finite", text)
            return
        if is_witness and not finite.all():
            at = _first(~finite)
            yield self.counter_example("not finite", f"{label}{_entry(at)} is still {_number(repaired[at])}")
            return
        rtol, atol = self.tolerance
        # What float64 holds and the dtype does not, its infinity stands for.
        nearest = rounded(expected, self.dtype)
        with np.errstate(invalid="ignore"):
            close = np.abs(repaired - expected) <= atol + rtol * np.abs(expected)
        differs = np.isfinite(expected) & ~(close | (np.isinf(nearest) & (repaired == nearest)))
        dead = differs & (repaired == 0.0) & (np.abs(expected) > atol) if kind == "gradient" else np.zeros_like(differs)
        if dead.any():
            at = _first(dead)
            text = f"{label}{_entry(at)} is dead: 0 where the float64 original's is {_number(expected[at])}"
            yield self.counter_example("dead gradient", text)
        elif differs.any():
            at = _first(differs)
            text = f"{label}{_entry(at)} is {_number(repaired[at])}, the float64 original's is {_number(expected[at])}"
            yield self.counter_example(kind, text)


def _first(mask: Array) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argwhere(mask)[0])


def _entry(at: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, at))}]" if at else ""


def _number(value: float) -> str:
    return f"{value:.9g}"


__all__ = ["TOLERANCES", "Agreement", "CounterExample", "compare"]
