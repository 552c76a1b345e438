"""`mediaposter doctor safari`: whether this machine can drive a browser, and the next thing to switch on."""

import platform

from mediaposter.browser.errors import BrowserUnavailableError
from mediaposter.browser.osascript import SafariBrowser
from mediaposter.browser.transport import Tab
from mediaposter.browser.webdriver import WebDriverBrowser
from mediaposter.cli.findings import Finding
from mediaposter.core.errors import MediaPosterError
from mediaposter.core.settings import Settings

_SUM = "function (numbers) { return JSON.stringify(numbers[0] + numbers[1]); }"


async def examine_browser(settings: Settings) -> list[Finding]:
    """Try each step that a recipe needs, in order, and stop at the first that fails. Never raises."""
    findings = [
        Finding("system", "ok", f"{platform.system()} {platform.release()} {platform.machine()}"),
        Finding("setting", "ok", f"MEDIAPOSTER_BROWSER={settings.browser or 'not set'}"),
    ]
    browser = WebDriverBrowser(settings.webdriver, capabilities=settings.webdriver_capabilities)
    try:
        if settings.browser == "webdriver":
            await _tries(findings, browser)
        else:
            await _tries(findings, SafariBrowser(settings.osascript))
    except MediaPosterError as error:
        number = f" (number {error.number})" if isinstance(error, BrowserUnavailableError) and error.number else ""
        findings.append(Finding("next step", "broken", f"{error.detail}{number}", error.fix))
    finally:
        await browser.quit()
    return findings


async def _tries(findings: list[Finding], browser: SafariBrowser | WebDriverBrowser) -> None:
    if isinstance(browser, SafariBrowser):
        told = await browser.ping()
        findings.append(Finding("Safari", "ok", f"version {told.get('version')}, running: {told.get('running')}"))
    tab: Tab = await browser.open("about:blank")
    findings.append(Finding("window", "ok", "a window of our own opens"))
    try:
        total = await browser.run(tab, _SUM, [1, 1])
        right = total == 2
        findings.append(Finding("JavaScript", "ok" if right else "broken", f"1 + 1 is {total} in the page"))
    finally:
        await browser.close(tab)
    findings.append(Finding("next step", "ok", "Log in to your sites in this browser; nothing else is missing."))
