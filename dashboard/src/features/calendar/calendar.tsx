"use client";

import { keepPreviousData, useQueryClient } from "@tanstack/react-query";
import { addDays, startOfDay } from "date-fns";
import { ChevronLeft, ChevronRight } from "lucide-react";
import { useMemo, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { ownZone } from "@/lib/format";
import { useQueryParam } from "@/lib/query";
import { useStored } from "@/lib/stored";
import { PageHead } from "@/shell/shell";
import { Button, IconButton } from "@/ui/button";
import { Card } from "@/ui/card";
import { Loading, ProblemNote } from "@/ui/feedback";
import { Checkbox, Segmented, Select } from "@/ui/field";
import { tellProblem } from "@/ui/toast";
import { useMove } from "../posts/move";
import { byDay, dayOf, daysOf, type Entry, keyOf, movedTo, nameOf, turned, type View } from "./days";
import { EntryDialog } from "./entry-dialog";
import { ListView } from "./list-view";
import { MonthView } from "./month-view";
import { WeekView } from "./week-view";

export type Drop = (entry: Entry, day: string, hour: number | null) => void;

/** What went and goes out, by month, week or list. What was not sent yet can be moved. */
export function Calendar() {
  const [viewName, setView] = useQueryParam("view");
  const [at, setAt] = useQueryParam("at");
  const [account, setAccount] = useQueryParam("account");
  const [channel, setChannel] = useQueryParam("channel");
  const [zoneChoice, setZoneChoice] = useStored<"own" | "machine">("calendar-zone", "own");
  const [gaps, setGaps] = useStored<"shown" | "hidden">("calendar-gaps", "hidden");
  const [opened, setOpened] = useState<Entry | null>(null);
  const machineZone = api.useQuery("get", "/api/session").data?.time_zone ?? "UTC";
  const zone = zoneChoice === "own" ? ownZone() : machineZone;
  const view: View = viewName === "week" || viewName === "list" ? viewName : "month";
  const day = dayOf(at, zone);
  const days = daysOf(view, day);
  const query = {
    start: startOfDay(days[0] ?? day).toISOString(),
    end: addDays(days.at(-1) ?? day, 1).toISOString(),
    ...(account && { account }),
    ...(channel && { channel }),
  };
  const utc = {
    ...query,
    start: new Date(query.start).toISOString(),
    end: new Date(query.end).toISOString(),
  };
  const calendar = api.useQuery(
    "get",
    "/api/overview/calendar",
    { params: { query: utc } },
    { placeholderData: keepPreviousData },
  );
  const found = useMemo(() => byDay(calendar.data?.entries ?? [], zone), [calendar.data, zone]);
  const drop = useDrop(zone);
  const shared = { days, found, zone, onOpen: setOpened, onDrop: drop };
  return (
    <>
      <PageHead
        title="Calendar"
        note={<Zones choice={zoneChoice} machine={machineZone} onChoose={setZoneChoice} />}
      >
        <Filters account={account} channel={channel} setAccount={setAccount} setChannel={setChannel} />
        <Segmented
          label="View"
          value={view}
          onChange={(value) => setView(value === "month" ? null : value)}
          options={[
            ["month", "Month"],
            ["week", "Week"],
            ["list", "List"],
          ]}
        />
      </PageHead>
      <Card flush>
        <div className="flex flex-wrap items-center gap-2 px-3 py-2.5">
          <IconButton
            label="Before"
            icon={<ChevronLeft aria-hidden className="size-5" />}
            onClick={() => setAt(keyOf(turned(view, day, -1)))}
          />
          <IconButton
            label="After"
            icon={<ChevronRight aria-hidden className="size-5" />}
            onClick={() => setAt(keyOf(turned(view, day, 1)))}
          />
          <h2 aria-live="polite" className="min-w-0 truncate px-1 text-base font-semibold">
            {nameOf(view, days, day)}
          </h2>
          <Button size="small" onClick={() => setAt(null)}>
            Today
          </Button>
          <div className="ml-auto flex items-center gap-4">
            {calendar.data?.truncated && <span className="text-warn">Only the first 2,000 are shown.</span>}
            <Checkbox
              label="Free times"
              checked={gaps === "shown"}
              onChange={(event) => setGaps(event.target.checked ? "shown" : "hidden")}
            />
          </div>
        </div>
        {calendar.error && !calendar.data ? (
          <ProblemNote error={calendar.error} onRetry={() => void calendar.refetch()} className="m-4" />
        ) : calendar.isPending ? (
          <Loading lines={10} className="p-4" />
        ) : view === "month" ? (
          <MonthView
            {...shared}
            month={day.getMonth()}
            free={gaps === "shown" ? (calendar.data?.free_slots ?? []) : []}
            onDay={(key) => setAt(key)}
            onView={() => setView("list")}
          />
        ) : view === "week" ? (
          <WeekView {...shared} free={gaps === "shown" ? (calendar.data?.free_slots ?? []) : []} />
        ) : (
          <ListView {...shared} />
        )}
      </Card>
      <EntryDialog entry={opened} zone={zone} onClose={() => setOpened(null)} />
    </>
  );
}

/** Put an entry elsewhere: shown at once, and put back when the server does not agree. */
function useDrop(zone: string): Drop {
  const client = useQueryClient();
  const { move } = useMove();
  return (entry, day, hour) => {
    const to = movedTo(entry, day, hour, zone);
    if (!entry.publication_id || to.getTime() === new Date(entry.at).getTime()) return;
    if (to <= new Date()) {
      tellProblem({
        code: "PAST",
        detail: "That moment has passed.",
        fix: "Choose a later one, or publish it now.",
      });
      return;
    }
    client.setQueriesData<Schemas["CalendarRead"]>(
      { queryKey: ["get", "/api/overview/calendar"] },
      (known) =>
        known && {
          ...known,
          entries: known.entries.map((one) =>
            one.id === entry.id ? { ...one, at: to.toISOString(), clashes: [] } : one,
          ),
        },
    );
    move(entry.publication_id, entry.at, to);
  };
}

function Zones({
  choice,
  machine,
  onChoose,
}: {
  choice: "own" | "machine";
  machine: string;
  onChoose: (choice: "own" | "machine") => void;
}) {
  if (machine === ownZone()) return <>Times of {machine}.</>;
  return (
    <span className="inline-flex flex-wrap items-center gap-2">
      Times of
      <Select
        aria-label="Time zone"
        className="h-7! w-auto! py-0 text-[0.8125rem]!"
        value={choice}
        onChange={(event) => onChoose(event.target.value as "own" | "machine")}
      >
        <option value="own">{ownZone()} (this browser)</option>
        <option value="machine">{machine} (the machine)</option>
      </Select>
    </span>
  );
}

type FilterProps = {
  account: string | null;
  channel: string | null;
  setAccount: (value: string | null) => void;
  setChannel: (value: string | null) => void;
};

function Filters({ account, channel, setAccount, setChannel }: FilterProps) {
  const accounts = api.useQuery("get", "/api/accounts").data ?? [];
  return (
    <>
      <Select
        aria-label="Channel"
        className="w-36!"
        value={channel ?? ""}
        onChange={(event) => setChannel(event.target.value || null)}
      >
        <option value="">Every channel</option>
        {[...new Set(accounts.map((one) => one.channel))].sort().map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
      <Select
        aria-label="Account"
        className="w-44!"
        value={account ?? ""}
        onChange={(event) => setAccount(event.target.value || null)}
      >
        <option value="">Every account</option>
        {accounts
          .filter((one) => !channel || one.channel === channel)
          .map((one) => (
            <option key={one.id} value={one.id}>
              {one.channel}: {one.name}
            </option>
          ))}
      </Select>
    </>
  );
}
