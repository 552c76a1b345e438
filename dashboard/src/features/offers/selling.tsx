"use client";

import { useState } from "react";
import { api, http, problemOf, type Schemas } from "@/api/client";
import { count } from "@/lib/format";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Copyable } from "@/ui/copyable";
import { ProblemNote } from "@/ui/feedback";
import { Field, InputField } from "@/ui/field";
import { tell } from "@/ui/toast";
import type { Offer } from "./offers";

/** The four ways in which sales get here. */
export function Selling({ offer }: { offer: Offer }) {
  const site = api.useQuery("get", "/api/session").data?.site_url ?? "";
  return (
    <Card title="How sales get here">
      <div className="space-y-5">
        <Postback offer={offer} />
        <section aria-label="Snippet">
          <h3 className="mb-1 font-medium">Snippet</h3>
          <p className="mb-2 text-soft">On the page where somebody has bought:</p>
          <Copyable text={`<script src="${site}/c/${offer.id}/snippet.js" defer></script>`} label="snippet" />
        </section>
        <Stripe offer={offer} address={`${site}/c/${offer.id}/stripe`} />
        <Import offer={offer} />
      </div>
    </Card>
  );
}

function Postback({ offer }: { offer: Offer }) {
  const make = api.useMutation("post", "/api/offers/{offer_id}/postback-secret");
  return (
    <section aria-label="Postback">
      <h3 className="mb-1 font-medium">Postback</h3>
      {make.data ? (
        <div className="space-y-2">
          <p className="text-soft">The secret is shown this once. A new one ends the one before.</p>
          <Copyable text={make.data.url} label="address" />
          {make.data.secret && <Copyable text={make.data.secret} label="secret" />}
        </div>
      ) : (
        <div className="flex flex-wrap items-center gap-3">
          <p className="min-w-0 flex-1 text-soft">Your shop calls an address, signed with a secret.</p>
          <Button
            size="small"
            busy={make.isPending}
            onClick={() => make.mutate({ params: { path: { offer_id: offer.id } } })}
          >
            Make the secret
          </Button>
        </div>
      )}
    </section>
  );
}

function Stripe({ offer, address }: { offer: Offer; address: string }) {
  const [secret, setSecret] = useState("");
  const keep = api.useMutation("put", "/api/offers/{offer_id}/stripe-secret", {
    onSuccess: () => {
      setSecret("");
      tell("Stripe's messages are believed from now on.");
    },
  });
  return (
    <section aria-label="Stripe">
      <h3 className="mb-1 font-medium">Stripe</h3>
      <p className="mb-2 text-soft">
        Add this address as a webhook endpoint there, then give its signing secret here.
      </p>
      <Copyable text={address} label="address" />
      <form
        className="mt-2 flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          keep.mutate({ params: { path: { offer_id: offer.id } }, body: { secret } });
        }}
      >
        <InputField
          label="Signing secret"
          className="flex-1"
          type="password"
          autoComplete="off"
          minLength={10}
          required
          value={secret}
          onChange={(event) => setSecret(event.target.value)}
        />
        <Button type="submit" busy={keep.isPending}>
          Keep
        </Button>
      </form>
    </section>
  );
}

function Import({ offer }: { offer: Offer }) {
  const [text, setText] = useState<string | null>(null);
  const [told, setTold] = useState<Schemas["ImportRead"] | null>(null);
  const [error, setError] = useState<unknown>(null);
  const send = async (csv: string, dryRun: boolean) => {
    setError(null);
    const { data, error: failed } = await http.POST("/api/offers/{offer_id}/conversions/import", {
      params: { path: { offer_id: offer.id }, query: { dry_run: dryRun } },
      body: csv as never,
      bodySerializer: (body: unknown) => String(body),
      headers: { "Content-Type": "text/csv" },
    });
    if (!data) setError(failed ?? problemOf(null));
    else setTold(data);
  };
  return (
    <section aria-label="CSV">
      <h3 className="mb-1 font-medium">CSV</h3>
      <Field
        label="File"
        hint="Columns: id, kind, value, currency, at, click or link. Looked through first; nothing is written while a line is wrong."
      >
        {(tied) => (
          <input
            {...tied}
            type="file"
            accept=".csv,text/csv"
            className="block w-full text-[0.8125rem] file:mr-3 file:h-8 file:rounded-lg file:border file:border-line file:bg-surface file:px-3 file:font-medium file:text-ink"
            onChange={async (event) => {
              const csv = (await event.target.files?.[0]?.text()) ?? null;
              setText(csv);
              if (csv) await send(csv, true);
            }}
          />
        )}
      </Field>
      {error !== null && <ProblemNote error={error} className="mt-2" />}
      {told && (
        <div className="mt-2 space-y-1.5">
          <p role="status">
            {count(told.lines)} lines: {count(told.added)} {told.dry_run ? "would be" : "were"} added,{" "}
            {count(told.repeated)} known, {count(told.unmatched)} without a link.
          </p>
          {told.problems.slice(0, 20).map((problem) => (
            <p key={problem.field + problem.rule} className="text-[0.8125rem] text-bad">
              {problem.field}: {problem.rule} {problem.fix}
            </p>
          ))}
          {told.dry_run && told.problems.length === 0 && text && (
            <Button look="primary" size="small" onClick={() => void send(text, false)}>
              Import
            </Button>
          )}
        </div>
      )}
    </section>
  );
}
