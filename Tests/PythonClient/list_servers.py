#!/usr/bin/env python3
"""Lists the servers of a live Stator API, as `stator server list` does.

    python3 list_servers.py --address 127.0.0.1:7443 --certificate admin.crt --key admin.key --ca ca.crt
"""

import sys
import unicodedata
import uuid
from collections.abc import Iterator

from stator_client import CallFailed, Client, ConnectionFailed, connected, connection_parser

# After ours, which says what to do where the package is missing.
from google.protobuf.descriptor import EnumDescriptor
from google.protobuf.message import Message

PAGE_SIZE = 1_000
COLUMNS = ["ID", "NAME", "STATE", "TASK", "POWER", "HOST", "FLAVOR", "IMAGE"]


def main() -> int:
    parser = connection_parser("List the servers of a Stator API.")
    parser.add_argument("--all", action="store_true", help="also those of other users; for operators")
    options = parser.parse_args()
    try:
        with connected(options) as client:
            servers = list(all_servers(client, options.all))
    except (CallFailed, ConnectionFailed) as error:
        print(f"list_servers: {error}", file=sys.stderr)
        return 1
    sys.stdout.write(table(servers, shows_owner=options.all))
    return 0


def all_servers(client: Client, all_users: bool) -> Iterator[Message]:
    """All pages."""
    request = client.message("ListServersRequest")(limit=PAGE_SIZE)
    if all_users:
        request.all_users = True
    is_last = False
    while not is_last:
        page = client.unary("stator.v1.Compute/ListServers", request).instances
        yield from page
        is_last = len(page) < PAGE_SIZE
        if page:
            request.marker = page[-1].uuid


def table(servers: list[Message], shows_owner: bool) -> str:
    rows = [COLUMNS + (["OWNER"] if shows_owner else [])]
    for server in servers:
        cells = [
            str(uuid.UUID(bytes=server.uuid)), server.display_name, enum_text(server, "vm_state"),
            enum_text(server, "task_state"), enum_text(server, "power_state"), server.host, server.flavor.name,
            server.image.name,
        ]
        rows.append([cell_text(cell) for cell in cells + ([server.user_id] if shows_owner else [])])
    widths = [max(width(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell + " " * (widths[i] - width(cell)) for i, cell in enumerate(row)) for row in rows)
    return "".join(line.rstrip() + "\n" for line in lines)


def enum_text(message: Message, field_name: str) -> str:
    """A value without its enumeration's name; what is idle, or absent, is empty."""
    if not message.HasField(field_name):
        return ""
    enumeration: EnumDescriptor = message.DESCRIPTOR.fields_by_name[field_name].enum_type
    prefix = common_prefix([value.name for value in enumeration.values])
    text = enumeration.values_by_number[getattr(message, field_name)].name.removeprefix(prefix).lower()
    return "" if text == "none" else text


def common_prefix(names: list[str]) -> str:
    """Up to the last underscore that all names share: `VM_STATE_`."""
    shortest = min(names)
    longest = max(names)
    count = next((i for i, letter in enumerate(shortest) if i >= len(longest) or longest[i] != letter), len(shortest))
    return shortest[: shortest.rfind("_", 0, count) + 1]


def cell_text(text: str) -> str:
    """One line, nothing that a terminal would obey; `-` for nothing."""
    kept = "".join(letter if unicodedata.category(letter)[0] != "C" else " " for letter in text).strip()
    return kept or "-"


def width(text: str) -> int:
    """Columns on a terminal."""
    count = 0
    for letter in text:
        if unicodedata.category(letter) not in ("Mn", "Me", "Cf"):
            count += 2 if unicodedata.east_asian_width(letter) in ("W", "F") else 1
    return count


if __name__ == "__main__":
    sys.exit(main())
