"""Types as Terraform writes them."""

from __future__ import annotations

from infra.lint.hcl.tree import (
    Call,
    Expression,
    Listing,
    Literal,
    Mapping,
    Name,
    Splat,
)
from infra.lint.schema.model import Attribute, BlockSchema, Type

ANY = "dynamic"
_PRIMITIVE = frozenset({"string", "number", "bool"})
_WORDS = {
    "list": "a list",
    "set": "a set",
    "tuple": "a list",
    "map": "a map",
    "object": "an object",
}


def declared(expression: Expression | None) -> Type:
    """The type that a variable's ``type`` says; objects carry their optional fields' names.

    Returns:
        ``"dynamic"`` where it says nothing that is understood.
    """
    match expression:
        case Name(text, _) if text in _PRIMITIVE:
            return text
        case Name(text, _) if text in {"list", "map", "set"}:
            return [text, ANY]
        case Call(("list" | "set" | "map") as kind, (inner,), _, _):
            return [kind, declared(inner)]
        case Call("tuple", (Listing(items, _),), _, _):
            return ["tuple", [declared(one) for one in items]]
        case Call("object", (Mapping(items, _),), _, _):
            fields, optional = {}, []
            for key, value in items:
                name, inner = field_name(key), value
                if isinstance(value, Call) and value.name == "optional" and value.arguments:
                    optional.append(name)
                    inner = value.arguments[0]
                fields[name] = declared(inner)
            return ["object", fields, optional]
    return ANY


def field_name(key: Expression) -> str:
    """A constant key of an object; empty where it is none."""
    return str(key.value) if isinstance(key, Literal) else ""


def words(kind: Type) -> str:
    """A type in words."""
    if isinstance(kind, str):
        return {"string": "a string", "number": "a number", "bool": "true or false"}.get(kind, kind)
    return _WORDS[kind[0]]


def attribute_type(schema: BlockSchema, name: str) -> Type:
    """Type of an attribute or a nested block, as an expression sees it."""
    if name in schema.attributes:
        return _type(schema.attributes[name])
    if name in schema.blocks:
        nested = schema.blocks[name]
        return _repeated(nested.nesting, _object_type(nested.block))
    return ANY


def _type(attribute: Attribute) -> Type:
    if attribute.nested is not None:
        return _repeated(attribute.nested.nesting, _object_type(attribute.nested.block))
    return attribute.type


def _object_type(block: BlockSchema) -> Type:
    fields = {name: _type(one) for name, one in block.attributes.items()}
    fields |= {name: attribute_type(block, name) for name in block.blocks}
    return ["object", fields]


def _repeated(nesting: str, inner: Type) -> Type:
    return [nesting, inner] if nesting in {"list", "set", "map"} else inner


def follow(kind: Type, steps: tuple) -> Type:
    """The type behind steps; ``"dynamic"`` where they lead nowhere that is known."""
    for step in steps:
        if isinstance(kind, str) or isinstance(step, Splat):
            return ANY
        if kind[0] == "object" and isinstance(step, str):
            kind = kind[1].get(step, ANY)
        elif (kind[0] in {"list", "set"} and not isinstance(step, str)) or kind[0] == "map":
            kind = kind[1]
        else:
            return ANY
    return kind


def missing_step(kind: Type, steps: tuple) -> tuple[str, Type] | None:
    """The first step into an object that it has no field for, and that object's type."""
    for step in steps:
        if isinstance(kind, str) or isinstance(step, Splat) or kind is None:
            return None
        if kind[0] == "object" and isinstance(step, str):
            if step not in kind[1]:
                return step, kind
            kind = kind[1][step]
        elif kind[0] == "map" or (kind[0] in {"list", "set"} and not isinstance(step, str)):
            kind = kind[1]
        else:
            return None
    return None
