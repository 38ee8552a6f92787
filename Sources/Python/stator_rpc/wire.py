"""The frames of the Stator protocol, bytes to fields and back; no I/O, and nothing but the standard library.

The specification is Sources/StatorWire/Documentation.docc/Protocol.md.
"""

import enum
import struct
from dataclasses import dataclass

VERSION = 1
VERSION_OLDEST = 1

HEADER = struct.Struct(">IBBHI")
FRAME_PAYLOAD_MAX = 16_372
HELLO_MAX = 1_024
RELEASE_MAX = 64
MANIFEST_MAX = 65_536
MESSAGE_MAX = 4_194_304
TEXT_MAX = 1_024
DETAILS_MAX = 8_192
LONG_MESSAGES_MAX = 4

STREAM_CREDIT = 262_144
CONNECTION_CREDIT = 1_048_576
CREDIT_MAX = 16_777_216
MESSAGE_OVERHEAD = 12

# In a GOAWAY: the last stream is not known yet, and will be named by a second one.
STREAM_UNDECIDED = 0xFFFF_FFFF

STREAMS_MAX = 1_024
PRIORITY_STREAMS_MAX = 64

HANDSHAKE_SECONDS = 10.0
SILENCE_SECONDS = 15.0
PONG_SECONDS = 10.0
# How long what waits to be sent may wait for a peer that reads nothing, and how many bytes of it may.
STALL_SECONDS = 25.0
OUTBOUND_MAX = 8_388_608
TIMEOUT_MAX_SECONDS = 604_800.0


class FrameType(enum.IntEnum):
    HELLO = 1
    HELLO_ACK = 2
    MANIFEST = 3
    OPEN = 4
    MESSAGE = 5
    STATUS = 6
    CANCEL = 7
    WINDOW = 8
    PING = 9
    PONG = 10
    GOAWAY = 11


class Flag(enum.IntFlag):
    NONE = 0
    MORE = 1
    END_STREAM = 2
    IDEMPOTENCY_KEY = 4
    TRACE_CONTEXT = 8
    NO_MESSAGE = 16


class GoAwayCode(enum.IntEnum):
    DRAIN = 0
    VIOLATION = 1
    LIMIT = 2
    TIMEOUT = 3
    IDENTITY = 4
    NOT_SERVED = 5
    INTERNAL = 6
    OUTDATED = 7


class StatusCode(enum.IntEnum):
    """gRPC's."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class Violation(Exception):
    """What the peer may not do; the code is that of the GOAWAY which answers it."""

    def __init__(self, code: GoAwayCode, sentence: str):
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


def violation(sentence: str) -> Violation:
    return Violation(GoAwayCode.VIOLATION, sentence)


def over_limit(sentence: str) -> Violation:
    return Violation(GoAwayCode.LIMIT, sentence)


@dataclass(frozen=True)
class Frame:
    type: FrameType
    flags: Flag
    stream: int
    payload: bytes

    @property
    def more(self) -> bool:
        return Flag.MORE in self.flags

    @property
    def ends_stream(self) -> bool:
        return Flag.END_STREAM in self.flags

    def encode(self) -> bytes:
        return HEADER.pack(len(self.payload), self.type, self.flags, 0, self.stream) + self.payload


@dataclass(frozen=True)
class _Rule:
    """What a type's header may say; `stream` is None where both 0 and others are allowed."""

    length_min: int
    length_max: int
    stream: bool | None
    flags: Flag = Flag.NONE


_OPEN_FLAGS = Flag.MORE | Flag.END_STREAM | Flag.IDEMPOTENCY_KEY | Flag.TRACE_CONTEXT | Flag.NO_MESSAGE
_RULES = {
    FrameType.HELLO: _Rule(41, HELLO_MAX, False),
    FrameType.HELLO_ACK: _Rule(1, 1, False),
    FrameType.MANIFEST: _Rule(0, FRAME_PAYLOAD_MAX, False, Flag.MORE),
    FrameType.OPEN: _Rule(16, FRAME_PAYLOAD_MAX, True, _OPEN_FLAGS),
    FrameType.MESSAGE: _Rule(0, FRAME_PAYLOAD_MAX, True, Flag.MORE | Flag.END_STREAM | Flag.NO_MESSAGE),
    FrameType.STATUS: _Rule(4, 4 + TEXT_MAX + DETAILS_MAX, True),
    FrameType.CANCEL: _Rule(0, 0, True),
    FrameType.WINDOW: _Rule(4, 4, None),
    FrameType.PING: _Rule(8, 8, False),
    FrameType.PONG: _Rule(8, 8, False),
    FrameType.GOAWAY: _Rule(5, 5 + TEXT_MAX, False),
}


class FrameDecoder:
    """Takes bytes however they are cut, and gives frames whose headers are allowed."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> None:
        self._buffer += data

    @property
    def rest(self) -> int:
        """How many bytes of a frame that is not complete have come."""
        return len(self._buffer)

    def next(self) -> Frame | None:
        if len(self._buffer) < HEADER.size:
            return None
        # Checked before the payload is waited for.
        length, type_, flags, stream = _checked_header(self._buffer[: HEADER.size])
        end = HEADER.size + length
        if len(self._buffer) < end:
            return None
        payload = bytes(self._buffer[HEADER.size : end])
        del self._buffer[:end]
        return Frame(type_, flags, stream, payload)


def _checked_header(header: bytes | bytearray) -> tuple[int, FrameType, Flag, int]:
    length, type_number, flag_bits, reserved, stream = HEADER.unpack(header)
    try:
        type_ = FrameType(type_number)
    except ValueError:
        raise violation(f"a frame of the unknown type {type_number}") from None
    rule = _RULES[type_]
    if length > rule.length_max:
        raise over_limit(f"{type_.name} of {length} bytes, at most {rule.length_max}")
    if flag_bits & ~int(rule.flags):
        raise violation(f"{type_.name} with the flags {flag_bits:#04x}")
    flags = Flag(flag_bits)
    if Flag.MORE in flags and (Flag.END_STREAM in flags or Flag.NO_MESSAGE in flags):
        raise violation(f"{type_.name} with MORE and {'END_STREAM' if Flag.END_STREAM in flags else 'NO_MESSAGE'}")
    if type_ is FrameType.MESSAGE and Flag.NO_MESSAGE in flags and Flag.END_STREAM not in flags:
        raise violation("MESSAGE with NO_MESSAGE but without END_STREAM")
    if reserved != 0:
        raise violation(f"{type_.name} with reserved bytes that are not 0")
    if rule.stream is not None and (stream != 0) != rule.stream:
        raise violation(f"{type_.name} on stream {stream}")
    if length < rule.length_min:
        raise violation(f"{type_.name} of {length} bytes")
    return length, type_, flags, stream


def _text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise violation("text that is not UTF-8") from None


@dataclass(frozen=True)
class Hello:
    fingerprint: bytes
    release: str
    service_version: int
    version: int = VERSION
    version_oldest: int = VERSION_OLDEST

    _FIXED = struct.Struct(">HHI32sB")
    _EXTENSION = struct.Struct(">HH")
    _VERSION_OLDEST = 1

    def encode(self) -> bytes:
        release = self.release.encode()
        oldest = b""
        if self.version_oldest != self.version:
            oldest = self._EXTENSION.pack(self._VERSION_OLDEST, 2) + struct.pack(">H", self.version_oldest)
        fixed = self._FIXED.pack(self.version, 0, self.service_version, self.fingerprint, len(release))
        return fixed + release + oldest

    @classmethod
    def decode(cls, payload: bytes) -> "Hello":
        version, reserved, service_version, fingerprint, length = cls._FIXED.unpack_from(payload)
        if reserved != 0:
            raise violation("HELLO with reserved bytes that are not 0")
        if length > RELEASE_MAX:
            raise violation(f"a release of {length} bytes, at most {RELEASE_MAX}")
        release = payload[cls._FIXED.size : cls._FIXED.size + length]
        if len(release) < length:
            raise violation("HELLO is too short for its release")
        extensions = cls._extensions(payload[cls._FIXED.size + length :])
        oldest = version
        match [value for number, value in extensions if number == cls._VERSION_OLDEST]:
            case []:
                pass
            case [value] if len(value) == 2:
                oldest = int.from_bytes(value, "big")
            case _:
                raise violation("HELLO whose oldest version comes twice or has not two bytes")
        if not 1 <= oldest <= version:
            raise violation(f"HELLO with the versions {oldest} to {version}")
        return cls(fingerprint, _text(release), service_version, version, oldest)

    @classmethod
    def _extensions(cls, data: bytes) -> list[tuple[int, bytes]]:
        extensions = []
        while data:
            if len(data) < cls._EXTENSION.size:
                raise violation("HELLO ends in an extension")
            number, length = cls._EXTENSION.unpack_from(data)
            value = data[cls._EXTENSION.size : cls._EXTENSION.size + length]
            if len(value) < length:
                raise violation("HELLO ends in an extension")
            extensions.append((number, value))
            data = data[cls._EXTENSION.size + length :]
        return extensions


@dataclass(frozen=True)
class Open:
    """OPEN's fields before the message."""

    method: int
    timeout_us: int = 0
    idempotency_key: bytes | None = None
    # Trace id 16, parent id 8, flags 1.
    trace_context: bytes | None = None

    @property
    def flags(self) -> Flag:
        key = Flag.IDEMPOTENCY_KEY if self.idempotency_key is not None else Flag.NONE
        return key | (Flag.TRACE_CONTEXT if self.trace_context is not None else Flag.NONE)

    def encode(self) -> bytes:
        fixed = struct.pack(">QQ", self.method, self.timeout_us)
        return fixed + (self.idempotency_key or b"") + (self.trace_context or b"")

    @classmethod
    def decode(cls, frame: Frame) -> tuple["Open", bytes]:
        """The fields, and the message or its first part."""
        method, timeout = struct.unpack_from(">QQ", frame.payload)
        rest = frame.payload[16:]
        key = trace = None
        if Flag.IDEMPOTENCY_KEY in frame.flags:
            key, rest = _cut(rest, 16)
        if Flag.TRACE_CONTEXT in frame.flags:
            trace, rest = _cut(rest, 25)
        return cls(method, timeout, key, trace), rest


def _cut(data: bytes, count: int) -> tuple[bytes, bytes]:
    if len(data) < count:
        raise violation("OPEN is too short for its fields")
    return data[:count], data[count:]


@dataclass(frozen=True)
class Status:
    code: StatusCode
    text: str = ""
    details: bytes = b""

    def encode(self) -> bytes:
        text = self.text.encode()
        return struct.pack(">BBH", self.code, 0, len(text)) + text + self.details

    @classmethod
    def decode(cls, payload: bytes) -> "Status":
        code, reserved, length = struct.unpack_from(">BBH", payload)
        if reserved != 0:
            raise violation("STATUS with a reserved byte that is not 0")
        if length > TEXT_MAX or len(payload) < 4 + length:
            raise violation("STATUS whose text is too long, or too short for its length")
        if len(payload) - 4 - length > DETAILS_MAX:
            raise over_limit(f"STATUS with details of more than {DETAILS_MAX} bytes")
        try:
            status_code = StatusCode(code)
        except ValueError:
            raise violation(f"the unknown status code {code}") from None
        return cls(status_code, _text(payload[4 : 4 + length]), payload[4 + length :])

    @property
    def named_details(self) -> tuple[str, bytes] | None:
        """The name of the details' message, and the message encoded; None when there are none, or no such."""
        if not self.details or len(self.details) < 1 + self.details[0]:
            return None
        length = self.details[0]
        return self.details[1 : 1 + length].decode("utf-8", "replace"), self.details[1 + length :]


@dataclass(frozen=True)
class GoAway:
    last_stream: int
    code: GoAwayCode
    text: str = ""

    def encode(self) -> bytes:
        return struct.pack(">IB", self.last_stream, self.code) + self.text.encode()

    @classmethod
    def decode(cls, payload: bytes) -> "GoAway":
        last_stream, code = struct.unpack_from(">IB", payload)
        try:
            goaway_code = GoAwayCode(code)
        except ValueError:
            raise violation(f"the unknown GOAWAY code {code}") from None
        return cls(last_stream, goaway_code, _text(payload[5:]))


def method_number(path: str) -> int:
    """The 64-bit FNV-1a hash of a method's path, for example `stator.v1.Compute/ListServers`."""
    number = 0xCBF29CE484222325
    for byte in path.encode():
        number = (number ^ byte) * 0x100000001B3 & 0xFFFF_FFFF_FFFF_FFFF
    return number
