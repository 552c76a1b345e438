import type { Metadata } from "next";
import { Suspense } from "react";
import { Calendar } from "@/features/calendar/calendar";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "Calendar" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <Calendar />
    </Suspense>
  );
}
