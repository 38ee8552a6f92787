#!/usr/bin/env python3
"""Makes calls of every kind against a live Stator API, with an operator's certificate, and says how each one went.

It makes flavors and a server, and deletes the server again. The exit status is 0 when all went well.
"""

import sys
import secrets
import traceback
from collections.abc import Callable

from stator_client import CallFailed, Client, ConnectionFailed, ResponseStream, connected, connection_parser

# After ours, which lets it be found.
from stator_rpc import wire
from stator_rpc.wire import StatusCode

# After ours, which says what to do where the package is missing.
from google.protobuf.message import Message

COMPUTE = "stator.v1.Compute"


class Exercise:
    def __init__(self, client: Client, image: str):
        self.client = client
        self.image = image
        self.name = f"python-{secrets.token_hex(4)}"

    def unary(self, method: str, request: str, idempotency_key: bytes | None = None, **fields: object) -> Message:
        message = self.client.message(request)(**fields)
        return self.client.unary(f"{COMPUTE}/{method}", message, idempotency_key=idempotency_key)

    def begin(self, method: str, request: str, timeout: float | None = 30.0, **fields: object) -> ResponseStream:
        return self.client.begin(f"{COMPUTE}/{method}", self.client.message(request)(**fields), timeout)

    # MARK: the checks, in their order

    def unary_calls(self) -> str:
        flavors = self.unary("ListFlavors", "ListFlavorsRequest").flavors
        hosts = self.unary("ListHosts", "ListHostsRequest").hosts
        assert any(flavor.name == "tiny" for flavor in flavors), flavors
        assert hosts and all(len(host.uuid) == 16 for host in hosts), hosts
        return f"{len(flavors)} flavors, {len(hosts)} hosts"

    def a_repetition_with_the_same_key_has_the_first_outcome(self) -> str:
        key = secrets.token_bytes(16)
        request = {"name": self.name, "flavor": "tiny", "image": self.image}
        first = self.unary("CreateServer", "CreateServerRequest", key, **request)
        second = self.unary("CreateServer", "CreateServerRequest", key, **request)
        assert first.operation.uuid == second.operation.uuid, (first, second)
        self.operation = first.operation.uuid
        return self.name

    def a_stream_of_responses(self) -> str:
        states = []
        for response in self.begin("WatchOperation", "WatchOperationRequest", uuid=self.operation):
            states.append(response.operation.state)
        succeeded = 3
        assert states and states[-1] == succeeded, states
        return f"{len(states)} responses"

    def a_stream_of_bytes(self) -> str:
        parts = list(self.begin("GetConsoleOutput", "GetConsoleOutputRequest", server=self.name))
        return f"{sum(len(part.data) for part in parts)} bytes"

    def a_call_that_is_given_up_disturbs_no_other(self) -> str:
        for _ in range(50):
            self.begin("GetConsoleOutput", "GetConsoleOutputRequest", server=self.name).cancel()
        return self.unary_calls()

    def statuses(self) -> str:
        server = self.client.message("ServerResponse")
        self.fails(StatusCode.NOT_FOUND, self.begin("GetServer", "ServerRequest", server="nobody"))
        self.fails(StatusCode.INVALID_ARGUMENT, self.begin("GetServer", "ServerRequest"))
        unknown = wire.method_number(f"{COMPUTE}/Unheard")
        self.fails(StatusCode.UNIMPLEMENTED, self.client.begin_encoded(unknown, b"", server, 30.0))
        known = wire.method_number(f"{COMPUTE}/GetServer")
        self.fails(StatusCode.INVALID_ARGUMENT, self.client.begin_encoded(known, b"\xff\xff", server, 30.0))
        others = wire.method_number("stator.v1.HostState/RenewLease")
        lease = self.client.message("RenewLeaseResponse")
        refused = self.fails(None, self.client.begin_encoded(others, b"", lease, 30.0))
        assert refused in (StatusCode.UNIMPLEMENTED, StatusCode.PERMISSION_DENIED), refused
        self.fails(StatusCode.DEADLINE_EXCEEDED, self.begin("ListHosts", "ListHostsRequest", timeout=0.000_001))
        return "as they should be"

    def long_requests_pass_the_credits(self) -> str:
        """More than four at a time and more than both credits; each is refused for its flavor."""
        request = {"name": "n", "flavor": "no such", "image": self.image, "user_data": bytes(60_000)}
        calls = [self.begin("CreateServer", "CreateServerRequest", **request) for _ in range(50)]
        for call in calls:
            self.fails(StatusCode.NOT_FOUND, call)
        return f"{50 * 60_000} bytes"

    def long_responses_pass_the_credits(self) -> str:
        for number in range(20):
            flavor = self.client.message("Flavor")(
                name=f"{self.name}-{number}", vcpus=1, memory_mb=1, root_gb=1, description="d" * 1_000)
            self.unary("CreateFlavor", "CreateFlavorRequest", secrets.token_bytes(16), flavor=flavor)
        count = 0
        for _ in range(3):
            calls = [self.begin("ListFlavors", "ListFlavorsRequest") for _ in range(60)]
            for call in calls:
                [response] = call
                assert len(response.flavors) > 20, len(response.flavors)
                count += response.ByteSize()
        assert count > 2 * wire.CONNECTION_CREDIT, count
        return f"{count} bytes"

    def the_server_goes_again(self) -> str:
        answer = self.unary("DeleteServer", "ServerRequest", secrets.token_bytes(16), server=self.name)
        self.operation = answer.operation.uuid
        return self.a_stream_of_responses()

    def fails(self, code: StatusCode | None, responses: ResponseStream) -> StatusCode:
        try:
            answer = list(responses)
        except CallFailed as error:
            assert code is None or error.code is code, f"{error} in place of {code}"
            assert error.text, f"{error.code.name} without a sentence"
            return error.code
        raise AssertionError(f"{answer} in place of {code}")

    @property
    def checks(self) -> list[Callable[[], str]]:
        return [
            self.unary_calls, self.a_repetition_with_the_same_key_has_the_first_outcome, self.a_stream_of_responses,
            self.a_stream_of_bytes, self.a_call_that_is_given_up_disturbs_no_other, self.statuses,
            self.long_requests_pass_the_credits, self.long_responses_pass_the_credits, self.the_server_goes_again,
        ]


def main() -> int:
    parser = connection_parser("Make calls of every kind against a Stator API.")
    parser.add_argument("--image", required=True, help="what a server is to be started from")
    options = parser.parse_args()
    failures = 0
    try:
        with connected(options) as client:
            for check in Exercise(client, options.image).checks:
                name = check.__name__.replace("_", " ")
                try:
                    print(f"ok: {name}: {check()}", flush=True)
                except (AssertionError, CallFailed):
                    failures += 1
                    print(f"failed: {name}: {traceback.format_exc()}", flush=True)
    except ConnectionFailed as error:
        print(f"exercise: {error}", file=sys.stderr)
        return 1
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
