"""Where a log-in attempt comes from: the address of the connection, or what trusted proxies say about it.

A header that the sender can write decides nothing: an attacker who chose the text would be a new source with each attempt.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

# As typing has it, which takes longer to import than everything here together.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import Any, Final

    Address = IPv4Address | IPv6Address
    Network = IPv4Network | IPv6Network

UNIX: Final = "unix"
"""What stands for a connection over a Unix socket among the trusted proxies."""


class Proxies:
    """The proxies whose word about their clients is taken; none by default.

    :param trusted: addresses, networks such as ``10.0.0.0/8``, and ``unix`` for whatever comes over a Unix socket.
    :param header: what they write. They must append to it, or replace it.
    :raises ValueError: for what is none of these.
    """

    __slots__ = ("_networks", "_unix", "header")

    def __init__(self, trusted: Iterable[str] = (), header: str = "X-Forwarded-For") -> None:
        if isinstance(trusted, str):
            raise ValueError(  # noqa: TRY004 - what a setting says
                f"trusted proxies must be a list of addresses and networks, not {trusted!r}"
            )
        given = list(trusted)
        self._unix = UNIX in given
        self._networks = tuple(_network(text) for text in given if text != UNIX)
        if not header.isascii() or not header.replace("-", "").isalnum():
            raise ValueError(f"{header!r} is no name of a header")
        self.header = header

    def source(self, peer: str | None, forwarded: Sequence[str]) -> str:
        """The address that an attempt comes from; empty where it is not known.

        Followed is the last address of the header that is no trusted proxy. What stands before it was written by the sender.

        :param peer: the other end of the connection; empty or ``None`` over a Unix socket.
        :param forwarded: the values of the header, as they came.
        """
        near = _address(peer or "")
        own = str(near) if near is not None else peer or ""
        if not self._is_trusted(near, peer):
            return own
        for value in reversed(forwarded):
            for hop in reversed(value.split(",")):
                address = _address(hop.strip())
                if address is None:
                    return own
                if not self._is_within(address):
                    return str(address)
        return own

    def source_of(self, request: Mapping[str, Any]) -> str:
        """The same of a WSGI environment or an ASGI scope."""
        if "headers" in request and "type" in request:
            client = request.get("client")
            name = self.header.lower().encode()
            values = [value.decode("latin-1") for key, value in request["headers"] if key.lower() == name]
            return self.source(client[0] if client else "", values)
        value = request.get(f"HTTP_{self.header.upper().replace('-', '_')}")
        return self.source(request.get("REMOTE_ADDR"), [] if value is None else [value])

    def _is_trusted(self, address: Address | None, peer: str | None) -> bool:
        if address is None:
            # A Unix socket has no address, or one that is a path.
            return self._unix and (not peer or peer.startswith(("unix:", "/")))
        return self._is_within(address)

    def _is_within(self, address: Address) -> bool:
        return any(address.version == one.version and address in one for one in self._networks)


def _network(text: object) -> Network:
    try:
        # As text: a number would be an address too.
        return ip_network(str(text))
    except ValueError:
        raise ValueError(
            f"{text!r} is no trusted proxy: give an address such as 10.0.0.2, a network such as 10.0.0.0/8, or unix"
        ) from None


def _address(text: str) -> Address | None:
    """An address as proxies write it: with brackets and a port, too."""
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address
