"""The golden transcripts of Tests/StatorWireTests: the codec reads and writes every frame, and the session plays the
dialler's part where that only calls. Their form is described at the end of the specification.
"""

import hashlib
import re
import shlex
import unittest
from pathlib import Path

import runtime  # noqa: F401 - before the others, which it lets be found

from stator_rpc import wire
from stator_rpc.manifest import Manifest
from stator_rpc.session import Closed, Event, GoingAway, Ready, Session
from stator_rpc.streams import Call, Ended, Refused, Response
from stator_rpc.wire import Flag, Frame, FrameType, GoAway, GoAwayCode, Hello, Open, Status

FOLDER = Path(__file__).resolve().parents[1] / "StatorWireTests" / "Transcripts"
MANIFEST = b"stator.v1.Instance 1.1\n"
PEERS_MANIFEST = b"stator.v1.Instance 1.2\n"


def bytes_of(text: str) -> bytes:
    """`cafe`, `61*5`, or several of them between commas or blanks."""
    result = b""
    for part in re.split("[, ]", text):
        value, _, count = part.partition("*")
        result += bytes.fromhex(value) * int(count or 1)
    return result


def transcript(name: str) -> list[tuple[str, str, str]]:
    """Steps: who, what, and the rest of the line."""
    steps = []
    for line in (FOLDER / name).read_text().splitlines():
        if line and not line.startswith("#"):
            who, _, rest = line.partition(" ")
            what, _, rest = rest.partition(" ")
            steps.append((who, what, rest))
    return steps


def frames_of(data: bytes) -> list[Frame]:
    decoder = wire.FrameDecoder()
    decoder.feed(data)
    frames = []
    while (frame := decoder.next()) is not None:
        frames.append(frame)
    assert decoder.rest == 0, f"{decoder.rest} bytes behind the last frame"
    return frames


def encoded_again(frame: Frame) -> bytes:
    """The frame's payload from its fields."""
    match frame.type:
        case FrameType.HELLO:
            return Hello.decode(frame.payload).encode()
        case FrameType.OPEN:
            header, message = Open.decode(frame)
            assert header.flags == frame.flags & (Flag.IDEMPOTENCY_KEY | Flag.TRACE_CONTEXT)
            return header.encode() + message
        case FrameType.STATUS:
            return Status.decode(frame.payload).encode()
        case FrameType.GOAWAY:
            return GoAway.decode(frame.payload).encode()
        case _:
            return frame.payload


def said(frames: list[Frame]) -> dict[int, list]:
    """What the frames say of each stream: how messages are cut, and the words of GOAWAY, are the sender's choice."""
    streams: dict[int, list] = {}
    for frame in frames:
        items = streams.setdefault(frame.stream, [])
        match frame.type:
            case FrameType.OPEN:
                header, part = Open.decode(frame)
                items += [header, frame.flags & Flag.NO_MESSAGE, part, frame.more]
            case FrameType.MESSAGE:
                if items and items[-1] is True:
                    items[-2:] = [items[-2] + frame.payload, frame.more]
                else:
                    items += [frame.flags & Flag.NO_MESSAGE, frame.payload, frame.more]
            case FrameType.GOAWAY:
                goaway = GoAway.decode(frame.payload)
                items += [frame.type, goaway.last_stream, goaway.code]
            case _:
                items += [frame.type, frame.payload]
        if frame.ends_stream:
            items.append(Flag.END_STREAM)
    return streams


class CodecTests(unittest.TestCase):
    def test_every_frame_is_read_and_written_the_same(self) -> None:
        count = 0
        for path in sorted(FOLDER.glob("*.txt")):
            for who, what, rest in transcript(path.name):
                if what == ">":
                    with self.subTest(f"{path.name}: {who} > {rest[:80]}"):
                        [frame] = frames_of(bytes_of(rest))
                        self.assertEqual(Frame(frame.type, frame.flags, frame.stream, encoded_again(frame)).encode(),
                                         bytes_of(rest))
                        count += 1
        self.assertGreater(count, 100)


class Player:
    """Plays the dialler's part with a session; raises AssertionError where it does not do what is written."""

    def __init__(self, steps: list[tuple[str, str, str]]):
        self.steps = steps
        self.now = 0.0
        is_known = not any(step[:2] == ("dialler", "acknowledges") and "wanted" in step[2] for step in steps)
        known = {hashlib.sha256(PEERS_MANIFEST).digest(): Manifest.parse(PEERS_MANIFEST)} if is_known else {}
        self.session = Session(
            manifest=Manifest.parse(MANIFEST), release="0.1.0", service_version=7, now=self.now, known_manifests=known)
        self.calls: dict[int, Call] = {}
        self.events: list[Event] = []
        self.responses: dict[int, list[int]] = {}
        self.expected = b""
        self.sent = b""

    @staticmethod
    def can_play(steps: list[tuple[str, str, str]]) -> bool:
        """This client answers no calls, drains otherwise, and sends nothing wrong."""
        return not any(
            step[:2] == ("acceptor", "opens") or step[0] == "dialler" and step[1] in ("drains", "!") for step in steps)

    def play(self) -> None:
        for who, what, rest in self.steps:
            match (who, what):
                case ("connected", _):
                    self.connect()
                case ("after", duration):
                    self.pass_time(float(duration.removesuffix("ms")) / 1_000)
                case ("dialler", ">"):
                    self.expected += bytes_of(rest)
                case ("dialler", "sees"):
                    self.see(rest)
                case ("dialler", action):
                    self.act(action, *shlex.split(rest))
                case ("acceptor", ">" | "!"):
                    self.session.receive(bytes_of(rest), self.now)
        self.take()
        assert not self.events, f"not written: {self.events}"
        sent, expected = frames_of(self.sent), frames_of(self.expected)
        if not any(step[:2] == ("dialler", "acknowledges") for step in self.steps):
            # This session acknowledges by itself, the transcript's program does not come to it.
            sent = [frame for frame in sent if frame.type is not FrameType.HELLO_ACK]
        assert said(sent) == said(expected), f"sent {said(sent)}, not {said(expected)}"

    def connect(self) -> None:
        hello = Hello(hashlib.sha256(PEERS_MANIFEST).digest(), "0.2.0", 8).encode()
        self.session.receive(
            Frame(FrameType.HELLO, Flag.NONE, 0, hello).encode()
            + Frame(FrameType.HELLO_ACK, Flag.NONE, 0, b"\0").encode(), self.now)
        assert self.session.is_ready
        self.session.events.clear()
        self.session.outbound.clear()

    def pass_time(self, seconds: float) -> None:
        self.now = round(self.now + seconds, 6)
        self.session.tick(self.now)

    def take(self) -> None:
        """Moves on what the session has made."""
        self.events += self.session.events
        self.session.events.clear()
        self.sent += self.session.outbound
        self.session.outbound.clear()

    def act(self, action: str, *words: str) -> None:
        fields = dict(word.split("=", 1) for word in words if "=" in word)
        stream = int(words[0]) if words and words[0].isdecimal() else 0
        message = bytes_of(fields["message"]) if fields.get("message") else b"" if "message" in fields else None
        # A machine that was told to wait has not taken the message; this session would have queued it.
        if fields.get("result") in ("windowUsedUp", "noRoom"):
            return
        match action:
            case "opens":
                header = Open(
                    int(fields["method"], 16), int(fields.get("timeout", "0us").removesuffix("us")),
                    bytes.fromhex(fields["key"]) if "key" in fields else None,
                    bytes.fromhex(fields["trace"]) if "trace" in fields else None)
                self.calls[stream] = self.session.call(header, message, ends_stream="end" in words)
                assert self.calls[stream].stream in (0, stream)
            case "requests":
                self.session.send(self.calls[stream], message, ends_stream="end" in words)
            case "consumes":
                self.take()
                self.session.consumed(self.calls[stream], self.responses[stream].pop(0))
            case "cancels":
                self.session.cancel(self.calls[stream])
            case "acknowledges" | "accepts":
                # The session does so by itself.
                pass
            case _:
                raise AssertionError(f"the dialler {action}: not known here")

    def see(self, text: str) -> None:
        self.take()
        kind, *words = shlex.split(text)
        fields = dict(word.split("=", 1) for word in words if "=" in word)
        match kind:
            case "hello" | "manifest" | "writable":
                # The session deals with these by itself.
                pass
            case "ready":
                assert isinstance(self.next(), Ready)
            case "response":
                response = self.next()
                message = bytes_of(fields["message"]) if fields["message"] else b""
                assert response == Response(self.calls[int(words[0])], message, "end" in words, response.cost), response
                self.responses.setdefault(int(words[0]), []).append(response.cost)
            case "status":
                status = Status(wire.StatusCode[words[1]], words[2], bytes.fromhex(fields["details"]))
                assert self.next() == Ended(self.calls[int(words[0])], status)
            case "going-away":
                goaway = GoAway(int(fields["last"]), GoAwayCode(int(fields["code"])), words[2])
                assert self.next() == GoingAway(goaway)
                for stream in filter(None, fields["refused"].split(",")):
                    assert self.next() == Refused(self.calls[int(stream)])
            case "deadline-exceeded":
                # The owner of a session keeps its calls' time.
                self.session.cancel(self.calls[int(words[0])])
            case "drained":
                assert self.session.is_drained
            case "closed":
                self.see_closed(words[0], GoAwayCode(int(fields["code"])))
            case _:
                raise AssertionError(f"the dialler sees {kind}: not known here")

    def see_closed(self, cause: str, code: GoAwayCode) -> None:
        event = self.next()
        if cause == "by-peer":
            assert isinstance(event, GoingAway) and event.goaway.code is code, event
            event = self.next()
        assert isinstance(event, Closed), event
        assert event.answer is (None if cause == "by-peer" else code), event

    def next(self) -> Event:
        assert self.events, "nothing is seen"
        event = self.events.pop(0)
        # Calls that were refused at once are seen where they were made.
        while isinstance(event, Refused) and event.call.stream == 0 and self.events:
            event = self.events.pop(0)
        return event


class SessionTests(unittest.TestCase):
    def test_the_diallers_part_is_played_as_it_is_written(self) -> None:
        count = 0
        for path in sorted(FOLDER.glob("*.txt")):
            steps = transcript(path.name)
            if Player.can_play(steps):
                count += 1
                with self.subTest(path.name):
                    Player(steps).play()
        self.assertGreaterEqual(count, 12)


if __name__ == "__main__":
    unittest.main()
