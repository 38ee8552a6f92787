"""Objects as generated from example/v1: run by the tests of the generator, with the generated package in PYTHONPATH."""

import copy
import datetime
import unittest
import uuid
from typing import Any

import example.v1 as example
from example.v1 import Gadget, GadgetState, gadgets_pb2
from stator_objects import ErrorCode, Manifest, ObjectError, Version, register_conversion
from stator_rpc import CallerClass, Shape, StatusCode

UUID = uuid.UUID("00112233-4455-6677-8899-aabbccddeeff")
TIME = datetime.datetime(2026, 1, 31, 8, 15, 0, 250_000, tzinfo=datetime.timezone.utc)
Color = Gadget.Label.Color


def full() -> Gadget:
    """A gadget with something in every field that it can have at 1.0."""
    return Gadget(
        uuid=UUID, name="größe", state=GadgetState.ON, created_at=TIME, mac_address="52:54:00:12:34:56",
        ip_address="fe80::1", secret=b"s3cret", label=Gadget.Label(color=Color.RED, text="a"),
        parts=[Gadget(name="part")], states=[GadgetState.ON, GadgetState.OFF, GadgetState.ON],
        tags={"b": "2", "a": "1"}, labels={-1: Gadget.Label(text="minus"), 1: Gadget.Label()},
        modes={"x": GadgetState.OFF}, small=-(2**31), large=-(2**63), huge=2**64 - 1, count=2**32 - 1, works=False,
        weight=0.5, mass=1e300, numbers=[0, 1, 300], uuids=[UUID], class_="c", copy_="d", bytes_=b"\0",
        screw=example.Screw(length_mm=3))


def older(minor: int) -> Manifest:
    return example.MANIFEST.replacing({"example.v1.Gadget": (1, minor)})


class TestCase(unittest.TestCase):
    def refused(self, code: ErrorCode, work: Any) -> ObjectError:
        with self.assertRaises(ObjectError) as caught:
            work()
        self.assertIs(caught.exception.code, code, caught.exception)
        return caught.exception


class EncodingTests(TestCase):
    def test_all_kinds_of_fields_come_back_as_they_went(self) -> None:
        data = full().encode()
        self.assertEqual(Gadget.decode(data), full())
        self.assertEqual(Gadget.decode(data).encode(), data)
        message = gadgets_pb2.Gadget.FromString(data)
        self.assertEqual((message.uuid, message.created_at), (UUID.bytes, 1_769_847_300_250_000))
        self.assertEqual(dict(message.tags), {"a": "1", "b": "2"})

    def test_what_is_not_set_is_not_encoded_and_zero_is_set(self) -> None:
        self.assertEqual(Gadget().encode(), b"")
        self.assertEqual([field.name for field, _ in Gadget(count=0, parts=[]).set_fields()], ["count"])
        self.assertTrue(Gadget.decode(Gadget(count=0).encode()).is_set("count"))
        self.assertTrue(Gadget.decode(Gadget(label=Gadget.Label()).encode()).is_set("label"))
        gadget = Gadget(count=1, parts=[Gadget()])
        gadget.count, gadget.parts = None, []
        self.assertEqual(gadget, Gadget())

    def test_fields_of_newer_senders_are_kept_at_every_depth(self) -> None:
        newer = bytes.fromhex("d23e 02 6869".replace(" ", ""))
        gadget = Gadget(name="a", parts=[Gadget(name="b")], label=Gadget.Label(text="c"))
        message = gadgets_pb2.Gadget.FromString(gadget.encode())
        message.parts[0].MergeFromString(newer)
        message.MergeFromString(newer)
        data = message.SerializeToString()
        read = Gadget.decode(data)
        self.assertEqual(read.unknown_fields, newer)
        self.assertEqual(read.parts[0].unknown_fields, newer)
        self.assertNotEqual(read, gadget)
        self.assertEqual(read.encode(), data)
        read.name = "changed"
        self.assertEqual(copy.deepcopy(read).encode(), read.encode())
        self.assertIn(newer, read.encode())
        self.assertIn("unknown=5 bytes", repr(read))

    def test_numbers_that_an_enumeration_does_not_name_are_kept(self) -> None:
        gadget = Gadget(
            state=GadgetState(77), states=[GadgetState(-5)], modes={"x": GadgetState(99), "y": GadgetState.ON})
        read = Gadget.decode(gadget.encode())
        self.assertEqual(read.state, 77)
        self.assertIsInstance(read.state, GadgetState)
        assert read.state is not None
        self.assertFalse(read.state.is_known)
        self.assertEqual(str(read.state), "UNKNOWN_77")
        self.assertEqual(read.states, [-5])
        self.assertEqual(read.modes["y"], GadgetState.ON)
        self.assertEqual(read.encode(), gadget.encode())
        self.assertNotIn(77, list(GadgetState))

    def test_bytes_that_are_no_object(self) -> None:
        self.refused(ErrorCode.MALFORMED, lambda: Gadget.decode(b"\xff\xff"))
        error = self.refused(ErrorCode.INVALID_VALUE, lambda: Gadget.decode(bytes.fromhex("1202ffff")))
        self.assertEqual((error.object_name, error.field), ("example.v1.Gadget", "name"))
        error = self.refused(ErrorCode.INVALID_VALUE, lambda: Gadget.decode(bytes.fromhex("0a0101")))
        self.assertEqual(error.field, "uuid")
        self.refused(ErrorCode.TOO_LONG, lambda: Gadget.decode(bytes(4_194_305)))
        deep = b""
        for _ in range(32):
            deep = gadgets_pb2.Gadget(parts=[gadgets_pb2.Gadget.FromString(deep)]).SerializeToString()
        self.refused(ErrorCode.TOO_DEEP, lambda: Gadget.decode(deep))
        error = self.refused(
            ErrorCode.TOO_LONG, lambda: Gadget.decode(gadgets_pb2.Gadget(parts=[{}, {}, {}]).SerializeToString()))
        self.assertEqual(error.field, "parts")

    def test_a_text_with_a_null_is_whole(self) -> None:
        self.assertEqual(Gadget.decode(Gadget(class_="a\0b").encode()).class_, "a\0b")


class SettingTests(TestCase):
    def test_values_that_do_not_fit_are_refused_with_object_field_and_value(self) -> None:
        cases: list[tuple[str, Any]] = [
            ("uuid", "00112233"), ("uuid", UUID.bytes), ("name", ""), ("name", "a\n"), ("name", "x" * 256), ("name", 5),
            ("name", "\ud800"), ("created_at", datetime.datetime(2026, 1, 1)), ("created_at", 5),
            ("mac_address", "52:54:00:12:34"), ("ip_address", "1.2.3"), ("ip_address", "fe80::1%eth0"),
            ("small", 2**31), ("count", -1), ("count", True), ("count", 1.0), ("large", 2**63), ("huge", -1),
            ("works", 1), ("weight", 1e39), ("weight", "1"), ("state", "on"), ("state", Color.RED), ("state", 2**40),
            ("label", Gadget()), ("parts", Gadget()), ("parts", [example.Screw()]), ("tags", {"a": 1}),
            ("tags", {1: "a"}), ("tags", []), ("numbers", [-1]), ("uuids", [b""]),
        ]
        for attribute, value in cases:
            with self.subTest(attribute=attribute, value=value):
                gadget = full()
                error = self.refused(ErrorCode.INVALID_VALUE, lambda: setattr(gadget, attribute, value))
                self.assertEqual((error.object_name, error.field), ("example.v1.Gadget", attribute))
                self.assertIn(f"example.v1.Gadget.{attribute} ", str(error))
                self.assertEqual(gadget, full())
                self.refused(ErrorCode.INVALID_VALUE, lambda: Gadget(**{attribute: value}))
        error = self.refused(ErrorCode.INVALID_VALUE, lambda: Gadget(name="a\n"))
        self.assertEqual((error.value, error.status_code), ("a\n", StatusCode.INVALID_ARGUMENT))
        self.assertIn("'a\\n'", str(error))

    def test_lengths_are_bytes_or_elements(self) -> None:
        Gadget.Label(text="größer")
        error = self.refused(ErrorCode.TOO_LONG, lambda: Gadget.Label(text="größere"))
        self.assertEqual(str(error), "example.v1.Gadget.Label.text has 9 bytes; at most 8")
        self.refused(ErrorCode.TOO_LONG, lambda: Gadget(class_="x" * 65_537))
        self.refused(ErrorCode.TOO_LONG, lambda: Gadget(parts=[Gadget()] * 3))
        self.refused(ErrorCode.TOO_LONG, lambda: Gadget(tags=dict.fromkeys("abcd", "")))

    def test_a_list_that_was_changed_in_place_is_checked_when_it_is_encoded(self) -> None:
        gadget = Gadget(numbers=[1])
        gadget.numbers.append(2)
        self.assertEqual(Gadget.decode(gadget.encode()).numbers, [1, 2])
        gadget.numbers.append(-1)
        self.refused(ErrorCode.INVALID_VALUE, gadget.encode)

    def test_secrets_are_in_no_text(self) -> None:
        gadget = full()
        self.assertNotIn("s3cret", repr(gadget))
        self.assertIn("secret=[masked]", repr(gadget))
        self.assertEqual(gadget.to_dict()["secret"], "[masked]")
        error = self.refused(ErrorCode.INVALID_VALUE, lambda: Gadget(secret="s3cret"))  # type: ignore[arg-type]
        self.assertNotIn("s3cret", str(error))
        self.assertIsNone(error.value)

    def test_a_name_that_is_no_field_is_refused(self) -> None:
        with self.assertRaises(AttributeError):
            Gadget().nmae = "x"  # type: ignore[attr-defined]

    def test_values_are_given_as_they_are_kept(self) -> None:
        gadget = Gadget(weight=0.1, state=2, bytes_=bytearray(b"x"))  # type: ignore[arg-type]
        self.assertEqual(Gadget.decode(gadget.encode()), gadget)
        self.assertIs(gadget.state, GadgetState.ON)


class LoweringTests(TestCase):
    def test_nothing_is_done_for_a_receiver_of_the_same_version_or_a_newer(self) -> None:
        screw = example.Screw(length_mm=1)
        self.assertIs(screw.lowered(example.MANIFEST), screw)
        self.assertIs(screw.lowered(example.MANIFEST.replacing({"example.v1.Screw": (1, 7)})), screw)

    def test_newer_fields_are_dropped_or_refused_also_below(self) -> None:
        gadget = Gadget(name="a", note="n", parts=[Gadget(note="m", name="b"), Gadget(name="c")])
        self.assertEqual(
            gadget.lowered(older(0)), Gadget(name="a", parts=[Gadget(name="b"), Gadget(name="c")]))
        self.assertEqual(gadget.parts[0].note, "m")
        self.assertEqual(gadget.lowered(older(1)), gadget)
        vital = Gadget(parts=[Gadget(vital="v")])
        self.assertEqual(vital.lowered(older(1)), vital)
        error = self.refused(ErrorCode.LOST_IN_LOWERING, lambda: vital.lowered(older(0)))
        self.assertEqual((error.field, error.own_version, error.target_version), ("vital", (1, 2), (1, 0)))
        self.assertEqual(error.status_code, StatusCode.FAILED_PRECONDITION)
        self.assertEqual(
            str(error),
            "example.v1.Gadget 1.2 cannot be sent to a receiver of version 1.0: its field vital would be lost.")

    def test_values_that_a_version_lacks_go_by_their_rule(self) -> None:
        gadget = Gadget(
            state=GadgetState.IDLE, states=[GadgetState.IDLE, GadgetState.HALTED, GadgetState.OFF, GadgetState(50)],
            modes={"a": GadgetState.HALTED, "b": GadgetState.IDLE})
        self.assertEqual(gadget.lowered(older(0)), Gadget(
            state=GadgetState.ON, states=[GadgetState.ON, GadgetState.OFF, GadgetState(50)],
            modes={"b": GadgetState.ON}))
        self.assertEqual(gadget.lowered(older(1)).states, [GadgetState.IDLE, GadgetState.OFF, 50])
        self.assertEqual(Gadget(strict_state=GadgetState.IDLE).lowered(older(0)).strict_state, GadgetState.ON)
        error = self.refused(
            ErrorCode.LOST_IN_LOWERING, lambda: Gadget(strict_state=GadgetState.HALTED).lowered(older(1)))
        self.assertIn("its field strict_state is halted, which that version lacks", str(error))

    def test_an_object_that_the_receiver_does_not_have_is_refused(self) -> None:
        for versions, words in [((2, 0), "major versions differ"), (None, "does not know the object")]:
            manifest = Manifest({} if versions is None else {"example.v1.Gadget": versions})
            error = self.refused(ErrorCode.LOST_IN_LOWERING, lambda: Gadget().encode_for(manifest))
            self.assertIn(words, str(error))

    def test_a_conversion_goes_both_ways(self) -> None:
        gadget = Gadget(kilograms=1.5, parts=[Gadget(kilograms=0.25)])
        self.refused(ErrorCode.LOST_IN_LOWERING, lambda: gadget.lowered(older(1)))

        def lower(lowered: Gadget, version: Version) -> None:
            self.assertLess(version, (1, 2))
            if lowered.kilograms is not None:
                lowered.grams = round(lowered.kilograms * 1_000)

        def raise_(raised: Gadget, version: Version) -> None:
            self.assertLess(version, (1, 2))
            if raised.grams is not None:
                raised.kilograms, raised.grams = raised.grams / 1_000, None

        register_conversion(Gadget, lower, raise_)
        try:
            data = gadget.encode_for(older(1))
            self.assertEqual(Gadget.decode(data), Gadget(grams=1_500, parts=[Gadget(grams=250)]))
            self.assertEqual(Gadget.decode(data, older(1)), gadget)
            self.assertEqual(gadget.encode_for(example.MANIFEST), gadget.encode())
        finally:
            Gadget.schema.lower = Gadget.schema.raise_ = None

    def test_a_field_that_has_ended_goes_to_older_receivers_only(self) -> None:
        self.assertEqual(Gadget(grams=5).lowered(older(1)).grams, 5)
        self.assertIsNone(Gadget(grams=5).lowered(example.MANIFEST).grams)


class JSONTests(TestCase):
    def test_the_form_is_that_of_logs_and_can_be_read_again(self) -> None:
        data = full().to_dict(masked=False)
        self.assertEqual(Gadget.from_dict(data), full())
        self.assertEqual(data["uuid"], "00112233-4455-6677-8899-aabbccddeeff")
        self.assertEqual(data["created_at"], "2026-01-31T08:15:00.250000Z")
        self.assertEqual((data["state"], data["secret"], data["class"]), ("on", "czNjcmV0", "c"))
        self.assertEqual((data["large"], data["huge"], data["small"]), (str(-(2**63)), str(2**64 - 1), -(2**31)))
        self.assertEqual(data["labels"], {"-1": {"text": "minus"}, "1": {}})
        self.assertEqual(Gadget(state=GadgetState(9)).to_dict(), {"state": "9"})
        self.assertEqual(Gadget.from_dict({"state": "9"}), Gadget(state=GadgetState(9)))
        self.assertEqual(Gadget.from_dict(Gadget(mass=float("inf")).to_dict()).mass, float("inf"))

    def test_what_is_none_of_it_is_refused(self) -> None:
        cases: list[dict[str, Any]] = [
            {"nmae": "x"}, {"uuid": "x"}, {"state": "of"}, {"secret": "[masked]"}, {"bytes": "?"}, {"label": 5},
            {"created_at": "now"}, {"labels": {"x": {}}}, {"parts": {}}, {"large": "x"},
        ]
        for data in cases:
            with self.subTest(data):
                self.refused(ErrorCode.INVALID_VALUE, lambda: Gadget.from_dict(data))


class ContractTests(TestCase):
    def test_the_manifest_names_what_has_a_version(self) -> None:
        self.assertEqual(
            example.MANIFEST.canonical_bytes,
            b"example.v1.CountRequest 1.0\nexample.v1.CountResponse 1.0\nexample.v1.Gadget 1.2\n"
            b"example.v1.Gadget.Label 1.0\nexample.v1.Screw 1.0\n")
        self.assertEqual(Manifest.parse(example.MANIFEST.canonical_bytes), example.MANIFEST)
        self.assertEqual(len(example.MANIFEST.fingerprint), 32)

    def test_methods_know_who_may_call_them(self) -> None:
        contract = example.CONTRACT
        self.assertEqual(contract.callers["example.v1.Counter/Count"], {CallerClass.USER, CallerClass.OPERATOR})
        self.assertEqual(contract.service_version, 2)
        last = example.CounterMethods.ECHO_ALL
        self.assertEqual((last.shape, last.priority, last.since, last.until), (Shape.BIDIRECTIONAL, True, 2, 4))
        self.assertEqual([method.idempotent for method in contract.methods], [True, False, False, False])

    def test_comments_are_docstrings(self) -> None:
        self.assertEqual(GadgetState.__doc__, "How a gadget is.\n\n    It ends with \"on\".\n    ")
        self.assertEqual(example.CounterClient.count.__doc__, "One number.")
        self.assertEqual(example.CounterClient.__doc__, "Counts in every way.")


if __name__ == "__main__":
    unittest.main()
