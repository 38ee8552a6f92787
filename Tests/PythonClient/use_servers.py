#!/usr/bin/env python3
"""Lists, creates and watches servers of a live Stator API with the client that protoc-gen-stator generates.

The folder with the generated package is in PYTHONPATH. Each check prints a line; the exit status is 0 when all went
well.
"""

import argparse
import asyncio
import dataclasses
import secrets
import sys
import traceback
from collections.abc import Awaitable, Callable

import runtime  # noqa: F401 - before the others, which it lets be found
from stator.v1 import (
    CONTRACT,
    ComputeClient,
    ComputeMethods,
    CreateServerRequest,
    GetConsoleOutputRequest,
    HostRequest,
    Instance,
    ListFlavorsRequest,
    ListHostsRequest,
    ListServersRequest,
    Operation,
    OperationState,
    ServerRequest,
    VMState,
    WatchOperationRequest,
)

from stator_objects import ErrorCode, ObjectError
from stator_rpc import Channel, Contract, Credentials, RPCError, StatusCode

# A build that was made when instances were at 1.0.
OLDER_CONTRACT = dataclasses.replace(CONTRACT, manifest=CONTRACT.manifest.replacing({"stator.v1.Instance": (1, 0)}))
# And one to which an instance is something else.
OTHER_CONTRACT = dataclasses.replace(CONTRACT, manifest=CONTRACT.manifest.replacing({"stator.v1.Instance": (2, 0)}))
DESCRIPTION = "größe 漢字"
USER_DATA = b"#!/bin/sh\n"


class Exercise:
    def __init__(self, options: argparse.Namespace):
        self.options = options
        self.credentials = Credentials(options.certificate, options.key, options.ca)
        self.name = f"generated-{secrets.token_hex(4)}"
        self.main = self.channel()
        self.compute = ComputeClient(self.main)

    def channel(self, contract: Contract = CONTRACT, addresses: list[str] | None = None) -> Channel:
        return Channel(addresses or [self.options.address], self.credentials, contract)

    async def created(self, name: str, user_data: bytes | None = None, key: bytes | None = None) -> Operation:
        request = CreateServerRequest(
            name=name, flavor="tiny", image=self.options.image, description=DESCRIPTION, user_data=user_data)
        response = await self.compute.create_server(request, idempotency_key=key)
        assert response.operation is not None and response.instance is not None
        assert response.instance.display_name == name, response
        return response.operation

    async def watched(self, operation: Operation) -> list[OperationState]:
        """The states of an operation until it has ended."""
        request = WatchOperationRequest(uuid=operation.uuid)
        states = []
        async with self.compute.watch_operation(request, timeout=60) as responses:
            async for response in responses:
                assert response.operation is not None and response.operation.state is not None
                assert response.operation.uuid == operation.uuid, response
                states.append(response.operation.state)
        return states

    async def instance(self, name: str, compute: ComputeClient | None = None) -> Instance:
        response = await (compute or self.compute).get_server(ServerRequest(server=name))
        assert response.instance is not None
        return response.instance

    # MARK: the checks, in their order

    async def lists(self) -> str:
        flavors = (await self.compute.list_flavors(ListFlavorsRequest())).flavors
        hosts = (await self.compute.list_hosts(ListHostsRequest())).hosts
        assert any(flavor.name == "tiny" and flavor.vcpus == 1 for flavor in flavors), flavors
        assert hosts and all(host.up and host.last_seen_up is not None for host in hosts), hosts
        host = (await self.compute.get_host(HostRequest(host=hosts[0].name))).host
        assert host is not None and host.uuid == hosts[0].uuid, host
        return f"{len(flavors)} flavors, {len(hosts)} hosts"

    async def a_server_is_created_and_watched(self) -> str:
        states = await self.watched(await self.created(self.name))
        assert states[-1] is OperationState.SUCCEEDED, states
        instance = await self.instance(self.name)
        assert instance.vm_state is VMState.ACTIVE and instance.display_description == DESCRIPTION, instance
        servers = (await self.compute.list_servers(ListServersRequest())).instances
        assert instance.uuid in [server.uuid for server in servers], servers
        return f"{len(states)} states"

    async def a_repetition_with_the_same_key_has_the_first_outcome(self) -> str:
        key, name = secrets.token_bytes(16), f"{self.name}-data"
        first = await self.created(name, USER_DATA, key)
        second = await self.created(name, USER_DATA, key)
        assert first.uuid == second.uuid, (first, second)
        assert (await self.watched(first))[-1] is OperationState.SUCCEEDED
        return name

    async def a_client_with_an_older_manifest_gets_what_its_version_has(self) -> str:
        async with self.channel(OLDER_CONTRACT) as channel:
            older = ComputeClient(channel)
            instance, full = await self.instance(self.name, older), await self.instance(self.name)
            assert instance.display_description is None, instance
            # All else is the same, and the peer said nothing that this client would not know.
            assert dataclasses.replace(full, display_description=None) == instance, (full, instance)
            assert not instance.unknown_fields
            servers = (await older.list_servers(ListServersRequest())).instances
            assert servers and not any(server.display_description for server in servers), servers
        return "no description"

    async def an_older_reader_is_shown_the_rest_of_a_server(self) -> str:
        if "cpu_model" not in CreateServerRequest.schema.by_attribute:
            return "not in this release"
        name = f"{self.name}-model"
        request = CreateServerRequest(name=name, flavor="tiny", image=self.options.image)
        setattr(request, "cpu_model", "Nehalem")
        response = await self.compute.create_server(request)
        assert response.operation is not None
        assert (await self.watched(response.operation))[-1] is OperationState.SUCCEEDED
        async with self.channel(OLDER_CONTRACT) as channel:
            older = ComputeClient(channel)
            shown = await self.instance(name, older)
            assert getattr(shown, "cpu_model") is None and not shown.unknown_fields, shown
            listed = (await older.list_servers(ListServersRequest())).instances
            assert name in [server.display_name for server in listed], listed
        full = await self.instance(name)
        assert getattr(full, "cpu_model") == "Nehalem", full
        await self.deleted(name)
        return "without the CPU model"

    async def a_client_of_another_major_version_is_refused(self) -> str:
        async with self.channel(OTHER_CONTRACT) as channel:
            call = ComputeClient(channel).get_server(ServerRequest(server=self.name))
            text = await fails(StatusCode.FAILED_PRECONDITION, call)
        assert "stator.v1.Instance" in text and "2.0" in text, text
        return text

    async def what_the_peer_lacks_is_refused_by_the_sender(self) -> str:
        instance = await self.instance(self.name)
        instance.user_data = USER_DATA
        assert USER_DATA.decode() not in repr(instance), instance
        try:
            instance.encode_for(OLDER_CONTRACT.manifest)
        except ObjectError as error:
            assert error.code is ErrorCode.LOST_IN_LOWERING and error.field == "user_data", error
        else:
            raise AssertionError("it is said although it cannot be")
        method = dataclasses.replace(ComputeMethods.GET_SERVER, since=1_000)
        channel = self.channel()
        async with channel:
            text = await fails(StatusCode.UNIMPLEMENTED, channel.unary(method, ServerRequest(server=self.name)))
        assert "stator.v1.Compute/GetServer needs service version 1000" in text and "/api/api1 has " in text, text
        return text

    async def statuses(self) -> str:
        compute = self.compute
        await fails(StatusCode.NOT_FOUND, compute.get_server(ServerRequest(server="nobody")))
        await fails(StatusCode.INVALID_ARGUMENT, compute.get_server(ServerRequest()))
        await fails(StatusCode.DEADLINE_EXCEEDED, compute.list_hosts(ListHostsRequest(), timeout=0.000_001))
        nobody = WatchOperationRequest(uuid=(await self.instance(self.name)).uuid)
        await fails(StatusCode.NOT_FOUND, anext(compute.watch_operation(nobody)))
        return "as they should be"

    async def a_console_is_a_stream_of_bytes(self) -> str:
        parts = [part async for part in self.compute.get_console_output(GetConsoleOutputRequest(server=self.name))]
        return f"{sum(len(part.data or b'') for part in parts)} bytes"

    async def calls_that_are_given_up_disturb_no_other(self) -> str:
        for _ in range(50):
            async with self.compute.get_console_output(GetConsoleOutputRequest(server=self.name)) as responses:
                task = asyncio.ensure_future(anext(responses, None))
                await asyncio.sleep(0)
                task.cancel()
        return await self.lists()

    async def many_calls_at_a_time_pass_the_credits(self) -> str:
        """More long messages than four at a time, and more than both credits."""
        request = CreateServerRequest(name="n", flavor="no such", image=self.options.image, user_data=bytes(60_000))
        long = [fails(StatusCode.NOT_FOUND, self.compute.create_server(request)) for _ in range(40)]
        short = [self.compute.list_flavors(ListFlavorsRequest()) for _ in range(200)]
        await asyncio.gather(*long, *short)
        return f"{len(long) * 60_000} bytes, {len(short)} calls"

    async def an_address_that_does_not_answer_is_passed_over(self) -> str:
        for _ in range(4):
            async with self.channel(addresses=["127.0.0.1:1", self.options.address]) as channel:
                peer = await channel.peer()
        assert str(peer.identity).endswith("/api/api1"), peer
        return f"{peer.identity} of release {peer.release}"

    async def who_is_not_whom_it_should_be_gets_no_call(self) -> str:
        async with self.channel(addresses=[self.options.conductor]) as channel:
            client = ComputeClient(channel)
            text = await fails(StatusCode.UNAUTHENTICATED, client.list_flavors(ListFlavorsRequest()))
        assert "/conductor/conductor1" in text, text
        return text

    async def the_servers_go_again(self) -> str:
        for name in [self.name, f"{self.name}-data"]:
            await self.deleted(name)
        return "both"

    async def deleted(self, name: str) -> None:
        response = await self.compute.delete_server(ServerRequest(server=name))
        assert response.operation is not None
        assert (await self.watched(response.operation))[-1] is OperationState.SUCCEEDED
        await fails(StatusCode.NOT_FOUND, self.compute.get_server(ServerRequest(server=name)))

    @property
    def checks(self) -> list[Callable[[], Awaitable[str]]]:
        return [
            self.lists, self.a_server_is_created_and_watched,
            self.a_repetition_with_the_same_key_has_the_first_outcome,
            self.a_client_with_an_older_manifest_gets_what_its_version_has,
            self.an_older_reader_is_shown_the_rest_of_a_server, self.a_client_of_another_major_version_is_refused,
            self.what_the_peer_lacks_is_refused_by_the_sender, self.statuses, self.a_console_is_a_stream_of_bytes,
            self.calls_that_are_given_up_disturb_no_other, self.many_calls_at_a_time_pass_the_credits,
            self.an_address_that_does_not_answer_is_passed_over, self.who_is_not_whom_it_should_be_gets_no_call,
            self.the_servers_go_again,
        ]


async def fails(code: StatusCode, call: Awaitable[object]) -> str:
    """The sentence with which the call fails."""
    try:
        answer = await call
    except RPCError as error:
        assert error.code is code, f"{error} in place of {code.name}"
        assert error.text, f"{code.name} without a sentence"
        return error.text
    raise AssertionError(f"{answer} in place of {code.name}")


async def exercise(options: argparse.Namespace) -> int:
    failures = 0
    exercise = Exercise(options)
    async with exercise.main:
        for check in exercise.checks:
            name = check.__name__.replace("_", " ")
            try:
                print(f"ok: {name}: {await check()}", flush=True)
            except (AssertionError, RPCError, ObjectError):
                failures += 1
                print(f"failed: {name}: {traceback.format_exc()}", flush=True)
    return 1 if failures else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Use the servers of a Stator API.")
    parser.add_argument("--address", required=True, help="where the API listens, host:port")
    parser.add_argument("--conductor", required=True, help="where a conductor listens")
    parser.add_argument("--certificate", required=True, help="an operator's")
    parser.add_argument("--key", required=True)
    parser.add_argument("--ca", required=True)
    parser.add_argument("--image", required=True, help="what a server is to be started from")
    return asyncio.run(exercise(parser.parse_args()))


if __name__ == "__main__":
    sys.exit(main())
