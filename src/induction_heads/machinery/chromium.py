"""A Chromium without a window, for tests and measurements of pages: the system's own, nothing is downloaded.

Driven through selenium, which is one of the tests' packages.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from selenium.webdriver import Chrome, ChromeOptions, ChromeService
from selenium.webdriver.support.ui import WebDriverWait

INSTALL = "this needs Chromium and its driver: apt-get install chromium chromium-driver"
BROWSERS, DRIVERS = ("chromium", "chromium-browser", "google-chrome"), ("chromedriver",)
Found = TypeVar("Found")


def installed() -> bool:
    return all(any(map(shutil.which, names)) for names in (BROWSERS, DRIVERS))


@contextmanager
def browser() -> Iterator[Chrome]:
    """`ValueError` where there is no Chromium, or no driver."""
    if not installed():
        raise ValueError(INSTALL)
    options = ChromeOptions()
    options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options, ChromeService(next(filter(None, map(shutil.which, DRIVERS)))))
    try:
        yield driver
    finally:
        driver.quit()


def resize(driver: Chrome, width: int, height: int = 900, dark: bool = False) -> None:
    """The size of the page itself, also below what a window may have."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def complaints(driver: Chrome, worst: bool = False) -> list[str]:
    """What the page has written to the console since it was last asked; of errors alone where asked for the worst."""
    return [entry["message"] for entry in driver.get_log("browser") if not worst or entry["level"] == "SEVERE"]


def until(driver: Chrome, true: Callable[[Chrome], Found], seconds: float = 60.0) -> Found:
    return WebDriverWait(driver, seconds, poll_frequency=0.1).until(true)
