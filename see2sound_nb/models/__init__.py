"""Which models there are, where their files are and come from, on what they run and how long that takes.

The table of models and the tiers (`table`), downloads, what the steps need to load theirs (`loading`), the device, and
the trunk that the shipped models share. `weights/` holds these with their cards. Notebook: 09_your_own.
"""

from see2sound_nb.models.table import MODELS, PRESETS, ModelCard, find_model, list_models

__all__ = ["MODELS", "PRESETS", "ModelCard", "find_model", "list_models"]
