"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { problemOf, UnreachableError } from "@/api/client";
import { Toasts, tellProblem } from "@/ui/toast";

/** What every page needs around it: the cache of answers, and the notes. */
export function Providers({ children }: { children: ReactNode }) {
  const [client] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            staleTime: 60_000, // events say what is old; this is for what no event tells of
            refetchOnWindowFocus: false,
            retry: (failures, error) => error instanceof UnreachableError && failures < 5,
          },
          mutations: {
            onError: (error) => {
              if (problemOf(error).code !== "AUTH_ERROR") tellProblem(error);
            },
          },
        },
      }),
  );
  return (
    <QueryClientProvider client={client}>
      {children}
      <Toasts />
    </QueryClientProvider>
  );
}
