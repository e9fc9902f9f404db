#!/usr/bin/env bash
# diffusers 0.42.1: a saved pipeline remembers the Python file in which the class of a part stood. Move the class, and
# the folder cannot be loaded any more, not even if the part itself is handed to `from_pretrained`.
#
# One would guess that weights in a folder outlive a tidy-up of the code, and that `from_pretrained(folder, part=part)`
# asks for nothing that it was given. For a class outside of diffusers and transformers, `save_pretrained` writes its
# `__module__` into model_index.json, and `from_pretrained` wants that very module, imported already, even for a part
# that was passed in. So a pipeline that was saved and loaded well in one process may fail in the next one.
#
# Seen on 2026-11-27: "moved: ValueError", "moved, part handed over: ValueError", and in a process that had not imported
# the class: "not imported: ValueError".
# What helps: override the pipeline's `load_config`, translate there, and import the module.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv env
env/bin/python -m pip install --quiet --disable-pip-version-check "torch==2.13.0" "diffusers==0.42.1" "transformers==5.23.0" "numpy==2.4.6" > /dev/null
cat > first_home.py <<'PY'
import torch
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config


class Part(ModelMixin, ConfigMixin):
    @register_to_config
    def __init__(self, size=2):
        super().__init__()
        self.layer = torch.nn.Linear(size, size)
PY
cat > pipe.py <<'PY'
from diffusers import DiffusionPipeline


class Pipe(DiffusionPipeline):
    def __init__(self, part):
        super().__init__()
        self.register_modules(part=part)
PY
env/bin/python -W ignore - <<'PY'
import json
import first_home
from pipe import Pipe
Pipe(first_home.Part()).save_pretrained("saved")
index = json.load(open("saved/model_index.json"))
print("model_index.json:", index["part"])
assert index["part"] == ["first_home", "Part"]
PY
env/bin/python -W ignore - <<'PY'
from pipe import Pipe
try:
    Pipe.from_pretrained("saved")
except ValueError as error:
    print("not imported: ValueError")
    assert "has not been imported" in str(error), error
else:
    raise SystemExit("the behaviour has changed")
PY
mv first_home.py second_home.py
env/bin/python -W ignore - <<'PY'
import second_home
from pipe import Pipe
for how, given in (("moved", {}), ("moved, part handed over", {"part": second_home.Part()})):
    try:
        Pipe.from_pretrained("saved", **given)
    except Exception as error:
        print(f"{how}: {type(error).__name__}")
        assert type(error) is ValueError, error
    else:
        raise SystemExit("the behaviour has changed")
PY
