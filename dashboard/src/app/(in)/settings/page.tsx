import type { Metadata } from "next";
import { Suspense } from "react";
import { Settings } from "@/features/settings/settings";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "Settings" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <Settings />
    </Suspense>
  );
}
