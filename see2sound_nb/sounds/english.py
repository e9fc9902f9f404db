"""Words in sentences: the article of one thing, the plural of several, the forms of a verb."""

from __future__ import annotations

import re

#: These cannot be counted: no article, no plural. A name that ends with one is one too ("chocolate sauce").
_UNCOUNTED = (
    "armour|broccoli|carbonara|chain mail|chocolate sauce|clear soup|corn|dough|eggnog|face powder|guacamole|hay|"
    "lotion|mashed potato|music|rain|sunscreen|toilet paper|traffic|velvet|water|wool"
)
#: These are plural already, and are counted in pairs.
_PAIRS = "binoculars|glasses|jeans|pajamas|parallel bars|scissors|shorts|skis|sunglasses|trousers|trunks"
_IS_UNCOUNTED = re.compile(rf"(?i)(^|\s)({_UNCOUNTED})$")
_IS_PAIR = re.compile(rf"(?i)(^|\s)({_PAIRS})$")
#: A vowel that is spoken as a consonant, and the other way round.
_SPOKEN_CONSONANT = re.compile(r"(?i)^(uni(?![dmn])|u-|ufo|uku|eu|ewe|one\b|once\b|us[eu]|ur[aei]|ute)")
_SPOKEN_VOWEL = re.compile(r"^(?i:hour|honest|heir)|^[FHLMNRSX](-|[A-Z0-9]+\b)")
_IRREGULAR = {
    "person": "people",
    "child": "children",
    "man": "men",
    "woman": "women",
    "ox": "oxen",
    "goose": "geese",
    "mouse": "mice",
    "knife": "knives",
    "wolf": "wolves",
    "leaf": "leaves",
    "loaf": "loaves",
    "meatloaf": "meatloaves",
    "calf": "calves",
    "scarf": "scarves",
    "shelf": "shelves",
    "foot": "feet",
    "hoof": "hooves",
    "tooth": "teeth",
    "volcano": "volcanoes",
    "buffalo": "buffaloes",
    "potato": "potatoes",
    "tomato": "tomatoes",
    "fungus": "fungi",
    "dingo": "dingoes",
    "quiz": "quizzes",
}
#: The same for one and for several.
_SAME = re.compile(
    r"(?i)(sheep|bison|deer|moose|fish|grouse|salmon|swine|aircraft|spacecraft|tench|longlegs|Shih Tzu)$"
)
#: What follows the noun that is counted: "elephants with tusks", "fields of rapeseed".
_FOLLOWS = re.compile(r" (of|with|in|on) ")


def with_article(name: str) -> str:
    """A name with the article that it is spoken with.

    Parameters
    ----------
    name : str
        Of one thing, or of what is plural or cannot be counted: "American egret", "sunglasses", "hay".

    Returns
    -------
    str

    Examples
    --------
    >>> [with_article(name) for name in ("American egret", "unicycle", "hourglass", "sunglasses", "hay")]
    ['an American egret', 'a unicycle', 'an hourglass', 'sunglasses', 'hay']
    """
    first = _FOLLOWS.split(name)[0]
    if _IS_UNCOUNTED.search(first) or _IS_PAIR.search(first):
        return name
    vowel = name[:1].lower() in tuple("aeiou") and not _SPOKEN_CONSONANT.match(name)
    return f"{'an' if vowel or _SPOKEN_VOWEL.match(name) else 'a'} {name}"


def plural(name: str) -> str:
    """The plural of a name.

    Parameters
    ----------
    name : str
        Of one thing.

    Returns
    -------
    str
        What cannot be counted stays as it is.

    Examples
    --------
    >>> [plural(name) for name in ("dog", "person", "bus", "pony", "skis", "glass of red wine", "hay")]
    ['dogs', 'people', 'buses', 'ponies', 'pairs of skis', 'glasses of red wine', 'hay']
    """
    counted = _FOLLOWS.split(name)[0]
    if counted != name:
        return plural(counted) + name[len(counted) :]
    if _IS_UNCOUNTED.search(name) or _SAME.search(name):
        return name
    if _IS_PAIR.search(name):
        return f"pairs of {name}"
    head, gap, last = name.rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif re.search(r"(s|x|z|[^o]ch|sh)$", last):
        last += "es"
    elif re.search(r"[^aeiou]y$", last):
        last = last[:-1] + "ies"
    else:
        last += "s"
    return head + gap + last


#: Past forms that are not regular.
_PAST = {
    "blow": ("blew", "blown"),
    "break": ("broke", "broken"),
    "build": ("built",),
    "drive": ("drove", "driven"),
    "eat": ("ate", "eaten"),
    "fall": ("fell", "fallen"),
    "fly": ("flew", "flown"),
    "light": ("lit",),
    "read": ("read",),
    "ride": ("rode", "ridden"),
    "ring": ("rang", "rung"),
    "run": ("ran", "run"),
    "say": ("said",),
    "shoot": ("shot",),
    "sing": ("sang", "sung"),
    "sleep": ("slept",),
    "speak": ("spoke", "spoken"),
    "swim": ("swam", "swum"),
    "take": ("took", "taken"),
    "tell": ("told",),
    "weep": ("wept",),
    "write": ("wrote", "written"),
}


def verb_forms(verb: str) -> set[str]:
    """The forms of a verb.

    Parameters
    ----------
    verb : str
        Its infinitive.

    Returns
    -------
    set of str

    Examples
    --------
    >>> sorted(verb_forms("hum"))
    ['hum', 'hummed', 'humming', 'hums']
    >>> sorted(verb_forms("ring"))
    ['rang', 'ring', 'ringing', 'rings', 'rung']
    """
    third = plural(verb) if re.search(r"(s|x|z|ch|sh|[^aeiou]y)$", verb) else f"{verb}s"
    stem = verb[:-1] if re.search(r"[^eoy]e$", verb) else verb
    if re.search(r"^[^aeiou]*[aeiou][bdfgklmnprt]$", verb):
        stem += verb[-1]
    past = f"{verb[:-1]}ied" if re.search(r"[^aeiou]y$", verb) else f"{stem}ed"
    return {verb, third, f"{stem}ing", *_PAST.get(verb, (past,))}
