/** Days and hours of a zone, for the grids of the calendar. Pure. */

import { TZDate } from "@date-fns/tz";
import {
  addDays,
  addMonths,
  differenceInCalendarDays,
  endOfMonth,
  format,
  startOfDay,
  startOfMonth,
} from "date-fns";
import type { Schemas } from "@/api/client";

export type Entry = Schemas["EntryRead"];
export type View = "month" | "week" | "list";

const LISTED_DAYS = 31;

/** Read a day such as 2026-11-23 in a zone; today when it is none. */
export function dayOf(text: string | null, zone: string): TZDate {
  const [year, month, day] = (text ?? "").split("-").map(Number);
  return year && month && day ? new TZDate(year, month - 1, day, zone) : startOfDay(TZDate.tz(zone));
}

export const keyOf = (day: Date): string => format(day, "yyyy-MM-dd");

export const hourOf = (entry: Entry, zone: string): number => new TZDate(entry.at, zone).getHours();

/** The days that a view shows around a day. */
export function daysOf(view: View, day: TZDate): TZDate[] {
  if (view === "list") return daysFrom(day, LISTED_DAYS);
  if (view === "week") return daysFrom(mondayOf(day), 7);
  const first = mondayOf(startOfMonth(day));
  return daysFrom(first, Math.ceil((differenceInCalendarDays(endOfMonth(day), first) + 1) / 7) * 7);
}

const daysFrom = (first: TZDate, count: number): TZDate[] =>
  Array.from({ length: count }, (_, at) => addDays(first, at));

const mondayOf = (day: TZDate): TZDate => addDays(startOfDay(day), -((day.getDay() + 6) % 7));

/** The day from which the view before or after this one is shown. */
export function turned(view: View, day: TZDate, by: 1 | -1): TZDate {
  if (view === "month") return addMonths(startOfMonth(day), by);
  return addDays(day, by * (view === "week" ? 7 : LISTED_DAYS));
}

/** The name of what is shown: a month, or the first and the last day. */
export function nameOf(view: View, days: readonly TZDate[], day: TZDate): string {
  const [first, last] = [days[0] ?? day, days.at(-1) ?? day];
  return view === "month"
    ? format(day, "MMMM yyyy")
    : `${format(first, "d MMM")} to ${format(last, "d MMM yyyy")}`;
}

/** The entries of each day, by the day's key, in their order. */
export function byDay(entries: readonly Entry[], zone: string): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const entry of entries) {
    const key = keyOf(new TZDate(entry.at, zone));
    const some = found.get(key) ?? [];
    some.push(entry);
    found.set(key, some);
  }
  return found;
}

/** The moment of an entry that is put on another day, and another hour if one is given: its minutes stay. */
export function movedTo(entry: Entry, day: string, hour: number | null, zone: string): Date {
  const at = new TZDate(entry.at, zone);
  const to = dayOf(day, zone);
  return new Date(
    new TZDate(
      to.getFullYear(),
      to.getMonth(),
      to.getDate(),
      hour ?? at.getHours(),
      at.getMinutes(),
      zone,
    ).getTime(),
  );
}
