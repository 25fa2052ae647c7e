"""Calls of an endpoint that speaks OpenAI's chat protocol: a request and its stubs in, the answer and its tokens out.

The one place of the program that speaks to a network, and only to the address it was given. What fails for a while (429, 5xx,
silence, broken JSON) is tried again with growing pauses; what fails for good is told. The key goes into the header of
requests and nowhere else.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from blameline.errors import BlamelineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import httpx

TRIES = 6
LONGEST_PAUSE = 60.0
MOST_TURNS = 12
"""Turns of tools in one run; a model that calls on and on is stopped there."""
NO_RESULT = '{"error": "no recorded result of this call"}'
_PASSING = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})


class Refused(BlamelineError):
    """The endpoint will not answer any call: the key, the address or the model is wrong."""


class Failed(Exception):
    """One run did not succeed; the message holds neither the key nor the request, ``tokens`` what its turns took all the same."""

    tokens = 0


@dataclass(frozen=True)
class Answer:
    """What one run came to."""

    text: str
    tokens: int
    """Of all its turns, as the endpoint counts; guessed by letters where it does not."""
    finish: str
    model: str
    unstubbed: int
    """Calls of tools that nothing was recorded for."""


class Endpoint:
    """An address with its key; use it as a context manager."""

    def __init__(
        self, url: str, *, key: str | None, timeout: float, pause: Callable[[float], None] = time.sleep
    ) -> None:
        """Raises ``BlamelineError`` where ``httpx`` is not installed."""
        try:
            import httpx as client  # noqa: PLC0415  an extra: no other verb needs it
        except ImportError as error:
            raise BlamelineError("`incident replay run` needs httpx", hint="pip install 'blameline[replay]'") from error
        if not url.startswith(("http://", "https://")):
            raise BlamelineError(f"'{url}' is no address of an endpoint", hint="for example http://localhost:8000/v1")
        self._errors = (client.HTTPError, client.InvalidURL)
        self._pause = pause
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._key = key
        self._client: httpx.Client = client.Client(timeout=timeout, headers=headers, follow_redirects=False)
        self._url = address(url)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def run(self, request: Mapping[str, Any], stubs: Sequence[Mapping[str, Any]], url: str | None = None) -> Answer:
        """One run with all its turns; raises ``Failed`` where it cannot be brought to an end."""
        messages = list(request["messages"])
        left = list(stubs)
        tokens = unstubbed = 0
        for _ in range(MOST_TURNS):
            body = {**request, "messages": messages}
            try:
                told = self._post({key: value for key, value in body.items() if value is not None}, url)
                message, finish = _message(told)
            except Failed as error:
                error.tokens = tokens
                raise
            tokens += _tokens(told, messages, message)
            called = message.get("tool_calls") or []
            if not called:
                text = message.get("content")
                model = str(told.get("model") or request.get("model") or "")
                return Answer(text if isinstance(text, str) else "", tokens, finish, model, unstubbed)
            messages.append({"role": "assistant", "content": message.get("content"), "tool_calls": called})
            for call in called:
                result, known = _stubbed(call, left)
                unstubbed += not known
                messages.append({"role": "tool", "tool_call_id": str(call.get("id", "")), "content": result})
        endless = Failed(f"it called tools {MOST_TURNS} times and gave no answer")
        endless.tokens = tokens
        raise endless

    def _post(self, body: Mapping[str, Any], url: str | None) -> dict[str, Any]:
        """One call with its tries."""
        said = "no answer"
        for attempt in range(TRIES):
            wait = min(2.0**attempt, LONGEST_PAUSE)
            try:
                answer = self._client.post(address(url) if url else self._url, json=body)
            except self._errors as error:
                said = f"{type(error).__name__}"
            else:
                if answer.status_code in {401, 403, 404}:
                    raise Refused(
                        f"the endpoint answers {answer.status_code} ({self._safe(answer.text)})",
                        hint="look at --via, --model and the key in OPENAI_API_KEY",
                    )
                if answer.status_code == 200:
                    told = _opened(answer.text)
                    if isinstance(told, dict) and told.get("choices"):
                        return told
                    said = "an answer that is no completion"
                elif answer.status_code in _PASSING:
                    said = f"HTTP {answer.status_code}"
                    wait = _asked_for(answer.headers.get("retry-after"), wait)
                else:
                    raise Failed(f"HTTP {answer.status_code}: {self._safe(answer.text)}")
            if attempt + 1 < TRIES:
                self._pause(wait)
        raise Failed(f"{said}, {TRIES} times")

    def _safe(self, text: str) -> str:
        """The beginning of what an endpoint says of a fault, without the key, which some repeat."""
        text = text.replace(self._key, "…") if self._key else text
        return "".join(sign if sign.isprintable() else " " for sign in text[:200])


def address(url: str) -> str:
    """Where completions are asked for, from the base address that people know."""
    base = url.rstrip("/")
    return base if base.endswith("/chat/completions") else f"{base}/chat/completions"


def _asked_for(said: str | None, usual: float) -> float:
    """The pause that the endpoint asks for in seconds, within reason."""
    try:
        return min(max(float(said or ""), 0.0), LONGEST_PAUSE)
    except ValueError:
        return usual


def _message(told: Mapping[str, Any]) -> tuple[Mapping[str, Any], str]:
    choice = told["choices"][0] if isinstance(told["choices"], list) else None
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict) or not isinstance(message.get("tool_calls") or [], list):
        raise Failed("an answer without a message")
    return message, str((choice or {}).get("finish_reason") or "")


def _tokens(told: Mapping[str, Any], messages: Sequence[Mapping[str, Any]], message: Mapping[str, Any]) -> int:
    usage = told.get("usage")
    if isinstance(usage, dict):
        total = usage.get("total_tokens")
        if isinstance(total, int) and total > 0:
            return total
    letters = sum(len(json.dumps(one, ensure_ascii=False)) for one in (*messages, message))
    return max(letters // 4, 1)


def _stubbed(call: Mapping[str, Any], left: list[Mapping[str, Any]]) -> tuple[str, bool]:
    """What the tool said to the same call, else to the next one of its name that is left."""
    function = call.get("function") or {}
    name, arguments = str(function.get("name", "")), _opened(str(function.get("arguments") or "{}"))
    same = [n for n, stub in enumerate(left) if stub["name"] == name]
    exact = [n for n in same if _opened(str(left[n]["arguments"] or "{}")) == arguments]
    if not same:
        return NO_RESULT, False
    stub = left.pop((exact or same)[0])
    return str(stub["result"]), True


def _opened(text: str) -> Any:  # noqa: ANN401  JSON of any shape
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return text
    if "\\ud" in text.lower():  # half of a surrogate pair is a text that no UTF-8 can hold
        return json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
    return value
