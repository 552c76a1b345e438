"use client";

import { OctagonPause } from "lucide-react";
import { api } from "@/api/client";
import { Button } from "@/ui/button";
import { Time } from "@/ui/time";
import { tell } from "@/ui/toast";

/** A bar over every page while publishing is stopped everywhere: nobody may overlook that. */
export function Banner() {
  const needs = api.useQuery("get", "/api/overview/attention").data;
  const stopped = needs?.find((need) => need.kind === "stopped");
  const resume = api.useMutation("post", "/api/publishing/resume", {
    onSuccess: () => tell("Publishing goes on."),
  });
  if (!stopped) return null;
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-x-3 gap-y-2 bg-bad-soft px-3 py-2.5 sm:px-5 lg:px-7"
    >
      <OctagonPause aria-hidden className="size-5 shrink-0 text-bad" />
      <p className="min-w-0 flex-1">
        <span className="font-semibold text-bad">Publishing is stopped on every account</span>
        {stopped.since && (
          <>
            {" "}
            since <Time at={stopped.since} how="moment" />
          </>
        )}
        {stopped.detail && `: ${stopped.detail}`}
      </p>
      <Button size="small" busy={resume.isPending} onClick={() => resume.mutate({})}>
        Let it go on
      </Button>
    </div>
  );
}
