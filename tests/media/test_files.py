"""Files that are whole or not there."""

import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from see2sound_nb.media.files import atomic_path, check_suffix, check_writable, remove_leftovers
from see2sound_nb.media.sound_files import write_wav


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    with pytest.raises(ValueError, match="peak"):
        write_wav(tmp_path / "a.wav", np.full((2, 10), 1.5), 16000)
    with pytest.raises(ValueError, match="peak"):
        write_wav(tmp_path / "a.wav", np.full((2, 10), np.nan), 16000)

    def interrupted():
        with atomic_path(tmp_path / "b.wav") as beside:
            beside.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert os.listdir(tmp_path) == []


def test_outputs_that_cannot_be_written_are_named(tmp_path):
    with pytest.raises(ValueError, match="does not exist"):
        check_writable(tmp_path / "nowhere" / "a.wav")
    with pytest.raises(ValueError, match="is a folder"):
        check_writable(tmp_path)
    with pytest.raises(ValueError, match=r"7\.1"):
        write_wav(tmp_path / "a.wav", np.zeros((8, 10)), 16000, layout="7.1")


def test_what_must_stay_stays(tmp_path):
    photo, link, pipe, locked = (tmp_path / name for name in ("a.wav", "link.wav", "pipe.wav", "locked.wav"))
    for path in (photo, locked):
        path.write_bytes(b"mine")
    link.symlink_to(photo)
    os.mkfifo(pipe)
    locked.chmod(0o444)
    check_writable(photo)  # a plain file may be replaced
    (tmp_path / "folder").mkdir()
    beside = tmp_path / "folder" / ".." / "a.wav"
    for path, inputs, why in (
        (beside, [photo], "is the input"),
        (photo, [link], "is the input"),
        (link, [], "is a link to"),
        (pipe, [], "a pipe or a device"),
        (locked, [], "read-only"),
        (pathlib.Path("/dev/null"), [], "a pipe or a device"),
        (tmp_path / f"{'n' * 300}.wav", [], r"has 304 bytes, a name has at most \d+"),
        (tmp_path / f"{'ü' * 126}.wav", [], "has 256 bytes"),
    ):
        with pytest.raises(ValueError, match=why) as refused:
            check_writable(path, inputs=inputs)
        assert "\n" not in str(refused.value) and len(str(refused.value)) < 400
        if not inputs:  # of which the caller alone knows
            with pytest.raises(ValueError, match=why), atomic_path(path):
                pass
    assert photo.read_bytes() == locked.read_bytes() == b"mine"
    assert sorted(os.listdir(tmp_path)) == ["a.wav", "folder", "link.wav", "locked.wav", "pipe.wav"]


def test_the_longest_name_can_be_written_and_permissions_are_the_users(tmp_path):
    path = tmp_path / ("n" * 251 + ".wav")
    write_wav(path, np.zeros((2, 10)), 16000)
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_a_name_says_what_is_in_it():
    check_suffix("a.WAV", [".wav"], "a WAV")
    for name in ("a.mp3", "a", "wav", "a.wav.gz"):
        with pytest.raises(ValueError, match=r"must end with \.wav or \.flac for a sound"):
            check_suffix(name, [".wav", ".flac"], "a sound")


WRITER = """
import pathlib, sys, time
from see2sound_nb.media.files import atomic_path

with atomic_path(sys.argv[1]) as beside:
    beside.write_bytes(b"half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_left_is_removed_by_the_next_one_and_what_a_living_one_writes_is_not(tmp_path):
    path = tmp_path / "a.wav"
    killed, living = (
        subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True) for _ in range(2)
    )
    try:
        for process in (killed, living):
            assert process.stdout.readline() == "writing\n"
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        assert len(os.listdir(tmp_path)) == 2, "a file of each"
        (tmp_path / ".see2sound-elsewhere-1-0.wav").write_bytes(b"of another machine")
        write_wav(tmp_path / "b.wav", np.zeros((2, 10)), 16000)
        left = set(os.listdir(tmp_path))
        assert len(left) == 3 and {"b.wav", ".see2sound-elsewhere-1-0.wav"} < left
    finally:
        living.kill()
        living.wait()
    deadline = time.monotonic() + 5
    while len(os.listdir(tmp_path)) > 2 and time.monotonic() < deadline:
        remove_leftovers(tmp_path)
    assert set(os.listdir(tmp_path)) == {"b.wav", ".see2sound-elsewhere-1-0.wav"}
