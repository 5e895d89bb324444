"""Where gradients do not matter: what is never differentiated, and values whose consumers stop or ignore gradients."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

from tf_nan_lint.graph.build import Module
from tf_nan_lint.graph.nodes import Node, Site
from tf_nan_lint.graph.scopes import Scope

_BASES: Final = (
    "optimizer",
    "metric",
    "callback",
    "preprocessinglayer",
    "transitionkernel",
    "constraint",
    "initializer",
)
"""Parts of the names of base classes whose methods are not differentiated."""

_METHODS: Final = frozenset(
    "update_step update_state result apply_gradients _resource_apply_dense _resource_apply_sparse _apply_dense _apply_sparse "
    "_resource_apply_sparse_duplicate_indices _apply_sparse_shared _prepare _prepare_local get_updates on_epoch_end "
    "on_batch_end on_train_batch_end reset_state reset_states get_config one_step _maximum_likelihood_parameters".split()
)
"""Methods of such classes, by name alone: for classes whose bases cannot be seen."""

_NO_GRADIENT_DECORATORS: Final = ("custom_gradient", "RegisterGradient", "custom_jvp", "custom_vjp")

STOPS: Final = frozenset(
    "argmax argmin top_k less less_equal greater greater_equal equal not_equal is_nan is_inf is_finite stop_gradient "
    "sign floor ceil round count_nonzero logical_and logical_or logical_not test shape size rank "
    "ones_like zeros_like full_like one_hot".split()
)
"""Ops that hand no gradient to their operands."""

VALUE_STOPS: Final = frozenset(
    "argmax argmin top_k less less_equal greater greater_equal equal not_equal is_nan is_inf is_finite "
    "test shape size rank ones_like zeros_like full_like".split()
)
"""Ops that turn a value that is not finite into something else: an index, a truth value, a shape."""

_SINKS: Final = frozenset(
    "print numpy scalar histogram image write summary info debug warning error evaluate assign assign_add assign_sub".split()
)
"""Unknown functions that only look at their arguments."""


_RANDOM: Final = frozenset(
    "normal uniform truncated_normal gumbel exponential random_normal random_uniform stateless_normal "
    "stateless_uniform stateless_truncated_normal rademacher categorical".split()
)
"""Unknown functions that draw random numbers, by name."""


def is_random(node: Node) -> bool:
    """Whether ``node`` is drawn from a distribution whose parameters do not carry a gradient to it."""
    return node.op.startswith(("random_", "truncated_")) or (node.op == "call" and node.attr("name") in _RANDOM)


def is_differentiated(module: Module, site: Site) -> bool:
    """Whether somebody may differentiate what the function around ``site`` computes.

    A helper that only functions call which are never differentiated is not differentiated either.
    """
    return _scope_is_differentiated(module, site.scope, set())


def _scope_is_differentiated(module: Module, scope: Scope, seen: set[int]) -> bool:
    outer: Scope | None = scope
    while outer is not None:
        if outer.kind == "function" and _is_update(module, outer):
            return False
        callers = module.callers.get(id(outer.node), []) if outer.node is not None else []
        by_function = {id(caller.node): caller for caller in callers}
        fresh = [caller for key, caller in by_function.items() if key not in seen and caller.kind != "module"]
        seen |= by_function.keys()
        followed = fresh and len(fresh) == len(by_function)
        if followed and not any(_scope_is_differentiated(module, caller, seen) for caller in fresh):
            return False
        outer = outer.parent
    return True


def _is_update(module: Module, scope: Scope) -> bool:
    name = scope.name
    if name in _METHODS or name.endswith("_grad") or name.startswith(("_grad_", "preprocess", "plot_", "visualize")):
        return True
    if id(scope.node) in module.gradients:
        return True
    for decorator in scope.decorators:
        path = str(decorator.attr("path", "")) or str(decorator.attr("name", ""))
        if path.rpartition(".")[2] in _NO_GRADIENT_DECORATORS:
            return True
    owner = scope.owner
    return owner is not None and any(
        part in base.replace("_", "").lower() for base in module.bases_of(owner) for part in _BASES
    )


def carries_gradient(node: Node, is_data: Callable[[Node], bool]) -> bool:
    """Whether ``node`` is computed from something that can be differentiated, through ops that hand gradients on.

    ``is_data`` says which leaves nobody differentiates: masks, labels, Python numbers.
    """
    seen = {node.id}
    stack = [node]
    while stack:
        top = stack.pop()
        if top.op in STOPS or is_random(top) or is_data(top):
            continue
        if top.op in ("input", "call", "loop", "variable", "item", "attr"):
            return True
        for arg in top.args:
            if arg.id not in seen:
                seen.add(arg.id)
                stack.append(arg)
    return False


def _is_sink(user: Node) -> bool:
    name = str(user.attr("name")) if user.op == "call" else ""
    return name in _SINKS or name.startswith("assert")


def is_used(
    node: Node,
    users: dict[int, list[Node]],
    stops: frozenset[str],
    ends_in: Callable[[Node], bool],
    escapes: Collection[int],
    limit: int = 200,
) -> bool:
    """Whether some consumer of ``node`` hands on what it gets (or hands a gradient back), past ``stops`` and sinks.

    A value without consumers counts as used, and so do those whose ids are in ``escapes``: they are returned, or assigned to
    an attribute. ``ends_in`` names further consumers that hand nothing on.
    """
    seen = {node.id}
    stack = [node]
    while stack:
        top = stack.pop()
        followers = users.get(top.id, [])
        if not followers or top.id in escapes or len(seen) > limit:
            return True
        for user in followers:
            if user.op in stops or _is_sink(user) or ends_in(user):
                continue
            if user.op == "attr" and user.attr("name") in ("shape", "dtype", "numpy"):
                continue
            if user.op == "where" and user.args[0] is top and top not in user.args[1:]:
                continue
            if user.id not in seen:
                seen.add(user.id)
                stack.append(user)
    return False
