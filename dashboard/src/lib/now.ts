/** One clock for the whole page: it ticks each second, and only while somebody looks at it. */

import { useSyncExternalStore } from "react";

const watchers = new Set<() => void>();
let now = Date.now();
let ticking: ReturnType<typeof setInterval> | undefined;

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  ticking ??= setInterval(() => {
    now = Date.now();
    for (const one of watchers) one();
  }, 1000);
  return () => {
    watchers.delete(watcher);
    if (watchers.size === 0) {
      clearInterval(ticking);
      ticking = undefined;
    }
  };
}

/**
 * Return what `read` makes of the present moment in milliseconds. It is asked each second, and the page is drawn anew
 * only when it says something else: "3 hours ago" stays as it is for an hour.
 */
export function useSaid(read: (now: number) => string): string {
  return useSyncExternalStore(
    watch,
    () => read(ticking ? now : Math.floor(Date.now() / 1000) * 1000),
    () => read(0),
  );
}
