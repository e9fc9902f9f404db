"""Fixtures: one browser, one JupyterLab and one server of the widgets' modules for all tests of this folder.

Their scope is this package and not the session, because playwright's event loop would disturb the tests that follow.
"""

import pytest

from browser import chromium
from browser.lab import start_lab
from browser.pages import judge, open_page, serve_modules

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # a widget that fetches something fails
]


@pytest.fixture(scope="package")
def browser():
    """Chromium, by playwright's sync API."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        pytest.fail("The browser tests need playwright: pip install -e '.[lab,test]', or `make test`.", pytrace=False)
    try:
        path = chromium.find()
    except FileNotFoundError as error:
        pytest.fail(str(error), pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """An empty page; see :func:`browser.pages.open_page` for its errors."""
    with open_page(browser) as page:
        yield page


@pytest.fixture(scope="package")
def module_server():
    """The address of the server of the widgets' modules, ``http://127.0.0.1:PORT``."""
    with serve_modules() as url:
        yield url


@pytest.fixture(scope="package")
def page_of_all(browser):
    with open_page(browser) as page:
        yield page


@pytest.fixture
def modules(page_of_all, module_server):
    """A page that can ``await import("/ism.js")``, and ``/joined/live_room.js`` as anywidget gets it.

    It is loaded anew for each test, which takes a tenth of the time of a new page.
    """
    page_of_all.goto(module_server)
    yield page_of_all
    page_of_all.goto("about:blank")  # ends the sound and what still waits
    judge(page_of_all)


@pytest.fixture
def own_modules(page, module_server):
    """The same on a page of the test's own, for what another load would leave there: a clock, a function."""
    page.goto(module_server)
    return page


@pytest.fixture(scope="package")
def lab(tmp_path_factory):
    """A JupyterLab with settings and files of its own; see :class:`browser.lab.Lab`."""
    with start_lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab
