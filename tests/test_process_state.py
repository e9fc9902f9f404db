"""A process is afterwards as it was: whatever is run, and however it fails, nothing global stays changed."""

import contextlib
import decimal
import gc
import locale
import os
import random
import signal
import sys
import warnings

import matplotlib
import numpy as np
import pytest
import torch

import see2sound_nb as s2s
from see2sound_nb import cli
from see2sound_nb.models.trunk import load_trunk, trunk_on


def state():
    """What a library has no business to change."""
    rng = np.random.get_state()  # noqa: NPY002  (the global one is the one to leave alone)
    return {
        "torch's type": torch.get_default_dtype(),
        "torch's device": str(torch.get_default_device()),
        "torch's threads": torch.get_num_threads(),
        "torch's gradients": torch.is_grad_enabled(),
        "torch's determinism": torch.are_deterministic_algorithms_enabled(),
        "torch's random state": torch.random.get_rng_state().numpy().tobytes(),
        "numpy's random state": (rng[0], rng[1].tobytes(), *rng[2:]),
        "numpy's errors": tuple(np.geterr().items()),
        "random's state": random.getstate(),
        "warnings' filters": list(warnings.filters),
        "how warnings are shown": warnings.showwarning,
        "matplotlib's settings": dict(matplotlib.rcParams),
        "matplotlib's backend": matplotlib.get_backend(),
        "environment": dict(os.environ),
        "folder": os.getcwd(),
        "umask": umask(),
        "signals": [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)],
        "locale": locale.setlocale(locale.LC_ALL),
        "decimals": decimal.getcontext().prec,
        "recursion": sys.getrecursionlimit(),
        "excepthook": sys.excepthook,
        "path": list(sys.path),
        "garbage": (gc.isenabled(), gc.get_threshold()),
    }


def umask():
    mask = os.umask(0)
    os.umask(mask)
    return mask


def broken(*arguments, **options):
    raise RuntimeError("broken on purpose")


def failing_step(name):
    """A run whose step fails in its middle."""

    def run(monkeypatch, pipeline):
        monkeypatch.setattr(f"see2sound_nb.{name}", broken)
        with pytest.raises(RuntimeError, match="on purpose"):
            pipeline.run(s2s.demo_photo(), sources=1, steps=2).render("binaural")

    return run


def refused(**options):
    def run(monkeypatch, pipeline):
        with pytest.raises(ValueError, match=next(iter(options))):
            pipeline.run(s2s.demo_photo(), **options)

    return run


def interrupted(monkeypatch, pipeline):
    def stop(step, done, total):
        if step == "audio" and done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        pipeline.run(s2s.demo_photo(), sources=1, steps=3, progress=stop)


def command(*words):
    def run(monkeypatch, pipeline):
        with contextlib.suppress(SystemExit):
            cli.main([str(s2s.demo_photo()), "-o", "a.wav", *words])

    return run


def figures(monkeypatch, pipeline):
    scene = pipeline.run(s2s.demo_photo(), sources=1, steps=2)
    s2s.plot_story(scene)
    matplotlib.pyplot.close("all")


RUNS = {
    "a run": lambda monkeypatch, pipeline: pipeline.run(s2s.demo_photo(), sources=1, steps=2).report("5.1"),
    "no such geometry": refused(geometry="flat"),
    "too many sources": refused(sources=99),
    "an interrupt": interrupted,
    "regions fail": failing_step("pipeline.find_sources"),
    "depth fails": failing_step("pipeline.place_sources"),
    "sounds fail": failing_step("sounds.generation.level"),
    "the room fails": failing_step("render.responses.shoebox_rir"),
    "rendering fails": failing_step("render.responses.binaural_responses"),
    "the command": command("--sources", "1"),
    "the command, refused": command("--layout", "9.1"),
    "figures": figures,
}


@pytest.fixture(scope="module", autouse=True)
def imported(pipeline):
    """What is imported late has been imported."""
    import matplotlib.pyplot  # noqa: F401

    pipeline.run(s2s.demo_photo(), sources=1, steps=2).report("binaural")


@pytest.mark.slow
@pytest.mark.parametrize("name", RUNS)
def test_nothing_global_is_left_changed(name, monkeypatch, pipeline, tmp_path):
    monkeypatch.chdir(tmp_path)
    with monkeypatch.context() as patch:
        before = state()
        RUNS[name](patch, pipeline)
        after = state()
    assert {key for key in before if before[key] != after[key]} == set()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_a_model_that_is_cast_says_so_and_no_other_is_changed(dtype, pipeline):
    """All tiny models look at a photo through one trunk."""
    I = s2s.read_image(s2s.demo_photo())
    model, processor = s2s.load_depth("tiny-depth")
    before = s2s.estimate_depth(I, model, processor)
    with pytest.raises(ValueError, match=f"in {dtype}, and computes in torch.float32 alone"):
        s2s.estimate_depth(I, model.to(dtype), processor)
    np.testing.assert_allclose(
        s2s.estimate_depth(I, model.float(), processor), before, atol=0.1
    )  # its numbers are rounded
    sam, _ = s2s.load_sam("tiny-sam")
    with pytest.raises(ValueError, match=f"in {dtype}, and computes in torch.float32 alone"):
        s2s.automatic_masks(I, sam.to(dtype))
    np.testing.assert_array_equal(s2s.estimate_depth(I, *s2s.load_depth("tiny-depth")), before)


def test_it_does_not_matter_which_model_is_loaded_first():
    I = s2s.read_image(s2s.demo_photo())
    load_trunk.cache_clear()
    trunk_on.cache_clear()
    first = s2s.estimate_depth(I, *s2s.load_depth("tiny-depth"))
    s2s.automatic_masks(I, s2s.load_sam("tiny-sam")[0])
    np.testing.assert_array_equal(s2s.estimate_depth(I, *s2s.load_depth("tiny-depth")), first)
