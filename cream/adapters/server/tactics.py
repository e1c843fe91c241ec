"""Which execution tactic does a decision name, and are its parameters sound?"""

from collections.abc import Mapping
from enum import Enum

from cream.adapters.server.json_reader import ObjectReader
from cream.adapters.server.problems import Problems, shown
from cream.adapters.server.strict_json import Json, JsonObject

TWAP = "TWAP"
WALK = "WALK"

# A tactic works within one session, and a session with its extended hours is 16 hours long.
_LONGEST_MINUTES = 16 * 60
# Each slice is an order of its own; a broker's budget is 200 requests a minute.
_MAX_SLICES = 1_000
_DEFAULT_MINUTES = 60
_DEFAULT_INTERVAL_SECONDS = 60
_DEFAULT_STEPS = 5
_DEFAULT_STEP_SECONDS = 10
_MAX_STEPS = 50
_WALK_KEYS = ("steps", "step_interval_seconds")
_TWAP_KEYS = ("duration_minutes", "slice_interval_seconds", "slice_type")


class SliceType(Enum):
    """How the slices of a TWAP are priced."""

    LIMIT = "limit"
    MARKET = "market"


def read_tactic(
    name: str | None, params: Json, name_path: str, params_path: str, problems: Problems
) -> tuple[str | None, Mapping[str, object]]:
    """The tactic and all its parameters, defaults filled in; None and nothing for a plain order."""
    if not name:
        if params:
            problems.add(params_path, "has no meaning without execution_tactic")
        return None, {}
    given = JsonObject() if params is None else params
    if name.upper() == TWAP:
        return TWAP, _twap(given, params_path, problems)
    if name.upper() == WALK:
        return WALK, _walk(given, params_path, problems)
    known = f"{shown(name)} is not a tactic of this version; {TWAP} and {WALK} are"
    problems.add_tactic(name_path, known)
    return None, {}


def _walk(params: Json, path: str, problems: Problems) -> Mapping[str, object]:
    reader = ObjectReader(params, path, problems, _WALK_KEYS)
    steps = reader.whole("steps", least=1, most=_MAX_STEPS)
    interval = reader.whole("step_interval_seconds", least=1, most=_LONGEST_MINUTES * 60)
    return {
        "steps": _DEFAULT_STEPS if steps is None else steps,
        "step_interval_seconds": _DEFAULT_STEP_SECONDS if interval is None else interval,
    }


def _twap(params: Json, path: str, problems: Problems) -> Mapping[str, object]:
    reader = ObjectReader(params, path, problems, _TWAP_KEYS)
    minutes = reader.whole("duration_minutes", least=1, most=_LONGEST_MINUTES)
    interval = reader.whole("slice_interval_seconds", least=1, most=_LONGEST_MINUTES * 60)
    slice_type = reader.choice("slice_type", SliceType)
    minutes = _DEFAULT_MINUTES if minutes is None else minutes
    interval = _DEFAULT_INTERVAL_SECONDS if interval is None else interval
    if interval > minutes * 60:
        problems.add(
            reader.at("slice_interval_seconds"),
            f"must not be longer than the whole of {minutes} minutes, was {interval}",
        )
    elif minutes * 60 // interval > _MAX_SLICES:
        problems.add(
            reader.at("slice_interval_seconds"),
            f"makes {minutes * 60 // interval} slices; at most {_MAX_SLICES} are sent",
        )
    return {
        "duration_minutes": minutes,
        "slice_interval_seconds": interval,
        "slice_type": (slice_type or SliceType.LIMIT).value,
    }
