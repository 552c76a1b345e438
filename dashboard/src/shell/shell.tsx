"use client";

import { useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useEffect, useState, useSyncExternalStore } from "react";
import { keepLive } from "@/api/live";
import { Loading } from "@/ui/feedback";
import { Banner } from "./banner";
import { Foot, Side } from "./menu";
import { Palette } from "./palette";
import { useShortcuts } from "./shortcuts";
import { TopBar } from "./top-bar";

const never = () => () => undefined;

/** What stands around every page once somebody is logged in. It holds the stream of events. */
export function Shell({ children }: { children: ReactNode }) {
  const client = useQueryClient();
  // A page is drawn in the browser only: React takes over the exported one piece by piece, and an answer that came
  // for one piece would make the next one differ from what was exported.
  const inBrowser = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  const [palette, setPalette] = useState<"search" | "keys" | null>(null);
  useEffect(() => keepLive(client), [client]);
  useShortcuts(setPalette);
  return (
    <div className="flex min-h-dvh">
      <a
        href="#content"
        className="sr-only rounded-lg bg-surface px-3 py-2 focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50"
      >
        Skip to the content
      </a>
      <Side />
      <div className="flex min-w-0 flex-1 flex-col pb-16 lg:pb-0">
        <TopBar onSearch={() => setPalette("search")} />
        <Banner />
        <main
          id="content"
          tabIndex={-1}
          className="mx-auto w-full max-w-[112rem] flex-1 px-3 py-4 outline-none sm:px-5 lg:px-7"
        >
          {inBrowser ? children : <Loading />}
        </main>
      </div>
      <Foot />
      <Palette shown={palette} onClose={() => setPalette(null)} />
    </div>
  );
}

/** The head of a page: its name, a sentence, and what can be done there. */
export function PageHead({
  title,
  note,
  children,
}: {
  title: string;
  note?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className="mb-4 flex flex-wrap items-end gap-x-4 gap-y-2">
      <div className="min-w-0 flex-1">
        <h1 className="truncate text-xl font-semibold tracking-tight">{title}</h1>
        {note && <p className="mt-0.5 text-soft">{note}</p>}
      </div>
      {children && <div className="flex flex-wrap items-center gap-2">{children}</div>}
    </div>
  );
}
