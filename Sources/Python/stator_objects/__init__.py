"""The runtime of generated objects, over the protobuf package's messages."""

from stator_objects.errors import ErrorCode, ObjectError
from stator_objects.objects import Object, register_conversion
from stator_objects.schema import Enumeration, Field, Format, Kind, Lowering, Schema, ValueRule
from stator_rpc import Manifest, Version

__all__ = [
    "Enumeration",
    "ErrorCode",
    "Field",
    "Format",
    "Kind",
    "Lowering",
    "Manifest",
    "Object",
    "ObjectError",
    "Schema",
    "ValueRule",
    "Version",
    "register_conversion",
]
