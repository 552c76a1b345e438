"use client";

import clsx from "clsx";
import { X } from "lucide-react";
import { type ReactNode, useEffect, useId, useRef } from "react";
import { Button, type ButtonLook, IconButton } from "./button";

/**
 * A dialog before the page. The browser's own: it keeps the focus, closes by Escape and hides what is behind from
 * screen readers. It is there while `open`; `onClose` is asked to change that.
 */
export function Dialog({
  open,
  title,
  onClose,
  children,
  footer,
  size = "medium",
}: {
  open: boolean;
  title: string;
  onClose: () => void;
  children: ReactNode;
  footer?: ReactNode;
  size?: "small" | "medium" | "large";
}) {
  const ref = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const dialog = ref.current;
    if (open && dialog && !dialog.open) dialog.showModal();
  }, [open]);
  if (!open) return null;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape closes it; the click is on the backdrop, for pointers only
    <dialog
      ref={ref}
      aria-labelledby={titleId}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
      onClick={(event) => event.target === ref.current && onClose()}
      className={clsx(
        "max-h-[min(90dvh,60rem)] w-[calc(100vw-1.5rem)] rounded-2xl border border-line bg-surface p-0 shadow-float",
        size === "small" && "max-w-md",
        size === "medium" && "max-w-xl",
        size === "large" && "max-w-4xl",
      )}
    >
      <div className="flex max-h-[min(90dvh,60rem)] flex-col">
        <header className="flex items-center gap-2 border-b border-line py-3 pr-3 pl-5">
          <h2 id={titleId} className="min-w-0 flex-1 truncate font-semibold tracking-tight">
            {title}
          </h2>
          <IconButton label="Close" icon={<X aria-hidden className="size-4" />} onClick={onClose} />
        </header>
        <div className="min-h-0 flex-1 overflow-y-auto px-5 py-4">{children}</div>
        {footer && (
          <footer className="flex flex-wrap justify-end gap-2 border-t border-line px-5 py-3">
            {footer}
          </footer>
        )}
      </div>
    </dialog>
  );
}

/** A question before something that cannot be taken back, or that the public would see. */
export function Confirm({
  open,
  title,
  children,
  action,
  look = "primary",
  busy = false,
  onConfirm,
  onClose,
}: {
  open: boolean;
  title: string;
  children: ReactNode;
  action: string;
  look?: ButtonLook;
  busy?: boolean;
  onConfirm: () => void;
  onClose: () => void;
}) {
  return (
    <Dialog
      open={open}
      title={title}
      size="small"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button look={look} busy={busy} onClick={onConfirm}>
            {action}
          </Button>
        </>
      }
    >
      <div className="space-y-2 text-sm leading-relaxed">{children}</div>
    </Dialog>
  );
}
