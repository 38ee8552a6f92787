"""The contract of Protos/ as Python's protobuf modules, generated into a temporary folder with protoc."""

import importlib
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType

try:
    from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor
    from google.protobuf.message import Message
except ImportError:
    sys.exit(f"{sys.executable} has no package 'google.protobuf': run 'make setup', which installs it "
             "for /usr/bin/python3")

PROTOS = Path(__file__).resolve().parents[2] / "Protos"

Versions = Mapping[str, tuple[int, int]]


class CannotBeSaid(Exception):
    """The receiver's version of an object lacks a field that may not be left out."""


class Contract:
    def __init__(self, protos: Path = PROTOS):
        names = sorted(str(path.relative_to(protos)) for path in protos.glob("stator/v1/*.proto"))
        with tempfile.TemporaryDirectory() as folder:
            protoc = ["protoc", f"--proto_path={protos}", f"--python_out={folder}", *names]
            try:
                subprocess.run(protoc, check=True)
            except FileNotFoundError:
                sys.exit("there is no 'protoc' in PATH: run 'make setup', which installs protobuf-compiler")
            self._modules = _import_all(folder, names)
        self._options = self._modules["stator.v1.options_pb2"]
        self._classes: dict[str, type[Message]] = {}
        self._methods: dict[str, MethodDescriptor] = {}
        for module in self._modules.values():
            for name, descriptor in module.DESCRIPTOR.message_types_by_name.items():
                self._classes[descriptor.full_name] = getattr(module, name)
            for service in module.DESCRIPTOR.services_by_name.values():
                for method in service.methods:
                    self._methods[f"{service.full_name}/{method.name}"] = method
        self.versions: dict[str, tuple[int, int]] = {}
        for name, message in self._classes.items():
            version = self._version(message.DESCRIPTOR)
            if version is not None:
                self.versions[name] = version

    def message(self, name: str) -> type[Message]:
        """The class of a message of `stator.v1`, by its name without the package."""
        return self._classes[f"stator.v1.{name}"]

    def message_named(self, full_name: str) -> type[Message] | None:
        return self._classes.get(full_name)

    def method(self, path: str) -> MethodDescriptor:
        return self._methods[path]

    def is_priority(self, method: MethodDescriptor) -> bool:
        return method.GetOptions().Extensions[self._options.call].priority

    def response(self, method: MethodDescriptor) -> type[Message]:
        return self._classes[method.output_type.full_name]

    # MARK: versions

    def lowered(self, message: Message, receiver: Versions) -> Message:
        """The message as a receiver with these versions understands it; a copy."""
        copy = type(message)()
        copy.CopyFrom(message)
        self._lower(copy, receiver)
        return copy

    def _lower(self, message: Message, receiver: Versions) -> None:
        target = self._target(message.DESCRIPTOR, receiver)
        for field, value in message.ListFields():
            options = field.GetOptions().Extensions[self._options.field]
            if target is not None and not self._exists(options, target):
                if options.lowering != self._options.LOWERING_DROP:
                    raise CannotBeSaid(f"{field.full_name} cannot be said at version {_text(target)}")
                message.ClearField(field.name)
            elif field.type == FieldDescriptor.TYPE_MESSAGE:
                for nested in value if field.label == FieldDescriptor.LABEL_REPEATED else [value]:
                    self._lower(nested, receiver)

    def _target(self, descriptor: Descriptor, receiver: Versions) -> tuple[int, int] | None:
        """The receiver's version of an object; None for messages that have none."""
        own = self._version(descriptor)
        if own is None:
            return None
        target = receiver.get(descriptor.full_name)
        if target is None or target[0] != own[0]:
            raise CannotBeSaid(f"{descriptor.full_name} {_text(own)} is not understood by the receiver")
        return target

    @staticmethod
    def _exists(options: Message, target: tuple[int, int]) -> bool:
        if options.HasField("since") and target < _numbers(options.since):
            return False
        return not (options.HasField("until") and target >= _numbers(options.until))

    def _version(self, descriptor: Descriptor) -> tuple[int, int] | None:
        options = descriptor.GetOptions().Extensions[self._options.object]
        return _numbers(options.version) if options.HasField("version") else None


def _import_all(folder: str, names: list[str]) -> dict[str, ModuleType]:
    sys.path.insert(0, folder)
    try:
        modules = [name.removesuffix(".proto").replace("/", ".") + "_pb2" for name in names]
        return {module: importlib.import_module(module) for module in modules}
    finally:
        sys.path.remove(folder)


def _numbers(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


def _text(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}"
