"use client";

import clsx from "clsx";
import { Ellipsis } from "lucide-react";
import { usePathname } from "next/navigation";
import { useState } from "react";
import { api } from "@/api/client";
import { Dialog } from "@/ui/dialog";
import Link from "@/ui/link";
import { AT_THE_FOOT, PLACES, type Place } from "./places";

/** How many things wait for a person; shown beside Home. */
function useWaiting(): number {
  return api.useQuery("get", "/api/overview/attention").data?.length ?? 0;
}

function useHere(): (place: Place) => boolean {
  const path = usePathname();
  return (place) => (place.href === "/" ? path === "/" : path.startsWith(place.href));
}

/** The menu at the left of a wide screen. */
export function Side() {
  const isHere = useHere();
  const waiting = useWaiting();
  return (
    <nav
      aria-label="Pages"
      className="sticky top-0 hidden h-dvh w-52 shrink-0 flex-col gap-0.5 border-r border-line bg-surface px-3 py-4 lg:flex"
    >
      <Link
        href="/"
        className="mb-4 flex items-center gap-2.5 px-2 text-[0.9375rem] font-semibold tracking-tight"
      >
        <Logo />
        MediaPoster
      </Link>
      {PLACES.map((place) => (
        <Link
          key={place.href}
          href={place.href}
          aria-current={isHere(place) ? "page" : undefined}
          className={clsx(
            "flex h-9 items-center gap-2.5 rounded-lg px-2.5 font-medium transition",
            isHere(place) ? "bg-accent-soft text-accent" : "text-soft hover:bg-raised hover:text-ink",
          )}
        >
          <place.icon aria-hidden className="size-4.5" />
          {place.word}
          {place.href === "/" && waiting > 0 && <Waiting count={waiting} />}
        </Link>
      ))}
    </nav>
  );
}

/** The menu at the foot of a phone. */
export function Foot() {
  const isHere = useHere();
  const waiting = useWaiting();
  const [more, setMore] = useState(false);
  const rest = PLACES.filter((place) => !AT_THE_FOOT.includes(place.href));
  return (
    <nav
      aria-label="Pages"
      className="fixed inset-x-0 bottom-0 z-30 flex border-t border-line bg-surface pb-[env(safe-area-inset-bottom)] lg:hidden"
    >
      {PLACES.filter((place) => AT_THE_FOOT.includes(place.href)).map((place) => (
        <FootLink
          key={place.href}
          place={place}
          here={isHere(place)}
          waiting={place.href === "/" ? waiting : 0}
        />
      ))}
      <button
        type="button"
        onClick={() => setMore(true)}
        className={clsx(FOOT, rest.some(isHere) ? "text-accent" : "text-soft")}
      >
        <Ellipsis aria-hidden className="size-5" />
        More
      </button>
      <Dialog open={more} title="Pages" size="small" onClose={() => setMore(false)}>
        <ul className="grid grid-cols-2 gap-2">
          {rest.map((place) => (
            <li key={place.href}>
              <Link
                href={place.href}
                onClick={() => setMore(false)}
                className="flex h-12 items-center gap-3 rounded-lg bg-raised px-3 font-medium"
              >
                <place.icon aria-hidden className="size-5" />
                {place.word}
              </Link>
            </li>
          ))}
        </ul>
      </Dialog>
    </nav>
  );
}

const FOOT =
  "relative flex h-14 min-w-0 flex-1 flex-col items-center justify-center gap-0.5 text-[0.6875rem] font-medium";

function FootLink({ place, here, waiting }: { place: Place; here: boolean; waiting: number }) {
  return (
    <Link
      href={place.href}
      aria-current={here ? "page" : undefined}
      className={clsx(FOOT, here ? "text-accent" : "text-soft")}
    >
      <place.icon aria-hidden className="size-5" />
      {place.word}
      {waiting > 0 && (
        <span className="absolute top-1 left-1/2 ml-2">
          <Waiting count={waiting} />
        </span>
      )}
    </Link>
  );
}

function Waiting({ count }: { count: number }) {
  return (
    <span className="nums ml-auto inline-flex h-4.5 min-w-4.5 items-center justify-center rounded-full bg-warn-soft px-1 text-[0.6875rem] font-semibold text-warn">
      {count > 99 ? "99+" : count}
      <span className="sr-only"> need you</span>
    </span>
  );
}

export function Logo() {
  return (
    <svg aria-hidden="true" viewBox="0 0 24 24" className="size-6 text-accent">
      <rect width="24" height="24" rx="6.5" fill="currentColor" />
      <path
        d="M7 17V8.2l5 5.3 5-5.3V17"
        fill="none"
        stroke="var(--accent-ink)"
        strokeWidth="2.3"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
