"""Fixtures: one pipeline and one scene of the shipped photo for the whole run, and pictures with known answers."""

import pathlib

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
    """Machine code that numba kept from before a change of the tables in it would pass for the code under test."""
    package = pathlib.Path(s2s.__file__).parent
    changed = (package / "room" / "ism" / "definition.py").stat().st_mtime
    for kept in package.rglob("__pycache__/*.nb[ic]"):
        if kept.stat().st_mtime < changed:
            kept.unlink(missing_ok=True)
