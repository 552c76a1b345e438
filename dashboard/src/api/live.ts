/**
 * What happens, as it happens. One tab of a browser holds the stream of events and tells the others: browsers open
 * only six connections to a server, and each stream holds one.
 */

import type { QueryClient } from "@tanstack/react-query";
import { useEffect, useSyncExternalStore } from "react";
import type { Schemas } from "./client";
import { concernedPaths } from "./topics";

export type LiveEvent = {
  id: string;
  topic: string;
  subject: string;
  data: Record<string, unknown>;
  created_at: string;
};

type Told = { kind: "event"; event: LiveEvent } | { kind: "state"; open: boolean };

const LOCK = "mediaposter-events";
const AGAIN_MS = 250; // between two looks at the same thing: a running stage tells of itself twice a second
const REOPEN_MS = 2000;

const listeners = new Set<(event: LiveEvent) => void>();
const watchers = new Set<() => void>();
let open: boolean | null = null;

/** Say whether events come in: true, false, or null while that is not known yet. */
export function useLiveState(): boolean | null {
  return useSyncExternalStore(
    (watch) => {
      watchers.add(watch);
      return () => watchers.delete(watch);
    },
    () => open,
    () => null,
  );
}

/** Call `handle` with each event from now on. */
export function useLiveEvents(handle: (event: LiveEvent) => void): void {
  useEffect(() => {
    listeners.add(handle);
    return () => void listeners.delete(handle);
  }, [handle]);
}

/** Keep the answers in `client` as new as the events say, until the returned function is called. */
export function keepLive(client: QueryClient): () => void {
  const renew = renewer(client);
  const stop = listen((told) => {
    if (told.kind === "state") {
      const back = told.open && open === false;
      setOpen(told.open);
      if (back) void client.invalidateQueries(); // what was told meanwhile is lost: look at everything
      return;
    }
    patchProgress(client, told.event);
    for (const path of concernedPaths(told.event.topic)) renew(path);
    for (const listener of listeners) listener(told.event);
  });
  return stop;
}

function setOpen(state: boolean): void {
  open = state;
  for (const watch of watchers) watch();
}

/** Return a function that lets the answers of a path be asked for again: at once, then at most every 250 ms. */
function renewer(client: QueryClient): (path: string) => void {
  const waiting = new Map<string, boolean>();
  const renew = (path: string) => {
    if (waiting.has(path)) {
      waiting.set(path, true);
      return;
    }
    waiting.set(path, false);
    void client.invalidateQueries({ predicate: ({ queryKey }) => String(queryKey[1]).startsWith(path) });
    setTimeout(() => {
      const again = waiting.get(path);
      waiting.delete(path);
      if (again) renew(path);
    }, AGAIN_MS);
  };
  return renew;
}

/** Show a stage's progress from the event itself: no question to the server is quicker. */
function patchProgress(client: QueryClient, event: LiveEvent): void {
  if (event.topic !== "pipeline.stage.progressed") return;
  const patch = (run: Schemas["RunRead"]): Schemas["RunRead"] =>
    run.id !== event.subject
      ? run
      : {
          ...run,
          stages: run.stages.map((stage) =>
            stage.name === event.data.stage && stage.state === "running"
              ? {
                  ...stage,
                  progress: Number(event.data.progress ?? stage.progress),
                  message: String(event.data.message ?? stage.message),
                }
              : stage,
          ),
        };
  client.setQueriesData<Schemas["RunRead"] | Schemas["RunRead"][]>(
    { predicate: ({ queryKey }) => String(queryKey[1]).startsWith("/api/pipeline/runs") },
    (found) => (Array.isArray(found) ? found.map(patch) : found?.stages ? patch(found) : found),
  );
}

function listen(tell: (told: Told) => void): () => void {
  if (!("locks" in navigator) || !("BroadcastChannel" in window)) return openStream(tell); // not a secure page
  const channel = new BroadcastChannel(LOCK);
  const ending = new AbortController();
  channel.onmessage = ({ data }: MessageEvent<Told | { kind: "who" }>) => {
    if (data.kind !== "who") tell(data);
    else if (leading && open !== null) channel.postMessage({ kind: "state", open } satisfies Told);
  };
  let leading = false;
  channel.postMessage({ kind: "who" });
  navigator.locks
    .request(LOCK, { signal: ending.signal }, async () => {
      leading = true;
      const close = openStream((told) => {
        tell(told);
        channel.postMessage(told);
      });
      await new Promise<void>((done) => ending.signal.addEventListener("abort", () => done()));
      close();
    })
    .catch(() => undefined); // the page was left while it waited for the lock
  return () => {
    ending.abort();
    channel.close();
  };
}

function openStream(tell: (told: Told) => void): () => void {
  let source: EventSource;
  let reopening: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    source = new EventSource("/api/events?unnamed=true");
    source.onopen = () => tell({ kind: "state", open: true });
    source.onmessage = ({ data }: MessageEvent<string>) => tell({ kind: "event", event: JSON.parse(data) });
    source.onerror = () => {
      tell({ kind: "state", open: false });
      if (source.readyState === EventSource.CLOSED) reopening = setTimeout(begin, REOPEN_MS);
    };
  };
  begin();
  return () => {
    clearTimeout(reopening);
    source.close();
  };
}
