/** Small charts: enough to see a course or a comparison at a glance. Each says its numbers in words too. */

import clsx from "clsx";

type Point = { label: string; value: number | null };

/** Bars side by side; what is not known is a gap and not a zero. */
export function Bars({
  label,
  points,
  write,
  className,
}: {
  label: string;
  points: readonly Point[];
  write: (value: number | null) => string;
  className?: string;
}) {
  const most = Math.max(1, ...points.map((point) => point.value ?? 0));
  return (
    <figure className={clsx("min-w-0", className)} aria-label={label}>
      <div className="flex h-20 items-end gap-1.5">
        {points.map((point) => (
          <div
            key={point.label}
            className="flex h-full min-w-0 flex-1 flex-col justify-end gap-1 text-center"
          >
            <span className="nums truncate text-[0.6875rem] text-soft">{write(point.value)}</span>
            {point.value === null ? (
              <div className="h-0.5 rounded bg-line" />
            ) : (
              <div
                className="min-h-0.5 rounded-t-sm bg-accent/75"
                style={{ height: `${(point.value / most) * 60}%` }}
              />
            )}
          </div>
        ))}
      </div>
      <div className="mt-1 flex gap-1.5 border-t border-line pt-1">
        {points.map((point) => (
          <span key={point.label} className="min-w-0 flex-1 truncate text-center text-[0.6875rem] text-soft">
            {point.label}
          </span>
        ))}
      </div>
    </figure>
  );
}

/** A course as a line, without axes. */
export function Sparkline({
  label,
  values,
  className,
}: {
  label: string;
  values: readonly (number | null)[];
  className?: string;
}) {
  const known = values.flatMap((value, at) => (value === null ? [] : [{ at, value }]));
  const most = Math.max(1, ...known.map((one) => one.value));
  const width = Math.max(1, values.length - 1);
  const points = known.map((one) => `${(one.at / width) * 100},${30 - (one.value / most) * 28}`).join(" ");
  return (
    <svg
      role="img"
      aria-label={label}
      viewBox="0 0 100 31"
      preserveAspectRatio="none"
      className={clsx("h-8 w-full text-accent", className)}
    >
      <polyline
        points={points}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.75"
        strokeLinejoin="round"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

/** How much of a limit is used, as a bar with its words. */
export function Meter({
  label,
  used,
  of,
  words,
}: {
  label: string;
  used: number;
  of: number;
  words: string;
}) {
  const part = of > 0 ? Math.min(1, used / of) : used > 0 ? 1 : 0;
  return (
    <div className="min-w-0">
      <div className="mb-1 flex justify-between gap-2 text-xs">
        <span className="truncate text-soft">{label}</span>
        <span className="nums whitespace-nowrap">{words}</span>
      </div>
      {/* biome-ignore lint/a11y/useSemanticElements: a <meter> cannot be given our colours in every browser */}
      <div
        role="meter"
        aria-label={`${label}: ${words}`}
        aria-valuemin={0}
        aria-valuemax={of}
        aria-valuenow={used}
        className="h-1.5 overflow-hidden rounded-full bg-raised"
      >
        <div
          className={clsx("h-full rounded-full", part >= 1 ? "bg-bad" : part > 0.8 ? "bg-warn" : "bg-accent")}
          style={{ width: `${part * 100}%` }}
        />
      </div>
    </div>
  );
}
