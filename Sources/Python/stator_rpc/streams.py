"""The streams of one connection, from the dialler's side: calls that go out, messages both ways, and the credits.

No I/O. It makes calls and answers none: what the peer calls is answered UNIMPLEMENTED.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stator_rpc import wire
from stator_rpc.wire import Flag, Frame, FrameType, Open, Status, StatusCode, violation


@dataclass(eq=False)
class Outgoing:
    """A message on its way out; `message` is None for NO_MESSAGE."""

    message: bytes | None
    ends_stream: bool
    # None for all but the first of a call.
    header: Open | None = None
    position: int = 0
    is_begun: bool = False

    @property
    def is_long(self) -> bool:
        """Whether it is more than one frame."""
        header = 0 if self.header is None else len(self.header.encode())
        return self.message is not None and header + len(self.message) > wire.FRAME_PAYLOAD_MAX


@dataclass(eq=False)
class Call:
    """One call; its stream has a number from the moment when OPEN is written."""

    is_priority: bool = False
    # Whoever made the call may keep something here.
    owner: Any = None
    stream: int = 0
    is_over: bool = False
    queue: deque[Outgoing] = field(default_factory=deque)
    send_credit: int = wire.STREAM_CREDIT
    receive_credit: int = wire.STREAM_CREDIT
    # What was delivered and not yet consumed, and what was consumed and not yet granted again.
    unconsumed: int = 0
    ungranted: int = 0
    # The parts of a response that is not complete.
    incoming: bytearray | None = None


@dataclass(frozen=True)
class Response:
    call: Call
    message: bytes
    ends_stream: bool
    # To be told to `consumed` when it was.
    cost: int


@dataclass(frozen=True)
class Ended:
    call: Call
    status: Status


@dataclass(frozen=True)
class Refused:
    """The call was never begun: it can be made again elsewhere, whatever it does."""

    call: Call


StreamEvent = Response | Ended | Refused


class Streams:
    def __init__(self, write: Callable[..., None], give: Callable[[StreamEvent], None], has_room: Callable[[], bool]):
        """`write` takes a frame's type, stream, flags and payload; nothing of a message is written without room."""
        self._write = write
        self._give = give
        self._has_room = has_room
        self.calls: dict[int, Call] = {}
        self.peers_last = 0
        # Whether new calls are taken up, from here and from the peer.
        self.takes_calls = True
        self.answers_calls = True
        self._next = 1
        self._waiting: deque[Call] = deque()
        self._long_incoming: set[int] = set()
        self._long_outgoing = 0
        self._send_credit = wire.CONNECTION_CREDIT
        self._receive_credit = wire.CONNECTION_CREDIT
        self._ungranted = 0

    # MARK: what the owner does

    @property
    def are_done(self) -> bool:
        return not self.calls and not self._waiting

    @property
    def last_opened(self) -> int:
        return max(0, self._next - 2)

    def call(self, header: Open, message: bytes | None, *, ends_stream: bool, is_priority: bool, owner: Any) -> Call:
        """Begins a call as soon as the number of streams and the credit allow."""
        if message is not None and len(message) > wire.MESSAGE_MAX:
            raise ValueError(f"a message of {len(message)} bytes, at most {wire.MESSAGE_MAX}")
        call = Call(is_priority, owner)
        if self.takes_calls:
            call.queue.append(Outgoing(message, ends_stream, header))
            self._waiting.append(call)
        else:
            call.is_over = True
            self._give(Refused(call))
        return call

    def send(self, call: Call, message: bytes | None, *, ends_stream: bool) -> None:
        if not call.is_over:
            call.queue.append(Outgoing(message, ends_stream))

    def cancel(self, call: Call) -> None:
        if call.is_over:
            return
        if call.stream == 0:
            call.is_over = True
            self._waiting.remove(call)
        else:
            self._write(FrameType.CANCEL, call.stream)
            self._end(call)

    def consumed(self, call: Call, cost: int) -> None:
        # What a stream that is over had not consumed is granted already.
        if call.is_over:
            return
        call.unconsumed -= cost
        call.ungranted += cost
        if call.ungranted >= wire.STREAM_CREDIT // 2:
            self._window(call.stream, call.ungranted)
            call.receive_credit += call.ungranted
            call.ungranted = 0
        self._grant(cost)

    def refuse_after(self, last: int) -> None:
        """The peer took up nothing after this stream, and takes up nothing new."""
        self.takes_calls = False
        refused = [call for stream, call in self.calls.items() if stream > last]
        for call in refused:
            self._end(call)
        for call in self._waiting:
            call.is_over = True
        refused += self._waiting
        self._waiting.clear()
        for call in refused:
            self._give(Refused(call))

    # MARK: messages that come

    def on_open(self, frame: Frame) -> None:
        if frame.stream % 2 == 1 or frame.stream <= self.peers_last:
            raise violation(f"OPEN with the number {frame.stream}, which is not new or not the peer's")
        _, message = Open.decode(frame)
        _check_no_message(frame, message)
        if (message or not frame.more) and Flag.NO_MESSAGE not in frame.flags and self._receive_credit <= 0:
            raise wire.over_limit("a message although the credit is used up")
        self.peers_last = frame.stream
        self._take_for_nobody(frame, message)
        if self.answers_calls:
            self._write(
                FrameType.STATUS, frame.stream,
                payload=Status(StatusCode.UNIMPLEMENTED, "this client answers no calls").encode())

    def on_message(self, frame: Frame) -> None:
        _check_no_message(frame, frame.payload)
        if frame.more and not frame.payload:
            raise violation("a part of a message without a byte of it")
        call = self.calls.get(frame.stream)
        if call is None:
            self._check_opened(frame)
            self._take_for_nobody(frame, frame.payload)
            return
        if Flag.NO_MESSAGE in frame.flags:
            raise violation("NO_MESSAGE from the side that answers")
        self._take(frame, call)
        if frame.more:
            return
        self._long_incoming.discard(frame.stream)
        message = bytes(call.incoming or b"")
        cost = len(message) + wire.MESSAGE_OVERHEAD
        call.incoming = None
        if frame.ends_stream:
            # Counts as consumed when it is delivered.
            self._end(call)
        self._give(Response(call, message, frame.ends_stream, cost))

    def _take(self, frame: Frame, call: Call) -> None:
        """Puts a response's frame behind those that came, and takes it off both credits."""
        if call.incoming is None:
            if call.receive_credit <= 0 or self._receive_credit <= 0:
                raise wire.over_limit("a message although the credit is used up")
            call.incoming = bytearray()
            if frame.more:
                self._long_incoming.add(frame.stream)
            if len(self._long_incoming) > wire.LONG_MESSAGES_MAX:
                raise wire.over_limit(f"more than {wire.LONG_MESSAGES_MAX} long messages at a time")
        call.incoming += frame.payload
        if len(call.incoming) > wire.MESSAGE_MAX:
            raise wire.over_limit(f"a message of more than {wire.MESSAGE_MAX} bytes")
        cost = _cost(frame, frame.payload)
        call.unconsumed += cost
        call.receive_credit -= cost
        self._receive_credit -= cost

    def _take_for_nobody(self, frame: Frame, part: bytes) -> None:
        """A frame of a stream that is over, or that is refused: granted again at once."""
        self._receive_credit -= _cost(frame, part)
        self._grant(_cost(frame, part))

    def _grant(self, cost: int) -> None:
        self._ungranted += cost
        if self._ungranted >= wire.CONNECTION_CREDIT // 2:
            self._window(0, self._ungranted)
            self._receive_credit += self._ungranted
            self._ungranted = 0

    # MARK: other frames that come

    def on_status(self, frame: Frame) -> None:
        status = Status.decode(frame.payload)
        if frame.stream % 2 == 0:
            raise violation("STATUS on a stream of its sender's own")
        call = self.calls.get(frame.stream)
        if call is None:
            self._check_opened(frame)
            return
        self._end(call)
        self._give(Ended(call, status))

    def on_cancel(self, frame: Frame) -> None:
        if frame.stream % 2 == 1:
            raise violation("CANCEL on a stream of its receiver's")
        # Otherwise nothing is to be done: every stream of the peer's was over with its OPEN.
        self._check_opened(frame)

    def on_window(self, frame: Frame) -> None:
        credit = int.from_bytes(frame.payload, "big")
        if credit == 0:
            raise violation("WINDOW with no credit")
        if frame.stream == 0:
            self._send_credit += credit
            if self._send_credit > wire.CREDIT_MAX:
                raise wire.over_limit("credit above its limit")
            return
        call = self.calls.get(frame.stream)
        if call is None:
            self._check_opened(frame)
            return
        call.send_credit += credit
        if call.send_credit > wire.CREDIT_MAX:
            raise wire.over_limit("credit above its limit")

    def _check_opened(self, frame: Frame) -> None:
        """A stream that is over was opened once; one that never was is a violation."""
        if frame.stream > (self.last_opened if frame.stream % 2 == 1 else self.peers_last):
            raise violation(f"{frame.type.name} on stream {frame.stream}, which was never opened")

    # MARK: what goes out

    def fill(self) -> None:
        """Writes what the credits and the room allow, one frame of each stream in turn."""
        while self._has_room() and (call := self._next_to_open()) is not None:
            self._waiting.remove(call)
            call.stream = self._next
            self._next += 2
            self.calls[call.stream] = call
            self._write_frame(call)
        has_written = True
        while has_written:
            has_written = False
            for call in list(self.calls.values()):
                if self._has_room() and call.queue and (call.queue[0].is_begun or self._may_begin(call)):
                    self._write_frame(call)
                    # Behind all others, so that each has its turn also when the room is used up in between.
                    self.calls[call.stream] = self.calls.pop(call.stream)
                    has_written = True

    def _next_to_open(self) -> Call | None:
        """The oldest call, or, when streams are left for those only, the oldest with priority."""
        if len(self.calls) < wire.STREAMS_MAX:
            call = self._waiting[0] if self._waiting else None
        elif len(self.calls) < wire.STREAMS_MAX + wire.PRIORITY_STREAMS_MAX:
            call = next((waiting for waiting in self._waiting if waiting.is_priority), None)
        else:
            call = None
        return call if call is not None and self._may_begin(call) else None

    def _may_begin(self, call: Call) -> bool:
        outgoing = call.queue[0]
        if outgoing.message is None:
            return True
        if outgoing.is_long and self._long_outgoing >= wire.LONG_MESSAGES_MAX:
            return False
        return call.send_credit > 0 and self._send_credit > 0

    def _write_frame(self, call: Call) -> None:
        outgoing = call.queue[0]
        opening = None if outgoing.is_begun else outgoing.header
        header = b"" if opening is None else opening.encode()
        flags = Flag.NONE if opening is None else opening.flags
        part = b""
        if outgoing.message is None:
            flags |= Flag.NO_MESSAGE
        else:
            part = outgoing.message[outgoing.position :][: wire.FRAME_PAYLOAD_MAX - len(header)]
            outgoing.position += len(part)
        if outgoing.is_long and not outgoing.is_begun:
            self._long_outgoing += 1
        outgoing.is_begun = True
        if outgoing.message is not None and outgoing.position < len(outgoing.message):
            flags |= Flag.MORE
        else:
            flags |= Flag.END_STREAM if outgoing.ends_stream else Flag.NONE
            self._long_outgoing -= outgoing.is_long
            call.queue.popleft()
        frame = Frame(FrameType.MESSAGE if opening is None else FrameType.OPEN, flags, call.stream, header + part)
        call.send_credit -= _cost(frame, part)
        self._send_credit -= _cost(frame, part)
        self._write(frame.type, frame.stream, frame.flags, frame.payload)

    def _end(self, call: Call) -> None:
        """Takes a call's stream out; what its owner has not consumed is granted again."""
        call.is_over = True
        del self.calls[call.stream]
        if call.queue and call.queue[0].is_begun and call.queue[0].is_long:
            self._long_outgoing -= 1
        call.queue.clear()
        call.incoming = None
        self._long_incoming.discard(call.stream)
        self._grant(call.unconsumed)
        call.unconsumed = 0

    def _window(self, stream: int, credit: int) -> None:
        self._write(FrameType.WINDOW, stream, payload=credit.to_bytes(4, "big"))


def _cost(frame: Frame, part: bytes) -> int:
    """What a frame with a part of a message takes of both credits."""
    if Flag.NO_MESSAGE in frame.flags:
        return 0
    return len(part) + (0 if frame.more else wire.MESSAGE_OVERHEAD)


def _check_no_message(frame: Frame, part: bytes) -> None:
    if Flag.NO_MESSAGE in frame.flags and part:
        raise violation("NO_MESSAGE with a message")
