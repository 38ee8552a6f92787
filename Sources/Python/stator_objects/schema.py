"""What generated classes say about themselves: the declarations of their .proto files."""

import builtins
import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, Union

from google.protobuf.message import Message

from stator_rpc import Version

if TYPE_CHECKING:
    from stator_objects.objects import Object

LENGTH_MAX_DEFAULT = 65_536
COUNT_MAX_DEFAULT = 1_024


class Kind(enum.Enum):
    """What a field's values are, where they are neither objects nor values of an enumeration."""

    INT32 = "int32"
    INT64 = "int64"
    UINT32 = "uint32"
    UINT64 = "uint64"
    BOOL = "bool"
    FLOAT = "float"
    DOUBLE = "double"
    STRING = "string"
    BYTES = "bytes"


class Format(enum.Enum):
    """What a field's bytes or number mean."""

    PLAIN = "plain"
    UUID = "uuid"
    TIMESTAMP = "timestamp"
    NAME = "name"
    MAC_ADDRESS = "MAC address"
    IP_ADDRESS = "IP address"


class Lowering(enum.Enum):
    """What becomes of a set field that the receiver's version of the object lacks."""

    DROP = "drop"
    REFUSE = "refuse"
    CONVERT = "convert"


class Enumeration(enum.IntEnum):
    """An enumeration of a .proto file. A number that it does not name is a value too, and is kept."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, int) or not -(2**31) <= value < 2**31:
            return None
        # Not the enumeration's own, so that it is in no list of its members, but equal to itself by its number.
        member = int.__new__(cls, value)
        member._name_ = f"UNKNOWN_{value}"
        member._value_ = value
        return member

    @property
    def is_known(self) -> bool:
        """Whether the declaration names the number."""
        return self._value_ in type(self)._value2member_map_

    @classmethod
    def value_rules(cls) -> "Mapping[int, ValueRule]":
        """Which values are not in every version, by number; generated classes override it where there are such."""
        return {}

    def lowered(self, version: Version) -> Self | None:
        """What objects of that version say instead of it: itself where the version knows it, else the first known one
        of those that are declared to stand for it; None where there is none.

        A number that is not named here stays as it is.
        """
        rules = self.value_rules()
        member, passed = self, set[int]()
        while (rule := rules.get(int(member))) is not None and rule.since is not None and version < rule.since:
            passed.add(int(member))
            if rule.lowered_as is None or rule.lowered_as in passed:
                return None
            member = type(self)(rule.lowered_as)
        return member

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class ValueRule:
    """What a declaration says of one value of an enumeration."""

    since: Version | None = None
    lowered_as: int | None = None
    """Goes in its place to receivers that lack it."""


FieldType = Union[Kind, Callable[[], "type[Object]"], Callable[[], type[Enumeration]]]


@dataclass(frozen=True)
class Field:
    """A field as declared.

    Types that are classes are looked up late, since objects may contain themselves.
    """

    number: int
    name: str
    type: FieldType
    repeated: bool = False
    key: Kind | None = None
    """The type of a map's keys; None: the field is no map."""
    since: Version | None = None
    until: Version | None = None
    lowering: Lowering = Lowering.DROP
    format: Format = Format.PLAIN
    length_max: int | None = None
    """Of strings and bytes in bytes, of lists and maps in elements."""
    sensitive: bool = False
    attribute: str = ""
    """The name in Python, where it is another one."""

    def __post_init__(self) -> None:
        if not self.attribute:
            object.__setattr__(self, "attribute", self.name)

    @property
    def is_list(self) -> bool:
        return self.repeated and self.key is None

    @property
    def is_map(self) -> bool:
        return self.key is not None

    @cached_property
    def value_type(self) -> "Kind | builtins.type[Object] | builtins.type[Enumeration]":
        return self.type if isinstance(self.type, Kind) else self.type()

    @property
    def bytes_max(self) -> int:
        collection = self.repeated or self.is_map
        return LENGTH_MAX_DEFAULT if collection or self.length_max is None else self.length_max

    @property
    def count_max(self) -> int:
        return COUNT_MAX_DEFAULT if self.length_max is None else self.length_max

    def exists_at(self, version: Version) -> bool:
        """Whether the object has the field at that version."""
        if self.since is not None and version < self.since:
            return False
        return self.until is None or version < self.until


class Schema:
    """An object as declared; `message` is protobuf's class for it."""

    def __init__(self, name: str, version: Version | None, message: type[Message], fields: list[Field]):
        self.name = name
        self.version = version
        self.message = message
        self.fields = sorted(fields, key=lambda field: field.number)
        self.by_attribute = {field.attribute: field for field in self.fields}
        self.by_number = {field.number: field for field in self.fields}
        self.by_name = {field.name: field for field in self.fields}
        # What `register_conversion` was given.
        self.lower: Callable[[Any, Version], None] | None = None
        self.raise_: Callable[[Any, Version], None] | None = None

    @cached_property
    def maps_of_enumerations(self) -> list[Field]:
        return [
            field for field in self.fields
            if field.is_map and not isinstance(field.value_type, Kind) and issubclass(field.value_type, Enumeration)
        ]

    def __repr__(self) -> str:
        return f"Schema({self.name} {self.version})" if self.version else f"Schema({self.name})"
