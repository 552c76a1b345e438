"use client";

import { api } from "@/api/client";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Loaded } from "@/ui/feedback";
import { Time } from "@/ui/time";
import { tell } from "@/ui/toast";

const TONES = { pending: "info", delivered: "good", failed: "bad" } as const;

/** The latest messages of a webhook, and sending again what failed. */
export function Deliveries({ webhookId }: { webhookId: string }) {
  const params = { params: { path: { webhook_id: webhookId } } };
  const deliveries = api.useQuery("get", "/api/webhooks/{webhook_id}/deliveries", {
    params: { ...params.params, query: { limit: 20 } },
  });
  const replay = api.useMutation("post", "/api/webhooks/{webhook_id}/replay", {
    onSuccess: () => {
      void deliveries.refetch();
      tell("They are sent once more.");
    },
  });
  return (
    <details className="mt-4">
      <summary className="text-soft hover:text-ink">The latest messages</summary>
      <div className="mt-2 mb-3 flex gap-2">
        <Button size="small" onClick={() => void deliveries.refetch()}>
          Look again
        </Button>
        <Button
          size="small"
          busy={replay.isPending}
          onClick={() => replay.mutate({ ...params, body: { failed_only: true } })}
        >
          Send what failed again
        </Button>
      </div>
      <Loaded of={deliveries}>
        {(all) => (
          <ul>
            {all.map((one) => (
              <li key={one.id} className="flex items-center gap-3 border-t border-line py-1.5">
                <Badge tone={TONES[one.state]}>{one.state}</Badge>
                <span className="min-w-0 flex-1 truncate">{one.topic}</span>
                <span className="nums text-[0.8125rem] text-soft">
                  {one.tries === 1 ? "1 try" : `${one.tries} tries`}
                </span>
                <span className="text-[0.8125rem] text-soft">
                  <Time at={one.created_at} />
                </span>
              </li>
            ))}
            {all.length === 0 && <li className="text-soft">None yet.</li>}
          </ul>
        )}
      </Loaded>
    </details>
  );
}
