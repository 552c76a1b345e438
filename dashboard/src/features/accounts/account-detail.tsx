"use client";

import { CircleCheck, CircleX, ExternalLink, Pause, Play, Stethoscope, Trash2, Unplug } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { count, moneyOfMicros } from "@/lib/format";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Meter } from "@/ui/chart";
import { Confirm, Dialog } from "@/ui/dialog";
import { ProblemNote } from "@/ui/feedback";
import Link from "@/ui/link";
import { Time } from "@/ui/time";
import { tell } from "@/ui/toast";
import { HEALTH, spanOf, usePause } from "./account-row";
import type { Account, Usage } from "./accounts";

const icon = { "aria-hidden": true, className: "size-4" } as const;

/** One account: how it stands, what is left, whether a post would work now, and letting go of it. */
export function AccountDetail({
  account,
  usage,
  onClose,
}: {
  account: Account | undefined;
  usage: Usage | undefined;
  onClose: () => void;
}) {
  const [asking, setAsking] = useState<"archive" | "disconnect" | null>(null);
  const pause = usePause();
  const test = api.useMutation("post", "/api/accounts/{account_id}/test");
  const left = () => {
    setAsking(null);
    onClose();
  };
  const archive = api.useMutation("delete", "/api/accounts/{account_id}", {
    onSuccess: () => {
      left();
      tell("The account is out of use. Its history stays.");
    },
  });
  const disconnect = api.useMutation("post", "/api/accounts/{account_id}/disconnect", {
    onSuccess: () => {
      setAsking(null);
      tell("Its credentials are forgotten.");
    },
  });
  if (!account) return null;
  const params = { params: { path: { account_id: account.id } } };
  const close = () => {
    test.reset();
    onClose();
  };
  return (
    <>
      <Dialog
        open={asking === null}
        title={account.name}
        onClose={close}
        footer={
          <>
            <Button look="ghost" icon={<Trash2 {...icon} />} onClick={() => setAsking("archive")}>
              Take out of use
            </Button>
            {account.has_credentials && (
              <Button look="ghost" icon={<Unplug {...icon} />} onClick={() => setAsking("disconnect")}>
                Disconnect
              </Button>
            )}
            <Button
              icon={account.paused_at ? <Play {...icon} /> : <Pause {...icon} />}
              busy={pause.busy}
              onClick={() => pause.set(account, account.paused_at === null)}
            >
              {account.paused_at ? "Let it go on" : "Pause"}
            </Button>
            <Button
              look="primary"
              icon={<Stethoscope {...icon} />}
              busy={test.isPending}
              onClick={() => test.mutate(params)}
            >
              Test
            </Button>
          </>
        }
      >
        <p className="flex flex-wrap items-center gap-2">
          {usage && <Badge tone={HEALTH[usage.health].tone}>{HEALTH[usage.health].word}</Badge>}
          <span className="text-soft">
            {account.channel} · {account.handle}
          </span>
          {account.groups.map((group) => (
            <Badge key={group}>{group}</Badge>
          ))}
        </p>
        {usage && usage.health !== "ok" && (
          <ProblemNote error={{ code: "", detail: usage.says, fix: usage.fix }} className="mt-3" />
        )}
        {test.data && (
          <ul aria-label="What the test found" className="mt-3 space-y-1.5 rounded-lg border border-line p-3">
            {test.data.checks.map((check) => (
              <li key={check.name} className="flex gap-2">
                {check.ok ? (
                  <CircleCheck aria-label="Good" className="mt-0.5 size-4 shrink-0 text-good" />
                ) : (
                  <CircleX aria-label="Not good" className="mt-0.5 size-4 shrink-0 text-bad" />
                )}
                <span className="min-w-0 [overflow-wrap:anywhere]">
                  {check.says} {!check.ok && <span className="text-soft">{check.fix}</span>}
                </span>
              </li>
            ))}
          </ul>
        )}
        {usage && <Left usage={usage} />}
        <p className="mt-4 flex flex-wrap gap-x-4 gap-y-1">
          <Link href={`/posts/?account=${account.id}`} className="text-accent underline underline-offset-2">
            Its posts
          </Link>
          <Link
            href={`/calendar/?account=${account.id}`}
            className="text-accent underline underline-offset-2"
          >
            Its calendar
          </Link>
          {account.channel === "site" && <SiteLink handle={account.handle} />}
        </p>
      </Dialog>
      <Confirm
        open={asking === "archive"}
        title={`Take ${account.name} out of use?`}
        action="Take out of use"
        look="danger"
        busy={archive.isPending}
        onClose={() => setAsking(null)}
        onConfirm={() => archive.mutate(params)}
      >
        <p>
          What was not sent is cancelled. What is public stays public, and its history stays in the ledger.
        </p>
      </Confirm>
      <Confirm
        open={asking === "disconnect"}
        title={`Disconnect ${account.name}?`}
        action="Disconnect"
        look="danger"
        busy={disconnect.isPending}
        onClose={() => setAsking(null)}
        onConfirm={() => disconnect.mutate(params)}
      >
        <p>Its stored credentials are deleted. Planned posts wait until you connect it again.</p>
      </Confirm>
    </>
  );
}

function SiteLink({ handle }: { handle: string }) {
  const site = api.useQuery("get", "/api/session").data?.site_url;
  if (!site) return null;
  return (
    <a
      href={`${site}/@${handle}`}
      target="_blank"
      rel="noreferrer"
      className="inline-flex items-center gap-1 text-accent underline underline-offset-2"
    >
      Its public page <ExternalLink aria-hidden className="size-3.5" />
    </a>
  );
}

function Left({ usage }: { usage: Usage }) {
  return (
    <div className="mt-4 space-y-3">
      {usage.budget && (
        <Meter
          label={`Money in ${usage.budget.days} days`}
          used={usage.budget.spent_micros}
          of={usage.budget.micros}
          words={`${moneyOfMicros(usage.budget.spent_micros, usage.budget.currency)} of ${moneyOfMicros(usage.budget.micros, usage.budget.currency)}`}
        />
      )}
      {usage.limits.map((limit) => (
        <Meter
          key={`${limit.posts} ${limit.seconds} ${limit.source}`}
          label={`Posts per ${spanOf(limit.seconds)}, by ${limit.source.startsWith("http") ? new URL(limit.source).host : limit.source || "the platform"}`}
          used={limit.used}
          of={limit.posts}
          words={`${count(limit.used)} of ${count(limit.posts)}`}
        />
      ))}
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1">
        <dt className="text-soft">In 24 hours</dt>
        <dd className="nums">{count(usage.published_24h)} published</dd>
        <dt className="text-soft">Planned</dt>
        <dd className="nums">{count(usage.planned)}</dd>
        <dt className="text-soft">Next</dt>
        <dd>{usage.next_due_at ? <Time at={usage.next_due_at} how="moment" /> : "–"}</dd>
        <dt className="text-soft">Last</dt>
        <dd>{usage.last_published_at ? <Time at={usage.last_published_at} how="moment" /> : "–"}</dd>
      </dl>
    </div>
  );
}
