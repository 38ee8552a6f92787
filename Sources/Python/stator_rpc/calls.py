"""Calls under way: what their makers send and receive."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from types import TracebackType
from typing import Generic, Self, TypeVar

from stator_rpc import wire
from stator_rpc.connection import Connection
from stator_rpc.errors import ConnectionLost, MessageError, NotBegun, RPCError
from stator_rpc.methods import Method, Request, Response
from stator_rpc.session import Closed, Event
from stator_rpc.streams import Call, Ended, Refused
from stator_rpc.streams import Response as ResponseEvent
from stator_rpc.wire import Open, StatusCode

Result = TypeVar("Result")


class Exchange(Generic[Request, Response]):
    """One call on one connection; encodes, decodes, and keeps the deadline."""

    def __init__(
        self, connection: Connection, method: Method[Request, Response], header: Open, deadline: float | None,
        request: Request | None,
    ):
        """Begins the call. `deadline` is a time of the event loop; raises `RPCError`."""
        self._connection = connection
        self._method = method
        self._deadline = deadline
        self._events: asyncio.Queue[Event] = asyncio.Queue()
        self._is_over = False
        self._call: Call | None = None
        message = None if request is None else self._encoded(request)
        self._call = connection.begin(header, message, method.priority, self._events.put_nowait)

    async def receive(self) -> Response | None:
        """The next response; None behind the last one. Raises `RPCError`; the call is over then."""
        if self._is_over:
            return None
        event = await self._within_deadline(self._events.get())
        match event:
            case ResponseEvent(call, message, ends_stream, cost):
                self._is_over = ends_stream
                self._connection.consumed(call, cost)
                return self._decoded(message)
            case Ended(_, status):
                self._is_over = True
                if status.code is StatusCode.OK:
                    return None
                raise RPCError.of(status)
            case Refused():
                self._is_over = True
                raise NotBegun(f"{self._connection.address} takes no calls any more")
            case Closed(sentence):
                self._is_over = True
                raise ConnectionLost(f"{self._connection.address}: {sentence}")
        raise AssertionError(f"{event} is no event of a call")

    async def receive_only(self) -> Response:
        """The one response of a call that has one."""
        response = await self.receive()
        if response is None:
            raise RPCError(StatusCode.INTERNAL, f"{self._method.path} has ended without a response")
        if await self.receive() is not None:
            self.cancel()
            raise RPCError(StatusCode.INTERNAL, f"{self._method.path} has more than one response")
        return response

    async def send(self, request: Request | None, *, ends_stream: bool) -> None:
        """A further request, or the end alone; waits while the peer is behind. Without effect on an ended call."""
        if self._call is None or self._is_over:
            return
        message = None if request is None else self._encoded(request)
        await self._within_deadline(self._connection.send(self._call, message, ends_stream=ends_stream))

    def cancel(self) -> None:
        """Gives the call up, unless it is over."""
        if not self._is_over and self._call is not None:
            self._connection.cancel(self._call)
        self._is_over = True

    def _encoded(self, request: Request) -> bytes:
        try:
            message = request.encode_for(self._connection.peer.manifest)
        except MessageError as error:
            self.cancel()
            raise RPCError(error.status_code, str(error)) from error
        if len(message) > wire.MESSAGE_MAX:
            self.cancel()
            sentence = f"a request of {len(message)} bytes, at most {wire.MESSAGE_MAX}"
            raise RPCError(StatusCode.INVALID_ARGUMENT, sentence)
        return message

    def _decoded(self, message: bytes) -> Response:
        try:
            return self._method.response.decode(message, self._connection.peer.manifest)
        except MessageError as error:
            self.cancel()
            raise RPCError(StatusCode.INTERNAL, f"a response that cannot be read: {error}") from error

    async def _within_deadline(self, work: Awaitable[Result]) -> Result:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await work
        except TimeoutError:
            self.cancel()
            raise RPCError(StatusCode.DEADLINE_EXCEEDED, f"{self._method.path} was not done in time") from None
        except asyncio.CancelledError:
            self.cancel()
            raise


Begin = Callable[[], Awaitable[Exchange[Request, Response]]]


class _StreamingCall(Generic[Request, Response]):
    """A call that begins when it is first used, and that leaving `async with` gives up unless it is over."""

    def __init__(self, begin: Begin[Request, Response]):
        self._begin = begin
        self._begun: Exchange[Request, Response] | None = None
        self._is_cancelled = False

    async def _exchange(self) -> Exchange[Request, Response]:
        if self._is_cancelled:
            raise RPCError(StatusCode.CANCELLED, "the call was given up here")
        if self._begun is None:
            self._begun = await self._begin()
        return self._begun

    def cancel(self) -> None:
        """Gives the call up; the peer is told."""
        self._is_cancelled = True
        if self._begun is not None:
            self._begun.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cancel()


class _Responses(_StreamingCall[Request, Response], AsyncIterator[Response]):
    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Response:
        response = await (await self._exchange()).receive()
        if response is None:
            raise StopAsyncIteration
        return response


class ResponseStream(_Responses[Request, Response]):
    """The responses of a server-streaming call; iterating raises `RPCError` where the call fails.

    Use it with `async with`, or say `cancel`, where it is not iterated to its end.
    """

    async def __anext__(self) -> Response:
        is_first = self._begun is None
        try:
            return await super().__anext__()
        except NotBegun:
            if not is_first:
                raise
        # The connection had been told to go away: once more, on another.
        self._begun = None
        return await super().__anext__()


class ClientStreamingCall(_StreamingCall[Request, Response]):
    """A call of many requests and one response."""

    async def send(self, request: Request) -> None:
        """Sends a request; waits while the peer is behind. Raises `RPCError`."""
        await (await self._exchange()).send(request, ends_stream=False)

    async def finish(self) -> Response:
        """Says that there are no more requests; returns the response."""
        exchange = await self._exchange()
        await exchange.send(None, ends_stream=True)
        return await exchange.receive_only()


class BidirectionalCall(_Responses[Request, Response]):
    """A call of many requests and many responses, in whatever order the two sides like; iterate for the responses."""

    async def send(self, request: Request) -> None:
        """Sends a request; waits while the peer is behind. Raises `RPCError`."""
        await (await self._exchange()).send(request, ends_stream=False)

    async def end_requests(self) -> None:
        """Says that there are no more requests."""
        await (await self._exchange()).send(None, ends_stream=True)
