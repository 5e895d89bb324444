"""Every rule of the package, found by looking into this folder."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from tf_nan_lint.rules.base import Rule


def _discover() -> Mapping[str, Rule]:
    found: dict[str, Rule] = {}
    for module in sorted(info.name for info in pkgutil.iter_modules(__path__) if info.name != "base"):
        for value in vars(importlib.import_module(f"{__name__}.{module}")).values():
            if isinstance(value, type) and issubclass(value, Rule) and value.__module__ == f"{__name__}.{module}":
                rule = value()
                if rule.code in found:
                    raise ValueError(f"{rule.code} is the code of {rule.name} and of {found[rule.code].name}")
                found[rule.code] = rule
    return MappingProxyType(dict(sorted(found.items())))


RULES: Final[Mapping[str, Rule]] = _discover()
"""The rules by code, in the order of their codes."""
