"""What protobuf's messages do not give away: numbers that an enumeration does not name.

proto2 leaves them among the unknown fields; they are read there, and written there again. In a map, some builds of
protobuf would put the default value in their place, so that maps of enumerations are read here altogether.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from stator_objects.errors import ErrorCode, ObjectError
from stator_objects.schema import Enumeration, Field, Schema

if TYPE_CHECKING:
    from stator_objects.objects import Object

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5


def set_fields(message: Message, schema: Schema) -> Iterator[tuple[int, Any]]:
    """The numbers and values of the fields that are set."""
    try:
        fields = message.ListFields()
    except UnicodeDecodeError:
        fields = _fields_one_by_one(message, schema)
    for descriptor, value in fields:
        yield descriptor.number, value


def _fields_one_by_one(message: Message, schema: Schema) -> Any:
    """Finds the text that is no UTF-8, which some builds of protobuf raise for."""
    for field in schema.fields:
        try:
            getattr(message, field.name)
        except UnicodeDecodeError:
            sentence = f"{schema.name}.{field.name} is not UTF-8"
            raise ObjectError(ErrorCode.INVALID_VALUE, schema.name, field.name, sentence) from None
    raise ObjectError(ErrorCode.INVALID_VALUE, schema.name, None, f"{schema.name} has a text that is not UTF-8")


def encoded_number(field_number: int, number: int) -> bytes:
    """A field that holds an enumeration's number."""
    return _varint(field_number << 3 | _VARINT) + _varint(number & 0xFFFF_FFFF_FFFF_FFFF)


def split_map(schema: Schema, field: Field, values: dict[Any, Any]) -> tuple[dict[Any, Any], bytes]:
    """The entries that protobuf takes, and the others, encoded; only those of enumerations have others."""
    known = {key: value for key, value in values.items() if not isinstance(value, Enumeration) or value.is_known}
    unknown = b""
    for key, value in values.items():
        if key not in known:
            # The key as protobuf writes it, beside a value that it takes.
            message = schema.message()
            getattr(message, field.name)[key] = next(iter(int(member) for member in type(value)))
            [parts] = _parts_of_entries(message.SerializeToString(), field, schema)
            entry = b"".join(part for number, _, _, part in parts if number == 1) + encoded_number(2, int(value))
            unknown += _varint(field.number << 3 | _LENGTH) + _varint(len(entry)) + entry
    return known, unknown


def map_of_numbers(message: Message, field: Field, schema: Schema) -> dict[Any, int]:
    """The entries of a map whose values are an enumeration's."""
    result: dict[Any, int] = {}
    for parts in _parts_of_entries(message.SerializeToString(), field, schema):
        key = b"".join(part for number, _, _, part in parts if number == 1)
        numbers = [value for number, _, value, _ in parts if number == 2]
        # protobuf reads the key.
        single = schema.message()
        single.ParseFromString(_varint(field.number << 3 | _LENGTH) + _varint(len(key)) + key)
        result[next(iter(getattr(single, field.name)))] = _signed(numbers[-1]) if numbers else 0
    return result


_Part = tuple[int, int, int, bytes]


def _parts_of_entries(data: bytes, field: Field, schema: Schema) -> list[list[_Part]]:
    """The parts of each entry of a map: key, value, and what else there may be."""
    return [
        list(_fields(encoding[len(encoding) - length :], schema))
        for number, _, length, encoding in _fields(data, schema) if number == field.number
    ]


def take_enumerations(result: "Object", rest: bytes) -> bytes:
    """Sets what the unknown fields hold of the object's enumerations; returns the others."""
    remaining = b""
    for number, wire_type, value, encoding in _fields(rest, result.schema):
        field = result.schema.by_number.get(number)
        kind = None if field is None else field.value_type
        if field is None or not isinstance(kind, type) or not issubclass(kind, Enumeration):
            remaining += encoding
            continue
        if field.is_map:
            # It was read with the others.
            continue
        numbers = [value] if wire_type == _VARINT else _packed(encoding, value, result.schema)
        members = [kind(_signed(each)) for each in numbers]
        if field.repeated:
            object.__setattr__(result, field.attribute, getattr(result, field.attribute) + members)
        elif not result.is_set(field.attribute):
            object.__setattr__(result, field.attribute, members[-1])
    return remaining


def _fields(data: bytes, schema: Schema) -> "Iterator[_Part]":
    """Number, wire type, number or length, and whole encoding of each field."""
    position = 0
    while position < len(data):
        tag, end = _varint_read(data, position, schema)
        value = 0
        match tag & 7:
            case 0:
                value, end = _varint_read(data, end, schema)
            case 1:
                end += 8
            case 2:
                value, end = _varint_read(data, end, schema)
                end += value
            case 5:
                end += 4
            case _:
                # A group, as nobody writes it any more: what is left stays as it is.
                end = len(data)
        yield tag >> 3, tag & 7, value, data[position:end]
        position = end


def _packed(encoding: bytes, length: int, schema: Schema) -> list[int]:
    data = encoding[len(encoding) - length :]
    position, numbers = 0, []
    while position < len(data):
        number, position = _varint_read(data, position, schema)
        numbers.append(number)
    return numbers


def _signed(number: int) -> int:
    low = number & 0xFFFF_FFFF
    return low - 2**32 if low >= 2**31 else low


def _varint_read(data: bytes, position: int, schema: Schema) -> tuple[int, int]:
    value = shift = 0
    for end in range(position, min(position + 10, len(data))):
        value |= (data[end] & 0x7F) << shift
        if data[end] < 0x80:
            return value, end + 1
        shift += 7
    raise ObjectError(ErrorCode.MALFORMED, schema.name, None, f"{schema.name} has a number that does not end")


def _varint(value: int) -> bytes:
    data = bytearray()
    while value >= 0x80:
        data.append(value & 0x7F | 0x80)
        value >>= 7
    data.append(value)
    return bytes(data)
