"""The table of models and tiers."""

import json

import pytest

from see2sound_nb.models import table


def test_presets_name_models_that_exist():
    for preset in table.PRESETS.values():
        for task, name in preset.items():
            assert table.find_model(name, task).licence
    with pytest.raises(ValueError, match="sam-vit-h"):
        table.find_model("sam-vit-x", "segmentation")


def test_the_list_says_where_a_model_is_and_whether_it_is_there(cache, put_sam):
    put_sam("slimsam")
    listed = {m["name"]: m for m in table.list_models()}
    assert list(listed) == list(table.MODELS)
    assert json.dumps(list(listed.values()))
    assert listed["tiny-sam"]["here"] and listed["tiny-sam"]["path"] is None
    assert listed["slimsam"]["here"]
    assert listed["slimsam"]["path"] == str(cache / "Zigeng" / "SlimSAM-uniform-77")
    (cache / "Zigeng" / "SlimSAM-uniform-77" / "model.safetensors").unlink()
    assert not {m["name"]: m for m in table.list_models()}["slimsam"]["here"], "a half of it is nothing"
    assert not listed["sam-vit-b"]["here"]
    (cache / "sam_vit_b_01ec64.pth").touch()
    assert {m["name"]: m for m in table.list_models()}["sam-vit-b"]["here"]
    assert listed["depth-pro"]["gives"] == table.METRES
    assert listed["depth-anything-small"]["gives"] == table.INVERSE_DEPTH
    assert listed["sam-vit-b"]["presets"] == ["small"]
    assert listed["tiny-codi"]["presets"] == ["tiny", "small"]


def test_every_card_is_complete():
    for name, card in table.MODELS.items():
        assert card.name == name
        assert card.task in table.FILES
        assert card.gives in (table.INVERSE_DEPTH, table.METRES)
        assert (card.size_mb == 0) == (card.source == "package")
        assert not card.source.startswith("http") or len(card.sha256) == 64
    kept = [card.file_name.lower() for card in table.MODELS.values() if card.source != "package"]
    assert len(set(kept)) == len(kept), "each has its own place, also where case does not count"


def test_two_owners_may_use_one_name():
    one, two = (table.ModelCard("x", "depth", "MIT", 9, f"{owner}/same-hf") for owner in ("me", "you"))
    assert one.file_name != two.file_name


@pytest.mark.parametrize(
    ("wrong", "words"), [({"task": "dept"}, "segmentation, depth"), ({"gives": "meters"}, "metres")]
)
def test_a_card_that_is_wrong_is_refused(wrong, words):
    with pytest.raises(ValueError, match=words):
        table.ModelCard(**{"name": "x", "task": "depth", "licence": "MIT", **wrong})
