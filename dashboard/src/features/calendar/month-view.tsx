"use client";

import type { TZDate } from "@date-fns/tz";
import { DndContext, PointerSensor, useDroppable, useSensor, useSensors } from "@dnd-kit/core";
import clsx from "clsx";
import { format, isToday } from "date-fns";
import type { Schemas } from "@/api/client";
import { timeOfDay } from "@/lib/format";
import type { Drop } from "./calendar";
import { type Entry, keyOf } from "./days";
import { EntryChip } from "./entry";

const SHOWN = 4;
const WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];

type Month = {
  days: readonly TZDate[];
  month: number;
  found: ReadonlyMap<string, readonly Entry[]>;
  free: readonly Schemas["FreeSlot"][];
  zone: string;
  onOpen: (entry: Entry) => void;
  onDrop: Drop;
  onDay: (key: string) => void;
  onView: () => void;
};

/** A month as a grid of days. An entry dragged to another day keeps its time. */
export function MonthView({ days, month, found, free, zone, onOpen, onDrop, onDay, onView }: Month) {
  const sensors = useSensors(useSensor(PointerSensor, { activationConstraint: { distance: 6 } }));
  return (
    <DndContext
      sensors={sensors}
      onDragEnd={({ active, over }) => over && onDrop(active.data.current as Entry, String(over.id), null)}
    >
      <div className="grid grid-cols-7 border-t border-line text-[0.8125rem] text-soft">
        {WEEKDAYS.map((name) => (
          <div key={name} className="truncate px-2 py-1.5 text-right font-medium">
            {name}
          </div>
        ))}
      </div>
      <ol aria-label="Days" className="grid grid-cols-7">
        {days.map((day) => {
          const key = keyOf(day);
          return (
            <Day key={key} day={day} faint={day.getMonth() !== month}>
              <div className="hidden space-y-1 sm:block">
                {(found.get(key) ?? []).slice(0, SHOWN).map((entry) => (
                  <EntryChip key={entry.id} entry={entry} zone={zone} onOpen={onOpen} />
                ))}
                {free
                  .filter((slot) => keyOf(day) === keyOf(inZoneOf(day, slot.at)))
                  .map((slot) => (
                    <p
                      key={slot.at}
                      className="truncate rounded-md border border-dashed border-line-strong px-1.5 text-xs text-soft"
                    >
                      {timeOfDay(slot.at, zone)} free on {slot.account_ids.length}
                    </p>
                  ))}
              </div>
              <More
                count={(found.get(key) ?? []).length}
                label={format(day, "d MMMM")}
                onOpen={() => {
                  onDay(key);
                  onView();
                }}
              />
            </Day>
          );
        })}
      </ol>
    </DndContext>
  );
}

/** A moment as a date of the zone of `day`. */
function inZoneOf(day: TZDate, at: string): Date {
  const moment = day.withTimeZone(day.timeZone ?? "UTC");
  moment.setTime(new Date(at).getTime());
  return moment;
}

function Day({ day, faint, children }: { day: TZDate; faint: boolean; children: React.ReactNode }) {
  const { setNodeRef, isOver } = useDroppable({ id: keyOf(day) });
  return (
    <li
      ref={setNodeRef}
      className={clsx(
        "min-h-16 min-w-0 border-t border-l border-line p-1 first:border-l-0 sm:min-h-32 [&:nth-child(7n+1)]:border-l-0",
        faint && "bg-bg",
        isOver && "bg-accent-soft",
      )}
    >
      <p className="mb-1 text-right">
        <time
          dateTime={keyOf(day)}
          className={clsx(
            "nums inline-flex size-6 items-center justify-center rounded-full text-[0.8125rem]",
            isToday(day) ? "bg-accent font-semibold text-accent-ink" : "text-soft",
          )}
        >
          {day.getDate()}
        </time>
      </p>
      {children}
    </li>
  );
}

function More({ count, label, onOpen }: { count: number; label: string; onOpen: () => void }) {
  if (count === 0) return null;
  return (
    <button
      type="button"
      onClick={onOpen}
      className={clsx(
        "mt-1 w-full rounded-md px-1.5 py-0.5 text-left text-xs font-medium text-soft hover:bg-raised hover:text-ink",
        count <= SHOWN && "sm:hidden",
      )}
    >
      <span className="hidden sm:inline">+{count - SHOWN} more</span>
      <span className="nums sm:hidden">{count}</span>
      <span className="sr-only"> on {label}</span>
    </button>
  );
}
