"""How the API pages read the package, which they do without importing it.

griffe reads a stub as a module whose functions have bodies; this fills in what it leaves out then, and turns the
references in docstrings into links.
"""

from __future__ import annotations

import re
from typing import Any, Final

import griffe

REFERENCE: Final = re.compile(r":(?:attr|class|exc|func|meth):`([\w.]+)`")


class ApiPages(griffe.Extension):
    """Overloads without an implementation, ``__new__``, links."""

    def on_package(self, *, pkg: griffe.Module, **kwargs: Any) -> None:
        """Called when all modules are known."""
        for stub in pkg["_breachdex"].members.values():
            if isinstance(stub, griffe.Class):
                complete(stub)
        link(pkg)


def complete(stub: griffe.Class) -> None:
    """Adds the members that a class has and its stub describes otherwise."""
    for name, overloads in stub.overloads.items():
        if overloads and name not in stub.members:
            stub.set_member(name, one_of(overloads))
    stub.members = dict(sorted(stub.members.items(), key=lambda member: member[1].lineno or 0))
    # A class of the compiled module has no __init__.
    if "__new__" in stub.members:
        new = stub.members.pop("__new__")
        assert isinstance(new, griffe.Function)
        init = griffe.Function("__init__", parameters=new.parameters, docstring=new.docstring)
        stub.set_member("__init__", init)


def one_of(overloads: list[griffe.Function]) -> griffe.Function:
    """One function for several overloads, described by the first."""
    first = overloads[0]
    function = griffe.Function(
        first.name,
        parameters=first.parameters,
        returns=first.returns,
        docstring=first.docstring,
        lineno=first.lineno,
        endlineno=overloads[-1].endlineno,
    )
    function.overloads = overloads
    return function


def link(thing: griffe.Object) -> None:
    """Makes links of all references in an object and what is in it."""
    if thing.docstring:
        thing.docstring.value = REFERENCE.sub(lambda found: linked(found[1], thing), thing.docstring.value)
    for member in thing.members.values():
        if isinstance(member, griffe.Object):
            link(member)


def linked(name: str, place: griffe.Object) -> str:
    """A link to what a docstring calls ``name``: a class or function of the package, or a neighbour."""
    owner = place if place.is_class else place.parent
    is_neighbour = owner is not None and owner.is_class and name in owner.members
    path = f"breachdex.{owner.name}.{name}" if is_neighbour and owner is not None else f"breachdex.{name}"
    return f"[`{name}`][{path}]"
