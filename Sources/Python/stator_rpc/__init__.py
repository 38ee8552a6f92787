"""Calls to services of Stator and of whoever uses its generator: asyncio over TLS, standard library only.

Generated packages bring the services' clients; a `Channel` carries their calls:

    async with Channel(["127.0.0.1:7443"], Credentials("me.crt", "me.key", "ca.crt"), CONTRACT) as channel:
        answer = await ComputeClient(channel).list_servers(ListServersRequest())
"""

from stator_rpc.calls import BidirectionalCall, ClientStreamingCall, ResponseStream
from stator_rpc.channel import Channel
from stator_rpc.connection import Peer
from stator_rpc.errors import ConnectFailed, ConnectionLost, MessageError, NotBegun, PeerRefused, RPCError
from stator_rpc.identity import Credentials, Identity
from stator_rpc.manifest import InvalidManifest, Manifest, Version
from stator_rpc.methods import CallerClass, Contract, Message, Method, Shape
from stator_rpc.wire import StatusCode

__all__ = [
    "BidirectionalCall",
    "CallerClass",
    "Channel",
    "ClientStreamingCall",
    "ConnectFailed",
    "ConnectionLost",
    "Contract",
    "Credentials",
    "Identity",
    "InvalidManifest",
    "Manifest",
    "Message",
    "MessageError",
    "Method",
    "NotBegun",
    "Peer",
    "PeerRefused",
    "RPCError",
    "ResponseStream",
    "Shape",
    "StatusCode",
    "Version",
]
