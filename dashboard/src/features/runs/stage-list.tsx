import { money } from "@/lib/format";
import { ProblemNote, Progress } from "@/ui/feedback";
import { STAGE_WORDS, StageBadge } from "@/ui/states";
import { Took } from "@/ui/time";
import type { Run, Stage } from "./reading";

/** The stages one under the other, with what each says, how long it took and what it cost. */
export function StageList({ run }: { run: Run }) {
  return (
    <ol className="space-y-3">
      {run.stages.map((stage) => (
        <li key={stage.name}>
          <div className="flex items-center gap-2">
            <span className="w-18 shrink-0 font-medium">{STAGE_WORDS[stage.name]}</span>
            <span className="min-w-0 flex-1 truncate text-[0.8125rem] text-soft" title={stage.message}>
              {stage.message}
            </span>
            <Costs stage={stage} />
            <StageBadge state={stage.state} />
          </div>
          {stage.state === "running" && (
            <div className="mt-1.5">
              <Progress
                label={`${STAGE_WORDS[stage.name]}: progress`}
                share={stage.progress > 0 ? stage.progress : null}
              />
            </div>
          )}
          {stage.error && <ProblemNote error={{ code: "", detail: "", ...stage.error }} className="mt-2" />}
        </li>
      ))}
    </ol>
  );
}

function Costs({ stage }: { stage: Stage }) {
  return (
    <span className="nums shrink-0 text-right text-[0.8125rem] text-soft">
      {stage.cost_minor > 0 && `${money(stage.cost_minor, stage.currency)} · `}
      {stage.started_at && stage.state !== "pending" && (
        <Took from={stage.started_at} until={stage.finished_at} />
      )}
    </span>
  );
}
