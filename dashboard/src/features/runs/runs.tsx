"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Clapperboard, Plus } from "lucide-react";
import { http, type Schemas } from "@/api/client";
import { money } from "@/lib/format";
import { useQueryParam } from "@/lib/query";
import { PageHead } from "@/shell/shell";
import { ButtonLink } from "@/ui/button";
import { Card } from "@/ui/card";
import { Empty, Loading, ProblemNote } from "@/ui/feedback";
import { Segmented } from "@/ui/field";
import Link from "@/ui/link";
import { RunBadge } from "@/ui/states";
import { Time, Took } from "@/ui/time";
import { VirtualList } from "@/ui/virtual-list";
import { titleOf } from "./reading";
import { RunDetail } from "./run-detail";
import { Steps } from "./steps";

const PAGE = 50;
const CHOICES = ["all", "active", "waiting", "failed", "done"] as const;
const STATES: Record<(typeof CHOICES)[number], Schemas["RunState"][]> = {
  all: [],
  active: ["queued", "running"],
  waiting: ["waiting"],
  failed: ["failed", "partial"],
  done: ["completed", "cancelled"],
};

/** The runs, or one of them when the address names it. */
export function Runs() {
  const [id] = useQueryParam("id");
  return id ? <RunDetail id={id} /> : <RunList />;
}

function useRuns(states: Schemas["RunState"][]) {
  return useInfiniteQuery({
    queryKey: ["get", "/api/pipeline/runs", "pages", states],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const query = {
        limit: PAGE,
        ...(states.length && { state: states }),
        ...(pageParam && { before: pageParam }),
      };
      const { data, error } = await http.GET("/api/pipeline/runs", { params: { query }, signal });
      if (!data) throw error;
      return data;
    },
    getNextPageParam: (last) => (last.length === PAGE ? (last.at(-1)?.id ?? null) : null),
  });
}

function RunList() {
  const [shown, setShown] = useQueryParam("show");
  const choice = CHOICES.find((one) => one === shown) ?? "all";
  const runs = useRuns(STATES[choice]);
  const rows = runs.data?.pages.flat() ?? [];
  return (
    <>
      <PageHead
        title="Runs"
        note="Each run makes a video, writes its words and publishes it to your accounts."
      >
        <Segmented
          label="Which runs"
          value={choice}
          onChange={(value) => setShown(value === "all" ? null : value)}
          options={[
            ["all", "All"],
            ["active", "Active"],
            ["waiting", "Your turn"],
            ["failed", "Failed"],
            ["done", "Done"],
          ]}
        />
        <ButtonLink href="/new/" look="primary" icon={<Plus aria-hidden className="size-4" />}>
          New run
        </ButtonLink>
      </PageHead>
      <Card flush>
        {runs.error && rows.length === 0 ? (
          <ProblemNote error={runs.error} onRetry={() => void runs.refetch()} className="m-4" />
        ) : runs.isPending ? (
          <Loading className="p-4" lines={6} />
        ) : rows.length === 0 ? (
          <Empty
            icon={<Clapperboard className="size-5" />}
            title={choice === "all" ? "No run yet" : "No run stands so"}
            action={
              <ButtonLink href="/new/" look="primary">
                Start a run
              </ButtonLink>
            }
          >
            A run takes prompts or footage and takes care of the rest, up to the published post and its
            readings.
          </Empty>
        ) : (
          <VirtualList
            label="Runs"
            items={rows}
            keyOf={(run) => run.id}
            estimate={86}
            onEnd={() => runs.hasNextPage && !runs.isFetchingNextPage && void runs.fetchNextPage()}
          >
            {(run) => (
              <Link
                href={`/runs/?id=${run.id}`}
                className="grid grid-cols-[minmax(0,1fr)_auto] items-center gap-x-4 gap-y-2 border-b border-line px-4 py-3 transition hover:bg-raised/60 md:grid-cols-[minmax(0,1fr)_minmax(14rem,26rem)_9rem]"
              >
                <div className="min-w-0">
                  <p className="truncate font-medium">{titleOf(run)}</p>
                  <p className="truncate text-[0.8125rem] text-soft">
                    <Time at={run.created_at} />
                    {run.started_at && (
                      <>
                        {" · "}
                        <Took
                          from={run.started_at}
                          until={run.finished_at ?? (run.state === "waiting" ? run.started_at : null)}
                        />
                      </>
                    )}
                    {run.cost_minor > 0 && ` · ${money(run.cost_minor, run.currency)}`}
                    {run.config.dry_run && " · dry run"}
                  </p>
                </div>
                <div className="order-last col-span-2 md:order-none md:col-span-1">
                  <Steps run={run} />
                </div>
                <div className="text-right">
                  <RunBadge state={run.state} />
                </div>
              </Link>
            )}
          </VirtualList>
        )}
      </Card>
    </>
  );
}
