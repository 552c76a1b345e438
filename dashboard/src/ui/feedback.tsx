/** What stands where data does not: while it loads, when there is none, when it could not be had. */

import clsx from "clsx";
import { CircleAlert, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { problemOf } from "@/api/client";
import { Button } from "./button";

/** A place with nothing in it: says what will be there and how to begin. */
export function Empty({
  icon,
  title,
  children,
  action,
}: {
  icon: ReactNode;
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center px-6 py-10 text-center">
      {icon && (
        <div
          aria-hidden
          className="mb-3 flex size-11 items-center justify-center rounded-xl bg-accent-soft text-accent"
        >
          {icon}
        </div>
      )}
      <p className="font-medium">{title}</p>
      <div className="mt-1 max-w-md text-sm leading-relaxed text-balance text-soft">{children}</div>
      {action && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
    </div>
  );
}

/** What went wrong, with what to do about it. */
export function ProblemNote({
  error,
  onRetry,
  className,
}: {
  error: unknown;
  onRetry?: () => void;
  className?: string;
}) {
  const problem = problemOf(error);
  return (
    <div
      role="alert"
      className={clsx("flex items-start gap-2.5 rounded-lg bg-bad-soft px-3.5 py-3 text-sm", className)}
    >
      <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
      <div className="min-w-0 flex-1 space-y-1 [overflow-wrap:anywhere]">
        <p className="font-medium text-bad">{problem.detail}</p>
        {problem.fix && <p>{problem.fix}</p>}
        {problem.errors?.map((one) => (
          <p key={`${one.field} ${one.rule}`}>
            <span className="font-medium">{one.field}</span>: {one.rule}
            {one.fix && one.fix !== problem.fix && ` – ${one.fix}`}
          </p>
        ))}
        {problem.trace_id && <p className="text-xs text-soft">Trace {problem.trace_id}</p>}
      </div>
      {onRetry && (
        <Button size="small" icon={<RotateCw aria-hidden className="size-3.5" />} onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

/** Grey lines where text will be. */
export function Loading({ lines = 3, className }: { lines?: number; className?: string }) {
  return (
    <div role="status" aria-label="Loading" className={clsx("space-y-2.5", className)}>
      {Array.from({ length: lines }, (_, line) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
          key={line}
          className={clsx("h-4 animate-pulse rounded bg-raised", line % 3 === 2 ? "w-2/3" : "w-full")}
        />
      ))}
    </div>
  );
}

type Asked<T> = { data: T | undefined; error: unknown; refetch: () => unknown };

/** Show what was asked for: its lines while it loads, its problem when it failed, its content when it is there. */
export function Loaded<T>({
  of,
  lines,
  children,
}: {
  of: Asked<T>;
  lines?: number;
  children: (data: T) => ReactNode;
}) {
  if (of.data !== undefined) return <>{children(of.data)}</>;
  if (of.error) return <ProblemNote error={of.error} onRetry={() => void of.refetch()} />;
  return <Loading {...(lines && { lines })} />;
}

/** How much is done, from 0 to 1; null while that is not known. */
export function Progress({
  label,
  share,
  tone = "accent",
}: {
  label: string;
  share: number | null;
  tone?: "accent" | "good" | "warn" | "bad";
}) {
  const colour = { accent: "text-accent", good: "text-good", warn: "text-warn", bad: "text-bad" }[tone];
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(share !== null && { "aria-valuenow": Math.round(share * 100) })}
      className={clsx("h-1.5 w-full overflow-hidden rounded-full bg-raised", colour)}
    >
      <div
        className={clsx(
          "h-full rounded-full bg-current",
          share === null && "w-1/3 animate-[glide_1.4s_infinite]",
        )}
        style={share === null ? undefined : { width: `${Math.min(1, Math.max(0, share)) * 100}%` }}
      />
    </div>
  );
}
