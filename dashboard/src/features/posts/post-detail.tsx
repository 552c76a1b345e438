"use client";

import { ChevronLeft } from "lucide-react";
import { api } from "@/api/client";
import { PageHead } from "@/shell/shell";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Empty, Loaded } from "@/ui/feedback";
import Link from "@/ui/link";
import { Player } from "@/ui/player";
import { Time } from "@/ui/time";
import type { Post } from "./post-row";
import { PublicationCard } from "./publication-card";

/** One post: its video, and each account with its words, its story and its numbers. */
export function PostDetail({ id, publicationId }: { id: string; publicationId: string | null }) {
  const post = api.useQuery("get", "/api/posts/{post_id}", { params: { path: { post_id: id } } });
  return (
    <>
      <Link href="/posts/" className="mb-2 inline-flex items-center gap-1 text-soft hover:text-ink">
        <ChevronLeft aria-hidden className="size-4" />
        Posts
      </Link>
      <Loaded of={post} lines={8}>
        {(found) => <Shown post={found} publicationId={publicationId} />}
      </Loaded>
    </>
  );
}

function Shown({ post, publicationId }: { post: Post; publicationId: string | null }) {
  const first = publicationId && post.publications.find((one) => one.id === publicationId);
  const rows = first ? [first, ...post.publications.filter((one) => one !== first)] : post.publications;
  return (
    <>
      <PageHead
        title={post.title || "Without a title"}
        note={
          <>
            Made <Time at={post.created_at} how="moment" /> {post.generated && <Badge>made by AI</Badge>}
            {post.run_id && (
              <>
                {" · "}
                <Link href={`/runs/?id=${post.run_id}`} className="text-accent underline underline-offset-2">
                  its run
                </Link>
              </>
            )}
          </>
        }
      />
      <div className="grid items-start gap-4 lg:grid-cols-[minmax(10rem,16rem)_minmax(0,1fr)]">
        {post.asset_ids.length > 0 && (
          <div className="mx-auto w-full max-w-64 space-y-3 lg:sticky lg:top-17">
            {post.asset_ids.map((asset) => (
              <Player key={asset} assetId={asset} label={post.title || "Video"} />
            ))}
          </div>
        )}
        <div className="min-w-0 space-y-4">
          {rows.length === 0 && (
            <Card>
              <Empty icon={null} title="Planned nowhere">
                This post is on no account yet.
              </Empty>
            </Card>
          )}
          {rows.map((one, at) => (
            <PublicationCard key={one.id} publication={one} open={at === 0 || rows.length < 3} />
          ))}
        </div>
      </div>
    </>
  );
}
