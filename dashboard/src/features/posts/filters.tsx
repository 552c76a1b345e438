"use client";

import { useEffect, useState } from "react";
import { api, type Schemas } from "@/api/client";
import { count } from "@/lib/format";
import { useQueryParam } from "@/lib/query";
import { Input, Select } from "@/ui/field";
import { outcomeWord } from "@/ui/states";

export type PostQuery = {
  text?: string;
  channel?: string;
  account?: string;
  run?: string;
  outcome?: Schemas["Outcome"][];
};

const TYPING_MS = 250;
const OUTCOMES: readonly Schemas["Outcome"][] = [
  "planned",
  "armed",
  "sent",
  "confirmed",
  "rejected",
  "unknown",
  "cancelled",
];

/** The filter as the address has it. */
export function usePostQuery(): PostQuery {
  const [text] = useQueryParam("text");
  const [channel] = useQueryParam("channel");
  const [account] = useQueryParam("account");
  const [run] = useQueryParam("run");
  const [outcome] = useQueryParam("outcome");
  const known = OUTCOMES.find((one) => one === outcome);
  return {
    ...(text && { text }),
    ...(channel && { channel }),
    ...(account && { account }),
    ...(run && { run }),
    ...(known && { outcome: [known] }),
  };
}

/** Search, channel, account, and the outcomes with how many there are of each. */
export function Filters({ query }: { query: PostQuery }) {
  const [, setText] = useQueryParam("text");
  const [, setChannel] = useQueryParam("channel");
  const [, setAccount] = useQueryParam("account");
  const [, setOutcome] = useQueryParam("outcome");
  const [typed, setTyped] = useState(query.text ?? "");
  useEffect(() => {
    const timer = setTimeout(() => typed !== (query.text ?? "") && setText(typed || null), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, query.text, setText]);
  const accounts = api.useQuery("get", "/api/accounts").data ?? [];
  const channels = [...new Set(accounts.map((one) => one.channel))].sort();
  const { outcome, ...others } = query;
  const counts = api.useQuery("get", "/api/posts/count", { params: { query: others } }).data;
  return (
    <div className="mb-3 flex flex-wrap items-center gap-2">
      <Input
        type="search"
        aria-label="Search posts"
        placeholder="Search words"
        className="max-w-64"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Select
        aria-label="Channel"
        className="max-w-40"
        value={query.channel ?? ""}
        onChange={(event) => setChannel(event.target.value || null)}
      >
        <option value="">Every channel</option>
        {channels.map((one) => (
          <option key={one}>{one}</option>
        ))}
      </Select>
      <Select
        aria-label="Account"
        className="max-w-48"
        value={query.account ?? ""}
        onChange={(event) => setAccount(event.target.value || null)}
      >
        <option value="">Every account</option>
        {accounts.map((one) => (
          <option key={one.id} value={one.id}>
            {one.channel}: {one.name}
          </option>
        ))}
      </Select>
      <fieldset className="flex flex-wrap gap-1.5">
        <legend className="sr-only">Outcome</legend>
        {OUTCOMES.filter((one) => counts?.by_outcome[one] || outcome?.includes(one)).map((one) => {
          const chosen = outcome?.includes(one) ?? false;
          return (
            <button
              key={one}
              type="button"
              aria-pressed={chosen}
              onClick={() => setOutcome(chosen ? null : one)}
              className="inline-flex h-8 items-center gap-1.5 rounded-full border border-line bg-surface px-3 text-[0.8125rem] font-medium text-soft transition hover:text-ink aria-pressed:border-accent aria-pressed:bg-accent-soft aria-pressed:text-accent"
            >
              {outcomeWord(one)}
              <span className="nums">{count(counts?.by_outcome[one] ?? 0)}</span>
            </button>
          );
        })}
      </fieldset>
    </div>
  );
}
