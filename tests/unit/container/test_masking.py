"""Credentials never leave the process in a text."""

import json
import logging

import pytest

from gastown.container.log import JsonLines
from gastown.container.masking import Veil, mask


def test_credentials_of_urls_are_masked() -> None:
    """With and without a user name."""
    said = mask("fatal: https://u:secret@git.test/x and http://token@git.test/y failed")

    assert said == "fatal: https://***@git.test/x and http://***@git.test/y failed"


def test_given_secrets_are_masked_and_words_are_not() -> None:
    """Very short values are left alone, since masking them would tear the text."""
    assert mask("a token-123 in a text", ["token-123", "a", None, ""]) == "a *** in a text"


def test_log_lines_are_masked_json() -> None:
    """Fields go through the mask as well."""
    record = logging.LogRecord("x", logging.INFO, "f", 1, "lost", None, None)
    record.fields = {"url": "https://u:secret@git.test/x"}

    line = json.loads(JsonLines(town_id="t").format(record))

    assert (line["msg"], line["town_id"], line["url"]) == ("lost", "t", "https://***@git.test/x")


def test_masking_a_long_text_takes_no_longer_than_reading_it() -> None:
    """An agent may print a megabyte without a space."""
    for text in ("x" * 1_000_000, "a.b-" * 250_000, "://" * 300_000, "https://" + "u" * 1_000_000):
        assert text == mask(text)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 12, 100])
def test_a_stream_is_masked_however_it_is_cut(size: int) -> None:
    """Secrets that arrive in pieces, that begin with one another, and that overlap; nothing else is lost."""
    text = b"a token-123 and token-12 and token-123-long; ababcababcab; tok"
    veil = Veil(["token-123", "token-123-long", "ababcab", "a"])

    shown = b"".join(veil.feed(text[place : place + size]) for place in range(0, len(text), size)) + veil.end()

    assert b"a *** and token-12 and ***; ***abcab; tok" == shown


def test_a_secret_that_is_given_later_is_masked_from_then_on() -> None:
    """A credential that is replaced while the stream goes on."""
    secrets = ["first-one"]
    veil = Veil(secrets)
    shown = [veil.feed(b"first-one second-one;")]
    secrets.append("second-one")

    assert [b"*** second-one;", b"***;"] == [*shown, veil.feed(b"second-one;")]
