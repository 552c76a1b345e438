"use client";

import clsx from "clsx";
import { Check, ExternalLink, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import { api } from "@/api/client";
import { useStored } from "@/lib/stored";
import { Button, IconButton } from "@/ui/button";
import { Card } from "@/ui/card";
import { Progress } from "@/ui/feedback";
import { InputField, TextareaField } from "@/ui/field";
import { STAGE_WORDS } from "@/ui/states";
import { currentStage, isActive, type Run, shareOf } from "../runs/reading";

const EXAMPLE = "Your plants do not die because you travel. They die because the pot runs dry on day three.";

/** Whether the tour stands on Home: from the first visit until its end, or until somebody closes it. */
export function useTour(): { shown: boolean; close: () => void } {
  const [stored, store] = useStored<"new" | "begun" | "closed">("tour", "new");
  const runs = api.useQuery("get", "/api/pipeline/runs", { params: { query: { limit: 1 } } }).data;
  const fresh = runs !== undefined && runs.length === 0;
  return { shown: stored === "begun" || (stored === "new" && fresh), close: () => store("closed") };
}

/** The first run, in three steps, up to a post that the world can read. */
export function Tour({ onClose }: { onClose: () => void }) {
  const [, store] = useStored<"new" | "begun" | "closed">("tour", "new");
  const accounts = api.useQuery("get", "/api/accounts").data ?? [];
  const site = accounts.find((account) => account.channel === "site");
  const runs = api.useQuery("get", "/api/pipeline/runs", { params: { query: { limit: 1 } } }).data ?? [];
  const run = runs[0];
  const at = !site ? 1 : !run ? 2 : 3;
  return (
    <Card
      title="Your first post"
      note="three steps, about a minute, nothing to configure"
      actions={
        <IconButton label="Close the tour" icon={<X aria-hidden className="size-4" />} onClick={onClose} />
      }
      className="mb-4"
    >
      <ol className="grid gap-4 lg:grid-cols-3">
        <Step number={1} at={at} title="A place to publish">
          <AddSite name={site?.name} onAdd={() => store("begun")} />
        </Step>
        <Step number={2} at={at} title="What it is about">
          <FirstRun accountId={site?.id} run={run} onStart={() => store("begun")} />
        </Step>
        <Step number={3} at={at} title="Out in the world">
          <Outcome run={run} onClose={onClose} />
        </Step>
      </ol>
    </Card>
  );
}

function Step({
  number,
  at,
  title,
  children,
}: {
  number: number;
  at: number;
  title: string;
  children: ReactNode;
}) {
  const done = at > number;
  return (
    <li
      aria-current={at === number ? "step" : undefined}
      className={clsx("min-w-0 rounded-lg border p-4", at === number ? "border-accent" : "border-line")}
    >
      <p className="mb-2 flex items-center gap-2 font-medium">
        <span
          className={clsx(
            "nums flex size-5.5 items-center justify-center rounded-full text-xs font-semibold",
            done
              ? "bg-good-soft text-good"
              : at === number
                ? "bg-accent text-accent-ink"
                : "bg-raised text-soft",
          )}
        >
          {done ? <Check aria-label="Done" className="size-3.5" /> : number}
        </span>
        {title}
      </p>
      {children}
    </li>
  );
}

function AddSite({ name, onAdd }: { name: string | undefined; onAdd: () => void }) {
  const [typed, setTyped] = useState("");
  const add = api.useMutation("post", "/api/accounts", { onSuccess: onAdd });
  if (name) return <p className="text-soft">“{name}” is a page of your own, served by this machine.</p>;
  const handle = typed
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        onAdd();
        if (handle)
          add.mutate({
            body: {
              channel: "site",
              handle,
              name: typed.trim(),
            },
          });
      }}
    >
      <p className="text-soft">
        MediaPoster serves a public page by itself. Other channels, from YouTube to Telegram, can be connected
        later.
      </p>
      <InputField
        label="Name of your page"
        required
        maxLength={60}
        placeholder="Green Room"
        value={typed}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Button type="submit" look="primary" busy={add.isPending} disabled={!handle}>
        Make the page
      </Button>
    </form>
  );
}

function FirstRun({
  accountId,
  run,
  onStart,
}: {
  accountId: string | undefined;
  run: Run | undefined;
  onStart: () => void;
}) {
  const [prompt, setPrompt] = useState(EXAMPLE);
  const start = api.useMutation("post", "/api/pipeline/full", { onSuccess: onStart });
  if (run) return <p className="line-clamp-3 text-soft">{run.config.prompts?.[0]}</p>;
  if (!accountId)
    return (
      <p className="text-soft">A sentence or two; the video is made of them, with a voice and captions.</p>
    );
  return (
    <form
      className="space-y-3"
      onSubmit={(event) => {
        event.preventDefault();
        start.mutate({
          body: {
            prompts: [prompt.trim()],
            accounts: [accountId],
            copywriter: "local",
            publish: "now",
          },
        });
      }}
    >
      <TextareaField
        label="Say it in a sentence or two"
        hint="Made on this machine. It costs nothing."
        required
        maxLength={4000}
        value={prompt}
        onChange={(event) => setPrompt(event.target.value)}
      />
      <Button type="submit" look="primary" busy={start.isPending} disabled={!prompt.trim()}>
        Make and publish
      </Button>
    </form>
  );
}

function Outcome({ run, onClose }: { run: Run | undefined; onClose: () => void }) {
  const publications = api.useQuery(
    "get",
    "/api/publications",
    { params: { query: { run_id: run?.id ?? "", limit: 5 } } },
    { enabled: run !== undefined },
  ).data;
  const published = publications?.find((one) => one.outcome === "confirmed");
  if (published?.url)
    return (
      <div className="space-y-3">
        <p className="text-soft">
          It is public. Its numbers are read after 1, 6, 24 and 72 hours and 7 days.
        </p>
        <div className="flex flex-wrap gap-2">
          <a
            href={published.url}
            target="_blank"
            rel="noreferrer"
            className="inline-flex h-9 items-center gap-1.5 rounded-lg bg-accent px-3.5 font-medium text-accent-ink"
          >
            Open your post
            <ExternalLink aria-hidden className="size-4" />
          </a>
          <Button onClick={onClose}>Done</Button>
        </div>
      </div>
    );
  if (!run) return <p className="text-soft">You will see the stages here, and then the link to your post.</p>;
  const stage = currentStage(run);
  return (
    <div className="space-y-2">
      <Progress
        label="Progress of the run"
        share={isActive(run) ? shareOf(run) : 1}
        tone={run.error ? "bad" : "accent"}
      />
      <p className="text-soft">
        {run.error
          ? `${run.error.detail} ${run.error.fix ?? ""}`
          : stage && `${STAGE_WORDS[stage.name]} ${stage.message}`}
      </p>
    </div>
  );
}
