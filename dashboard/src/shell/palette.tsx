"use client";

import clsx from "clsx";
import { useRouter } from "next/navigation";
import { useId, useState } from "react";
import { api } from "@/api/client";
import { ChannelMark } from "@/ui/channel";
import { Dialog } from "@/ui/dialog";
import { Input } from "@/ui/field";
import { PLACES } from "./places";

type Goal = { href: string; word: string; kind: string; channel?: string };

/** Search over pages, accounts, runs and offers by a few letters; and the list of keys. */
export function Palette({ shown, onClose }: { shown: "search" | "keys" | null; onClose: () => void }) {
  return (
    <>
      <Dialog open={shown === "search"} title="Go to" size="medium" onClose={onClose}>
        <Finder onGo={onClose} />
      </Dialog>
      <Dialog open={shown === "keys"} title="Keys" size="small" onClose={onClose}>
        <Keys />
      </Dialog>
    </>
  );
}

function useGoals(): Goal[] {
  const accounts = api.useQuery("get", "/api/accounts").data ?? [];
  const runs = api.useQuery("get", "/api/pipeline/runs", { params: { query: { limit: 50 } } }).data ?? [];
  const offers = api.useQuery("get", "/api/offers").data ?? [];
  return [
    ...PLACES.map((place) => ({ href: place.href, word: place.word, kind: "Page" })),
    ...accounts.map((account) => ({
      href: `/accounts/?id=${account.id}`,
      word: account.name || account.handle,
      kind: "Account",
      channel: account.channel,
    })),
    ...runs.map((run) => ({
      href: `/runs/?id=${run.id}`,
      word: run.config.prompts?.[0] ?? run.config.clips?.[0] ?? run.id,
      kind: "Run",
    })),
    ...offers.map((offer) => ({ href: `/offers/?id=${offer.id}`, word: offer.name, kind: "Offer" })),
  ];
}

function Finder({ onGo }: { onGo: () => void }) {
  const router = useRouter();
  const listId = useId();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const wanted = text.trim().toLowerCase();
  const goals = useGoals();
  const found = goals
    .filter((goal) => `${goal.word} ${goal.kind}`.toLowerCase().includes(wanted))
    .slice(0, 12);
  const go = (goal: Goal | undefined) => {
    if (!goal) return;
    onGo();
    router.push(goal.href);
  };
  return (
    <>
      <Input
        autoFocus
        role="combobox"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={found[at] ? `${listId}-${at}` : undefined}
        aria-label="Pages, accounts, runs, offers"
        placeholder="A page, an account, a run, an offer"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") setAt(Math.min(at + 1, found.length - 1));
          else if (event.key === "ArrowUp") setAt(Math.max(at - 1, 0));
          else if (event.key === "Enter") go(found[at]);
          else return;
          event.preventDefault();
        }}
      />
      <div id={listId} role="listbox" aria-label="Found" className="mt-3 min-h-40">
        {found.map((goal, index) => (
          <div
            key={`${goal.kind}${goal.href}`}
            id={`${listId}-${index}`}
            role="option"
            tabIndex={-1}
            aria-selected={index === at}
            onClick={() => go(goal)}
            onKeyDown={(event) => event.key === "Enter" && go(goal)}
            onPointerMove={() => setAt(index)}
            className={clsx(
              "flex h-10 cursor-pointer items-center gap-2.5 rounded-lg px-2.5",
              index === at && "bg-accent-soft",
            )}
          >
            {goal.channel && <ChannelMark channel={goal.channel} />}
            <span className="min-w-0 flex-1 truncate">{goal.word}</span>
            <span className="text-xs text-soft">{goal.kind}</span>
          </div>
        ))}
      </div>
      {found.length === 0 && <p className="text-soft">Nothing is called so.</p>}
    </>
  );
}

function Keys() {
  const keys = [
    ["Ctrl K", "Go to anything"],
    ["/", "Search on this page"],
    ...PLACES.map((place) => [`g ${place.key}`, place.word]),
    ["?", "These keys"],
    ["Esc", "Close a dialog"],
  ];
  return (
    <dl className="grid grid-cols-[auto_1fr] items-center gap-x-4 gap-y-2">
      {keys.map(([key, what]) => (
        <div key={key} className="contents">
          <dt>
            <kbd className="rounded-md border border-line bg-raised px-1.5 py-0.5 font-sans text-xs">
              {key}
            </kbd>
          </dt>
          <dd>{what}</dd>
        </div>
      ))}
    </dl>
  );
}
