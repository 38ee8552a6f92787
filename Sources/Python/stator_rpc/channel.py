"""A client's way to a service that has several addresses: connects, moves on, and makes calls again that may be."""

import asyncio
import random
import secrets
from functools import partial
from types import TracebackType
from typing import Any, Self

from stator_rpc import wire
from stator_rpc.calls import BidirectionalCall, ClientStreamingCall, Exchange, ResponseStream
from stator_rpc.connection import Connection, Expectation, Peer, split_address
from stator_rpc.errors import ConnectFailed, NotBegun, PeerRefused, RPCError
from stator_rpc.identity import Credentials, Identity
from stator_rpc.manifest import Manifest
from stator_rpc.methods import Contract, Method, Request, Response
from stator_rpc.session import Session
from stator_rpc.wire import Open, StatusCode

# How long a call waits for a connection, and how often it is made where it may be made again.
CONNECT_SECONDS = 10.0
ATTEMPTS_MAX = 5
# Waits between rounds of dialling and between attempts are random, and at most so long.
PAUSE_FIRST_SECONDS = 0.1
PAUSE_MAX_SECONDS = 5.0


class Channel:
    """Carries the calls of generated clients over one connection at a time.

    It connects with its first call, to any of its addresses; where the connection is lost or told to go away, later
    calls go to another. Use it from one event loop.
    """

    def __init__(
        self, addresses: list[str], credentials: Credentials, contract: Contract, *, release: str = "python",
        callee_class: str = "api", timeout: float | None = 30.0,
    ):
        """`addresses` are `host:port`; `timeout`, in seconds, is that of unary calls which name none.

        Raises `ConnectFailed` where the credentials cannot be used.
        """
        if not addresses:
            raise ConnectFailed("no address to connect to")
        for address in addresses:
            split_address(address)
        self._addresses = list(addresses)
        self._contract = contract
        self._release = release
        self._timeout = timeout
        self._context = credentials.context()
        self._expected = Expectation(Identity.of_file(credentials.certificate).deployment, callee_class)
        self._known_manifests: dict[bytes, Manifest] = {}
        self._connection: Connection | None = None
        self._connecting: asyncio.Task[Connection] | None = None
        self._all: set[Connection] = set()
        self._was_connected = False
        self._is_closed = False

    # MARK: its life

    async def peer(self) -> Peer:
        """Connects, if need be; who is there.

        Raises `RPCError` with UNAVAILABLE, or with UNAUTHENTICATED where the two sides do not accept each other.
        """
        return (await self._connected(None)).peer

    async def close(self, timeout: float = 10.0) -> None:
        """Takes no further calls, waits for those under way, and closes; after the timeout, in seconds, at once."""
        self._is_closed = True
        if self._connecting is not None:
            self._connecting.cancel()
        for connection in list(self._all):
            connection.leave()
        ends = [asyncio.ensure_future(connection.wait_until_ended()) for connection in self._all]
        if ends:
            await asyncio.wait(ends, timeout=timeout)
        for connection in list(self._all):
            connection.abort("the program closes its connection")
        for end in ends:
            end.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Where something went wrong, nobody waits for what else is under way.
        await self.close(10.0 if kind is None else 0.0)

    # MARK: calls

    async def unary(
        self, method: Method[Request, Response], request: Request, *, timeout: float | None = None,
        idempotency_key: bytes | None = None,
    ) -> Response:
        """One request, one response; raises `RPCError`.

        A call that was not begun, or that is idempotent, is made again where its connection is lost: an idempotent
        one has a key of its own if none is given, so that a repetition has the first outcome.
        """
        if idempotency_key is None and method.idempotent:
            idempotency_key = secrets.token_bytes(16)
        deadline = self._deadline(self._timeout if timeout is None else timeout)
        failure: RPCError | None = None
        for attempt in range(ATTEMPTS_MAX):
            if attempt > 1:
                await self._pause(attempt, deadline)
            try:
                exchange = await self._begun(method, request, deadline, idempotency_key)
                return await exchange.receive_only()
            except NotBegun as error:
                failure = error
            except RPCError as error:
                if error.code is not StatusCode.UNAVAILABLE or idempotency_key is None or self._is_final(error):
                    raise
                failure = error
        assert failure is not None
        raise failure

    def server_streaming(
        self, method: Method[Request, Response], request: Request, *, timeout: float | None = None,
        idempotency_key: bytes | None = None,
    ) -> ResponseStream[Request, Response]:
        """One request, many responses; the call begins when they are asked for."""
        deadline = self._deadline(timeout)
        return ResponseStream(lambda: self._begun(method, request, deadline, idempotency_key))

    def client_streaming(
        self, method: Method[Request, Response], *, timeout: float | None = None,
        idempotency_key: bytes | None = None,
    ) -> ClientStreamingCall[Request, Response]:
        """Many requests, one response; the call begins with its first request."""
        deadline = self._deadline(timeout)
        return ClientStreamingCall(lambda: self._begun(method, None, deadline, idempotency_key))

    def bidirectional(
        self, method: Method[Request, Response], *, timeout: float | None = None,
        idempotency_key: bytes | None = None,
    ) -> BidirectionalCall[Request, Response]:
        """Many requests, many responses; the call begins with the first of either."""
        deadline = self._deadline(timeout)
        return BidirectionalCall(lambda: self._begun(method, None, deadline, idempotency_key))

    async def _begun(
        self, method: Method[Request, Response], request: Request | None, deadline: float | None,
        idempotency_key: bytes | None,
    ) -> Exchange[Request, Response]:
        connection = await self._connected(deadline)
        _check_served(method, connection.peer)
        left = None if deadline is None else deadline - asyncio.get_running_loop().time()
        # 0 would be no timeout at all.
        microseconds = 0 if left is None else max(1, int(min(left, wire.TIMEOUT_MAX_SECONDS) * 1_000_000))
        # No trace begins here, but the call can be found in the callee's logs.
        header = Open(method.number, microseconds, idempotency_key, secrets.token_bytes(24) + b"\x00")
        return Exchange(connection, method, header, deadline, request)

    @staticmethod
    def _is_final(error: RPCError) -> bool:
        """Whether waiting for a connection has failed: that has been tried for long enough."""
        return isinstance(error, _Unreachable)

    @staticmethod
    def _deadline(timeout: float | None) -> float | None:
        return None if timeout is None else asyncio.get_running_loop().time() + max(0.0, timeout)

    @staticmethod
    async def _pause(attempt: int, deadline: float | None) -> None:
        """Waits for a random time, which is longer from attempt to attempt, and not beyond the deadline."""
        seconds = random.uniform(0.0, min(PAUSE_MAX_SECONDS, PAUSE_FIRST_SECONDS * 2.0**attempt))
        if deadline is not None:
            seconds = min(seconds, max(0.0, deadline - asyncio.get_running_loop().time()))
        await asyncio.sleep(seconds)

    # MARK: connections

    async def _connected(self, deadline: float | None) -> Connection:
        """The connection for new calls, which is made when there is none."""
        if self._is_closed:
            raise _Unreachable("the channel is closed")
        if self._connection is not None and self._connection.takes_calls:
            return self._connection
        if self._connecting is None or self._connecting.done():
            self._connecting = asyncio.ensure_future(self._connect())
        try:
            # The dialling goes on for others when this call is given up.
            async with asyncio.timeout_at(deadline):
                return await asyncio.shield(self._connecting)
        except TimeoutError:
            raise RPCError(StatusCode.DEADLINE_EXCEEDED, "no connection was made in time") from None
        except PeerRefused as error:
            raise RPCError(StatusCode.UNAUTHENTICATED, str(error)) from error
        except ConnectFailed as error:
            raise _Unreachable(str(error)) from error

    async def _connect(self) -> Connection:
        """Dials the addresses in turn, in a random order, until one answers, all have refused or the time is over."""
        loop = asyncio.get_running_loop()
        give_up = loop.time() + CONNECT_SECONDS
        if self._was_connected:
            # Many clients lose their connection at the same moment, and are not to come back in the same.
            await asyncio.sleep(random.uniform(0.0, PAUSE_FIRST_SECONDS))
        addresses = random.sample(self._addresses, len(self._addresses))
        failures: dict[str, ConnectFailed] = {}
        attempt = 0
        while loop.time() < give_up:
            for address in addresses:
                try:
                    self._connection = await Connection.opened(partial(self._made, address), self._context)
                except ConnectFailed as error:
                    failures[address] = error
                    continue
                self._was_connected = True
                self._known_manifests[self._connection.peer.manifest.fingerprint] = self._connection.peer.manifest
                return self._connection
            if all(isinstance(failure, PeerRefused) for failure in failures.values()):
                raise PeerRefused("; ".join(str(failure) for failure in failures.values()))
            attempt += 1
            await self._pause(attempt, give_up)
        raise ConnectFailed("; ".join(str(failure) for failure in failures.values()))

    def _made(self, address: str) -> Connection:
        """A connection that is to be dialled."""
        session = Session(
            manifest=self._contract.manifest, release=self._release, service_version=self._contract.service_version,
            now=asyncio.get_running_loop().time(), known_manifests=self._known_manifests,
            outbound_mark=wire.FRAME_PAYLOAD_MAX)
        connection = Connection(session, address, self._expected, lambda: self._retire(connection))
        self._all.add(connection)
        return connection

    def _retire(self, connection: Connection) -> None:
        """New calls go elsewhere; those under way have their time."""
        if self._connection is connection:
            self._connection = None
        if connection.is_over:
            self._all.discard(connection)


class _Unreachable(RPCError):
    """No address could be connected to."""

    def __init__(self, text: str):
        super().__init__(StatusCode.UNAVAILABLE, text)


def _check_served(method: Method[Any, Any], peer: Peer) -> None:
    """Fails where the peer's release does not have the method, without asking it."""
    version = peer.service_version
    if version < method.since:
        raise RPCError(
            StatusCode.UNIMPLEMENTED,
            f"{method.path} needs service version {method.since}; release {peer.release} of {peer.identity} "
            f"has {version}")
