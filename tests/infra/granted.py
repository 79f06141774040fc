"""Who may do what with the buckets, as the Terraform modules say it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.lint.hcl.tree import Access, Call, Expression, Listing, Literal, Name, Template
from infra.lint.hcl.tree import Mapping as Object
from infra.lint.modules import Module, read_tree
from phasegate.local.environments import ROOT

TERRAFORM = ROOT / "infra" / "terraform"


def module(name: str) -> Module:
    """A module of the tree."""
    folder = (TERRAFORM / "modules" / name).resolve()
    return read_tree(folder).modules[folder]


def local(of: Module, name: str) -> Any:
    """A local value that is made of constants, other such values and defaults of variables."""
    return _value(of, of.locals[name][1].value)


def default(of: Module, name: str) -> Any:
    """Default of a variable."""
    value = of.variables[name].block.body.value("default")
    assert value is not None, f"variable {name} has no default"
    return _value(of, value)


def _value(of: Module, expression: Expression) -> Any:
    match expression:
        case Literal(value, _):
            return value
        case Listing(items, _):
            return [_value(of, item) for item in items]
        case Object(items, _):
            return {_value(of, key): _value(of, value) for key, value in items}
        case Template(parts, _):
            return "".join(str(_value(of, part)) for part in parts)
        case Access(Name("local", _), (str(name),), _):
            return local(of, name)
        case Access(Name("var", _), (str(name),), _):
            return default(of, name)
        case Call("merge", arguments, False, _):
            merged: dict[str, Any] = {}
            for argument in arguments:
                merged |= _value(of, argument)
            return merged
    raise AssertionError(f"line {expression.line}: this is no constant: {expression}")


@dataclass(frozen=True, slots=True)
class Grants:
    """What module identities grants, on the folders of module buckets.

    Attributes:
        folders: names of the managed folders by bucket and use, such as ``artifacts/models``.
        permissions: of the custom roles, by their names in the tables.
        given: roles by account and folder.
        replaced: by account and folder, how the names end that may be replaced there.
    """

    folders: Mapping[str, str]
    permissions: Mapping[str, list[str]]
    given: Mapping[str, Mapping[str, list[str]]]
    replaced: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls) -> Grants:
        """As the modules have them."""
        identities = module("identities")
        roles = local(identities, "roles")
        return cls(
            folders=local(module("buckets"), "folders"),
            permissions={name: role["permissions"] for name, role in roles.items()},
            given=local(identities, "grants"),
            replaced=local(identities, "replaced"),
        )


@dataclass(frozen=True, slots=True)
class Rights:
    """An account's rights, and which of them were used.

    Attributes:
        grants: of all accounts.
        account: its name in the tables.
        used: folders and roles that allowed something.
    """

    grants: Grants
    account: str
    used: set[tuple[str, str]] = field(default_factory=set)

    @property
    def given(self) -> set[tuple[str, str]]:
        """Folders and roles that it has; a name that may be replaced counts as a role."""
        pairs = self.grants.given[self.account].items()
        replaced = self.grants.replaced.get(self.account, {}).items()
        return {(folder, role) for folder, roles in pairs for role in roles} | set(replaced)

    def allow(self, permission: str, bucket: str, name: str) -> bool:
        """Whether it has a permission for an object, or for a list of a prefix."""
        allowed = False
        for folder, what in self.given:
            place, _, _ = folder.partition("/")
            if place != bucket or not name.startswith(self.grants.folders[folder]):
                continue
            if what in self.grants.permissions:
                fits = permission in self.grants.permissions[what]
            else:
                overwrite = self.grants.permissions["overwrite"]
                fits = permission in overwrite and name.endswith(what)
            if fits:
                # A list is in more than one role; what needs no other is not counted as its use.
                if permission != "storage.objects.list":
                    self.used.add((folder, what))
                allowed = True
        return allowed
