"""The command ``see2sound study``."""

import json

import pytest
from PIL import Image
from study.small_studies import answers_of, participant, right_value, scenes

import see2sound_nb as s2s
from see2sound_nb import cli_study as command
from see2sound_nb.cli_study import run as run_command
from see2sound_nb.study.plan import read_study


def test_make_makes_a_study_of_photos(tmp_path, monkeypatch, capsys):
    three = scenes()
    monkeypatch.setattr(s2s.See2Sound, "run", lambda self, photo, seed: three.pop())
    photos = [tmp_path / f"{k}.png" for k in range(3)]
    for k, path in enumerate(photos):
        Image.new("RGB", (64, 48), (80 * k, 0, 0)).save(path)
    (tmp_path / "consent.txt").write_text("One\nparagraph.\n\nAnother.\n")
    words = ["make", *map(str, photos), "-o", str(tmp_path / "s"), "--title", "Rooms", "--seed", "4"]
    assert run_command([*words, "--consent", str(tmp_path / "consent.txt")]) == 0
    study = read_study(tmp_path / "s")
    assert (study.title, study.seed, study.consent) == ("Rooms", 4, ("One paragraph.", "Another."))
    said = capsys.readouterr()
    assert "of which a listener gets 16" in said.out and f"see2sound study serve {tmp_path / 's'}" in said.out
    assert said.err.endswith("3 of 3 photos\n")
    (tmp_path / "consent.txt").write_bytes(b"\xff\xfe")
    with pytest.raises(ValueError, match=r"consent\.txt is no text in UTF-8"):
        run_command([*words, "--consent", str(tmp_path / "consent.txt")])


def test_analyse_counts_what_is_there(study, folder, tmp_path, capsys):
    assert run_command(["analyse", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "No answers yet" in said and "Nobody has answered yet." in said
    lines = answers_of(study, participant(1), lambda item, question: right_value(question))
    (folder / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    run_command(["analyse", str(folder)])
    assert "1 person; all checks of the headphones passed: 1." in capsys.readouterr().out
    with pytest.raises(FileNotFoundError, match="no study in"):
        run_command(["analyse", str(tmp_path)])


def test_serve_is_on_the_loopback_address_unless_told(monkeypatch):
    served = []
    monkeypatch.setattr(command, "serve", lambda *given: served.append(given))
    run_command(["serve", "here"])
    run_command(["serve", "here", "--host", "0.0.0.0", "--port", "8080"])
    assert served == [("here", "127.0.0.1", 8765), ("here", "0.0.0.0", 8080)]


@pytest.mark.parametrize("words", [[], ["sing"], ["make"], ["serve"]])
def test_words_that_are_none_are_answered_with_the_usage(words, capsys):
    with pytest.raises(SystemExit) as caught:
        run_command(words)
    assert caught.value.code == 2 and "usage: see2sound study" in capsys.readouterr().err
