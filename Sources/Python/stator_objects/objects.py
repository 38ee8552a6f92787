"""The base of generated objects: fields that are checked where they are set, and their encoding."""

import copy
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from google.protobuf.message import DecodeError, Message

from stator_objects import json_form, values, wire_format
from stator_objects.errors import ErrorCode, ObjectError
from stator_objects.lowering import lowered
from stator_objects.schema import Enumeration, Field, Schema
from stator_rpc import Manifest, Version

ENCODED_LENGTH_MAX = 4_194_304
NESTING_DEPTH_MAX = 32


class Object:
    """A message of a .proto file, as a dataclass with an attribute per field.

    A field is unset when its attribute is None, or empty for a list or dict. Setting an attribute checks the value,
    and raises `ObjectError` where it does not fit; a list or dict is copied when it is set, and checked again when it
    is encoded. Fields that came and are not known here are kept, and are encoded again.
    """

    schema: ClassVar[Schema]
    _unknown = b""

    # Type checkers would take it for leave to set anything.
    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:
            field = self.schema.by_attribute.get(name)
            if field is None:
                raise AttributeError(f"{self.schema.name} has no field {name!r}")
            object.__setattr__(self, name, values.checked(self.schema, field, value))

    # MARK: what is set

    def is_set(self, attribute: str) -> bool:
        """Whether the field has a value, or, a list or dict, an element."""
        field = self.schema.by_attribute[attribute]
        value = getattr(self, attribute)
        return bool(value) if field.repeated or field.is_map else value is not None

    def set_fields(self) -> Iterator[tuple[Field, Any]]:
        """The fields that are set, by number, and their values."""
        for field in self.schema.fields:
            if self.is_set(field.attribute):
                yield field, getattr(self, field.attribute)

    @property
    def unknown_fields(self) -> bytes:
        """What came of fields that are not known here, encoded."""
        return self._unknown

    def copy(self) -> Self:
        """A copy that shares nothing."""
        return copy.deepcopy(self)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self):
            return NotImplemented
        return self.__dict__ == other.__dict__

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        parts = [
            f"{field.attribute}={values.MASK if field.sensitive else repr(value)}" for field, value in self.set_fields()
        ]
        if self._unknown:
            parts.append(f"unknown={len(self._unknown)} bytes")
        return f"{type(self).__qualname__}({', '.join(parts)})"

    # MARK: encoding

    def encode(self) -> bytes:
        """The encoding at the object's own version; equal objects have equal bytes. Raises `ObjectError`."""
        message = self.schema.message()
        self._write(message, 1)
        data = message.SerializeToString(deterministic=True)
        if len(data) > ENCODED_LENGTH_MAX:
            raise _too_long(self.schema, len(data))
        return data

    def encode_for(self, peer: Manifest) -> bytes:
        """The encoding at the versions that the peer understands. Raises `ObjectError`."""
        return self.lowered(peer).encode()

    def lowered(self, receiver: Manifest) -> Self:
        """The object as the receiver understands it: itself, if that is all of it, else a copy.

        Raises `ObjectError` with `LOST_IN_LOWERING` where something is set that must not be left out.
        """
        return lowered(self, receiver)

    @classmethod
    def decode(cls, data: bytes, sender: Manifest | None = None) -> Self:
        """Reads an encoding, and raises its objects from the sender's versions. Raises `ObjectError`."""
        if len(data) > ENCODED_LENGTH_MAX:
            raise _too_long(cls.schema, len(data))
        message = cls.schema.message()
        try:
            message.ParseFromString(data)
        except DecodeError:
            sentence = f"{len(data)} bytes are no {cls.schema.name}"
            raise ObjectError(ErrorCode.MALFORMED, cls.schema.name, None, sentence) from None
        return cls._read(message, sender, 1)

    def _write(self, message: Message, depth: int) -> None:
        _check_depth(self.schema, depth)
        extra = b"".join(self._write_field(message, field, value, depth) for field, value in self.set_fields())
        extra += self._unknown
        if extra:
            message.MergeFromString(extra)

    def _write_field(self, message: Message, field: Field, value: Any, depth: int) -> bytes:
        """Puts the value into the message; returns the encoding of what cannot be put there."""
        kind = field.value_type
        if field.repeated or field.is_map:
            # It may have been changed in place since it was set.
            value = values.checked(self.schema, field, value)
        target = getattr(message, field.name)
        if isinstance(kind, type) and issubclass(kind, Object):
            if field.is_map:
                for key in value:
                    value[key]._write(target[key], depth + 1)
            elif field.repeated:
                for element in value:
                    element._write(target.add(), depth + 1)
            else:
                target.SetInParent()
                value._write(target, depth + 1)
            return b""
        if field.is_map:
            known, unknown = wire_format.split_map(self.schema, field, value)
            target.update({key: values.to_protobuf(field, element) for key, element in known.items()})
            return unknown
        elements = value if field.repeated else [value]
        # protobuf takes only numbers that the declaration names; others go as what they are to it, unknown fields.
        others = [element for element in elements if isinstance(element, Enumeration) and not element.is_known]
        known_elements = [values.to_protobuf(field, element) for element in elements if element not in others]
        if field.repeated:
            target.extend(known_elements)
        elif known_elements:
            setattr(message, field.name, known_elements[0])
        return b"".join(wire_format.encoded_number(field.number, int(element)) for element in others)

    @classmethod
    def _read(cls, message: Message, sender: Manifest | None, depth: int) -> Self:
        """Takes all out of the message, which is changed by that."""
        schema = cls.schema
        _check_depth(schema, depth)
        result = cls()
        for field in schema.maps_of_enumerations:
            numbers = wire_format.map_of_numbers(message, field, schema)
            object.__setattr__(result, field.attribute, cls._value_read(field, numbers, sender, depth))
            message.ClearField(field.name)
        for number, value in wire_format.set_fields(message, schema):
            known = schema.by_number.get(number)
            if known is not None:
                object.__setattr__(result, known.attribute, cls._value_read(known, value, sender, depth))
        for field in schema.fields:
            message.ClearField(field.name)
        rest = message.SerializeToString()
        if rest and (unknown := wire_format.take_enumerations(result, rest)):
            object.__setattr__(result, "_unknown", unknown)
        if schema.raise_ is not None and sender is not None and schema.version is not None:
            version = sender.get(schema.name)
            if version is not None and version < schema.version:
                schema.raise_(result, version)
        return result

    @classmethod
    def _value_read(cls, field: Field, value: Any, sender: Manifest | None, depth: int) -> Any:
        kind = field.value_type

        def single(element: Any) -> Any:
            if isinstance(kind, type) and issubclass(kind, Object):
                return kind._read(element, sender, depth + 1)
            return values.from_protobuf(cls.schema, field, element)

        if field.is_map:
            return values.checked(cls.schema, field, {key: single(value[key]) for key in value})
        if field.repeated:
            return values.checked(cls.schema, field, [single(element) for element in value])
        return single(value)

    # MARK: JSON

    def to_dict(self, *, masked: bool = True) -> dict[str, Any]:
        """The set fields by their names in the .proto file, in values that JSON has.

        UUIDs, times and values of enumerations are texts, bytes are base64. Sensitive values are masked unless
        they are asked for.
        """
        return json_form.to_dict(self, masked)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Reads what `to_dict` makes; raises `ObjectError`, also for names that are no fields."""
        return json_form.from_dict(cls, data)


ObjectType = TypeVar("ObjectType", bound=Object)


def register_conversion(
    object_type: type[ObjectType], lower: Callable[[ObjectType, Version], None],
    raise_: Callable[[ObjectType, Version], None],
) -> None:
    """Says how an object with fields of `LOWERING_CONVERT` is translated.

    `lower` is given a copy and the receiver's version, and says in older fields what the newer ones say; `raise_` is
    given what came and the sender's version, and does the opposite.
    """
    object_type.schema.lower = lower
    object_type.schema.raise_ = raise_


def _check_depth(schema: Schema, depth: int) -> None:
    if depth > NESTING_DEPTH_MAX:
        sentence = f"{schema.name} is nested deeper than {NESTING_DEPTH_MAX} messages"
        raise ObjectError(ErrorCode.TOO_DEEP, schema.name, None, sentence)


def _too_long(schema: Schema, length: int) -> ObjectError:
    sentence = f"{schema.name} has {length} bytes; at most {ENCODED_LENGTH_MAX}"
    return ObjectError(ErrorCode.TOO_LONG, schema.name, None, sentence)
