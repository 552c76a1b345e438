"use client";

import { ChevronDown, ExternalLink } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { moneyOfMicros } from "@/lib/format";
import { IconButton } from "@/ui/button";
import { ChannelMark } from "@/ui/channel";
import { Loaded } from "@/ui/feedback";
import { OutcomeBadge } from "@/ui/states";
import { Time } from "@/ui/time";
import { momentOf, type Publication } from "./post-row";
import { PublicationActions } from "./publication-actions";
import { Readings } from "./readings";
import { Story } from "./story";

/** A post on one account: how it stands, what to do, and, opened, its words, its story and its numbers. */
export function PublicationCard({ publication, open }: { publication: Publication; open: boolean }) {
  const [shown, setShown] = useState(open);
  return (
    <section
      aria-label={`${publication.channel}: ${publication.handle}`}
      className="min-w-0 rounded-xl border border-line bg-surface shadow-raised"
    >
      <header className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
        <ChannelMark channel={publication.channel} />
        <h2 className="min-w-0 truncate font-semibold">{publication.handle}</h2>
        <OutcomeBadge outcome={publication.outcome} />
        <span className="text-[0.8125rem] text-soft">
          <Time at={momentOf(publication)} how="moment" />
          {publication.cost_micros !== null &&
            ` · ${moneyOfMicros(publication.cost_micros, publication.currency ?? "USD")}`}
        </span>
        <span className="ml-auto flex flex-wrap items-center gap-1.5">
          <PublicationActions publication={publication} />
          <IconButton
            label={shown ? "Show less" : "Show more"}
            aria-expanded={shown}
            icon={<ChevronDown aria-hidden className={shown ? "size-4 rotate-180" : "size-4"} />}
            onClick={() => setShown(!shown)}
          />
        </span>
      </header>
      <p className="px-4 pb-3 [overflow-wrap:anywhere]">
        {publication.verdict} {publication.next && <span className="text-soft">{publication.next}</span>}
        {publication.url && (
          <a
            href={publication.url}
            target="_blank"
            rel="noreferrer"
            className="mt-1 flex w-fit items-center gap-1 text-accent underline underline-offset-2"
          >
            Open it <ExternalLink aria-hidden className="size-3.5" />
          </a>
        )}
      </p>
      {shown && <Opened publication={publication} />}
    </section>
  );
}

function Opened({ publication }: { publication: Publication }) {
  const detail = api.useQuery("get", "/api/publications/{publication_id}", {
    params: { path: { publication_id: publication.id } },
  });
  const { copy } = publication;
  return (
    <div className="grid gap-5 border-t border-line px-4 py-4 xl:grid-cols-2">
      <div className="min-w-0 space-y-5">
        <div>
          <h3 className="mb-1 text-[0.8125rem] font-medium text-soft">Words</h3>
          {copy.title && <p className="font-medium [overflow-wrap:anywhere]">{copy.title}</p>}
          <p className="[overflow-wrap:anywhere] whitespace-pre-line">{copy.description}</p>
          {(copy.hashtags?.length ?? 0) > 0 && (
            <p className="mt-1 text-accent">{copy.hashtags?.map((tag) => `#${tag}`).join(" ")}</p>
          )}
          {copy.thread?.map((text) => (
            <p key={text} className="mt-2 border-l-2 border-line pl-2 whitespace-pre-line">
              {text}
            </p>
          ))}
          {copy.first_comment && <p className="mt-2 text-soft">First comment: {copy.first_comment}</p>}
        </div>
        <Readings publicationId={publication.id} />
      </div>
      <div className="min-w-0">
        <h3 className="mb-2 text-[0.8125rem] font-medium text-soft">What happened</h3>
        <Loaded of={detail}>{(found) => <Story attempts={found.attempts} />}</Loaded>
      </div>
    </div>
  );
}
