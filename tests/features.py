"""`@pytest.mark.feature("ARCH-001")` says what a test proves; `--features FILE` writes what the run has shown.

A feature passes when it has tests and every one of them passed. Nothing else sets its flag.
"""

import json
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--features", metavar="FILE", help="write the feature list that this run has shown")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item):  # type: ignore[no-untyped-def]
    outcome = yield
    report = outcome.get_result()
    report.user_properties.append(("features", [id_ for mark in item.iter_markers("feature") for id_ in mark.args]))


class Recorder:
    """Collects, in the main process, which tests stand behind each feature and how they ended."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.results: dict[str, dict[str, bool]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        ids = dict(report.user_properties).get("features", [])
        for id_ in ids if isinstance(ids, list) else []:
            tests = self.results.setdefault(id_, {})
            ended_well = report.passed if report.when == "call" else not (report.failed or report.skipped)
            tests[report.nodeid] = tests.get(report.nodeid, True) and ended_well

    def pytest_sessionfinish(self) -> None:
        features = [
            {"id": id_, "passes": all(tests.values()), "tests": sorted(tests)}
            for id_, tests in sorted(self.results.items())
        ]
        self.file.write_text(json.dumps({"features": features}, indent=2) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    file = config.getoption("--features")
    if file and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(Path(config.rootpath) / file))
