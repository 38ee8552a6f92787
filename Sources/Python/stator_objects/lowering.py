"""Objects as a receiver of older versions understands them: the sender lowers."""

import copy
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from stator_objects.errors import ErrorCode, ObjectError
from stator_objects.schema import Enumeration, Field, Kind, Lowering, Schema
from stator_objects.values import MASK
from stator_rpc import Manifest, Version

if TYPE_CHECKING:
    from stator_objects.objects import Object

Lowered = TypeVar("Lowered", bound="Object")


def lowered(original: Lowered, receiver: Manifest) -> Lowered:
    """The object itself when the receiver understands all that is set in it, else a copy without the rest."""
    schema = original.schema
    if _is_understood(schema, receiver):
        return original
    result = original
    if schema.version is not None:
        target = _target(schema, schema.version, receiver)
        result = _converted(result, target)
        for field, value in result.set_fields():
            rest = _known_part(schema, field, value, target)
            if rest is not value:
                result = _replacing(result, original, field, rest)
    for field, value in result.set_fields():
        if _class_of(field) is not None:
            rest = _lowered_value(field, value, receiver)
            if rest is not value:
                result = _replacing(result, original, field, rest)
    return result


def _replacing(result: Lowered, original: Lowered, field: Field, value: Any) -> Lowered:
    """The result with another value, which is copied first where it is still the original."""
    if result is original:
        result = copy.copy(original)
    object.__setattr__(result, field.attribute, value)
    return result


def _lowered_value(field: Field, value: Any, receiver: Manifest) -> Any:
    """The objects of a field, lowered; the same list or dict where none of them had to be."""
    if field.is_map:
        entries = {key: lowered(element, receiver) for key, element in value.items()}
        return value if all(entries[key] is value[key] for key in value) else entries
    if field.repeated:
        elements = [lowered(element, receiver) for element in value]
        return value if all(new is old for new, old in zip(elements, value)) else elements
    return lowered(value, receiver)


def _target(schema: Schema, own: Version, receiver: Manifest) -> Version:
    target = receiver.get(schema.name)
    if target is None:
        _lose(schema, None, None, f"{schema.name} {own} cannot be sent to a receiver that does not know the object.")
    if target.major != own.major:
        sentence = (
            f"{schema.name} {own} cannot be sent to a receiver of version {target}: the major versions differ.")
        _lose(schema, None, target, sentence)
    return target


def _converted(original: Lowered, target: Version) -> Lowered:
    """A copy after the object's hook, where something is set that the hook is there for."""
    schema = original.schema
    needing = [
        field for field, value in original.set_fields()
        if field.lowering is Lowering.CONVERT and _known_part(schema, field, value, target, rules=False) is not value
    ]
    if not needing:
        return original
    if schema.lower is None:
        sentence = (
            f"{schema.name} {schema.version} cannot be sent to a receiver of version {target}: no conversion of its "
            f"field {needing[0].name} is registered.")
        _lose(schema, needing[0], target, sentence)
    result = original.copy()
    schema.lower(result, target)
    return result


def _known_part(schema: Schema, field: Field, value: Any, target: Version, *, rules: bool = True) -> Any:
    """What of the value the target version knows, the same object where that is all.

    Raises `ObjectError` where the field's rule is to refuse, unless rules are not asked for.
    """
    is_collection = field.repeated or field.is_map
    if not field.exists_at(target):
        if rules and field.lowering is Lowering.REFUSE:
            sentence = (
                f"{schema.name} {schema.version} cannot be sent to a receiver of version {target}: "
                f"its field {field.name} would be lost.")
            _lose(schema, field, target, sentence)
        return {} if field.is_map else [] if field.repeated else None
    kind = field.value_type
    if not isinstance(kind, type) or not issubclass(kind, Enumeration) or target == schema.version:
        return value
    if field.is_map:
        parts = {key: _known_value(schema, field, each, target, rules) for key, each in value.items()}
        rest: Any = {key: each for key, each in parts.items() if each is not None}
    else:
        each_part = [_known_value(schema, field, each, target, rules) for each in (value if is_collection else [value])]
        kept = [each for each in each_part if each is not None]
        rest = kept if is_collection else kept[0] if kept else None
    return value if rest == value else rest


def _known_value(schema: Schema, field: Field, value: Enumeration, target: Version, rules: bool) -> Enumeration | None:
    """The value, that which goes in its place, or None."""
    known = value.lowered(target)
    if known is None and rules and field.lowering is Lowering.REFUSE:
        shown = MASK if field.sensitive else value.name.lower()
        sentence = (
            f"{schema.name} {schema.version} cannot be sent to a receiver of version {target}: its field {field.name} "
            f"is {shown}, which that version lacks.")
        _lose(schema, field, target, sentence)
    return known


def _lose(schema: Schema, field: Field | None, target: Version | None, sentence: str) -> NoReturn:
    raise ObjectError(
        ErrorCode.LOST_IN_LOWERING, schema.name, None if field is None else field.name, sentence,
        own_version=schema.version, target_version=target)


def _class_of(field: Field) -> "type[Object] | None":
    kind = field.value_type
    if isinstance(kind, Kind) or issubclass(kind, Enumeration):
        return None
    return kind


@lru_cache(maxsize=1_024)
def _is_understood(schema: Schema, receiver: Manifest) -> bool:
    """Whether all objects that one of this declaration can contain can go as they are."""
    seen: set[str] = set()
    waiting = [schema]
    while waiting:
        each = waiting.pop()
        if each.name in seen:
            continue
        seen.add(each.name)
        if each.version is not None:
            target = receiver.get(each.name)
            if target is None or target.major != each.version.major or target < each.version:
                return False
        for field in each.fields:
            if field.until is not None:
                return False
            if (nested := _class_of(field)) is not None:
                waiting.append(nested.schema)
    return True
