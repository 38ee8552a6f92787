"""One field's values: checked where they are set, turned into protobuf's and back, and shown."""

import ipaddress
import math
import re
import struct
import unicodedata
from datetime import datetime, timedelta, timezone
from typing import Any, NoReturn
from uuid import UUID

from stator_objects.errors import ErrorCode, ObjectError
from stator_objects.schema import Enumeration, Field, Format, Kind, Schema

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MASK = "[masked]"

_MICROSECOND = timedelta(microseconds=1)
_SHOWN_LENGTH_MAX = 200
_MAC_ADDRESS = re.compile("[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_RANGES = {
    Kind.INT32: (-(2**31), 2**31 - 1),
    Kind.INT64: (-(2**63), 2**63 - 1),
    Kind.UINT32: (0, 2**32 - 1),
    Kind.UINT64: (0, 2**64 - 1),
}


def refuse(schema: Schema, field: Field, value: object, predicate: str, code: ErrorCode) -> NoReturn:
    """Raises the error that says so; the value is shown where it is no secret."""
    shown = ""
    if not field.sensitive:
        text = repr(value)
        shown = ": " + (text if len(text) <= _SHOWN_LENGTH_MAX else text[:_SHOWN_LENGTH_MAX] + "…")
    raise ObjectError(
        code, schema.name, field.name, f"{schema.name}.{field.name} {predicate}{shown}",
        value=None if field.sensitive else value)


def checked(schema: Schema, field: Field, value: Any) -> Any:
    """What the field holds when it is given the value; raises `ObjectError`."""
    if field.is_map:
        return _checked_map(schema, field, {} if value is None else value)
    if field.repeated:
        return _checked_list(schema, field, [] if value is None else value)
    return None if value is None else checked_single(schema, field, value)


def _checked_list(schema: Schema, field: Field, values: Any) -> list[Any]:
    if not isinstance(values, (list, tuple)):
        refuse(schema, field, values, "is a list, not", ErrorCode.INVALID_VALUE)
    _check_count(schema, field, len(values))
    return [checked_single(schema, field, value) for value in values]


def _checked_map(schema: Schema, field: Field, values: Any) -> dict[Any, Any]:
    if not isinstance(values, dict):
        refuse(schema, field, values, "is a dict, not", ErrorCode.INVALID_VALUE)
    _check_count(schema, field, len(values))
    assert field.key is not None
    keys = Field(1, field.name, field.key, sensitive=field.sensitive)
    return {checked_single(schema, keys, key): checked_single(schema, field, value) for key, value in values.items()}


def _check_count(schema: Schema, field: Field, count: int) -> None:
    if count > field.count_max:
        sentence = f"{schema.name}.{field.name} has {count} elements; at most {field.count_max}"
        raise ObjectError(ErrorCode.TOO_LONG, schema.name, field.name, sentence)


def checked_single(schema: Schema, field: Field, value: Any) -> Any:
    """A field's one value, or an element; raises `ObjectError`."""
    kind = field.value_type
    match kind:
        case type() if issubclass(kind, Enumeration):
            return _checked_enumeration(schema, field, kind, value)
        case type():
            if type(value) is not kind:
                refuse(schema, field, value, f"is no {kind.__qualname__}", ErrorCode.INVALID_VALUE)
        case Kind.BOOL:
            _check_type(schema, field, value, bool)
        case Kind.FLOAT | Kind.DOUBLE:
            return _checked_float(schema, field, kind, value)
        case Kind.STRING:
            _check_string(schema, field, value)
        case Kind.BYTES:
            return _checked_bytes(schema, field, value)
        case _:
            _check_integer(schema, field, kind, value)
    return value


def _check_type(schema: Schema, field: Field, value: object, wanted: type) -> None:
    # bool is a subclass of int, and True is no number.
    if not isinstance(value, wanted) or isinstance(value, bool) and wanted is not bool:
        refuse(schema, field, value, f"is no {wanted.__name__}", ErrorCode.INVALID_VALUE)


def _checked_enumeration(schema: Schema, field: Field, kind: type[Enumeration], value: Any) -> Enumeration:
    if isinstance(value, Enumeration) and type(value) is not kind:
        refuse(schema, field, value, f"is no {kind.__qualname__}", ErrorCode.INVALID_VALUE)
    _check_type(schema, field, value, int)
    try:
        return kind(value)
    except ValueError:
        refuse(schema, field, value, f"is no number of {kind.__qualname__}", ErrorCode.INVALID_VALUE)


def _check_integer(schema: Schema, field: Field, kind: Kind, value: Any) -> None:
    if field.format is Format.TIMESTAMP:
        _check_type(schema, field, value, datetime)
        if value.tzinfo is None:
            refuse(schema, field, value, "is a time without a time zone", ErrorCode.INVALID_VALUE)
        return
    _check_type(schema, field, value, int)
    least, greatest = _RANGES[kind]
    if not least <= value <= greatest:
        refuse(schema, field, value, f"is not between {least} and {greatest}", ErrorCode.INVALID_VALUE)


def _checked_float(schema: Schema, field: Field, kind: Kind, value: Any) -> float:
    if not isinstance(value, float):
        _check_type(schema, field, value, int)
    if kind is Kind.FLOAT and math.isfinite(value):
        try:
            # As it is kept: what is read back is what was set.
            return float(struct.unpack("<f", struct.pack("<f", value))[0])
        except OverflowError:
            refuse(schema, field, value, "is too great for a float", ErrorCode.INVALID_VALUE)
    return float(value)


def _check_string(schema: Schema, field: Field, value: Any) -> None:
    _check_type(schema, field, value, str)
    try:
        length = len(value.encode())
    except UnicodeEncodeError:
        refuse(schema, field, value, "has characters that UTF-8 cannot say", ErrorCode.INVALID_VALUE)
    _check_length(schema, field, length)
    match field.format:
        case Format.NAME:
            is_name = 1 <= len(value) <= 255 and all(unicodedata.category(character) != "Cc" for character in value)
            what = "a name of 1 to 255 characters without control characters"
            if not is_name:
                refuse(schema, field, value, f"is not {what}", ErrorCode.INVALID_VALUE)
        case Format.MAC_ADDRESS:
            if not _MAC_ADDRESS.fullmatch(value):
                what = "a MAC address such as 52:54:00:12:34:56"
                refuse(schema, field, value, f"is not {what}", ErrorCode.INVALID_VALUE)
        case Format.IP_ADDRESS:
            if not _is_ip_address(value):
                refuse(schema, field, value, "is not an IPv4 or IPv6 address", ErrorCode.INVALID_VALUE)


def _is_ip_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _checked_bytes(schema: Schema, field: Field, value: Any) -> bytes | UUID:
    if field.format is Format.UUID:
        _check_type(schema, field, value, UUID)
        assert isinstance(value, UUID)
        return value
    if not isinstance(value, (bytes, bytearray, memoryview)):
        refuse(schema, field, value, "is no bytes", ErrorCode.INVALID_VALUE)
    _check_length(schema, field, len(value))
    return bytes(value)


def _check_length(schema: Schema, field: Field, length: int) -> None:
    if length > field.bytes_max:
        sentence = f"{schema.name}.{field.name} has {length} bytes; at most {field.bytes_max}"
        raise ObjectError(ErrorCode.TOO_LONG, schema.name, field.name, sentence)


# MARK: protobuf's values


def to_protobuf(field: Field, value: Any) -> Any:
    """A checked value that is no object as protobuf holds it."""
    if isinstance(value, UUID):
        return value.bytes
    if isinstance(value, datetime):
        return (value - EPOCH) // _MICROSECOND
    return int(value) if isinstance(value, Enumeration) else value


def from_protobuf(schema: Schema, field: Field, value: Any) -> Any:
    """A value that came, which is no object; raises `ObjectError` where it is none of the field's."""
    if field.format is Format.UUID:
        if len(value) != 16:
            predicate = f"is a UUID of {len(value)} bytes instead of 16"
            refuse(schema, field, value, predicate, ErrorCode.INVALID_VALUE)
        return UUID(bytes=value)
    if field.format is Format.TIMESTAMP:
        try:
            return EPOCH + timedelta(microseconds=value)
        except OverflowError:
            refuse(schema, field, value, "is a time beyond the calendar", ErrorCode.INVALID_VALUE)
    if field.value_type is Kind.STRING and isinstance(value, bytes):
        # protobuf's way to hand over a text that is none.
        refuse(schema, field, value, "is not UTF-8", ErrorCode.INVALID_VALUE)
    return checked_single(schema, field, value)
