"""Put a mutation into a process that has its module imported: the code of functions is replaced in place."""

from __future__ import annotations

import gc
import inspect
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType


@dataclass(frozen=True)
class Functions:
    """The functions of a process, by the file that defines them."""

    by_file: dict[str, list[FunctionType]]

    @staticmethod
    def below(folder: str) -> Functions:
        """All functions of files below a folder. What is frozen is looked at as well, and frozen again."""
        gc.unfreeze()
        found: dict[str, list[FunctionType]] = {}
        for each in gc.get_objects():
            if type(each) is FunctionType and each.__code__.co_filename.startswith(f"{folder}/"):
                found.setdefault(each.__code__.co_filename, []).append(each)
        gc.freeze()
        return Functions(found)

    def swap(self, file: str, before: str, after: str) -> bool:
        """Whether every function of a file now runs what `after` says instead of `before`.

        False if that takes more than other code of functions: what runs at import differs (a constant, the
        body of a class, a default, a decorator), a closure has other variables, or a function cannot be
        found. A module that is not imported yet will be, from its file.
        """
        old, new = (compile(text, file, "exec", dont_inherit=True) for text in (before, after))
        replaced = _replaced(old, new)
        if replaced is None:
            return False
        if not any(getattr(module, "__file__", None) == file for module in [*sys.modules.values()]):
            return True
        found = [(each, replaced.of[each.__code__]) for each in self._among(file, replaced.of)]
        if not replaced.needed <= {each.__code__ for each, _ in found} or self._among(file, replaced.lost):
            return False
        if any(each.__code__.co_freevars != code.co_freevars for each, code in found):
            return False
        for each, code in found:
            each.__code__ = code
        return True

    def _among(self, file: str, codes: Collection[CodeType]) -> list[FunctionType]:
        return [each for each in self.by_file.get(file, ()) if each.__code__ in codes]


@dataclass
class _Replaced:
    """Code by the code that it replaces; the part of it that has a function since the import; and code that
    nothing replaces."""

    of: dict[CodeType, CodeType]
    needed: set[CodeType]
    lost: set[CodeType]


def _replaced(old: CodeType, new: CodeType) -> _Replaced | None:
    """What differs between two versions of a module; None if what runs at import does."""
    found = _Replaced({}, set(), set())
    todo = [(old, new, True)]
    while todo:
        before, after, at_import = todo.pop()
        if _shape(before) == _shape(after):
            continue
        inner, others = list(_inner(before)), list(_inner(after))
        alike = [each.co_name for each in inner] == [each.co_name for each in others]
        if at_import and not before.co_flags & inspect.CO_OPTIMIZED:
            if not alike or _own(before) != _own(after):
                return None
            todo += [(one, other, True) for one, other in zip(inner, others, strict=True)]
            continue
        found.of[before] = after
        if at_import:
            found.needed.add(before)
        if alike:
            todo += [(one, other, False) for one, other in zip(inner, others, strict=True)]
        else:
            found.lost |= set(_within(before))
    return found


def _inner(code: CodeType) -> Iterator[CodeType]:
    return (each for each in code.co_consts if isinstance(each, CodeType))


def _within(code: CodeType) -> Iterator[CodeType]:
    for each in _inner(code):
        yield each
        yield from _within(each)


def _own(code: CodeType) -> object:
    """What code does, without the code in it, and wherever its lines are."""
    constants = [(type(each), repr(each)) for each in code.co_consts if not isinstance(each, CodeType)]
    names = code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars
    return code.co_code, code.co_exceptiontable, code.co_argcount, code.co_kwonlyargcount, names, constants


def _shape(code: CodeType) -> object:
    return _own(code), [_shape(each) for each in _inner(code)]
