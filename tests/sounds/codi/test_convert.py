"""The converter: what it refuses, what it leaves behind when it is stopped, and what it reads."""

import pickle
import shutil
import signal
import subprocess
import sys
import types

import pytest
import torch
from authors import codi as reference
from checkpoints import Evil

from see2sound_nb import cli
from see2sound_nb.sounds.codi import CoDi, convert
from see2sound_nb.sounds.codi.names import sources

pytestmark = pytest.mark.slow

SIZE = reference.REDUCED


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    return reference.save_published(reference.net(SIZE), tmp_path_factory.mktemp("published"))


def run(files, folder, **settings):
    return convert.convert(*files, folder, configuration=SIZE.ours, **settings)


def changed(path, folder, change):
    """A copy of a published file with its dictionary changed."""
    state = torch.load(path, weights_only=True)
    change(state)
    torch.save(state, folder / path.name)
    return folder / path.name


def test_the_report_names_and_counts_every_key(files, tmp_path):
    report = run(files, tmp_path / "codi")
    every = sum(len(torch.load(path, weights_only=True)) for path in files)
    assert sum(report.used.values()) + len(report.unexpected) + sum(report.unused.values()) == every
    text = report.describe()
    assert "unexpected: 0" in text
    assert f"autokl.: {report.unused['autokl.']}" in text


def test_a_key_that_nothing_takes_is_named(files, tmp_path):
    key = "model.diffusion_model.unet_audio.middle_block.3.weight"
    diffuser = changed(files[1], tmp_path, lambda state: state.update({key: torch.zeros(3)}))
    report = run((files[0], diffuser), tmp_path / "codi")
    assert report.unexpected == [key]
    assert key in report.describe()


def test_half_precision_takes_half_the_room(files, tmp_path):
    run(files, tmp_path / "full")
    run(files, tmp_path / "half", dtype=torch.float16)
    sizes = [sum(p.stat().st_size for p in (tmp_path / name).rglob("*.safetensors")) for name in ("full", "half")]
    assert sizes[1] == pytest.approx(sizes[0] / 2, rel=0.02)
    assert CoDi.from_pretrained(tmp_path / "half", torch_dtype=torch.float16).unet.dtype == torch.float16


def test_the_wrong_files_are_refused_in_one_line(files, tmp_path):
    with pytest.raises(ValueError, match="give CoDi_encoders") as caught:
        run(files[::-1], tmp_path / "codi")
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "codi").exists()


def test_a_missing_key_is_named(files, tmp_path):
    gone = "audioldm.decoder.mid.attn_1.q.weight"
    encoders = changed(files[0], tmp_path, lambda state: state.pop(gone))
    with pytest.raises(ValueError, match=rf"1 of \d+ keys of the vae are missing \({gone}\); it is not"):
        run((encoders, files[1]), tmp_path / "codi")


def test_a_missing_key_and_the_stray_one_beside_it_are_named_as_in_the_file(files, tmp_path):
    gone = "model.diffusion_model.unet_audio.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
    stray = gone.replace("to_k", "to_kk")
    diffuser = changed(files[1], tmp_path, lambda state: state.update({stray: state.pop(gone)}))
    with pytest.raises(ValueError, match=rf"missing \({gone}\), and 1 are not known \({stray}\)") as caught:
        run((files[0], diffuser), tmp_path / "codi")
    assert "\n" not in str(caught.value)


def test_every_key_is_named_as_in_the_file(files):
    contents = dict(zip(("encoders", "diffuser"), (torch.load(path, weights_only=True) for path in files)))
    for source in sources(SIZE.ours).values():
        keys = [key.removeprefix(source.prefix) for key in convert._of(source, contents[source.file])]
        assert keys and [source.original(source.rename(key)) for key in keys] == keys


def nan_in(tensor):
    tensor = tensor.clone()
    tensor.view(-1)[tensor.numel() // 2] = float("nan")
    return tensor


@pytest.mark.parametrize(("key", "change", "words"), [
    ("audioldm.decoder.conv_out.weight", nan_in, "1 numbers that are NaN"),
    ("clip.model.text_projection.weight", lambda t: t * float("inf"), "NaN or infinite"),
    ("audioldm.decoder.conv_out.weight", torch.zeros_like, "nothing but zeros"),
    ("clip.model.text_model.embeddings.token_embedding.weight",
     lambda t: torch.cat([t[:1000], 0 * t[1000:1600], t[1600:]]), "16384 zeros in a row"),
])  # fmt: skip
def test_what_is_no_weight_is_named(files, tmp_path, key, change, words):
    encoders = changed(files[0], tmp_path, lambda state: state.update({key: change(state[key])}))
    with pytest.raises(ValueError, match=f"CoDi_encoders.pth is damaged: {key} of the .* has .*{words}"):
        run((encoders, files[1]), tmp_path / "codi")
    assert not (tmp_path / "codi").exists()


@pytest.mark.parametrize("content", [bytes(4096), b"\xff" * 4096])
def test_a_hole_in_a_file_of_the_right_size_is_seen(files, tmp_path, content):
    """A block of a download that never came: the names, types, shapes and size are right."""
    path = tmp_path / "CoDi_encoders.pth"
    whole = files[0].read_bytes()
    path.write_bytes(whole[: len(whole) // 2] + content + whole[len(whole) // 2 + len(content) :])
    with pytest.raises(ValueError, match=r"is damaged: its part .*/data/\d+ is not as it was written; fetch it again"):
        run((path, files[1]), tmp_path / "codi")


def test_a_weight_of_another_size_is_named(files, tmp_path):
    encoders = changed(files[0], tmp_path, lambda s: s.update({"audioldm.vocoder.conv_pre.bias": torch.zeros(3)}))
    with pytest.raises(
        ValueError, match=r"audioldm.vocoder.conv_pre.bias is torch.float32 \(3,\), not floating \(64,\)"
    ):
        run((encoders, files[1]), tmp_path / "codi")


@pytest.mark.parametrize(("content", "words"), [
    (lambda whole: whole[:100_000], "not a whole file of tensors"),
    (lambda whole: b"", "has 0 bytes"),
    (lambda whole: b"<!DOCTYPE html>" * 2, "a web page or a pointer"),
    (lambda whole: b"<!DOCTYPE html>" * 2000, "no file of torch"),
])  # fmt: skip
def test_a_damaged_file_is_refused_in_one_line(files, tmp_path, content, words):
    path = tmp_path / "CoDi_encoders.pth"
    path.write_bytes(content(files[0].read_bytes()))
    with pytest.raises(ValueError, match=words) as caught:
        run((path, files[1]), tmp_path / "codi")
    assert "\n" not in str(caught.value)
    assert "weights_only" not in str(caught.value)  # torch tells how to run it all the same
    assert list(tmp_path.iterdir()) == [path]


def test_pickled_code_is_not_run(files, tmp_path):
    path = tmp_path / "CoDi_encoders.pth"
    path.write_bytes(pickle.dumps([Evil(tmp_path / "owned"), bytes(20_000)]))
    with pytest.raises(ValueError, match="was not run"):
        run((path, files[1]), tmp_path / "codi")
    torch.save({"audioldm.x": Evil(tmp_path / "owned"), "y": torch.zeros(9000)}, path)
    with pytest.raises(ValueError, match="was not run"):
        run((path, files[1]), tmp_path / "codi")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_conversion_leaves_nothing(files, tmp_path, monkeypatch, error):
    from diffusers import AutoencoderKL

    def stop(*_, **__):
        assert not (tmp_path / "codi").exists()  # while it is written, it has another name
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(AutoencoderKL, "save_pretrained", stop)
        with pytest.raises(type(error)):
            run(files, tmp_path / "codi")
    assert list(tmp_path.iterdir()) == []
    run(files, tmp_path / "codi")  # and the next one works


WRITER = """
import pathlib, sys, time
from see2sound_nb.media.files import atomic_folder

with atomic_folder(sys.argv[1]) as beside:
    (beside / "left.safetensors").write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_what_a_killed_conversion_left_is_removed_by_the_next(files, tmp_path, monkeypatch, how):
    writer = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "codi"], stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "writing\n"
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".see2sound-") and (left / "left.safetensors").is_file()
    with monkeypatch.context() as patch:  # while it lives, it is named where room is short
        patch.setattr(shutil, "disk_usage", lambda _: types.SimpleNamespace(free=1000))
        with pytest.raises(OSError, match=rf"0.00 GB are free \(and {left} is being written"):
            run(files, tmp_path / "codi")
    writer.send_signal(how)
    writer.communicate()
    assert left.is_dir()
    run(files, tmp_path / "codi")
    assert [path.name for path in tmp_path.iterdir()] == ["codi"]


def test_without_room_it_does_not_begin(files, tmp_path, monkeypatch):
    nearly_full = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)
    with pytest.raises(OSError, match="GB are free"):
        run(files, tmp_path / "codi")
    assert list(tmp_path.iterdir()) == []


def test_the_command(files, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path))
    monkeypatch.setattr(convert.convert, "__kwdefaults__", {"dtype": None, "configuration": SIZE.ours})
    assert cli.main(["convert", *map(str, files)]) == 0
    assert "unexpected: 0" in capsys.readouterr().out
    assert (tmp_path / "codi" / "model_index.json").is_file()
    assert cli.main(["convert", *map(str, files)]) == cli.BAD_INPUT
    assert "is there already" in capsys.readouterr().err
    assert cli.main(["convert", str(files[0]), "-o", str(tmp_path / "other")]) == cli.BAD_INPUT
    assert "1 files were given; give two" in capsys.readouterr().err


def test_without_files_the_published_ones_are_fetched(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")  # nobody answers there
    assert cli.main(["convert"]) == cli.BAD_INPUT
    said = capsys.readouterr().err
    for name in ("CoDi_encoders.pth", "CoDi_audio_diffuser_m.pth"):
        assert f"ZinengTang/CoDi/resolve/main/checkpoints_fp16/{name}" in said
        assert str(tmp_path / "ZinengTang" / "CoDi" / "checkpoints_fp16" / name) in said
    assert not (tmp_path / "codi").exists()
