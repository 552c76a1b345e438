import clsx from "clsx";
import { Minus, X } from "lucide-react";
import { STAGE_WORDS } from "@/ui/states";
import type { Run, Stage } from "./reading";

/** The eight stages of a run in one line, with the one at work filling up. */
export function Steps({ run }: { run: Run }) {
  return (
    <ol aria-label="Stages" className="grid grid-cols-8 gap-1">
      {run.stages.map((stage) => (
        <li key={stage.name} className="min-w-0">
          <div className={clsx("h-1.5 overflow-hidden rounded-full", BACK[stage.state])}>
            {stage.state === "running" && (
              <div
                className="h-full rounded-full bg-accent"
                style={{ width: `${Math.max(6, stage.progress * 100)}%` }}
              />
            )}
          </div>
          <p
            className={clsx(
              "mt-1 flex items-center gap-0.5 truncate text-[0.6875rem]",
              stage.state === "running" ? "font-medium text-ink" : "text-soft",
              stage.state === "failed" && "font-medium text-bad",
            )}
          >
            <Mark state={stage.state} />
            <span className="sr-only truncate sm:not-sr-only">{STAGE_WORDS[stage.name]}</span>
            <span className="sr-only">: {stage.state}</span>
          </p>
        </li>
      ))}
    </ol>
  );
}

const BACK: Record<Stage["state"], string> = {
  pending: "bg-raised",
  running: "bg-accent-soft",
  completed: "bg-good",
  failed: "bg-bad",
  cancelled: "bg-line-strong",
};

function Mark({ state }: { state: Stage["state"] }) {
  if (state === "failed") return <X aria-hidden className="size-3 shrink-0" />;
  if (state === "cancelled") return <Minus aria-hidden className="size-3 shrink-0" />;
  return null;
}
