"use client";

import { useState } from "react";
import { api } from "@/api/client";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemNote } from "@/ui/feedback";
import { InputField } from "@/ui/field";
import { tell } from "@/ui/toast";
import type { Offer } from "./offers";

/** Add an offer, or change one. */
export function OfferForm({ offer, onClose }: { offer?: Offer; onClose: () => void }) {
  const [name, setName] = useState(offer?.name ?? "");
  const [url, setUrl] = useState(offer?.url ?? "");
  const [cta, setCta] = useState(offer?.cta ?? "See the offer");
  const [price, setPrice] = useState("");
  const [currency, setCurrency] = useState("USD");
  const done = {
    onError: () => undefined, // shown in the form
    onSuccess: () => {
      tell(offer ? "The offer is changed. Links that exist keep their target." : "The offer is there.");
      onClose();
    },
  };
  const add = api.useMutation("post", "/api/offers", done);
  const change = api.useMutation("patch", "/api/offers/{offer_id}", done);
  const words = { name: name.trim(), url: url.trim(), cta: cta.trim() };
  const save = () =>
    offer
      ? change.mutate({ params: { path: { offer_id: offer.id } }, body: words })
      : add.mutate({
          body: { ...words, ...(price && { price_minor: Math.round(Number(price) * 100), currency }) },
        });
  const error = add.error ?? change.error;
  return (
    <Dialog
      open
      title={offer ? "Change the offer" : "New offer"}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button
            look="primary"
            busy={add.isPending || change.isPending}
            disabled={!words.name || !words.url}
            onClick={save}
          >
            {offer ? "Change it" : "Add it"}
          </Button>
        </>
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <InputField
          label="Name"
          maxLength={120}
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <InputField
          label="Call to action"
          maxLength={60}
          value={cta}
          onChange={(event) => setCta(event.target.value)}
        />
        <InputField
          label="Address"
          className="sm:col-span-2"
          hint="The page where it is sold; https or http."
          type="url"
          placeholder="https://"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
        {!offer && (
          <>
            <InputField
              label="Price"
              hint="Empty: free, or it varies."
              type="number"
              min={0}
              step="0.01"
              value={price}
              onChange={(event) => setPrice(event.target.value)}
            />
            <InputField
              label="Currency"
              maxLength={3}
              value={currency}
              onChange={(event) => setCurrency(event.target.value.toUpperCase())}
            />
          </>
        )}
      </div>
      {error && <ProblemNote error={error} className="mt-4" />}
    </Dialog>
  );
}
