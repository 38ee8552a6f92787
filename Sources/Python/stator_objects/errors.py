"""Why an object was not decoded, encoded, lowered or accepted."""

import enum

from stator_rpc import MessageError, StatusCode, Version


class ErrorCode(enum.Enum):
    MALFORMED = "malformed"
    """The bytes are no message of that type."""
    INVALID_VALUE = "invalid value"
    """A value does not fit its field's type or format."""
    TOO_LONG = "too long"
    """A value, or the whole message, exceeds its length."""
    TOO_DEEP = "too deep"
    """Messages are nested too deep."""
    LOST_IN_LOWERING = "lost in lowering"
    """The object cannot be said at the version that the receiver understands."""


class ObjectError(MessageError):
    """A code for programs, and a sentence that names object, field and value.

    `field` is None where the object as a whole is meant; `value` is None for sensitive fields, and where none is
    to blame.
    """

    def __init__(
        self, code: ErrorCode, object_name: str, field: str | None, sentence: str, *, value: object = None,
        own_version: Version | None = None, target_version: Version | None = None,
    ):
        super().__init__(sentence)
        self.code = code
        self.object_name = object_name
        self.field = field
        self.value = value
        self.own_version = own_version
        self.target_version = target_version
        if code is ErrorCode.LOST_IN_LOWERING:
            self.status_code = StatusCode.FAILED_PRECONDITION
