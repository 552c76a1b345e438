import assert from "node:assert/strict";
import { test } from "node:test";
import { concernedPaths } from "./topics";

test("the progress of a stage asks nobody: it is in the event", () => {
  assert.deepEqual(concernedPaths("pipeline.stage.progressed"), []);
});

test("the end of a stage asks for the runs, the end of a run for what needs a person as well", () => {
  assert.deepEqual(concernedPaths("pipeline.stage.completed"), ["/api/pipeline/runs"]);
  assert.ok(concernedPaths("pipeline.run.waiting").includes("/api/overview/attention"));
});

test("a topic that no page shows asks nobody", () => {
  assert.deepEqual(concernedPaths("unheard.of"), []);
});
