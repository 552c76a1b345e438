"use client";

import { Link as LinkIcon, Pencil, SkipForward } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { moneyOfMicros } from "@/lib/format";
import { Badge, type Tone } from "@/ui/badge";
import { Button, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Textarea } from "@/ui/field";
import Link from "@/ui/link";
import { Time } from "@/ui/time";
import { tell } from "@/ui/toast";
import type { Campaign, Tweet } from "./tweets";

const STATES: Record<Tweet["state"], { word: string; tone: Tone }> = {
  planned: { word: "To be written", tone: "plain" },
  written: { word: "Written", tone: "info" },
  edited: { word: "Yours", tone: "accent" },
  handed_over: { word: "In the ledger", tone: "good" },
  skipped: { word: "Left out", tone: "warn" },
};

/** One tweet: when, what, and, until it is handed over, other words or leaving it out. */
export function TweetRow({ campaign, tweet }: { campaign: Campaign; tweet: Tweet }) {
  const [editing, setEditing] = useState(false);
  const path = { params: { path: { campaign_id: campaign.id, number: tweet.number } } };
  const skip = api.useMutation("delete", "/api/campaigns/{campaign_id}/tweets/{number}", {
    onSuccess: () => tell(`Tweet ${tweet.number} is left out.`),
  });
  const open = tweet.state !== "handed_over" && campaign.state !== "ended";
  const state = STATES[tweet.state];
  return (
    <li className="flex items-start gap-3 border-t border-line px-4 py-2.5">
      <div className="w-32 shrink-0 text-[0.8125rem]">
        <p className="nums font-medium">{tweet.local.replace("T", " ").slice(5, 16)}</p>
        <p className="text-soft">
          <Time at={tweet.slot_at} />
        </p>
      </div>
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-1.5">
          <Badge>{tweet.kind}</Badge>
          {tweet.with_link && (
            <Badge tone="info" icon={<LinkIcon aria-hidden className="size-3" />}>
              link
            </Badge>
          )}
          <Badge tone={state.tone}>{state.word}</Badge>
          {tweet.cost_micros !== null && (
            <span className="nums text-xs text-soft">
              {moneyOfMicros(tweet.cost_micros, tweet.currency ?? "USD")}
            </span>
          )}
        </p>
        {tweet.texts.map((text) => (
          <p key={text} className="mt-1 [overflow-wrap:anywhere] whitespace-pre-line">
            {text}
          </p>
        ))}
        {tweet.note && <p className="mt-1 text-[0.8125rem] text-soft">{tweet.note}</p>}
      </div>
      {tweet.post_id && (
        <Link
          href={`/posts/?id=${tweet.post_id}`}
          className="text-[0.8125rem] text-soft underline underline-offset-2"
        >
          Post<span className="sr-only"> of tweet {tweet.number}</span>
        </Link>
      )}
      {open && (
        <div className="flex shrink-0">
          <IconButton
            label={`Write tweet ${tweet.number} yourself`}
            icon={<Pencil aria-hidden className="size-4" />}
            onClick={() => setEditing(true)}
          />
          {tweet.state !== "skipped" && (
            <IconButton
              label={`Leave tweet ${tweet.number} out`}
              icon={<SkipForward aria-hidden className="size-4" />}
              disabled={skip.isPending}
              onClick={() => skip.mutate(path)}
            />
          )}
        </div>
      )}
      {editing && <Edit campaign={campaign} tweet={tweet} onClose={() => setEditing(false)} />}
    </li>
  );
}

const GAP = /\n\s*---+\s*\n/;

function Edit({ campaign, tweet, onClose }: { campaign: Campaign; tweet: Tweet; onClose: () => void }) {
  const [text, setText] = useState(tweet.texts.join("\n---\n"));
  const edit = api.useMutation("put", "/api/campaigns/{campaign_id}/tweets/{number}", {
    onSuccess: () => {
      onClose();
      tell(`Tweet ${tweet.number} goes out with your words.`);
    },
  });
  const texts = text
    .split(GAP)
    .map((one) => one.trim())
    .filter(Boolean);
  return (
    <Dialog
      open
      title={`Tweet ${tweet.number}, ${tweet.local.replace("T", " ").slice(0, 16)}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button
            look="primary"
            busy={edit.isPending}
            disabled={texts.length === 0}
            onClick={() =>
              edit.mutate({
                params: { path: { campaign_id: campaign.id, number: tweet.number } },
                body: { texts },
              })
            }
          >
            Keep these words
          </Button>
        </>
      }
    >
      <Field
        label="Words"
        hint={`${texts.length > 1 ? `A thread of ${texts.length}. ` : ""}A line of three hyphens begins the next post of a thread. Rules of length are checked when you keep it.`}
      >
        {(tied) => (
          <Textarea {...tied} rows={6} value={text} onChange={(event) => setText(event.target.value)} />
        )}
      </Field>
    </Dialog>
  );
}
