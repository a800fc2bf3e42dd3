"""What differs between a training and that of a checkpoint: the smallest part of it, in a clause.

Both are known by texts (fingerprint.py): JSON of layers, reprs of optimizers and callbacks. Here they are taken apart
at their brackets and commas, whichever of the two they are, and followed to where they part. That of a file may be
anybody's: nothing of it is parsed as Python.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from fastmlp._checks.arrays import count
from fastmlp._checks.text import LONGEST_NAME, shortened

# strings as JSON and Python write them, and what stands around and between the parts of a value
TOKEN = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[()\[\]{},;]""")
HEAD = re.compile(r"[\w.<>]*[(\[{]")
KEY = re.compile(r"""(?:(\w+)=|"(\w+)": )""")
NONE = "none"
# of two long texts, what is left of where they begin to differ
BEFORE = 20
# of brackets in each other, which no sound text has
MOST_LEVELS = 32
# that a sentence names of a caller's own arguments
MOST_NAMED = 4


def first_difference(
    here: Mapping[str, str], there: Mapping[str, Any], shown: Callable[[str], bool] = lambda name: True
) -> str | None:
    """Return a clause about the first thing in which two trainings differ, None for none."""
    for name in [*here, *(name for name in there if name not in here)]:
        # a file may say anything
        mine, its = here.get(name, NONE), str(there.get(name, NONE))
        if mine == its:
            continue
        if shown(name):
            return clause_of(name, mine, its)
        if NONE in (mine, its):
            return f"{shortened(name, LONGEST_NAME)} is given {'here' if its == NONE else 'there'} only"
        return f"{name} has other values here"
    return None


def named_differences(here: Mapping[str, str], there: Mapping[str, Any]) -> str | None:
    """Return a clause about all arguments that differ, of those that whoever calls the fit was given itself."""
    names = [name for name in here if name in there and here[name] != there[name]]
    clauses = [clause_of(name, here[name], str(there[name])) for name in names[:MOST_NAMED]]
    return ", ".join(clauses) or None


def clause_of(name: str, here: str, there: str) -> str:
    """Return in which part of a thing of this name two different texts of it differ."""
    for _ in range(MOST_LEVELS):
        mine, its = _entries(here), _entries(there)
        if mine is None or its is None:
            break
        (head, parts), (other, others) = mine, its
        if head == "[" == other and len(parts) != len(others):
            return f"{name} has {count(len(parts), 'entry', 'entries')} here and {len(others)} there"
        keys = [key for key in [*parts, *others] if parts.get(key) != others.get(key)]
        if head != other or not keys:
            break
        name += keys[0]
        here, there = parts.get(keys[0], NONE), others.get(keys[0], NONE)
    here, there = _where_they_part(here, there)
    return f"{shortened(name, 2 * LONGEST_NAME)} is {here} here and {there} there"


def callbacks_apart(text: str, known: Sequence[Collection[str]]) -> dict[str, str]:
    """Return the texts of the callbacks of a fit one by one, without the settings that are what each has learned.

    A callback in the midst of its work shows that as well, where it is a dataclass for example; ``known`` are the
    names of that.
    """
    texts = [] if text == NONE else list(_split(text, ";"))
    if len(texts) != len(known):
        known = [()] * len(texts)
    apart = {}
    for index, (one, learned) in enumerate(zip(texts, known, strict=True)):
        taken = _entries(one)
        if taken is not None:
            head, entries = taken
            kept = [f"{key[1:]}={value}" for key, value in entries.items() if key[0] == "." and key[1:] not in learned]
            kept += [value for key, value in entries.items() if key[0] != "."]
            one = f"{head}{', '.join(kept)}{one[-1]}"
        apart[f"callbacks[{index}]"] = one
    return apart


def names_learned(begin: str, later: str, states: Sequence[Any]) -> list[set[str]]:
    """Return the names that are no settings of each callback: of its state, or with another value than at the begin."""
    names = [set(state) if isinstance(state, dict) else set() for state in states]
    apart = [list(callbacks_apart(text, ()).values()) for text in (begin, later)]
    if len(apart[0]) == len(apart[1]) == len(names):
        for own, first, second in zip(names, *apart, strict=True):
            before, after = _entries(first), _entries(second)
            if before is not None and after is not None:
                own |= {key[1:] for key in before[1] if before[1][key] != after[1].get(key)}
    return names


def _entries(text: str) -> tuple[str, dict[str, str]] | None:
    """Return what stands before the parts of a value, and its parts by how they are reached; None: it has no parts."""
    opening = HEAD.match(text)
    if opening is None or text[-1] not in ")]}":
        return None
    entries = {}
    for index, item in enumerate(_split(text[opening.end() : -1], ",")):
        key = KEY.match(item)
        if key is None:
            entries[f"[{index}]"] = item
        else:
            entries[f".{key[1] or key[2]}"] = item[key.end() :]
    return opening[0], entries


def _split(text: str, separator: str) -> Iterator[str]:
    """Yield the parts of a text between separators that stand in no brackets and no string."""
    depth = start = 0
    for token in TOKEN.finditer(text):
        mark = token[0]
        if mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth -= 1
        elif mark == separator and depth == 0:
            yield text[start : token.start()].strip()
            start = token.end()
    if text[start:].strip():
        yield text[start:].strip()


def _where_they_part(here: str, there: str) -> tuple[str, str]:
    """Return two different texts; of long ones what is around the first place where they differ."""
    if max(len(here), len(there)) <= 2 * LONGEST_NAME:
        return here, there
    same = next((i for i, (mine, its) in enumerate(zip(here, there, strict=False)) if mine != its), None)
    begin = max(0, (min(len(here), len(there)) if same is None else same) - BEFORE)
    mark = "... " if begin else ""
    return f"{mark}{shortened(here[begin:], LONGEST_NAME)}", f"{mark}{shortened(there[begin:], LONGEST_NAME)}"
