"use client";

import { api } from "@/api/client";
import { moneyOfMicros } from "@/lib/format";
import { Badge, type Tone } from "@/ui/badge";
import { ChannelMark } from "@/ui/channel";
import { Meter } from "@/ui/chart";
import { Switch } from "@/ui/field";
import { Time } from "@/ui/time";
import { tell } from "@/ui/toast";
import type { Account, Usage } from "./accounts";

export const HEALTH: Record<Usage["health"], { word: string; tone: Tone }> = {
  ok: { word: "Ready", tone: "good" },
  paused: { word: "Paused", tone: "plain" },
  held: { word: "Resting", tone: "warn" },
  problem: { word: "Needs you", tone: "bad" },
};

/** Pause an account, or let it go on; the note that tells so can take it back. */
export function usePause(): { set: (account: Account, paused: boolean) => void; busy: boolean } {
  const change = api.useMutation("patch", "/api/accounts/{account_id}");
  // Not by the callbacks of `mutate`: the row may be gone when the answer comes, or when it is taken back.
  const set = (account: Account, paused: boolean) =>
    void change
      .mutateAsync({
        params: { path: { account_id: account.id } },
        body: { paused, ...(paused && { reason: "Paused in the dashboard." }) },
      })
      .then(() =>
        tell(paused ? `${account.name} is paused.` : `${account.name} goes on.`, () => set(account, !paused)),
      )
      .catch(() => undefined); // told already
  return { set, busy: change.isPending };
}

/** One account in the list: its name, its health, the fullest of its limits, and the switch that pauses it. */
export function AccountRow({
  account,
  usage,
  onOpen,
}: {
  account: Account;
  usage: Usage | undefined;
  onOpen: () => void;
}) {
  const pause = usePause();
  const health = usage && HEALTH[usage.health];
  return (
    <li className="grid grid-cols-[minmax(0,1fr)_auto_auto] items-center gap-x-4 border-b border-line px-4 py-2.5 last:border-b-0 md:grid-cols-[minmax(0,2fr)_minmax(0,2fr)_8rem_6rem_auto]">
      <button
        type="button"
        onClick={onOpen}
        className="flex min-w-0 items-center gap-3 text-left hover:underline"
      >
        <ChannelMark channel={account.channel} />
        <span className="min-w-0">
          <span className="block truncate font-medium">{account.name}</span>
          <span className="block truncate text-[0.8125rem] text-soft">
            {account.channel} · {account.handle}
          </span>
        </span>
      </button>
      <div className="hidden min-w-0 md:block">
        <Fullest usage={usage} />
      </div>
      <p className="hidden truncate text-[0.8125rem] text-soft md:block">
        {usage?.next_due_at ? (
          <>
            next <Time at={usage.next_due_at} />
          </>
        ) : usage?.last_published_at ? (
          <>
            last <Time at={usage.last_published_at} />
          </>
        ) : (
          "nothing yet"
        )}
      </p>
      {health ? (
        <span>
          <Badge tone={health.tone} title={`${usage.says} ${usage.fix}`.trim()}>
            {health.word}
          </Badge>
        </span>
      ) : (
        <span />
      )}
      <Switch
        label={`${account.name} publishes`}
        checked={account.paused_at === null}
        disabled={pause.busy}
        onChange={(on) => pause.set(account, !on)}
      />
    </li>
  );
}

/** The money that is left where there is a budget, else the limit that is used most. */
function Fullest({ usage }: { usage: Usage | undefined }) {
  if (!usage) return null;
  if (usage.budget) {
    const { spent_micros, micros, currency, days } = usage.budget;
    const words = `${moneyOfMicros(spent_micros, currency)} of ${moneyOfMicros(micros, currency)}`;
    return <Meter label={`money, ${days} days`} used={spent_micros} of={micros} words={words} />;
  }
  const [fullest] = [...usage.limits].sort((one, other) => other.used / other.posts - one.used / one.posts);
  if (!fullest) return <span className="text-[0.8125rem] text-soft">no limits</span>;
  return (
    <Meter
      label={`posts per ${spanOf(fullest.seconds)}`}
      used={fullest.used}
      of={fullest.posts}
      words={`${fullest.used} of ${fullest.posts}`}
    />
  );
}

export function spanOf(seconds: number): string {
  if (seconds % 86_400 === 0) return seconds === 86_400 ? "day" : `${seconds / 86_400} days`;
  if (seconds % 3600 === 0) return seconds === 3600 ? "hour" : `${seconds / 3600} hours`;
  return `${Math.round(seconds / 60)} minutes`;
}
