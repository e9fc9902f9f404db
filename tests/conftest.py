"""Fixtures: one pipeline and one scene of the shipped photo for the whole run, and pictures with known answers.

The tests run in several processes beside each other. A file stays in one of them, so that its fixtures are made once;
the tests of the widgets in a browser stay in one, so that no two of them disturb each other's timings. What takes long
comes first: the many small files at the end fill both processes alike.
"""

import gc
import os
import pathlib

# Processes beside each other share the cores among them; a second thread in each would only wait.
if os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import matplotlib
import numpy as np
import pytest

import see2sound_nb as s2s

pytest_plugins = ["checkpoints"]
matplotlib.use("Agg")  # here, and not by the environment: the kernels of the notebooks inherit that


@pytest.fixture(scope="session")
def pipeline():
    return s2s.See2Sound(preset="tiny")


@pytest.fixture(scope="session")
def scene(pipeline):
    return pipeline.run(s2s.demo_photo(), sources=3, seed=0)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def pytest_configure(config):
    """Machine code that numba kept from before a change in a file that it uses would pass for the code under test."""
    package = pathlib.Path(s2s.__file__).parent
    changed = max(path.stat().st_mtime for path in (package / "room" / "ism").glob("*.py"))
    for kept in package.rglob("__pycache__/*.nb[ic]"):
        if kept.stat().st_mtime < changed:
            kept.unlink(missing_ok=True)


def pytest_collection_finish():
    """What the modules hold by now stays to the end: Python need not look it through again and again."""
    gc.collect()
    gc.freeze()


def pytest_unconfigure():
    """As above; all memory goes when the process does."""
    gc.freeze()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    """First what needs a browser, then the notebooks, then all else; within each as before."""
    places = {"tests/browser": 0, "notebooks": 1}
    items.sort(key=lambda item: next((places[start] for start in places if item.nodeid.startswith(start + "/")), 2))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Share out whole files, and the widgets' tests in a browser as if they were one: some look at times."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.split("::")[0]
            timed = file.startswith("tests/browser/") and not file.endswith("test_course.py")
            return "tests/browser" if timed else file

    return ByFile(config, log)
