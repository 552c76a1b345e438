import assert from "node:assert/strict";
import { test } from "node:test";
import { clock, duration, fromNow, money, moneyOfMicros } from "./format";

test("money has the digits of its currency", () => {
  assert.match(money(1999, "USD"), /19\.99/);
  assert.match(money(1999, "JPY"), /1,999/);
});

test("a price of less than a cent is not shown as nothing", () => {
  assert.match(moneyOfMicros(1500, "USD"), /0\.0015/);
});

test("what is not known is a dash, not a zero", () => {
  assert.deepEqual([money(null), moneyOfMicros(undefined)], ["–", "–"]);
});

test("lengths read like those of a clock", () => {
  assert.deepEqual([7, 750, 3723].map(clock), ["0:07", "12:30", "1:02:03"]);
  assert.deepEqual([0.44, 12, 200, 7500].map(duration), ["0.4 s", "12 s", "3 min", "2 h 5 min"]);
});

test("a moment says how far off it is", () => {
  const now = Date.UTC(2026, 5, 10, 12);
  const after = (seconds: number) => fromNow(new Date(now + seconds * 1000), now);
  assert.deepEqual([5, -5, 300, -7200, 86400 * 3].map(after), [
    "in a moment",
    "just now",
    "in 5 minutes",
    "2 hours ago",
    "in 3 days",
  ]);
});
