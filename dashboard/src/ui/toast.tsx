"use client";

import { CircleCheck, CircleX, X } from "lucide-react";
import { useSyncExternalStore } from "react";
import { problemOf } from "@/api/client";
import { IconButton } from "./button";

type Toast = { id: number; good: boolean; text: string; fix?: string; undo?: () => void };

const SHOWN_MS = 7000;
let toasts: readonly Toast[] = [];
let last = 0;
const watchers = new Set<() => void>();

function set(next: readonly Toast[]): void {
  toasts = next;
  for (const watch of watchers) watch();
}

function add(toast: Omit<Toast, "id">): void {
  last += 1;
  const id = last;
  set([...toasts.slice(-2), { ...toast, id }]);
  setTimeout(() => dismiss(id), toast.good ? SHOWN_MS : SHOWN_MS * 2);
}

function dismiss(id: number): void {
  set(toasts.filter((one) => one.id !== id));
}

/** Tell that something was done; with `undo` it can be taken back while the note stands. */
export const tell = (text: string, undo?: () => void): void =>
  add({ good: true, text, ...(undo && { undo }) });

/** Tell what went wrong and what to do, from whatever was thrown. */
export function tellProblem(error: unknown): void {
  const problem = problemOf(error);
  add({ good: false, text: problem.detail, ...(problem.fix && { fix: problem.fix }) });
}

const NONE: readonly Toast[] = [];

/** Where notes appear: at the foot of the page, told to screen readers too. */
export function Toasts() {
  const shown = useSyncExternalStore(
    (watch) => {
      watchers.add(watch);
      return () => watchers.delete(watch);
    },
    () => toasts,
    () => NONE,
  );
  return (
    <div
      role="status"
      aria-live="polite"
      className="pointer-events-none fixed inset-x-0 bottom-20 z-50 flex flex-col items-center gap-2 px-3 lg:bottom-5"
    >
      {shown.map((toast) => (
        <div
          key={toast.id}
          className="pointer-events-auto flex w-full max-w-md items-start gap-2.5 rounded-xl border border-line bg-surface py-2.5 pr-2 pl-3.5 text-sm shadow-float"
        >
          {toast.good ? (
            <CircleCheck aria-hidden className="mt-1 size-4 shrink-0 text-good" />
          ) : (
            <CircleX aria-hidden className="mt-1 size-4 shrink-0 text-bad" />
          )}
          <p className="min-w-0 flex-1 py-0.5 [overflow-wrap:anywhere]">
            {toast.text}
            {toast.fix && <span className="block text-soft">{toast.fix}</span>}
          </p>
          {toast.undo && (
            <button
              type="button"
              className="rounded-md px-2 py-1 font-medium text-accent hover:bg-raised"
              onClick={() => {
                toast.undo?.();
                dismiss(toast.id);
              }}
            >
              Undo
            </button>
          )}
          <IconButton
            label="Dismiss"
            className="-my-0.5"
            icon={<X aria-hidden className="size-4" />}
            onClick={() => dismiss(toast.id)}
          />
        </div>
      ))}
    </div>
  );
}
