"""Searches for a witness: finite, ordinary inputs at which a function's value or gradient is not finite."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

import numpy as np
import tensorflow as tf

from tf_nan_lint.domain.dtypes import FLOATS
from tf_nan_lint.runtime.execute import (
    MODES,
    Array,
    ExecutionError,
    Function,
    InputSpec,
    Outcome,
    Runner,
    rounded,
)

Shape: TypeAlias = tuple[int, ...]
Filler: TypeAlias = Callable[[Shape, np.random.Generator], Array]

SPECIAL: Final = (
    0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    2.0,
    5.0,
    -5.0,
    20.0,
    -20.0,
    90.0,
    -90.0,
    100.0,
    -100.0,
    1e4,
    -1e4,
    1e-3,
    1e-8,
)
"""Where functions of one number break: signs, unit and zero, saturation and overflow of exp, and small numbers."""

_CORE: Final = (0.0, 1.0, -1.0, 0.5, 5.0, 100.0, -100.0)
_SHAPES: Final[tuple[Shape, ...]] = ((), (3,), (2, 3), (3, 3), (2, 3, 4), (2, 3, 4, 2))
_SWEEP: Final = 2048
"""Most combinations of special values tried in one run: code may compare all pairs of entries."""
_PROBES: Final = 80
_ASSIGNMENTS: Final = 8
_COMPILED: Final = 3
_VERIFIED: Final = 12
_SHRINK_SCALARS: Final = 48
_SHRINK_ENTRIES: Final = 24


@dataclass(frozen=True, slots=True)
class Witness:
    """Finite inputs that break a function.

    ``inputs`` maps names to numbers or nested lists, ``what`` is ``value`` or ``gradient``, ``result`` the first number
    that is not finite (``nan``, ``inf``, ``-inf``), ``modes`` those of eager, graph and xla in which it happens.
    """

    inputs: Mapping[str, object]
    what: str
    result: str
    modes: tuple[str, ...]

    def __str__(self) -> str:
        arguments = ", ".join(f"{name} = {value}" for name, value in self.inputs.items())
        only = "" if self.modes == MODES else f" ({' and '.join(self.modes)} only)"
        return f"{arguments} -> {self.what} {self.result}{only}"


def search(
    function: Function,
    specs: Sequence[InputSpec],
    *,
    constants: Iterable[float] = (),
    dtype: str = "float32",
    modes: Sequence[str] = MODES,
    watch: Sequence[int] | None = None,
    budget: int = 600,
    seed: int = 0,
) -> Witness | None:
    """The simplest witness found, or None.

    ``specs`` describe the arguments; where a shape is None, usual ones are tried. ``constants`` are numbers that occur
    in the code: comparisons and clips break at them. ``budget`` bounds the runs per mode, and the same ``seed`` gives
    the same witness. Modes are searched in order; the witness lists all in which its inputs break.
    """
    if not specs:
        return None
    shapes: list[tuple[Shape, ...]] | None = None
    for mode in modes:
        attempt = _Search(function, specs, mode, dtype, watch, tuple(constants), budget, seed)
        shapes = attempt.valid_shapes() if shapes is None else shapes
        # Every shape is compiled anew; what breaks only in compiled code does so in every shape.
        found = attempt.run(shapes if mode == "eager" else shapes[:_COMPILED])
        if found is not None:
            return _witness(function, specs, attempt.shrink(found), attempt.runner.mode, dtype, watch)
    return None


def _witness(
    function: Function,
    specs: Sequence[InputSpec],
    arrays: Sequence[Array],
    mode: str,
    dtype: str,
    watch: Sequence[int] | None,
) -> Witness:
    outcomes: dict[str, Outcome] = {}
    for each in MODES:
        try:
            outcomes[each] = Runner(function, each, dtype=dtype, watch=watch)(arrays)
        except ExecutionError:
            continue
    modes = tuple(each for each in MODES if each in outcomes and outcomes[each].breaks != "nothing")
    inputs = MappingProxyType({s.name: readable(a, dtype) for s, a in zip(specs, arrays, strict=True)})
    return Witness(inputs, outcomes[mode].breaks, str(outcomes[mode].broken), modes)


def readable(array: Array, dtype: str) -> object:
    """An argument as Python numbers, each the shortest that ``dtype`` reads as the same value."""
    if array.dtype != np.float64:
        return array.tolist()
    scalar = tf.as_dtype(dtype).as_numpy_dtype
    return np.vectorize(lambda number: float(str(scalar(number))), otypes=[object])(array).tolist()


class _Search:
    """One mode's search. Every run is counted; when the budget is used up nothing breaks any more."""

    def __init__(
        self,
        function: Function,
        specs: Sequence[InputSpec],
        mode: str,
        dtype: str,
        watch: Sequence[int] | None,
        constants: Sequence[float],
        budget: int,
        seed: int,
    ) -> None:
        self.specs = specs
        self.dtype = dtype
        self.runner = Runner(function, mode, dtype=dtype, watch=watch)
        # Shapes that do not fit are cheapest to find out eagerly.
        self.prober = Runner(function, "eager", dtype=dtype, watch=watch)
        self.left = budget
        self.seed = seed
        self.values = self._values(constants)

    # ---- values -----------------------------------------------------------------------------------------------------

    def _values(self, constants: Sequence[float]) -> list[float]:
        limits = FLOATS[self.dtype]
        numbers = [*SPECIAL, 2 * limits.tiny, *constants, *(-c for c in constants), *(c + 1 for c in constants)]
        numbers += [limits.above(c) for c in constants] + [limits.below(c) for c in constants]
        for spec in self.specs:
            numbers += [spec.low, spec.high]
        near = dict.fromkeys(limits.round(float(number)) + 0.0 for number in numbers if math.isfinite(number))
        # Ordinary numbers only: the limits of the dtype break nearly everything.
        return sorted((v for v in near if abs(v) <= 1e4 and math.isfinite(v)), key=simplicity)

    def allowed(self, spec: InputSpec) -> list[float]:
        """The special values that an input can take, simplest first."""
        if spec.kind == "bool":
            return [0.0, 1.0]
        if spec.kind == "int":
            return [v for v in (0.0, 1.0) if spec.low <= v <= spec.high]
        fitting = [v for v in self.values if spec.low <= v <= spec.high]
        return fitting or [spec.low if math.isfinite(spec.low) else spec.high]

    def typed(self, spec: InputSpec, array: Array) -> Array:
        """Numbers as an argument of this kind, inside its range, as the dtype holds them."""
        if spec.kind == "bool":
            return np.not_equal(array, 0)
        if spec.kind == "int":
            # 0 and 1 are labels and indices of any axis that has more than one entry.
            whole = np.abs(np.rint(np.clip(array, max(spec.low, -1), min(spec.high, 1))))
            return np.asarray(whole, np.int32)
        numbers = rounded(np.clip(array.astype(np.float64), spec.low, spec.high), self.dtype)
        if spec.low == spec.high:
            return numbers
        # Rounding may have crossed an end: the largest number of [0, 1) is another one in every dtype.
        limits = FLOATS[self.dtype]
        numbers = np.where(numbers > spec.high, limits.below(spec.high), numbers)
        return np.where(numbers < spec.low, limits.above(spec.low), numbers)

    # ---- running ----------------------------------------------------------------------------------------------------

    def outcome(self, arrays: Sequence[Array]) -> Outcome | None:
        if self.left <= 0:
            return None
        self.left -= 1
        try:
            return self.runner(arrays)
        except ExecutionError:
            return None

    def breaks(self, arrays: Sequence[Array]) -> str:
        """What is not finite at ``arrays``; nothing where they are no valid arguments."""
        found = self.outcome(arrays)
        return found.breaks if found is not None else "nothing"

    def run(self, shapes: Sequence[tuple[Shape, ...]]) -> list[Array] | None:
        """The first inputs that break the function: special values, structured tensors, random ones, pushed ones."""
        sweeps = self.sweep() if all(spec.shape is None for spec in self.specs) else iter(())
        candidates = itertools.chain(sweeps, self.structured(shapes), self.random(shapes))
        found = next((arrays for arrays in candidates if self.breaks(arrays) != "nothing"), None)
        return found if found is not None else self.push(shapes)

    def sweep(self) -> Iterator[list[Array]]:
        """Scalars that break an elementwise function, found by running all combinations as one vector."""
        tuples = sorted(self._combinations(), key=lambda t: [sum(k) for k in zip(*map(simplicity, t), strict=True)])
        columns = [np.array(column) for column in zip(*tuples, strict=True)]
        arrays = [self.typed(spec, column) for spec, column in zip(self.specs, columns, strict=True)]
        outcome = self.outcome(arrays)
        if outcome is None:
            return
        broken = np.zeros(len(tuples), bool)
        for result in (*outcome.values, *outcome.gradients):
            bad = ~np.isfinite(result)
            broken |= bad if bad.shape == broken.shape else bad.any()
        for index in np.flatnonzero(broken)[:_VERIFIED]:
            yield [array[index] for array in arrays]

    def _combinations(self) -> list[tuple[float, ...]]:
        choices = [self.allowed(spec) for spec in self.specs]
        if math.prod(len(c) for c in choices) <= _SWEEP:
            return list(itertools.product(*choices))
        rng = np.random.default_rng(self.seed)
        core = [[v for v in c if v in _CORE] or c[:1] for c in choices]
        found: dict[tuple[float, ...], None] = {}
        if math.prod(len(c) for c in core) <= _SWEEP // 2:
            found.update(dict.fromkeys(itertools.product(*core)))
        for value in self.values:
            found[tuple(value if value in c else c[0] for c in choices)] = None
        while len(found) < _SWEEP:
            found.update({tuple(c[rng.integers(len(c))] for c in choices): None for _ in range(_SWEEP // 2)})
        return list(found)[:_SWEEP]

    # ---- shapes -----------------------------------------------------------------------------------------------------

    def valid_shapes(self) -> list[tuple[Shape, ...]]:
        """The first few assignments of shapes with which the function runs on ordinary numbers."""
        valid = []
        for shapes in itertools.islice(self._assignments(), _PROBES):
            rng = np.random.default_rng(self.seed)
            arrays = [self.typed(s, rng.uniform(0.5, 1.5, shape)) for s, shape in zip(self.specs, shapes, strict=True)]
            try:
                self.prober(arrays)
            except ExecutionError:
                continue
            valid.append(shapes)
            if len(valid) == _ASSIGNMENTS:
                break
        return valid

    def _assignments(self) -> Iterator[tuple[Shape, ...]]:
        count = len(self.specs)
        seen = set()
        for shapes in self._free_assignments(count):
            fixed = tuple(s if spec.shape is None else spec.shape for s, spec in zip(shapes, self.specs, strict=True))
            if fixed not in seen:
                seen.add(fixed)
                yield fixed

    def _free_assignments(self, count: int) -> Iterator[tuple[Shape, ...]]:
        for shape in _SHAPES:
            yield (shape,) * count
        if count == 1:
            return
        pairs: list[tuple[Shape, Shape]] = [((2, 3), ()), ((3,), ()), ((2, 3), (3,)), ((2, 3), (2,)), ((2, 3), (2, 1))]
        pairs += [((2, 3), (3, 2)), ((2, 3), (3, 3)), ((2, 3, 4), ()), ((2, 3, 4), (2, 3)), ((2, 3, 4), (4,))]
        pairs += [((2, 3, 4, 2), ()), ((2, 3, 4, 2), (2,))]
        # Which inputs are the smaller ones: one, all but one, then the rest.
        subsets = sorted(
            range(1, 2 ** min(count, 4) - 1), key=lambda mask: min(mask.bit_count(), count - mask.bit_count())
        )
        for (large, small), mask in itertools.product(pairs, subsets):
            yield tuple(small if mask >> i & 1 else large for i in range(count))

    # ---- structured and random tensors ------------------------------------------------------------------------------

    def structured(self, shapes: Sequence[tuple[Shape, ...]]) -> Iterator[list[Array]]:
        """Zeros, equal entries or rows, one-hot rows, large entries: in all inputs, or one against ordinary others."""
        for assignment in shapes:
            for fill in _FILLERS:
                yield self._filled(assignment, [fill] * len(assignment))
            if len(assignment) > 1:
                for index, fill in itertools.product(range(len(assignment)), _FILLERS):
                    yield self._filled(assignment, [fill if i == index else _ordinary for i in range(len(assignment))])

    def _filled(self, shapes: Sequence[Shape], fills: Sequence[Filler]) -> list[Array]:
        # The same generator for every input: inputs of one shape and one filling are equal.
        made = (fill(shape, np.random.default_rng(self.seed)) for shape, fill in zip(shapes, fills, strict=True))
        return [self.typed(spec, array) for spec, array in zip(self.specs, made, strict=True)]

    def random(self, shapes: Sequence[tuple[Shape, ...]]) -> Iterator[list[Array]]:
        """Ordinary random numbers of growing spread, independent for every input."""
        rng = np.random.default_rng(self.seed)
        for spread, assignment in itertools.product((1.0, 3.0, 30.0), shapes):
            yield [self.typed(s, rng.normal(0, spread, shape)) for s, shape in zip(self.specs, assignment, strict=True)]

    def push(self, shapes: Sequence[tuple[Shape, ...]]) -> list[Array] | None:
        """Follow the sign of the gradient up and down with doubling steps, where saturation and overflow lie."""
        rng = np.random.default_rng(self.seed)
        for assignment, way in itertools.product(shapes[:4], (1.0, -1.0)):
            arrays = [self.typed(s, rng.normal(0, 1, shape)) for s, shape in zip(self.specs, assignment, strict=True)]
            watched = self.runner.watched(arrays)
            for step in (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0):
                outcome = self.outcome(arrays)
                if outcome is None:
                    break
                if outcome.breaks != "nothing":
                    return arrays
                for index, gradient in zip(watched, outcome.gradients, strict=True):
                    arrays[index] = self.typed(self.specs[index], arrays[index] + way * step * np.sign(gradient))
        return None

    # ---- shrinking --------------------------------------------------------------------------------------------------

    def shrink(self, arrays: list[Array]) -> list[Array]:
        """Fewer and smaller axes, then simpler entries, as long as the same thing breaks."""
        self.left = max(self.left, 200)
        what = self.breaks(arrays)
        smaller = next((c for c in self._scalars(arrays) if self.breaks(c) == what), None)
        arrays = self._narrowed(arrays, what) if smaller is None else smaller
        return self._simplified(arrays, what)

    def _scalars(self, arrays: Sequence[Array]) -> Iterator[list[Array]]:
        sizes = {array.size for array in arrays if array.ndim}
        if len(sizes) == 1 and all(spec.shape is None for spec in self.specs):
            for index in range(min(sizes.pop(), _SHRINK_SCALARS)):
                yield [array.reshape(-1)[index] if array.ndim else array for array in arrays]

    def _narrowed(self, arrays: list[Array], what: str) -> list[Array]:
        if any(spec.shape is not None for spec in self.specs):
            return arrays
        for size in sorted({size for array in arrays for size in array.shape}, reverse=True):
            for fewer in (1, 2):
                # Axes of one length belong together: they are cut together.
                cut = [array[tuple(slice(fewer if n == size else None) for n in array.shape)] for array in arrays]
                if fewer < size and self.breaks(cut) == what:
                    arrays = cut
                    break
        return arrays

    def _simplified(self, arrays: list[Array], what: str) -> list[Array]:
        for index, spec in enumerate(self.specs):
            if arrays[index].dtype != np.float64:
                continue
            for value in (0.0, 1.0):
                whole = self.typed(spec, np.full(arrays[index].shape, value))
                candidate = [whole if i == index else array for i, array in enumerate(arrays)]
                if self.breaks(candidate) == what:
                    arrays = candidate
                    break
            for position in range(min(arrays[index].size, _SHRINK_ENTRIES)):
                arrays = self._simpler_entry(arrays, index, position, what)
        return arrays

    def _simpler_entry(self, arrays: list[Array], index: int, position: int, what: str) -> list[Array]:
        current = float(arrays[index].reshape(-1)[position])
        options = {0.0, 1.0, -1.0, 2.0, 5.0, *(round(current, digits) for digits in range(4)), *self.values[:6]}
        spec = self.specs[index]
        for value in sorted((v for v in options if simplicity(v) < simplicity(current)), key=simplicity):
            if not spec.low <= value <= spec.high:
                continue
            changed = arrays[index].copy().reshape(-1)
            changed[position] = value
            changed = self.typed(spec, changed.reshape(arrays[index].shape))
            candidate = [changed if i == index else array for i, array in enumerate(arrays)]
            if self.breaks(candidate) == what:
                return candidate
        return arrays


def simplicity(value: float) -> tuple[int, int, float, int]:
    """How hard a number is to read: 0 first, then integers, then by magnitude, the positive one before its negative."""
    distance = abs(math.log10(abs(value))) if value else 0.0
    return int(value != 0), int(value != round(value)), distance, int(value < 0)


def _constant(value: float) -> Filler:
    return lambda shape, rng: np.full(shape, value)


def _ordinary(shape: Shape, rng: np.random.Generator) -> Array:
    return np.asarray(rng.normal(0.0, 1.0, shape))


def _probabilities(shape: Shape, rng: np.random.Generator) -> Array:
    return np.asarray(rng.uniform(0.05, 0.95, shape))


def _one_hot(shape: Shape, rng: np.random.Generator) -> Array:
    return np.broadcast_to(np.arange(shape[-1]) == 0 if shape else np.ones(()), shape).astype(np.float64)


def _equal_rows(shape: Shape, rng: np.random.Generator) -> Array:
    return np.array(np.broadcast_to(rng.normal(0.0, 1.0, shape[-1:]), shape))


def _equal_within_rows(shape: Shape, rng: np.random.Generator) -> Array:
    return np.array(np.broadcast_to(rng.normal(0.0, 1.0, (*shape[:-1], 1)) if shape else np.ones(()), shape))


def _zero_row(shape: Shape, rng: np.random.Generator) -> Array:
    array = np.array(rng.normal(0.0, 1.0, shape))
    array[(slice(1),) if shape else ()] = 0.0
    return array


def _spread(size: float) -> Filler:
    def fill(shape: Shape, rng: np.random.Generator) -> Array:
        return (size * (np.arange(math.prod(shape)) % 3 - 1.0)).reshape(shape)

    return fill


_FILLERS: Final[tuple[Filler, ...]] = (
    *(_constant(value) for value in (0.0, 1.0, -1.0, 5.0, 100.0, -100.0)),
    _ordinary,
    _probabilities,
    _one_hot,
    _equal_rows,
    _equal_within_rows,
    _zero_row,
    *(_spread(size) for size in (1.0, 20.0, 100.0, 1e4)),
)

__all__ = ["SPECIAL", "InputSpec", "Witness", "readable", "search", "simplicity"]
