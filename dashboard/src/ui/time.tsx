"use client";

import { dayAndTime, duration, fromNow, inFull, timeOfDay } from "@/lib/format";
import { useSaid } from "@/lib/now";

type How = "relative" | "time" | "moment";

/** A moment: how far off it is, its time, or its day and time. In full, with the zone, on hover. */
export function Time({ at, how = "relative", zone }: { at: string; how?: How; zone?: string }) {
  return (
    <time dateTime={at} title={inFull(at, zone)} className="nums whitespace-nowrap">
      {how === "relative" ? (
        <Relative at={at} />
      ) : how === "time" ? (
        timeOfDay(at, zone)
      ) : (
        dayAndTime(at, zone)
      )}
    </time>
  );
}

function Relative({ at }: { at: string }) {
  return useSaid((now) => fromNow(at, now));
}

/** How long it is until a moment, to the second once it is near. Not read aloud each second. */
export function Countdown({ to }: { to: string }) {
  const left = useSaid((now) => {
    const seconds = Math.max(0, (new Date(to).getTime() - now) / 1000);
    return seconds < 3600 ? minutesAndSeconds(seconds) : duration(seconds);
  });
  return (
    <span role="timer" aria-live="off" className="nums whitespace-nowrap" title={inFull(to)}>
      {left}
    </span>
  );
}

/** How long something has been going on, or took. */
export function Took({ from, until }: { from: string; until: string | null }) {
  return until ? (
    <span className="nums">{duration((new Date(until).getTime() - new Date(from).getTime()) / 1000)}</span>
  ) : (
    <Running from={from} />
  );
}

function Running({ from }: { from: string }) {
  const soFar = useSaid((now) => duration(Math.max(0, Math.round((now - new Date(from).getTime()) / 1000))));
  return <span className="nums">{soFar}</span>;
}

function minutesAndSeconds(seconds: number): string {
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
