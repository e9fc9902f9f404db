"""The web edition: its pages show what the notebooks hold, describe it, and need nothing from elsewhere."""

import html.parser
import re
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from book import build

from course.notebooks import FOLDER, NAMES, PAGES, code_cells, kind, markdown, outputs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*is deprecated:"),  # Sphinx's, for its extensions
]

#: Attributes by which a page asks for a file as it is opened.
LOADS = {("script", "src"), ("img", "src"), ("audio", "src"), ("source", "src"), ("iframe", "src"), ("link", "href")}


class Page(html.parser.HTMLParser):
    """What of a page is tested: the files that it loads, its links, its pictures, and its formulae."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.links, self.ids, self.pictures, self.tags = [], [], set(), [], []
        self.source = path.read_text("utf-8")
        self.feed(self.source)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self.ids.add(given.get("id"))
        self.loads += [given[name] for name in given if (tag, name) in LOADS]
        if tag == "a" and given.get("href"):
            self.links.append(given["href"])
        if tag == "img":
            self.pictures.append(given)


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """The book of the notebooks as they are stored, by the name of the page."""
    folder = tmp_path_factory.mktemp("book")
    assert build(FOLDER, folder) == 0
    return {path.stem: Page(path) for path in folder.glob("*.html")}, folder


def test_every_notebook_and_page_is_in_the_contents(pages):
    wanted = {*NAMES, *(page.stem for page in PAGES)}
    assert wanted <= set(pages[0])
    in_contents = [unquote(link) for link in pages[0]["index"].links]
    places = [in_contents.index(f"{name}.html") for name in NAMES]
    assert places == sorted(places)
    assert {f"{name}.html" for name in wanted} <= set(in_contents)


def test_nothing_comes_from_elsewhere(pages):
    for name, page in pages[0].items():
        for wanted in page.loads:
            where = urlsplit(wanted)
            assert where.scheme in ("", "data") and not where.netloc, f"{name}: {wanted}"
            assert where.scheme or wanted == "#" or (pages[1] / unquote(where.path)).is_file(), f"{name}: {wanted}"
        assert not re.search(r"""(?:import|fetch)\(\s*["']https?:|@import\s+url\(["']?https?:""", page.source), name
    for sheet in pages[1].rglob("*.css"):
        assert not re.search(r"""url\(["']?(?:https?:)?//""", sheet.read_text("utf-8")), sheet.name


def test_links_between_pages_lead_somewhere(pages):
    for name, page in pages[0].items():
        for link in page.links:
            where = urlsplit(link)
            if where.scheme in ("https", "http"):
                continue
            target = pages[0][unquote(where.path).removesuffix(".html")] if where.path else page
            assert not where.fragment or unquote(where.fragment) in target.ids, f"{name}: {link}"


@pytest.mark.parametrize("name", NAMES)
def test_pictures_keep_their_descriptions_and_players_their_lines(pages, name):
    page = pages[0][name]
    shown = [picture["alt"] for picture in page.pictures]
    figures = [output for _, output in outputs(name) if "image/png" in output.get("data", {})]
    described = [figure.metadata["image/png"]["alt"] for figure in figures]
    assert [alt for alt in shown if alt in described] == described
    assert all(len(alt) >= 20 for alt in shown)
    assert page.tags.count("math") >= markdown(name).count("$$") / 2


@pytest.mark.parametrize("name", NAMES)
def test_answers_are_folded(pages, name):
    page = pages[0][name]
    assert "SOLUTION" not in page.source
    exercises = sum(kind(cell) in ("solution", "check") for cell in code_cells(name))
    assert page.source.count("Show an answer") == page.tags.count("details") == exercises >= 8


def test_a_folder_with_other_things_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    (tmp_path / "index.html").write_text("of another book")
    with pytest.raises(ValueError, match="something else"):
        build(FOLDER, tmp_path)
    assert (tmp_path / "thesis.tex").is_file()


def test_the_last_book_stays_until_there_is_a_new_one(tmp_path):
    (tmp_path / ".buildinfo").touch()
    (tmp_path / "index.html").write_text("the last book")
    with pytest.raises(FileNotFoundError):
        build(tmp_path / "no-such-folder", tmp_path)
    assert (tmp_path / "index.html").read_text() == "the last book"


def course_of(cells, folder):
    """A folder with a made-up notebook under each name, so that all links between pages hold."""
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    folder.mkdir()
    for name in NAMES:
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), folder / f"{name}.ipynb")
    return folder


def test_a_player_of_a_run_with_sound_is_on_the_page(tmp_path):
    player = {"text/html": "<audio controls src='data:audio/wav;base64,UklGRg=='></audio>", "text/plain": "a: 1.0 s"}
    cell = nbformat.v4.new_code_cell("player", execution_count=1)
    cell.outputs = [nbformat.v4.new_output("execute_result", player, execution_count=1)]
    source = course_of(
        [nbformat.v4.new_markdown_cell("# Title\n\n$\\tau$ and\n\n$$x = -1$$"), cell], tmp_path / "source"
    )
    assert build(source, tmp_path / "book") == 0
    page = Page(tmp_path / f"book/{NAMES[0]}.html")
    assert page.tags.count("audio") == 1 and re.search(r"<math [^>]*><mrow><mi>(τ|&#x003C4;)</mi>", page.source)
    (block,) = re.findall(r'<math [^>]*display="block".*?</math>', page.source)
    assert '<mo form="prefix">' in block, "a sign, not a subtraction"


def test_a_link_to_a_page_that_is_not_there_is_an_error(tmp_path, capfd):
    source = course_of([nbformat.v4.new_markdown_cell("# Title\n\n[to](nowhere.ipynb)")], tmp_path / "source")
    assert build(source, tmp_path / "book") != 0
    assert "nowhere.ipynb" in capfd.readouterr().err


def test_an_exercises_players_stay_open(tmp_path):
    player = nbformat.v4.new_output("display_data", {"text/html": "<audio src='data:,x'>", "text/plain": "a: 1.0 s"})
    answer = nbformat.v4.new_output("stream", name="stdout", text="left\n")
    kinds = {"schema_version": 3, "grade_id": "a", "grade": False, "solution": True, "locked": False, "task": False}
    cell = nbformat.v4.new_code_cell("### BEGIN SOLUTION\nx = 1\n### END SOLUTION", metadata={"nbgrader": kinds})
    cell.outputs = [player, answer]
    source = course_of([nbformat.v4.new_markdown_cell("# Title"), cell], tmp_path / "source")
    assert build(source, tmp_path / "book") == 0
    page = Page(tmp_path / f"book/{NAMES[0]}.html").source
    assert page.index("<audio") < page.index("<details") < page.index("left\n</pre>") < page.index("</details")
