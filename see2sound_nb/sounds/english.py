"""Names in sentences: the article of one, the plural of several."""

from __future__ import annotations

import re

#: No article is said before these: they are plural, or cannot be counted.
WITHOUT_ARTICLE = ("sunglasses", "mashed potato", "hay", "guacamole", "scissors", "skis", "velvet", "wool")
#: A vowel that is spoken as a consonant, and the other way round.
_SPOKEN_YOU = re.compile(r"(?i)^(uni|ukulele|eu|one\b|use|ura|uke)")
_SILENT_H = re.compile(r"(?i)^(hour|honest|heir)")
_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "sheep": "sheep",
    "bison": "bison",
    "goose": "geese",
    "mouse": "mice",
    "ox": "oxen",
    "wolf": "wolves",
    "knife": "knives",
}


def with_article(name: str) -> str:
    """A name with the article that it is spoken with: "an American egret", "a unicycle", "sunglasses"."""
    if name in WITHOUT_ARTICLE:
        return name
    vowel = bool(re.match(r"(?i)[aeiou]", name)) and not _SPOKEN_YOU.match(name)
    return ("an " if vowel or _SILENT_H.match(name) else "a ") + name


def plural(name: str) -> str:
    """The plural of a name: "dogs", "people", "buses", "ponies"."""
    head, _, last = name.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif re.search(r"(s|x|z|ch|sh)$", last):
        last += "es"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    else:
        last += "s"
    return f"{head} {last}".strip()
