"use client";

import { useWindowVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, useEffect, useRef } from "react";

/**
 * A list of any length of which only what is in sight is in the page. Rows may differ in height. `onEnd` is called
 * when its last rows come into sight: ask for more there.
 */
export function VirtualList<T>({
  label,
  items,
  keyOf,
  estimate,
  children,
  onEnd,
}: {
  label: string;
  items: readonly T[];
  keyOf: (item: T) => string;
  estimate: number;
  children: (item: T, index: number) => ReactNode;
  onEnd?: () => void;
}) {
  const ref = useRef<HTMLUListElement>(null);
  const rows = useWindowVirtualizer({
    count: items.length,
    estimateSize: () => estimate,
    overscan: 8,
    scrollMargin: ref.current?.offsetTop ?? 0,
    getItemKey: (index) => keyOf(items[index] as T),
  });
  const shown = rows.getVirtualItems();
  const lastShown = shown.at(-1)?.index ?? 0;
  useEffect(() => {
    if (items.length > 0 && lastShown >= items.length - 10) onEnd?.();
  }, [items.length, lastShown, onEnd]);
  return (
    <ul ref={ref} aria-label={label} className="relative" style={{ height: rows.getTotalSize() }}>
      {shown.map((row) => (
        <li
          key={row.key}
          ref={rows.measureElement}
          data-index={row.index}
          aria-setsize={items.length}
          aria-posinset={row.index + 1}
          className="absolute inset-x-0 top-0"
          style={{ transform: `translateY(${row.start - rows.options.scrollMargin}px)` }}
        >
          {children(items[row.index] as T, row.index)}
        </li>
      ))}
    </ul>
  );
}
