"""What may be stored of what people typed: a mode and a team's own patterns in, the patterns that the statements use out.

The patterns run inside DuckDB (RE2), over every name and value before it is stored: one pass for all of them tells whether
there is anything to do. Python detectors cannot follow there (a hundred times slower); tests hold these patterns to what
detect-secrets finds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from blameline.store.addresses import ADDRESSES, AT, DOT, LABEL, LETTER

Content = Literal["none", "redacted", "full"]

_START = r"(?:\b|\\+(?:[nrtbfv]|u[0-9a-fA-F]{4})|%[0-9a-fA-F]{2})"
"""Where a word begins: a text inside of JSON or a URL has its blanks and line ends as characters that would be part of it."""
_DASH = r"(?:-|%2[dD]|\\+u002[dD])"
_GAP = r"(?: |%20|\+)"
"""As they are, and as URLs and JSON may write them."""
_BEGIN = rf"BEGIN{_GAP}(?:[A-Z0-9 +]|%20)*PRIVATE{_GAP}KEY"
_SIGN = (
    r"[\\\"'`]*\s*(?:(?:!?=|:|>|%3[aAdD]|\\+u003[aAdD])[=>]*|,(?:\s|\\+[nrt])*[\\\"']+(?:string_?)?[vV]alue[\\\"']+\s*:)\s*"
    r"(?:\{\s*[\\\"']+(?:string_?)?[vV]alue[\\\"']+\s*:\s*)?"
)
"""What leads from a name to its value: also `"name": "password", "value":`, and an object around it."""
_QUOTED = (
    r"\\+[\"'][^\"'\\\n]+|\[\s*\\*[\"'][^\"'\]\\\n]+(?:\\*[\"']\s*,\s*\\*[\"'][^\"'\]\\\n]+)*"
    r"|\"(?:[^\"\\\n]|\\.)+|'(?:[^'\\\n]|\\.)+|`[^`\n]+"
)
_BARE = r"[^\s\"',;}{\\&<>`()\[\]]"
_SAID = _SIGN + rf"(?:{_QUOTED}|{_BARE}{{6,}})"
"""What follows the name of a secret: a sign, and a value in quotes, in escaped quotes, or without any."""


def _with(other: str, plain: str, least: int, more: str = _BARE, step: int = 4) -> str:
    """About so many characters or more, one of which is of the ``other`` kind; those before it are ``plain`` ones."""
    last = least - step
    kinds = [f"{plain}{{{n},{n + step - 1}}}{other}{more}{{{max(last - n, 0)},}}" for n in range(0, last, step)]
    return f"(?:{'|'.join([*kinds, f'{plain}{{{last},}}{other}{more}*'])})"


_NO_PROSE = _BARE + "(?-i:" + _with(r"[^\sa-z.!?\"',;}{\\&<>`()\[\]-]", "[a-z.!?-]", 5, step=1) + ")"
"""A value that is no word of a sentence: six characters or more, with a figure, a capital within it or a sign."""


def _mixed(least: int, signs: str) -> str:
    """About so many letters, figures and signs or more, of which one is a letter and one is a figure."""
    more = f"[A-Za-z0-9{signs}]"
    kinds = [("A-Za-z", "0-9"), ("0-9", "A-Za-z")]
    return "|".join(f"[{one}]{_with(f'[{other}]', f'[{one}{signs}]', least - 1, more)}" for one, other in kinds)


_KINDS = (
    r"(?:api|auth|service|account|access|secret|private|priv|client|signing|encryption|shared|master|db|database|iam|cloud|cloudant"
    r"|softlayer|hmac|ssh|deploy|cl|clou|sl|ibm|aws)"
)
_SHORT = r"(?:key|token|pwd|pass|pw|secret)"
_PHRASE = r"pass(?:word|wd|phrase)"
_PLAIN = (
    r"(?:pwd|contrase(?:ñ|n)a|secret(?:[_-]?access)?(?:[_-]?key(?:[_-]?base)?)?|secret[_-]?(?:string|value|text|id)"
    r"|(?:refresh|session|bearer|csrf|xsrf|id|sas)[_-]?token|connection[_-]?string)"
)
_HEADERS = r"(?:(?:set-)?cookie|credentials?)"
"""Names that are secret where they are the name of a value, and a word elsewhere."""
_NAMED = rf"(?:{_KINDS}[_ -]?{_SHORT}|{_PHRASE}|{_PLAIN})"
"""Names that say that what follows is secret."""
_ENDED = (
    r"s?(?:[_-]?(?:[0-9]+|id|value|val|string|text|plain|raw|data|base|b(?:ase)?64|hex|hash|pem|env|old|new|current|previous|backup"
    r"|confirm(?:ation)?|prod(?:uction)?|test|dev|staging|live|sandbox|primary|secondary|default|admin|root|user|openai|anthropic"
    r"|azure|google|gcp|aws|github|slack|stripe|mysql|postgres|redis|mongo|smtp))*"
)
"""How such a name may go on; `api_key_version` and `password_reset_intent` are settings, and may be the cause."""
_SECRETS = (
    r"(?:A3T[A-Z0-9]|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{16}",  # AWS
    r"gh[pousr]_[A-Za-z0-9_]{36,}|github_pat_[A-Za-z0-9_]{22,}",
    r"(?:glpat|gldt|glft|glsoat|glrt|glimt|glptt|glagent|gloas|glcbt|glffct)-[A-Za-z0-9_-]{20,}|GR1348941[A-Za-z0-9_-]{20,}",
    _START
    + rf"sk{_DASH}(?:proj|svcacct|admin|None|ant|or|lf|litellm){_DASH}(?:[A-Za-z0-9_]|{_DASH}){{16,}}",  # OpenAI, Anthropic …
    _START + rf"sk{_DASH}[A-Za-z0-9]{{20,}}[A-Za-z0-9_-]*",
    _START + r"sk-(?:[A-Za-z0-9_]+-)+" + _with(r"\d", "[A-Za-z]", 20, "[A-Za-z0-9]") + "[A-Za-z0-9_-]*",
    _START
    + r"(?:(?:gsk|fw|r8)_|(?:xai|csk|pplx)-)[A-Za-z0-9]{24,}|(?:nvapi-|tgp_v1_)[A-Za-z0-9_-]{40,}",  # Groq, xAI …
    r"[rs]k_(?:live|test)_[0-9a-zA-Z]{16,}|whsec_[A-Za-z0-9+/=]{24,}",  # Stripe
    r"(?:xox[abceoprs]|xapp)-[A-Za-z0-9-]{10,}|(?i:hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/]+)",
    r"(?i:discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]+)",
    r"AIza[0-9A-Za-z_-]{35}|ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{20,}",  # Google
    r"(?:hf_|api_org_)[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|(?i:_authtoken\s*=\s*[a-z0-9_./+=-]{16,})|pypi-[A-Za-z0-9_-]{50,}",
    r"do[opr]_v1_[a-f0-9]{64}|lsv2_[a-z]{2}_[a-f0-9_]{32,}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",  # …, SendGrid
    r"[0-9a-z]{32}-us[0-9]{1,2}",  # Mailchimp
    rf"eyJ[A-Za-z0-9_=-]{{8,}}{DOT}[A-Za-z0-9_=-]+(?:{DOT}[A-Za-z0-9_.+/=-]*)?",  # JSON web tokens
    _START + r"(?:AC|SK)[a-z0-9]{32}\b|sq0[a-z]{3}-[0-9A-Za-z_\\-]{22,}",  # Twilio, Square
    _START
    + r"A(?:KC[a-zA-Z0-9]{10,}|P[0-9A-F](?:[a-zA-Z]*[0-9][a-zA-Z0-9]{7,}|[a-z0-9]*[A-Z][a-zA-Z0-9]{6,}[0-9]))\b",  # Artifactory
    _START + r"(?:bot)?\d{8,10}:[0-9A-Za-z_-]{35}",  # Telegram
    _START + r"[MNO][A-Za-z\d_-]{23,25}\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{27,}",  # Discord
    r"(?i:(?:account|sharedaccess)key=[a-z0-9+/=]{40,}|[?&]sig=[a-z0-9%+/=]{40,})",  # Azure
    r"api\.softlayer\.com/soap/v3(?:\.1)?/[a-z0-9]{64}",
    rf"{_BEGIN}[A-Z +]*-*(?:[A-Za-z0-9+/=\s\\:,.%]|-[A-Za-z0-9])*(?:-+ ?{_BEGIN.replace('BEGIN', 'END')}[A-Z +]*-*)?",
    r"PuTTY-User-Key-File-\d[A-Za-z0-9+/=\s\\:,.@-]*",
    r"(?i:bearer)(?:\s+|%20|\+)(?:[A-Za-z0-9_.~+/=]{16,}|[A-Za-z0-9_.~+/=-]"
    + _with("[A-Z0-9]", "[a-z_.~+/=-]", 15, "[A-Za-z0-9_.~+/=-]")
    + f"|{_mixed(14, '_+/=.~')})",
    r"(?i:basic)(?:\s+|%20|\+)(?:[A-Za-z0-9][a-z]*[A-Z0-9+=][A-Za-z0-9_.~+/=-]{9,}|[A-Za-z][A-Za-z/]*[0-9+=][A-Za-z0-9_.~+/=-]{6,})",
    r"(?i:authorization[\\\"']*\s*[:=]\s*[\\\"']*(?:(?:bearer|basic|token|digest|negotiate|api-?key) "
    + _BARE
    + r"{6,}|(?:[a-z]+ )?"
    + _NO_PROSE
    + "|[a-z]{20,}))",
    rf"(?i:(?:{_KINDS}[_-]?{_SHORT}|{_PHRASE}){_ENDED}|{_PLAIN}){_SAID}",
    rf"(?i:{_HEADERS}[\\\"'`]+{_SAID}|\bcookie:\s*[a-z0-9_.-]+=[^\\\"'\n]{{6,}})",
    rf"(?i:{_KINDS} {_SHORT}{_ENDED}){_SIGN}(?:{_QUOTED}|{_NO_PROSE})",
    rf"(?i:{_NAMED}[a-z0-9_]*){_SIGN}[\\\"'`]*(?:{_mixed(20, '+/')})",
    rf"(?i:\btoken){_SIGN}[\\\"']*(?:[A-Za-z0-9_+/=.-]{{24,}}|{_mixed(14, '_+/=.~')})",
    r"://[^\s:/@\"'<>\\]*:[^\s/@\"'<>\\]+@",
    r"(?i:%3a%2f%2f[^\s:/@&%\"'<>\\]*%3a(?:[^\s/@&%\"'<>\\]|%[013-9a-f][0-9a-f]|%2[0-9a-e])+%40)",
)
_BLANKS = (
    r"(?:[ +.\t\r\n\x{a0}\x{2000}-\x{200a}\x{2010}-\x{2015}\x{202f}\x{3000}-]|\\+[nrt]|&nbsp;"
    r"|%(?:20|09|0[aAdD]|2[bBdDeE]|[cC]2%[aA]0|[eE]2%80%(?:[aA][fF]|9[0-5]|8[0-9aA]))"
    r"|\\+u(?:00[aA]0|002[0dD]|20(?:2[fF]|1[0-5]|0[0-9aA])))+"
)
"""What may stand between the groups of a card's number; also as JSON and URLs write it."""
_FIGURES = rf"(?:_|{_START})"
_CARDS = (
    rf"\d\.\d+|{_FIGURES}((?:\d{{4}}(?:{_BLANKS}\d{{4}}){{3,}}|3[0-9]\d\d{_BLANKS}\d{{6}}{_BLANKS}\d{{4,5}}"
    r"|(?:4|5[0-8]|6|3[04-9]|2[2-7])\d{11,18})\b)"
)
"""Numbers as cards have them, and runs of groups of four, any four of which may be one; ``has_check_digit`` says which are."""
_CLOSED_NAMES = (
    r"(?i)(?:(?:^|[\s._-])(?:(?:proxy-)?authorization|(?:set-)?cookie|secret|secret[_-]?(?:access[_-]?)?key|pwd"
    r"|passphrase|credentials?"
    r"|(?:refresh|auth|id|session|bearer|csrf)[_-]?token)"
    r"|api[_-]?key|password|passwd|client[_-]?secret|private[_-]?key|access[_-]?token|connection[_-]?string)(?:\.\d+)?(?:$|\s)"
)


_HINTS = (
    r"(?:A3T|ABIA|ACCA|AKIA|ASIA)[0-9A-Z]{6}|gh[pousr]_[A-Za-z0-9_]{6}|github_pat_|gl[a-z]{2,6}-[A-Za-z0-9_-]{6}|GR1348941",
    rf"sk{_DASH}[A-Za-z0-9_%\\-]{{16}}",
    r"(?:gsk|fw|r8)_[A-Za-z0-9]{6}|(?:xai|csk|pplx)-[A-Za-z0-9]{6}|nvapi-|tgp_v1_|[rs]k_(?:live|test)_|whsec_",
    r"xox[abceoprs]-|xapp-|(?i:hooks\.slack\.com/|com/api/webhooks/|_authtoken\s*=)|AIza|ya29\.|GOCSPX-|hf_[A-Za-z0-9]{6}|api_org_",
    r"npm_[A-Za-z0-9]{6}|pypi-[A-Za-z0-9_-]{6}|do[opr]_v1_|lsv2_|SG\.[A-Za-z0-9_-]{6}|[0-9a-z]-us[0-9]|eyJ[A-Za-z0-9_=-]{8}",
    r"(?:AC|SK)[a-z0-9]{8}|sq0[a-z]{3}-|" + _START + r"A(?:KC|P[0-9A-F])[a-zA-Z0-9]{6}|\d:[0-9A-Za-z_-]{16}",
    r"[A-Za-z\d_-]\.[A-Za-z\d_-]{6}\.[A-Za-z\d_-]{16}|(?i:(?:account|sharedaccess)key=|[?&]sig=)|softlayer\.com/soap",
    _BEGIN,
    r"PuTTY-User-Key-File-|(?i:bearer(?:\s+|%20|\+)[a-z0-9_.~+/=-]{8})",
    r"(?i:basic)(?:\s+|%20|\+)[a-z]*[A-Z0-9+/=_][A-Za-z0-9_.~+/=-]{4}",
    rf"(?i:(?:authorization|{_NAMED}[a-z0-9_-]*){_SIGN}|{_HEADERS}[\\\"'`]|\bcookie:)",
    rf"(?i:\btoken){_SIGN}[\\\"']*[A-Za-z0-9_+/=.~-]{{8}}",
    r"://[^\s:/@\"'<>\\]*:[^\s/@\"'<>\\]+@|(?i:%3a%2f%2f[^\s:/@&%\"'<>\\]*%3a)",
    rf"[{LETTER}0-9._%+-]{AT}(?:{LABEL}+{DOT})+[{LETTER}]",
    rf"{_FIGURES}(?:[3-6]\d|2[2-7])\d\d(?:\d{{8}}|{_BLANKS}(?:\d{{4}}{_BLANKS}\d{{4}}|\d{{6}}){_BLANKS}\d)",
)
"""How each of them begins, without its counting: the one quick look that most texts get; counting is what makes patterns slow."""
_ESCAPE = re.compile(r"\\.", re.DOTALL)


@dataclass(frozen=True)
class Protection:
    """The patterns of one load; ``None`` where nothing is to be redacted."""

    content: bool
    """Questions, answers and documents are stored."""
    secrets: str | None
    addresses: str | None
    cards: str | None
    sensitive: str | None
    """Matches whatever one of the three matches, and little else; several texts can be asked at once, a line each."""
    secret_names: str | None
    """Names whose value is never stored."""


def protection(content: Content, patterns: tuple[str, ...] = (), names: tuple[str, ...] = ()) -> Protection:
    """The patterns for a mode, with a team's own ones (RE2) beside ours and its own attribute names."""
    if content == "full":
        return Protection(content=True, secrets=None, addresses=None, cards=None, sensitive=None, secret_names=None)
    secrets = "|".join([*_SECRETS, *(f"(?:{pattern})" for pattern in patterns)])
    own = "".join(rf"|(?:^|\s){_literal(name)}(?:$|\s)" for name in names)
    return Protection(
        content=content != "none",
        secrets=secrets,
        addresses=ADDRESSES,
        cards=_CARDS,
        sensitive="|".join([*_HINTS, *(f"(?m:{_of_a_line(pattern)})" for pattern in patterns)]),
        secret_names=_CLOSED_NAMES + own,
    )


def _of_a_line(pattern: str) -> str:
    """A pattern that finds, among several texts of a line each, at least what the given one finds in one of them."""
    return _ESCAPE.sub(lambda found: {"\\A": "^", "\\z": "$"}.get(found[0], found[0]), pattern)


def _literal(name: str) -> str:
    return "".join(char if char.isalnum() or char == "_" else f"\\{char}" for char in name)
