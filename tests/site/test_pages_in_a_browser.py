"""A tiny site in Chromium, from files: nothing complains, it fits a phone, light and dark, and the ledger filters."""

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

import tiny_site
from induction_heads.machinery.chromium import complaints, resize
from induction_heads.site import api, build, code, galleries, verdicts, words

pytestmark = pytest.mark.browser
PAGES = ("index.html", "ledger.html", "papers/tiny.html", "api/house.papers.tiny.html", "open.html", "cite.html")
BACKGROUND = "return getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).slice(0, 3).map(Number)"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    pytest.importorskip("sphinx_book_theme", reason="pip install -e '.[site]'")
    folder, sources = tmp_path_factory.mktemp("made"), tmp_path_factory.mktemp("sources")
    with pytest.MonkeyPatch.context() as patch:
        made = tiny_site.made(folder, patch, (tiny_site.CLAIM, tiny_site.OTHER))
        texts = {"index.md": galleries.front(made), "ledger.md": verdicts.page(made)}
        texts |= {"papers/tiny.md": galleries.paper(made, tiny_site.PAPER)}
    texts |= words.pages({}, {}, []) | api.pages([tiny_site.DRAWS])
    code.write([tiny_site.DRAWS], made.shelf.root)
    made.shelf.root.rename(sources / "_as_it_is")
    for page, text in texts.items():
        (sources / page).parent.mkdir(parents=True, exist_ok=True)
        (sources / page).write_text(text)
    build.render(sources, folder / "written")
    return folder / "written"


@pytest.fixture
def opened(chromium, site):
    """A page as it is opened; it must not have failed at anything in the end."""

    def go(page: str, width: int = 1280, dark: bool = False) -> Chrome:
        resize(chromium, width, dark=dark)
        chromium.get("about:blank")
        chromium.get((site / page.partition("?")[0]).as_uri() + "".join(page.partition("?")[1:]))
        return chromium

    yield go
    assert complaints(chromium, worst=True) == []


@pytest.mark.parametrize("width", [360, 768, 1280])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_fits_its_width(opened, page, width):
    driver = opened(page, width)
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert driver.find_element(By.CSS_SELECTOR, "article h1").is_displayed()


def test_it_is_light_or_dark_as_the_system_is(opened):
    assert min(opened("index.html").execute_script(BACKGROUND)) > 200
    assert max(opened("index.html", dark=True).execute_script(BACKGROUND)) < 60


def shown(driver: Chrome) -> list[str]:
    return [
        row.get_attribute("data-verdict")
        for row in driver.find_elements(By.CSS_SELECTOR, "#ledger > tbody > tr")
        if row.is_displayed()
    ]


def test_the_ledger_shows_what_is_asked_for(opened):
    driver = opened("ledger.html")
    assert shown(driver) == ["holds in part", "does not hold here"]
    Select(driver.find_element(By.NAME, "verdict")).select_by_visible_text("does not hold here")
    assert shown(driver) == ["does not hold here"]
    assert driver.find_element(By.CSS_SELECTOR, "#ledger-filter output").text == "1 of 2 claims"


@pytest.mark.parametrize("asked, rows", [("paper=tiny", 2), ("verdict=holds+in+part", 1), ("seeds=2", 1)])
def test_the_address_asks_too(opened, asked, rows):
    assert len(shown(opened(f"ledger.html?{asked}"))) == rows


@pytest.mark.parametrize("width", [360, 1280])
def test_the_map_can_be_read_in_words_at_any_width(opened, width):
    driver = opened("index.html", width)
    for opens in (found := driver.find_elements(By.CSS_SELECTOR, "details.map-in-words")):
        opens.find_element(By.TAG_NAME, "summary").click()
    assert "does it fall < fast?" in found[1].text and found[1].find_elements(By.TAG_NAME, "li")[1].is_displayed()
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width
    assert all(opens.size["width"] <= width for opens in found)


@pytest.mark.parametrize("page", PAGES)
def test_a_page_fetches_nothing_but_files_of_the_site(opened, page):
    asked = opened(page).execute_script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert [address for address in asked if not address.startswith(("file:", "data:"))] == []


def test_figures_are_drawn(opened):
    driver = opened("papers/tiny.html")
    picture = driver.find_element(By.CSS_SELECTOR, "a.figure img")
    driver.execute_script("arguments[0].scrollIntoView()", picture)
    assert driver.execute_script("return arguments[0].decode().then(() => arguments[0].naturalWidth)", picture) > 0
