"""WAVs read back by libsndfile, with the channels' names."""

import struct

import numpy as np
import pytest
import soundfile

from see2sound_nb.media.sound_files import CHANNELS, write_wav
from see2sound_nb.render.layouts import LAYOUTS


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_wav_is_read_back_by_libsndfile(tmp_path, rng, subtype):
    audio = rng.uniform(-1, 1, (6, 999)).astype(np.float32)
    path = write_wav(tmp_path / "a.wav", audio, 16000, layout="5.1", subtype=subtype)
    back, rate = soundfile.read(path)
    info = soundfile.info(path)
    assert (rate, info.channels, info.subtype, info.format) == (16000, 6, subtype, "WAVEX")
    bits = {"PCM_16": 16, "PCM_24": 24, "FLOAT": 32}[subtype]
    assert struct.unpack_from("<HHH", path.read_bytes(), 34) == (bits, 22, bits), "of a sample, and valid ones"
    np.testing.assert_allclose(back.T, audio, atol={"PCM_16": 2.0**-14, "PCM_24": 2.0**-22, "FLOAT": 0}[subtype])


def test_surround_channels_are_named_side_not_back(tmp_path):
    header = write_wav(tmp_path / "a.wav", np.zeros((6, 10)), 16000, layout="5.1").read_bytes()
    # FL 0x1, FR 0x2, FC 0x4, LFE 0x8, SL 0x200, SR 0x400
    assert struct.unpack_from("<I", header, 40)[0] == 0x60F
    header = write_wav(tmp_path / "b.wav", np.zeros((4, 10)), 16000, layout="foa").read_bytes()
    assert struct.unpack_from("<I", header, 40)[0] == 0, "Ambisonics channels are no loudspeakers"


def test_the_mask_of_7_1_4_names_its_channels_in_their_order(tmp_path):
    bits = {"FL": 0, "FR": 1, "FC": 2, "LFE": 3, "BL": 4, "BR": 5, "SL": 9, "SR": 10}  # Microsoft's speaker positions
    bits |= {"TFL": 12, "TFR": 14, "TBL": 15, "TBR": 17}
    header = write_wav(tmp_path / "a.wav", np.zeros((12, 10)), 48000, layout="7.1.4").read_bytes()
    mask = struct.unpack_from("<I", header, 40)[0]
    assert mask == sum(1 << bit for bit in bits.values())
    assert [bits[name] for name in LAYOUTS["7.1.4"]] == sorted(bits.values()), "WAV orders channels by their bit"


@pytest.mark.parametrize(("layout", "rate"), [("hoa2", 16000), ("hoa5", 48000)])
def test_ambisonics_of_many_channels_is_read_back(tmp_path, rng, layout, rate):
    audio = rng.uniform(-1, 1, (CHANNELS[layout], 99)).astype(np.float32)
    path = write_wav(tmp_path / "a.wav", audio, rate, layout=layout, subtype="FLOAT")
    back, read_rate = soundfile.read(path)
    np.testing.assert_array_equal(back.T, audio)
    assert read_rate == rate
    assert struct.unpack_from("<I", path.read_bytes(), 40)[0] == 0


@pytest.mark.parametrize("rate", [0, 7999, 16000.5, 200000, float("nan")])
def test_sample_rates_that_no_player_knows_are_named(tmp_path, rate):
    with pytest.raises(ValueError, match="8000 to 192000"):
        write_wav(tmp_path / "a.wav", np.zeros((2, 10)), rate)


def test_channels_that_do_not_fit_the_layout_are_counted(tmp_path):
    with pytest.raises(ValueError, match=r"4 channels, 5\.1 has 6"):
        write_wav(tmp_path / "a.wav", np.zeros((4, 10)), 16000, layout="5.1")
