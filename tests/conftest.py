"""Fixtures: one pipeline and one scene of the shipped photo for the whole run, and pictures with known answers."""

import matplotlib
import numpy as np
import pytest

import see2sound_nb as s2s

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


def pytest_collection_modifyitems(items):
    for item in items:
        if hasattr(item, "output_timeout"):  # nbval waits 5 s for a cell's output; a busy machine needs longer
            item.output_timeout = 60
