"use client";

import { ChevronLeft } from "lucide-react";
import { api } from "@/api/client";
import { and, money } from "@/lib/format";
import { PageHead } from "@/shell/shell";
import { Card } from "@/ui/card";
import { Empty, Loaded, ProblemNote } from "@/ui/feedback";
import Link from "@/ui/link";
import { Player } from "@/ui/player";
import { OutcomeBadge, RunBadge } from "@/ui/states";
import { Time } from "@/ui/time";
import { type AccountResult, masterOf, partsOf, type Run, resultsOf, titleOf } from "./reading";
import { RunActions } from "./run-actions";
import { RunLog } from "./run-log";
import { StageList } from "./stage-list";

/** One run: its stages, its videos, how it went on each account, and what can be done. */
export function RunDetail({ id }: { id: string }) {
  const run = api.useQuery("get", "/api/pipeline/runs/{run_id}", { params: { path: { run_id: id } } });
  return (
    <>
      <Link href="/runs/" className="mb-2 inline-flex items-center gap-1 text-soft hover:text-ink">
        <ChevronLeft aria-hidden className="size-4" />
        Runs
      </Link>
      <Loaded of={run} lines={8}>
        {(found) => <Shown run={found} />}
      </Loaded>
    </>
  );
}

function Shown({ run }: { run: Run }) {
  return (
    <>
      <PageHead
        title={titleOf(run)}
        note={
          <>
            <RunBadge state={run.state} /> <span className="ml-1">begun</span> <Time at={run.created_at} />
            {run.cost_minor > 0 && ` · ${money(run.cost_minor, run.currency)}`}
            {run.config.dry_run && " · dry run: nothing is published"}
          </>
        }
      >
        <RunActions run={run} />
      </PageHead>
      {run.error && <ProblemNote error={{ code: "", detail: "", ...run.error }} className="mb-4" />}
      <div className="grid gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,4fr)]">
        <div className="min-w-0 space-y-4">
          <Card title="Stages">
            <StageList run={run} />
          </Card>
          <Card title="What was asked">
            <Asked run={run} />
          </Card>
        </div>
        <div className="min-w-0 space-y-4">
          <Videos run={run} />
          <Results run={run} />
          <RunLog id={run.id} />
        </div>
      </div>
    </>
  );
}

function Videos({ run }: { run: Run }) {
  const parts = partsOf(run);
  const master = masterOf(run);
  if (!master && parts.length === 0) return null;
  return (
    <Card title="Parts and master">
      <ul className="grid grid-cols-2 gap-3 sm:grid-cols-4">
        {parts.map((part, index) => (
          <li key={part}>
            <Player assetId={part} label={`Part ${index + 1}`} aspect={run.config.aspect ?? null} />
            <p className="mt-1 text-center text-xs text-soft">Part {index + 1}</p>
          </li>
        ))}
        {master && (
          <li>
            <Player
              assetId={master}
              label="Master"
              aspect={run.config.aspect ?? null}
              className="ring-2 ring-accent"
            />
            <p className="mt-1 text-center text-xs font-medium text-accent">Master</p>
          </li>
        )}
      </ul>
    </Card>
  );
}

function Results({ run }: { run: Run }) {
  const told = resultsOf(run);
  const publications = api.useQuery("get", "/api/publications", {
    params: { query: { run_id: run.id, limit: 200 } },
  }).data;
  const results: AccountResult[] =
    publications && publications.length > 0
      ? publications.map((one) => ({
          account: `${one.channel}:${one.handle}`,
          account_id: one.account_id,
          publication_id: one.id,
          outcome: one.outcome,
          url: one.url,
          reason: one.verdict,
          fix: one.next,
          due_at: one.due_at,
        }))
      : told;
  return (
    <Card title="Accounts" flush>
      {results.length === 0 ? (
        <Empty icon={null} title="Nothing planned yet">
          When the words are written, each account stands here with how it went.
        </Empty>
      ) : (
        <ul>
          {results.map((one) => (
            <li
              key={one.publication_id ?? one.account_id}
              className="flex items-start gap-3 border-t border-line px-4 py-2.5"
            >
              <div className="min-w-0 flex-1">
                <p className="truncate font-medium">{one.account}</p>
                <p className="text-[0.8125rem] text-soft [overflow-wrap:anywhere]">
                  {one.url ? (
                    <a
                      href={one.url}
                      target="_blank"
                      rel="noreferrer"
                      className="text-accent underline underline-offset-2"
                    >
                      {one.url}
                    </a>
                  ) : (
                    <>
                      {one.reason} {one.fix}
                    </>
                  )}
                </p>
              </div>
              {run.post_id && (
                <Link
                  href={`/posts/?id=${run.post_id}`}
                  className="text-[0.8125rem] text-soft underline underline-offset-2"
                >
                  Ledger<span className="sr-only"> of {one.account}</span>
                </Link>
              )}
              <OutcomeBadge outcome={one.outcome} />
            </li>
          ))}
        </ul>
      )}
    </Card>
  );
}

function Asked({ run }: { run: Run }) {
  const { config } = run;
  const lines: [string, string][] = [
    ["Providers", and(config.provider ?? [])],
    ["Aspect", config.aspect ?? "as it comes"],
    ["Copywriter", config.copywriter ?? "the configured model"],
    ["Accounts", and(config.accounts ?? [])],
    ["Publish", String(config.publish ?? "now").replace("_", " ")],
  ];
  return (
    <>
      <ol className="mb-3 list-decimal space-y-1 pl-5">
        {(config.prompts?.length ? config.prompts : (config.clips ?? [])).map((one) => (
          <li key={one} className="[overflow-wrap:anywhere]">
            {one}
          </li>
        ))}
      </ol>
      <dl className="grid grid-cols-[auto_1fr] gap-x-4 gap-y-1 text-[0.8125rem]">
        {lines.map(([name, value]) => (
          <div key={name} className="contents">
            <dt className="text-soft">{name}</dt>
            <dd className="[overflow-wrap:anywhere]">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}
