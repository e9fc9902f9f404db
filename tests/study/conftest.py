"""One small study for all tests of this folder."""

import pytest
from study.small_studies import scenes

from see2sound_nb.study.making import make_study
from see2sound_nb.study.plan import ANSWERS_FILE


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    """(study, folder); the folder has no answers after a test."""
    folder = tmp_path_factory.mktemp("studies") / "small"
    return make_study(scenes(), folder, seed=3), folder


@pytest.fixture
def study(made):
    return made[0]


@pytest.fixture
def folder(made):
    yield made[1]
    (made[1] / ANSWERS_FILE).unlink(missing_ok=True)
