"""Methods of services as generated code declares them, and what goes through them."""

import enum
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, Self, TypeVar

from stator_rpc import wire
from stator_rpc.manifest import Manifest


class CallerClass(enum.Enum):
    """The class in a certificate's URI, `stator://<deployment>/<class>/<name>`."""

    COMPUTE = "compute"
    CONDUCTOR = "conductor"
    API = "api"
    OPERATOR = "operator"
    USER = "user"


class Shape(enum.Enum):
    """How many messages go each way."""

    UNARY = "unary"
    CLIENT_STREAMING = "client-streaming"
    SERVER_STREAMING = "server-streaming"
    BIDIRECTIONAL = "bidirectional"


class Message(Protocol):
    """What a call carries. Both functions raise `MessageError`."""

    def encode_for(self, peer: Manifest) -> bytes:
        """The encoding, in the versions that the peer understands."""

    @classmethod
    def decode(cls, data: bytes, sender: Manifest | None = None) -> Self:
        """Reads what a sender with that manifest has encoded."""


Request = TypeVar("Request", bound=Message)
Response = TypeVar("Response", bound=Message)


@dataclass(frozen=True)
class Method(Generic[Request, Response]):
    """One method of a service."""

    path: str
    """`<package>.<service>/<method>`."""
    request: type[Request]
    response: type[Response]
    shape: Shape
    callers: frozenset[CallerClass]
    """Who may call it."""
    idempotent: bool = False
    """Repeating a call with the same key does nothing more than making it once."""
    priority: bool = False
    since: int = 1
    """The service version that first serves it."""
    until: int | None = None
    """The first service version that need not serve it any more."""
    number: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "number", wire.method_number(self.path))


@dataclass(frozen=True)
class Contract:
    """What a generated package was made from: its objects, its methods, and who may call them."""

    manifest: Manifest
    methods: tuple[Method[Any, Any], ...]
    service_version: int = 1
    """Said in HELLO: the release whose protos these are."""

    @property
    def callers(self) -> dict[str, frozenset[CallerClass]]:
        """The classes that may call each method, by its path."""
        return {method.path: method.callers for method in self.methods}
