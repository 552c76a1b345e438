"use client";

import clsx from "clsx";
import {
  CircleCheck,
  CircleHelp,
  CircleX,
  Coins,
  Globe,
  Hand,
  type LucideIcon,
  OctagonPause,
  Pause,
  PlugZap,
} from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { ChannelMark } from "@/ui/channel";
import { Empty, Loaded } from "@/ui/feedback";
import Link from "@/ui/link";
import { Time } from "@/ui/time";

type Need = Schemas["NeedRead"];

const FIRST = 6;
const LOOKS: Record<Schemas["NeedKind"], { word: string; icon: LucideIcon; colour: string }> = {
  stopped: { word: "Stopped", icon: OctagonPause, colour: "text-bad bg-bad-soft" },
  unknown: { word: "Unknown outcome", icon: CircleHelp, colour: "text-odd bg-odd-soft" },
  reconnect: { word: "Reconnect", icon: PlugZap, colour: "text-bad bg-bad-soft" },
  approval: { word: "Approve", icon: Hand, colour: "text-warn bg-warn-soft" },
  run_failed: { word: "Run failed", icon: CircleX, colour: "text-bad bg-bad-soft" },
  budget: { word: "Budget", icon: Coins, colour: "text-warn bg-warn-soft" },
  refused: { word: "Refused", icon: CircleX, colour: "text-bad bg-bad-soft" },
  paused: { word: "Paused", icon: Pause, colour: "text-soft bg-raised" },
  browser: { word: "Browser", icon: Globe, colour: "text-warn bg-warn-soft" },
};

/** What waits for a person, the most urgent first. */
export function Needs() {
  const needs = api.useQuery("get", "/api/overview/attention");
  const [all, setAll] = useState(false);
  return (
    <Card title="Needs you" flush>
      <Loaded of={needs}>
        {(found) =>
          found.length === 0 ? (
            <Empty icon={<CircleCheck className="size-5" />} title="Nothing needs you">
              Approvals, unknown outcomes, lost logins and used up budgets stand here, with what to do.
            </Empty>
          ) : (
            <>
              <ul>
                {(all ? found : found.slice(0, FIRST)).map((need) => (
                  <Row key={need.id} need={need} />
                ))}
              </ul>
              {found.length > FIRST && (
                <div className="border-t border-line p-2 text-center">
                  <Button look="ghost" size="small" onClick={() => setAll(!all)}>
                    {all ? "Show fewer" : `Show all ${found.length}`}
                  </Button>
                </div>
              )}
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

function Row({ need }: { need: Need }) {
  const look = LOOKS[need.kind];
  return (
    <li>
      <Link
        href={placeOf(need)}
        className="flex items-start gap-3 border-t border-line px-4 py-3 transition hover:bg-raised/60"
      >
        <span
          className={clsx("mt-0.5 flex size-7 shrink-0 items-center justify-center rounded-lg", look.colour)}
        >
          <look.icon aria-hidden className="size-4" />
        </span>
        <div className="min-w-0 flex-1">
          <p className="flex items-center gap-2">
            <span className="min-w-0 truncate font-medium">{need.title}</span>
            {need.since && (
              <span className="ml-auto shrink-0 text-xs text-soft">
                <Time at={need.since} />
              </span>
            )}
          </p>
          <p className="line-clamp-2 text-[0.8125rem] text-soft">
            <span className="sr-only">{look.word}: </span>
            {need.detail} {need.fix}
          </p>
          {need.account && (
            <p className="mt-1 flex items-center gap-1.5 text-[0.8125rem] text-soft">
              <ChannelMark channel={need.account.channel} />
              <span className="truncate">{need.account.handle}</span>
            </p>
          )}
        </div>
      </Link>
    </li>
  );
}

function placeOf(need: Need): string {
  if (need.kind === "stopped" || need.kind === "browser") return "/settings/";
  if (need.publication_id) return `/posts/?publication=${need.publication_id}`;
  if (need.run_id) return `/runs/?id=${need.run_id}`;
  return need.account ? `/accounts/?id=${need.account.id}` : "/";
}
