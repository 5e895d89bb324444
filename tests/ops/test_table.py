"""The names and parameters of the op table, against the real TensorFlow and Keras."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import pytest

from tf_nan_lint.ops import OPS
from tf_nan_lint.ops.spec import AbstractValue, Operands, OpSpec, OpTable, op

TF1_ONLY = frozenset(
    """
    tf.div tf.div_no_nan tf.mod tf.floormod tf.floordiv tf.floor_div
    tf.reciprocal tf.squared_difference tf.rint
    tf.log tf.log1p tf.expm1 tf.rsqrt tf.log_sigmoid tf.erf tf.erfc tf.ceil tf.angle
    tf.count_nonzero tf.cumprod tf.global_norm tf.confusion_matrix tf.arg_max tf.arg_min
    tf.segment_sum tf.segment_mean tf.segment_max tf.segment_min tf.unsorted_segment_sum tf.unsorted_segment_mean
    tf.nn.softmax_cross_entropy_with_logits_v2
    tf.cholesky tf.matrix_inverse tf.matrix_determinant tf.svd tf.self_adjoint_eig tf.matrix_diag_part tf.diag_part
    tf.matrix_diag tf.matrix_band_part tf.matrix_transpose tf.trace
    tf.lin_space tf.random_uniform tf.random_normal tf.truncated_normal tf.random_gamma tf.random_shuffle
    tf.get_variable tf.to_float tf.to_double tf.to_bfloat16 tf.to_int32 tf.to_int64
    tf.check_numerics tf.verify_tensor_all_finite tf.reverse_v2 tf.logical_xor tf.is_nan tf.is_inf tf.is_finite
    tf.where_v2
    """.split()
)
"""Spellings that only TensorFlow 1 has."""

BEFORE_TF1 = frozenset({"tf.sub", "tf.mul", "tf.neg", "tf.inv", "tf.complex_abs", "tf.pack"})
"""Spellings of TensorFlow 0.x, which still occur in old code."""

BEFORE_KERAS3 = frozenset({"K.logsumexp"})
"""Spellings of Keras 2.0 to 2.2."""


@lru_cache
def roots() -> dict[str, list[Any]]:
    import keras
    import tensorflow as tf
    from keras._tf_keras.keras import backend
    from keras.src import backend as internal

    return {
        "tf": [tf],
        "tf1": [tf.compat.v1],
        "K": [backend, internal],
        "keras": [keras],
        "tnp": [tf.experimental.numpy],
    }


def resolve(name: str, root: str | None = None) -> Callable[..., Any] | None:
    family, _, path = name.partition(".")
    for module in roots()[root or family]:
        try:
            return operator.attrgetter(path)(module)
        except AttributeError:
            continue
    return None


SPELLINGS = [pytest.param(name, row, id=name) for row in OPS.values() for name in row.names]


@pytest.mark.tensorflow
@pytest.mark.parametrize(("name", "row"), SPELLINGS)
def test_spelling_is_a_function_that_exists(name: str, row: OpSpec) -> None:
    found = resolve(name)
    if name in BEFORE_TF1 or name in BEFORE_KERAS3:
        assert found is None
    elif name in TF1_ONLY:
        assert found is None
        assert callable(resolve(name, "tf1"))
    else:
        assert callable(found)


@pytest.mark.tensorflow
def test_list_of_old_names_has_no_strangers() -> None:
    assert {*TF1_ONLY, *BEFORE_TF1, *BEFORE_KERAS3} >= {
        name for name, _ in (p.values for p in SPELLINGS) if resolve(name) is None
    }


def signature(function: Callable[..., Any]) -> list[inspect.Parameter]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p for p in inspect.signature(function).parameters.values() if p.kind in kinds]


def canonical(row: OpSpec, parameters: list[inspect.Parameter]) -> list[str]:
    return [row.keywords.get(p.name, p.name) for p in parameters]


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    "row", [pytest.param(row, id=row.name) for row in OPS.values() if row.name_in("tf") and row.name != "einsum"]
)
def test_parameters_stand_in_the_order_of_tensorflow(row: OpSpec) -> None:
    first = next(n for n in row.names if n.startswith("tf."))
    function = resolve(first) or resolve(first, "tf1")
    assert function is not None
    real = canonical(row, signature(function))
    declared = list(row.params)
    if declared[-1] != "name" and "name" in real:
        # Rows that leave ``name`` out have Keras's optional parameters in its place.
        real = real[: real.index("name")]
    assert declared[: len(real)] == real[: len(declared)]
    assert all(p.default is not inspect.Parameter.empty for p in signature(function)[len(declared) :])


@pytest.mark.tensorflow
@pytest.mark.parametrize(("name", "row"), SPELLINGS)
def test_operands_come_first_in_every_spelling(name: str, row: OpSpec) -> None:
    """The graph binds operands by position and by keyword: both must find them."""
    function = resolve(name) or resolve(name, "tf1")
    if function is None or row.name == "einsum":
        pytest.skip("not a function of this version")
    real = canonical(row, signature(function))
    operands = list(row.params[: row.arity if row.arity >= 0 else 1])
    assert real[: len(operands)] == operands


def test_keywords_name_parameters() -> None:
    for row in OPS.values():
        assert set(row.keywords.values()) <= set(row.params), row.name
        assert not set(row.keywords) & set(row.params), row.name
        assert row.arity <= len(row.params)


def test_every_spelling_belongs_to_one_row() -> None:
    assert len(OPS.spellings) == sum(len(row.names) for row in OPS.values())
    with pytest.raises(ValueError, match="is a spelling of"):
        OpTable((op("a", "x", "tf.a"), op("b", "x", "tf.a")))
    with pytest.raises(ValueError, match="two rows"):
        OpTable((op("a", "x", "tf.a"), op("a", "x", "tf.b")))


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in OPS.values()])
def test_transfer_takes_unknown_and_empty_operands(row: OpSpec) -> None:
    from tf_nan_lint.domain.dtypes import FLOATS
    from tf_nan_lint.domain.interval import EMPTY

    for operand in (AbstractValue(), AbstractValue(range=EMPTY)):
        for dtype in FLOATS.values():
            operands = Operands((operand,) * max(row.arity, 1 if row.arity else 0), dtype, origin=row.name)
            result = row.transfer(operands)
            assert all(r.point in result.range for r in result.reached)
            for hazard in row.hazards(operands):
                assert not hazard.singular.is_empty
                assert hazard.value or hazard.gradient
