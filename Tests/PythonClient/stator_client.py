"""A client of Stator's API: unary and server-streaming calls over one connection, for any number of threads.

    with Client("127.0.0.1:7443", certificate="admin.crt", private_key="admin.key", ca="ca.crt") as client:
        servers = client.unary("stator.v1.Compute/ListServers", client.message("ListServersRequest")())
        for change in client.server_streaming("stator.v1.Compute/WatchOperation", request):
            ...
"""

import argparse
import queue
import re
import secrets
import select
import socket
import ssl
import threading
import time
from collections.abc import Iterator

import runtime  # noqa: F401 - before the others, which it lets be found
from contract import CannotBeSaid, Contract

from stator_rpc import session as protocol
from stator_rpc import wire
from stator_rpc.manifest import Manifest
from stator_rpc.session import Session
from stator_rpc.streams import Call, Ended, Refused, Response
from stator_rpc.wire import StatusCode

# After the contract, which says what to do where the package is missing.
from google.protobuf.message import DecodeError, Message

ALPN = "stator/1"
RELEASE = "python"
# The service version whose protos this client is generated from.
SERVICE_VERSION = 1
READ_SIZE = 65_536


class ConnectionFailed(Exception):
    """The connection could not be made, or is no longer there."""


class CallFailed(Exception):
    """A call's status that is not OK."""

    def __init__(self, code: StatusCode, text: str, details: Message | None = None):
        super().__init__(f"{code.name}: {text}" if text else code.name)
        self.code = code
        self.text = text
        self.details = details


class ResponseStream(Iterator[Message]):
    """The responses of a call; iterating raises `CallFailed` where the call does."""

    def __init__(self, client: "Client", response: type[Message], deadline: float | None):
        self.call: Call | None = None
        self._client = client
        self._response = response
        self._deadline = deadline
        self._events: queue.SimpleQueue[protocol.Event] = queue.SimpleQueue()
        self._is_over = False

    def put(self, event: protocol.Event) -> None:
        self._events.put(event)

    def __next__(self) -> Message:
        if self._is_over:
            raise StopIteration
        event = self._next_event()
        match event:
            case Response(call, message, ends_stream, cost):
                self._is_over = ends_stream
                self._client.consumed(call, cost)
                try:
                    return self._response.FromString(message)
                except DecodeError:
                    self.cancel()
                    raise CallFailed(StatusCode.INTERNAL, "a response that cannot be decoded") from None
            case Ended(_, status):
                self._is_over = True
                if status.code is StatusCode.OK:
                    raise StopIteration
                raise CallFailed(status.code, status.text, self._client.details(status))
            case Refused():
                self._is_over = True
                raise CallFailed(StatusCode.UNAVAILABLE, "the connection takes up no calls any more")
            case _:
                self._is_over = True
                raise CallFailed(StatusCode.UNAVAILABLE, self._client.end_sentence)

    def _next_event(self) -> protocol.Event:
        timeout = None if self._deadline is None else max(0.0, self._deadline - time.monotonic())
        try:
            return self._events.get(timeout=timeout)
        except queue.Empty:
            self.cancel()
            raise CallFailed(StatusCode.DEADLINE_EXCEEDED, "no answer in time") from None

    def cancel(self) -> None:
        """Gives the call up; it is not answered."""
        self._is_over = True
        if self.call is not None:
            self._client.cancel(self.call)


class Client:
    def __init__(self, address: str, *, certificate: str, private_key: str, ca: str,
                 contract: Contract | None = None, callee_class: str = "api", timeout: float = 10.0):
        """Connects, and waits until calls can be made."""
        self.contract = contract or Contract()
        self._lock = threading.Lock()
        self._pending: set[ResponseStream] = set()
        self._ready = threading.Event()
        self._peer_versions = Manifest({})
        self._end: str | None = None
        self._socket = self._connected(address, certificate, private_key, ca, callee_class, timeout)
        self._wake_receiver, self._wake_sender = socket.socketpair()
        self._wake_sender.setblocking(False)
        self._session = Session(
            manifest=Manifest(self.contract.versions), release=RELEASE, service_version=SERVICE_VERSION,
            now=time.monotonic())
        self._thread = threading.Thread(target=self._run, name="stator connection", daemon=True)
        self._thread.start()
        self._ready.wait()
        if not self._session.is_ready:
            raise ConnectionFailed(self.end_sentence)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def message(self, name: str) -> type[Message]:
        return self.contract.message(name)

    # MARK: calls

    def unary(self, path: str, request: Message, *, timeout: float | None = 30.0,
              idempotency_key: bytes | None = None) -> Message:
        """Makes a call with one response; a key makes a repetition have the first outcome."""
        responses = list(self.begin(path, request, timeout, idempotency_key))
        if len(responses) != 1:
            raise CallFailed(StatusCode.INTERNAL, f"a unary call with {len(responses)} responses")
        return responses[0]

    def server_streaming(self, path: str, request: Message, *, timeout: float | None = None) -> ResponseStream:
        return self.begin(path, request, timeout)

    def begin(self, path: str, request: Message, timeout: float | None = None,
              idempotency_key: bytes | None = None) -> ResponseStream:
        """Makes a call and gives its responses as they come."""
        method = self.contract.method(path)
        try:
            encoded = self.contract.lowered(request, self._peer_versions).SerializeToString()
        except CannotBeSaid as error:
            raise CallFailed(StatusCode.FAILED_PRECONDITION, str(error)) from None
        return self.begin_encoded(
            wire.method_number(path), encoded, self.contract.response(method), timeout, idempotency_key,
            self.contract.is_priority(method))

    def begin_encoded(self, number: int, request: bytes, response: type[Message], timeout: float | None = None,
                      idempotency_key: bytes | None = None, is_priority: bool = False) -> ResponseStream:
        """Makes a call of any method's number with any bytes."""
        # 0 would be no timeout at all.
        microseconds = 0 if timeout is None else max(1, int(timeout * 1_000_000))
        # No trace begins here, but the call can be found in the callee's logs.
        trace = secrets.token_bytes(24) + b"\x00"
        header = wire.Open(number, microseconds, idempotency_key, trace)
        deadline = None if timeout is None else time.monotonic() + timeout
        responses = ResponseStream(self, response, deadline)
        with self._lock:
            if self._end is not None:
                raise CallFailed(StatusCode.UNAVAILABLE, self.end_sentence)
            self._pending.add(responses)
            responses.call = self._session.call(header, request, is_priority=is_priority, owner=responses)
        self._wake()
        return responses

    def cancel(self, call: Call) -> None:
        with self._lock:
            self._session.cancel(call)
            self._pending.discard(call.owner)
        self._wake()

    def consumed(self, call: Call, cost: int) -> None:
        with self._lock:
            self._session.consumed(call, cost)
        self._wake()

    def details(self, status: wire.Status) -> Message | None:
        """The details of a status, when their message is one of the contract's."""
        if (named := status.named_details) is None:
            return None
        message = self.contract.message_named(named[0])
        try:
            return message.FromString(named[1]) if message is not None else None
        except DecodeError:
            return None

    @property
    def end_sentence(self) -> str:
        return self._end or "the connection is closed"

    def close(self) -> None:
        """Waits for the calls that are under way, and closes the connection."""
        with self._lock:
            self._session.leave()
        self._wake()
        self._thread.join()
        self._wake_sender.close()

    # MARK: the connection's own thread

    def _connected(self, address: str, certificate: str, private_key: str, ca: str, callee_class: str,
                   timeout: float) -> ssl.SSLSocket:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        # The peer is known by the URI in its certificate, checked below; it has no host's name to be compared.
        context.check_hostname = False
        context.set_alpn_protocols([ALPN])
        host, _, port = address.rpartition(":")
        try:
            context.load_verify_locations(ca)
            context.load_cert_chain(certificate, private_key)
            plain = socket.create_connection((host.strip("[]"), int(port)), timeout)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connected = context.wrap_socket(plain)
        except (OSError, ValueError) as error:
            raise ConnectionFailed(f"cannot connect to {address}: {error}") from None
        if connected.selected_alpn_protocol() != ALPN:
            raise ConnectionFailed(f"{address} does not speak {ALPN}")
        _check_identity(connected, address, _deployment(certificate), callee_class)
        connected.setblocking(False)
        return connected

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except OSError as error:
            with self._lock:
                self._finish(f"the connection is broken: {error}")
        finally:
            try:
                # TLS's close_notify; the peer's is not waited for.
                self._socket.unwrap()
            except (OSError, ValueError):
                pass
            self._socket.close()
            self._wake_receiver.close()
            self._ready.set()

    def _step(self) -> bool:
        """Waits for something to do and does it; false when the connection is at its end."""
        now = time.monotonic()
        with self._lock:
            self._session.tick(now)
            self._deliver()
            has_outbound = len(self._session.outbound) > 0
            is_done = self._session.closed is not None or self._session.is_drained
            if is_done and not has_outbound:
                self._finish(self._session.closed.sentence if self._session.closed else "the connection is closed")
                return False
            timeout = max(0.0, self._session.wake_up - now)
        writable = [self._socket] if has_outbound else []
        readable, writable, _ = select.select([self._socket, self._wake_receiver], writable, [], timeout)
        if self._wake_receiver in readable:
            self._wake_receiver.recv(4_096)
        if self._socket in readable:
            self._read()
        if writable:
            self._write()
        return True

    def _read(self) -> None:
        # Until nothing is left: what OpenSSL has decrypted already does not make the socket readable.
        is_empty = False
        while not is_empty:
            try:
                data = self._socket.recv(READ_SIZE)
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            except ssl.SSLEOFError:
                data = b""
            is_empty = not data
            with self._lock:
                if is_empty:
                    self._session.end_of_input()
                else:
                    self._session.receive(data, time.monotonic())
                self._deliver()

    def _write(self) -> None:
        with self._lock:
            try:
                count = self._socket.send(self._session.outbound[:READ_SIZE])
            except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return
            del self._session.outbound[:count]

    def _deliver(self) -> None:
        while self._session.events:
            event = self._session.events.popleft()
            match event:
                case protocol.Ready():
                    self._peer_versions = event.manifest
                    self._ready.set()
                case Response(call) | Ended(call) | Refused(call):
                    if call.is_over:
                        self._pending.discard(call.owner)
                    call.owner.put(event)
                case protocol.Closed():
                    self._finish(event.sentence)

    def _finish(self, sentence: str) -> None:
        if self._end is None:
            self._end = sentence
        for responses in self._pending:
            responses.put(protocol.Closed(sentence, None))
        self._pending.clear()

    def _wake(self) -> None:
        try:
            self._wake_sender.send(b"\0")
        except OSError:
            # It is awake enough, or its connection is closed.
            pass


def connection_parser(description: str) -> argparse.ArgumentParser:
    """The options that every program here has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--address", required=True, metavar="HOST:PORT", help="where the API listens")
    parser.add_argument("--certificate", required=True, metavar="FILE", help="the user's certificate chain, PEM")
    parser.add_argument("--key", required=True, metavar="FILE", help="its private key, PEM")
    parser.add_argument("--ca", required=True, metavar="FILE", help="the authorities that are trusted, PEM")
    return parser


def connected(options: argparse.Namespace) -> Client:
    return Client(options.address, certificate=options.certificate, private_key=options.key, ca=options.ca)


_IDENTITY = "stator://([A-Za-z0-9._-]{1,255})/(compute|conductor|api|operator|user)/([A-Za-z0-9._-]{1,255})"


def _check_identity(connected: ssl.SSLSocket, address: str, deployment: str, callee_class: str) -> None:
    """The certificate is to have exactly one URI of the form, of the same deployment and the class called."""
    certificate = connected.getpeercert() or {}
    uris = [value for kind, value in certificate.get("subjectAltName", ()) if kind == "URI"]
    identities = [match.groups() for uri in uris if (match := re.fullmatch(_IDENTITY, uri))]
    if len(identities) != 1 or identities[0][:2] != (deployment, callee_class):
        connected.close()
        raise ConnectionFailed(f"{address} is {', '.join(uris) or 'nobody'}, and no {callee_class} of '{deployment}'")


def _deployment(certificate: str) -> str:
    """The deployment in the own certificate.

    Its URI is plain ASCII in the encoding; Python's library reads the names of a peer's certificate only.
    """
    with open(certificate, encoding="ascii") as file:
        encoded = ssl.PEM_cert_to_DER_cert(_first_certificate(file.read()))
    match = re.search(_IDENTITY.encode(), encoded)
    if match is None:
        raise ConnectionFailed(f"{certificate} names nobody: it has no URI stator://<deployment>/<class>/<name>")
    return match.group(1).decode()


def _first_certificate(chain: str) -> str:
    end = "-----END CERTIFICATE-----"
    return chain[chain.find("-----BEGIN CERTIFICATE-----") : chain.find(end) + len(end)]
