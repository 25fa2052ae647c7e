"""What people typed is not in the case file unless it may be: every column and every byte is searched for what was planted."""

# ruff: noqa: S608  samples read better in rows, and names of tables are ours
from __future__ import annotations

import csv
import io
import json
import re
import string
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class

from blameline.intake import load
from blameline.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("quick_case_files")

RANDOM = Random(5)  # noqa: S311  seeded, for tests
NS = 1_773_000_000_000_000_000
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def drawn(n: int, of: str = string.ascii_letters + string.digits) -> str:
    return "".join(RANDOM.choice(of) for _ in range(n))


HEX, UPPER, LOWER = "0123456789abcdef", string.ascii_uppercase + string.digits, string.ascii_lowercase + string.digits
BODY = "\n".join(drawn(64) for _ in range(4))
KEY = f"-----BEGIN RSA PRIVATE KEY-----\n{BODY}\n-----END RSA PRIVATE KEY-----"
LOCKED = f"-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,{drawn(32, UPPER)}\n\n{BODY}\n-----END RSA PRIVATE KEY-----"
SECRETS = {
    "OpenAI": "sk-" + drawn(48), "OpenAI project": "sk-proj-" + drawn(60) + "-_" + drawn(20), "OpenAI service": "sk-svcacct-" + drawn(40),
    "Anthropic": "sk-ant-api03-" + drawn(80) + "-" + drawn(6) + "AA", "OpenRouter": "sk-or-v1-" + drawn(64, HEX), "DeepSeek": "sk-" + drawn(32, HEX),
    "Langfuse": "sk-lf-3f2b1c4d-1a2b-4c3d-8e9f-0a1b2c3d4e5f", "Groq": "gsk_" + drawn(52), "xAI": "xai-" + drawn(80), "NVIDIA": "nvapi-" + drawn(64),
    "AWS": "AKIA" + drawn(16, UPPER), "AWS session": "ASIA" + drawn(16, UPPER), "GitHub": "ghp_" + drawn(36), "GitHub app": "ghs_" + drawn(36),
    "GitHub fine": "github_pat_" + drawn(22) + "_" + drawn(59), "GitLab": "glpat-" + drawn(20), "GitLab runner": "GR1348941" + drawn(20),
    "Slack": "xoxb-123456789012-" + drawn(24), "Slack app": "xapp-1-A012-" + drawn(40), "Slack hook": "https://hooks.slack.com/services/T0AB/B0CD/" + drawn(24),
    "Stripe": "sk_live_" + drawn(24), "Stripe restricted": "rk_test_" + drawn(24), "Stripe hook": "whsec_" + drawn(32), "Google": "AIza" + drawn(35),
    "Google OAuth": "ya29." + drawn(60), "Google client": "GOCSPX-" + drawn(28), "Hugging Face": "hf_" + drawn(34), "npm": "npm_" + drawn(36),
    "npmrc": "//registry.npmjs.org/:_authToken=" + drawn(36, HEX), "PyPI": "pypi-AgEIcHlwaS5vcmc" + drawn(80), "SendGrid": f"SG.{drawn(22)}.{drawn(43)}",
    "Twilio": "SK" + drawn(32, HEX), "Mailchimp": drawn(32, HEX) + "-us12", "Telegram": "1234567890:" + drawn(35),
    "Discord": f"M{drawn(23)}.{drawn(6)}.{drawn(27)}", "Discord hook": f"https://discord.com/api/webhooks/1234567890/{drawn(60)}",
    "Azure storage": "AccountKey=" + drawn(86) + "==", "Azure SAS": "https://x.blob.core.windows.net/c?sv=1&sig=" + drawn(43) + "%3D",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0." + drawn(43), "LangSmith": f"lsv2_pt_{drawn(32, HEX)}_{drawn(10, HEX)}",
    "DigitalOcean": "dop_v1_" + drawn(64, HEX), "Artifactory": "AKC" + drawn(12), "Square": "sq0csp-" + drawn(43), "bearer": "Bearer " + drawn(30),
    "lower bearer": "authorization: bearer " + drawn(20, LOWER), "basic": "Basic dXNlcjpodW50ZXIy", "private key": KEY, "encrypted key": LOCKED,
    "key in one line": KEY.replace("\n", "\\n"), "key that was cut": KEY[:150], "SSH2 key": f"---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\n{BODY}\n",
    "PuTTY": f"PuTTY-User-Key-File-2: ssh-rsa\nEncryption: none\nPrivate-Lines: 2\n{BODY}", "URL": "postgres://admin:hunt:er22@db.example/app",
    "URL without user": "redis://:hunter22pw@cache:6379/0",
}  # fmt: skip
ASSIGNED = {
    "equals": ("password=hunter22", "hunter22"), "JSON": ('{"password": "pa ss"}', "pa ss"), "JSON in JSON": ('{\\"client_secret\\":\\"q1w2e3r4\\"}', "q1w2e3r4"),
    "phrase": ("passphrase: 'correct horse battery'", "horse battery"), "environment": ("OPENAI_API_KEY=zzz-yyy-xxx", "zzz-yyy-xxx"),
    "AWS": ("aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "wJalrXUtnFEMI"), "hash rocket": ("api_key => 'abcd1234'", "abcd1234"),
    "Python": ("{'secret': 'abcd1234'}", "abcd1234"), "YAML": ("db_password: s3cr3t!x", "s3cr3t!x"), "header": ("X-Api-Key: 0a1b2c3d4e", "0a1b2c3d4e"),
    "scheme": ("Authorization: Token 9944b09199c62bcf", "9944b09199c62bcf"), "XML": ("<password>hunter22</password>", "hunter22"),
    "query": ("?access_token=abcdef123456&x=1", "abcdef123456"), "Go": ('password := "hunter22"', "hunter22"),
}  # fmt: skip
PEOPLE = {
    "plain": "jane.doe@example.com", "upper": "JANE.DOE@EXAMPLE.COM", "plus": "jane+shop@mail.example.co.uk", "URL": "jane.doe%40example.com",
    "twice URL": "jane.doe%2540example.com", "accents": "zoë.müller@bücher.example", "wide at": "jane.doe＠example.com", "short": "j@example.com",
    "digits": "jane@163.com", "JSON": "jane.doe\\u0040example.com", "escape letter": "n@example.com", "Cyrillic": "иван@почта.рф",
}  # fmt: skip
CARDS = {
    "Visa": "4111111111111111", "spaced": "4111 1111 1111 1111", "dashed": "5500-0055-5555-5559", "Amex": "3782 822463 10005", "Amex plain": "378282246310005",
    "Diners": "30569309025904", "Discover": "6011 1111 1111 1117", "JCB": "3530111333300000", "2-series": "2223003122003222", "and its date": "4111 1111 1111 1111 12/27",
    "and its code": "4111 1111 1111 1111 123",
}  # fmt: skip
INNOCENT = {
    "trace id": TRACE, "span id": SPAN, "nanoseconds": "1773000000123456789", "microseconds": "1773000000123456", "uuid": "550e8400-e29b-41d4-a716-446655440000",
    "version": "1.12.3-rc.1+build.5", "order that fails Luhn": "4111111111111112", "order in groups": "4111 1111 1111 1112", "stamp": "20261124141744",
    "mention": "thanks @jane, see @channel", "decorator": "@app.get('/x')", "decorator in JSON": "import x\\n@pytest.fixture\\ndef y", "prompt": "sk-learn-1.2",
    "long prompt": "sk-learn-classification_prompt_v2-final", "model": "claude-3-5-sonnet-v2@20241022", "fine tune": "ft:gpt-4o-mini-2024-07-18:acme:support:9AbCdEfG",
    "git hash": "2fd4e1c67a2d28fced849ee1bb76e7391b93eb12", "digest": "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "npm": "lodash@4.17.21", "npm beta": "react@18.0.0-beta.2", "time": "2026-11-24T14:17:44.123456Z", "tokens": "max_tokens=128000 total_tokens: 123456789",
    "prose": "basic responsibilities of a bearer of news; the key: look twice", "task": "task-force-of-responsible-people", "URL": "https://example.com:8443/a?b=c",
    "region": "us-east-1", "response id": "chatcmpl-9AbCdEfGhIjKlMnOpQrStUvWx", "fingerprint": "fp_44709d6fcb", "base64": "aGVsbG8gd29ybGQ=",
}  # fmt: skip


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "case.duckdb"


def otlp(attributes: dict[str, object], **more: object) -> str:
    said = [{"key": name, "value": {"stringValue": value}} for name, value in attributes.items()]
    span = {
        "traceId": TRACE,
        "spanId": SPAN,
        "name": "chat",
        "startTimeUnixNano": str(NS),
        "endTimeUnixNano": str(NS + 10**9),
        "attributes": said,
        **more,
    }
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}) + "\n"


def held(path: Path, files: dict[str, str], content: Any = None) -> str:
    """All that the case file says, as one text: what its tables answer, and its bytes."""
    folder = path.parent / "in"
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    raw = b""
    with Store.open(path) as store:
        load(store, [folder], content=content)
        wal = path.with_name(path.name + ".wal")
        raw += wal.read_bytes() if wal.exists() else b""
        said = [
            str(store.sql(f"SELECT * FROM {name}").rows)
            for (name,) in store.sql("SELECT table_name FROM duckdb_tables() WHERE NOT internal").rows
        ]
        said += [str(row) for (row,) in store.sql("SELECT unnest(list_concat(said, content_said)) FROM span_rows").rows]
    raw += path.read_bytes()
    return "\n".join(said) + raw.decode("utf-8", "replace")


def parts(secret: str) -> Iterator[str]:
    """What of a secret must be nowhere: its longest runs, and lines of a key."""
    yield from (part for part in re.split(r"[\s\\]+", secret) if len(part) >= 12 or part == secret)


def planted() -> list[Any]:
    whole = [
        ("secret " + name, said, list(parts(said.rsplit(" ", 1)[-1] if "earer" in name or name == "basic" else said)))
        for name, said in SECRETS.items()
    ]
    whole += [("assigned " + name, said, [gone]) for name, (said, gone) in ASSIGNED.items()]
    whole += [("person " + name, said, [said]) for name, said in PEOPLE.items()]
    whole += [("card " + name, said, [re.match(r"[\d -]+", said)[0][:19].strip()]) for name, said in CARDS.items()]
    return [
        pytest.param(said, [one for one in gone if not one.startswith("-----")], id=name) for name, said, gone in whole
    ]


@pytest.mark.parametrize("content", ["redacted", "full"])
def test_whatever_is_planted_is_nowhere_but_with_full(path, content):
    said = {}
    for case in planted():
        text = case.values[0]
        around = [
            text,
            f"it is {text} here",
            json.dumps([{"role": "user", "content": f"line\n{text}\nline"}], ensure_ascii=False),
            f"<{text}>",
            f"x={text}",
        ]
        said |= {f"note.{n}.{case.id}": one for n, one in enumerate(around)}
    found = held(path, {"a.jsonl": otlp(said)}, content)
    left = [case.id for case in planted() if any(gone in found for gone in case.values[1])]
    assert left == ([] if content == "redacted" else [case.id for case in planted()])


def test_what_is_innocent_stays(path):
    said = {f"note.{name}": value for name, value in INNOCENT.items()}
    found = held(path, {"a.jsonl": otlp({**said, "note.all": " ; ".join(INNOCENT.values())})})
    assert not [name for name, value in INNOCENT.items() if value not in found and repr(value)[1:-1] not in found]
    assert "[secret]" not in found.partition("DUCK")[0]


def cleaned(path: Path, texts: list[str]) -> list[str]:
    """What is left of each by itself."""
    with Store.open(path) as store:
        statement = "SELECT list_transform($said, lambda said: redacted(said))"
        (left,) = store._connection.execute(statement, {"said": texts}).fetchone()
    return left


def unnumbered(texts: list[str]) -> list[str]:
    """The same without the numbers that keep addresses apart."""
    return [re.sub(r"\[e-mail [0-9a-f]{16}\]", "[e-mail]", text) for text in texts]


def changed(path: Path, texts: list[str]) -> list[str]:
    return [text for text, left in zip(texts, cleaned(path, texts), strict=True) if text != left]


NOBODY = [
    "support-system@v12.final", "model@v1.prod", "prompt@v2-rc1.final", "prompt@main.txt", "lib@main.final", "pkg@latest.io", "icon@2x.png", "user@2x.PNG",
    "cfg@prod.yaml", "x@name.tar.gz", "bundle@app.min.js", "react@18.0.0-beta.2", "rules@12.old", "a@b.c",
]  # fmt: skip
SOMEBODY = [
    "jane@example.com", "jane@v2ex.com", "jane@v8.com", "jane@v2.mail.example.tech", "jane@main.example.co", "jane@latest.com", "jane@mainly.io", "jane@lat.io",
    "jane@4chan.org", "jane@3xl.shop", "jane@mail.163.com", "jane@corp.local", "jane@x.js.org", "jane@a.te", "jane@x.pnga", "jane@MAIL.TECH", "b@example.se",
    "r@x.ai", "jane@acme.systems", "x@1e100.net", "jane@müller.tech", "jane@lärm.tech", "иван@почта.рф",
]  # fmt: skip


def test_a_version_or_a_file_behind_an_at_is_nobody(path):
    assert changed(path, NOBODY) == []
    assert unnumbered(cleaned(path, SOMEBODY)) == ["[e-mail]"] * len(SOMEBODY)


SETTINGS = [
    "password_policy_version:v12-strict", "api_key_version: 2026-03-01", "ssh_key_type=ed25519", "password_reset_intent: highconfidence",
    "service_key_rotation=enabled", '"access_token_expired":"false"', '{"password_policy_version":"v12-strict"}', "password_file=/run/secrets/db",
    "aws_key_pair=main-cluster", "access_token_expires_at: 2026-03-01T00:00:00Z", "password_hash_algorithm=argon2id-v19",
]  # fmt: skip
PROSE = [
    "Authorization: required", "authorization=optional", "authorization: role-based access", '{"authorization":"required"}', "bearer tokens-are-described-in",
    "Basic Understanding_of", "basic Authentication_required", "basic authentication/authorization", "service token: required", "access key: see-the-wiki.",
    "token: responsibilities", '{"token":"1234567890123456"}', "token=v12-strict", "page_token=abcdefghijk12345", "token: 2026-03-01", "bearer of news-v2",
    "AP1abcdefgh1", "sk-learn-logisticregressionclassifier",
]  # fmt: skip
NEARLY = {
    "service token: 9944b09199c62bcf": "[secret]", 'service token: "required"': '[secret]"', "api key = abcdefG1": "[secret]", "aws pass: 123456": "[secret]",
    "secret key: hunter22": "[secret]", "db password: correcthorse": "db [secret]", "password1=hunter22": "[secret]", "apiKeys: abcdef": "[secret]",
    "api_key_base64: YWJjZGVm": "[secret]", "password_value=hunter22": "[secret]", "aws_access_key_id=ABCDEFGHIJ": "aws_[secret]",
    "api_key_acme_eu=zzz123yyy456xxx789aaa": "[secret]", '"api_token_foo": "abcdefghijklmnop12345"': '"[secret]"', "passwordHash=abcdefg": "[secret]",
    "secret_key_base=abcdefghij": "[secret]", "Authorization: Token 9944b09199c62bcf": "[secret]", "authorization: abcdefghij1": "[secret]",
    "Authorization: bearer abcdefgh": "[secret]", "authorization: abcdefghijklmnopqrstuv": "[secret]", "authorization: Custom abcdeX1": "[secret]",
    "bearer abcdefghijklmnopqrst": "[secret]", "bearer ab-cd-ef-gh-ij-kl-9": "[secret]", "Bearer AbCd-EfGh-IjKl-MnOp": "[secret]",
    "Basic ab/cdefghijk1234567": "[secret]", "sk-abcdefghijklmnopqrst": "[secret]", "sk-foo-abcdefghijklmnopqrs1": "[secret]",
    "token=abcdefghijk12345": "[secret]", '{"token":"abcdefghijk12345"}': '{"token":"[secret]"}', "Bearer abc123def456ghi": "[secret]",
    '{"key":"token","value":"abcdefghijk12345"}': '{"key":"[secret]"}', "token: 1234567abcdefgh": "[secret]", "sk-x-abcdefghij1klmnopqrs": "[secret]", "AP6aB3dE5gH1": "[secret]", "APA1234567890": "[secret]",
}  # fmt: skip
"""Beside each of those above one that is a secret, and what is left of it."""


def test_a_setting_and_a_sentence_are_no_secret(path):
    assert changed(path, SETTINGS + PROSE) == []
    assert cleaned(path, list(NEARLY)) == list(NEARLY.values())


NESTED = {
    '{"cookie":"session=abc"}': '{"cookie":"[secret]"}', '{"set-cookie":"sid=abcdefghijk12345"}': '{"set-cookie":"[secret]"}', "{'cookie': 'a=b'}": "{'[secret]'}",
    '{"csrf_token":"abcdefghijk12345"}': '{"csrf_token":"[secret]"}', '{"credentials":"abcdefghijk12345"}': '{"credentials":"[secret]"}', '"api_key":["abcd","efgh"]': '"[secret]"]',
    '{"api_key":{"value":"abcdefghijk12345"}}': '{"[secret]":"[secret]"}', '{"api_key":["abcd","efgh"],"n":[1]}': '{"[secret]":"[secret]","n":[1]}', '{"key":"api_key","value":"abcdefghijk12345"}': '{"key":"[secret]"}',
    '{"name":"password","value":"hunter22x"}': '{"name":"[secret]"}', '{"name":"cookie","value":"sid=1"}': '{"name":"[secret]"}',
    '{\\"name\\": \\"password\\",\\n \\"value\\": \\"hunter22x\\"}': '{\\"name\\": \\"[secret]\\"}', "password\\u003dhunter22x": "[secret]",
    '{"key":"cookie","value":{"stringValue":"sid=1"}}': '{"key":"[secret]"}', "Cookie: session=abcdefgh; b=c": "[secret]",
}  # fmt: skip
NAMES_ONLY = [
    "cookie: consent", "credentials: required", "credentials=include", '{"names":["password","email"]}', '{"name":"password","type":"string"}',
    '{"name":"password","description":"the value"}', '{"properties":{"password":{"type":"string"}}}', '"cookies":"accepted"', '{"value":"cookie"}',
]  # fmt: skip


def test_a_secret_is_found_in_lists_of_names_and_values(path):
    assert cleaned(path, list(NESTED)) == list(NESTED.values())
    assert changed(path, NAMES_ONLY) == []


ENCODED = {
    "jwt=eyJhbGciOiJIUzI1NiJ9%2EeyJzdWIiOiIxMjM0NTY3ODkwIn0%2Eabcdefghijklmnop&x": "jwt=[secret]&x", "sk%2Dabcdefghijklmnopqrstuvwxyz": "[secret]",
    "u=postgres%3A%2F%2Fuser%3Ahunter22%40host%2Fdb": "u=postgres[secret]host%2Fdb", "sk%2Dproj%2Dabcdefghijklmnopqrstuvwxyz": "[secret]",
    "sk\\u002dproj\\u002dabcdefghijklmnopqrstuvwxyz": "[secret]", "-----BEGIN%20RSA%20PRIVATE%20KEY-----%0AMIIEabcdefghijklmn%2Bopq": "-----[secret]",
    "m=jane.doe%40example%2Ecom": "m=[e-mail]", "jane.doe&#x40;example.com": "[e-mail]", "jane.doe&commat;example.com": "[e-mail]",
    "jane.doe\\x40example.com": "[e-mail]", "jane\\u0040example\\u002ecom": "[e-mail]", "tanaka@例え.jp": "[e-mail]",
}  # fmt: skip
ADDRESSES = [
    "u=https%3A%2F%2Fhost%3A8443%2Fpath&mail=x%40y",
    "https%3A%2F%2Fhost%3A8443%2Fuser%40v2",
    "icon%402x%2Epng",
    "BEGIN PRIVATELY",
]


def test_a_secret_is_found_as_a_url_writes_it(path):
    assert unnumbered(cleaned(path, list(ENCODED))) == list(ENCODED.values())
    assert changed(path, ADDRESSES) == []


CARD = "4111 1111 1111 1111"
AMONG = {
    f"order 6001 {CARD}": "order 6001 [card]", f"ref 4711 {CARD}": "ref 4711 [card]", f"4711 4712 4713 4714 4715 {CARD} 1227": "4711 4712 4713 4714 4715 [card] 1227",
    f"{CARD} 5500 0055 5555 5559": "[card] [card]", "4711 3782 822463 10005": "4711 [card]", "card%3D4111111111111111": "card%3D[card]",
    "q=4111%201111%201111%201111&x": "q=[card]&x", "n%3D6001%204111%201111%201111%201111": "n%3D6001%20[card]", "n\\u003d4111111111111111": "n\\u003d[card]",
    "4111\\u00a01111\\u00a01111\\u00a01111": "[card]", "6001\\u00a04111\\u00a01111\\u00a01111\\u00a01111": "6001\\u00a0[card]",
    "4111\\n1111\\n1111\\n1111": "[card]", "4111&nbsp;1111&nbsp;1111&nbsp;1111": "[card]", "3782%20822463%2010005": "[card]",
} | {CARD.replace(" ", blank): "[card]" for blank in ("\t", "\n", "\r\n", "  ", "\u202f", "\u2011", "\u00a0", "%C2%A0")}  # fmt: skip
NUMBERS = [
    "4711 4712 4713 4714", "4096\n1024\n2048\n4096", "5500 1234 5678 9012 3456 7890", "1234 5678 9012 3452", "0.4111111111111111", "4111 1111 1111 11111",
    "4111111111111111000", "2026 2027 2028 2029 2030",
]  # fmt: skip


def test_a_card_is_found_among_other_figures(path):
    assert cleaned(path, list(AMONG)) == list(AMONG.values())
    assert changed(path, NUMBERS) == []


def test_json_stays_json(path):
    messages = json.dumps(
        [
            {
                "role": "user",
                "content": f'a\n{SECRETS["OpenAI"]}\n{PEOPLE["plain"]}\n{CARDS["Visa"]} "{PEOPLE["plus"]}" c:\\user@example.com',
            }
        ]
    )
    held(path, {"a.jsonl": otlp({"gen_ai.input.messages": messages})})
    with Store.open(path, read_only=True) as store:
        ((valid, text),) = store.sql("SELECT json_valid(content_said[1]), content_said[1] FROM span_rows").rows
    assert valid
    assert (text.count("[secret]"), text.count("[e-mail]"), text.count("[card]")) == (1, 3, 1)


def samples() -> list[Any]:
    """For each detector of detect-secrets what it finds; those that call every hash or address of a machine secret are left out."""
    given = {
        "ArtifactoryDetector": ["AKC" + drawn(12), "AP6" + drawn(9) + "1"], "AWSKeyDetector": ["AKIA" + drawn(16, UPPER), f'aws_secret_key = "{drawn(40)}"'],
        "AzureStorageKeyDetector": ["AccountKey=" + drawn(88)], "BasicAuthDetector": ["https://user:hunter22@example.com"],
        "CloudantDetector": [f"cl_key={drawn(64, HEX)}", f'cloudant_password = "{drawn(24, string.ascii_lowercase)}"', f"https://acct:{drawn(64, HEX)}@acct.cloudant.com"],
        "DiscordBotTokenDetector": [f"N{drawn(24)}.{drawn(6)}.{drawn(27)}"], "GitHubTokenDetector": [f"gh{kind}_{drawn(36)}" for kind in "pousr"],
        "GitLabTokenDetector": ["glpat-" + drawn(20), "gldt-" + drawn(20), "glft-" + drawn(20), "glsoat-" + drawn(20), "glrt-" + drawn(20), "glcbt-64_" + drawn(20),
                                "glimt-" + drawn(25), "glptt-" + drawn(40), "glagent-" + drawn(50), "gloas-" + drawn(64), "GR1348941" + drawn(20)],
        "IbmCloudIamDetector": [f"ibm_cloud_iam_api_key={drawn(44)}", f'cloud-iam-key: "{drawn(44)}"', f"ibm_password := {drawn(44)}"],
        "IbmCosHmacDetector": [f"cos_hmac_secret_access_key={drawn(48, HEX)}", f"secret_key={drawn(48, HEX)}"],
        "JwtTokenDetector": [SECRETS["JWT"]], "MailchimpDetector": [drawn(32, LOWER) + "-us3"], "NpmDetector": [SECRETS["npmrc"], "//r.example/:_authToken=npm_" + drawn(36)],
        "OpenAIDetector": [f"sk-{drawn(20)}T3BlbkFJ{drawn(20)}", f"sk-proj-{drawn(20)}T3BlbkFJ{drawn(20)}"],
        "PrivateKeyDetector": [f"-----BEGIN {kind}-----\n{drawn(64)}" for kind in
                               ("DSA PRIVATE KEY", "EC PRIVATE KEY", "OPENSSH PRIVATE KEY", "PGP PRIVATE KEY BLOCK", "PRIVATE KEY", "RSA PRIVATE KEY")],
        "PypiTokenDetector": ["pypi-AgEIcHlwaS5vcmc" + drawn(70), "pypi-AgENdGVzdC5weXBpLm9yZw" + drawn(70)], "SendGridDetector": [SECRETS["SendGrid"]],
        "SlackDetector": [f"xox{kind}-1234-5678-{drawn(12, LOWER)}" for kind in "abpors"] + [SECRETS["Slack hook"]],
        "SoftlayerDetector": [f"sl_api_key={drawn(64, LOWER)}", f"softlayer_password = '{drawn(64, LOWER)}'", f"https://api.softlayer.com/soap/v3/{drawn(64, LOWER)}"],
        "SquareOAuthDetector": ["sq0csp-" + drawn(43)], "StripeDetector": ["sk_live_" + drawn(24), "rk_live_" + drawn(24)],
        "TelegramBotTokenDetector": ["12345678:" + drawn(35)], "TwilioKeyDetector": ["AC" + drawn(32, LOWER), "SK" + drawn(32, LOWER)],
        "KeywordDetector": [f'{name} = "{drawn(10)}"' for name in
                            ("api_key", "apikey", "auth_key", "service_key", "account_key", "db_key", "database_key", "priv_key", "private_key", "client_key",
                             "db_pass", "database_pass", "password", "passwd", "pwd", "secret", "contraseña", "my_password_old")],
    }  # fmt: skip
    return [pytest.param(name, said, id=f"{name} {n}") for name, found in given.items() for n, said in enumerate(found)]


LEFT_OUT = {"Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector"}


def test_every_detector_is_asked():
    known = {kind.__name__ for kind in get_mapping_from_secret_type_to_class().values()}
    assert known == {case.values[0] for case in samples()} | LEFT_OUT


def test_what_detect_secrets_finds_is_redacted(path):
    kinds = {kind.__name__: kind for kind in get_mapping_from_secret_type_to_class().values()}
    cases = samples()
    with Store.open(path) as store:
        clean = {
            case.id: store._connection.execute("SELECT redacted($said)", {"said": case.values[1]}).fetchone()[0]
            for case in cases
        }
    left = []
    for case in cases:
        name, said = case.values
        lines = [
            secret.secret_value
            for line in said.splitlines()
            for secret in kinds[name]().analyze_line("note.txt", line, 1)
        ]
        assert lines, f"the sample {case.id} is none"
        left += [case.id for secret in lines if secret in clean[case.id]]
    assert not left


def test_a_team_adds_patterns_and_names(path):
    rules = "redact:\n  patterns: ['ACME-[0-9]{4}', '[']\n  names: [customer.no, x-team]\n"
    said = {"note": "the code is ACME-1234", "customer.no": "77123", "x-team": "blue-42", "customer.note": "kept"}
    found = held(path, {"incident.yaml": rules, "a.jsonl": otlp(said)})
    assert not [gone for gone in ("ACME-1234", "77123", "blue-42") if gone in found]
    assert "kept" in found
    with Store.open(path, read_only=True) as store:
        (told,) = [problem for problem in store.problems() if problem.source == "incident.yaml"]
    assert "'['" in told.message


def test_a_manifest_is_kept_without_what_it_should_not_say(path):
    manifest = {
        "service": f"bot of {PERSON} for ACME-1234", "segments": [SECRET, "customer.tier"], "signals": {PERSON: {"better": "higher"}, "grounded": {}},
        "columns": {"at": "when"}, "redact": {"patterns": ["ACME-[0-9]{4}"], "names": ["x-team"]},
    }  # fmt: skip
    found = held(path, {"incident.yaml": json.dumps(manifest)})
    assert not [gone for gone in (PERSON, SECRET, "ACME-1234") if gone in found]
    with Store.open(path, read_only=True) as store:
        kept = store.manifest()
    assert kept.service == "bot of [e-mail] for [secret]"
    assert kept.segments == ("[secret]", "customer.tier")
    assert unnumbered(sorted(kept.signals)) == ["[e-mail]", "grounded"]
    assert (kept.columns, kept.redact.patterns, kept.redact.names) == ({"at": "when"}, ("ACME-[0-9]{4}",), ("x-team",))


ANCHORED = {
    "a start": ("^zq[0-9]{4}", "zq1234 and more"), "an end": ("zq[0-9]{4}$", "this is zq1234"), "all of it": ("^zq[0-9]{4}$", "zq1234"),
    "a start of RE2": (r"\Azq[0-9]{4}", "zq1234 and more"), "an end of RE2": (r"zq[0-9]{4}\z", "this is zq1234"), "a line": ("(?m)^zq[0-9]{4}", "first\nzq1234"),
}  # fmt: skip


@pytest.mark.parametrize(("pattern", "value"), ANCHORED.values(), ids=ANCHORED)
def test_a_pattern_of_a_team_may_say_where_a_value_begins_or_ends(path, pattern, value):
    row = {
        "at": "2026-03-01T00:00:00Z",
        "question": "q",
        "correct": 1,
        "other": "b",
        "kept": "quagga",
        "note": value,
        "z": "y",
    }
    lists = {"tags": [], "tool_calls": [], "metadata": {"note": value}}  # within JSON, a value begins with its bracket
    langfuse = (
        json.loads(FILES["Langfuse lines"]["a.jsonl"]) | {"name": value, "user_id": value, "input": value} | lists
    )
    files = {
        "incident.yaml": json.dumps({"redact": {"patterns": [pattern]}}),
        "a.jsonl": otlp({"first": "b", "note": value, "z": "y", value: "quagga"}, name=value),
        "b.csv": table([row], comma=True),
        "c.jsonl": json.dumps(langfuse) + "\n",
    }
    found = held(path, files)
    assert "zq1234" not in found
    assert "quagga" in found


def test_an_anchor_is_no_wider_than_it_says(path):
    files = {
        "incident.yaml": "redact:\n  patterns: ['^zq[0-9]{4}$']\n",
        "a.jsonl": otlp({"note": "the order zq1234", "x": "zq99\nzq1234"}),
    }
    found = held(path, files)
    assert "the order zq1234" in found


def test_what_a_manifest_closed_no_later_one_opens(path):
    first, second = "redact:\n  patterns: ['ACME-[0-9]{4}']\n", "redact:\n  patterns: ['BETA-[0-9]{4}']\n"
    said = {"note": "the codes are ACME-1234 and BETA-1234"}
    found = held(path, {"a.incident.yaml": first, "b.incident.yaml": second, "a.jsonl": otlp(said)})
    assert "the codes are" in found
    assert not [gone for gone in ("ACME-1234", "BETA-1234") if gone in found]


@pytest.mark.parametrize("name", ["password", "http.request.header.authorization", "db.user.password", "openai.api_key", "OPENAI_API_KEY", "cookie",
                                  "access_token", "http.request.header.x-api-key.0", "client_secret"])  # fmt: skip
def test_a_name_can_say_that_its_value_is_secret(path, name):
    assert "plain words" not in held(path, {"a.jsonl": otlp({"a": "b", name: "plain words", "z": "y"})})


def table(rows: list[dict[str, object]], *, comma: bool) -> str:
    if not comma:
        return "".join(json.dumps(row) + "\n" for row in rows)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


SECRET, PERSON = SECRETS["OpenAI"], PEOPLE["plain"]
BOTH = f"write to {PERSON} with {SECRET}"
FILES = {
    "OTLP": {"a.jsonl": otlp({"note": BOTH}, name=BOTH, status={"code": 2, "message": BOTH}, events=[{"name": "e", "timeUnixNano": str(NS), "attributes": [{"key": "k", "value": {"stringValue": BOTH}}]}])},
    "CSV": {"a.csv": table([{"at": "2026-03-01T00:00:00Z", "question": BOTH, "answer": BOTH, "note": BOTH}], comma=True)},
    "JSON lines": {"a.jsonl": table([{"at": "2026-03-01T00:00:00Z", "question": BOTH, "correct": 1}], comma=False)},
    "a bad time": {"a.jsonl": table([{"at": "2026-03-01T00:00:00Z", "correct": 1}, {"at": BOTH, "correct": 1}], comma=False)},
    "names of traces": {"a.csv": table([{"at": "2026-03-01T00:00:00Z", "trace_id": PERSON, "span_id": SECRET, "parent_id": PERSON, "question": "q", "correct": 1}], comma=True)},
    "a name of a file": {f"{PERSON} {SECRET}.csv": table([{"at": "2026-03-01T00:00:00Z", "question": "q", "correct": 1}, {"at": "never", "question": "q", "correct": 1}], comma=True)},
    "why it ended": {"a.jsonl": otlp({"gen_ai.operation.name": "chat", "gen_ai.response.finish_reasons": json.dumps([PERSON])})},
    "a replay": {"replays.jsonl": json.dumps({"case_id": PERSON, "signal": PERSON, "run": SECRET, "config": {"prompt": PERSON}, "score": 1.0}) + "\n"},
    "Langfuse lines": {"a.jsonl": json.dumps({
        "id": "a1", "trace_id": "t1", "project_id": "p", "parent_observation_id": "", "type": "GENERATION", "start_time": "2026-03-01 00:00:00.000000",
        "end_time": "2026-03-01 00:00:01.000000", "name": BOTH, "level": "ERROR", "status_message": BOTH, "input": BOTH, "output": BOTH, "metadata": {"note": BOTH},
        "user_id": PERSON, "session_id": SECRET, "tags": [BOTH], "release": BOTH, "trace_name": BOTH, "bookmarked": False, "public": False,
        "is_root_observation": True, "usage_pricing_tier_id": "", "tool_calls": [BOTH],
    }) + "\n"},
    "a change": {"changes.yaml": json.dumps([{"at": "2026-03-01T00:00:00Z", "kind": "prompt_edit", "layer": "prompt", "summary": BOTH, "diff": f"-old\n+{BOTH}"}])},
}  # fmt: skip


FIXTURES = Path(__file__).parent / "sources" / "fixtures"
FREE = frozenset(
    [
        "title",
        "summary",
        "description",
        "message",
        "comment",
        "body",
        "text",
        "prompt",
        "reason",
        "note",
        "content",
        "input",
        "output",
        "answer",
        "question",
        "error",
        "explanation",
        "statusmessage",
        "status_message",
        "stringvalue",
        "details",
        "detail",
        "rationale",
        "said",
    ]
)
"""Keys under which every vendor has words of people."""


def with_words(value: Any, key: str = "") -> tuple[Any, int]:
    """An export with an address and a key at the end of everything that somebody typed; how often they were put there."""
    if isinstance(value, dict):
        pairs = {name: with_words(part, str(name).lower()) for name, part in value.items()}
        return {name: part for name, (part, _) in pairs.items()}, sum(n for _, n in pairs.values())
    if isinstance(value, list):
        parts = [with_words(part, key) for part in value]
        return [part for part, _ in parts], sum(n for _, n in parts)
    if isinstance(value, str) and key in FREE and value and value[0] not in "[{":
        return f"{value} {BOTH}", 1
    return value, 0


def planted_in(path: Path) -> tuple[str, int]:
    text = path.read_text(encoding="utf-8")
    try:
        whole, n = with_words(json.loads(text))
        return json.dumps(whole), n
    except ValueError:
        lines = []
        for line in text.splitlines():
            try:
                lines.append(with_words(json.loads(line)))
            except ValueError:
                lines.append((None, 0))
        return "".join(json.dumps(line) + "\n" for line, _ in lines if line is not None), sum(n for _, n in lines)


EXPORTS = {
    export.relative_to(FIXTURES).as_posix(): planted_in(export)
    for export in sorted(FIXTURES.rglob("*"))
    if export.suffix in {".json", ".jsonl", ".ndjson"} and export.stat().st_size < 300_000
}
WORDY = {name: text for name, (text, times) in EXPORTS.items() if times}
"""Exports in which somebody typed something."""


@pytest.mark.parametrize("content", ["redacted", pytest.param("none", marks=pytest.mark.long)])
def test_every_vendors_words_are_redacted(path, content):
    assert len(WORDY) > 50
    found = held(
        path, {f"{place}-{Path(export).name}": text for place, (export, text) in enumerate(WORDY.items())}, content
    )
    assert not [gone for gone in (SECRET, PERSON) if gone in found]


def test_the_vendors_words_would_be_found(path):
    """What the test above looks for is kept by most formats when nothing is redacted."""
    kept = []
    for place, (export, text) in enumerate(list(WORDY.items())[::9]):
        case = path.parent / str(place) / "case.duckdb"
        case.parent.mkdir()
        kept.append(PERSON in held(case, {Path(export).name: text}, "full"))
    assert len(kept) >= 5
    assert sum(kept) >= 0.6 * len(kept)


@pytest.mark.parametrize("content", ["redacted", pytest.param("none", marks=pytest.mark.long)])
@pytest.mark.parametrize("files", FILES.values(), ids=FILES)
def test_every_format_is_redacted(path, files, content):
    found = held(path, files, content)
    assert not [gone for gone in (SECRET, PERSON) if gone in found]


def test_full_keeps_every_byte(path):
    said = {f"note.{name}": value for name, value in (SECRETS | PEOPLE | CARDS).items()}
    held(path, {"a.jsonl": otlp(said)}, "full")
    with Store.open(path, read_only=True) as store:
        ((kept,),) = store.sql("SELECT attributes FROM spans").rows
    assert said.items() <= kept.items()


WRITTEN = "the zebra asked the quagga about refunds and is told that it is on its way to you"
ASKED = json.dumps([{"role": "user", "parts": [{"type": "text", "content": WRITTEN}]}])
ANSWERS = {
    "prose": WRITTEN, "fenced JSON": "Here:\n```json\n" + json.dumps({"said": WRITTEN}) + "\n```", "JSON": json.dumps({"said": WRITTEN}), "empty": "",
    "a refusal": f"I can't help with that: {WRITTEN}", "German": f"Die Zebras und das Quagga sind nicht mit der Antwort zufrieden. {WRITTEN}",
}  # fmt: skip
CONTENT = (
    "gen_ai.input.messages", "gen_ai.output.messages", "gen_ai.system_instructions", "gen_ai.tool.definitions", "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result", "gen_ai.retrieval.query.text", "gen_ai.prompt", "gen_ai.completion", "gen_ai.prompt.0.content",
    "gen_ai.completion.0.content", "input.value", "output.value", "llm.input_messages.0.message.content", "llm.prompts.0.prompt.text",
    "llm.prompt_template.template", "retrieval.documents.0.document.content", "reranker.input_documents.0.document.content",
    "embedding.embeddings.0.embedding.text", "traceloop.entity.input", "traceloop.entity.output", "ai.prompt", "ai.prompt.messages",
    "ai.response.text", "ai.response.object", "ai.toolCall.args", "ai.toolCall.result", "langfuse.observation.input", "langfuse.observation.output",
    "langfuse.trace.input", "mlflow.spanInputs", "mlflow.spanOutputs", "exception.stacktrace", "db.query.text", "question", "answer",
)  # fmt: skip
FACTS = "finish, input_tokens, output_tokens, content_state, output_chars, output_language, output_fenced, output_json, output_refused"


@pytest.mark.parametrize("name", CONTENT)
def test_none_keeps_nothing_that_was_written(path, name):
    said = {"gen_ai.operation.name": "chat", name: WRITTEN}
    events = [
        {
            "name": "gen_ai.content.prompt",
            "timeUnixNano": str(NS),
            "attributes": [{"key": "gen_ai.prompt", "value": {"stringValue": WRITTEN}}],
        }
    ]
    assert "zebra" not in held(path, {"a.jsonl": otlp(said, events=events)}, "none")


DOCUMENTS = json.dumps([{"id": "doc-7", "score": 0.5, "content": WRITTEN}])
TOLD = {
    "an error": otlp({"exception.message": WRITTEN}, status={"code": 2, "message": WRITTEN}),
    "documents": otlp({"gen_ai.operation.name": "retrieval", "gen_ai.retrieval.documents": DOCUMENTS}),
    "why a judge said so": json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [{
        "timeUnixNano": str(NS), "eventName": "gen_ai.evaluation.result", "traceId": TRACE, "spanId": SPAN,
        "attributes": [{"key": key, "value": {"stringValue": said}} for key, said in (
            ("gen_ai.evaluation.name", "grounded"), ("gen_ai.evaluation.score.value", "0.5"), ("gen_ai.evaluation.explanation", WRITTEN))],
    }]}]}]}) + "\n",
    "Langfuse": FILES["Langfuse lines"]["a.jsonl"].replace(BOTH, WRITTEN).replace(f'"name": "{WRITTEN}"', '"name": "n"')
    .replace(f'"note": "{WRITTEN}"', '"note": "n"').replace(f'"release": "{WRITTEN}"', '"release": "1"').replace(f'"trace_name": "{WRITTEN}"', '"trace_name": "n"')
    .replace(f'"tags": ["{WRITTEN}"]', '"tags": []'),
}  # fmt: skip


@pytest.mark.parametrize("text", TOLD.values(), ids=TOLD)
def test_none_leaves_out_what_is_told_of_it(path, text):
    assert "zebra" not in held(path, {"a.jsonl": text}, "none")
    place = path.parent / "full" / "case.duckdb"
    place.parent.mkdir()
    assert "zebra" in held(place, {"a.jsonl": text}, "full")


def test_none_keeps_ids_and_scores_of_documents(path):
    held(path, {"a.jsonl": TOLD["documents"]}, "none")
    with Store.open(path, read_only=True) as store:
        ((kept,),) = store.sql("SELECT attributes['gen_ai.retrieval.documents'] FROM spans").rows
    assert json.loads(kept) == [{"id": "doc-7", "score": 0.5}]


def test_an_id_that_is_an_address_still_joins(path):
    rows = [{"at": "2026-03-01T00:00:00Z", "trace_id": PERSON, "question": "q", "correct": 1}]
    held(path, {"a.csv": table(rows, comma=True)}, "redacted")
    with Store.open(path, read_only=True) as store:
        asked = "SELECT s.trace_id FROM span_rows s JOIN scores c ON c.trace_id = s.trace_id"
        ((kept,),) = store.sql(asked).rows
    assert kept.startswith("id-")


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_none_knows_what_full_knows(path, answer):
    told = json.dumps([{"role": "assistant", "parts": [{"type": "text", "content": answer}]}])
    said = {"gen_ai.operation.name": "chat", "gen_ai.input.messages": ASKED, "gen_ai.output.messages": told, "gen_ai.response.finish_reasons": '["max_tokens"]',
            "gen_ai.usage.input_tokens": "12", "gen_ai.usage.output_tokens": "7"}  # fmt: skip
    found = []
    for content in ("none", "redacted", "full"):
        place = path.parent / content / "case.duckdb"
        place.parent.mkdir()
        text = held(place, {"a.jsonl": otlp(said)}, content)
        assert ("zebra" in text) == (content != "none")
        with Store.open(place, read_only=True) as store:
            found.append(store.sql(f"SELECT {FACTS} FROM span_rows").rows)
    assert found[0] == found[1] == found[2]
    assert found[0][0][4] == len(answer)


PAGED = {"id": "P1", "incident_number": 1, "title": f"Bot for {PERSON} password:", "created_at": "2026-03-14T09:00:00Z", "status": "triggered",
         "urgency": "high", "service": {"summary": "bot"}, "type": "incident", "incident_key": "k", "html_url": "x"}  # fmt: skip
FIRED = {"version": "4", "groupKey": "g", "truncatedAlerts": 0, "status": "firing", "receiver": "r", "alerts": [{
    "status": "firing", "labels": {"alertname": "A", "password": "hunter22x", "severity": "page"}, "annotations": {"summary": "s"},
    "startsAt": "2026-03-14T09:12:00Z", "endsAt": "0001-01-01T00:00:00Z", "generatorURL": "x", "fingerprint": "abc"}]}  # fmt: skip
RECORDS = {
    "pd.json": json.dumps({"incidents": [PAGED]}),
    "am.json": json.dumps(FIRED),
    "changes.yaml": json.dumps(
        [
            {"id": "1", "at": "2026-03-14T09:12:00Z", "kind": "flag_change", "scope": {"password": 12345678, "region": "eu"}},
            {"id": "2", "at": "2026-03-14T10:12:00Z", "kind": "prompt_edit", "component": "client secret:", "to": "v2", "diff": 'set "password": "x y"\n\0'},
            {"id": "3", "at": "2026-03-14T11:12:00Z", "kind": "deploy", "scope": {SECRET: "eu", "cookie": "choc chip", "note": '{"password": "a b", "n": 1}'}},
        ]
    ),
    "evals.jsonl": json.dumps(
        {"run_id": "r", "suite": "s", "at": "2026-03-10T06:00:00Z", "reason": "api_key: abcdefgh", "slices": [{"segment": {"secret": "refund"}, "n": 40, "passed": 37}]}
    ) + "\n",
}  # fmt: skip


def test_a_record_stays_one_that_can_be_read(path):
    found = held(path, RECORDS)
    assert not [
        gone
        for gone in ("12345678", "hunter22x", "x y", "choc chip", "abcdefgh", "refund", "a b", SECRET, PERSON)
        if gone in found
    ]
    with Store.open(path, read_only=True) as store:
        first, second, third = store.changes()
        (run,) = store.eval_runs()
        paged, fired = store.alerts()
        assert not store.problems()
    assert first.scope == {"password": "[secret]", "region": "eu"}
    assert (second.component, second.to, second.diff) == ("client secret:", "v2", 'set "[secret]"\n\0')
    assert third.scope.keys() == {"[secret]", "cookie", "note"}
    assert (third.scope["[secret]"], third.scope["cookie"]) == ("eu", "[secret]")
    assert (run.reason, run.slices[0].segment, run.slices[0].n) == ("[secret]", {"secret": "[secret]"}, 40)
    assert (paged.title, paged.severity) == ("Bot for … password:", "high")
    assert fired.labels == {"alertname": "A", "password": "[secret]", "severity": "page"}


def test_a_pattern_of_a_team_leaves_a_record_what_makes_it_one(path):
    given = {
        "incident.yaml": "redact:\n  patterns: ['[0-9]{4}-[0-9]{2}', 'prompt', '^id$', '^zq']\n",
        "changes.jsonl": json.dumps(
            {"id": "c", "at": "2026-03-14T09:12:00Z", "kind": "prompt_edit", "summary": "prompt of 2026-03", "team": "zqa"}
        ) + "\n",
    }  # fmt: skip
    held(path, given)
    with Store.open(path, read_only=True) as store:
        (change,) = store.changes()
    assert (change.kind, change.at.isoformat()) == ("prompt_edit", "2026-03-14T09:12:00+00:00")
    assert (change.summary, change.team) == ("[secret] of [secret]", "[secret]a")


def test_a_record_without_anything_sensitive_is_stored_as_it_was_told(path):
    told = {
        "id": "c",
        "at": "2026-03-14T09:12:00Z",
        "kind": "deploy",
        "scope": {"region": "eu", "token_count": "5"},
        "diff": 'a "b"\n\\',
    }
    held(path, {"changes.jsonl": json.dumps(told) + "\n"})
    plain = path.parent / "full" / "case.duckdb"
    plain.parent.mkdir()
    held(plain, {"changes.jsonl": json.dumps(told) + "\n"}, "full")
    kept = []
    for place in (path, plain):
        with Store.open(place, read_only=True) as store:
            kept.append(store.sql("SELECT record FROM changes").rows)
    assert kept[0] == kept[1]


PIECES = {
    "a name and a text": ({"user": "u", "password": "hunter22", "n": 1}, {"user": "u", "password": "[secret]", "n": 1}),
    "a name and a number": ({"password": 12345678}, {"password": "[secret]"}),
    "deeper": ([{"arguments": {"api_key": "a b"}}, 2], [{"arguments": {"api_key": "[secret]"}}, 2]),
    "a card as a number": ({"n": 4012888888881881, "of": [4012888888881881, -1.5]}, {"n": "[card]", "of": ["[card]", -1.5]}),
    "quotes in a text": ({"say": 'set password="x y" \\ and "go"'}, {"say": 'set [secret]" \\ and "go"'}),
    "a name that holds more": ({f"{PERSON} password": "hunter22", "a": 1}, {"[secret]": "[secret]", "a": 1}),
    "a name that is one": ({SECRET: "x"}, {"[secret]": "x"}),
    "an odd piece": ({"zq": "zqa"}, {"zq": "[secret]"}),
    "a key": ({"pem": KEY, "b": PERSON}, {"pem": "-----[secret]", "b": "[e-mail]"}),
    "two messages": ([{"role": "user", "content": "reset my password:"}, {"role": "assistant", "content": "ok"}], None),
    "nothing said": ({"client_secret": None, "password": "", "secret": True}, None),
}  # fmt: skip


def test_json_is_redacted_piece_by_piece_and_stays_json(path):
    said = {f"note.{name}": json.dumps(value) for name, (value, _) in PIECES.items()}
    manifest = "redact:\n  patterns: ['zqa\"']\n"  # takes a quote with it
    held(path, {"a.jsonl": otlp({"x": 1, **said}), "incident.yaml": manifest})
    with Store.open(path, read_only=True) as store:
        ((kept,),) = store.sql("SELECT attributes FROM spans").rows
    wanted = {name: value if clean is None else clean for name, (value, clean) in PIECES.items()}
    assert {name: json.loads(kept[f"note.{name}"]) for name in wanted} == wanted


def test_what_is_no_json_is_redacted_as_a_text(path):
    said = {
        "note.cut": '[{"password": "hunter22", "b',
        "note.prose": 'he said {"password": "hunter22"}',
        "note.number": "4012888888881881",
    }
    held(path, {"a.jsonl": otlp(said)})
    with Store.open(path, read_only=True) as store:
        ((kept,),) = store.sql("SELECT attributes FROM spans").rows
    assert [kept[name] for name in said] == ['[{"[secret]", "b', 'he said {"[secret]"}', "[card]"]


ASKERS = [f"{name}@acme.com" for name in ("ann", "bob", "cy")]


def numbered(said: str) -> bool:
    return re.fullmatch("id-[0-9a-f]{16}", said) is not None


def test_ids_that_are_addresses_stay_apart_and_join(path):
    changes = [
        {"id": f"deploy/{who}", "at": f"2026-03-14T0{n}:00:00Z", "kind": "deploy"} for n, who in enumerate(ASKERS)
    ]
    changes.append(
        {"id": "undo v2@prod", "at": "2026-03-15T00:00:00Z", "kind": "deploy", "reverts": f"deploy/{ASKERS[1]}"}
    )
    runs = [{"run_id": f"{who}/1", "suite": "s", "at": "2026-03-10T06:00:00Z", "status": "skipped"} for who in ASKERS]
    replays = [{"case_id": who, "signal": "ok", "score": 1, "config": {"prompt": "v1"}, "run": 1} for who in ASKERS]
    pages = [{**PAGED, "id": who, "title": "late"} for who in ASKERS]
    files = {
        "changes.jsonl": "".join(json.dumps(one) + "\n" for one in changes),
        "evals.jsonl": "".join(json.dumps(one) + "\n" for one in runs),
        "replays.jsonl": "".join(json.dumps(one) + "\n" for one in replays),
        "pd.json": json.dumps({"incidents": pages}),
    }
    found = held(path, files)
    assert not [who for who in ASKERS if who in found]
    with Store.open(path, read_only=True) as store:
        kept = store.changes()
        others = (
            [run.run_id for run in store.eval_runs()],
            [page.id for page in store.alerts()],
            list(store.replays()["case_id"]),
        )
        assert not store.problems()
    assert all(len(set(ids)) == 3 and all(map(numbered, ids)) for ids in (*others, [change.id for change in kept[:3]]))
    assert (kept[3].id, kept[3].reverts) == ("undo v2@prod", kept[1].id)


def test_attributes_that_are_addresses_stay_apart_and_join(path):
    spans, scores = "", ""
    for n, who in enumerate(ASKERS):
        said = {
            "gen_ai.operation.name": "chat",
            "gen_ai.response.id": f"{who}/1",
            "user.id": who,
            "session.id": f"s of {who}",
            "tenant.id": who,
            "note": f"by {who}",
        }
        spans += otlp(said, traceId=f"{n + 1:032x}", spanId=f"{n + 1:016x}")
        told = {"gen_ai.evaluation.name": "ok", "gen_ai.evaluation.score.value": "1", "gen_ai.response.id": f"{who}/1"}
        listed = [{"key": key, "value": {"stringValue": value}} for key, value in told.items()]
        record = {"timeUnixNano": str(NS), "eventName": "gen_ai.evaluation.result", "attributes": listed}
        scores += json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": [record]}]}]}) + "\n"
    found = held(path, {"a.jsonl": spans, "b.jsonl": scores})
    assert not [who for who in ASKERS if who in found]
    with Store.open(path, read_only=True) as store:
        kept = [row[0] for row in store.sql("SELECT attributes FROM spans ORDER BY trace_id").rows]
        joined = [row[0] for row in store.sql("SELECT trace_id FROM scores ORDER BY trace_id").rows]
    assert joined == [f"{n + 1:032x}" for n in range(3)]
    for name in ("gen_ai.response.id", "user.id", "session.id"):
        assert len({said[name] for said in kept}) == 3
        assert all(numbered(said[name]) for said in kept)
    assert len({said["tenant.id"] for said in kept}) == 3
    assert all(re.fullmatch(r"\[e-mail [0-9a-f]{16}\]", said["tenant.id"]) for said in kept)
    assert {said["note"] for said in kept} == {"by [e-mail]"}


def test_an_id_that_is_closed_leaves_no_number(path):
    files = {
        "incident.yaml": "redact:\n  names: [user.id]\n",
        "a.jsonl": otlp({"user.id": PERSON, "session.id": "s-1"}),
    }
    held(path, files)
    with Store.open(path, read_only=True) as store:
        ((kept,),) = store.sql("SELECT attributes FROM spans").rows
    assert (kept["user.id"], kept["session.id"]) == ("[redacted]", "s-1")
