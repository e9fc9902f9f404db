"""The listening study in Chromium: no answer is lost, whatever is closed, killed or full; and anybody can use it."""

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys

import psutil
import pytest
from study.small_studies import scenes

from browser import chromium
from browser.conftest import ARGUMENTS
from browser.pages import open_page
from see2sound_nb.study.analysis import analyse
from see2sound_nb.study.answers import read_answers
from see2sound_nb.study.making import make_study

#: Pictures are left here, for eyes.
PICTURES = pathlib.Path(os.environ.get("SEE2SOUND_PICTURES", "out"))
#: Sounds play sixteen times as fast: a study takes a quarter of an hour.
FAST = """{
  const play = HTMLMediaElement.prototype.play;
  HTMLMediaElement.prototype.play = function () { this.playbackRate = 16; return play.call(this); };
}"""
NO_STORE = (
    "Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('no', 'SecurityError'); } })"
)
#: What is in the browser's store: [the answers, whether there is a listener's number, withdrawals under way].
STORE = """async () => {
  const [found] = (await indexedDB.databases()).filter(({ name }) => name.startsWith("see2sound-study/"));
  const wait = (request) => new Promise((done) => (request.onsuccess = () => done(request.result)));
  const db = await wait(indexedDB.open(found.name, 1));
  const change = db.transaction(["answers", "state"]);
  const state = change.objectStore("state");
  const asked = [change.objectStore("answers").getAll(), state.get("participant"), state.get("withdrawing")];
  const [answers, participant, withdrawing] = await Promise.all(asked.map(wait));
  db.close();
  return [answers, participant !== undefined, withdrawing ?? []];
}"""
#: What a browser says on the console of a server that is not there.
UNREACHED = "ERR_CONNECTION_REFUSED|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE"
SERVE = "import sys; from see2sound_nb.study.serving import serve; serve(sys.argv[1], port=int(sys.argv[2]))"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("studies") / "small"
    return make_study(scenes(seconds=0.2), folder, seed=3), folder


@pytest.fixture
def study(made):
    return made[0]


@pytest.fixture
def folder(made):
    yield made[1]
    (made[1] / "answers.jsonl").unlink(missing_ok=True)


class Server:
    """The server in a process of its own, which can be killed, and started again at the same port."""

    def __init__(self, folder):
        self.folder, self.process = folder, None
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"

    def start(self):
        command = [sys.executable, "-c", SERVE, str(self.folder), str(self.port)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.url in self.process.stdout.readline()

    def kill(self):
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.process = None


@pytest.fixture
def server(folder):
    server = Server(folder)
    server.start()
    yield server
    if server.process:
        server.kill()


class Listener:
    """Whoever takes part, on a page or in a widget."""

    def __init__(self, page):
        self.page = page
        page.context.add_init_script(FAST)
        page.context.set_default_timeout(30_000)

    def open(self, url):
        self.page.goto(url)
        return self.ready()

    def ready(self):
        self.page.locator(".s2s-study[data-ready=true]").wait_for()
        return self

    def control(self, name):
        return self.page.locator(f".s2s-study [data-control={name}]").first

    @property
    def question(self):
        return self.page.locator(".s2s-study h2").inner_text()

    @property
    def status(self):
        return self.page.locator(".s2s-study .s2s-status").inner_text()

    def says(self, text):
        self.page.locator(".s2s-study .s2s-status").filter(has_text=re.compile(text)).wait_for()

    def begin(self):
        self.control("agree").click()
        self.control("checked").click()
        self.page.locator(".s2s-study fieldset").wait_for()

    def listen(self):
        """Play what must be heard, until the choices can be pressed."""
        open_choices = self.page.locator(".s2s-study fieldset:not([disabled])")
        asked = self.page.locator(".s2s-study [data-asked] [data-control=play]")
        players = asked if asked.count() else self.page.locator(".s2s-study [data-control=play]")
        if open_choices.count():
            return
        for player in players.all():
            player.click()
            with contextlib.suppress(Exception):
                player.and_(self.page.locator("[aria-pressed=true]")).wait_for(timeout=500)
            player.and_(self.page.locator("[aria-pressed=false]")).wait_for()
        open_choices.wait_for()

    def answer(self, choice=0):
        self.listen()
        ticks = self.page.locator(".s2s-study fieldset input")
        if ticks.count():
            ticks.nth(choice).check()
            self.control("next").click()
        else:
            self.page.locator(".s2s-study fieldset button").nth(choice).click()
        self.settled()

    def settled(self):
        """Until an answer is kept."""
        self.page.locator(".s2s-study:not([aria-busy])").wait_for()

    def kept(self):
        """The answers in the browser's store."""
        return self.page.evaluate(STORE)[0]


@pytest.fixture
def alone(browser, folder):
    """A listener with the page from a file."""
    with open_page(browser) as page:
        yield Listener(page).open((folder / "study.html").as_uri())


def test_the_page_works_from_a_file_and_asks_for_nothing_else(browser, folder):
    with open_page(browser) as page:
        asked = []
        page.context.on("request", lambda request: asked.append(request.url))
        listener = Listener(page).open((folder / "study.html").as_uri())
        listener.begin()
        for _ in range(2):
            listener.answer()
        assert [url for url in asked if not url.startswith(("blob:", "data:"))] == [(folder / "study.html").as_uri()]
        assert listener.status == "All 3 answers are kept in this browser."


def test_a_reload_and_a_closed_tab_lose_nothing_and_go_on_where_it_was(alone, study, tmp_path):
    alone.begin()
    for _ in range(3):
        alone.answer()
    where, before = alone.question, alone.kept()
    alone.page.reload()
    alone.ready()
    assert (alone.question, alone.kept()) == (where, before) and len(before) == 4
    assert "you go on where you stopped" in alone.status
    alone.answer(1)
    other = alone.page.context.new_page()
    other.goto(alone.page.url)
    alone.page.close()
    late = Listener(other).ready()
    assert late.kept()[:4] == before and len(late.kept()) == 5
    with other.expect_download() as told:
        late.control("download").click()
    told.value.save_as(tmp_path / "answers.jsonl")
    found = read_answers(study, tmp_path)
    assert list(found.answers) == late.kept() and found.notes == ()


def test_an_answer_is_on_the_disk_before_the_next_question_and_a_whole_study_is_counted(browser, server, study, folder):
    with open_page(browser) as page:
        listener = Listener(page).open(server.url)
        listener.begin()
        while not listener.control("another").count():
            number = len(listener.kept())
            assert len(read_answers(study, folder)) == number
            if number == 30:
                page.reload()
                listener.ready()
            listener.answer(number % 2)
        listener.says(f"All {study.steps} answers are kept in this browser and on the lecturer’s computer")
        found = read_answers(study, folder)
        assert list(found.answers) == listener.kept() and found.notes == ()
        counted = analyse(study, found)
        assert {(row.part, row.control) for row in counted.rows} == {(p, c) for p in range(1, 6) for c in (True, False)}
        assert sum(row.answers for row in counted.rows) == study.steps - 1 - 16
        listener.control("another").click()
        listener.control("agree").wait_for()
        assert listener.kept() == [] and len(read_answers(study, folder)) == study.steps


def test_a_killed_server_loses_nothing_and_gets_the_rest_when_it_is_back(browser, server, study, folder):
    with open_page(browser) as page:
        listener = Listener(page).open(server.url)
        listener.begin()
        listener.answer()
        assert len(read_answers(study, folder)) == 2
        page.expected_errors.append(UNREACHED)
        server.kill()
        for _ in range(3):
            listener.answer()
        listener.says("does not answer. They are sent when it does; just go on")
        assert len(read_answers(study, folder)) == 2 and len(listener.kept()) == 5
        server.start()
        listener.says("on the lecturer’s computer")
        assert list(read_answers(study, folder).answers) == listener.kept()


def test_a_file_that_the_server_lost_comes_back_from_the_browser(browser, server, study, folder):
    with open_page(browser) as page:
        listener = Listener(page).open(server.url)
        listener.begin()
        listener.answer()
        page.expected_errors.append(UNREACHED)
        server.kill()
        (folder / "answers.jsonl").unlink()
        server.start()
        page.reload()
        listener.ready().says("on the lecturer’s computer")
        assert list(read_answers(study, folder).answers) == listener.kept()


def test_withdrawing_deletes_everywhere(browser, server, study, folder):
    with open_page(browser) as page:
        listener = Listener(page).open(server.url)
        listener.begin()
        listener.answer()
        second = Listener(page.context.new_page()).open(server.url)
        who = listener.kept()[0]["participant"]
        listener.control("withdraw").click()
        listener.control("withdraw-no").click()
        assert len(listener.kept()) == 2
        listener.control("withdraw").click()
        listener.control("withdraw-yes").click()
        listener.control("agree").wait_for()
        listener.says("^Your answers are deleted.$")
        assert page.evaluate(STORE) == [[], False, []]
        assert (folder / "answers.jsonl").read_bytes() == b""
        second.control("agree").wait_for()  # the other tab has heard
        listener.begin()
        assert listener.kept()[0]["participant"] != who


def test_withdrawing_while_the_server_is_away_is_done_when_it_is_back(browser, server, study, folder):
    with open_page(browser) as page:
        listener = Listener(page).open(server.url)
        listener.begin()
        page.expected_errors.append(UNREACHED)
        server.kill()
        listener.control("withdraw").click()
        listener.control("withdraw-yes").click()
        listener.says("waits for an answer; leave this page open")
        assert listener.kept() == [] and len(read_answers(study, folder)) == 1
        server.start()
        listener.page.wait_for_timeout(100)
        listener.page.locator(".s2s-status").filter(has_not_text="waits").wait_for()
        assert len(read_answers(study, folder)) == 0
        assert page.evaluate(STORE) == [[], False, []]


def test_without_a_store_it_goes_on_only_where_the_server_has_the_answer(browser, server, study, folder):
    with open_page(browser) as page:
        page.context.add_init_script(NO_STORE)
        listener = Listener(page).open((folder / "study.html").as_uri())
        listener.control("agree").click()
        listener.says("could not be kept")
        assert listener.control("agree").count() == 1  # not a step further
        listener.open(server.url)
        listener.begin()
        listener.says("on the lecturer’s computer")
        page.expected_errors.append(UNREACHED)
        server.kill()
        before = listener.question, len(read_answers(study, folder))
        listener.answer()
        listener.says("could not be kept")
        assert (listener.question, len(read_answers(study, folder))) == before


def test_what_the_server_refuses_is_said(browser, server, study, folder):
    with open_page(browser) as page:
        page.expected_errors.append("400")

        def changed(route):
            reply = route.fetch()
            route.fulfill(response=reply, body=reply.text().replace(f'"key": "{study.key}"', '"key": "other"'))

        page.route("**/", changed)
        listener = Listener(page).open(server.url)
        listener.control("agree").click()
        listener.says("Not taken by the lecturer’s computer: another study is served here now")


def test_it_can_be_used_by_keys_and_is_named_for_those_who_do_not_see(alone):
    page = alone.page

    def press(name):
        for _ in range(25):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.textContent").strip().endswith(name):
                break
        else:
            raise AssertionError(f"{name} is not reached by Tab")
        page.keyboard.press("Enter")

    press("I agree, and take part")
    press("It is as it should be")
    assert page.evaluate("document.activeElement.tagName") == "H2"  # what is new is read out
    press("Play the sound")
    page.locator("fieldset:not([disabled])").wait_for()
    press("Left")
    page.get_by_role("status").filter(has_text="All 2 answers").wait_for()
    assert page.get_by_role("group", name="Where do you hear the noise?").count() == 1
    assert page.get_by_role("progressbar", name="Progress").count() == 1
    while not page.locator(".s2s-pictures img").count():
        alone.control("skip").click()
        alone.settled()
    assert page.locator("img").first.get_attribute("alt") == "Photo: dog, fountain, engine"
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input, img, progress')].filter((node) => !(node.textContent.trim() || "
        "node.getAttribute('aria-label') || node.alt || node.labels?.[0]?.textContent)).length"
    )
    assert unnamed == 0


@pytest.mark.parametrize(("width", "dark"), [(360, True), (1200, False)])
def test_it_fits_a_phone_and_a_desk(browser, folder, width, dark):
    options = {"viewport": {"width": width, "height": 780}, "color_scheme": "dark" if dark else "light"}
    with open_page(browser, **options) as page:
        listener = Listener(page).open((folder / "study.html").as_uri())
        listener.begin()
        seen = set()
        while not listener.control("another").count():
            place = page.locator(".s2s-place").inner_text()
            if place not in seen:
                seen.add(place)
                page.screenshot(path=PICTURES / f"study_{width}_{len(seen)}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            small = page.evaluate(
                "[...document.querySelectorAll('.s2s-side .s2s-button:not(.s2s-quiet), .s2s-tick')]"
                ".filter((node) => node.offsetHeight < 44 || node.offsetWidth < 44).map((node) => node.textContent)"
            )
            assert small == []
            listener.control("skip").click()
            listener.settled()
        assert len(seen) == 6


def test_each_listener_has_an_order_of_his_own_and_gets_every_item_with_its_control(modules, study):
    orders = modules.evaluate(
        """async (study) => {
          const { newParticipant, stepsOf } = await import("/study_steps.js");
          const told = ({ item, question, sounds }) => [item?.key, question.key, sounds];
          const steps = (who) => stepsOf(study, who).map(told);
          const people = Array.from({ length: 40 }, newParticipant);
          return people.map((who) => [who, steps(who), steps(who)]);
        }""",
        study.public(),
    )
    items = {item.key: item for item in study.items}
    assert len({who for who, *_ in orders}) == 40 and all(re.fullmatch("[0-9a-f]{32}", who) for who, *_ in orders)
    assert len({json.dumps(steps) for _, steps, _ in orders}) == 40
    first = []
    for _, steps, again in orders:
        assert steps == again and len(steps) == study.steps and steps[0][:2] == [None, "consent"]
        shown = [items[key] for key in dict.fromkeys(key for key, *_ in steps[1:])]
        assert [item.part for item in shown] == sorted(item.part for item in shown)
        for part, pairs in study.pairs.items():
            own = [(item.pair, item.control) for item in shown if item.part == part]
            assert len(own) == len(set(own)) == 2 * pairs
            assert {(pair, not control) for pair, control in own} == set(own)
        assert [(key, q) for key, q, _ in steps[1:] if items[key].part == 3] == [
            (item.key, q.key) for item in shown if item.part == 3 for q in item.questions
        ]
        first.append(next(item.control for item in shown if item.part == 1))
        for key, _, sounds in steps[1:]:
            assert sorted(sounds) == sorted(items[key].sounds)
    assert 8 < sum(first) < 32  # the control comes first for about half of them


def test_of_two_tabs_the_second_cannot_answer_what_the_first_has(own_modules):
    said = own_modules.evaluate(
        """async () => {
          const { ElsewhereError, StudyStore } = await import("/study_store.js");
          const [a, b] = [await StudyStore.open("two"), await StudyStore.open("two")];
          const answer = (store, value) => ({ participant: store.participant, sequence: store.next, value });
          const refused = (adding) => adding.then(() => false, (error) => error instanceof ElsewhereError);
          const said = [await a.add(answer(a, "first")), await refused(b.add(answer(b, "second")))];
          await b.load();
          said.push(b.participant === a.participant, b.answers.get(1).value, await b.add(answer(b, "next")));
          said.push(await refused(a.add(answer(a, "late"))));
          await a.load();
          said.push([...a.answers.values()].map(({ value }) => value), a.lasting);
          await a.leave(true);
          await b.load();
          said.push(b.answers.size, b.withdrawing.length, a.participant !== b.participant);
          return said;
        }"""
    )
    assert said == [True, True, True, "first", True, True, ["first", "next"], True, 0, 1, True]


def test_in_jupyterlab_a_killed_kernel_loses_nothing(browser, lab, study, folder):
    with open_page(browser, viewport={"width": 1300, "height": 1100}) as page:
        cell = f"from see2sound_nb.study.widget import ListeningStudy\nw = ListeningStudy({str(folder)!r})\nw"
        page.context.add_init_script(FAST)
        notebook = lab.open_notebook(page, lab.write_notebook("study", [cell]))
        listener = Listener(page).ready()
        listener.begin()
        listener.answer()
        listener.says("All 2 answers are kept in this browser and on the kernel’s disk")
        assert list(read_answers(study, folder).answers) == listener.kept()
        page.locator(".s2s-study").screenshot(path=PICTURES / "study_lab.png")
        notebook.kill_kernel()
        for _ in range(2):
            listener.answer()
        where = listener.question
        assert len(read_answers(study, folder)) == 2 and len(listener.kept()) == 4
        page.evaluate("() => document.querySelector('.s2s-study').removeAttribute('data-ready')")
        notebook.wait_for_kernel()
        notebook.run_again(0)
        listener.ready()
        listener.says("All 4 answers are kept in this browser and on the kernel’s disk")
        assert listener.question == where
        assert list(read_answers(study, folder).answers) == listener.kept()
        assert notebook.value("len(w.answers())") == 4
        listener.control("withdraw").click()
        listener.control("withdraw-yes").click()
        listener.control("agree").wait_for()
        listener.says("^Your answers are deleted.$")
        assert listener.kept() == [] and notebook.value("len(w.answers())") == 0


def test_a_killed_browser_loses_nothing(browser, study, folder, tmp_path):
    """What stands in localStorage is on the disk some seconds later: a browser killed at once has lost it."""

    def start():
        context = browser.browser_type.launch_persistent_context(
            str(tmp_path / "profile"), executable_path=chromium.find(), args=ARGUMENTS
        )
        return context, Listener(context.pages[0]).open((folder / "study.html").as_uri())

    context, listener = start()
    listener.control("agree").click()
    listener.control("checked").click()
    where = listener.question
    listener.control("skip").click()
    listener.page.locator(".s2s-status").filter(has_text="All 2 answers are kept").wait_for()
    family = [
        process
        for process in psutil.process_iter(["cmdline"])
        if any(f"{tmp_path / 'profile'}" in word for word in process.info["cmdline"] or [])
    ]
    assert family
    for process in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    with contextlib.suppress(Exception):
        context.close()
    for lock in (tmp_path / "profile").glob("Singleton*"):
        lock.unlink()
    context, listener = start()
    try:
        assert len(listener.kept()) == 2 and listener.question == where
    finally:
        context.close()
