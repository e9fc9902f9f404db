"""What a user installs: the same requirements everywhere, light imports, names that exist, weights of modest size."""

import doctest
import importlib
import itertools
import json
import pathlib
import re
import subprocess
import sys
import tarfile
import zipfile

import pytest
import yaml

import see2sound_nb

ROOT = pathlib.Path(__file__).parent.parent
#: conda's names of what pip calls torch
CONDA_NAMES = {"pytorch-cpu": "torch", "torchvision": "torchvision"}


def pyproject():
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def pinned():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return {line.split("==")[0].lower() for line in lines if line and not line.startswith("#")}


def test_binder_names_the_same_requirements_as_pyproject():
    dependencies = yaml.safe_load((ROOT / "binder/environment.yml").read_text())["dependencies"]
    (pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    conda = [
        entry for entry in dependencies if isinstance(entry, str) and not re.match(r"(python|pip)\b(?!-|vision)", entry)
    ]
    renamed = [re.sub(r"^[\w-]+", lambda name: CONDA_NAMES[name[0]], entry) for entry in conda]
    project = pyproject()
    assert sorted(pip + renamed) == sorted(project["dependencies"] + project["optional-dependencies"]["lab"])


def test_environment_yml_installs_the_package_under_the_constraints():
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    (pip,) = (entry["pip"] for entry in dependencies if isinstance(entry, dict))
    assert pip == ["-c constraints.txt", "-e .[lab,test,course]"]
    assert f"python{pyproject()['requires-python']}" in dependencies


def test_every_requirement_is_pinned_in_the_constraints():
    project = pyproject()
    wanted = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    missing = {re.match(r"[\w-]+", entry)[0].lower() for entry in wanted} - pinned()
    assert not missing


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The sdist of the repository, and the wheel of the unpacked sdist, as who installs from the sdist makes it."""
    folder = tmp_path_factory.mktemp("archives")
    hatch = [sys.executable, "-m", "hatchling", "build", "--directory", str(folder), "--target"]
    subprocess.run([*hatch, "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder)
    (unpacked,) = (path for path in folder.iterdir() if path.is_dir())
    subprocess.run([*hatch, "wheel"], cwd=unpacked, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return unpacked, wheel


def files_of_the_repository(*folders):
    return {
        path.relative_to(ROOT).as_posix()
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and not re.search(r"__pycache__|/\.|\.part$", path.relative_to(ROOT).as_posix())
    }


def test_the_wheel_holds_the_package_and_nothing_else(archives):
    wanted = files_of_the_repository("see2sound_nb")
    assert "see2sound_nb/py.typed" in wanted and "see2sound_nb/__init__.pyi" in wanted
    kinds = {pathlib.PurePath(name).suffix for name in wanted}
    assert kinds >= {
        ".py",
        ".pyi",
        ".typed",
        ".js",
        ".css",
        ".safetensors",
        ".npz",
        ".jpg",
        ".gz",
        ".csv",
        ".txt",
        ".md",
    }
    with zipfile.ZipFile(archives[1]) as wheel:
        assert wheel.testzip() is None
        info = f"see2sound_nb-{see2sound_nb.__version__}.dist-info"
        assert {name for name in wheel.namelist() if not name.startswith(info)} == wanted
        for name in wanted:
            assert wheel.getinfo(name).file_size == (ROOT / name).stat().st_size, name
        assert "see2sound = see2sound_nb.cli:main" in wheel.read(f"{info}/entry_points.txt").decode().splitlines()
        metadata = wheel.read(f"{info}/METADATA").decode()
    assert f"{info}/licenses/LICENSE" in wheel.namelist()
    for extra in pyproject()["optional-dependencies"]:
        assert f"\nProvides-Extra: {extra}\n" in metadata
    assert "file://" not in metadata and archives[1].stat().st_size < 60e6


def test_the_sdist_holds_what_its_tests_need(archives):
    folders = ("see2sound_nb", "notebooks", "tests", "benchmarks", "binder", "training", "findings", ".ci")
    held = {path.relative_to(archives[0]).as_posix() for path in archives[0].rglob("*") if path.is_file()}
    top = {name for name in held if "/" not in name}
    assert held - top == files_of_the_repository(*folders)
    assert top >= {
        "pyproject.toml",
        "Makefile",
        "constraints.txt",
        "README.md",
        "CONTRIBUTING.md",
        "LICENSE",
        "PKG-INFO",
    }
    kept = {path.name for path in ROOT.iterdir() if path.is_file() and path.name not in (".git", ".coverage")}
    assert top - {"PKG-INFO"} == kept


def test_importing_the_package_imports_nothing_heavy():
    code = "import see2sound_nb, sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = {
        "torch",
        "torchvision",
        "transformers",
        "diffusers",
        "timm",
        "cv2",
        "matplotlib",
        "scipy",
        "pyroomacoustics",
        "anywidget",
        "ipywidgets",
    }
    assert not heavy & set(json.loads(done.stdout))


def test_public_names_exist_and_are_documented():
    assert sorted(see2sound_nb.__all__, key=str.lower) == sorted(set(see2sound_nb.__all__), key=str.lower)
    for name in see2sound_nb.__all__:
        thing = getattr(see2sound_nb, name)
        if callable(thing):
            assert thing.__doc__, f"{name} has no docstring"


def test_weights_are_safetensors_with_cards_and_fit():
    weights = ROOT / "see2sound_nb/models/weights"
    files = [path for path in weights.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 40e6
    for path in files:
        assert path.suffix in {".safetensors", ".npz", ".md", ".json"}, path
    cards = {card.stem for card in weights.glob("*.md")}
    for path in weights.iterdir():
        if path.suffix != ".md":
            assert path.stem in cards or path.name in cards, f"{path.name} has no card"


def test_make_targets_that_texts_name_exist():
    texts = [ROOT / "README.md", ROOT / ".ci/run", ROOT / "tests/browser/chromium.py", ROOT / "notebooks/TEACHING.md"]
    named = {name for text in texts for name in re.findall(r"(?:`|^ *)make ([\w-]+)", text.read_text(), re.M)}
    assert named >= {"demo", "test", "test-fast", "lab", "student", "book"}
    assert named <= set(re.findall(r"(?m)^([\w-]+):", (ROOT / "Makefile").read_text()))


EXAMPLES = [
    path
    for path in sorted((ROOT / "see2sound_nb").rglob("*.py"))
    if re.search(r"^ *>>> ", path.read_text("utf-8"), re.M)
]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_examples_in_docstrings_are_true(path):
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_the_citation_file_names_this_version_and_the_paper():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0" and citation["message"] and citation["authors"]
    assert citation["version"] == see2sound_nb.__version__ and citation["license"] == pyproject()["license"]
    assert citation["references"][0]["authors"][0]["family-names"] == "Dagli"
