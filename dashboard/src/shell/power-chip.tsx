"use client";

import { Moon, PowerOff, Zap } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Countdown, Time } from "@/ui/time";

const WORDS = { awake: "Awake", draining: "Finishing", asleep: "Asleep", waking: "Waking" } as const;

/** Whether the machine sleeps and when it wakes next; pressed, it tells more and lets it sleep or wake. */
export function PowerChip() {
  const [open, setOpen] = useState(false);
  const status = api.useQuery("get", "/api/sleep/status").data;
  if (!status) return null;
  return (
    <>
      <button
        type="button"
        onClick={() => setOpen(true)}
        className="flex h-8 items-center gap-1.5 rounded-lg border border-line bg-surface px-2.5 font-medium transition hover:bg-raised"
      >
        {status.mode === null ? (
          <>
            <PowerOff aria-hidden className="size-4 text-bad" />
            No worker
          </>
        ) : (
          <>
            {status.mode === "asleep" ? (
              <Moon aria-hidden className="size-4 text-info" />
            ) : (
              <Zap aria-hidden className="size-4 text-good" />
            )}
            {WORDS[status.mode]}
            {status.mode === "asleep" && status.next_wake_at && (
              <span className="hidden text-soft sm:inline">
                · <Countdown to={status.next_wake_at} />
              </span>
            )}
          </>
        )}
      </button>
      <PowerDialog open={open} onClose={() => setOpen(false)} />
    </>
  );
}

function PowerDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const status = api.useQuery("get", "/api/sleep/status", {}, { enabled: open }).data;
  const enter = api.useMutation("post", "/api/sleep/enter");
  const wake = api.useMutation("post", "/api/sleep/wake");
  if (!status) return null;
  const asleep = status.mode === "asleep" || status.mode === "draining";
  return (
    <Dialog
      open={open}
      title="Sleep"
      size="small"
      onClose={onClose}
      footer={
        <>
          <Button
            icon={<Moon aria-hidden className="size-4" />}
            busy={enter.isPending}
            disabled={asleep}
            onClick={() => enter.mutate({})}
          >
            Sleep now
          </Button>
          <Button
            look="primary"
            icon={<Zap aria-hidden className="size-4" />}
            busy={wake.isPending}
            onClick={() => wake.mutate({})}
          >
            Wake
          </Button>
        </>
      }
    >
      <p className="text-soft">
        An idle machine sleeps and costs next to nothing. It wakes by itself before anything is due, and at
        once when you start something.
      </p>
      <dl className="mt-4 grid grid-cols-[auto_1fr] gap-x-4 gap-y-1.5">
        <dt className="text-soft">Now</dt>
        <dd>
          {status.mode ? WORDS[status.mode] : "No worker runs: start one with `mediaposter up`."}
          {status.since && (
            <span className="text-soft">
              {" "}
              since <Time at={status.since} how="moment" />
            </span>
          )}
        </dd>
        <dt className="text-soft">Next wake</dt>
        <dd>
          {status.next_wake_at ? (
            <>
              <Time at={status.next_wake_at} how="moment" />{" "}
              {status.next_trigger && <Badge>{status.next_trigger.replaceAll("_", " ")}</Badge>}
            </>
          ) : (
            "When there is work"
          )}
        </dd>
        <dt className="text-soft">Slept</dt>
        <dd className="nums">
          {status.sleeps} times, {Math.round(status.slept_seconds / 360) / 10} hours in all
        </dd>
        <dt className="text-soft">Workers</dt>
        <dd>
          {status.workers.map((worker) => (
            <div key={worker.id}>
              {worker.host} · process {worker.pid} · {WORDS[worker.mode]}
            </div>
          ))}
        </dd>
      </dl>
    </Dialog>
  );
}
