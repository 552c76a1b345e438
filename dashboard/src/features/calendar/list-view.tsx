"use client";

import type { TZDate } from "@date-fns/tz";
import { format } from "date-fns";
import { CalendarDays } from "lucide-react";
import { timeOfDay } from "@/lib/format";
import { Badge } from "@/ui/badge";
import { ButtonLink } from "@/ui/button";
import { AccountName } from "@/ui/channel";
import { Empty } from "@/ui/feedback";
import { OutcomeBadge } from "@/ui/states";
import { VirtualList } from "@/ui/virtual-list";
import { type Entry, keyOf } from "./days";

type List = {
  days: readonly TZDate[];
  found: ReadonlyMap<string, readonly Entry[]>;
  zone: string;
  onOpen: (entry: Entry) => void;
};

type Line = { day: TZDate; entry: Entry; first: boolean };

/** A month from a day on, line by line. */
export function ListView({ days, found, zone, onOpen }: List) {
  const lines: Line[] = days.flatMap((day) =>
    (found.get(keyOf(day)) ?? []).map((entry, at) => ({ day, entry, first: at === 0 })),
  );
  if (lines.length === 0)
    return (
      <Empty
        icon={<CalendarDays className="size-5" />}
        title="Nothing here"
        action={<ButtonLink href="/new/">Start a run</ButtonLink>}
      >
        Posts and tweets stand here by their day, those that went out and those that will.
      </Empty>
    );
  return (
    <VirtualList label="Entries" items={lines} keyOf={({ entry }) => entry.id} estimate={45}>
      {({ day, entry, first }) => (
        <>
          {first && (
            <h3 className="border-t border-line bg-raised/60 px-4 py-1.5 text-xs font-medium text-soft">
              {format(day, "EEEE d MMMM")}
            </h3>
          )}
          <button
            type="button"
            onClick={() => onOpen(entry)}
            className="flex min-h-11 w-full items-center gap-3 border-t border-line px-4 text-left transition hover:bg-raised/60"
          >
            <span className="nums w-16 shrink-0 text-[0.8125rem] text-soft">{timeOfDay(entry.at, zone)}</span>
            <span className="min-w-0 flex-1 truncate">{entry.title}</span>
            {entry.clashes.length > 0 && <Badge tone="warn">too close</Badge>}
            <span className="hidden w-44 min-w-0 text-[0.8125rem] text-soft md:block">
              <AccountName {...entry.account} />
            </span>
            {entry.state ? <OutcomeBadge outcome={entry.state} /> : <Badge>To be written</Badge>}
          </button>
        </>
      )}
    </VirtualList>
  );
}
