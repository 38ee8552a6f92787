"""Objects as dicts of what JSON has, for tools and logs: the same form that Stator's own logs have."""

import base64
import binascii
import math
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

from stator_objects.errors import ErrorCode, ObjectError
from stator_objects.schema import Enumeration, Field, Format, Kind, Schema
from stator_objects.values import MASK, refuse

if TYPE_CHECKING:
    from stator_objects.objects import Object

_LONG = (Kind.INT64, Kind.UINT64)

Read = TypeVar("Read", bound="Object")


def to_dict(source: "Object", masked: bool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for field, value in source.set_fields():
        if masked and field.sensitive:
            result[field.name] = MASK
        elif field.is_map:
            result[field.name] = {_key_text(key): _to_json(field, each, masked) for key, each in value.items()}
        elif field.repeated:
            result[field.name] = [_to_json(field, each, masked) for each in value]
        else:
            result[field.name] = _to_json(field, value, masked)
    return result


def from_dict(object_type: type[Read], data: dict[str, Any]) -> Read:
    schema = object_type.schema
    result = object_type()
    for name, value in data.items():
        field = schema.by_name.get(name)
        if field is None:
            sentence = f"{schema.name} has no field {name!r}"
            raise ObjectError(ErrorCode.INVALID_VALUE, schema.name, None, sentence)
        if field.sensitive and value == MASK:
            refuse(schema, field, None, "is masked, and its value is not known", ErrorCode.INVALID_VALUE)
        setattr(result, field.attribute, _field_from_json(schema, field, value))
    return result


def _key_text(key: Any) -> str:
    if isinstance(key, bool):
        return "true" if key else "false"
    return str(key)


def _to_json(field: Field, value: Any, masked: bool) -> Any:
    match value:
        case UUID():
            return str(value)
        case datetime():
            # UTC, with six decimals unless the second is whole.
            return value.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
        case Enumeration():
            return value.name.lower() if value.is_known else str(int(value))
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case int() if field.value_type in _LONG:
            # Many readers of JSON take numbers for doubles, which have 53 bits.
            return str(value)
        case bool() | int() | float() | str():
            return value
        case _:
            return to_dict(value, masked)


def _field_from_json(schema: Schema, field: Field, value: Any) -> Any:
    if field.is_map and isinstance(value, dict):
        return {_key(schema, field, key): _from_json(schema, field, each) for key, each in value.items()}
    if field.repeated and isinstance(value, list):
        return [_from_json(schema, field, each) for each in value]
    return _from_json(schema, field, value)


def _key(schema: Schema, field: Field, text: str) -> Any:
    try:
        match field.key:
            case Kind.STRING:
                return text
            case Kind.BOOL:
                return {"true": True, "false": False}[text]
            case _:
                return int(text)
    except (KeyError, ValueError):
        refuse(schema, field, text, "has a key of another type", ErrorCode.INVALID_VALUE)


def _from_json(schema: Schema, field: Field, value: Any) -> Any:
    """The value of a text, where JSON has none of its type; others are checked when they are set."""
    kind = field.value_type
    if not isinstance(kind, Kind) and not issubclass(kind, Enumeration):
        if not isinstance(value, dict):
            refuse(schema, field, value, f"is no {kind.__qualname__}", ErrorCode.INVALID_VALUE)
        return from_dict(kind, value)
    if not isinstance(value, str):
        return value
    try:
        if not isinstance(kind, Kind):
            return _enumeration(kind, value)
        if field.format is Format.UUID:
            return UUID(value)
        if field.format is Format.TIMESTAMP:
            return datetime.fromisoformat(value)
        if kind is Kind.BYTES:
            return base64.b64decode(value, validate=True)
        if kind in (Kind.FLOAT, Kind.DOUBLE):
            return float(value)
        if kind in _LONG:
            return int(value)
    except (ValueError, KeyError, binascii.Error):
        refuse(schema, field, value, "cannot be read", ErrorCode.INVALID_VALUE)
    return value


def _enumeration(kind: type[Enumeration], text: str) -> Enumeration:
    return kind[text.upper()] if text.upper() in kind.__members__ else kind(int(text))
