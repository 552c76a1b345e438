import clsx from "clsx";
import { Type } from "lucide-react";
import type { Schemas } from "@/api/client";
import { ChannelMark } from "@/ui/channel";
import Link from "@/ui/link";
import { outcomeTone, outcomeWord } from "@/ui/states";
import { Time } from "@/ui/time";

export type Post = Schemas["PostRead"];
export type Publication = Schemas["PublicationRead"];

const DOTS = {
  plain: "bg-soft",
  good: "bg-good",
  warn: "bg-warn",
  bad: "bg-bad",
  odd: "bg-odd",
  info: "bg-info",
  accent: "bg-accent",
};

/** When a publication went out, or goes out. */
export const momentOf = (one: Publication): string =>
  one.sent_at ?? one.slot_at ?? one.due_at ?? one.created_at;

/** One post in the list: its picture, its title, and each account with how it went there. */
export function PostRow({ post }: { post: Post }) {
  const [first] = post.publications;
  return (
    <Link
      href={`/posts/?id=${post.id}`}
      className="flex min-h-18 items-center gap-3 border-b border-line px-4 py-2 transition hover:bg-raised/60"
    >
      <Still assetId={post.asset_ids[0]} />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{post.title || first?.copy.description || "Without a title"}</p>
        <p className="truncate text-[0.8125rem] text-soft">
          {first ? <Time at={momentOf(first)} how="moment" /> : <Time at={post.created_at} how="moment" />}
          {first?.copy.description && <span className="hidden sm:inline"> · {first.copy.description}</span>}
        </p>
      </div>
      <ul aria-label="Accounts" className="flex max-w-[40%] shrink-0 flex-wrap justify-end gap-1.5">
        {post.publications.map((one) => (
          <li
            key={one.id}
            className="relative"
            title={`${one.channel}: ${one.handle}, ${outcomeWord(one.outcome)}`}
          >
            <ChannelMark channel={one.channel} />
            <span
              aria-hidden
              className={clsx(
                "absolute -right-0.5 -bottom-0.5 size-2 rounded-full ring-2 ring-surface",
                DOTS[outcomeTone(one.outcome)],
              )}
            />
            <span className="sr-only">
              {one.channel} {one.handle}: {outcomeWord(one.outcome)}
            </span>
          </li>
        ))}
      </ul>
    </Link>
  );
}

function Still({ assetId }: { assetId: string | undefined }) {
  if (!assetId)
    return (
      <span className="flex h-14 w-10 shrink-0 items-center justify-center rounded-md bg-raised text-soft">
        <Type aria-hidden className="size-4" />
      </span>
    );
  return (
    // biome-ignore lint/performance/noImgElement: the export has no image server
    <img
      src={`/api/media/assets/${assetId}/thumbnail`}
      alt=""
      loading="lazy"
      className="h-14 w-10 shrink-0 rounded-md bg-raised object-cover"
    />
  );
}
