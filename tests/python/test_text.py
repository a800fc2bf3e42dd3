"""Text from outside in a sentence: what could go wrong, and which test sees it.

A sentence is as long as what it repeats, or loses the end that says how to mend it (shortened); a terminal obeys what
a file name or a label holds (printable).
"""

from __future__ import annotations

import pytest

from fastmlp._checks.text import LONGEST, printable, shortened


@pytest.mark.parametrize("length", [0, 1, LONGEST - 1, LONGEST])
def test_what_is_short_enough_stays_as_it_is(length):
    assert shortened("x" * length) == "x" * length


@pytest.mark.parametrize("length", [LONGEST + 1, 10 * LONGEST, 10**6])
def test_of_a_long_text_the_middle_is_left_out_and_counted(length):
    text = "".join(chr(ord("a") + index % 26) for index in range(length))
    found = shortened(text)
    assert LONGEST - 5 <= len(found) <= LONGEST
    begin, rest = found.split(" [")
    count, end = rest.split(" more] ")
    assert text.startswith(begin)
    assert text.endswith(end)
    assert len(begin) + int(count) + len(end) == length
    assert abs(len(begin) - len(end)) <= 1


def test_what_a_terminal_would_obey_is_escaped_and_the_rest_is_not():
    assert printable("rosé, Ω and 花: 'a' \\ {b}") == "rosé, Ω and 花: 'a' \\ {b}"
    # clear the screen, a line end, the mark that turns the direction of writing, a byte of a file name that is no UTF-8
    assert printable("\x1b[2J\r\n\u202e\udcff\x9b") == r"\x1b[2J\r\n\u202e\udcff\x9b"
