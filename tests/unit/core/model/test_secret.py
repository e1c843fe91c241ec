"""A secret is usable, and never visible."""

import copy
import json
import pickle

import attrs
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cream.core.model.secret import Secret

TEXT = "hunter2-hunter2"


@attrs.frozen
class Holder:
    key: Secret


@pytest.mark.parametrize(
    "shown",
    [
        str(Secret(TEXT)),
        repr(Secret(TEXT)),
        f"{Secret(TEXT)}",
        f"{Secret(TEXT):>40}",
        f"{Secret(TEXT)!r}",
        "%s" % Secret(TEXT),  # noqa: UP031 - the old way must not show it either
        repr(Holder(Secret(TEXT))),
        str(attrs.asdict(Holder(Secret(TEXT)))),
        repr([Secret(TEXT)]),
    ],
)
def test_no_way_of_printing_shows_a_secret(shown: str) -> None:
    assert "***" in shown
    assert TEXT not in shown


@pytest.mark.parametrize("write", [pickle.dumps, json.dumps, msgspec.json.encode])
@pytest.mark.parametrize("value", [Secret(TEXT), Holder(Secret(TEXT))])
def test_no_codec_writes_a_secret(write: object, value: object) -> None:
    with pytest.raises(TypeError):
        write(value)  # type: ignore[operator]


def test_the_text_is_given_only_to_who_asks_for_it() -> None:
    assert Secret(TEXT).reveal() == TEXT


@given(st.text(), st.text())
def test_secrets_are_equal_when_their_texts_are(one: str, other: str) -> None:
    assert (Secret(one) == Secret(other)) is (one == other)
    assert Secret(one) == Secret(one)
    assert hash(Secret(one)) == hash(Secret(one))


def test_a_secret_equals_no_plain_text() -> None:
    assert Secret(TEXT) != TEXT


def test_an_empty_secret_is_false() -> None:
    assert not Secret("")
    assert Secret(" ")


def test_a_copy_of_a_secret_is_the_secret() -> None:
    secret = Secret(TEXT)

    assert copy.copy(secret) is secret
    assert copy.deepcopy(Holder(secret)).key is secret
