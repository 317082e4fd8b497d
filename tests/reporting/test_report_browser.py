"""The HTML report in a real browser: nothing a model wrote runs or fetches, and the page does its work."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

import mathevalkit
from mathevalkit.types import Sample
from tests.browser import Browser, chromium, missing
from tests.hostile import payloads, write_hostile_run
from tests.run_folders import problems, write_run, write_task

pytestmark = pytest.mark.skipif(missing() is not None, reason=str(missing()))

OPEN_ALL = """
const samples = document.querySelectorAll('.sample');
samples.forEach(sample => { sample.open = true });
return samples.length
"""
EVENTS = """
for (const node of document.querySelectorAll(':not(a):not(button)'))
  for (const name of ['mouseover', 'focus', 'click', 'load', 'error']) node.dispatchEvent(new Event(name))
"""
FOREIGN = (
    "img, iframe, object, embed, link, base, foreignObject, maction, annotation-xml, form form, svg script, "
    "[style], [onload], [onerror], [onmouseover]"
)


@dataclass
class Listener:
    """An HTTP server that notes every request."""

    base: str = ""
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="module")
def listener() -> Iterator[Listener]:
    heard = Listener()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.requests.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    heard.base = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield heard
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as window:
        yield window


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, listener: Listener) -> Path:
    root = tmp_path_factory.mktemp("hostile")
    runs = [write_hostile_run(root, listener.base, name=name) for name in ("first", "second")]
    return mathevalkit.report(*runs).save(root / "report.html")


def test_the_listener_would_hear_and_the_sentinel_would_be_set(
    browser: Browser, listener: Listener, tmp_path: Path
) -> None:
    """The next test's instruments, on a page that escapes nothing."""
    page = tmp_path / "harmed.html"
    page.write_text(f"<title>calm</title>{payloads(listener.base)[3]}{payloads(listener.base)[1]}")
    browser.open(page.as_uri())
    browser.run_until("return window.harmed && document.title === 'harmed'")
    assert "/img" in listener.requests
    listener.requests.clear()
    browser.console()


def test_nothing_hostile_runs_or_is_fetched(browser: Browser, listener: Listener, hostile: Path) -> None:
    listener.requests.clear()
    browser.open(hostile.as_uri())
    title = browser.run("return document.title")
    shown = browser.run(OPEN_ALL)
    assert shown == 25
    browser.run("document.getElementById('next').click()")
    shown = browser.run(OPEN_ALL)
    assert shown == len(payloads("")) - 25
    browser.run_until(
        "return document.querySelectorAll('.sample .completion').length === arguments[0]", 2 * shown
    )
    browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
    browser.run(EVENTS)
    browser.run("return new Promise(done => setTimeout(done, 500))")
    assert browser.run("return typeof window.harmed") == "undefined"
    assert browser.run("return document.title") == title
    assert "<script>" in browser.run("return document.querySelector('h1').textContent")  # shown as it is
    assert listener.requests == []
    assert browser.console() == []
    assert browser.run("return document.querySelectorAll(arguments[0]).length", FOREIGN) == 0
    assert browser.run("return document.scripts.length") == 2
    addresses = browser.run(
        "return [...document.querySelectorAll('[href]')].map(e => e.getAttribute('href'))"
    )
    assert addresses
    assert all(address.startswith("#") for address in addresses)


def test_the_policy_refuses_what_escaping_might_miss(
    browser: Browser, listener: Listener, hostile: Path
) -> None:
    """The second wall: even nodes put into the page by force neither run nor fetch."""
    browser.open(hostile.as_uri())
    browser.run(
        "const attempt = deed => { try { deed() } catch (refused) { console.log(refused.name) } };"
        "const script = document.createElement('script'), image = document.createElement('img');"
        "attempt(() => { script.text = 'window.harmed = 1' }); document.body.append(script);"
        "attempt(() => { script.append('window.harmed = 1') });"
        "image.src = arguments[0]; document.body.append(image);"
        "attempt(() => { document.body.insertAdjacentHTML('beforeend', '<b id=parsed>') })",
        f"{listener.base}/forced",
    )
    browser.run("return new Promise(done => setTimeout(done, 300))")
    assert browser.run("return typeof window.harmed") == "undefined"
    assert browser.run("return document.getElementById('parsed')") is None
    assert listener.requests == []
    assert any("Content Security Policy" in line for line in browser.console())


def test_hostile_texts_are_shown_as_what_they_are(browser: Browser, hostile: Path) -> None:
    browser.open(hostile.as_uri())
    browser.run(OPEN_ALL)
    browser.run_until("return document.querySelectorAll('.sample .completion').length === 50")
    text = browser.run("return document.getElementById('list').textContent")
    for part in ("{{7*7}}", "<svg/onload=", "=HYPERLINK(", r"\input{/etc/passwd}", "␛[2J", "javascript:"):
        assert part in text
    for character in "\u202e\u2066\x1b\x00\ufeff":
        assert character not in text
    # A link's text stays, the link does not; a formula of untold width gets no width.
    assert (
        browser.run("return document.querySelectorAll('math[href], math [href], mspace[width]').length") == 0
    )
    width = browser.run("return [document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert width[0] <= width[1]


# ---- the page at work ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty problems; the second run is right where the first is, and on every problem of Geometry."""
    root = tmp_path_factory.mktemp("page")
    rows = [
        Sample(**{**{f: getattr(s, f) for f in ("id", "gold", "subject", "level")}, "question": q})
        for s in problems(60)
        for q in [f"What is $\\frac{{{s.id}}}{{1}}$, in a word-{s.id}?"]
    ]
    task = write_task(root / "task", rows)
    runs = [
        write_run(
            root,
            {
                s.id: "correct"
                if int(s.id) < right or (name == "tuned" and s.subject == "Geometry")
                else "wrong"
                for s in rows
            },
            samples=rows,
            model=name,
            task_path=task,
        )
        for name, right in (("base", 12), ("tuned", 12))
    ]
    return mathevalkit.report(*runs).save(root / "report.html")


def _choose(browser: Browser, field: str, text: str) -> str:
    """Choose an option by its words; returns what the page counts then."""
    browser.run(
        "const s = document.getElementById(arguments[0]);"
        "s.value = [...s.options].find(o => o.text === arguments[1]).value;"
        "s.dispatchEvent(new Event('input', { bubbles: true }))",
        field,
        text,
    )
    browser.run("return new Promise(done => setTimeout(done, 250))")
    count: str = browser.run("return document.getElementById('count').textContent")
    return count


def test_filters_narrow_the_samples(browser: Browser, page: Path) -> None:
    browser.open(page.as_uri())
    assert browser.run("return document.getElementById('count').textContent") == "60 of 60 samples"
    assert _choose(browser, "subject", "Geometry") == "20 of 60 samples"
    assert _choose(browser, "between", "only tuned right") == "16 of 60 samples"
    assert _choose(browser, "level", "Level 1") == "8 of 60 samples"
    browser.run("document.querySelector('#filters button').click()")
    browser.run_until("return document.getElementById('count').textContent === '60 of 60 samples'")
    assert _choose(browser, "outcome", "correct") == "28 of 60 samples"
    assert _choose(browser, "run", "base") == "12 of 60 samples"
    assert _choose(browser, "between", "runs disagree") == "0 of 60 samples"
    assert browser.console() == []


def test_search_finds_words_in_questions_golds_and_completions(browser: Browser, page: Path) -> None:
    browser.open(page.as_uri())
    search = (
        "const f = document.getElementById('text'); f.value = arguments[0];"
        "f.dispatchEvent(new Event('input', { bubbles: true }))"
    )
    for words, found in (("WORD-37?", 1), ("answer is: 41", 1), (r"\frac{5}", 1), ("nowhere", 0)):
        browser.run(search, words)
        browser.run_until(
            "return document.getElementById('count').textContent === arguments[0]", f"{found} of 60 samples"
        )
        assert browser.run("return document.querySelectorAll('.sample').length") == found


def test_a_sample_opens_by_keyboard_with_its_mathematics_and_both_runs(browser: Browser, page: Path) -> None:
    browser.open(page.as_uri())
    browser.run("document.querySelector('.sample summary').focus()")
    for kind in ("keyDown", "keyUp"):
        browser.command(
            "Input.dispatchKeyEvent",
            type=kind,
            key="Enter",
            code="Enter",
            text="\r",
            windowsVirtualKeyCode=13,
        )
    browser.run_until("return document.querySelectorAll('.completion').length === 2")
    assert browser.run("return document.querySelector('.body mfrac').namespaceURI").endswith("MathML")
    assert (
        browser.run("return document.querySelector('.body math').getAttribute('alttext')") == r"\frac{0}{1}"
    )
    heads = browser.run("return [...document.querySelectorAll('.completion .head')].map(e => e.textContent)")
    assert heads == ["basecorrect", "tunedcorrect"]


def test_samples_come_in_pages(browser: Browser, page: Path) -> None:
    browser.open(page.as_uri())
    assert browser.run("return document.querySelectorAll('.sample').length") == 25
    for _ in range(2):
        browser.run("document.getElementById('next').click()")
    assert browser.run("return document.querySelectorAll('.sample').length") == 10
    assert browser.run("return document.getElementById('next').disabled") is True
    assert browser.run("return document.getElementById('page').textContent") == "3 of 3"


@pytest.mark.parametrize("width", [360, 1200])
def test_the_page_never_scrolls_sideways(browser: Browser, page: Path, width: int) -> None:
    browser.open(page.as_uri())
    try:
        browser.emulate(width=width, height=800)
        browser.run(OPEN_ALL)
        sizes = browser.run(
            "return [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert sizes[0] <= sizes[1]
    finally:
        browser.command("Emulation.clearDeviceMetricsOverride")


CONTRAST = """
const channel = c => { c /= 255; return c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4 };
const parse = text => {
  const srgb = text.startsWith('color(srgb');
  return text.match(/[\\d.]+/g).slice(0, 3).map(n => srgb ? 255 * n : Number(n)) };
const light = text => {
  const [r, g, b] = parse(text).map(channel);
  return .2126 * r + .7152 * g + .0722 * b;
};
const ground = node => {
  for (; node; node = node.parentElement) {
    const colour = getComputedStyle(node).backgroundColor;
    if (!colour.endsWith(', 0)')) return colour;
  }
  return 'rgb(255, 255, 255)';
};
const worst = {};
const texts = 'p,th,td,dt,dd,a,h1,h2,h3,h4,li,b,span,small,caption,label,summary,mark,button';
for (const node of document.querySelectorAll(texts)) {
  if (!node.textContent.trim() || !node.getClientRects().length) continue;
  if (node.disabled || node.closest('.key, .skip')) continue;
  const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
  const ratio = (a + .05) / (b + .05);
  if (ratio < 4.5) worst[node.tagName + '.' + node.className] = ratio;
}
return worst;
"""


@pytest.mark.parametrize("dark", [False, True])
def test_every_text_stands_out_from_its_ground(browser: Browser, page: Path, *, dark: bool) -> None:
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    browser.open(page.as_uri())
    try:
        browser.emulate(width=1200, height=900, dark=dark)
        browser.run(OPEN_ALL)
        browser.run("document.querySelectorAll('details').forEach(d => { d.open = true })")
        assert browser.run(CONTRAST) == {}
    finally:
        browser.command("Emulation.clearDeviceMetricsOverride")
        browser.command("Emulation.setEmulatedMedia", media="", features=[])
