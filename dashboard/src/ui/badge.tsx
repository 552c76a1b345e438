import clsx from "clsx";
import type { ReactNode } from "react";

export type Tone = "plain" | "good" | "warn" | "bad" | "odd" | "info" | "accent";

const TONES: Record<Tone, string> = {
  plain: "bg-raised text-soft",
  good: "bg-good-soft text-good",
  warn: "bg-warn-soft text-warn",
  bad: "bg-bad-soft text-bad",
  odd: "bg-odd-soft text-odd",
  info: "bg-info-soft text-info",
  accent: "bg-accent-soft text-accent",
};

/** A word of state in its colour. The word says it all: the colour only helps. */
export function Badge({
  tone = "plain",
  icon,
  children,
  title,
}: {
  tone?: Tone;
  icon?: ReactNode;
  children: ReactNode;
  title?: string;
}) {
  return (
    <span
      title={title}
      className={clsx(
        "inline-flex h-5.5 shrink-0 items-center gap-1 rounded-md px-1.5 text-xs font-medium whitespace-nowrap",
        TONES[tone],
      )}
    >
      {icon}
      {children}
    </span>
  );
}
