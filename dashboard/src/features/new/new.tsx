"use client";

import { FlaskConical, Rocket } from "lucide-react";
import { useRouter } from "next/navigation";
import { useEffect, useRef, useState } from "react";
import { api } from "@/api/client";
import { PageHead } from "@/shell/shell";
import { Button } from "@/ui/button";
import { Confirm } from "@/ui/dialog";
import { tell } from "@/ui/toast";
import { CheckPanel } from "./check-panel";
import { configOf, EMPTY, type Form, isReady } from "./form";
import { AccountsPart, OfferPart, PublishPart, TweetsPart } from "./parts";
import { SourcePart } from "./source-part";

export type Change = (change: Partial<Form>) => void;

/** A new run: what it is made of, what it costs, where it goes and how it would look there, before anything begins. */
export function NewRun() {
  const router = useRouter();
  const [form, setForm] = useState<Form>(EMPTY);
  const [asking, setAsking] = useState(false);
  const key = useRef(crypto.randomUUID?.() ?? String(Math.random())); // a second click is the same run
  const set: Change = (change) => setForm((before) => ({ ...before, ...change }));
  useModelByDefault(set);
  const start = api.useMutation("post", "/api/pipeline/full", {
    onSuccess: (run) => {
      tell("The run has begun.");
      router.push(`/runs/?id=${run.id}`);
    },
    onSettled: () => setAsking(false),
    onError: () => {
      key.current = crypto.randomUUID?.() ?? String(Math.random());
    },
  });
  const go = (dryRun: boolean) =>
    start.mutate({
      params: { header: { "idempotency-key": `${key.current}${dryRun ? "-dry" : ""}` } },
      body: { ...configOf(form), dry_run: dryRun },
    });
  const ready = isReady(form);
  return (
    <>
      <PageHead title="New run" note="Nothing is made, spent or sent before you start it.">
        <Button
          icon={<FlaskConical aria-hidden className="size-4" />}
          disabled={!ready}
          busy={start.isPending}
          onClick={() => go(true)}
        >
          Dry run
        </Button>
        <Button
          look="primary"
          icon={<Rocket aria-hidden className="size-4" />}
          disabled={!ready}
          busy={start.isPending}
          onClick={() => (form.publish === "draft" ? go(false) : setAsking(true))}
        >
          Start
        </Button>
      </PageHead>
      <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(22rem,30rem)]">
        <div className="min-w-0 space-y-4">
          <SourcePart form={form} set={set} />
          <AccountsPart form={form} set={set} />
          <div className="grid gap-4 md:grid-cols-2">
            <PublishPart form={form} set={set} />
            <OfferPart form={form} set={set} />
          </div>
          <TweetsPart form={form} set={set} />
        </div>
        <CheckPanel form={form} ready={ready} />
      </div>
      <Confirm
        open={asking}
        title="Start this run?"
        action="Start"
        busy={start.isPending}
        onClose={() => setAsking(false)}
        onConfirm={() => go(false)}
      >
        <p>
          {form.publish === "now"
            ? "When the video is made and its words are written, it goes out to your accounts by itself."
            : "The video is made now, and goes out by itself at its time."}{" "}
          To look at it first, choose “as a draft”.
        </p>
      </Confirm>
    </>
  );
}

/** Let a model write where one is configured; the form begins without. */
function useModelByDefault(set: Change): void {
  const providers = api.useQuery("get", "/api/providers").data;
  const done = useRef(false);
  useEffect(() => {
    if (!providers || done.current) return;
    done.current = true;
    if (providers.some((one) => one.kind === "language" && one.configured && one.id !== "language:local"))
      set({ copywriter: "model" });
  }, [providers, set]);
}
