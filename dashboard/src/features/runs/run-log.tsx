"use client";

import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { api } from "@/api/client";
import { type LiveEvent, useLiveEvents } from "@/api/live";
import { timeOfDay } from "@/lib/format";
import { Card } from "@/ui/card";
import { Loaded } from "@/ui/feedback";

const LINES = 200;

/** What has happened to a run, the newest at the top, as it happens. */
export function RunLog({ id }: { id: string }) {
  const client = useQueryClient();
  const log = api.useQuery("get", "/api/events/log", { params: { query: { subject: id, limit: LINES } } });
  useLiveEvents(
    useCallback(
      (event: LiveEvent) => {
        if (event.subject === id && event.topic !== "pipeline.stage.progressed")
          void client.invalidateQueries({ queryKey: ["get", "/api/events/log"] });
      },
      [client, id],
    ),
  );
  return (
    <Card title="Log">
      <Loaded of={log}>
        {(events) => (
          // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
          <section tabIndex={0} aria-label="Log lines" className="max-h-80 overflow-y-auto">
            <ol className="space-y-1 text-[0.8125rem]">
              {events
                .filter((event) => event.topic !== "pipeline.stage.progressed")
                .map((event) => (
                  <li key={event.id} className="grid grid-cols-[auto_1fr] gap-x-3">
                    <time dateTime={event.created_at} className="nums text-soft">
                      {timeOfDay(event.created_at)}
                    </time>
                    <span className="[overflow-wrap:anywhere]">{inWords(event.topic, event.data)}</span>
                  </li>
                ))}
              {events.length === 0 && (
                <li className="text-soft">The events of this run are no longer kept.</li>
              )}
            </ol>
          </section>
        )}
      </Loaded>
    </Card>
  );
}

function inWords(topic: string, data: Record<string, unknown>): string {
  const what = topic.replace("pipeline.", "").replaceAll(".", " ");
  const more = [data.stage, data.message, data.detail].filter(Boolean).map(String).join(": ");
  return more ? `${what} · ${more}` : what;
}
