"""Credentials never leave the process in a text."""

import json
import logging

from gastown.container.log import JsonLines
from gastown.container.masking import mask


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
