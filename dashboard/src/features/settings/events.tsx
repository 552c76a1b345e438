"use client";

import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { ScrollText } from "lucide-react";
import { useCallback } from "react";
import { http } from "@/api/client";
import { useLiveEvents } from "@/api/live";
import { useQueryParam } from "@/lib/query";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Empty, Loading, ProblemNote } from "@/ui/feedback";
import { Select } from "@/ui/field";
import { Time } from "@/ui/time";
import { VirtualList } from "@/ui/virtual-list";

const PAGE = 100;
const ROOMS = [
  "pipeline",
  "publication",
  "account",
  "publishing",
  "campaign",
  "tweet",
  "link",
  "conversion",
  "metrics",
  "learning",
  "power",
  "webhook",
];

/** Everything that has happened, the newest first, as it happens. */
export function Events() {
  const [room, setRoom] = useQueryParam("topic");
  const topic = room ? `${room}.*` : "*";
  const client = useQueryClient();
  const events = useInfiniteQuery({
    queryKey: ["get", "/api/events/log", "pages", topic],
    initialPageParam: null as number | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = { topic, limit: PAGE, ...(pageParam !== null && { before: pageParam }) };
      const { data, error } = await http.GET("/api/events/log", { params: { query }, signal });
      if (!data) throw error;
      return data;
    },
    getNextPageParam: (last) => (last.length === PAGE ? (last.at(-1)?.sequence ?? null) : null),
  });
  useLiveEvents(
    useCallback(
      ({ topic: happened }) => {
        if (!room || happened.startsWith(`${room}.`))
          void client.invalidateQueries({ queryKey: ["get", "/api/events/log", "pages", topic] });
      },
      [client, room, topic],
    ),
  );
  const rows = events.data?.pages.flat() ?? [];
  return (
    <Card
      title="What has happened"
      actions={
        <Select
          aria-label="About"
          className="w-44!"
          value={room ?? ""}
          onChange={(event) => setRoom(event.target.value || null)}
        >
          <option value="">Everything</option>
          {ROOMS.map((one) => (
            <option key={one}>{one}</option>
          ))}
        </Select>
      }
      flush
    >
      {events.error && rows.length === 0 ? (
        <ProblemNote error={events.error} className="m-4" />
      ) : events.isPending ? (
        <Loading className="p-4" lines={8} />
      ) : rows.length === 0 ? (
        <Empty icon={<ScrollText className="size-5" />} title="Nothing yet">
          Runs, publications, clicks and wake-ups are written down here.
        </Empty>
      ) : (
        <VirtualList
          label="Events"
          items={rows}
          keyOf={(event) => event.id}
          estimate={41}
          onEnd={() => events.hasNextPage && !events.isFetchingNextPage && void events.fetchNextPage()}
        >
          {(event) => (
            <details className="border-t border-line px-4 py-2">
              <summary className="flex items-center gap-3">
                <span className="w-40 shrink-0 text-[0.8125rem] text-soft">
                  <Time at={event.created_at} how="moment" />
                </span>
                <span className="min-w-0 flex-1 truncate font-medium">{event.topic}</span>
                <span className="hidden truncate text-[0.8125rem] text-soft sm:block">{event.subject}</span>
              </summary>
              {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
              <pre tabIndex={0} className="mt-2 max-h-60 overflow-auto rounded-lg bg-raised p-2.5 text-xs">
                {JSON.stringify({ subject: event.subject, ...event.data }, null, 2)}
              </pre>
            </details>
          )}
        </VirtualList>
      )}
      {events.hasNextPage && (
        <div className="border-t border-line p-2 text-center">
          <Button
            size="small"
            look="ghost"
            busy={events.isFetchingNextPage}
            onClick={() => void events.fetchNextPage()}
          >
            More
          </Button>
        </div>
      )}
    </Card>
  );
}
