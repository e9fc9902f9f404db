"""Khronos' own validator on scenes of ours, fetched by npm: ``cd tests && python -m media.gltf_validator``.

It knows no audio emitters, and says so; of all else it must have no errors and no warnings.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

import numpy as np

from see2sound_nb.media.gltf import write_gltf

VALIDATOR = "gltf-validator@2.0.0-dev.3.10"
READ = """
const { validateBytes } = require("gltf-validator");
validateBytes(new Uint8Array(require("fs").readFileSync(process.argv[1])))
  .then((report) => console.log(JSON.stringify(report)));
"""


def write_scenes(folder: pathlib.Path) -> list[pathlib.Path]:
    """A scene at rest with an ambience, one that moves, and one without sounds."""
    image = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    sounds = 0.1 * np.random.default_rng(1).standard_normal((2, 16000))
    places = np.array([[-2.0, 2.0, 0.0], [1.0, 4.0, 0.5]])
    paths, names = np.stack([places, places + 1]), ["dog", "cat"]
    rest, moving, silent = (folder / f"{name}.glb" for name in ("rest", "moving", "silent"))
    write_gltf(rest, image, sounds, 16000, places, names, fov_deg=60, ambience=sounds[0])
    write_gltf(moving, image, sounds, 16000, paths, names, fov_deg=60, times_s=np.array([0.0, 1.0]))
    write_gltf(silent, image, sounds[:0], 16000, places[:0], [], fov_deg=60)
    return [rest, moving, silent]


def main() -> str | None:
    """What is wrong, or None."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm is None or node is None:
        return "the validator needs node and npm; install Node.js"
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([npm, "install", "--silent", "--prefix", folder, VALIDATOR], check=True, cwd=folder)
        for path in write_scenes(pathlib.Path(folder)):
            told = subprocess.run([node, "-e", READ, str(path)], check=True, cwd=folder, capture_output=True)
            issues = json.loads(told.stdout)["issues"]
            print(f"{path.stem}: {issues['numErrors']} errors, {issues['numWarnings']} warnings")
            if issues["numErrors"] or issues["numWarnings"]:
                return "\n".join(f"{issue['pointer']}: {issue['message']}" for issue in issues["messages"])
    return None


if __name__ == "__main__":
    sys.exit(main())
