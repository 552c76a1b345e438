"use client";

import { MessagesSquare, Plus } from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { useQueryParam } from "@/lib/query";
import { PageHead } from "@/shell/shell";
import { Badge, type Tone } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Empty, Loaded } from "@/ui/feedback";
import { CampaignView } from "./campaign-view";
import { NewCampaign } from "./new-campaign";

export type Campaign = Schemas["CampaignRead"];
export type Tweet = Schemas["TweetRead"];

const STATES: Record<Campaign["state"], { word: string; tone: Tone }> = {
  running: { word: "Running", tone: "good" },
  paused: { word: "Paused", tone: "warn" },
  ended: { word: "Ended", tone: "plain" },
};

/** The campaigns at the left, the chosen one with its next tweets at the right. */
export function Tweets() {
  const [id, setId] = useQueryParam("id");
  const [making, setMaking] = useState(false);
  const campaigns = api.useQuery("get", "/api/campaigns");
  const chosen = campaigns.data?.find((one) => one.id === id) ?? campaigns.data?.[0];
  return (
    <>
      <PageHead title="Tweets" note="A campaign says something new every two hours, on one account or many.">
        <Button look="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => setMaking(true)}>
          New campaign
        </Button>
      </PageHead>
      <Loaded of={campaigns} lines={6}>
        {(all) =>
          all.length === 0 || !chosen ? (
            <Card>
              <Empty
                icon={<MessagesSquare className="size-5" />}
                title="No campaign yet"
                action={
                  <Button look="primary" onClick={() => setMaking(true)}>
                    Begin one
                  </Button>
                }
              >
                A campaign mixes value, questions, your offers, videos and stories, keeps quiet hours, and
                never says the same thing twice within 30 days.
              </Empty>
            </Card>
          ) : (
            <div className="grid items-start gap-4 lg:grid-cols-[16rem_minmax(0,1fr)]">
              <nav aria-label="Campaigns">
                <ul className="space-y-1.5">
                  {all.map((one) => (
                    <li key={one.id}>
                      <button
                        type="button"
                        aria-current={one.id === chosen.id}
                        onClick={() => setId(one.id)}
                        className="flex w-full items-center gap-2 rounded-lg border border-line bg-surface px-3 py-2.5 text-left aria-[current=true]:border-accent"
                      >
                        <span className="min-w-0 flex-1 truncate font-medium">{one.name}</span>
                        <CampaignBadge state={one.state} />
                      </button>
                    </li>
                  ))}
                </ul>
              </nav>
              <CampaignView key={chosen.id} campaign={chosen} />
            </div>
          )
        }
      </Loaded>
      <NewCampaign
        open={making}
        onClose={() => setMaking(false)}
        onMade={(campaign) => {
          setMaking(false);
          setId(campaign);
        }}
      />
    </>
  );
}

export const CampaignBadge = ({ state }: { state: Campaign["state"] }) => (
  <Badge tone={STATES[state].tone}>{STATES[state].word}</Badge>
);
