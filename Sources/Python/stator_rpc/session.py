"""The dialler's side of one connection as a state machine: bytes and times in, bytes and events out; no I/O."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stator_rpc import wire
from stator_rpc.manifest import InvalidManifest, Manifest
from stator_rpc.streams import Call, StreamEvent, Streams
from stator_rpc.wire import Flag, Frame, FrameType, GoAway, GoAwayCode, Hello, Open, violation


@dataclass(frozen=True)
class Ready:
    """Calls can go out."""

    peer: Hello
    manifest: Manifest


@dataclass(frozen=True)
class GoingAway:
    goaway: GoAway


@dataclass(frozen=True)
class Closed:
    sentence: str
    # What this side said, if the mistake was the peer's.
    answer: GoAwayCode | None


Event = StreamEvent | Ready | GoingAway | Closed


class Session:
    def __init__(self, *, manifest: Manifest, release: str, service_version: int, now: float,
                 known_manifests: Mapping[bytes, Manifest] | None = None, outbound_mark: int | None = None):
        """`known_manifests` are those of earlier connections, by fingerprint. Where `outbound` holds more than the
        mark, messages wait until the owner has taken some of it and says `fill`.
        """
        self.outbound = bytearray()
        self.events: deque[Event] = deque()
        self.closed: Closed | None = None
        self.is_ready = False
        self._outbound_mark = outbound_mark
        self._streams = Streams(self._frame, self.events.append, self._has_room)
        self._decoder = wire.FrameDecoder()
        # Handshake.
        self._manifest = manifest
        self._known = dict(known_manifests or {})
        self._known[manifest.fingerprint] = manifest
        self._peer: Hello | None = None
        self._peer_manifest: Manifest | None = None
        self._has_ack = False
        self._manifest_parts: bytearray | None = None
        # End.
        self._has_goaway = False
        self._is_leaving = False
        # Time.
        self._begun = self._last_received = now
        self._pings = self._pongs = 0
        self._ping_sent: float | None = None
        hello = Hello(manifest.fingerprint, release, service_version)
        self._frame(FrameType.HELLO, payload=hello.encode())

    # MARK: what the owner does

    def call(self, header: Open, message: bytes | None, *, ends_stream: bool = True, is_priority: bool = False,
             owner: Any = None) -> Call:
        """Begins a call as soon as the connection, the number of streams and the credit allow.

        Without a message, the call begins with NO_MESSAGE.
        """
        call = self._streams.call(header, message, ends_stream=ends_stream, is_priority=is_priority, owner=owner)
        self.fill()
        return call

    def send(self, call: Call, message: bytes | None, *, ends_stream: bool) -> None:
        """A further message of a call that streams its requests; None, with `ends_stream`, is the end alone."""
        self._streams.send(call, message, ends_stream=ends_stream)
        self.fill()

    def cancel(self, call: Call) -> None:
        self._streams.cancel(call)
        self.fill()

    def consumed(self, call: Call, cost: int) -> None:
        """The owner is done with a response."""
        self._streams.consumed(call, cost)

    def leave(self, text: str = "") -> None:
        """Takes up nothing new; the connection is drained when no call is left."""
        if not self._is_leaving and self.closed is None:
            self._is_leaving = True
            self._streams.takes_calls = self._streams.answers_calls = False
            self._goaway(GoAwayCode.DRAIN, text)

    def fill(self) -> None:
        """Writes what the peer's credit allows."""
        if self.is_ready and self.closed is None:
            self._streams.fill()

    def fail(self, sentence: str, code: GoAwayCode) -> None:
        """Ends the connection at once, and tells the peer why."""
        self._close(sentence, code)

    @property
    def takes_calls(self) -> bool:
        """Whether a call that is begun now can go out on this connection."""
        return self.closed is None and self._streams.takes_calls

    @property
    def is_drained(self) -> bool:
        return (self._is_leaving or self._has_goaway) and self._streams.are_done

    # MARK: time

    @property
    def wake_up(self) -> float:
        """When `tick` is to be called next."""
        if not self.is_ready:
            return self._begun + wire.HANDSHAKE_SECONDS
        if self._ping_sent is not None:
            return self._ping_sent + wire.PONG_SECONDS
        return self._last_received + wire.SILENCE_SECONDS

    def tick(self, now: float) -> None:
        if self.closed is not None or now < self.wake_up:
            return
        if not self.is_ready:
            self._close("the peer was not ready in time", GoAwayCode.TIMEOUT)
        elif self._ping_sent is not None:
            self._close("the peer does not answer", GoAwayCode.TIMEOUT)
        else:
            self._pings += 1
            self._ping_sent = now
            self._frame(FrameType.PING, payload=self._pings.to_bytes(8, "big"))

    # MARK: what comes

    def receive(self, data: bytes, now: float) -> None:
        if self.closed is not None or not data:
            return
        # Any byte is a sign of life.
        self._last_received = now
        self._ping_sent = None
        self._decoder.feed(data)
        try:
            while self.closed is None and (frame := self._decoder.next()) is not None:
                self._handle(frame)
        except wire.Violation as error:
            self._close(error.sentence, error.code)
        if len(self.outbound) > wire.OUTBOUND_MAX:
            self._close("the peer causes answers and does not read them", GoAwayCode.LIMIT)
        self.fill()

    def end_of_input(self) -> None:
        self._close("the peer closed the connection", None)

    def _handle(self, frame: Frame) -> None:
        if self._peer is None and frame.type not in (FrameType.HELLO, FrameType.GOAWAY):
            raise violation(f"{frame.type.name} before HELLO")
        if not self.is_ready and (frame.stream != 0 or frame.type is FrameType.WINDOW):
            raise violation(f"{frame.type.name} before the handshake is over")
        match frame.type:
            case FrameType.HELLO:
                self._on_hello(Hello.decode(frame.payload))
            case FrameType.HELLO_ACK:
                self._on_hello_ack(frame.payload[0])
            case FrameType.MANIFEST:
                self._on_manifest(frame)
            case FrameType.OPEN:
                self._streams.on_open(frame)
            case FrameType.MESSAGE:
                self._streams.on_message(frame)
            case FrameType.STATUS:
                self._streams.on_status(frame)
            case FrameType.CANCEL:
                self._streams.on_cancel(frame)
            case FrameType.WINDOW:
                self._streams.on_window(frame)
            case FrameType.PING:
                self._frame(FrameType.PONG, payload=frame.payload)
            case FrameType.PONG:
                self._on_pong(int.from_bytes(frame.payload, "big"))
            case FrameType.GOAWAY:
                self._on_goaway(GoAway.decode(frame.payload))

    # MARK: handshake

    def _on_hello(self, hello: Hello) -> None:
        if self._peer is not None:
            raise violation("a second HELLO")
        spoken = min(hello.version, wire.VERSION)
        if spoken < hello.version_oldest or spoken < wire.VERSION_OLDEST:
            raise violation(
                f"the peer speaks the versions {hello.version_oldest} to {hello.version}, "
                f"this side {wire.VERSION_OLDEST} to {wire.VERSION}")
        self._peer = hello
        self._peer_manifest = self._known.get(hello.fingerprint)
        wants = self._peer_manifest is None
        if wants:
            self._manifest_parts = bytearray()
        self._frame(FrameType.HELLO_ACK, payload=bytes([wants]))
        self._check_ready()

    def _on_hello_ack(self, wants: int) -> None:
        if self._has_ack:
            raise violation("a second HELLO_ACK")
        if wants > 1:
            raise violation(f"HELLO_ACK with {wants}")
        self._has_ack = True
        if wants:
            # Before `_check_ready`, so that it goes out before any call.
            rest = self._manifest.canonical_bytes
            while len(rest) > wire.FRAME_PAYLOAD_MAX:
                self._frame(FrameType.MANIFEST, flags=Flag.MORE, payload=rest[: wire.FRAME_PAYLOAD_MAX])
                rest = rest[wire.FRAME_PAYLOAD_MAX :]
            self._frame(FrameType.MANIFEST, payload=rest)
        self._check_ready()

    def _on_manifest(self, frame: Frame) -> None:
        if self._peer is None or self._manifest_parts is None:
            raise violation("a MANIFEST that was not asked for")
        if frame.more and not frame.payload:
            raise violation("a part of a manifest without a byte of it")
        self._manifest_parts += frame.payload
        if len(self._manifest_parts) > wire.MANIFEST_MAX:
            raise wire.over_limit(f"a manifest of more than {wire.MANIFEST_MAX} bytes")
        if frame.more:
            return
        try:
            manifest = Manifest.parse(bytes(self._manifest_parts))
        except InvalidManifest as error:
            raise violation(str(error)) from None
        self._manifest_parts = None
        if manifest.fingerprint != self._peer.fingerprint:
            raise violation("a MANIFEST with another fingerprint than HELLO's")
        self._peer_manifest = manifest
        self._check_ready()

    def _check_ready(self) -> None:
        if self._peer is not None and self._peer_manifest is not None and self._has_ack:
            self.is_ready = True
            self.events.append(Ready(self._peer, self._peer_manifest))

    # MARK: frames of the connection

    def _on_pong(self, number: int) -> None:
        # PINGs are answered in their order, each once.
        if number != self._pongs + 1 or number > self._pings:
            raise violation("PONG without PING")
        self._pongs = number

    def _on_goaway(self, goaway: GoAway) -> None:
        last = goaway.last_stream
        is_undecided = last == wire.STREAM_UNDECIDED and goaway.code is GoAwayCode.DRAIN
        if last != 0 and not is_undecided and (last % 2 == 0 or last > self._streams.last_opened):
            raise violation("GOAWAY names a stream that was never opened")
        # The second one of a drain says what the first left open, and is no news.
        if not self._has_goaway or goaway.code is not GoAwayCode.DRAIN:
            self.events.append(GoingAway(goaway))
        self._has_goaway = True
        self._streams.refuse_after(last)
        if goaway.code is not GoAwayCode.DRAIN:
            self._close(f"the peer closed the connection: {goaway.code.name} {goaway.text}".rstrip(), None)

    # MARK: what goes out

    def _has_room(self) -> bool:
        return self._outbound_mark is None or len(self.outbound) <= self._outbound_mark

    def _frame(self, type_: FrameType, stream: int = 0, flags: Flag = Flag.NONE, payload: bytes = b"") -> None:
        self.outbound += Frame(type_, flags, stream, payload).encode()

    def _goaway(self, code: GoAwayCode, text: str) -> None:
        short = text.encode()[: wire.TEXT_MAX].decode("utf-8", "ignore")
        self._frame(FrameType.GOAWAY, payload=GoAway(self._streams.peers_last, code, short).encode())

    def _close(self, sentence: str, answer: GoAwayCode | None) -> None:
        if self.closed is None:
            if answer is not None:
                self._goaway(answer, sentence)
            self.closed = Closed(sentence, answer)
            self.events.append(self.closed)
