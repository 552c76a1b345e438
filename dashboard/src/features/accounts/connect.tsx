"use client";

import { ExternalLink } from "lucide-react";
import { useState } from "react";
import { api, problemOf, type Schemas } from "@/api/client";
import { Button } from "@/ui/button";
import { ChannelMark } from "@/ui/channel";
import { Dialog } from "@/ui/dialog";
import { Loaded, ProblemNote } from "@/ui/feedback";
import { InputField } from "@/ui/field";
import { tell } from "@/ui/toast";
import { Choose } from "./choose";

type Way = Schemas["ConnectChannel"];

/** Connect an account: choose a channel, then paste what it asks for, or go through the platform's own page. */
export function Connect({ open, onClose }: { open: boolean; onClose: () => void }) {
  const ways = api.useQuery("get", "/api/accounts/connect", {}, { enabled: open });
  const [chosen, setChosen] = useState<string | null>(null);
  const way = ways.data?.find((one) => one.channel === chosen);
  const close = () => {
    setChosen(null);
    onClose();
  };
  return (
    <Dialog
      open={open}
      title={way ? `Connect ${way.title}` : chosen === "site" ? "A page of your own" : "Connect an account"}
      onClose={close}
    >
      {chosen === "site" ? (
        <SiteForm onDone={close} />
      ) : way ? (
        <WayForm key={way.channel} way={way} onDone={close} onBack={() => setChosen(null)} />
      ) : (
        <Loaded of={ways} lines={6}>
          {(all) => (
            <ul className="grid grid-cols-1 gap-2 sm:grid-cols-2">
              <Choice
                channel="site"
                title="Site"
                note="a page that this machine serves; no key"
                onChoose={setChosen}
              />
              {all
                .filter((one) => one.channel !== "site")
                .map((one) => (
                  <Choice
                    key={one.channel}
                    channel={one.channel}
                    title={one.title}
                    note={
                      one.ready
                        ? one.by === "oauth"
                          ? "on the platform's page"
                          : "by what you paste"
                        : `needs ${one.missing ?? "a setting"}`
                    }
                    onChoose={setChosen}
                  />
                ))}
            </ul>
          )}
        </Loaded>
      )}
    </Dialog>
  );
}

function Choice({
  channel,
  title,
  note,
  onChoose,
}: {
  channel: string;
  title: string;
  note: string;
  onChoose: (channel: string) => void;
}) {
  return (
    <li>
      <button
        type="button"
        onClick={() => onChoose(channel)}
        className="flex w-full items-center gap-3 rounded-lg border border-line p-2.5 text-left transition hover:border-accent"
      >
        <ChannelMark channel={channel} />
        <span className="min-w-0">
          <span className="block font-medium">{title}</span>
          <span className="block truncate text-[0.8125rem] text-soft">{note}</span>
        </span>
      </button>
    </li>
  );
}

function SiteForm({ onDone }: { onDone: () => void }) {
  const [handle, setHandle] = useState("");
  const [name, setName] = useState("");
  const add = api.useMutation("post", "/api/accounts", {
    onSuccess: () => {
      tell("The page is there.");
      onDone();
    },
    onError: () => undefined, // shown in the form
  });
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        add.mutate({
          body: { channel: "site", handle: handle.trim(), ...(name.trim() && { name: name.trim() }) },
        });
      }}
    >
      <InputField
        label="Handle"
        hint="Part of its address: letters, digits and hyphens."
        required
        value={handle}
        onChange={(event) => setHandle(event.target.value)}
      />
      <InputField
        label="Name"
        maxLength={120}
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      {add.error && <ProblemNote error={add.error} />}
      <Button type="submit" look="primary" busy={add.isPending}>
        Make the page
      </Button>
    </form>
  );
}

function WayForm({ way, onDone, onBack }: { way: Way; onDone: () => void; onBack: () => void }) {
  const [values, setValues] = useState<Record<string, string>>({});
  const [connection, setConnection] = useState<string | null>(null);
  const shown = { onError: () => undefined };
  const paste = api.useMutation("post", "/api/accounts/connect/{channel}/paste", {
    ...shown,
    onSuccess: (made) => setConnection(made.id),
  });
  const start = api.useMutation("post", "/api/accounts/connect/{channel}", {
    ...shown,
    onSuccess: (begun) => {
      setConnection(begun.id);
      window.open(begun.url, "_blank", "noopener");
    },
  });
  if (connection) return <Choose id={connection} onDone={onDone} />;
  const path = { params: { path: { channel: way.channel } } };
  const error = paste.error ?? start.error;
  return (
    <form
      className="space-y-4"
      onSubmit={(event) => {
        event.preventDefault();
        if (way.by === "oauth") start.mutate({ ...path, body: {} });
        else paste.mutate({ ...path, body: { fields: values } });
      }}
    >
      {way.missing && (
        <ProblemNote
          error={problemOf({
            code: "NOT_CONFIGURED",
            detail: `${way.title} needs ${way.missing}.`,
            fix: "Set it in the environment or in .env, then start MediaPoster again.",
          })}
        />
      )}
      {way.by === "oauth" && (
        <p className="text-soft">
          {way.title} asks you on a page of its own. It sends you back to{" "}
          <code className="text-ink">{way.redirect_uri}</code>, which must be among the addresses of your app
          there.
        </p>
      )}
      {way.fields.map((field) => (
        <InputField
          key={field.name}
          label={field.label}
          hint={field.hint}
          required={field.required}
          type={field.secret ? "password" : "text"}
          autoComplete="off"
          value={values[field.name] ?? ""}
          onChange={(event) => setValues({ ...values, [field.name]: event.target.value })}
        />
      ))}
      {error && <ProblemNote error={error} />}
      <div className="flex flex-wrap items-center gap-2">
        <Button type="submit" look="primary" busy={paste.isPending || start.isPending} disabled={!way.ready}>
          Connect
        </Button>
        <Button onClick={onBack}>Another channel</Button>
        {way.help_url && (
          <a
            href={way.help_url}
            target="_blank"
            rel="noreferrer"
            className="ml-auto inline-flex items-center gap-1 text-accent"
          >
            Where to find these <ExternalLink aria-hidden className="size-3.5" />
          </a>
        )}
      </div>
    </form>
  );
}
