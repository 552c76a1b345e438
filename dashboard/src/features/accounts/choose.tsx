"use client";

import { useEffect, useState } from "react";
import { api } from "@/api/client";
import { and } from "@/lib/format";
import { Button } from "@/ui/button";
import { Loaded, Loading, ProblemNote } from "@/ui/feedback";
import { Checkbox } from "@/ui/field";
import { tell } from "@/ui/toast";

const LOOK_EVERY_MS = 1500; // a platform's page tells the server, and no event tells us

/** What a connection has found: nothing yet, accounts to choose from, or those that it has connected. */
export function Choose({ id, onDone }: { id: string; onDone: () => void }) {
  const [chosen, setChosen] = useState<readonly string[] | null>(null);
  const connection = api.useQuery(
    "get",
    "/api/accounts/connections/{connection_id}",
    { params: { path: { connection_id: id } } },
    {
      refetchInterval: ({ state }) =>
        state.data?.state === "pending" || !state.data ? LOOK_EVERY_MS : false,
    },
  );
  const choose = api.useMutation("post", "/api/accounts/connections/{connection_id}/choose", {
    onSuccess: (accounts) => {
      tell(
        accounts.length === 1 ? "The account is connected." : `${accounts.length} accounts are connected.`,
      );
      onDone();
    },
  });
  const connected = connection.data?.account_ids.length ?? 0;
  useEffect(() => {
    if (connected === 0) return;
    tell(connected === 1 ? "The account is connected." : `${connected} accounts are connected.`);
    onDone();
  }, [connected, onDone]);
  return (
    <Loaded of={connection}>
      {(found) => {
        if (found.problem) return <ProblemNote error={{ code: "", detail: "", ...found.problem }} />;
        if (found.found.length === 0)
          return (
            <div className="space-y-3">
              <p>Go on in the page that has opened. This one waits for it.</p>
              <Loading lines={2} />
            </div>
          );
        const ids = chosen ?? found.found.map((one) => one.external_id);
        return (
          <form
            className="space-y-3"
            onSubmit={(event) => {
              event.preventDefault();
              choose.mutate({ params: { path: { connection_id: id } }, body: { external_ids: [...ids] } });
            }}
          >
            <p>These accounts were found. Which of them do you want?</p>
            {found.found.map((one) => (
              <Checkbox
                key={one.external_id}
                label={one.name || one.handle}
                note={one.handle}
                checked={ids.includes(one.external_id)}
                onChange={(event) =>
                  setChosen(
                    event.target.checked
                      ? [...ids, one.external_id]
                      : ids.filter((other) => other !== one.external_id),
                  )
                }
              />
            ))}
            <Button type="submit" look="primary" busy={choose.isPending} disabled={ids.length === 0}>
              Connect{" "}
              {and(
                ids.length > 3
                  ? [`${ids.length} accounts`]
                  : found.found.filter((one) => ids.includes(one.external_id)).map((one) => one.handle),
              )}
            </Button>
          </form>
        );
      }}
    </Loaded>
  );
}
