import type { Metadata } from "next";
import { Suspense } from "react";
import { NewRun } from "@/features/new/new";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "New run" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <NewRun />
    </Suspense>
  );
}
