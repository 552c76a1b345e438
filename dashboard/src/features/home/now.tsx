"use client";

import { Clapperboard } from "lucide-react";
import { api } from "@/api/client";
import { ButtonLink } from "@/ui/button";
import { Card } from "@/ui/card";
import { Empty, Loaded } from "@/ui/feedback";
import Link from "@/ui/link";
import { Player } from "@/ui/player";
import { RunBadge, STAGE_WORDS } from "@/ui/states";
import { Time, Took } from "@/ui/time";
import { currentStage, masterOf, partsOf, type Run, titleOf } from "../runs/reading";
import { Steps } from "../runs/steps";

/** The runs that are worked on, stage by stage; while there is none, the last one. */
export function Now() {
  const active = api.useQuery("get", "/api/pipeline/runs", {
    params: { query: { state: ["queued", "running"], limit: 20 } },
  });
  const last = api.useQuery("get", "/api/pipeline/runs", { params: { query: { limit: 1 } } }).data;
  return (
    <Card title="Running now" flush>
      <Loaded of={active}>
        {(runs) =>
          runs.length > 0 ? (
            <ul>
              {runs.map((run) => (
                <li key={run.id} className="border-t border-line px-4 py-3">
                  <RunNow run={run} />
                </li>
              ))}
            </ul>
          ) : last?.[0] ? (
            <div className="border-t border-line px-4 py-3">
              <p className="mb-2 text-[0.8125rem] text-soft">Nothing runs. This was the last one:</p>
              <RunNow run={last[0]} />
            </div>
          ) : (
            <Empty
              icon={<Clapperboard className="size-5" />}
              title="Nothing runs"
              action={<ButtonLink href="/new/">Start a run</ButtonLink>}
            >
              A run shows here stage by stage, with its video as soon as there is one.
            </Empty>
          )
        }
      </Loaded>
    </Card>
  );
}

function RunNow({ run }: { run: Run }) {
  const stage = currentStage(run);
  const video = masterOf(run) ?? partsOf(run)[0];
  return (
    <article aria-label={titleOf(run)} className="flex gap-4">
      {video && (
        <div className="w-24 shrink-0 sm:w-28">
          <Player
            assetId={video}
            label={`Video of ${titleOf(run)}`}
            aspect={run.config.aspect ?? null}
            silent
          />
        </div>
      )}
      <div className="min-w-0 flex-1 space-y-2">
        <div className="flex items-start gap-2">
          <Link
            href={`/runs/?id=${run.id}`}
            className="line-clamp-2 min-w-0 flex-1 font-medium hover:underline"
          >
            {titleOf(run)}
          </Link>
          <RunBadge state={run.state} />
        </div>
        <Steps run={run} />
        <p className="truncate text-[0.8125rem] text-soft">
          {run.state === "running" && stage ? (
            <>
              {STAGE_WORDS[stage.name]}
              {stage.message && `: ${stage.message}`}
              {stage.started_at && (
                <>
                  {" · "}
                  <Took from={stage.started_at} until={stage.finished_at} />
                </>
              )}
            </>
          ) : (
            <>
              Begun <Time at={run.created_at} />
            </>
          )}
        </p>
      </div>
    </article>
  );
}
