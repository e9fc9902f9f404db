"""The converter: what it refuses, what it leaves behind when it is stopped, and what it reads."""

import pickle
import shutil

import pytest
import torch
from authors import codi as reference
from checkpoints import Evil

from see2sound_nb import cli
from see2sound_nb.sounds.codi import CoDi, convert

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
    with pytest.raises(ValueError, match=r"1 of \d+ keys of the vae are missing \(decoder.mid_block"):
        run((encoders, files[1]), tmp_path / "codi")


def test_a_weight_of_another_size_is_named(files, tmp_path):
    encoders = changed(files[0], tmp_path, lambda s: s.update({"audioldm.vocoder.conv_pre.bias": torch.zeros(3)}))
    with pytest.raises(ValueError, match=r"conv_pre.bias is torch.float32 \(3,\), not floating \(64,\)"):
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


def test_what_a_killed_conversion_left_does_not_get_into_the_next(files, tmp_path):
    left = tmp_path / ".codi.part" / "left.safetensors"
    left.parent.mkdir()
    left.write_bytes(b"half")
    run(files, tmp_path / "codi")
    assert not list(tmp_path.rglob("left.safetensors"))


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
