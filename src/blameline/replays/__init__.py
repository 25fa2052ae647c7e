"""Replays: the experiment that would settle a blame, planned, run, and read.

In come the experiments that a ledger names and the requests on record; out come a plan as JSON lines, results of an endpoint
that speaks OpenAI's protocol, and what each factor made of the difference. Only ``calls`` ever speaks to a network, and
only to the address that it was given.
"""

from __future__ import annotations
