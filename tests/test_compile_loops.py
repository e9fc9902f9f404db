"""The loops that are compiled with the set-up are all there are."""

import pathlib
import re

import see2sound_nb
from see2sound_nb.compile_loops import MODULES

PACKAGE = pathlib.Path(see2sound_nb.__file__).parent


def test_every_module_with_a_loop_is_compiled_but_the_gpus():
    files = [path for path in PACKAGE.rglob("*.py") if re.search(r"^@loop\(", path.read_text("utf-8"), re.M)]
    names = {".".join(path.relative_to(PACKAGE).with_suffix("").parts) for path in files}
    assert names == {*MODULES, "room.ism.gpu"}
