"""Free text is heard as it says."""

import json
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from see2sound_nb.sounds import free_text, sound_classes
from see2sound_nb.sounds.free_text import kind_of_text, notes_of_text, token_of_text, weigh_words

SENTENCES = json.loads(pathlib.Path(__file__).with_name("free_text.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def minilm():
    pytest.importorskip("transformers")
    from see2sound_nb.sounds.minilm import load_minilm

    try:
        return load_minilm()
    except ModuleNotFoundError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def no_minilm(monkeypatch):
    def missing(sentences):
        raise ModuleNotFoundError("pip install 'see2sound_nb[text]'")

    monkeypatch.setattr("see2sound_nb.sounds.minilm.MINILM_PACKAGE", "no_such_package")
    monkeypatch.setattr("see2sound_nb.sounds.minilm.embed_sentences", missing)


def test_the_sentences_are_those_that_were_asked_for():
    assert len(SENTENCES["developed_on"]) == 50
    assert len(SENTENCES["kept_apart"]) == 100
    assert not set(SENTENCES["developed_on"]) & set(SENTENCES["kept_apart"])
    kinds = {kind for allowed in SENTENCES["kept_apart"].values() for kind in allowed}
    assert kinds <= set(sound_classes.NAMES)
    assert len(kinds) > 50


def test_free_text_has_the_right_kind_in_85_of_100(minilm):
    wrong = {
        text: kind_of_text(text)
        for text, kinds in SENTENCES["kept_apart"].items()
        if kind_of_text(text).kind not in kinds
    }
    assert len(wrong) <= 15, wrong


def test_the_words_alone_say_it_in_85_of_100():
    right = [next(iter(weigh_words(text)), "") in kinds for text, kinds in SENTENCES["kept_apart"].items()]
    assert np.mean(right) >= 0.85


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("rain on a tin roof", "rain"),
        ("a dog barks in the rain", "dog"),
        ("in the rain, a dog barks", "dog"),
        ("a cat next to a piano", "cat"),
        ("a police dog barks", "dog"),
        ("a church organ", "organ"),
        ("a toy train", "train"),
        ("somebody plays a tune on the piano", "piano"),
        ("the sound of a violin", "violin"),
        ("I hear thunder", "thunder"),
        ("no dogs, just a cat purring", "cat"),
        ("a street without cars or lorries, only birdsong", "songbird"),
        ("no birds", "room"),
        ("A Dog's Bark!", "dog"),
        ("wolves", "wolf"),
        ("two women talking", "person"),
        ("rang the bells", "church_bell"),
        ("a stag beetle", "bee"),
        ("a Pembroke corgi", "dog"),
        ("", "room"),
    ],
)
def test_what_sounds_comes_before_where_it_is(text, kind, no_minilm):
    assert kind_of_text(text).kind == kind


@pytest.mark.parametrize("name", sound_classes.NAMES)
def test_the_captions_of_every_kind_lead_to_it(name):
    """By their words, as if they were free text; a caption that names two kinds may lead to the other."""
    captions = sound_classes.CLASSES[sound_classes.NAMES.index(name)].captions
    assert kind_of_text(captions[0]) == (name, 1.0, "known")
    assert next(iter(weigh_words(captions[0]))) == name


def test_every_label_and_thing_leads_to_its_kind_if_it_is_heard():
    for label, (index, score) in zip(sound_classes.label_names(), sound_classes.label_table(), strict=True):
        if score >= 0.9:
            assert sound_classes.NAMES[index] in weigh_words(label), label


def test_without_the_sentence_model_words_decide_and_only_others_ask_for_it(no_minilm):
    assert kind_of_text("a dog in the yard").how == "words"
    assert kind_of_text("a quantum computer").kind == "typing"  # a hint is better than nothing
    known = free_text.shipped_embeddings()
    plainest = known[sound_classes.known_sentences().index("a dog barking")]
    np.testing.assert_array_equal(token_of_text("my neighbour's old dog", known), plainest)
    (note,) = notes_of_text("my neighbour's old dog")
    assert "by its words alone, as a dog barking" in note and "see2sound_nb[text]" in note
    assert notes_of_text("a dog barking") == notes_of_text(None) == []  # known sentences need no model
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'see2sound_nb\[text\]'"):
        kind_of_text("an unpaid bill")


def test_what_no_kind_covers_falls_to_the_nearest_with_a_note(minilm):
    heard = kind_of_text("a quantum computer")
    assert (heard.kind, heard.how) == ("typing", "nearest")
    assert heard.certainty < 0.5
    (note,) = notes_of_text("a quantum computer")
    assert "a quantum computer" in note
    assert "typing" in note
    assert notes_of_text("a dog barks in the rain") == notes_of_text("rain falling") == notes_of_text(None) == []


def test_the_token_is_near_to_its_kind(minilm):
    known = free_text.shipped_embeddings()
    for text in ("a dog barks in the rain", "a cat next to a piano", "heavy rain hammering on the car roof", "wolves"):
        token = token_of_text(text, known)
        assert np.linalg.norm(token) == pytest.approx(1, abs=1e-5)
        kind = sound_classes.NAMES[free_text.nearness(token, known).argmax()]
        assert kind == kind_of_text(text).kind


def test_words_need_no_torch():
    code = (
        "import sys; from see2sound_nb.sounds.free_text import kind_of_text; "
        "print(kind_of_text('a dog barks in the rain').kind, 'torch' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["dog", "False"]


@pytest.mark.parametrize("text", ["\ud800", "rain \udcff", "a thing \udfff of no kind"])
def test_half_a_character_is_no_text(text):
    with pytest.raises(ValueError, match=r"holds what is no character .*; type it anew, in UTF-8"):
        kind_of_text(text)
