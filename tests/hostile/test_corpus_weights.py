"""Hostile checkpoints, settings, weights and messages: each with the one line that it must end in, and soon."""

import json
import pickle
import re
import time

import numpy as np
import pytest
import torch
from browser.scenes import three_sources
from checkpoints import Evil
from safetensors.torch import load_file, save_file

import see2sound_nb as s2s
from see2sound_nb.models.checking import DamagedFileError, filling, out_of_memory, read_weights
from see2sound_nb.models.trunk import WEIGHTS
from see2sound_nb.places.loading import load_depth
from see2sound_nb.regions.tiny_detector import build_tiny_detector
from see2sound_nb.regions.tiny_sam import build_tiny_sam
from see2sound_nb.sounds.codi import CoDi
from see2sound_nb.sounds.codi.convert import read_tensors
from see2sound_nb.sounds.tiny_codi import build_tiny_codi

#: The longest line, without the path, and the longest time in seconds: this machine may be busy.
MOST_LETTERS, MOST_SECONDS = 420, 5.0
DEPTH = "depth-anything-small"


def refused(call, words, path):
    began = time.monotonic()
    with pytest.raises((ValueError, OSError)) as caught:
        call()
    text = str(caught.value)
    assert re.search(words, text), text
    assert "\n" not in text and len(text.replace(str(path), "")) <= MOST_LETTERS
    assert str(path) in text, "the file is named"
    assert re.search(r"; (delete|fetch|install|give|train|the file must|it was not run)", text), "and what to do"
    assert time.monotonic() - began < MOST_SECONDS
    return text


# Checkpoints of torch -------------------------------------------------------------------------------------------------


def saved(path):
    torch.manual_seed(0)
    torch.save({"a": torch.randn(80, 90), "b": torch.randn(40)}, path)
    return path.read_bytes()


CHECKPOINTS = {
    "nothing": (lambda whole: b"", "has 0 bytes"),
    "a pointer": (lambda whole: b"version https://git-lfs\noid sha256:0\n", "a web page or a pointer"),
    "a page": (lambda whole: b"<!DOCTYPE html>" * 2000, "no file of torch; it was not run"),
    "half": (lambda whole: whole[: len(whole) // 2], "not a whole file of tensors|no file of torch"),
    "zeros": (lambda whole: bytes(len(whole)), "not a whole file of tensors|no file of torch"),
    "a hole": (
        lambda whole: whole[:9000] + bytes(4096) + whole[13096:],
        "is damaged: its part .* not as it was written",
    ),
    "one bit": (
        lambda whole: whole[:9000] + bytes([whole[9000] ^ 1]) + whole[9001:],
        "its part .* not as it was written",
    ),
    "numbers": (lambda whole: pickle.dumps(3) * 5000, "not a whole file of tensors|no file of torch"),
}


@pytest.mark.parametrize("kind", CHECKPOINTS)
def test_a_checkpoint(tmp_path, kind):
    damage, words = CHECKPOINTS[kind]
    path = tmp_path / "CoDi_encoders.pth"
    path.write_bytes(damage(saved(path)))
    refused(lambda: read_tensors(path), words, path)


def test_code_in_a_checkpoint_is_not_run(tmp_path):
    path = tmp_path / "CoDi_encoders.pth"
    torch.save({"a": Evil(tmp_path / "owned"), "b": torch.zeros(9000)}, path)
    refused(lambda: read_tensors(path), "it was not run", path)
    assert not (tmp_path / "owned").exists()


# Settings and weights in a folder -------------------------------------------------------------------------------------

SETTINGS = {
    "nothing": ("", r"config.json is damaged \(Expecting value"),
    "a page": ("<html>\n<body>", r"config.json is damaged \(Expecting value"),
    "a list": ("[]", "a list and no object of JSON"),
    "null": ("null", "a NoneType and no object"),
    "deep": ("[" * 100_000, "recursion"),
    "bytes": ("\xff\x00", "can't decode"),
    "no kind": ("{}", "does not hold .*model_type"),
    "another kind": ('{"model_type": "evil\\n\\n\\n"}', "model type"),
    "a long kind": (json.dumps({"model_type": "x" * 10**5}), "model type"),
}
CHANGES = {
    "many layers": ({"num_hidden_layers": 10**6}, "num_hidden_layers is 1000000, at most 200"),
    "digits": ({"head_hidden_size": 10**300}, "head_hidden_size is a number of more than 20 digits"),
    "large": ({"image_size": -(10**8)}, "image_size is -100000000, at most 10000000"),
    "a long list": ({"neck_hidden_sizes": [8] * 10**5}, "neck_hidden_sizes is a list of 100000, of at most 1000"),
    "another backbone": ({"backbone_config": None}, r"a model of 2\.21e\+07 numbers, model.safetensors has"),
    "a huge fusion": ({"fusion_hidden_size": 10**6}, r"a model of 1.5\de\+14 numbers"),
    "a text": ({"head_hidden_size": "x"}, "does not hold .*head_hidden_size"),
    "negative": ({"head_hidden_size": -1}, "does not hold .*negative dimension"),
    "no type of torch": ({"dtype": "float99"}, "does not hold"),
    "quantised": ({"quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": True}}, "does not hold"),
}
TENSORS = {
    "nothing": (lambda whole: b"", "header too small"),
    "half": (lambda whole: whole[: len(whole) // 2], "not fully covered"),
    "a page": (lambda whole: b"<!DOCTYPE html>" * 100, "header too large"),
    "a long head": (lambda whole: (2**62).to_bytes(8, "little") + whole[8:], "header too large"),
    "zeros": (lambda whole: bytes(len(whole)), "invalid JSON in header"),
    "no head": (lambda whole: whole[:8] + b"x" * 100 + whole[108:], "invalid JSON in header"),
}


@pytest.fixture
def folder(put_depth, cache):
    put_depth(DEPTH)
    (path,) = cache.rglob("config.json")
    return path.parent


@pytest.mark.parametrize("kind", [*SETTINGS, *CHANGES])
def test_settings(folder, kind, capfd):
    path = folder / "config.json"
    content, words = SETTINGS.get(kind) or (None, CHANGES[kind][1])
    if content is None:
        content = json.dumps(json.loads(path.read_text()) | CHANGES[kind][0])
    path.write_text(content, encoding="latin1")
    refused(lambda: load_depth(DEPTH), words, folder)
    assert "REPORT" not in capfd.readouterr().err, "no table beside the line"


@pytest.mark.parametrize("kind", TENSORS)
def test_weights(folder, kind):
    damage, words = TENSORS[kind]
    path = folder / "model.safetensors"
    path.write_bytes(damage(path.read_bytes()))
    refused(lambda: load_depth(DEPTH), words, path)


def test_whole_files_are_read_as_before(folder):
    model, _ = load_depth(DEPTH)
    sums = [sorted(float(value.double().sum()) for value in found.values()) for found in (
        load_file(folder / "model.safetensors"), dict(model.named_parameters()))]  # fmt: skip
    assert len(sums[0]) > 20 and sums[0] == sums[1]  # their names differ


PIPELINES = {
    "nothing": ("", r"model_index.json is damaged \(Expecting value"),
    "a list": ("[1]", "a list and no object"),
    "no class": ("{}", "does not hold a CoDi .*_class_name"),
}


@pytest.mark.parametrize("kind", PIPELINES)
def test_a_pipeline_of_ones_own(tmp_path, kind):
    content, words = PIPELINES[kind]
    (tmp_path / "model_index.json").write_text(content)
    before = torch.get_default_dtype()
    refused(lambda: CoDi.from_pretrained(tmp_path, torch_dtype=torch.float16), words, tmp_path)
    assert torch.get_default_dtype() == before


# What the package ships -----------------------------------------------------------------------------------------------

SHIPPED = {
    "tiny_codi": build_tiny_codi,
    "tiny_sam": build_tiny_sam,
    "detector": build_tiny_detector,
}


def shipped_file(name):
    (path,) = [path for path in WEIGHTS.glob("*.safetensors") if name in path.stem]
    return path


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_weights(tmp_path, name):
    path = tmp_path / "w.safetensors"
    whole = shipped_file(name).read_bytes()
    path.write_bytes(whole[: len(whole) // 3])
    refused(lambda: SHIPPED[name](path), "w.safetensors is damaged .*; install see2sound_nb again", path)
    state = load_file(shipped_file(name))
    first = sorted(state)[0]
    save_file({**state, first: torch.zeros(3, 3)}, path, metadata={"settings": "{}"})
    refused(lambda: SHIPPED[name](path), "does not hold|are missing, too many or of another shape", path)
    save_file({"x": torch.zeros(3)}, path)
    refused(lambda: SHIPPED[name](path), "does not hold|must hold|are missing", path)


def test_weights_are_read_as_they_are(tmp_path):
    half, whole = torch.randn(3).half(), torch.arange(3)
    save_file({"half": half, "whole": whole}, tmp_path / "w.safetensors", metadata={"a": "b"})
    state, metadata = read_weights(tmp_path / "w.safetensors")
    assert torch.equal(state["half"], half.float()) and torch.equal(state["whole"], whole) and metadata == {"a": "b"}


def test_too_little_memory_is_no_damage():
    """Who is told so would delete a file that is whole, and fetch 4 GB again."""
    said = RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 589824 bytes")
    assert out_of_memory(said) and out_of_memory(MemoryError()) and not out_of_memory(RuntimeError("size mismatch"))
    with pytest.raises(RuntimeError, match="can't allocate"), filling("w.safetensors"):
        raise said
    with pytest.raises(DamagedFileError, match=r"w\.safetensors does not hold"), filling("w.safetensors"):
        raise RuntimeError("size mismatch")


# Messages -------------------------------------------------------------------------------------------------------------

ROOM = {"room_size": [5, 6, 3], "absorption": 0.4, "max_order": 2, "layout": "stereo", "head_yaw_deg": 0}
EXACT = {"kind": "exact", "sequence": 7, "sources": [0], "positions": [[0, 1, 0]], **ROOM}
MESSAGES = [
    (None, "message is None; it must be an object"),
    ([EXACT], "it must be an object"),
    ({}, "kind is None; it must be one of start, exact"),
    ({**EXACT, "kind": "x" * 10**5}, "a text in the message has 100000 letters"),
    ({**EXACT, "kind": "drop"}, "kind is 'drop'; it must be one of"),
    ({**EXACT, "kind": ["exact"]}, r"kind is \['exact'\]"),
    ({**EXACT, "layout": "y" * 1999}, "layout of type str cannot be played"),
    ({**EXACT, "layout": "7.1"}, "layout '7.1' cannot be played .*binaural, stereo, 5.1"),
    ({**EXACT, "positions": [[10**400, 0, 0]]}, r"a number in the message is beyond 1e\+15"),
    ({**EXACT, "positions": [[float("nan"), 0, 0]]}, "must each be three finite numbers"),
    ({**EXACT, "positions": [[0, 1]]}, "must each be three finite numbers"),
    ({**EXACT, "positions": [[0, 1, 0], [1]], "sources": [0, 1]}, "must be numbers"),
    ({**EXACT, "positions": None}, "positions is None; it must be a list"),
    ({**EXACT, "positions": [[0, 1, 0]] * 65, "sources": [0] * 65}, "65 places for 65 sources .* 64 at most"),
    ({**EXACT, "sources": ["a"]}, r"sources=\['a'\] must be whole numbers"),
    ({**EXACT, "room_size": [1]}, r"room_size=\[1.0\] must be width"),
    ({**EXACT, "max_order": 2.5}, "max_order is 2.5; it must be a whole number"),
    ({**EXACT, "absorption": {}}, "absorption={} must be numbers"),
    ({**EXACT, "head_yaw_deg": "north"}, "head_yaw_deg is 'north'; it must be a finite number"),
    ({"kind": "generate", "source": 9, "prompt": ""}, "no source 9; they are numbered 0 to 2"),
    ({"kind": "generate", "source": 0, "prompt": None}, "prompt is None; it must be a text"),
    ({"kind": "again", "what": "sound", "source": "0"}, "source is '0'; it must be a whole number"),
    ({"kind": "start", "sequence": [[[[[[[[[[]]]]]]]]]]}, "more than 8 lists deep"),
    ({"kind": "start", "x": [0] * 10**5}, "more than 20000 parts"),
]


@pytest.fixture(scope="module")
def room():
    w = s2s.LiveRoom(three_sources(max_order=2))
    w.sent = []
    w.send = lambda content, buffers=None: w.sent.append(content)
    return w


@pytest.mark.parametrize(("message", "words"), MESSAGES, ids=range(len(MESSAGES)))
def test_a_message(room, message, words):
    room.sent.clear()
    room._handle_custom_msg(message, [])
    (told,) = room.sent
    assert told["kind"] == "error" and re.search(words, told["text"]), told["text"]
    assert "\n" not in told["text"] and len(told["text"]) <= MOST_LETTERS
    room._handle_custom_msg(EXACT, [])
    assert room.sent[-1]["kind"] == "exact"


STATES = [
    ({"gain_db": 10**400}, r"beyond 1e\+15"),
    ({"positions": [[10**400, 0, 0]] * 3}, r"beyond 1e\+15"),
    ({"head_yaw_deg": 10.0, "gain_db": 1e6}, "gain_db=1000000.0 must lie in"),
    ({"absorption": "x"}, "absorption='x' must be numbers"),
    ({"channel_layout": "z" * 10**5}, "a text in the message has 100000 letters"),
    ({"muted": [1, 2, 3]}, "each entry must be True or False"),
    ([1], "it must be an object"),
]


@pytest.mark.parametrize(("state", "words"), STATES, ids=range(len(STATES)))
def test_a_state_is_taken_back_whole(room, state, words):
    before = {name: getattr(room, name) for name in room.trait_names(sync=True) if name != "message"}
    room.set_state(state)
    assert re.search(words, room.message), room.message
    assert "\n" not in room.message and len(room.message) <= MOST_LETTERS
    assert before == {name: getattr(room, name) for name in before}


def test_a_number_beyond_floating_point_leaves_the_room_as_it_was(room):
    before = room.positions
    for name, value in (("gain_db", 10**400), ("positions", [[10**400, 0, 0]] * 3), ("head_yaw_deg", -(10**5000))):
        with pytest.raises(ValueError, match=name):
            setattr(room, name, value)
    assert room.positions == before and np.isfinite(room.render("stereo")).all()
