"""Linux, macOS and Windows: what breaks on one of them stands nowhere in the package, and any path will do.

What cannot be run here is read: every source of the package, for what one system lacks or takes otherwise.
"""

import ast
import json
import os
import pathlib
import re

import house
import pytest
import soundfile

from see2sound_nb import cli, cli_photo

DEMO = house.PACKAGE / "data" / "demo.jpg"
#: What Windows or macOS lacks, or does otherwise.
NOT_EVERYWHERE = {
    "os": """
        fork forkpty fchmod fchown chown chroot getuid geteuid getgid getpgid setpgid setsid getloadavg killpg mkfifo
        mknod nice pathconf sched_getaffinity sched_setaffinity statvfs symlink link sysconf system popen spawnl spawnv
        startfile uname umask wait waitpid O_DIRECTORY O_NOFOLLOW O_NONBLOCK O_CLOEXEC""",
    "signal": """
        SIGALRM SIGBUS SIGCHLD SIGHUP SIGKILL SIGPIPE SIGQUIT SIGSTOP SIGTSTP SIGUSR1 SIGUSR2 alarm pause setitimer
        pthread_kill pthread_sigmask sigwait siginterrupt""",
    "socket": "AF_UNIX SO_REUSEPORT",
    "pathlib": "PosixPath WindowsPath",
    "time": "tzset clock_gettime",
    "subprocess": "getoutput getstatusoutput",
}
#: Modules of one system.
OF_ONE_SYSTEM = """
    crypt fcntl grp msvcrt nt posix pty pwd resource syslog termios tty winreg winsound _winapi"""
#: Methods of paths and options of calls, whatever they are called on.
METHODS = {"symlink_to", "hardlink_to", "mkfifo", "owner"}
OPTIONS = {"preexec_fn", "start_new_session", "pass_fds", "process_group"}
#: Conditions that ask which system it is.
ASKS = re.compile(r"hasattr|sys\.platform|os\.name|TYPE_CHECKING")


def breaking(source):
    """(line, what) of all in a source that one system lacks, unless a `try`, an `if` or `suppress` stands around it."""
    tree = ast.parse(source)
    guarded = set()
    for node in ast.walk(tree):
        inside = []
        if isinstance(node, ast.Try):
            inside = node.body
        elif isinstance(node, ast.If) and ASKS.search(ast.unparse(node.test)):
            inside = node.body + node.orelse
        elif isinstance(node, ast.With) and any("suppress" in ast.unparse(item) for item in node.items):
            inside = node.body
        guarded |= {inner for part in inside for inner in ast.walk(part)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if node not in guarded and (node.attr in NOT_EVERYWHERE.get(owner, "").split() or node.attr in METHODS):
                yield node.lineno, f"{owner}.{node.attr}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            names = {alias.name for alias in node.names} if isinstance(node, ast.ImportFrom) else set()
            for module in modules:
                lacking = names & set(NOT_EVERYWHERE.get(module, "").split())
                if node not in guarded and (module.split(".")[0] in OF_ONE_SYSTEM.split() or lacking):
                    yield node.lineno, f"import of {module}"
        elif isinstance(node, ast.Call):
            yield from _call(node)
        elif isinstance(node, ast.Constant) and re.match(r"/(tmp|var|etc|usr|home|root)\b|[A-Z]:\\", str(node.value)):
            yield node.lineno, f"the path {node.value!r}"


def _call(node):
    name = ast.unparse(node.func)
    words = {word.arg: word.value for word in node.keywords}
    for word in words.keys() & OPTIONS:
        yield node.lineno, f"{word}="
    if "shell" in words and ast.unparse(words["shell"]) != "False":
        yield node.lineno, "shell=True: a shell takes names apart"
    if name.endswith(("get_context", "set_start_method")) and "fork" in ast.unparse(node):
        yield node.lineno, "processes by fork"
    if name == "str" and ".relative_to(" in ast.unparse(node):
        yield node.lineno, "str of a relative path: it has a backslash on Windows; as_posix() is the same everywhere"
    for method, most in ((".read_text", 0), (".write_text", 1)):  # the encoding may come without its name
        if name.endswith(method) and "encoding" not in words and len(node.args) <= most:
            yield node.lineno, f"{name} without an encoding: Windows takes its own"
    if name == "open" and "encoding" not in words:
        mode = ast.unparse(node.args[1]) if len(node.args) > 1 else ast.unparse(words.get("mode", ast.Constant("r")))
        if mode.startswith("'") and "b" not in mode:
            yield node.lineno, "open as text without an encoding: Windows takes its own"


@pytest.mark.parametrize("file", house.files(), ids=str)
def test_nothing_stands_there_that_one_system_lacks(file):
    found = list(breaking((house.PACKAGE / file).read_text("utf-8")))
    assert not found, f"{file}: {found}"


@pytest.mark.parametrize("source", [
    "import os\nos.fork()", "import os\nos.sysconf('SC_PAGE_SIZE')", "import os\nos.system('ls')",
    "import os\nos.symlink(a, b)", "a.symlink_to(b)", "import resource", "from os import mkfifo", "import fcntl",
    "import signal\nsignal.signal(signal.SIGALRM, f)", "import signal\nsignal.signal(signal.SIGKILL, f)",
    "subprocess.run('ls', shell=True)", "subprocess.Popen(a, preexec_fn=f)", "open('/tmp/x', 'rb')",
    "multiprocessing.get_context('fork')", "path.read_text()", "path.write_text(text)", "open(path)", "open(path, 'w')",
    "str(path.relative_to(folder))", "try:\n    pass\nexcept OSError:\n    os.fork()",
])  # fmt: skip
def test_what_would_break_is_seen(source):
    assert list(breaking(source))


@pytest.mark.parametrize("source", [
    "try:\n    import resource\nexcept ImportError:\n    pass", "if hasattr(os, 'O_DIRECTORY'):\n    os.O_DIRECTORY",
    "with contextlib.suppress(ImportError):\n    import resource", "open(path, 'rb')", "path.read_text('utf-8')",
    "path.write_text(text, encoding='utf-8')", "signal.signal(signal.SIGINT, f)", "subprocess.run(['ls'])",
    "open(path, encoding='utf-8')", "path.relative_to(folder).as_posix()", "match.group(1)",
])  # fmt: skip
def test_what_is_the_same_everywhere_passes(source):
    assert not list(breaking(source))


def _files():
    files = [path for top in ("see2sound_nb", "notebooks", "tests", "binder", "benchmarks", "training", "findings")
             for path in (house.ROOT / top).rglob("*") if "__pycache__" not in path.parts]  # fmt: skip
    return [path.relative_to(house.ROOT) for path in files]


def test_files_have_names_that_every_system_takes():
    seen = {}
    for path in _files():
        for part in path.parts:
            assert not re.search(r'[<>:"|?*\\\x00-\x1f]|[ .]$', part), f"Windows takes no file named {path}"
            assert not re.fullmatch(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?", part), f"{path} is a device of Windows"
        assert len(path.as_posix()) < 120, f"{path}: Windows takes 260 characters, with the folder where it is"
        other = seen.setdefault(path.as_posix().casefold(), path)
        assert other == path, f"{path} and {other} are one file where case does not count"
    assert len(seen) > 300
    assert not [path for path in _files() if (house.ROOT / path).is_symlink()]


@pytest.fixture
def one_pipeline(monkeypatch, pipeline):
    monkeypatch.setattr(cli_photo, "See2Sound", lambda **_: pipeline)


def test_a_path_with_spaces_and_umlauts_is_read_and_written(tmp_path, capsys, one_pipeline):
    folder = tmp_path / "ein Föto mit Leerraum"
    folder.mkdir()
    photo, output = folder / "größe 1.jpg", folder / "der Klang & 100 % 'näher' 音.wav"
    photo.write_bytes(DEMO.read_bytes())
    assert cli.main([str(photo), "-o", str(output), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert pathlib.Path(report["output"]["path"]) == output
    assert soundfile.info(output).channels == 6
    assert {path.name for path in folder.iterdir()} == {photo.name, output.name}


def test_a_backslash_is_a_letter_or_a_folder_as_the_system_has_it(tmp_path, capsys, monkeypatch, one_pipeline):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sounds").mkdir()
    assert cli.main([str(DEMO), "-o", "sounds\\photo.wav", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["output"]["path"] == "sounds\\photo.wav"  # as it was given, and legible as JSON
    wanted = tmp_path / "sounds" / "photo.wav" if os.name == "nt" else tmp_path / "sounds\\photo.wav"
    assert soundfile.info(wanted).channels == 6
