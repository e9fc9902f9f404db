"""WAVs read back by libsndfile, with the channels' names."""

import struct
import warnings
import wave

import av
import numpy as np
import pytest
import scipy.io.wavfile
import soundfile

from see2sound_nb.media.sound_files import CHANNEL_MASKS, CHANNELS, write_sound, write_wav
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


@pytest.mark.parametrize(("layout", "channels"), [("mono", 1), ("stereo", 2), ("binaural", 2)])
def test_python_reads_what_has_two_channels_of_16_bit(tmp_path, rng, layout, channels):
    audio = rng.uniform(-1, 1, (channels, 99))
    path = write_wav(tmp_path / "a.wav", audio, 16000, layout=layout)
    assert struct.unpack_from("<H", path.read_bytes(), 20)[0] == 1, "plain PCM, which Python before 3.12 reads too"
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate(), file.getnframes()) == (
            channels, 2, 16000, 99
        )  # fmt: skip
        words = np.frombuffer(file.readframes(99), "<i2").reshape(99, channels).T
    np.testing.assert_allclose(words / 32767, audio, atol=2.0**-15)


@pytest.mark.parametrize("layout", ["mono", "stereo", "binaural", "5.1", "foa"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_a_flac_holds_the_samples_of_the_wav(tmp_path, rng, layout, subtype):
    audio = rng.uniform(-1, 1, (CHANNELS[layout], 70001))
    audio[:, :2] = [-1, 1]
    wav, flac = (
        write_sound(tmp_path / name, audio, 44100, layout=layout, subtype=subtype) for name in ("a.wav", "a.FLAC")
    )
    (ours, rate), (theirs, their_rate) = soundfile.read(wav, dtype="int32"), soundfile.read(flac, dtype="int32")
    np.testing.assert_array_equal(ours, theirs)
    assert rate == their_rate == 44100
    info = soundfile.info(flac)
    assert (info.format, info.subtype) == ("FLAC", subtype)
    mask = b"WAVEFORMATEXTENSIBLE_CHANNEL_MASK=0x0" in flac.read_bytes()
    assert mask == (CHANNEL_MASKS[layout] == 0), "four channels of Ambisonics are not those of quadraphony"


@pytest.mark.parametrize(
    ("name", "layout", "subtype", "why"),
    [
        ("a.mp3", "stereo", "PCM_16", r"must end with \.wav or \.flac"),
        ("a", "stereo", "PCM_16", r"must end with \.wav or \.flac"),
        ("a.flac", "7.1.4", "PCM_16", "at most 8 channels and 7.1.4 has 12"),
        ("a.flac", "stereo", "FLOAT", "whole numbers"),
    ],
)
def test_a_name_that_says_something_else_is_refused(tmp_path, name, layout, subtype, why):
    with pytest.raises(ValueError, match=why):
        write_sound(tmp_path / name, np.zeros((CHANNELS[layout], 10)), 16000, layout=layout, subtype=subtype)
    with pytest.raises(ValueError, match="must end"):
        write_wav(tmp_path / "a.ogg", np.zeros((2, 10)), 16000)


MADE = "Made by the preset tiny, seed 7: hund ä at 30° to the left, 2.0 m; drum"


@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT"])
def test_others_read_what_made_a_wav_and_the_same_samples(tmp_path, rng, layout, subtype):
    audio = rng.uniform(-1, 1, (CHANNELS[layout], 999))
    bare = write_wav(tmp_path / "a.wav", audio, 16000, layout=layout, subtype=subtype)
    told = write_wav(tmp_path / "b.wav", audio, 16000, layout=layout, subtype=subtype, description=MADE)
    with soundfile.SoundFile(told) as file:
        assert file.comment == MADE
        np.testing.assert_array_equal(file.read(dtype="int32"), soundfile.read(bare, dtype="int32")[0])
    with av.open(str(told)) as file:
        assert file.metadata["comment"] == MADE
        assert sum(frame.samples for frame in file.decode(audio=0)) == 999
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert scipy.io.wavfile.read(told)[1].shape[:1] == (999,)


@pytest.mark.parametrize(("layout", "subtype"), [("mono", "PCM_16"), ("stereo", "PCM_16")])
def test_what_is_plain_stays_plain_with_a_description(tmp_path, rng, layout, subtype):
    audio = rng.uniform(-1, 1, (CHANNELS[layout], 99))
    file = write_wav(tmp_path / "a.wav", audio, 16000, layout=layout, subtype=subtype, description=MADE)
    data = file.read_bytes()
    assert data[12:16] == b"fmt " and data[36:40] == b"data", "where the simplest readers look"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(scipy.io.wavfile.read(file)[1]) == 99
    with wave.open(str(file)) as opened:
        assert opened.getnframes() == 99


@pytest.mark.parametrize("name", ["a.wav", "a.flac"])
@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24"])
def test_the_same_sound_is_the_same_file(tmp_path, rng, name, subtype):
    audio = rng.uniform(-1, 1, (6, 999))
    first, again = (
        write_sound(
            tmp_path / (which + name), audio, 16000, layout="5.1", subtype=subtype, description=MADE
        ).read_bytes()
        for which in "12"
    )
    assert first == again


def test_a_flac_says_what_made_it(tmp_path, rng):
    audio = rng.uniform(-1, 1, (2, 999))
    file = write_sound(tmp_path / "a.flac", audio, 16000, description=MADE)
    field = b"DESCRIPTION=" + MADE.encode()
    assert struct.pack("<I", len(field)) + field in file.read_bytes(), "a Vorbis comment (RFC 9639, section 8.6)"
    with av.open(str(file)) as read:
        assert read.metadata["comment"] == MADE
    assert b"DESCRIPTION" not in write_sound(tmp_path / "b.flac", audio, 16000).read_bytes()
