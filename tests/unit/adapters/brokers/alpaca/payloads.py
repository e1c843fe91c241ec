"""Recorded payloads, and how a model is written back as the texts that it was read from."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import attrs

from cream.adapters.brokers.alpaca.document import Stamp

FOLDER = Path(__file__).parents[4] / "data" / "alpaca"


def payload(name: str) -> bytes:
    return (FOLDER / name).read_bytes()


def as_texts(name: str) -> Any:
    """The payload with every number as its literal text."""
    return json.loads(payload(name), parse_float=str, parse_int=str)


def rendered(value: Any) -> Any:
    """What a model holds, in the shape and words of the payload, numbers as texts."""
    if isinstance(value, Stamp):
        return value.text
    if attrs.has(type(value)):
        fields = {
            field.metadata.get("alpaca.wire", field.name): rendered(getattr(value, field.name))
            for field in attrs.fields(type(value))
            if field.name != "extra"
        }
        return fields | rendered(value.extra)
    if isinstance(value, dict):
        return {key: rendered(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rendered(one) for one in value]
    if isinstance(value, Decimal) or (isinstance(value, int) and not isinstance(value, bool)):
        return str(value)
    return value


def lost(raw: Any, shown: Any, path: str = "$") -> list[str]:
    """Where `shown` differs from `raw`; what raw leaves out or has as null does not count."""
    if raw is None or (raw == "" and shown is None):
        return []
    if isinstance(raw, dict) and isinstance(shown, dict):
        return [one for key in raw for one in lost(raw[key], shown.get(key), f"{path}.{key}")]
    if isinstance(raw, list) and isinstance(shown, list) and len(raw) == len(shown):
        pairs = enumerate(zip(raw, shown, strict=True))
        return [one for index, (a, b) in pairs for one in lost(a, b, f"{path}[{index}]")]
    return [] if raw == shown else [f"{path}: {raw!r} became {shown!r}"]
