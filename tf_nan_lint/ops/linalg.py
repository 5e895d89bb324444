"""Products, decompositions and parts of matrices."""

from __future__ import annotations

import math
from dataclasses import replace

from tf_nan_lint.domain.interval import ALL, Interval, add_may_be_nan, mul_may_be_nan, point
from tf_nan_lint.ops.reduction import total
from tf_nan_lint.ops.spec import (
    AbstractValue,
    Hazard,
    HazardKind,
    Operands,
    OpSpec,
    always,
    carried,
    op,
    value_of,
    zeros,
)


def _contracted(operands: Operands, first: int) -> AbstractValue:
    """Sums of products of the operands ``first`` and ``first + 1``: 0 where either is 0 throughout."""
    left, right = operands[first].range, operands[first + 1].range
    range_ = total(left.mul(right, operands.dtype), operands.dtype)
    result = value_of(
        replace(operands, args=operands.args[first : first + 2]),
        range_,
        *zeros(operands, first),
        *zeros(operands, first + 1),
        may_nan=mul_may_be_nan(left, right) or add_may_be_nan(range_, range_),
    )
    return replace(result, rank0=False)


def _matmul(operands: Operands) -> AbstractValue:
    return _contracted(operands, 0)


def _einsum(operands: Operands) -> AbstractValue:
    return _contracted(operands, 1)


def _trace(operands: Operands) -> AbstractValue:
    range_ = total(operands[0].range, operands.dtype)
    result = value_of(operands, range_, *zeros(operands), may_nan=add_may_be_nan(range_, range_))
    return replace(result, rank0=False)


def _factored(operands: Operands) -> AbstractValue:
    """Nothing is known of the entries; a matrix outside the domain gives NaN."""
    return replace(value_of(operands, ALL, may_nan=True), rank0=False)


def _decomposed(operands: Operands) -> AbstractValue:
    return replace(value_of(operands, ALL, may_nan=not operands[0].range.is_finite), rank0=False)


def _svd(operands: Operands) -> AbstractValue:
    # Singular values alone are non-negative; with the vectors it is a triple.
    alone = operands.attrs.get("compute_uv") is False
    return replace(_decomposed(operands), range=Interval(0.0, math.inf) if alone else ALL)


def _with_zeros(operands: Operands) -> AbstractValue:
    """Entries kept, or replaced by 0."""
    result = carried(operands)
    return result.join(AbstractValue(point(0.0), (operands.yields(0.0),), dtype=result.dtype, host=True))


_NOT_POSITIVE_DEFINITE = always(
    # The zero matrix stands for every matrix that is not positive definite: entries cannot say more.
    Hazard(HazardKind.INVALID, 0, point(0.0))
)

OPS: tuple[OpSpec, ...] = (
    op(
        "matmul",
        "x y transpose_a transpose_b adjoint_a adjoint_b a_is_sparse b_is_sparse output_type grad_a grad_b name",
        "tf.linalg.matmul tf.matmul K.dot keras.ops.matmul keras.ops.dot tnp.matmul tnp.dot",
        arity=2,
        transfer=_matmul,
        keywords="a=x b=y x1=x x2=y",
        symbol="@",
    ),
    op(
        "matvec",
        "x y transpose_a adjoint_a a_is_sparse b_is_sparse name",
        "tf.linalg.matvec",
        arity=2,
        transfer=_matmul,
        keywords="a=x b=y",
    ),
    op(
        "tensordot",
        "x y axes name",
        "tf.tensordot tf.linalg.tensordot keras.ops.tensordot tnp.tensordot",
        arity=2,
        transfer=_matmul,
        keywords="a=x b=y x1=x x2=y",
    ),
    op(
        "batch_dot",
        "x y axes",
        "K.batch_dot",
        arity=2,
        transfer=_matmul,
    ),
    op(
        "einsum",
        "equation x y",
        "tf.einsum tf.linalg.einsum keras.ops.einsum tnp.einsum",
        arity=3,
        transfer=_einsum,
    ),
    op(
        "cholesky",
        "x name",
        "tf.linalg.cholesky tf.cholesky",
        transfer=_factored,
        hazards=_NOT_POSITIVE_DEFINITE,
        keywords="input=x",
    ),
    op(
        "logdet",
        "x name",
        "tf.linalg.logdet",
        transfer=_factored,
        hazards=_NOT_POSITIVE_DEFINITE,
        keywords="matrix=x",
    ),
    # inv, det and slogdet of a singular matrix raise in eager and graph mode: no NaN, no hazard.
    op(
        "inv",
        "x adjoint name",
        "tf.linalg.inv tf.matrix_inverse keras.ops.inv",
        transfer=_decomposed,
        keywords="input=x",
    ),
    op(
        "det",
        "x name",
        "tf.linalg.det tf.matrix_determinant keras.ops.det",
        transfer=_decomposed,
        keywords="input=x",
    ),
    op("slogdet", "x name", "tf.linalg.slogdet keras.ops.slogdet", transfer=_decomposed, keywords="input=x"),
    op(
        "svd",
        "x full_matrices compute_uv name",
        "tf.linalg.svd tf.svd keras.ops.svd",
        transfer=_svd,
        keywords="tensor=x",
    ),
    op(
        "eigh",
        "x name",
        "tf.linalg.eigh tf.self_adjoint_eig keras.ops.eigh",
        transfer=_decomposed,
        keywords="tensor=x",
    ),
    op(
        "matrix_diag_part",
        "x name k padding_value align",
        "tf.linalg.diag_part tf.matrix_diag_part tf.linalg.tensor_diag_part tf.diag_part "
        "keras.ops.diagonal tnp.diagonal",
        transfer=carried,
        keywords="input=x a=x",
    ),
    op(
        "matrix_diag",
        "x name k num_rows num_cols padding_value align",
        "tf.linalg.diag tf.matrix_diag tf.linalg.tensor_diag",
        transfer=_with_zeros,
        keywords="diagonal=x",
    ),
    op(
        "matrix_band_part",
        "x num_lower num_upper name",
        "tf.linalg.band_part tf.matrix_band_part",
        transfer=_with_zeros,
        keywords="input=x",
    ),
    op(
        "triangular_part",
        "x k",
        "keras.ops.tril keras.ops.triu tnp.tril tnp.triu",
        transfer=_with_zeros,
        keywords="m=x",
    ),
    op(
        "trace",
        "x name",
        "tf.linalg.trace tf.trace keras.ops.trace tnp.trace",
        transfer=_trace,
        keywords="a=x",
    ),
    op(
        "matrix_transpose",
        "x name conjugate",
        "tf.linalg.matrix_transpose tf.matrix_transpose tf.linalg.adjoint",
        transfer=carried,
        keywords="a=x matrix=x",
    ),
)
