"use client";

import { useInfiniteQuery } from "@tanstack/react-query";
import { Newspaper } from "lucide-react";
import { useEffect } from "react";
import { api, http } from "@/api/client";
import { count } from "@/lib/format";
import { useQueryParam } from "@/lib/query";
import { PageHead } from "@/shell/shell";
import { Button, ButtonLink } from "@/ui/button";
import { Card } from "@/ui/card";
import { Empty, Loading, ProblemNote } from "@/ui/feedback";
import { VirtualList } from "@/ui/virtual-list";
import { Filters, type PostQuery, usePostQuery } from "./filters";
import { PostDetail } from "./post-detail";
import { PostRow } from "./post-row";

const PAGE = 100;

/** The posts, or one of them when the address names it, or one of its publications. */
export function Posts() {
  const [id, setId] = useQueryParam("id");
  const [publication] = useQueryParam("publication");
  const named = api.useQuery(
    "get",
    "/api/publications/{publication_id}",
    { params: { path: { publication_id: publication ?? "" } } },
    { enabled: publication !== null && id === null },
  );
  const postId = id ?? named.data?.post_id;
  useEffect(() => {
    if (!id && named.data) setId(named.data.post_id);
  }, [id, named.data, setId]);
  if (postId) return <PostDetail id={postId} publicationId={publication} />;
  if (publication) return named.error ? <ProblemNote error={named.error} /> : <Loading lines={6} />;
  return <PostList />;
}

function usePosts(query: PostQuery) {
  return useInfiniteQuery({
    queryKey: ["get", "/api/posts", "pages", query],
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const asked = { ...query, limit: PAGE, ...(pageParam && { before: pageParam }) };
      const { data, error } = await http.GET("/api/posts", { params: { query: asked }, signal });
      if (!data) throw error;
      return data;
    },
    getNextPageParam: (last) => (last.length === PAGE ? (last.at(-1)?.id ?? null) : null),
  });
}

function PostList() {
  const query = usePostQuery();
  const posts = usePosts(query);
  const rows = posts.data?.pages.flat() ?? [];
  const total = api.useQuery("get", "/api/posts/count", { params: { query } }).data?.total;
  const filtered = Object.keys(query).length > 0;
  return (
    <>
      <PageHead
        title="Posts"
        note={
          total === undefined
            ? "Everything that went out, or will."
            : `${count(total)} posts${filtered ? " fit" : ""}`
        }
      />
      <Filters query={query} />
      <Card flush>
        {posts.error && rows.length === 0 ? (
          <ProblemNote error={posts.error} onRetry={() => void posts.refetch()} className="m-4" />
        ) : posts.isPending ? (
          <Loading className="p-4" lines={8} />
        ) : rows.length === 0 ? (
          <Empty
            icon={<Newspaper className="size-5" />}
            title={filtered ? "No post fits" : "No post yet"}
            action={
              filtered ? (
                <ButtonLink href="/posts/">Show all</ButtonLink>
              ) : (
                <ButtonLink href="/new/" look="primary">
                  Start a run
                </ButtonLink>
              )
            }
          >
            {filtered
              ? "Take a part of the filter away."
              : "A run makes posts. Each stands here with the accounts it went to, and what came of it."}
          </Empty>
        ) : (
          <VirtualList
            label="Posts"
            items={rows}
            keyOf={(post) => post.id}
            estimate={73}
            onEnd={() => posts.hasNextPage && !posts.isFetchingNextPage && void posts.fetchNextPage()}
          >
            {(post) => <PostRow post={post} />}
          </VirtualList>
        )}
      </Card>
      {posts.hasNextPage && (
        <div className="mt-3 text-center">
          <Button busy={posts.isFetchingNextPage} onClick={() => void posts.fetchNextPage()}>
            More
          </Button>
        </div>
      )}
    </>
  );
}
