"""Output becomes one event per line, whatever pieces it arrives in."""

from gastown.container.runtimes.command import Lines
from gastown.container.runtimes.spoken import LINE_BYTES


def test_a_line_that_arrives_in_pieces_comes_out_whole() -> None:
    """Also where a piece ends inside a character."""
    lines = Lines()
    whole = "Übung macht\nden Meister\n".encode()

    told = [text for place in range(len(whole)) for text in lines.feed(whole[place : place + 1])]

    assert ["Übung macht", "den Meister"] == told


def test_blank_lines_say_nothing() -> None:
    """They would only fill the buffers."""
    assert ["a", "b"] == list(Lines().feed(b"\n  \na\n\r\n\nb\n"))


def test_the_last_line_needs_no_end() -> None:
    """What a program printed before it died is told, once."""
    lines = Lines()

    assert [] == list(lines.feed(b"no newline"))
    assert ["no newline"] == list(lines.end())
    assert [] == list(lines.end())


def test_an_endless_line_is_cut() -> None:
    """A program that never ends its line costs a bounded amount of memory."""
    lines = Lines()
    for _ in range(100):
        assert [] == list(lines.feed(b"x" * 8192))

    [told] = lines.feed(b"\n")
    assert LINE_BYTES == len(told)
