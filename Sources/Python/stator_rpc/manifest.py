"""Versions of objects, and which of them a side of a connection understands."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import NamedTuple, Self

OBJECTS_MAX = 1_024
CANONICAL_BYTES_MAX = 65_536

_VERSION = re.compile(r"(0|[1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})")
_NAME = re.compile(r"[A-Za-z0-9_.]{1,255}")


class InvalidManifest(ValueError):
    """The bytes are no manifest in its canonical form."""


class Version(NamedTuple):
    """An object's version; a newer minor one has more fields, another major one is another object."""

    major: int
    minor: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads `major.minor`; raises ValueError for anything else."""
        match = _VERSION.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is no version major.minor")
        return cls(int(match[1]), int(match[2]))

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


class Manifest(Mapping[str, Version]):
    """The newest version understood of each object, by the object's full name. It never changes."""

    def __init__(self, versions: Mapping[str, tuple[int, int]]):
        self._versions = {name: Version(*versions[name]) for name in sorted(versions, key=str.encode)}

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Reads the canonical bytes; raises `InvalidManifest` for anything else, also for another order."""
        if len(data) > CANONICAL_BYTES_MAX:
            raise InvalidManifest(f"a manifest of {len(data)} bytes, at most {CANONICAL_BYTES_MAX}")
        lines = data.decode("ascii", "replace").split("\n")
        if lines.pop():
            raise InvalidManifest("a manifest whose last line does not end")
        if len(lines) > OBJECTS_MAX:
            raise InvalidManifest(f"a manifest of {len(lines)} objects, at most {OBJECTS_MAX}")
        versions: dict[str, Version] = {}
        previous = ""
        for line in lines:
            name, _, version = line.partition(" ")
            if not _NAME.fullmatch(name) or not _VERSION.fullmatch(version):
                raise InvalidManifest("a manifest with a line that is not an object and its version")
            if name <= previous:
                raise InvalidManifest("a manifest whose lines are not in order")
            versions[name] = Version.parse(version)
            previous = name
        return cls(versions)

    @cached_property
    def canonical_bytes(self) -> bytes:
        """What the fingerprint is taken over: one line per object and version, sorted by the bytes of the names."""
        return "".join(f"{name} {version}\n" for name, version in self._versions.items()).encode("ascii")

    @cached_property
    def fingerprint(self) -> bytes:
        """SHA-256 over the canonical bytes."""
        return hashlib.sha256(self.canonical_bytes).digest()

    def replacing(self, versions: Mapping[str, tuple[int, int]]) -> Self:
        """The same but for these versions: an older build's manifest, for example."""
        return type(self)({**self._versions, **versions})

    def __getitem__(self, name: str) -> Version:
        return self._versions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._versions)

    def __len__(self) -> int:
        return len(self._versions)

    def __hash__(self) -> int:
        return hash(self.canonical_bytes)

    def __repr__(self) -> str:
        return f"Manifest({ {name: str(version) for name, version in self._versions.items()} })"
