"""What calls and messages raise."""

from stator_rpc.wire import Status, StatusCode


class MessageError(Exception):
    """A message that cannot be encoded, or decoded; `status_code` is what a call fails with for it."""

    status_code = StatusCode.INVALID_ARGUMENT


class RPCError(Exception):
    """How a call failed: a status code for programs, a sentence for people.

    `details_name` and `details` are the name of a message and its encoding, where the callee gave one.
    """

    def __init__(self, code: StatusCode, text: str, details_name: str = "", details: bytes = b""):
        super().__init__(f"{code.name}: {text}" if text else code.name)
        self.code = code
        self.text = text
        self.details_name = details_name
        self.details = details

    @classmethod
    def of(cls, status: Status) -> "RPCError":
        """The error of a status that is not OK."""
        name, details = status.named_details or ("", b"")
        return cls(status.code, status.text, name, details)


class NotBegun(RPCError):
    """The callee has not begun the call: it can be made again, whatever it does."""

    def __init__(self, text: str):
        super().__init__(StatusCode.UNAVAILABLE, text)


class ConnectionLost(RPCError):
    """The connection ended in the midst of the call, which may have been done."""

    def __init__(self, text: str):
        super().__init__(StatusCode.UNAVAILABLE, text)


class ConnectFailed(Exception):
    """A connection could not be made, or its other side is not whom it should be."""


class PeerRefused(ConnectFailed):
    """The two sides do not accept each other: to dial once more would change nothing."""
