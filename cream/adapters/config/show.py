"""What are the settings in effect, as text, as a hash, and which of them do nothing yet?"""

import json
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from hashlib import sha256
from typing import Final, assert_never

import yaml
from attrs import frozen

from cream.adapters.config.kinds import (
    Choice,
    Field,
    Kind,
    Many,
    Maybe,
    Plain,
    Section,
    Table,
    core_of,
    fields_of,
)
from cream.adapters.config.problems import join, join_index
from cream.core.model.money import decimal_text
from cream.core.model.secret import MASK

# Long values stay on one line; PyYAML would fold them.
_NO_FOLDING: Final = 1_000_000


@frozen
class NotEffective:
    """A setting that was given although its feature is not there yet, and the reason."""

    path: str
    reason: str


def show(settings: object) -> str:
    """The effective configuration as YAML that loads to the same settings; secrets are `***`."""
    tree = _escaped(plain(settings, Section(type(settings))))
    return yaml.dump(
        tree,
        Dumper=_Dumper,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=False,
        width=_NO_FOLDING,
    )


def effective_hash(settings: object) -> str:
    """A SHA-256 that is the same for equal settings, in any process; secrets have no part in it."""
    tree = plain(settings, Section(type(settings)), with_secrets=False)
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), default=_canonical)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def not_effective(settings: object, given: Collection[str]) -> list[NotEffective]:
    """The settings among the paths `given` whose feature is not there yet.

    A section of which all waits is named once, without its keys.
    """
    return list(_waiting(settings, Section(type(settings)), "", given))


def plain(value: object, kind: Kind, *, with_secrets: bool = True) -> object:
    """`value` as tables, lists and single values; a secret as its mask, or left out."""
    match kind, value:
        case _, None:
            return None
        case Section(settings_type), _:
            return {
                each.name: plain(getattr(value, each.name), each.kind, with_secrets=with_secrets)
                for each in fields_of(settings_type)
                if with_secrets or core_of(each.kind) != Plain.SECRET
            }
        case Maybe(inner), _:
            return plain(value, inner, with_secrets=with_secrets)
        case Many(item), tuple():
            return [plain(each, item, with_secrets=with_secrets) for each in value]
        case Table(inner), dict():
            return {
                key: plain(each, inner, with_secrets=with_secrets) for key, each in value.items()
            }
        case Choice(), Enum():
            return value.value
        case Plain.SECRET, _:
            return MASK if value else ""
        case Plain.PATH, _:
            return str(value)
        case Plain.INSTANT, datetime():
            return instant_text(value)
        case _:
            return value


def instant_text(value: datetime) -> str:
    """`value` in UTC as RFC 3339 writes it."""
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _canonical(value: object) -> str:
    # 2, 2.0 and 2.00 are one amount.
    assert isinstance(value, Decimal)
    return decimal_text(value.normalize())


def _escaped(tree: object) -> object:
    match tree:
        case dict():
            return {key: _escaped(value) for key, value in tree.items()}
        case list():
            return [_escaped(value) for value in tree]
        case str() if "$$" in tree or "${" in tree:
            return tree.replace("$", "$$")
        case _:
            return tree


def _waiting(
    value: object, kind: Kind, path: str, given: Collection[str]
) -> Iterator[NotEffective]:
    match kind:
        case Section(settings_type):
            if value is not None:
                for each in fields_of(settings_type):
                    yield from _waiting_field(getattr(value, each.name), each, path, given)
        case Maybe(inner):
            yield from _waiting(value, inner, path, given)
        case Many(item):
            assert isinstance(value, tuple)
            for index, each_value in enumerate(value):
                yield from _waiting(each_value, item, join_index(path, index), given)
        case Table(inner):
            assert isinstance(value, dict)
            for key, each_value in value.items():
                yield from _waiting(each_value, inner, join(path, key), given)
        case Plain() | Choice():
            return
        case _:
            assert_never(kind)


def _waiting_field(
    value: object, each: Field, around: str, given: Collection[str]
) -> Iterator[NotEffective]:
    path = join(around, each.name)
    if path in given and each.info.not_effective:
        yield NotEffective(path, each.info.not_effective)
    elif value is not None:
        yield from _waiting(value, each.kind, path, given)


class _Dumper(yaml.SafeDumper):
    """Writes numbers with the digits they have, and equal values each in full."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _number(dumper: yaml.SafeDumper, value: Decimal | float) -> yaml.ScalarNode:
    text = decimal_text(value) if isinstance(value, Decimal) else repr(value)
    # The tag that PyYAML would find by itself, so that it writes none.
    tag = dumper.resolve(yaml.ScalarNode, text, (True, False))  # type: ignore[no-untyped-call]
    return dumper.represent_scalar(tag, text)


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Only double quotes carry every character; PyYAML loses some line breaks in the other styles.
    style = None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(Decimal, _number)
_Dumper.add_representer(float, _number)
