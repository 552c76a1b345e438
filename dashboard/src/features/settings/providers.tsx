"use client";

import { CircleCheck, CircleDashed, CircleX } from "lucide-react";
import { api, type Schemas } from "@/api/client";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Loaded } from "@/ui/feedback";

type Vendor = Schemas["VendorRead"];

const KINDS: Record<Vendor["kind"], string> = {
  video: "Video",
  language: "Writing",
  image: "Pictures",
  voice: "Voices",
  transcription: "Listening",
  browser: "Browser",
};

/** What makes things for us, what each still needs, and whether it answers. */
export function Providers() {
  const vendors = api.useQuery("get", "/api/providers");
  return (
    <Loaded of={vendors} lines={8}>
      {(all) => (
        <div className="gap-4 lg:columns-2">
          {(Object.keys(KINDS) as Vendor["kind"][])
            .filter((kind) => all.some((one) => one.kind === kind))
            .map((kind) => (
              <Card key={kind} title={KINDS[kind]} flush className="mb-4 break-inside-avoid">
                <ul>
                  {all
                    .filter((one) => one.kind === kind)
                    .map((one) => (
                      <Row key={one.id} vendor={one} />
                    ))}
                </ul>
              </Card>
            ))}
        </div>
      )}
    </Loaded>
  );
}

function Row({ vendor }: { vendor: Vendor }) {
  const test = api.useMutation("post", "/api/providers/{provider_id}/test");
  return (
    <li className="border-t border-line px-4 py-2.5">
      <div className="flex items-center gap-3">
        {vendor.configured ? (
          <CircleCheck aria-label="Configured" className="size-4 shrink-0 text-good" />
        ) : (
          <CircleDashed aria-label="Not configured" className="size-4 shrink-0 text-soft" />
        )}
        <p className="min-w-0 flex-1 truncate font-medium">
          {vendor.title} {vendor.model && <span className="font-normal text-soft">{vendor.model}</span>}
        </p>
        {vendor.ends && (
          <Badge tone="warn">
            {new Date(vendor.ends) < new Date() ? "ended" : "ends"} {vendor.ends}
          </Badge>
        )}
        {vendor.testable && vendor.configured && (
          <Button
            size="small"
            busy={test.isPending}
            onClick={() => test.mutate({ params: { path: { provider_id: vendor.id } } })}
          >
            Test<span className="sr-only"> {vendor.title}</span>
          </Button>
        )}
      </div>
      {(vendor.note || (!vendor.configured && vendor.fix)) && (
        <p className="mt-1 pl-7 text-[0.8125rem] text-soft [overflow-wrap:anywhere]">
          {vendor.note} {!vendor.configured && vendor.fix}
        </p>
      )}
      {test.data && (
        <p role="status" className="mt-1 flex gap-2 pl-7 text-[0.8125rem]">
          {test.data.ok ? (
            <CircleCheck aria-hidden className="mt-0.5 size-3.5 shrink-0 text-good" />
          ) : (
            <CircleX aria-hidden className="mt-0.5 size-3.5 shrink-0 text-bad" />
          )}
          <span className="min-w-0 [overflow-wrap:anywhere]">
            {test.data.detail} {test.data.fix}
            {test.data.latency_ms !== null && (
              <span className="nums text-soft"> {Math.round(test.data.latency_ms)} ms</span>
            )}
          </span>
        </p>
      )}
    </li>
  );
}
