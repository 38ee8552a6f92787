"""client.py ADDRESS CERTIFICATE KEY AUTHORITIES: adds entries in every way, and says what comes of it."""

import asyncio
import dataclasses
import sys

from stator_rpc import Channel, Credentials, RPCError, StatusCode
from tally.v1 import CONTRACT, AddRequest, Certainty, Entry, TallyClient, TallyMethods, WatchRequest

OLDER = dataclasses.replace(CONTRACT, manifest=CONTRACT.manifest.replacing({"tally.v1.Entry": (1, 0)}))


def entry(amount: int, unit: str | None = None) -> Entry:
    return Entry(name="nuts", amount=amount, certainty=Certainty.COUNTED, reason="because", unit=unit)


async def add(tally: TallyClient) -> None:
    print(f"total {(await tally.add(AddRequest(entry=entry(1)))).total}")
    async with tally.follow() as following:
        for amount in (2, 3):
            await following.send(entry(amount))
            print(f"total {(await anext(following)).total}")
        await following.end_requests()
        assert [response async for response in following] == []
    async with tally.add_all() as adding:
        for amount in range(100):
            await adding.send(entry(amount))
        print(f"total {(await adding.finish()).total}")
    try:
        async with tally.follow() as following:
            await following.send(Entry(name="nameless"))
            await anext(following)
    except RPCError as error:
        assert error.code is StatusCode.INVALID_ARGUMENT, error
        print(error)


async def watch(tally: TallyClient, count: int) -> None:
    """The last of so many entries, or why there is none."""
    last = None
    try:
        async with tally.watch(WatchRequest(count=count)) as entries:
            async for each in entries:
                last = each
    except RPCError as error:
        print(error)
    if last is not None:
        print(f"entry {last.name} {last.amount} {last.reason or 'without reason'}")


async def main() -> None:
    address, certificate, key, authorities = sys.argv[1:]
    credentials = Credentials(certificate, key, authorities)
    async with Channel([address], credentials, CONTRACT) as current, Channel([address], credentials, OLDER) as older:
        # 5 that the other client has added, and those of this one.
        await add(TallyClient(current))
        await watch(TallyClient(current), 108)
        await watch(TallyClient(older), 108)
        # One more comes while somebody waits for it.
        waiting = asyncio.ensure_future(watch(TallyClient(current), 109))
        await asyncio.sleep(0)
        await TallyClient(current).add(AddRequest(entry=entry(1_000)))
        await waiting
        assert TallyMethods.ADD.idempotent


asyncio.run(main())
