"use client";

import { TZDate } from "@date-fns/tz";
import { DndContext, PointerSensor, useDroppable, useSensor, useSensors } from "@dnd-kit/core";
import clsx from "clsx";
import { format, isToday } from "date-fns";
import type { Schemas } from "@/api/client";
import { timeOfDay } from "@/lib/format";
import type { Drop } from "./calendar";
import { type Entry, hourOf, keyOf } from "./days";
import { EntryChip } from "./entry";

const HOURS = Array.from({ length: 24 }, (_, hour) => hour);

type Week = {
  days: readonly TZDate[];
  found: ReadonlyMap<string, readonly Entry[]>;
  free: readonly Schemas["FreeSlot"][];
  zone: string;
  onOpen: (entry: Entry) => void;
  onDrop: Drop;
};

/** A week, a row for each hour. An entry dragged to another cell keeps its minutes. */
export function WeekView({ days, found, free, zone, onOpen, onDrop }: Week) {
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 6 } }));
  return (
    <DndContext
      sensors={sensors}
      onDragEnd={({ active, over }) => {
        const [day, hour] = String(over?.id ?? "").split(" ");
        if (day && hour) onDrop(active.data.current as Entry, day, Number(hour));
      }}
    >
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
      <section tabIndex={0} aria-label="Hours of the week" className="overflow-x-auto border-t border-line">
        <table className="w-full min-w-3xl table-fixed border-collapse">
          <thead>
            <tr>
              <th scope="col" className="w-14">
                <span className="sr-only">Hour</span>
              </th>
              {days.map((day) => (
                <th
                  key={keyOf(day)}
                  scope="col"
                  className={clsx(
                    "px-2 py-1.5 text-left text-[0.8125rem] font-medium",
                    isToday(day) ? "text-accent" : "text-soft",
                  )}
                >
                  {format(day, "EEE d MMM")}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {HOURS.map((hour) => (
              <tr key={hour}>
                <th
                  scope="row"
                  className="nums border-t border-line px-2 py-1 text-right align-top text-xs font-normal text-soft"
                >
                  {String(hour).padStart(2, "0")}:00
                </th>
                {days.map((day) => (
                  <Cell key={keyOf(day)} id={`${keyOf(day)} ${hour}`}>
                    {(found.get(keyOf(day)) ?? [])
                      .filter((entry) => hourOf(entry, zone) === hour)
                      .map((entry) => (
                        <EntryChip key={entry.id} entry={entry} zone={zone} onOpen={onOpen} />
                      ))}
                    {free
                      .filter((slot) => isIn(slot.at, day, hour, zone))
                      .map((slot) => (
                        <p
                          key={slot.at}
                          className="truncate rounded-md border border-dashed border-line-strong px-1.5 text-xs text-soft"
                        >
                          {timeOfDay(slot.at, zone)} free on {slot.account_ids.length}
                        </p>
                      ))}
                  </Cell>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </DndContext>
  );
}

function isIn(at: string, day: TZDate, hour: number, zone: string): boolean {
  const moment = new TZDate(at, zone);
  return keyOf(moment) === keyOf(day) && moment.getHours() === hour;
}

function Cell({ id, children }: { id: string; children: React.ReactNode }) {
  const { setNodeRef, isOver } = useDroppable({ id });
  return (
    <td
      ref={setNodeRef}
      className={clsx("h-8 border-t border-l border-line p-0.5 align-top", isOver && "bg-accent-soft")}
    >
      <div className="space-y-0.5">{children}</div>
    </td>
  );
}
