"""What a notebook says of the machine it runs on."""

import subprocess
import sys

import matplotlib
import pytest

from see2sound_nb import check_machine, setup
from see2sound_nb.models import devices, effort, table
from see2sound_nb.notebook.machine import FONT_SIZE


def test_after_setup_segment_anything_can_be_imported_beside_any_build_of_torch():
    # in a new process: here torchvision may have been made importable already
    code = "import see2sound_nb as s2s; s2s.setup(); import segment_anything, torchvision; print(torchvision.ops.nms)"
    assert "function nms" in subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout


def test_setup_says_the_tier_and_makes_letters_readable(capsys):
    with matplotlib.rc_context():
        assert setup(seed=3, tier="small") == "small"
        assert matplotlib.rcParams["font.size"] == FONT_SIZE
    said = capsys.readouterr().out
    assert "seed 3" in said and "tier: small" in said
    with pytest.raises(ValueError, match="'large' is unknown"):
        setup(tier="large")


def test_the_machine_is_told_for_each_tier_what_fits_what_lasts_and_what_is_missing(capsys, monkeypatch, tmp_path):
    monkeypatch.setenv("SEE2SOUND_CACHE", str(tmp_path))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(effort, "flops_per_second", lambda: 1e12)
    monkeypatch.setattr(devices, "memory_gb", lambda device: 8.0)
    check_machine()
    here, *tiers = capsys.readouterr().out.splitlines()
    assert "8 GB of memory" in here
    tiny, small, paper = tiers
    assert [line.split(":")[0] for line in tiers] == list(table.PRESETS)
    assert "runs here" in tiny and "takes seconds" in tiny and "nothing to fetch" in tiny
    assert "runs here" in small and "0.5 GB to fetch (sam-vit-b, depth-anything-small)" in small
    for memory, fits in ((14.9, "may not fit"), (15.1, "runs here")):
        monkeypatch.setattr(devices, "memory_gb", lambda device, gb=memory: gb)
        check_machine()
        assert f"paper: {fits}" in capsys.readouterr().out
    assert "may not fit: 15 GB" in paper and "about 2 minutes" in paper and "7.8 GB to fetch" in paper
