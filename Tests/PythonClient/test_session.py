"""The session event by event, against a peer whose frames are written by hand: python3 -m unittest, in this folder."""

import hashlib
import unittest

import runtime  # noqa: F401 - before the others, which it lets be found

from stator_rpc import wire
from stator_rpc.manifest import Manifest
from stator_rpc.session import Closed, GoingAway, Ready, Session
from stator_rpc.streams import Call, Ended, Refused, Response
from stator_rpc.wire import Flag, Frame, FrameType, GoAway, GoAwayCode, Hello, Open, Status, StatusCode

MANIFEST = b"example.v1.A 1.0\nexample.v1.B 2.1\n"
HEADER = Open(0x0102030405060708, 30_000_000)


def frame(type_: FrameType, stream: int = 0, payload: bytes = b"", flags: Flag = Flag.NONE) -> bytes:
    return Frame(type_, flags, stream, payload).encode()


def window(stream: int, credit: int) -> bytes:
    return frame(FrameType.WINDOW, stream, credit.to_bytes(4, "big"))


def goaway(last: int, code: GoAwayCode, text: str = "") -> bytes:
    return frame(FrameType.GOAWAY, payload=GoAway(last, code, text).encode())


def hello(manifest: bytes = MANIFEST, version: int = 1, oldest: int = 1) -> bytes:
    fingerprint = hashlib.sha256(manifest).digest()
    return frame(FrameType.HELLO, payload=Hello(fingerprint, "0.2.0", 2, version, oldest).encode())


def ack(wants: int = 0) -> bytes:
    return frame(FrameType.HELLO_ACK, payload=bytes([wants]))


class SessionTestCase(unittest.TestCase):
    def setUp(self) -> None:
        self.now = 0.0
        self.session = Session(manifest=Manifest.parse(MANIFEST), release="0.1.0", service_version=1, now=self.now)

    def receive(self, *parts: bytes) -> list:
        """The events that the bytes cause."""
        self.session.receive(b"".join(parts), self.now)
        return self.events()

    def events(self) -> list:
        events = list(self.session.events)
        self.session.events.clear()
        return events

    def sent(self) -> list[Frame]:
        """The frames that were written since the last look."""
        decoder = wire.FrameDecoder()
        decoder.feed(bytes(self.session.outbound))
        self.session.outbound.clear()
        frames = []
        while (written := decoder.next()) is not None:
            frames.append(written)
        self.assertEqual(decoder.rest, 0)
        return frames

    def connect(self) -> None:
        self.receive(hello(), ack())
        self.sent()
        self.assertTrue(self.session.is_ready)

    def call(self, message: bytes | None = b"m", **options: object) -> Call:
        return self.session.call(HEADER, message, **options)

    def assert_closed(self, code: GoAwayCode) -> str:
        [*_, last] = self.sent()
        self.assertEqual(last.type, FrameType.GOAWAY)
        answer = GoAway.decode(last.payload)
        self.assertEqual(answer.code, code, answer.text)
        self.assertIsNotNone(self.session.closed)
        return answer.text


class HandshakeTests(SessionTestCase):
    def test_hello_goes_first_without_waiting(self) -> None:
        [first] = self.sent()
        self.assertEqual(first.type, FrameType.HELLO)
        self.assertEqual(Hello.decode(first.payload).fingerprint, hashlib.sha256(MANIFEST).digest())

    def test_equal_manifests_are_not_sent(self) -> None:
        [ready] = self.receive(hello(), ack())
        self.assertIsInstance(ready, Ready)
        self.assertEqual(ready.manifest, {"example.v1.A": (1, 0), "example.v1.B": (2, 1)})
        self.assertEqual([sent.type for sent in self.sent()], [FrameType.HELLO, FrameType.HELLO_ACK])

    def test_an_unknown_manifest_is_asked_for_and_checked(self) -> None:
        other = b"example.v1.A 1.1\n"
        self.assertEqual(self.receive(hello(other), ack()), [])
        self.assertEqual(self.sent()[1].payload, b"\x01")
        parts = frame(FrameType.MANIFEST, payload=other[:5], flags=Flag.MORE), frame(
            FrameType.MANIFEST, payload=other[5:])
        [ready] = self.receive(*parts)
        self.assertEqual(ready.manifest, {"example.v1.A": (1, 1)})

    def test_a_manifest_that_is_not_the_one_of_hello_or_none_at_all(self) -> None:
        for manifest in [b"example.v1.A 1.2\n", b"example.v1.A\n", b"b 1.0\na 1.0\n"]:
            with self.subTest(manifest):
                self.setUp()
                self.receive(hello(b"example.v1.A 1.1\n"), ack(), frame(FrameType.MANIFEST, payload=manifest))
                self.assert_closed(GoAwayCode.VIOLATION)

    def test_the_own_manifest_goes_out_before_the_first_call(self) -> None:
        self.call()
        self.receive(hello(), ack(wants=1))
        types = [sent.type for sent in self.sent()]
        self.assertEqual(types, [FrameType.HELLO, FrameType.HELLO_ACK, FrameType.MANIFEST, FrameType.OPEN])

    def test_versions_that_meet_are_spoken_and_others_refused_with_both_ranges(self) -> None:
        self.assertIsInstance(self.receive(hello(version=3, oldest=1), ack())[0], Ready)
        self.setUp()
        self.receive(hello(version=3, oldest=2))
        text = self.assert_closed(GoAwayCode.VIOLATION)
        self.assertIn("2 to 3", text)
        self.assertIn("1 to 1", text)

    def test_a_hello_that_cannot_be(self) -> None:
        good = Hello(hashlib.sha256(MANIFEST).digest(), "0.2.0", 2).encode()
        oldest = bytes.fromhex("0001 0002 0001")
        cases = [
            (good[:40], "short"), (good[:-1], "release cut"), (bytes([0, 0]) + good[2:], "version 0"),
            (good + bytes.fromhex("0001 0002 0002"), "oldest above newest"), (good + oldest * 2, "oldest twice"),
            (good + bytes.fromhex("0001 0001 01"), "oldest of one byte"), (good + oldest[:5], "extension cut"),
            (good[:2] + b"\1" + good[3:], "reserved"),
        ]
        for payload, name in cases:
            with self.subTest(name):
                self.setUp()
                self.receive(frame(FrameType.HELLO, payload=payload))
                self.assert_closed(GoAwayCode.VIOLATION)
        self.setUp()
        unknown = bytes.fromhex("0002 0003 010203")
        self.assertEqual(len(self.receive(frame(FrameType.HELLO, payload=good + unknown + oldest), ack())), 1)

    def test_what_comes_too_early(self) -> None:
        other = b"example.v1.A 1.1\n"
        cases = [
            (b"", window(0, 1)), (b"", ack()), (hello(), window(0, 1)), (hello(other) + ack(), window(0, 1)),
            (hello(), frame(FrameType.OPEN, 2, HEADER.encode())),
            (hello(other), frame(FrameType.MANIFEST, flags=Flag.MORE)),
        ]
        for before, early in cases:
            with self.subTest((before + early).hex()):
                self.setUp()
                self.receive(before)
                self.assertIsNone(self.session.closed)
                self.receive(early)
                self.assert_closed(GoAwayCode.VIOLATION)

    def test_goaway_may_come_in_place_of_hello(self) -> None:
        events = self.receive(goaway(0, GoAwayCode.IDENTITY, "unknown authority"))
        self.assertIn("IDENTITY unknown authority", events[-1].sentence)

    def test_a_peer_that_is_not_ready_in_time(self) -> None:
        self.session.tick(9.9)
        self.assertIsNone(self.session.closed)
        self.session.tick(10.0)
        self.assert_closed(GoAwayCode.TIMEOUT)


class CallTests(SessionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def test_the_bytes_of_the_specification(self) -> None:
        self.call(b"\xca\xfe")
        self.assertEqual(
            self.session.outbound.hex(), "00000012040200000000000101020304050607080000000001c9c380cafe")
        [response] = self.receive(bytes.fromhex("00000001050200000000000109"))
        self.assertEqual((response.message, response.ends_stream), (b"\x09", True))

    def test_a_response_cut_anywhere_is_the_same(self) -> None:
        for cut in range(1, 13):
            call = self.call()
            data = frame(FrameType.MESSAGE, call.stream, b"r", Flag.END_STREAM)
            events = self.receive(data[:cut]) + self.receive(data[cut:])
            self.assertEqual([event.message for event in events], [b"r"])

    def test_a_call_that_streams_its_requests(self) -> None:
        call = self.call(None, ends_stream=False)
        self.session.send(call, b"one", ends_stream=False)
        self.session.send(call, None, ends_stream=True)
        begin, one, end = self.sent()
        self.assertEqual((begin.type, begin.flags, len(begin.payload)), (FrameType.OPEN, Flag.NO_MESSAGE, 16))
        self.assertEqual((one.flags, one.payload), (Flag.NONE, b"one"))
        self.assertEqual((end.flags, end.payload), (Flag.NO_MESSAGE | Flag.END_STREAM, b""))

    def test_a_status_has_text_and_details_with_their_name(self) -> None:
        call = self.call()
        status = Status(StatusCode.NOT_FOUND, "no such thing", b"\x03a.Bmessage")
        [ended] = self.receive(frame(FrameType.STATUS, call.stream, status.encode()))
        self.assertEqual(ended, Ended(call, status))
        self.assertEqual(status.named_details, ("a.B", b"message"))

    def test_what_comes_for_a_stream_that_is_over_is_ignored(self) -> None:
        call = self.call()
        self.session.cancel(call)
        self.assertEqual([sent.type for sent in self.sent()], [FrameType.OPEN, FrameType.CANCEL])
        late = frame(FrameType.MESSAGE, 1, b"late"), window(1, 5), frame(FrameType.STATUS, 1, Status(
            StatusCode.OK).encode())
        self.assertEqual(self.receive(*late), [])
        self.assertIsNone(self.session.closed)

    def test_the_peers_calls_are_answered_unimplemented(self) -> None:
        self.receive(frame(FrameType.OPEN, 2, HEADER.encode() + b"m", Flag.END_STREAM))
        [answer] = self.sent()
        self.assertEqual((answer.type, answer.stream), (FrameType.STATUS, 2))
        self.assertEqual(Status.decode(answer.payload).code, StatusCode.UNIMPLEMENTED)
        # OPEN may go ahead of its message; what comes of it then is ignored.
        self.receive(
            frame(FrameType.OPEN, 6, HEADER.encode(), Flag.MORE), frame(FrameType.MESSAGE, 6, b"m", Flag.MORE),
            frame(FrameType.MESSAGE, 6, b"n", Flag.END_STREAM))
        self.assertEqual([sent.stream for sent in self.sent()], [6])
        self.assertIsNone(self.session.closed)

    def test_streams_beyond_the_limit_wait_and_some_are_kept_for_priority(self) -> None:
        for _ in range(1_025):
            self.call()
        self.assertEqual(len(self.sent()), 1_024)
        for _ in range(65):
            self.call(is_priority=True)
        self.assertEqual(len(self.sent()), 64)
        self.receive(frame(FrameType.MESSAGE, 1, b"", Flag.END_STREAM))
        self.assertEqual([sent.stream for sent in self.sent()], [2 * 1_088 + 1])


class FlowControlTests(SessionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def sizes(self) -> dict[int, int]:
        sizes: dict[int, int] = {}
        for sent in self.sent():
            header = 16 if sent.type is FrameType.OPEN else 0
            sizes[sent.stream] = sizes.get(sent.stream, 0) + len(sent.payload) - header
        return sizes

    def test_a_message_begun_goes_out_whole_and_the_next_waits_for_credit(self) -> None:
        call = self.call(bytes(300_000), ends_stream=False)
        self.session.send(call, b"next", ends_stream=True)
        self.assertEqual(self.sizes(), {1: 300_000})
        used_up = 300_000 + 12 - wire.STREAM_CREDIT
        self.receive(window(1, used_up))
        self.assertEqual(self.sizes(), {})
        self.receive(window(1, 1))
        self.assertEqual(self.sizes(), {1: 4})

    def test_the_connections_credit_holds_new_streams_back(self) -> None:
        for _ in range(5):
            self.call(bytes(262_200))
        # 4 × 262,212 = 1,048,848
        self.assertEqual(list(self.sizes()), [1, 3, 5, 7])
        self.receive(window(0, 272))
        self.assertEqual(self.sizes(), {})
        self.receive(window(0, 1))
        self.assertEqual(list(self.sizes()), [9])

    def test_frames_of_long_messages_alternate_and_a_fifth_waits(self) -> None:
        calls = [self.call(None, ends_stream=False) for _ in range(5)]
        self.sent()
        # Held back together by the connection's credit, so that they begin together.
        self.session._streams._send_credit = 0
        for call in calls:
            self.session.send(call, bytes(40_000), ends_stream=True)
        self.receive(window(0, 1_000_000))
        streams = [sent.stream for sent in self.sent()]
        self.assertEqual(streams[:8], [1, 3, 5, 7, 1, 3, 5, 7])
        self.assertLess(max(i for i, stream in enumerate(streams) if stream == 1), streams.index(9))

    def test_credit_is_granted_as_messages_are_consumed(self) -> None:
        call = self.call()
        self.sent()
        responses = self.receive(*[frame(FrameType.MESSAGE, call.stream, bytes(16_372))] * 16)
        self.assertEqual(len(responses), 16)
        for response in responses[:7]:
            self.session.consumed(call, response.cost)
        self.assertEqual(self.sent(), [])
        # Half of the stream's credit.
        self.session.consumed(call, responses[7].cost)
        [grant] = self.sent()
        self.assertEqual((grant.type, grant.stream), (FrameType.WINDOW, call.stream))
        self.assertEqual(int.from_bytes(grant.payload, "big"), 8 * 16_384)

    def test_what_nobody_consumes_is_granted_to_the_connection(self) -> None:
        for number in range(8):
            call = self.call()
            self.receive(*[frame(FrameType.MESSAGE, call.stream, bytes(16_372))] * 8)
            self.sent()
            if number % 2 == 0:
                self.session.cancel(call)
            else:
                self.receive(frame(FrameType.STATUS, call.stream, Status(StatusCode.INTERNAL).encode()))
            grants = [sent for sent in self.sent() if sent.type is FrameType.WINDOW]
            # Half of the connection's credit after 4 × 8 × 16,384 bytes.
            expected = [(0, 524_288)] if number % 4 == 3 else []
            self.assertEqual([(sent.stream, int.from_bytes(sent.payload, "big")) for sent in grants], expected)

    def test_messages_beyond_the_credit_are_a_violation(self) -> None:
        call = self.call()
        self.receive(*[frame(FrameType.MESSAGE, call.stream, bytes(16_372))] * 16)
        self.assertIsNone(self.session.closed)
        self.receive(frame(FrameType.MESSAGE, call.stream))
        self.assert_closed(GoAwayCode.LIMIT)


class EndTests(SessionTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.connect()

    def test_goaway_refuses_what_was_not_begun_and_lets_the_rest_finish(self) -> None:
        first, second = self.call(), self.call()
        self.sent()
        events = self.receive(goaway(1, GoAwayCode.DRAIN, "restart"))
        self.assertEqual(events, [GoingAway(GoAway(1, GoAwayCode.DRAIN, "restart")), Refused(second)])
        late = self.call()
        self.assertEqual(self.events(), [Refused(late)])
        self.assertFalse(self.session.is_drained)
        [response] = self.receive(frame(FrameType.MESSAGE, 1, b"r", Flag.END_STREAM))
        self.assertIs(response.call, first)
        self.assertTrue(self.session.is_drained)

    def test_a_drain_comes_in_two_steps_and_loses_no_call(self) -> None:
        call = self.call()
        self.sent()
        first = goaway(wire.STREAM_UNDECIDED, GoAwayCode.DRAIN, "restart"), frame(FrameType.PING, payload=bytes(8))
        [going] = self.receive(*first)
        self.assertIsInstance(going, GoingAway)
        self.assertEqual([sent.type for sent in self.sent()], [FrameType.PONG])
        self.assertEqual(self.receive(goaway(1, GoAwayCode.DRAIN, "restart")), [])
        [response] = self.receive(frame(FrameType.MESSAGE, 1, b"r", Flag.END_STREAM))
        self.assertIs(response.call, call)
        self.assertTrue(self.session.is_drained)

    def test_a_side_that_leaves_takes_up_nothing_and_finishes_its_calls(self) -> None:
        call = self.call()
        self.session.leave("done")
        self.receive(frame(FrameType.OPEN, 2, HEADER.encode() + b"m", Flag.END_STREAM))
        *_, last = self.sent()
        self.assertEqual(GoAway.decode(last.payload), GoAway(0, GoAwayCode.DRAIN, "done"))
        self.assertFalse(self.session.is_drained)
        self.receive(frame(FrameType.STATUS, call.stream, Status(StatusCode.OK).encode()))
        self.assertTrue(self.session.is_drained)

    def test_goaway_with_another_code_is_the_end(self) -> None:
        events = self.receive(goaway(0, GoAwayCode.NOT_SERVED, "busy"))
        self.assertEqual(events[-1], Closed("the peer closed the connection: NOT_SERVED busy", None))

    def test_silence_is_asked_about_and_then_the_end(self) -> None:
        self.session.tick(14.9)
        self.assertEqual(self.sent(), [])
        self.session.tick(15.0)
        [ping] = self.sent()
        self.now = 20.0
        self.receive(frame(FrameType.PONG, payload=ping.payload))
        self.session.tick(30.0)
        self.assertEqual(self.sent(), [])
        self.session.tick(35.0)
        self.session.tick(45.0)
        self.assert_closed(GoAwayCode.TIMEOUT)

    def test_a_ping_is_answered_with_its_bytes(self) -> None:
        self.receive(frame(FrameType.PING, payload=b"12345678"))
        [pong] = self.sent()
        self.assertEqual((pong.type, pong.payload), (FrameType.PONG, b"12345678"))

    def test_what_the_protocol_does_not_allow(self) -> None:
        violation, limit = GoAwayCode.VIOLATION, GoAwayCode.LIMIT
        cases = [
            (bytes.fromhex("00000000 0c00 0000 00000000"), violation),
            (bytes.fromhex("00000000 0901 0000 00000000"), violation),
            (bytes.fromhex("00000000 0500 0001 00000001"), violation),
            (bytes.fromhex("00003ff5 0500 0000 00000001"), limit),
            (bytes.fromhex("00000001 0700 0000 00000001"), limit),
            (frame(FrameType.PING, payload=b"short"), violation),
            (frame(FrameType.MESSAGE, 0, b"m"), violation),
            (frame(FrameType.MESSAGE, 3, b"m"), violation),
            (frame(FrameType.MESSAGE, 1, b"m", Flag.MORE | Flag.END_STREAM), violation),
            (frame(FrameType.MESSAGE, 1, b"", Flag.MORE), violation),
            (frame(FrameType.MESSAGE, 1, b"", Flag.NO_MESSAGE), violation),
            (frame(FrameType.MESSAGE, 1, b"", Flag.NO_MESSAGE | Flag.END_STREAM), violation),
            (frame(FrameType.OPEN, 3, HEADER.encode()), violation),
            (frame(FrameType.OPEN, 2, HEADER.encode()) * 2, violation),
            (frame(FrameType.OPEN, 2, HEADER.encode(), Flag.IDEMPOTENCY_KEY), violation),
            (frame(FrameType.STATUS, 2, Status(StatusCode.OK).encode()), violation),
            (frame(FrameType.STATUS, 1, bytes([17, 0, 0, 0])), violation),
            (frame(FrameType.STATUS, 1, bytes([5, 0, 0, 1, 0xFF])), violation),
            (frame(FrameType.STATUS, 1, bytes([5, 0, 0, 2, 0x41])), violation),
            (frame(FrameType.STATUS, 1, Status(StatusCode.OK, "t" * 1_025).encode()), violation),
            (frame(FrameType.STATUS, 1, Status(StatusCode.OK, "t", bytes(8_193)).encode()), limit),
            (frame(FrameType.CANCEL, 1), violation),
            (window(1, 0), violation),
            (window(1, wire.CREDIT_MAX), limit),
            (window(0, wire.CREDIT_MAX), limit),
            (frame(FrameType.PONG, payload=bytes(8)), violation),
            (goaway(3, GoAwayCode.DRAIN), violation),
            (goaway(2, GoAwayCode.DRAIN), violation),
            (goaway(wire.STREAM_UNDECIDED, GoAwayCode.INTERNAL), violation),
            (frame(FrameType.GOAWAY, payload=bytes(1_030)), limit),
            (hello(), violation),
            (ack(), violation),
            (frame(FrameType.MANIFEST, payload=MANIFEST), violation),
        ]
        for data, code in cases:
            with self.subTest(data.hex()):
                self.setUp()
                self.call()
                self.receive(data)
                self.assertTrue(self.assert_closed(code))

    def test_a_fifth_long_message_is_a_violation(self) -> None:
        calls = [self.call() for _ in range(5)]
        parts = [frame(FrameType.MESSAGE, call.stream, b"part", Flag.MORE) for call in calls]
        self.receive(*parts[:4])
        self.assertIsNone(self.session.closed)
        self.receive(parts[4])
        self.assert_closed(GoAwayCode.LIMIT)

    def test_frames_of_several_messages_may_alternate(self) -> None:
        first, second = self.call(), self.call()
        events = self.receive(
            frame(FrameType.MESSAGE, 1, b"1", Flag.MORE), frame(FrameType.MESSAGE, 3, b"a", Flag.MORE),
            frame(FrameType.MESSAGE, 1, b"2", Flag.END_STREAM), frame(FrameType.MESSAGE, 3, b"b", Flag.END_STREAM))
        self.assertEqual([(event.call, event.message) for event in events], [(first, b"12"), (second, b"ab")])
        self.assertTrue(all(isinstance(event, Response) for event in events))


class RoomTests(SessionTestCase):
    """With a mark, messages wait for what is written before them to be taken."""

    def setUp(self) -> None:
        super().setUp()
        self.session = Session(
            manifest=Manifest.parse(MANIFEST), release="0.1.0", service_version=1, now=self.now, outbound_mark=0)

    def test_long_messages_take_turns_also_where_each_frame_waits_for_room(self) -> None:
        self.connect()
        for _ in range(3):
            self.call(bytes(40_000))
        streams = []
        while written := self.sent():
            streams += [sent.stream for sent in written]
            self.session.fill()
        self.assertEqual(streams, [1, 3, 5, 1, 3, 5, 1, 3, 5])

    def test_a_short_message_waits_for_one_frame_only(self) -> None:
        self.connect()
        self.call(bytes(100_000))
        self.assertEqual(len(self.sent()), 1)
        self.session.fill()
        self.call(b"short")
        self.sent()
        self.session.fill()
        [short] = self.sent()
        self.assertEqual((short.stream, short.type), (3, FrameType.OPEN))


if __name__ == "__main__":
    unittest.main()
