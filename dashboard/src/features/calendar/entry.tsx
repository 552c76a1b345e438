"use client";

import { useDraggable } from "@dnd-kit/core";
import clsx from "clsx";
import { MessageSquare, TriangleAlert } from "lucide-react";
import { timeOfDay } from "@/lib/format";
import { ChannelMark } from "@/ui/channel";
import { outcomeTone, outcomeWord } from "@/ui/states";
import type { Entry } from "./days";

const EDGES = {
  plain: "border-l-soft",
  good: "border-l-good",
  warn: "border-l-warn",
  bad: "border-l-bad",
  odd: "border-l-odd",
  info: "border-l-info",
  accent: "border-l-accent",
};

export const stateWord = (entry: Entry): string => (entry.state ? outcomeWord(entry.state) : "To be written");

/** One entry as a small button; what was not sent can be dragged to another day or hour. */
export function EntryChip({
  entry,
  zone,
  onOpen,
}: {
  entry: Entry;
  zone: string;
  onOpen: (entry: Entry) => void;
}) {
  const { setNodeRef, listeners, transform, isDragging } = useDraggable({
    id: entry.id,
    data: entry,
    disabled: !entry.movable,
  });
  return (
    <button
      ref={setNodeRef}
      type="button"
      onClick={() => onOpen(entry)}
      {...listeners}
      onKeyDown={undefined}
      style={transform ? { transform: `translate(${transform.x}px, ${transform.y}px)` } : undefined}
      className={clsx(
        "relative flex h-6 w-full min-w-0 items-center gap-1 rounded-md border-l-3 bg-raised pr-1 pl-1.5 text-left text-xs transition-colors hover:bg-line",
        entry.kind === "tweet" && entry.state === null && "border-dashed",
        EDGES[entry.state ? outcomeTone(entry.state) : "plain"],
        entry.movable && "cursor-grab touch-none",
        isDragging && "z-30 cursor-grabbing shadow-float",
      )}
    >
      <span className="nums shrink-0 text-soft">{timeOfDay(entry.at, zone)}</span>
      <span className="min-w-0 flex-1 truncate">{entry.title}</span>
      {entry.clashes.length > 0 && (
        <TriangleAlert aria-label="too close to another" className="size-3.5 shrink-0 text-warn" />
      )}
      {entry.kind === "tweet" ? (
        <MessageSquare aria-label="tweet" className="size-3 shrink-0 text-soft" />
      ) : null}
      <span className="sr-only">
        , {stateWord(entry)}, {entry.account.channel} {entry.account.handle}
      </span>
      <span className="hidden shrink-0 2xl:inline">
        <ChannelMark channel={entry.account.channel} />
      </span>
    </button>
  );
}
