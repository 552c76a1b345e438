import type { Metadata } from "next";
import { Suspense } from "react";
import { Runs } from "@/features/runs/runs";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "Runs" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <Runs />
    </Suspense>
  );
}
