"use client";

import { KeyRound } from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Copyable } from "@/ui/copyable";
import { Confirm } from "@/ui/dialog";
import { Empty, Loaded } from "@/ui/feedback";
import { InputField, SelectField } from "@/ui/field";
import { Time } from "@/ui/time";
import { tell } from "@/ui/toast";

type Token = Schemas["TokenRead"];

/** The tokens of programs: made, shown once, and revoked. */
export function Tokens() {
  const tokens = api.useQuery("get", "/api/tokens");
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Schemas["Scope"]>("read");
  const [ending, setEnding] = useState<Token | null>(null);
  const make = api.useMutation("post", "/api/tokens", {
    onSuccess: () => {
      setName("");
      void tokens.refetch();
    },
  });
  const revoke = api.useMutation("delete", "/api/tokens/{token_id}", {
    onSuccess: () => {
      setEnding(null);
      void tokens.refetch();
      tell("The token is worth nothing now, and browsers that logged in by it are out.");
    },
  });
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Card title="New token">
        <form
          className="space-y-4"
          onSubmit={(event) => {
            event.preventDefault();
            make.mutate({ body: { name: name.trim(), scope } });
          }}
        >
          <InputField
            label="Name"
            hint="Who will use it."
            required
            maxLength={120}
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <SelectField
            label="It may"
            value={scope}
            onChange={(event) => setScope(event.target.value as Schemas["Scope"])}
          >
            <option value="read">look</option>
            <option value="write">look and change</option>
            <option value="admin">everything, tokens too</option>
          </SelectField>
          <Button type="submit" look="primary" busy={make.isPending} disabled={!name.trim()}>
            Make it
          </Button>
        </form>
        {make.data && (
          <div role="status" className="mt-4 space-y-2 rounded-lg bg-accent-soft p-3">
            <p>Take it along now: it is not shown again.</p>
            <Copyable text={make.data.token} label="token" />
          </div>
        )}
      </Card>
      <Card title="Tokens" flush>
        <Loaded of={tokens}>
          {(all) =>
            all.length === 0 ? (
              <Empty icon={<KeyRound className="size-5" />} title="No token yet">
                Programs and agents need one to use the API.
              </Empty>
            ) : (
              <ul>
                {all.map((one) => (
                  <li key={one.id} className="flex items-center gap-3 border-t border-line px-4 py-2.5">
                    <div className="min-w-0 flex-1">
                      <p className="truncate font-medium">{one.name}</p>
                      <p className="text-[0.8125rem] text-soft">
                        {one.last_used_at ? (
                          <>
                            used <Time at={one.last_used_at} />
                          </>
                        ) : (
                          "never used"
                        )}
                      </p>
                    </div>
                    {one.scopes.map((held) => (
                      <Badge key={held}>{held}</Badge>
                    ))}
                    {one.revoked_at ? (
                      <Badge tone="bad">revoked</Badge>
                    ) : (
                      <Button size="small" look="ghost" onClick={() => setEnding(one)}>
                        Revoke<span className="sr-only"> {one.name}</span>
                      </Button>
                    )}
                  </li>
                ))}
              </ul>
            )
          }
        </Loaded>
      </Card>
      <Confirm
        open={ending !== null}
        title={`Revoke ${ending?.name ?? ""}?`}
        action="Revoke"
        look="danger"
        busy={revoke.isPending}
        onClose={() => setEnding(null)}
        onConfirm={() => ending && revoke.mutate({ params: { path: { token_id: ending.id } } })}
      >
        <p>Whoever uses it is refused from now on. It cannot be taken back.</p>
      </Confirm>
    </div>
  );
}
