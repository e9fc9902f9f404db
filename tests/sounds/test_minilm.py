"""The sentence model."""

import pytest


@pytest.mark.parametrize("wanted", [True, False])
def test_the_sentence_model_comes_without_a_bar_and_leaves_the_others(wanted, capsys):
    logging = pytest.importorskip("transformers").utils.logging
    from see2sound_nb.sounds.minilm import load_minilm

    before = logging.is_progress_bar_enabled()
    try:
        (logging.enable_progress_bar if wanted else logging.disable_progress_bar)()
        load_minilm.__wrapped__()
        assert "Loading" not in "".join(capsys.readouterr())
        assert logging.is_progress_bar_enabled() == wanted
    finally:
        (logging.enable_progress_bar if before else logging.disable_progress_bar)()
