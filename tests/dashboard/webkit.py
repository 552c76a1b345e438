"""A tab of a real WebKit behind its own driver: things are found by role and name, clicked and typed into."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service

T = TypeVar("T")
PATIENCE = 20.0  # seconds

# What is seen, has the role, and has the name: as far as these pages need it.
_FIND = """
const [role, name, exact, within] = arguments;
const SELECTORS = {
  button: "button, [role=button]", link: "a[href]", switch: "[role=switch]", dialog: "dialog[open], [role=dialog]",
  region: "section, [role=region]", heading: "h1, h2, h3", field: "input, textarea, select", text: "*",
};
const seen = (node) => node.checkVisibility ? node.checkVisibility() : node.getClientRects().length > 0;
const plain = (text) => (text ?? "").replace(/\\s+/g, " ").trim();
const named = (node) => {
  if (node.getAttribute("aria-label")) return plain(node.getAttribute("aria-label"));
  const by = node.getAttribute("aria-labelledby");
  if (by) return plain(by.split(" ").map((id) => document.getElementById(id)?.textContent).join(" "));
  if (role === "field") return plain([...(node.labels ?? [])].map((label) => label.textContent).join(" "));
  return plain(node.textContent);
};
const fits = (text) => (exact ? text === name : text.includes(name));
const root = within ?? document;
const found = [...root.querySelectorAll(SELECTORS[role])].filter((node) => seen(node) && fits(named(node)));
return role === "text" ? found.at(-1) ?? null : found[0] ?? null;
"""
# Errors before the first script of a page has run are not in it: WebKit's driver gives no log of the console.
_RECORD = """
if (!window.__wrong) {
  const wrong = window.__wrong = [];
  for (const kind of ["error", "warn"]) {
    const says = console[kind];
    console[kind] = (...words) => { wrong.push(`console.${kind}: ${words.join(" ")}`); says.apply(console, words); };
  }
  addEventListener("error", (event) => wrong.push(`error: ${event.message}`));
  addEventListener("unhandledrejection", (event) => wrong.push(`rejected: ${event.reason}`));
  addEventListener("securitypolicyviolation", (event) => wrong.push(`policy: ${event.violatedDirective}`));
}
return window.__wrong;
"""
_DRAWN = """
return document.querySelector("h1, h2") && !document.querySelector('[role="status"][aria-label="Loading"]');
"""
# A date that is typed goes through fields of the browser's own, which differ by its language.
_SET = """
const [field, value] = arguments;
Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value").set.call(field, value);
field.dispatchEvent(new Event("input", {bubbles: true}));
"""


class Tab:
    """What a person sees and does in the only tab of a browser."""

    def __init__(self, driver: webdriver.WebKitGTK, pictures: Path) -> None:
        self._driver = driver
        self._pictures = pictures
        self._wrong: list[str] = []

    @property
    def wrong(self) -> list[str]:
        """What went wrong on the pages so far."""
        self._note()
        return self._wrong

    def goto(self, url: str) -> None:
        """Open a page, and wait until its answers are drawn: until then what is to be clicked moves."""
        self._note()
        self._driver.get(url)
        self._driver.execute_script(_RECORD)
        self._until(lambda: self._driver.execute_script(_DRAWN), "a page that is drawn", PATIENCE)

    def url(self) -> str:
        """Return what the address says."""
        return self._driver.current_url

    def find(
        self,
        role: str,
        name: str,
        *,
        exact: bool = True,
        within: tuple[str, str] | None = None,
        seconds: float = PATIENCE,
    ) -> WebElement:
        """Return what has the role and the name as soon as it is seen."""

        def look() -> WebElement | None:
            root = self._driver.execute_script(_FIND, *within, False, None) if within else None
            if within and root is None:
                return None
            return self._driver.execute_script(_FIND, role, name, exact, root)

        return self._until(
            look, f"a {role} named {name!r}" + (f" in the {' '.join(within)}" if within else ""), seconds
        )

    def click(self, role: str, name: str, **where: Any) -> None:
        """Click it as a person does: it is scrolled to, and what lies over it gets the click."""

        def press() -> bool:
            self.find(role, name, **where).click()
            return True

        self._until(press, f"a click on the {role} {name!r}", PATIENCE)
        self._note()

    def fill(self, label: str, text: str, **where: Any) -> None:
        """Type into a field, over what is in it."""
        field = self.find("field", label, exact=False, **where)
        field.click()
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text)

    def choose(self, label: str, value: str) -> None:
        """Take an option of a list."""
        field = self.find("field", label)
        self._driver.execute_script(
            "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('change', {bubbles: true}))",
            field,
            value,
        )

    def set_moment(self, label: str, value: str, **where: Any) -> str:
        """Give a field a day and a time, and return what it was."""
        field = self.find("field", label, exact=False, **where)
        before = field.get_property("value")
        self._driver.execute_script(_SET, field, value)
        return str(before)

    def sees(self, text: str, *, seconds: float = PATIENCE, within: tuple[str, str] | None = None) -> None:
        """Wait until the words stand on the page."""
        self.find("text", text, exact=False, seconds=seconds, within=within)

    def attribute(self, role: str, name: str, attribute: str, value: str) -> None:
        """Wait until an attribute is so."""

        def look() -> bool:
            return self.find(role, name).get_attribute(attribute) == value

        self._until(look, f"{attribute}={value} of the {role} {name!r}", PATIENCE)

    def picture(self, name: str) -> Path:
        """Keep what is seen, and return where."""
        into = self._pictures / f"{name}.png"
        self._driver.save_screenshot(str(into))
        return into

    def _note(self) -> None:
        told = self._driver.execute_script(_RECORD) or []
        self._wrong += [one for one in told if one not in self._wrong]

    def _until(self, look: Callable[[], T | None], what: str, seconds: float) -> T:
        ends = time.monotonic() + seconds
        last: Exception | None = None
        while time.monotonic() < ends:
            try:
                if found := look():
                    return found
            except (StaleElementReferenceException, WebDriverException) as error:
                last = error  # the page was drawn anew in between, or something still lies over it
            time.sleep(0.1)
        raise AssertionError(f"never: {what} on {self.url()} (picture: {self.picture('never')}; {last})")


def start(screen: str, pictures: Path) -> tuple[webdriver.WebKitGTK, Tab]:
    """Start a browser with a profile that knows nothing."""
    service = Service(executable_path=shutil.which("WebKitWebDriver"), env={**os.environ, "DISPLAY": screen})
    driver = webdriver.WebKitGTK(options=Options(), service=service)
    driver.set_window_size(1270, 1000)
    return driver, Tab(driver, pictures)
