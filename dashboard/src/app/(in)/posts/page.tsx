import type { Metadata } from "next";
import { Suspense } from "react";
import { Posts } from "@/features/posts/posts";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "Posts" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <Posts />
    </Suspense>
  );
}
