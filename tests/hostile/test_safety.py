"""What the package never does: run a shell or a string, unpickle, or bring along what its licence does not allow."""

import ast

import house
import pytest

from hostile import licences

#: Calls by their names, and the argument that makes them right.
FORBIDDEN = {
    "eval": None, "exec": None, "compile": None, "__import__": None, "os.system": None, "os.popen": None,
    "pickle.load": None, "pickle.loads": None, "marshal.loads": None, "shelve.open": None, "joblib.load": None,
    "yaml.load": None, "tempfile.mktemp": None, "torch.load": "weights_only", "np.load": "allow_pickle",
    "numpy.load": "allow_pickle",
}  # fmt: skip
RIGHT = {"weights_only": True, "allow_pickle": False}


def faults(source):
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        given = {keyword.arg: keyword.value for keyword in node.keywords}
        if name.startswith("subprocess.") and "shell" in given:
            yield f"line {node.lineno}: a shell"
        if name in FORBIDDEN:
            wanted = FORBIDDEN[name]
            value = given.get(wanted)
            if wanted is None or not (isinstance(value, ast.Constant) and value.value is RIGHT[wanted]):
                yield f"line {node.lineno}: {name}"


@pytest.mark.parametrize("file", house.files(), ids=str)
def test_no_shell_no_pickle_no_evaluation(file):
    if file.as_posix() == "_numba.py":
        pytest.skip("reads the cache of compiled code that the same user wrote; see its first lines")
    assert not list(faults((house.PACKAGE / file).read_text("utf-8")))


def test_the_check_sees_what_it_is_for():
    for bad in ("eval(x)", "torch.load(f)", "torch.load(f, weights_only=False)", "np.load(f, allow_pickle=True)",
                "subprocess.run(x, shell=True)", "pickle.load(f)"):  # fmt: skip
        assert list(faults(bad)), bad
    for good in (
        "torch.load(f, weights_only=True)",
        "np.load(f, allow_pickle=False)",
        "subprocess.run([x])",
        "load(f)",
    ):
        assert not list(faults(good)), good


def test_every_licence_allows_what_we_do():
    assert len(licences.distributions()) > 60
    assert licences.refused() == {}
