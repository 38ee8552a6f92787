"""Connections and channels of stator_rpc without a network: TLS is played, the peer's frames are written by hand."""

import asyncio
import ssl
import unittest
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self
from unittest import mock

import runtime  # noqa: F401 - before the others, which it lets be found

from stator_rpc import (
    CallerClass,
    Channel,
    ConnectFailed,
    ConnectionLost,
    Contract,
    Credentials,
    Manifest,
    MessageError,
    Method,
    NotBegun,
    PeerRefused,
    RPCError,
    Shape,
    StatusCode,
    wire,
)
from stator_rpc.calls import Exchange
from stator_rpc.connection import Connection, Expectation
from stator_rpc.identity import Identity
from stator_rpc.session import Session
from stator_rpc.wire import Flag, Frame, FrameType, GoAway, GoAwayCode, Hello, Open, Status

MANIFEST = Manifest({"example.v1.A": (1, 0)})
IDENTITY = "stator://dev/api/api1"


@dataclass
class Text:
    """A message that is its bytes."""

    text: str

    def encode_for(self, peer: Manifest) -> bytes:
        if self.text == "unspeakable":
            raise MessageError("it cannot be said")
        return self.text.encode()

    @classmethod
    def decode(cls, data: bytes, sender: Manifest | None = None) -> Self:
        if data == b"\xff":
            raise MessageError("it cannot be read")
        return cls(data.decode())


def method(shape: Shape = Shape.UNARY, **options: Any) -> Method[Text, Text]:
    return Method("example.v1.S/M", Text, Text, shape, frozenset({CallerClass.USER}), **options)


CONTRACT = Contract(MANIFEST, (method(),))


class PlayedTLS:
    def __init__(self, uris: list[str], alpn: str | None = "stator/1"):
        self.uris = uris
        self.alpn = alpn

    def selected_alpn_protocol(self) -> str | None:
        return self.alpn

    def getpeercert(self) -> dict[str, Any]:
        return {"subjectAltName": tuple(("URI", uri) for uri in self.uris)}


class PlayedTransport(asyncio.Transport):
    """Keeps what is written; the peer's frames are handed to the connection."""

    def __init__(self, connection: Connection, tls: PlayedTLS):
        super().__init__({"ssl_object": tls})
        self.connection = connection
        self.decoder = wire.FrameDecoder()
        self.frames: list[Frame] = []
        self.has_closed = False

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: Any) -> None:
        self.decoder.feed(bytes(data))
        while (frame := self.decoder.next()) is not None:
            self.frames.append(frame)

    def is_closing(self) -> bool:
        return self.has_closed

    def close(self) -> None:
        if not self.has_closed:
            self.has_closed = True
            asyncio.get_running_loop().call_soon(self.connection.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def take(self, *types: FrameType) -> list[Frame]:
        """The frames of these types that were written since the last look."""
        frames, self.frames = self.frames, []
        return [frame for frame in frames if frame.type in types]

    def say(self, *frames: Frame) -> None:
        self.connection.data_received(b"".join(frame.encode() for frame in frames))

    def shake_hands(self, service_version: int = 1) -> None:
        hello = Hello(MANIFEST.fingerprint, "0.2.0", service_version).encode()
        self.say(frame(FrameType.HELLO, 0, hello), frame(FrameType.HELLO_ACK, 0, b"\0"))


def frame(type_: FrameType, stream: int, payload: bytes = b"", flags: Flag = Flag.NONE) -> Frame:
    return Frame(type_, flags, stream, payload)


def response(stream: int, text: str, *, ends: bool = True) -> Frame:
    return frame(FrameType.MESSAGE, stream, text.encode(), Flag.END_STREAM if ends else Flag.NONE)


def status(stream: int, code: StatusCode, text: str = "") -> Frame:
    return frame(FrameType.STATUS, stream, Status(code, text).encode())


def drain(last: int) -> Frame:
    return frame(FrameType.GOAWAY, 0, GoAway(last, GoAwayCode.DRAIN).encode())


def connect(tls: PlayedTLS | None = None) -> tuple[Connection, PlayedTransport]:
    session = Session(
        manifest=MANIFEST, release="test", service_version=1, now=asyncio.get_running_loop().time(),
        outbound_mark=wire.FRAME_PAYLOAD_MAX)
    connection = Connection(session, "127.0.0.1:1", Expectation("dev", "api"), lambda: None)
    transport = PlayedTransport(connection, tls or PlayedTLS([IDENTITY]))
    connection.connection_made(transport)
    return connection, transport


def begin(connection: Connection, text: str | None = "a", deadline: float | None = None) -> Exchange[Text, Text]:
    request = None if text is None else Text(text)
    return Exchange(connection, method(), Open(method().number), deadline, request)


async def turns(count: int = 5) -> None:
    """Lets what is ready run."""
    for _ in range(count):
        await asyncio.sleep(0)


class ConnectionTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.connection, self.transport = connect()
        self.transport.shake_hands()
        self.transport.take()

    async def test_responses_and_the_end_in_one_record_are_all_given(self) -> None:
        exchange = begin(self.connection)
        self.transport.say(response(1, "one", ends=False), response(1, "two", ends=False), status(1, StatusCode.OK))
        self.assertEqual([await exchange.receive() for _ in range(3)], [Text("one"), Text("two"), None])
        self.assertIsNone(await exchange.receive())

    async def test_a_status_is_an_error_with_its_details(self) -> None:
        exchange = begin(self.connection)
        ended = Status(StatusCode.NOT_FOUND, "none here", b"\x03a.B\x08\x01")
        self.transport.say(frame(FrameType.STATUS, 1, ended.encode()))
        with self.assertRaises(RPCError) as caught:
            await exchange.receive_only()
        error = caught.exception
        self.assertEqual(str(error), "NOT_FOUND: none here")
        self.assertEqual((error.details_name, error.details), ("a.B", b"\x08\x01"))

    async def test_a_unary_call_has_one_response(self) -> None:
        none, two = begin(self.connection), begin(self.connection)
        self.transport.say(status(1, StatusCode.OK), response(3, "x", ends=False), response(3, "y", ends=False))
        for exchange in (none, two):
            with self.assertRaises(RPCError) as caught:
                await exchange.receive_only()
            self.assertIs(caught.exception.code, StatusCode.INTERNAL)
        self.assertEqual([sent.stream for sent in self.transport.take(FrameType.CANCEL)], [3])

    async def test_the_deadline_and_a_cancelled_task_give_the_call_up(self) -> None:
        exchange = begin(self.connection, deadline=asyncio.get_running_loop().time())
        with self.assertRaises(RPCError) as caught:
            await exchange.receive()
        self.assertIs(caught.exception.code, StatusCode.DEADLINE_EXCEEDED)
        task = asyncio.ensure_future(begin(self.connection).receive())
        await turns()
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual([sent.stream for sent in self.transport.take(FrameType.CANCEL)], [1, 3])

    async def test_messages_that_cannot_be_said_or_read_end_their_call_alone(self) -> None:
        with self.assertRaises(RPCError) as caught:
            begin(self.connection, "unspeakable")
        self.assertIs(caught.exception.code, StatusCode.INVALID_ARGUMENT)
        self.assertEqual(self.transport.take(FrameType.OPEN), [])
        exchange = begin(self.connection)
        self.transport.say(frame(FrameType.MESSAGE, 1, b"\xff"))
        with self.assertRaises(RPCError) as caught:
            await exchange.receive()
        self.assertIs(caught.exception.code, StatusCode.INTERNAL)
        self.assertTrue(self.connection.takes_calls)

    async def test_one_who_sends_a_lot_waits_for_the_peer(self) -> None:
        exchange = begin(self.connection, None)
        text = Text("x" * 131_072)
        sent = 0

        async def send() -> None:
            nonlocal sent
            for _ in range(4):
                await exchange.send(text, ends_stream=False)
                sent += 1

        task = asyncio.ensure_future(send())
        await turns()
        # The stream's credit of 262,144 is used up by two and begins no fourth.
        self.assertEqual(sent, 2)
        self.transport.say(frame(FrameType.WINDOW, 1, (524_288).to_bytes(4, "big")))
        await task
        self.assertEqual(sent, 4)

    async def test_nothing_is_handed_to_tls_while_it_has_enough(self) -> None:
        self.connection.pause_writing()
        begin(self.connection)
        self.assertEqual(self.transport.take(FrameType.OPEN), [])
        self.connection.resume_writing()
        self.assertEqual(len(self.transport.take(FrameType.OPEN)), 1)

    async def test_calls_behind_a_drain_were_not_begun_and_the_others_end(self) -> None:
        first, second = begin(self.connection), begin(self.connection)
        self.transport.say(drain(1))
        with self.assertRaises(NotBegun):
            await second.receive()
        self.assertFalse(self.connection.takes_calls)
        self.assertFalse(self.transport.has_closed)
        self.transport.say(response(1, "done"))
        self.assertEqual(await first.receive(), Text("done"))
        self.assertTrue(self.transport.has_closed)

    async def test_the_end_of_the_connection_ends_every_call(self) -> None:
        exchange = begin(self.connection)
        self.connection.connection_lost(None)
        with self.assertRaises(ConnectionLost):
            await exchange.receive()
        with self.assertRaises(NotBegun):
            begin(self.connection)
        await self.connection.wait_until_ended()

    async def test_a_peer_that_breaks_the_protocol_is_told_and_left(self) -> None:
        exchange = begin(self.connection)
        self.transport.say(frame(FrameType.STATUS, 7, Status(StatusCode.OK).encode()))
        [goaway] = self.transport.take(FrameType.GOAWAY)
        self.assertIs(GoAway.decode(goaway.payload).code, GoAwayCode.VIOLATION)
        with self.assertRaises(ConnectionLost):
            await exchange.receive()

    async def test_who_is_not_whom_it_should_be_is_told_and_left(self) -> None:
        cases = [
            PlayedTLS([]), PlayedTLS([IDENTITY, "stator://dev/api/api2"]), PlayedTLS(["stator://dev/conductor/c"]),
            PlayedTLS(["stator://other/api/api1"]), PlayedTLS(["stator://dev/api/"]), PlayedTLS([IDENTITY], None),
        ]
        for tls in cases:
            with self.subTest(tls.uris):
                connection, transport = connect(tls)
                [goaway] = transport.take(FrameType.GOAWAY)
                self.assertIs(GoAway.decode(goaway.payload).code, GoAwayCode.IDENTITY)
                self.assertTrue(transport.has_closed)
                with self.assertRaises(PeerRefused):
                    await connection._ready

    async def test_a_peer_that_refuses_this_side_is_not_asked_again(self) -> None:
        for code, kind in [(GoAwayCode.IDENTITY, PeerRefused), (GoAwayCode.NOT_SERVED, ConnectFailed)]:
            connection, transport = connect()
            transport.say(frame(FrameType.GOAWAY, 0, GoAway(0, code, "not you").encode()))
            with self.assertRaises(ConnectFailed) as caught:
                await connection._ready
            self.assertIs(type(caught.exception), kind)
            self.assertIn("not you", str(caught.exception))


class ChannelTests(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self.patches = [
            mock.patch.object(Credentials, "context", lambda _: context),
            mock.patch.object(Identity, "of_file", lambda _: Identity("dev", "user", "me")),
            mock.patch.object(Connection, "opened", self.opened),
        ]
        for patch in self.patches:
            patch.start()
            self.addCleanup(patch.stop)
        self.transports: list[PlayedTransport] = []
        self.failing: set[str] = set()
        self.refusing: set[str] = set()
        self.service_version = 1
        self.channel = Channel(["a:1", "b:2"], Credentials("", "", ""), CONTRACT)

    async def opened(self, make: Callable[[], Connection], context: ssl.SSLContext) -> Connection:
        connection = make()
        if connection.address in self.failing:
            raise ConnectFailed(f"cannot connect to {connection.address}")
        if connection.address in self.refusing:
            raise PeerRefused(f"{connection.address} is somebody else")
        transport = PlayedTransport(connection, PlayedTLS([IDENTITY]))
        connection.connection_made(transport)
        transport.shake_hands(self.service_version)
        transport.take()
        self.transports.append(transport)
        return connection

    async def called(self, transports: int = 1) -> tuple[PlayedTransport, Frame]:
        """The last transport and the OPEN that is written to it, when there are so many transports."""
        for _ in range(1_000):
            if len(self.transports) >= transports and (opens := self.transports[-1].take(FrameType.OPEN)):
                return self.transports[-1], opens[0]
            await asyncio.sleep(0.001)
        raise AssertionError("no call was made")

    async def test_an_idempotent_call_is_made_again_with_its_key(self) -> None:
        call = asyncio.ensure_future(self.channel.unary(method(idempotent=True), Text("a")))
        transport, first = await self.called()
        key = Open.decode(first)[0].idempotency_key
        self.assertIsNotNone(key)
        transport.connection.connection_lost(None)
        transport, second = await self.called(2)
        self.assertEqual(Open.decode(second)[0].idempotency_key, key)
        transport.say(response(1, "done"))
        self.assertEqual(await call, Text("done"))

    async def test_another_call_is_not_made_again_when_it_may_have_been_done(self) -> None:
        call = asyncio.ensure_future(self.channel.unary(method(), Text("a")))
        transport, opened = await self.called()
        self.assertIsNone(Open.decode(opened)[0].idempotency_key)
        transport.connection.connection_lost(None)
        with self.assertRaises(ConnectionLost):
            await call
        self.assertEqual(len(self.transports), 1)

    async def test_every_call_is_made_again_elsewhere_when_it_was_not_begun(self) -> None:
        unary = asyncio.ensure_future(self.channel.unary(method(), Text("a")))
        transport, _ = await self.called()
        transport.say(drain(0))
        transport, _ = await self.called(2)
        transport.say(response(1, "done"))
        self.assertEqual(await unary, Text("done"))
        stream = self.channel.server_streaming(method(Shape.SERVER_STREAMING), Text("a"))
        streaming = asyncio.ensure_future(anext(stream))
        await self.called(2)
        transport.say(drain(1))
        transport, _ = await self.called(3)
        transport.say(response(1, "first", ends=False))
        self.assertEqual(await streaming, Text("first"))

    async def test_a_status_is_not_tried_again_but_for_unavailable(self) -> None:
        call = asyncio.ensure_future(self.channel.unary(method(idempotent=True), Text("a")))
        transport, _ = await self.called()
        transport.say(status(1, StatusCode.UNAVAILABLE, "later"))
        transport, opened = await self.called()
        transport.say(status(opened.stream, StatusCode.ABORTED, "no"))
        with self.assertRaises(RPCError) as caught:
            await call
        self.assertEqual(str(caught.exception), "ABORTED: no")

    async def test_addresses_that_do_not_answer_are_passed_over(self) -> None:
        self.failing = {"a:1"}
        self.assertEqual((await self.channel.peer()).release, "0.2.0")
        self.assertEqual(self.transports[0].connection.address, "b:2")

    async def test_where_none_answers_the_call_says_why(self) -> None:
        self.failing = {"a:1", "b:2"}
        with mock.patch("stator_rpc.channel.CONNECT_SECONDS", 0.0001), self.assertRaises(RPCError) as caught:
            await self.channel.unary(method(idempotent=True), Text("a"))
        self.assertIs(caught.exception.code, StatusCode.UNAVAILABLE)
        self.assertIn("cannot connect to a:1", caught.exception.text)
        self.assertIn("cannot connect to b:2", caught.exception.text)

    async def test_where_all_refuse_the_call_fails_at_once(self) -> None:
        self.refusing = {"a:1", "b:2"}
        with mock.patch.object(Channel, "_pause", side_effect=AssertionError), self.assertRaises(RPCError) as caught:
            await self.channel.unary(method(idempotent=True), Text("a"))
        self.assertIs(caught.exception.code, StatusCode.UNAUTHENTICATED)
        self.refusing = {"a:1"}
        self.assertEqual((await self.channel.peer()).release, "0.2.0")

    async def test_a_method_that_the_peer_does_not_have_is_not_asked_for(self) -> None:
        self.service_version = 1
        with self.assertRaises(RPCError) as caught:
            await self.channel.unary(method(since=2), Text("a"))
        self.assertIs(caught.exception.code, StatusCode.UNIMPLEMENTED)
        for word in ("example.v1.S/M", "service version 2", "0.2.0"):
            self.assertIn(word, caught.exception.text)
        self.assertEqual(self.transports[0].take(FrameType.OPEN), [])

    async def test_closing_lets_calls_finish_and_takes_no_more(self) -> None:
        call = asyncio.ensure_future(self.channel.unary(method(), Text("a")))
        transport, _ = await self.called()
        closing = asyncio.ensure_future(self.channel.close())
        await turns()
        self.assertFalse(closing.done())
        transport.say(response(1, "done"))
        self.assertEqual(await call, Text("done"))
        await closing
        self.assertTrue(transport.has_closed)
        with self.assertRaises(RPCError):
            await self.channel.unary(method(), Text("a"))

    async def test_leaving_a_stream_gives_it_up(self) -> None:
        stream = self.channel.server_streaming(method(Shape.SERVER_STREAMING), Text("a"))
        async with stream:
            waiting = asyncio.ensure_future(anext(stream))
            transport, opened = await self.called()
            transport.say(response(opened.stream, "one", ends=False))
            self.assertEqual(await waiting, Text("one"))
        self.assertEqual([sent.stream for sent in transport.take(FrameType.CANCEL)], [opened.stream])
        with self.assertRaises(RPCError):
            await anext(stream)


class AddressTests(unittest.TestCase):
    def test_addresses_have_a_host_and_a_port(self) -> None:
        from stator_rpc.connection import split_address

        self.assertEqual(split_address("[::1]:7443"), ("::1", 7443))
        self.assertEqual(split_address("api.example:7443"), ("api.example", 7443))
        for address in ["", "host", ":1", "host:0", "host:x", "host:65536"]:
            with self.subTest(address), self.assertRaises(ConnectFailed):
                split_address(address)

    def test_a_manifest_is_read_in_its_canonical_form_only(self) -> None:
        self.assertEqual(Manifest.parse(MANIFEST.canonical_bytes), MANIFEST)
        self.assertEqual(dict(Manifest.parse(b"")), {})
        for data in [b"a 1.0", b"a 1\n", b"a  1.0\n", b"b 1.0\na 1.0\n", b"a 1.0\na 1.0\n", b"a 01.0\n", b"\n"]:
            with self.subTest(data), self.assertRaises(ValueError):
                Manifest.parse(data)


if __name__ == "__main__":
    unittest.main()
