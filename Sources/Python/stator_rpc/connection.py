"""One connection: TLS by asyncio, the protocol by `Session`."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass

from stator_rpc import wire
from stator_rpc.errors import ConnectFailed, NotBegun, PeerRefused
from stator_rpc.identity import ALPN, Identity
from stator_rpc.manifest import Manifest
from stator_rpc.session import Closed, Event, GoingAway, Ready, Session
from stator_rpc.streams import Call, Ended, Refused, Response
from stator_rpc.wire import GoAwayCode, Open

# More than two frames of messages are never handed to TLS before it has sent them: a short message waits no longer.
WRITE_BUFFER_MAX = 2 * 16_384


@dataclass(frozen=True)
class Peer:
    """The other side of a connection."""

    identity: Identity
    release: str
    service_version: int
    manifest: Manifest


@dataclass(frozen=True)
class Expectation:
    """Whom a client dials."""

    deployment: str
    caller_class: str


class Connection(asyncio.Protocol):
    """Dials one address; `opened` waits until calls can be made. All of it runs on one event loop."""

    def __init__(self, session: Session, address: str, expected: Expectation, on_leaving: Callable[[], None]):
        self.address = address
        self._session = session
        self._expected = expected
        self._on_leaving = on_leaving
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._paused_since: float | None = None
        self._identity: Identity | None = None
        self._peer: Peer | None = None
        self._ready: asyncio.Future[Peer] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._senders: dict[Call, asyncio.Future[None]] = {}
        self._owners: dict[Call, Callable[[Event], None]] = {}
        self.end_sentence = "the connection is closed"

    @classmethod
    async def opened(cls, make: Callable[[], "Connection"], context: ssl.SSLContext) -> "Connection":
        """Dials and shakes hands, in ten seconds at most; raises `ConnectFailed`."""
        connection = make()
        host, port = split_address(connection.address)
        try:
            async with asyncio.timeout(wire.HANDSHAKE_SECONDS):
                await connection._loop.create_connection(lambda: connection, host, port, ssl=context)
                await asyncio.shield(connection._ready)
        except TimeoutError:
            connection.abort("no answer in time")
            raise ConnectFailed(f"{connection.address} does not answer in time") from None
        except ssl.SSLCertVerificationError as error:
            connection.abort("it could not be made")
            raise PeerRefused(f"the certificate of {connection.address} is not accepted: {error}") from None
        except OSError as error:
            connection.abort("it could not be made")
            raise ConnectFailed(f"cannot connect to {connection.address}: {error}") from None
        except asyncio.CancelledError:
            connection.abort("nobody waits for it")
            raise
        return connection

    @property
    def peer(self) -> Peer:
        """The other side; only of a connection that was opened."""
        assert self._peer is not None
        return self._peer

    @property
    def is_over(self) -> bool:
        return self._session.closed is not None

    @property
    def takes_calls(self) -> bool:
        return self._session.takes_calls

    # MARK: calls

    def begin(
        self, header: Open, message: bytes | None, is_priority: bool, give: Callable[[Event], None]
    ) -> Call:
        """Begins a call; what comes of it is given until it is over. Without a message, requests are sent later.

        Raises `NotBegun` where the connection has come to its end.
        """
        if self._session.closed is not None:
            raise NotBegun(self.end_sentence)
        call = self._session.call(header, message, ends_stream=message is not None, is_priority=is_priority)
        self._owners[call] = give
        self._step()
        return call

    async def send(self, call: Call, message: bytes | None, *, ends_stream: bool) -> None:
        """A further request; returns when it is on its way, so that one who sends a lot waits for the peer."""
        self._session.send(call, message, ends_stream=ends_stream)
        self._step()
        if call.queue and not call.is_over:
            sender = self._senders.setdefault(call, self._loop.create_future())
            await asyncio.shield(sender)

    def consumed(self, call: Call, cost: int) -> None:
        """Grants the peer what a response took, which was consumed now."""
        self._session.consumed(call, cost)
        self._step()

    def cancel(self, call: Call) -> None:
        """Gives the call up."""
        self._session.cancel(call)
        self._owners.pop(call, None)
        self._step()

    # MARK: its end

    def leave(self) -> None:
        """Takes no further call, and closes when none is under way."""
        self._session.leave()
        self._step()

    def abort(self, sentence: str) -> None:
        """Ends all calls and the connection at once."""
        self._session.fail(sentence, GoAwayCode.NOT_SERVED)
        self._step()
        if self._transport is not None:
            self._transport.abort()

    async def wait_until_ended(self) -> None:
        await asyncio.shield(self._ended)

    # MARK: asyncio's protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=WRITE_BUFFER_MAX)
        try:
            self._identity = self._checked_identity(transport.get_extra_info("ssl_object"))
        except ConnectFailed as error:
            self._refuse(error)
            self._session.fail(str(error), GoAwayCode.IDENTITY)
        self._step()

    def data_received(self, data: bytes) -> None:
        self._session.receive(data, self._loop.time())
        self._step()

    def pause_writing(self) -> None:
        self._paused_since = self._loop.time()

    def resume_writing(self) -> None:
        self._paused_since = None
        self._step()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if exc is not None and self._session.closed is None:
            # TLS 1.3 tells a client what is wrong with its certificate when it takes itself for connected.
            is_refusal = isinstance(exc, ssl.SSLError) and "ALERT" in (exc.reason or "")
            kind = PeerRefused if is_refusal else ConnectFailed
            self._refuse(kind(f"{self.address} ended the connection: {exc}"))
        self._session.end_of_input()
        self._deliver()
        if self._timer is not None:
            self._timer.cancel()
        if not self._ended.done():
            self._ended.set_result(None)

    # MARK: its work

    def _step(self) -> None:
        """Hands on what the session has made, in both directions."""
        self._deliver()
        if self._transport is None:
            return
        while self._session.outbound and self._paused_since is None:
            data = bytes(self._session.outbound)
            self._session.outbound.clear()
            self._transport.write(data)
            self._session.fill()
        self._deliver()
        self._wake_senders()
        if self._session.closed is not None or self._session.is_drained:
            # Once: asyncio takes a second time for leave to forget what it still has to send.
            if not self._transport.is_closing():
                self._transport.close()
        else:
            self._set_timer()

    def _wake_senders(self) -> None:
        for call in [call for call in self._senders if call.is_over or not call.queue]:
            sender = self._senders.pop(call)
            if not sender.done():
                sender.set_result(None)

    def _deliver(self) -> None:
        while self._session.events:
            event = self._session.events.popleft()
            match event:
                case Ready(hello, manifest):
                    self._become_ready(hello, manifest)
                case GoingAway(goaway):
                    if goaway.code in (GoAwayCode.IDENTITY, GoAwayCode.VIOLATION):
                        self._refuse(PeerRefused(f"{self.address} refuses the connection: {goaway.text}"))
                    self._on_leaving()
                case Closed(sentence):
                    self._finish(sentence)
                case Response(call, ends_stream=ends_stream):
                    # The call may be over already by an event that is still to be given.
                    self._give(call, event, is_last=ends_stream)
                case Ended(call) | Refused(call):
                    self._give(call, event, is_last=True)

    def _give(self, call: Call, event: Event, is_last: bool) -> None:
        give = self._owners.pop(call, None) if is_last else self._owners.get(call)
        if give is not None:
            give(event)

    def _become_ready(self, hello: wire.Hello, manifest: Manifest) -> None:
        if self._identity is not None and not self._ready.done():
            self._peer = Peer(self._identity, hello.release, hello.service_version, manifest)
            self._ready.set_result(self._peer)

    def _finish(self, sentence: str) -> None:
        self.end_sentence = sentence
        self._refuse(ConnectFailed(f"{self.address}: {sentence}"))
        self._on_leaving()
        owners = list(self._owners.values())
        self._owners.clear()
        for give in owners:
            give(Closed(sentence, None))
        self._wake_senders()

    def _refuse(self, error: ConnectFailed) -> None:
        if not self._ready.done():
            self._ready.set_exception(error)
            # Nobody waits any more where the dialling was given up.
            self._ready.exception()

    def _set_timer(self) -> None:
        # One timer is enough: where the time to wake up moves on, it finds nothing to do and is set again.
        if self._timer is None:
            self._timer = self._loop.call_at(self._session.wake_up, self._tick)

    def _tick(self) -> None:
        self._timer = None
        now = self._loop.time()
        if self._paused_since is not None and now - self._paused_since > wire.STALL_SECONDS:
            self.abort("the peer reads nothing")
            return
        self._session.tick(now)
        self._step()

    def _checked_identity(self, tls: ssl.SSLObject | None) -> Identity:
        if tls is None or tls.selected_alpn_protocol() != ALPN:
            raise PeerRefused(f"{self.address} does not speak {ALPN}")
        identity = Identity.of_peer(tls.getpeercert(), self.address)
        if (identity.deployment, identity.caller_class) != (self._expected.deployment, self._expected.caller_class):
            raise PeerRefused(
                f"{self.address} is {identity}, and no {self._expected.caller_class} of "
                f"'{self._expected.deployment}'")
        return identity


def split_address(address: str) -> tuple[str, int]:
    """`host:port`, `[::1]:port`; raises `ConnectFailed` for anything else."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ConnectFailed(f"{address!r} is no address of the form host:port")
    return host.removeprefix("[").removesuffix("]"), int(port)
