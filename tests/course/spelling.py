"""Which words of the course no dictionary knows.

British spelling: pyspellchecker's English words, which are American, and codespell's list of what these are in British
English. Words that neither knows, and American spellings that are good British as well, are in
notebooks/tools/words.txt.
"""

from __future__ import annotations

import ast
import builtins
import functools
import io
import keyword
import pathlib
import re
import tokenize

import codespell_lib
from spellchecker import SpellChecker

from course.notebooks import FOLDER

WORDS = FOLDER / "tools/words.txt"
_PYTHON = {*keyword.kwlist, *dir(builtins)}
#: What is no prose in a markdown text: code, formulae, addresses, references with their names, and HTML.
_NO_PROSE = re.compile(
    r"```.*?```|`[^`\n]*`|\$\$.*?\$\$|\$[^$]*\$|\]\([^)]*\)|\*\*References\.\*\*.*?(?=\n\n|\Z)|<[^>\n]*>|https?://\S+",
    re.S,
)


@functools.cache
def own_words() -> frozenset[str]:
    """The words of words.txt."""
    lines = (line.split("#")[0] for line in WORDS.read_text("utf-8").splitlines())
    return frozenset(word for line in lines for word in line.split())


@functools.cache
def dictionary() -> tuple[SpellChecker, frozenset[str], frozenset[str]]:
    """American words, and of those that differ the British and the American."""
    path = pathlib.Path(codespell_lib.__file__).parent / "data/dictionary_en-GB_to_en-US.txt"
    pairs = [line.split("->") for line in path.read_text("utf-8").split()]
    return SpellChecker(), frozenset(british for british, _ in pairs), frozenset(american for _, american in pairs)


def prose(markdown: str) -> str:
    """The prose of a markdown text."""
    return _NO_PROSE.sub(" ", markdown)


def prose_of_code(source: str) -> str:
    """Comments and sentences of a cell, without its own names: of strings those with a space, less what is put in."""
    tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    comments = [token.string for token in tokens if token.type == tokenize.COMMENT and "# fmt:" not in token.string]
    names = {token.string for token in tokens if token.type == tokenize.NAME}
    nodes = ast.walk(ast.parse(source))
    strings = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    text = prose("\n".join([*comments, *(string for string in strings if " " in string)]))
    return re.sub(r"\w+", lambda word: "" if word[0] in names else word[0], text)


def unknown(text: str) -> set[str]:
    """The words that are spelt wrongly, as far as can be known; abbreviations, uint8 and under_scores pass."""
    american_words, british, american = dictionary()
    wrong = set()
    for word in re.findall(r"(?<![\w.])[A-Za-zÀ-ÿ]+(?:['’][a-z]+)?(?!\w)", text):
        plain = re.sub(r"['’]s?$", "", word.replace("’", "'"))
        passes = {plain, plain.lower()} & (own_words() | _PYTHON)
        if passes or len(plain) < 3 or any(letter.isupper() for letter in plain[1:]):
            continue
        low = plain.lower()
        if low in american or not (low in british or american_words.known([low])):
            wrong.add(word)
    return wrong
