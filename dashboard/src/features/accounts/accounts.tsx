"use client";

import { OctagonPause, Plus, Users } from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { useQueryParam } from "@/lib/query";
import { PageHead } from "@/shell/shell";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Empty, Loaded } from "@/ui/feedback";
import { Input, Segmented } from "@/ui/field";
import { AccountDetail } from "./account-detail";
import { AccountRow } from "./account-row";
import { Connect } from "./connect";
import { StopAll } from "./stop-all";

export type Account = Schemas["AccountRead"];
export type Usage = Schemas["AccountUsage"];

const HEALTH = ["all", "problem", "paused", "ok"] as const;

/** The accounts with their health and what is left of their limits; one of them when the address names it. */
export function Accounts() {
  const [id, setId] = useQueryParam("id");
  const [health, setHealth] = useState<(typeof HEALTH)[number]>("all");
  const [text, setText] = useState("");
  const [connecting, setConnecting] = useState(false);
  const [stopping, setStopping] = useState(false);
  const accounts = api.useQuery("get", "/api/accounts");
  const usages = api.useQuery("get", "/api/accounts/usage");
  const usageOf = new Map(usages.data?.map((one) => [one.account_id, one]));
  const wanted = text.trim().toLowerCase();
  return (
    <>
      <PageHead
        title="Accounts"
        note="Where posts go, how each place stands, and what is left of its limits."
      >
        <Button
          look="danger"
          icon={<OctagonPause aria-hidden className="size-4" />}
          onClick={() => setStopping(true)}
        >
          Stop all
        </Button>
        <Button
          look="primary"
          icon={<Plus aria-hidden className="size-4" />}
          onClick={() => setConnecting(true)}
        >
          Connect
        </Button>
      </PageHead>
      <Loaded of={accounts} lines={8}>
        {(all) =>
          all.length === 0 ? (
            <Card>
              <Empty
                icon={<Users className="size-5" />}
                title="No account yet"
                action={
                  <Button look="primary" onClick={() => setConnecting(true)}>
                    Connect the first
                  </Button>
                }
              >
                An account is one identity on a channel: a YouTube channel, a Telegram group, or a page that
                MediaPoster serves by itself and needs no key.
              </Empty>
            </Card>
          ) : (
            <>
              <div className="mb-3 flex flex-wrap gap-2">
                <Input
                  type="search"
                  aria-label="Search accounts"
                  placeholder="Search"
                  className="max-w-56"
                  value={text}
                  onChange={(event) => setText(event.target.value)}
                />
                <Segmented
                  label="Which accounts"
                  value={health}
                  onChange={setHealth}
                  options={[
                    ["all", `All ${all.length}`],
                    ["problem", "Need you"],
                    ["paused", "Paused"],
                    ["ok", "Ready"],
                  ]}
                />
              </div>
              <Card flush>
                <ul aria-label="Accounts">
                  {all
                    .filter((account) =>
                      `${account.channel} ${account.handle} ${account.name}`.toLowerCase().includes(wanted),
                    )
                    .filter((account) => health === "all" || usageOf.get(account.id)?.health === health)
                    .map((account) => (
                      <AccountRow
                        key={account.id}
                        account={account}
                        usage={usageOf.get(account.id)}
                        onOpen={() => setId(account.id)}
                      />
                    ))}
                </ul>
              </Card>
              <AccountDetail
                account={all.find((one) => one.id === id)}
                usage={id ? usageOf.get(id) : undefined}
                onClose={() => setId(null)}
              />
            </>
          )
        }
      </Loaded>
      <Connect open={connecting} onClose={() => setConnecting(false)} />
      <StopAll open={stopping} onClose={() => setStopping(false)} />
    </>
  );
}
