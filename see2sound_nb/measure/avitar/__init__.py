"""AViTAR, the acoustic matcher of the paper's Table 1: a sound as the place in a picture would make it (section 5).

Chen et al., "Visual acoustic matching", CVPR 2022. Its authors publish code and weights under CC-BY-NC 4.0: for no
commercial use. Nothing is fetched; `convert_avitar` turns their checkpoint into safetensors. The model here is written
from a description, in this project's own code, and gives the numbers of theirs. Notebook: 08_evaluation.
"""

from see2sound_nb.measure.avitar.convert import convert_avitar, converted_avitar
from see2sound_nb.measure.avitar.matching import AViTARMatcher, load_avitar

__all__ = ["AViTARMatcher", "convert_avitar", "converted_avitar", "load_avitar"]
