import type { Metadata } from "next";
import { Suspense } from "react";
import { Offers } from "@/features/offers/offers";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "Offers" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <Offers />
    </Suspense>
  );
}
