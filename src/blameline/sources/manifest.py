"""``incident.yaml`` (contract, section 2): a mapping of settings in, one ``Manifest`` out.

Every key is optional. A key or value that the contract does not know is told as a ``Problem``, and the rest is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from blameline.records import LAYER_OF_KIND, Manifest, PriorSetting, Problem, SignalSetting
from blameline.records.brought import MOST_STANDING
from blameline.sources.lines import records
from blameline.sources.wording import fault, nearest, unknown_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from blameline.sources.heads import File, Head

KEYS = frozenset(Manifest.model_fields)
_OF_SIGNALS = frozenset(SignalSetting.model_fields)
_LAYERS = frozenset(LAYER_OF_KIND.values())
_TEXTS_OR_LISTS = frozenset({"controls", "segments"})


class ManifestFile:
    """Reads the settings of one case."""

    name = "manifest"

    def sniff(self, path: Path, head: Head) -> bool:
        """True for one mapping most of whose keys are the contract's."""
        if head.shape not in {"yaml", "json", "jsonl"} or len(head.samples) != 1:
            return False
        known = KEYS & head.samples[0].keys()
        enough = len(head.samples[0]) if path.stem != "incident" else 1
        return bool(known) and 2 * len(known) >= min(enough, 2 * len(head.samples[0]))

    def read(self, file: File, manifest: Manifest, *, lenient: bool) -> Iterator[Manifest | Problem]:  # noqa: ARG002  the protocol hands it in
        """The settings that can be used, and a ``Problem`` for each that cannot."""
        for part in records(file):
            if isinstance(part, Problem):
                yield part
                continue
            record, problems = _known(part.record)
            kept: dict[str, Any] = {}
            for key, value in record.items():
                try:
                    Manifest.model_validate({key: value})
                except ValidationError as error:
                    problems.append(f"{fault(error)}; '{key}' is not used")
                else:
                    kept[key] = value
            if (
                "prior" in kept
                and (whole := sum(PriorSetting.model_validate(kept["prior"]).standing.values())) > MOST_STANDING
            ):
                between = f"{whole:.2f}, which leaves too little to the changes"
                problems.append(f"under 'prior' the standing bidders start with {between}; 'prior' is not used")
                del kept["prior"]
            for message in problems:
                yield Problem(source=file.source, line=None, message=message)
            yield Manifest.model_validate(kept)


def _known(found: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The settings whose keys the contract knows, and what to say about the others."""
    problems = [unknown_key(key, KEYS) for key in found if key not in KEYS]
    record: dict[str, Any] = {key: value for key, value in found.items() if key in KEYS and value is not None}
    for key in _TEXTS_OR_LISTS & record.keys():
        if isinstance(record[key], str):
            record[key] = [record[key]]
    if isinstance(record.get("signals"), list):
        record["signals"] = {str(name): {} for name in record["signals"]}
    if isinstance(record.get("signals"), dict):
        record["signals"] = {
            name: ({"better": setting} if isinstance(setting, str) else setting or {})
            for name, setting in record["signals"].items()
        }
    if isinstance(record.get("fields"), dict):
        problems += [
            f"unknown layer '{layer}' under 'fields' is not used{nearest(layer, _LAYERS)}"
            for layer in sorted(record["fields"].keys() - _LAYERS)
        ]
        record["fields"] = {layer: value for layer, value in record["fields"].items() if layer in _LAYERS}
    if isinstance(record.get("signals"), dict):
        for name, setting in list(record["signals"].items()):
            if isinstance(setting, dict) and (extra := sorted(setting.keys() - _OF_SIGNALS)):
                problems.append(f"unknown key '{extra[0]}' under signal '{name}' is not used")
                record["signals"][name] = {key: value for key, value in setting.items() if key in _OF_SIGNALS}
    return record, problems
