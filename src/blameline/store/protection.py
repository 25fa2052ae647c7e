"""What may be stored of what people typed: a mode and a team's own patterns in, the patterns that the statements use out.

The patterns run inside DuckDB (RE2), over every name and value before it is stored: one pass for all of them tells whether
there is anything to do. Python detectors cannot follow there (a hundred times slower); tests hold these patterns to what
detect-secrets finds.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Content = Literal["none", "redacted", "full"]

_SECRETS = (
    r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}",  # AWS
    r"gh[pousr]_[A-Za-z0-9_]{36,}|github_pat_[A-Za-z0-9_]{22,}",
    r"(?:glpat|gldt|glft|glsoat|glrt|glimt|glptt|glagent|gloas|glcbt)-[A-Za-z0-9_-]{20,}|GR1348941[A-Za-z0-9_-]{20,}",
    r"sk-[A-Za-z0-9_-]{20,}",  # OpenAI, Anthropic, OpenRouter, Langfuse …
    r"[rs]k_(?:live|test)_[0-9a-zA-Z]{16,}|whsec_[A-Za-z0-9+/=]{24,}",  # Stripe
    r"xox[abeoprs]-[A-Za-z0-9-]{10,}|https://hooks\.slack\.com/services/[A-Za-z0-9_/]+",
    r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}",  # Google
    r"hf_[A-Za-z]{30,}|npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|dop_v1_[a-f0-9]{64}|lsv2_[a-z]{2}_[a-f0-9_]{32,}",
    r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|[0-9a-z]{32}-us[0-9]{1,2}",  # SendGrid, Mailchimp
    r"eyJ[A-Za-z0-9_=-]{8,}\.[A-Za-z0-9_=-]+(?:\.[A-Za-z0-9_.+/=-]+)?",  # JSON web tokens
    r"\b(?:AC|SK)[a-z0-9]{32}\b|sq0[a-z]{3}-[0-9A-Za-z_\\-]{22,}|\bA(?:KC[a-zA-Z0-9]|P[0-9A-F][a-zA-Z0-9])[a-zA-Z0-9]{9,}\b",
    r"AccountKey=[A-Za-z0-9+/=]{40,}|\b\d{8,10}:[0-9A-Za-z_-]{35}|[MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}",
    r"(?:-----)?BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*(?:-----)?[A-Za-z0-9+/=\s\\:,.]*(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----)?",
    r"PuTTY-User-Key-File-\d[A-Za-z0-9+/=\s\\:,.-]*",
    r"(?i:bearer|basic)\s+[A-Za-z0-9_.~+/=-]{16,}",
    r"(?i:(?:api[_-]?key|apikey|secret|passwd|password|pwd|access[_-]?token|auth[_-]?token|client[_-]?secret)"
    r"[\\\"']*\s*[:=]\s*[\\\"']*[^\s\"',;}{\\\\]{6,})",
    r"://[^\s:/@\"]+:[^\s:/@\"]+@",
)
_ADDRESSES = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
_CARDS = r"\b[2-6]\d{3}(?:[ -]?\d){9,15}\b"
_SECRET_NAMES = (
    r"(?i)(?:^|[._-])(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key|api[_-]?key|apikey|password|passwd"
    r"|client[_-]?secret|secret|private[_-]?key|access[_-]?token|refresh[_-]?token|auth[_-]?token|id[_-]?token)(?:$|[ ])"
)


@dataclass(frozen=True)
class Protection:
    """The patterns of one load; ``None`` where nothing is to be redacted."""

    content: bool
    """Questions, answers and documents are stored."""
    secrets: str | None
    addresses: str | None
    cards: str | None
    sensitive: str | None
    """Whatever one of the four matches."""
    secret_names: str | None
    """Names whose value is never stored."""


def protection(content: Content, patterns: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Protection:
    """The patterns for a mode, with a team's own ones (RE2) beside ours and its own attribute names."""
    if content == "full":
        return Protection(content=True, secrets=None, addresses=None, cards=None, sensitive=None, secret_names=None)
    secrets = "|".join([*_SECRETS, *(f"(?:{pattern})" for pattern in patterns)])
    own = "".join(f"|(?:^|[ ]){_literal(name)}(?:$|[ ])" for name in names)
    return Protection(
        content=content != "none",
        secrets=secrets,
        addresses=_ADDRESSES,
        cards=_CARDS,
        sensitive=f"{secrets}|{_ADDRESSES}|{_CARDS}|{_SECRET_NAMES}{own}",
        secret_names=_SECRET_NAMES + own,
    )


def _literal(name: str) -> str:
    return "".join(char if char.isalnum() or char in "_" else f"\\{char}" for char in name)
