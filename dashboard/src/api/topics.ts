/** Which answers of the API an event makes old. The one place that knows it. */

const AGENDA = "/api/overview/agenda";
const ATTENTION = "/api/overview/attention";
const TODAY = "/api/overview/today";
const CALENDAR = "/api/overview/calendar";
const RUNS = "/api/pipeline/runs";

/** The first beginning that fits counts. */
const CONCERNS: readonly (readonly [topic: string, paths: readonly string[]])[] = [
  ["pipeline.stage.progressed", []], // the event itself says all: see patchProgress
  ["pipeline.stage.", [RUNS]],
  ["pipeline.", [RUNS, ATTENTION, TODAY]],
  ["generation.", [RUNS, "/api/generation"]],
  ["post.", ["/api/posts", CALENDAR]],
  ["publication.", ["/api/publications", "/api/posts", "/api/accounts", AGENDA, ATTENTION, TODAY, CALENDAR]],
  ["publishing.", ["/api/publishing", ATTENTION]],
  ["site.", ["/api/posts"]],
  ["account.", ["/api/accounts", ATTENTION, CALENDAR]],
  ["browser.", [ATTENTION]],
  ["campaign.", ["/api/campaigns", AGENDA, CALENDAR]],
  ["tweet.", ["/api/campaigns", AGENDA, CALENDAR, TODAY]],
  ["offer.", ["/api/offers", "/api/traffic"]],
  ["link.", ["/api/offers", "/api/traffic", TODAY]],
  ["conversion.", ["/api/offers", "/api/traffic", TODAY]],
  ["metrics.", ["/api/metrics", "/api/learning", TODAY, AGENDA]],
  ["learning.", ["/api/learning"]],
  ["power.", ["/api/sleep", AGENDA]],
  ["webhook.", ["/api/webhooks"]],
];

/** Return the beginnings of the paths whose answers are old after an event of `topic`. */
export function concernedPaths(topic: string): readonly string[] {
  return CONCERNS.find(([beginning]) => topic.startsWith(beginning))?.[1] ?? [];
}
