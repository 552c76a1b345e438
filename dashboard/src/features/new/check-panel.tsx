"use client";

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import clsx from "clsx";
import { CircleCheck, CircleX, Info } from "lucide-react";
import { useEffect, useState } from "react";
import { http, type Schemas } from "@/api/client";
import { money } from "@/lib/format";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { ChannelMark } from "@/ui/channel";
import { Loaded, ProblemNote } from "@/ui/feedback";
import { Time } from "@/ui/time";
import { configOf, type Form } from "./form";
import { Preview } from "./preview";

type Checked = Schemas["RunChecked"];
type AccountChecked = Schemas["AccountChecked"];

const TYPING_MS = 350;

/** How the run would stand, asked anew whenever the form rests: price, rules and words for each account. */
export function CheckPanel({ form, ready }: { form: Form; ready: boolean }) {
  const config = useRested(ready ? JSON.stringify(configOf(form)) : "");
  const checked = useQuery({
    queryKey: ["post", "/api/pipeline/check", config],
    enabled: config !== "",
    placeholderData: keepPreviousData,
    retry: false,
    queryFn: async ({ signal }) => {
      const { data, error } = await http.POST("/api/pipeline/check", { body: JSON.parse(config), signal });
      if (!data) throw error;
      return data;
    },
  });
  return (
    <div className="min-w-0 space-y-4 xl:sticky xl:top-17">
      <Card title="Before you start" className={clsx(checked.isFetching && "opacity-80")}>
        {config === "" ? (
          <p className="text-soft">
            Write a prompt or add footage, and choose where it goes. Price, rules and words stand here then.
          </p>
        ) : (
          <Loaded of={checked} lines={5}>
            {(found) => <Found checked={found} />}
          </Loaded>
        )}
      </Card>
    </div>
  );
}

function useRested(value: string): string {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), TYPING_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

function Found({ checked }: { checked: Checked }) {
  const [open, setOpen] = useState<string | null>(null);
  const shown = checked.accounts.find((one) => one.account_id === open) ?? checked.accounts[0];
  const good = checked.accounts.filter((one) => one.ok).length;
  return (
    <div className="space-y-4">
      {checked.problems.map((one) => (
        <ProblemNote
          key={`${one.field} ${one.code}`}
          error={{ code: one.code, detail: `${one.field}: ${one.rule}`, fix: one.fix }}
        />
      ))}
      <Prices prices={checked.prices} />
      <div>
        <p className="mb-1.5 text-[0.8125rem] text-soft">
          {good} of {checked.accounts.length} accounts would take it
        </p>
        <ul
          aria-label="How it stands on each account"
          className="max-h-64 overflow-y-auto rounded-lg border border-line"
        >
          {checked.accounts.map((one) => (
            <li key={one.account_id} className="border-b border-line last:border-b-0">
              <button
                type="button"
                aria-pressed={one === shown}
                onClick={() => setOpen(one.account_id)}
                className={clsx(
                  "flex w-full items-center gap-2.5 px-2.5 py-1.5 text-left",
                  one === shown && "bg-accent-soft",
                )}
              >
                <ChannelMark channel={one.channel} />
                <span className="min-w-0 flex-1 truncate">{one.name || one.handle}</span>
                {one.when && (
                  <span className="text-xs text-soft">
                    <Time at={one.when} />
                  </span>
                )}
                {one.ok ? (
                  <CircleCheck aria-label="Good" className="size-4 shrink-0 text-good" />
                ) : (
                  <CircleX aria-label="Not yet" className="size-4 shrink-0 text-bad" />
                )}
              </button>
            </li>
          ))}
        </ul>
      </div>
      {shown && <Account one={shown} />}
    </div>
  );
}

function Prices({ prices }: { prices: Checked["prices"] }) {
  return (
    <ul aria-label="Price" className="space-y-1">
      {prices.map((price, at) => (
        <li key={price.provider} className="flex items-baseline gap-2">
          <span className="font-medium">{price.provider}</span>
          {at > 0 && <Badge>if the first cannot</Badge>}
          <span className="nums ml-auto">
            {price.total_minor === null ? (
              <span className="text-[0.8125rem] text-bad">
                {price.problem} {price.fix}
              </span>
            ) : price.total_minor === 0 ? (
              "free"
            ) : (
              `at most ${money(price.total_minor, price.currency)}`
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Account({ one }: { one: AccountChecked }) {
  return (
    <div className="space-y-3">
      {one.problems.map((problem) => (
        <ProblemNote
          key={problem.code + problem.field}
          error={{ code: problem.code, detail: problem.rule, fix: problem.fix }}
        />
      ))}
      <Preview one={one} />
      {one.notes.length > 0 && (
        <ul className="space-y-1 text-[0.8125rem] text-soft">
          {one.notes.map((note) => (
            <li key={note} className="flex gap-2">
              <Info aria-hidden className="mt-0.5 size-3.5 shrink-0" />
              {note}
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
