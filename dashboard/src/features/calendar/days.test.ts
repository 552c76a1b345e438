import assert from "node:assert/strict";
import { test } from "node:test";
import { byDay, dayOf, daysOf, type Entry, hourOf, keyOf, movedTo } from "./days";

const BERLIN = "Europe/Berlin";

const entryAt = (at: string): Entry => ({ at }) as Entry;

test("a month is shown in whole weeks that begin on Monday", () => {
  const days = daysOf("month", dayOf("2026-11-15", BERLIN)).map(keyOf);
  assert.deepEqual([days.length, days[0], days.at(-1)], [42, "2026-10-26", "2026-12-06"]);
});

test("a day is that of the zone, not that of UTC", () => {
  const found = byDay([entryAt("2026-06-09T23:30:00Z")], BERLIN);
  assert.deepEqual([...found.keys()], ["2026-06-10"]);
});

test("moved to another day it keeps its local time across a change of the clock", () => {
  const moved = movedTo(entryAt("2026-10-24T10:15:00Z"), "2026-10-26", null, BERLIN); // 12:15, before and after
  assert.equal(moved.toISOString(), "2026-10-26T11:15:00.000Z");
});

test("moved to another hour it keeps its minutes", () => {
  const moved = movedTo(entryAt("2026-06-10T10:15:00Z"), "2026-06-11", 8, BERLIN);
  assert.equal(moved.toISOString(), "2026-06-11T06:15:00.000Z");
});

test("an hour that the clock leaves out becomes the next one", () => {
  const moved = movedTo(entryAt("2026-03-28T10:30:00Z"), "2026-03-29", 2, BERLIN);
  assert.equal(hourOf(entryAt(moved.toISOString()), BERLIN), 3);
});

test("an address that names no day is today", () => {
  assert.equal(keyOf(dayOf("nonsense", "UTC")), new Date().toISOString().slice(0, 10));
});
