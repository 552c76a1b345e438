"use client";

import { Webhook as WebhookIcon } from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Copyable } from "@/ui/copyable";
import { Confirm } from "@/ui/dialog";
import { Empty, Loaded, ProblemNote } from "@/ui/feedback";
import { InputField } from "@/ui/field";
import { tell } from "@/ui/toast";
import { Deliveries } from "./deliveries";

type Endpoint = Schemas["EndpointRead"];

/** Addresses that get events, signed. */
export function Webhooks() {
  const endpoints = api.useQuery("get", "/api/webhooks");
  return (
    <div className="grid items-start gap-4 xl:grid-cols-[minmax(0,1fr)_minmax(0,2fr)]">
      <Add />
      <Loaded of={endpoints} lines={4}>
        {(all) =>
          all.length === 0 ? (
            <Card>
              <Empty icon={<WebhookIcon className="size-5" />} title="No webhook yet">
                Your programs can be told of everything that happens: signed messages, tried again until they
                arrive.
              </Empty>
            </Card>
          ) : (
            <ul className="min-w-0 space-y-4">
              {all.map((one) => (
                <li key={one.id}>
                  <One endpoint={one} />
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </div>
  );
}

function Add() {
  const [url, setUrl] = useState("");
  const [topics, setTopics] = useState("publication.*");
  const add = api.useMutation("post", "/api/webhooks", {
    onError: () => undefined, // shown in the form
    onSuccess: () => setUrl(""),
  });
  return (
    <Card title="New webhook">
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault();
          add.mutate({
            body: { url: url.trim(), topics: topics.split(/[\s,]+/).filter(Boolean), description: "" },
          });
        }}
      >
        <InputField
          label="Address"
          type="url"
          required
          placeholder="https://"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        <InputField
          label="Topics"
          hint="Such as publication.* and conversion.recorded; * is everything."
          required
          value={topics}
          onChange={(event) => setTopics(event.target.value)}
        />
        {add.error && <ProblemNote error={add.error} />}
        <Button type="submit" look="primary" busy={add.isPending}>
          Add
        </Button>
      </form>
      {add.data?.secret && <Secret secret={add.data.secret} />}
    </Card>
  );
}

function Secret({ secret }: { secret: string }) {
  return (
    <div role="status" className="mt-4 space-y-2 rounded-lg bg-accent-soft p-3">
      <p>Its secret, shown this once. By it you can tell our messages from others.</p>
      <Copyable text={secret} label="secret" />
    </div>
  );
}

function One({ endpoint }: { endpoint: Endpoint }) {
  const [asking, setAsking] = useState<"remove" | "rotate" | null>(null);
  const params = { params: { path: { webhook_id: endpoint.id } } };
  const close = () => setAsking(null);
  const enable = api.useMutation("post", "/api/webhooks/{webhook_id}/enable");
  const disable = api.useMutation("post", "/api/webhooks/{webhook_id}/disable");
  const test = api.useMutation("post", "/api/webhooks/{webhook_id}/test", {
    onSuccess: () => tell("A test message is on its way."),
  });
  const rotate = api.useMutation("post", "/api/webhooks/{webhook_id}/rotate", { onSuccess: close });
  const remove = api.useMutation("delete", "/api/webhooks/{webhook_id}", {
    onSuccess: () => {
      close();
      tell("The webhook is removed.");
    },
  });
  return (
    <Card
      title={endpoint.url}
      actions={
        <Badge tone={endpoint.disabled_at ? "bad" : endpoint.failing_since ? "warn" : "good"}>
          {endpoint.disabled_at ? "off" : endpoint.failing_since ? "failing" : "on"}
        </Badge>
      }
    >
      <p className="flex flex-wrap gap-1.5">
        {endpoint.topics.map((topic) => (
          <Badge key={topic}>{topic}</Badge>
        ))}
      </p>
      {endpoint.disabled_reason && <p className="mt-2 text-bad">{endpoint.disabled_reason}</p>}
      <div className="mt-3 flex flex-wrap gap-2">
        <Button size="small" busy={test.isPending} onClick={() => test.mutate(params)}>
          Test
        </Button>
        {endpoint.disabled_at ? (
          <Button size="small" look="primary" busy={enable.isPending} onClick={() => enable.mutate(params)}>
            Turn on
          </Button>
        ) : (
          <Button size="small" busy={disable.isPending} onClick={() => disable.mutate(params)}>
            Turn off
          </Button>
        )}
        <Button size="small" look="ghost" onClick={() => setAsking("rotate")}>
          New secret
        </Button>
        <Button size="small" look="ghost" onClick={() => setAsking("remove")}>
          Remove
        </Button>
      </div>
      {rotate.data?.secret && <Secret secret={rotate.data.secret} />}
      <Deliveries webhookId={endpoint.id} />
      <Confirm
        open={asking === "remove"}
        title="Remove the webhook?"
        action="Remove"
        look="danger"
        busy={remove.isPending}
        onClose={close}
        onConfirm={() => remove.mutate(params)}
      >
        <p>{endpoint.url} gets nothing more. What was not delivered is dropped.</p>
      </Confirm>
      <Confirm
        open={asking === "rotate"}
        title="Make a new secret?"
        action="Make it"
        busy={rotate.isPending}
        onClose={close}
        onConfirm={() => rotate.mutate(params)}
      >
        <p>For a day both secrets sign, so that you can change over.</p>
      </Confirm>
    </Card>
  );
}
