import clsx from "clsx";
import type { Schemas } from "@/api/client";
import { outcomeTone, outcomeWord } from "@/ui/states";
import { Time } from "@/ui/time";

type Attempt = Schemas["AttemptRead"];
type Line = { at: string; outcome: Schemas["Outcome"]; note: string };

const DOTS = {
  plain: "bg-soft",
  good: "bg-good",
  warn: "bg-warn",
  bad: "bg-bad",
  odd: "bg-odd",
  info: "bg-info",
  accent: "bg-accent",
};

/** The ledger of a publication told as a story: every attempt, line by line, with what was asked and answered. */
export function Story({ attempts }: { attempts: readonly Attempt[] }) {
  return (
    <div className="space-y-4">
      {attempts.map((attempt) => (
        <div key={attempt.number}>
          {attempts.length > 1 && (
            <p className="mb-1.5 text-[0.8125rem] font-medium">Attempt {attempt.number}</p>
          )}
          <ol className="relative space-y-2.5 border-l border-line pl-4">
            {(attempt.trail as Line[]).map((line) => (
              <li key={`${line.at} ${line.outcome} ${line.note}`} className="relative">
                <span
                  aria-hidden
                  className={clsx(
                    "absolute top-1.5 -left-[1.28rem] size-2 rounded-full ring-4 ring-surface",
                    DOTS[outcomeTone(line.outcome)],
                  )}
                />
                <p className="[overflow-wrap:anywhere]">
                  <span className="font-medium">{outcomeWord(line.outcome)}.</span> {line.note}
                </p>
                <p className="text-xs text-soft">
                  <Time at={line.at} how="moment" />
                </p>
              </li>
            ))}
          </ol>
          {(attempt.request || attempt.answer || attempt.problem) && (
            <details className="mt-2 text-[0.8125rem]">
              <summary className="text-soft hover:text-ink">What was asked and answered</summary>
              {Object.entries({
                Asked: attempt.request,
                Answered: attempt.answer,
                Problem: attempt.problem,
              }).map(
                ([name, value]) =>
                  value && (
                    <div key={name} className="mt-2">
                      <p className="text-soft">{name}</p>
                      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it */}
                      <pre tabIndex={0} className="max-h-60 overflow-auto rounded-lg bg-raised p-2.5 text-xs">
                        {JSON.stringify(value, null, 2)}
                      </pre>
                    </div>
                  ),
              )}
            </details>
          )}
        </div>
      ))}
    </div>
  );
}
