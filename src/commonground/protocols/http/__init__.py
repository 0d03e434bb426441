"""The one way out: every request to a portal goes through this client.

Polite: it says who we are, waits as `Retry-After` asks, keeps few connections a host, asks conditionally.
Bounded: time-outs on connecting, reading and the whole attempt, caps on headers and bodies.
Guarded: an address is checked at the moment of connecting, on redirects too; private ones are refused
unless the settings allow them.
During a replay or a demonstration `routes` leads each known host to a loopback port, and with
`sealed` every other host is `Unrecorded`: nothing leaves the machine.
"""

from commonground.protocols.http.answers import Answer, Head, Validators, parse_json
from commonground.protocols.http.client import Client, Params
from commonground.protocols.http.manners import Manners

__all__ = ["Answer", "Client", "Head", "Manners", "Params", "Validators", "parse_json"]
