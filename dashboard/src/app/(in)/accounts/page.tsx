import type { Metadata } from "next";
import { Suspense } from "react";
import { Accounts } from "@/features/accounts/accounts";
import { Loading } from "@/ui/feedback";

export const metadata: Metadata = { title: "Accounts" };

export default function Page() {
  return (
    <Suspense fallback={<Loading />}>
      <Accounts />
    </Suspense>
  );
}
