"""The lab in Chromium: what it trains is what the package trains, every control reaches the run, nothing complains."""

import csv
import dataclasses
import io
import time
from urllib.parse import unquote

import numpy as np
import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from induction_heads.machinery.chromium import complaints, resize, until
from induction_heads.machinery.paths import BUILD
from induction_heads.networks.clamps import Only, PerfectCopy, PerfectLayer1, PerfectMatch, PreviousTokenAttention
from induction_heads.networks.run import HISTORY, Run
from induction_heads.papers.singh_2024.lab.page import write

pytestmark = pytest.mark.browser

QUICK = "scale=10&sequences=100000"
SCREENS = BUILD / "screens"
DRAWN = "setTimeout(arguments[0], 300)"  # later than what the page itself has put off
PRESSED = """
const link = [...document.querySelectorAll("a.csv")].at(-1);
link.addEventListener("click", (event) => event.preventDefault(), { once: true });
link.click();
return link.href;
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    return write(tmp_path_factory.mktemp("lab")).as_uri()


@pytest.fixture
def lab(chromium, address):
    """The page, opened anew with some settings; it must not have complained in the end."""

    def opened(settings: str = QUICK, width: int = 1400) -> Chrome:
        resize(chromium, width)
        chromium.get("about:blank")
        chromium.get(f"{address}#{settings}")
        until(chromium, lambda driver: driver.execute_script("return document.readyState") == "complete")
        until(chromium, lambda driver: "SIMD" in of(driver, "about").text)
        chromium.execute_async_script(DRAWN)  # before that, buttons take no click
        return chromium

    yield opened
    assert complaints(chromium) == []


def of(driver: Chrome, name: str):
    return driver.find_element(By.ID, name)


def status(driver: Chrome) -> str:
    return of(driver, "status").text


def train(driver: Chrome, seconds: float = 120.0) -> dict[str, np.ndarray]:
    """Presses the button and gives the columns of the run's CSV when it has ended."""
    of(driver, "train").click()
    until(driver, lambda driver: status(driver).startswith("Finished"), seconds)
    return table(driver)


def table(driver: Chrome) -> dict[str, np.ndarray]:
    """The columns of the last run's CSV, as its link gives it when it is pressed."""
    until(driver, lambda driver: driver.find_elements(By.CSS_SELECTOR, "a.csv"))
    rows = list(csv.DictReader(io.StringIO(unquote(driver.execute_script(PRESSED).partition(",")[2]))))
    return {name: np.array([float(row[name] or "nan") for row in rows]) for name in rows[0]}


def by_the_package(driver: Chrome) -> tuple[Run, dict[str, np.ndarray]]:
    """What the Python that the page shows makes."""
    made: dict = {}
    exec(of(driver, "python").get_attribute("textContent"), made)
    return made["run"], dict(zip(HISTORY, np.array(made["state"].history).T, strict=True))


WHOLE = {
    "scale=10&sequences=400000": Run(5, sequences=400_000).scaled(10),
    "scale=1&sequences=400000": Run(5, sequences=400_000),
    "scale=1&sequences=100000&clamped=1%2C+2%2C+3qk%2C+4&alone=1": Run(
        5, clamps=(PerfectMatch("L2H0"), Only("L2H0")), sequences=100_000, evaluate_every=1_000
    ),
}


@pytest.mark.parametrize("settings", WHOLE, ids=["a quick one", "main", "under a clamp"])
def test_a_run_to_its_end_has_the_package_s_curve(lab, settings):
    driver = lab(settings)
    found = train(driver, 600.0)
    run, expected = by_the_package(driver)
    assert run == WHOLE[settings]
    np.testing.assert_array_equal(found["sequences"], expected["sequences"])
    for name in HISTORY[1:]:
        if name.endswith("_loss"):
            np.testing.assert_array_equal(np.isnan(found[name]), np.isnan(expected[name]), name)
            np.testing.assert_allclose(found[name], expected[name], atol=0.02, err_msg=name)
    assert found["train_loss"][-1] < found["train_loss"][0] - 1


CLAMPED = {
    "clamped=1&previous=3": (PreviousTokenAttention("L1H3"),),
    "clamped=1%2C+2&alone=1&head=2": (PerfectLayer1(), Only("L2H2")),
    "clamped=1%2C+2%2C+3qk%2C+4&alone=1": (PerfectMatch("L2H0"), Only("L2H0")),
    "clamped=3v%2C+5&alone=1&head=7": (PerfectCopy("L2H7"), Only("L2H7")),
    "clamped=1%2C+2%2C+3v%2C+5&alone=1&classes=100&labels=7&pairs=3&seed=6": (
        PerfectLayer1(),
        PerfectCopy("L2H0"),
        Only("L2H0"),
    ),
}


@pytest.mark.parametrize("settings", CLAMPED)
def test_every_setting_changes_the_run_as_it_does_in_the_package(lab, settings):
    driver = lab(f"scale=10&sequences=100000&{settings}")
    found = train(driver)
    run, expected = by_the_package(driver)
    wanted = Run(5, clamps=CLAMPED[settings], sequences=100_000)
    if "alone" in settings:
        wanted = dataclasses.replace(wanted, evaluate_every=1_000)
    if "classes" in settings:
        wanted = dataclasses.replace(wanted, init_seed=6, classes=100, labels=7, pairs=3)
    assert run == wanted.scaled(10)
    np.testing.assert_allclose(found["train_loss"], expected["train_loss"], atol=0.02)
    np.testing.assert_allclose(found["unseen_classes_loss"], expected["unseen_classes_loss"], atol=0.02)


def test_a_click_on_a_step_clamps_it_and_what_it_builds_on(lab):
    driver = lab()
    circuit = {step: driver.find_element(By.CSS_SELECTOR, f'[aria-label^="Clamp step {step}."]') for step in "1245"}

    def clamped() -> str:
        return of(driver, "left").text.partition(".")[0]

    circuit["2"].find_element(By.CSS_SELECTOR, "rect.badge").click()
    assert clamped() == "Clamped: 1, 2" and circuit["1"].get_attribute("aria-checked") == "true"
    circuit["5"].send_keys(Keys.SPACE)  # by the keyboard too
    assert clamped().startswith("Clamped: 1, 2, 3v, 5") and "PerfectCopy" in of(driver, "python").text
    circuit["4"].send_keys(Keys.ENTER)
    assert clamped().startswith("Every step is clamped")
    until(driver, lambda driver: not of(driver, "train").is_enabled())  # as soon as the page is drawn anew
    circuit["1"].find_element(By.CSS_SELECTOR, "rect.badge").click()
    assert clamped().startswith("Clamped: 3v, 5")
    until(driver, lambda driver: of(driver, "train").is_enabled())


def test_settings_go_into_the_link_and_come_back(lab):
    driver = lab("")
    Select(driver.find_element(By.CSS_SELECTOR, '#settings [name="sequences"]')).select_by_value("300000")
    driver.find_element(By.CSS_SELECTOR, '[name="alone"][value="1"]').click()
    field = driver.find_element(By.CSS_SELECTOR, '#settings [name="classes"]')
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys("1000", Keys.TAB)
    link = of(driver, "link").get_attribute("href")
    assert link.endswith("#classes=100&alone=1&sequences=300000")  # as many classes as there are
    python = of(driver, "python").text
    assert of(lab(link.partition("#")[2]), "python").text == python


def test_a_link_that_says_nonsense_is_told_and_the_rest_of_it_holds(lab):
    driver = lab("seed=7&colour=blue")
    assert "colour=blue" in of(driver, "notice").text and "Run(7," in of(driver, "python").text


def test_pause_step_and_reset(lab):
    driver = lab("scale=10&sequences=1000000")
    of(driver, "train").click()
    until(driver, lambda driver: "ms a step" in status(driver))
    of(driver, "pause").click()
    until(driver, lambda driver: status(driver).startswith("Paused"))
    before = table(driver)["train_loss"]
    of(driver, "onward").click()
    until(driver, lambda driver: len(table(driver)["train_loss"]) == len(before) + 1)
    of(driver, "reset").click()
    until(driver, lambda driver: status(driver).startswith("Paused: 0 of"))
    of(driver, "train").click()
    until(driver, lambda driver: len(table(driver)["train_loss"]) > len(before))
    of(driver, "pause").click()
    np.testing.assert_array_equal(table(driver)["train_loss"][: len(before)], before)  # the same numbers again


def test_a_run_can_be_stepped_through_from_its_beginning(lab):
    driver = lab()
    for evaluations in (2, 3):  # the first is before the first step of training
        of(driver, "onward").send_keys(Keys.ENTER)
        until(driver, lambda driver, wanted=evaluations: len(table(driver)["train_loss"]) == wanted)
        until(driver, lambda driver: status(driver).startswith("Paused"))
        assert driver.switch_to.active_element == of(driver, "onward")


def test_the_keyboard_keeps_its_place_where_its_button_goes(lab):
    driver = lab("scale=10&sequences=200000")
    of(driver, "train").send_keys(Keys.ENTER)
    until(driver, lambda driver: driver.switch_to.active_element == of(driver, "pause"))
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(driver, lambda driver: status(driver).startswith("Paused"))
    assert driver.switch_to.active_element.text == "Go on"
    driver.switch_to.active_element.send_keys(Keys.ENTER)
    until(driver, lambda driver: status(driver).startswith("Finished"))
    until(driver, lambda driver: driver.switch_to.active_element == of(driver, "train"))
    away = '#runs button[aria-label^="take away"]'
    until(driver, lambda driver: driver.find_elements(By.CSS_SELECTOR, away))[0].send_keys(Keys.ENTER)
    assert driver.switch_to.active_element == of(driver, "kept-title")
    assert of(driver, "said").get_attribute("textContent").startswith("Taken away: no clamp")


def test_a_prediction_is_drawn_and_compared(lab):
    driver = lab("scale=10&sequences=100000&clamped=1%2C+2&alone=1")
    of(driver, "predict").click()
    plot = of(driver, "loss")
    ActionChains(driver).move_to_element_with_offset(plot, -150, -100).click_and_hold().move_by_offset(
        150, 60
    ).move_by_offset(140, 60).release().perform()
    plot.send_keys(Keys.ARROW_RIGHT, Keys.ARROW_UP)  # the keyboard draws too
    assert "nats" in plot.get_attribute("aria-valuetext")
    train(driver)
    assert "nats from the network's on average" in of(driver, "verdict").text


def test_a_prediction_can_be_drawn_by_the_keyboard_alone_and_the_next_one_is_another(lab):
    driver = lab("scale=10&sequences=100000&clamped=1%2C+2&alone=1")
    of(driver, "predict").send_keys(Keys.ENTER)
    plot = driver.switch_to.active_element
    assert (plot.get_attribute("id"), plot.get_attribute("role")) == ("loss", "slider")
    assert plot.get_attribute("aria-valuetext").endswith("nothing drawn yet")
    plot.send_keys(*[Keys.ARROW_RIGHT, Keys.ARROW_DOWN] * 20)
    assert float(plot.get_attribute("aria-valuenow")) < float(plot.get_attribute("aria-valuemax"))
    plot.send_keys(Keys.ESCAPE)
    assert driver.switch_to.active_element == of(driver, "predict") and plot.get_attribute("role") is None
    train(driver)
    until(driver, lambda driver: "nats from the network's" in of(driver, "verdict").text)
    of(driver, "predict").send_keys(Keys.ENTER)
    assert plot.get_attribute("aria-valuetext").endswith("nothing drawn yet")


def test_attention_is_shown_with_its_characters(lab):
    driver = lab()
    train(driver)
    Select(driver.find_element(By.CSS_SELECTOR, '#look [name="head"]')).select_by_visible_text("L1H4")
    until(driver, lambda driver: "L1H4" in of(driver, "attention").text)
    assert len(driver.find_elements(By.CSS_SELECTOR, "#attention tr")) == 6  # five tokens attend
    weights = [float(cell.text) for cell in driver.find_elements(By.CSS_SELECTOR, "#attention tr:last-of-type td")]
    assert len(weights) == 5 and abs(sum(weights) - 1) < 0.03
    assert len(driver.find_elements(By.CSS_SELECTOR, "#attention canvas[aria-label]")) == 6


@pytest.mark.parametrize(
    "title", ["Why there is a plateau", "What clamping does, step by step", "Classes against labels"]
)
def test_a_tour_can_be_walked_to_its_end(lab, title):
    driver = lab("")

    def button(text: str):
        return driver.find_element(By.XPATH, f'//section[@id="tours"]//button[text()="{text}"]')

    button(title).click()
    for _ in range(4):
        assert driver.find_elements(By.XPATH, '//section[@id="tours"]//button[text()="Train this"]')
        button("Next").click()
    button("End of the tour").click()
    assert button(title).is_displayed() and driver.switch_to.active_element == button(title)


def test_a_link_opens_a_tour(lab):
    driver = lab("tour=clamping")
    assert of(driver, "tours").find_element(By.TAG_NAME, "h2").text == "What clamping does, step by step: 1 of 5"
    assert of(driver, "notice").text == ""


@pytest.mark.parametrize("width", [360, 800, 1400])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_it_fits_its_width(lab, width, dark):
    """Screenshots for people to look at lie in build/screens."""
    driver = lab(f"{QUICK}&clamped=1%2C+2&alone=1", width)
    train(driver)
    resize(driver, width, 900, dark)
    time.sleep(0.5)
    tall = driver.execute_script("return document.documentElement.scrollHeight")
    resize(driver, width, tall, dark)
    time.sleep(0.5)
    SCREENS.mkdir(parents=True, exist_ok=True)
    driver.save_screenshot(str(SCREENS / f"lab-{width}-{'dark' if dark else 'light'}.png"))
    assert driver.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_phone_is_asked_first(lab):
    driver = lab("")
    driver.execute_script("window.matchMedia = () => ({ matches: true })")
    of(driver, "train").click()
    assert of(driver, "ask").is_displayed() and "warms a phone" in of(driver, "ask-text").text
    of(driver, "ask").find_element(By.CSS_SELECTOR, '[value="no"]').click()
    assert not of(driver, "ask").is_displayed() and status(driver) == ""
    of(driver, "train").click()
    of(driver, "ask").find_element(By.CSS_SELECTOR, '[value="quick"]').click()
    until(driver, lambda driver: status(driver).startswith("Finished"))
    pace = driver.find_element(By.CSS_SELECTOR, '#settings [name="scale"]')
    assert pace.get_attribute("value") == "10"
    Select(pace).select_by_value("1")
    of(driver, "train").click()
    driver.switch_to.active_element.send_keys(Keys.ESCAPE)  # is no answer, whatever the last one was
    until(driver, lambda driver: not of(driver, "ask").is_displayed())
    until(driver, lambda driver: status(driver) == "")
    assert pace.get_attribute("value") == "1"


LACKING = {
    "without SIMD": "WebAssembly.validate = () => false",
    "without WebAssembly": "delete window.WebAssembly",
    "older": "delete window.DecompressionStream; WebAssembly.validate = () => false",
}


@pytest.mark.parametrize("lacking", LACKING)
def test_a_browser_that_cannot_train_is_told_so_in_a_sentence(chromium, address, lacking):
    source = {"source": LACKING[lacking]}
    hidden = chromium.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", source)
    try:
        chromium.get("about:blank")
        chromium.get(address)
        until(chromium, lambda driver: "WebAssembly with SIMD" in of(driver, "notice").text)
        assert not of(chromium, "train").is_enabled() and not of(chromium, "onward").is_enabled()
        chromium.find_element(By.XPATH, '//button[text()="Classes against labels"]').click()
        chromium.find_element(By.XPATH, '//button[text()="Train this"]').click()  # does nothing
        assert complaints(chromium) == []
    finally:
        chromium.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", hidden)
