import type { Metadata } from "next";
import { Suspense } from "react";
import { Tweets } from "@/features/tweets/tweets";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "Tweets" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <Tweets />
    </Suspense>
  );
}
