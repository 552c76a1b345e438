import clsx from "clsx";
import { LoaderCircle } from "lucide-react";
import type { ButtonHTMLAttributes, ReactNode } from "react";
import Link from "@/ui/link";

export type ButtonLook = "primary" | "secondary" | "ghost" | "danger";
type Size = "small" | "medium";

const LOOKS: Record<ButtonLook, string> = {
  primary: "bg-accent text-accent-ink hover:brightness-110 shadow-raised",
  secondary: "border border-line bg-surface text-ink shadow-raised hover:bg-raised",
  ghost: "text-soft hover:bg-raised hover:text-ink",
  danger: "border border-bad/40 bg-bad-soft text-bad hover:border-bad",
};
const SIZES: Record<Size, string> = { small: "h-8 px-2.5 text-[0.8125rem]", medium: "h-9 px-3.5 text-sm" };

function classes(look: ButtonLook, size: Size, extra?: string): string {
  return clsx(
    "inline-flex shrink-0 items-center justify-center gap-1.5 rounded-lg font-medium whitespace-nowrap transition",
    "disabled:opacity-55 disabled:hover:brightness-100",
    LOOKS[look],
    SIZES[size],
    extra,
  );
}

type Common = { look?: ButtonLook; size?: Size; icon?: ReactNode };

/** A button. `busy` shows that it works and lets nobody press it again. */
export function Button({
  look = "secondary",
  size = "medium",
  icon,
  busy = false,
  children,
  className,
  disabled,
  ...rest
}: Common & { busy?: boolean } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" className={classes(look, size, className)} disabled={disabled || busy} {...rest}>
      {busy ? <LoaderCircle aria-hidden className="size-4 animate-spin" /> : icon}
      {children}
    </button>
  );
}

/** A button of an icon alone; `label` is what it is called, for those who do not see it and on hover. */
export function IconButton({
  label,
  icon,
  className,
  ...rest
}: { label: string; icon: ReactNode } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(
        "inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-soft transition hover:bg-raised hover:text-ink disabled:opacity-55",
        className,
      )}
      {...rest}
    >
      {icon}
    </button>
  );
}

/** A link that looks like a button, within the dashboard. */
export function ButtonLink({
  look = "secondary",
  size = "medium",
  icon,
  href,
  children,
  className,
}: Common & { href: string; children: ReactNode; className?: string }) {
  return (
    <Link href={href} className={classes(look, size, className)}>
      {icon}
      {children}
    </Link>
  );
}
