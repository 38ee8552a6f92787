"""Who the sides of a connection are: the URI in a certificate, and TLS made from files."""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stator_rpc.errors import ConnectFailed, PeerRefused

ALPN = "stator/1"

_NAME = "[A-Za-z0-9._-]{1,255}"
_IDENTITY = re.compile(f"stator://({_NAME})/(compute|conductor|api|operator|user)/({_NAME})")
# A URI among the names of a certificate: its tag, its length in DER, and what it begins with.
_URI_BEGINS = re.compile(rb"\x86([\x00-\x7f]|\x81[\x80-\xff]|\x82[\x00-\xff]{2})(?=stator://)", re.DOTALL)


@dataclass(frozen=True)
class Identity:
    """What `stator://<deployment>/<class>/<name>` says."""

    deployment: str
    caller_class: str
    name: str

    def __str__(self) -> str:
        return f"stator://{self.deployment}/{self.caller_class}/{self.name}"

    @classmethod
    def only_one_of(cls, uris: list[str], owner: str) -> "Identity":
        """The one identity among the URIs; raises `PeerRefused` where there is none, or more than one."""
        matches = [match for uri in uris if (match := _IDENTITY.fullmatch(uri))]
        if len(matches) != 1:
            raise PeerRefused(f"{owner} has {len(matches)} URIs stator://<deployment>/<class>/<name>, not one")
        return cls(*matches[0].groups())

    @classmethod
    def of_peer(cls, certificate: Mapping[str, Any] | None, owner: str) -> "Identity":
        """The identity in a peer's certificate as the ssl module gives it."""
        names = (certificate or {}).get("subjectAltName", ())
        return cls.only_one_of([value for kind, value in names if kind == "URI"], owner)

    @classmethod
    def of_file(cls, path: str | Path) -> "Identity":
        """The identity in the first certificate of a PEM file.

        The ssl module reads the names of a peer's certificate only, so they are looked for in the encoding.
        """
        try:
            text = Path(path).read_text(encoding="ascii", errors="replace")
            begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
            der = ssl.PEM_cert_to_DER_cert(text[text.index(begin) : text.index(end) + len(end)])
        except (OSError, ValueError) as error:
            raise ConnectFailed(f"{path} holds no certificate that can be read: {error}") from None
        uris = []
        for match in _URI_BEGINS.finditer(der):
            length = match[1][0] if len(match[1]) == 1 else int.from_bytes(match[1][1:], "big")
            uris.append(der[match.end() : match.end() + length].decode("ascii", "replace"))
        return cls.only_one_of(uris, str(path))


@dataclass(frozen=True)
class Credentials:
    """Files in PEM: the own certificate with its chain, its key, and the authorities that are trusted."""

    certificate: str | Path
    private_key: str | Path
    authorities: str | Path
    check_host_name: bool = True
    """Also wants the host that is dialled among the peer's names; the peer's identity is checked always."""

    def context(self) -> ssl.SSLContext:
        """TLS 1.3 with both sides' certificates; raises `ConnectFailed` where a file cannot be used."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname = self.check_host_name
        context.set_alpn_protocols([ALPN])
        try:
            context.load_verify_locations(self.authorities)
            context.load_cert_chain(self.certificate, self.private_key)
        except OSError as error:
            raise ConnectFailed(f"the certificates cannot be used: {error}") from None
        return context
