/** Small choices that this browser remembers, such as the theme or a filter. */

import { useCallback, useSyncExternalStore } from "react";

const watchers = new Set<() => void>();

function watch(watcher: () => void): () => void {
  watchers.add(watcher);
  window.addEventListener("storage", watcher);
  return () => {
    watchers.delete(watcher);
    window.removeEventListener("storage", watcher);
  };
}

/** Return the remembered value of `key` (`initial` while there is none) and a function that sets it. */
export function useStored<T extends string>(key: string, initial: T): [T, (value: T) => void] {
  const name = `mediaposter.${key}`;
  const value = useSyncExternalStore(
    watch,
    () => (localStorage.getItem(name) as T | null) ?? initial,
    () => initial,
  );
  const set = useCallback(
    (next: T) => {
      localStorage.setItem(name, next);
      for (const one of watchers) one();
    },
    [name],
  );
  return [value, set];
}
