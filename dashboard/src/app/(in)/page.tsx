import type { Metadata } from "next";
import { Suspense } from "react";
import { Home } from "@/features/home/home";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "Home" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <Home />
    </Suspense>
  );
}
