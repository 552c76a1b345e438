import clsx from "clsx";
import type { ReactNode } from "react";

/** A framed part of a page. With a `title` it is a region with that name; `actions` stand at its right. */
export function Card({
  title,
  note,
  actions,
  children,
  className,
  flush = false,
}: {
  title?: ReactNode;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
  flush?: boolean;
}) {
  return (
    <section
      aria-label={typeof title === "string" ? title : undefined}
      className={clsx("min-w-0 rounded-xl border border-line bg-surface shadow-raised", className)}
    >
      {title && (
        <header className="flex min-h-13 flex-wrap items-center gap-x-3 gap-y-1 px-4 pt-3 pb-2">
          <h2 className="text-[0.9375rem] font-semibold tracking-tight">{title}</h2>
          {note && <p className="text-[0.8125rem] text-soft">{note}</p>}
          {actions && <div className="ml-auto flex items-center gap-1.5">{actions}</div>}
        </header>
      )}
      <div className={clsx(!flush && "px-4 pb-4", !flush && !title && "pt-4")}>{children}</div>
    </section>
  );
}

/** A number with its name, and how it was before. */
export function Figure({
  label,
  value,
  note,
  tone,
}: {
  label: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: "good" | "warn" | "bad";
}) {
  return (
    <div className="min-w-0">
      <dt className="truncate text-[0.8125rem] text-soft">{label}</dt>
      <dd
        className={clsx(
          "nums truncate text-2xl font-semibold tracking-tight",
          tone === "good" && "text-good",
          tone === "warn" && "text-warn",
          tone === "bad" && "text-bad",
        )}
      >
        {value}
      </dd>
      {note && <dd className="nums truncate text-xs text-soft">{note}</dd>}
    </div>
  );
}
