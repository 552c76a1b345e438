"use client";

import { Pause, Play, Square } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { count, duration, moneyOfMicros, share } from "@/lib/format";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { AccountName } from "@/ui/channel";
import { Confirm } from "@/ui/dialog";
import { Loaded } from "@/ui/feedback";
import { tell } from "@/ui/toast";
import { TweetRow } from "./tweet-row";
import { type Campaign, CampaignBadge } from "./tweets";

const icon = { "aria-hidden": true, className: "size-4" } as const;
const NEXT = 12;

/** One campaign: its plan, the next twelve tweets, and those that were said. */
export function CampaignView({ campaign }: { campaign: Campaign }) {
  const path = { params: { path: { campaign_id: campaign.id } } };
  const next = api.useQuery(
    "get",
    "/api/campaigns/{campaign_id}/next",
    { params: { ...path.params, query: { limit: NEXT } } },
    { enabled: campaign.state !== "ended" },
  );
  const said = api.useQuery("get", "/api/campaigns/{campaign_id}/tweets", path);
  return (
    <div className="min-w-0 space-y-4">
      <Card title={campaign.name} actions={<Actions campaign={campaign} />}>
        <Plan campaign={campaign} />
      </Card>
      {campaign.state !== "ended" && (
        <Card title="The next twelve" note={`local times in ${campaign.plan.time_zone}`} flush>
          <Loaded of={next} lines={6}>
            {(tweets) => (
              <ol aria-label="Next tweets">
                {tweets.map((tweet) => (
                  <TweetRow key={tweet.number} campaign={campaign} tweet={tweet} />
                ))}
                {tweets.length === 0 && (
                  <li className="border-t border-line px-4 py-3 text-soft">Nothing more is planned.</li>
                )}
              </ol>
            )}
          </Loaded>
        </Card>
      )}
      <Card title="Said" flush>
        <Loaded of={said} lines={6}>
          {(tweets) => (
            <ol aria-label="Tweets that were said">
              {tweets
                .filter((tweet) => tweet.state === "handed_over" || tweet.state === "skipped")
                .slice(0, 50)
                .map((tweet) => (
                  <TweetRow key={tweet.number} campaign={campaign} tweet={tweet} />
                ))}
              {tweets.length === 0 && (
                <li className="border-t border-line px-4 py-3 text-soft">Nothing yet.</li>
              )}
            </ol>
          )}
        </Loaded>
      </Card>
    </div>
  );
}

function Plan({ campaign }: { campaign: Campaign }) {
  const { plan } = campaign;
  const accounts = api.useQuery("get", "/api/accounts").data ?? [];
  const offers = api.useQuery("get", "/api/offers").data ?? [];
  const weights = Object.entries(plan.kinds ?? {}).filter(([, weight]) => weight > 0);
  const whole = weights.reduce((sum, [, weight]) => sum + weight, 0);
  return (
    <>
      {campaign.note && <p className="mb-3 rounded-lg bg-warn-soft px-3 py-2 text-warn">{campaign.note}</p>}
      <dl className="grid gap-x-6 gap-y-3 sm:grid-cols-2 xl:grid-cols-4">
        <Fact name="On">
          {plan.accounts.map((one) => {
            const account = accounts.find((other) => other.id === one);
            return account ? <AccountName key={one} {...account} /> : <span key={one}>{one}</span>;
          })}
        </Fact>
        <Fact name="Every">
          {duration((plan.interval_minutes ?? 120) * 60)}
          {plan.quiet_hours && (
            <span className="block text-soft">
              quiet {plan.quiet_hours.start.slice(0, 5)} to {plan.quiet_hours.end.slice(0, 5)}
            </span>
          )}
        </Fact>
        <Fact name="Mix">
          {weights.map(([kind, weight]) => `${kind} ${share(weight / whole)}`).join(", ")}
        </Fact>
        <Fact name="Links">
          {share(plan.link_share)} of those that may carry one
          {plan.money_budget && (
            <span className="block text-soft">
              at most {moneyOfMicros(plan.money_budget.micros, plan.money_budget.currency)} in{" "}
              {plan.money_budget.days} days
            </span>
          )}
        </Fact>
        <Fact name="Offers">
          {plan.offers?.length
            ? plan.offers.map((one) => offers.find((other) => other.id === one)?.name ?? one).join(", ")
            : "none"}
        </Fact>
        <Fact name="Copywriter">{plan.copywriter ?? "the configured model"}</Fact>
        <Fact name="Until">
          {plan.until
            ? new Date(plan.until).toLocaleString()
            : plan.count
              ? `${count(plan.count)} tweets`
              : "ended by hand"}
        </Fact>
        <Fact name="So far">{count(campaign.number)} tweets</Fact>
      </dl>
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="min-w-0">
      <dt className="text-[0.8125rem] text-soft">{name}</dt>
      <dd className="flex flex-col [overflow-wrap:anywhere]">{children}</dd>
    </div>
  );
}

function Actions({ campaign }: { campaign: Campaign }) {
  const [ending, setEnding] = useState(false);
  const params = { params: { path: { campaign_id: campaign.id } } };
  const pause = api.useMutation("post", "/api/campaigns/{campaign_id}/pause", {
    onSuccess: () => tell("The campaign rests.", () => resume.mutate(params)),
  });
  const resume = api.useMutation("post", "/api/campaigns/{campaign_id}/resume", {
    onSuccess: () => tell("The campaign goes on with its next slot."),
  });
  const end = api.useMutation("post", "/api/campaigns/{campaign_id}/end", {
    onSuccess: () => {
      setEnding(false);
      tell("The campaign has ended.");
    },
  });
  return (
    <>
      <CampaignBadge state={campaign.state} />
      {campaign.state === "running" && (
        <Button
          size="small"
          icon={<Pause {...icon} />}
          busy={pause.isPending}
          onClick={() => pause.mutate(params)}
        >
          Pause
        </Button>
      )}
      {campaign.state === "paused" && (
        <Button
          size="small"
          look="primary"
          icon={<Play {...icon} />}
          busy={resume.isPending}
          onClick={() => resume.mutate(params)}
        >
          Go on
        </Button>
      )}
      {campaign.state !== "ended" && (
        <Button size="small" look="ghost" icon={<Square {...icon} />} onClick={() => setEnding(true)}>
          End
        </Button>
      )}
      <Confirm
        open={ending}
        title={`End ${campaign.name}?`}
        action="End it"
        look="danger"
        busy={end.isPending}
        onClose={() => setEnding(false)}
        onConfirm={() => end.mutate(params)}
      >
        <p>It says nothing more, for good. What it has said stays public. To stop for a while, pause it.</p>
      </Confirm>
    </>
  );
}
