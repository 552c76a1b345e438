"use client";

import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { ownZone } from "@/lib/format";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { ProblemNote } from "@/ui/feedback";
import { Checkbox, InputField, SelectField, TextareaField } from "@/ui/field";
import { tell } from "@/ui/toast";
import type { Tweet } from "./tweets";

type Form = {
  name: string;
  account: string;
  interval: string;
  offers: readonly string[];
  points: string;
  topic: string;
  local: boolean;
  quiet: boolean;
  linkShare: string;
  count: string;
};

const EMPTY: Form = {
  name: "Every two hours",
  account: "",
  interval: "120",
  offers: [],
  points: "",
  topic: "",
  local: true,
  quiet: true,
  linkShare: "50",
  count: "",
};

/** What the API is asked for, out of the form. Without an offer the kind `offer` has no weight. */
export function campaignOf(form: Form): Schemas["CampaignCreate"] {
  return {
    name: form.name.trim(),
    plan: {
      accounts: [form.account],
      interval_minutes: Number(form.interval),
      time_zone: ownZone(),
      offers: [...form.offers],
      kinds: { value: 4, engagement: 2, offer: form.offers.length ? 2 : 0, video: 1, story: 1 },
      link_share: Number(form.linkShare) / 100,
      topic: form.topic.trim(),
      points: form.points
        .split("\n")
        .map((line) => line.trim())
        .filter((line) => line.length >= 3),
      ...(form.quiet && { quiet_hours: { start: "23:00", end: "07:00" } }),
      ...(form.local && { copywriter: "local" }),
      ...(form.count && { count: Number(form.count) }),
    },
  };
}

/** Begin a campaign: its plan, its first tweets before anything is kept, and go. */
export function NewCampaign({
  open,
  onClose,
  onMade,
}: {
  open: boolean;
  onClose: () => void;
  onMade: (id: string) => void;
}) {
  const [form, setForm] = useState(EMPTY);
  const accounts = api.useQuery("get", "/api/accounts", {}, { enabled: open }).data ?? [];
  const offers = api.useQuery("get", "/api/offers", {}, { enabled: open }).data ?? [];
  const quietly = { onError: () => undefined }; // shown in the form
  const preview = api.useMutation("post", "/api/campaigns", quietly);
  const make = api.useMutation("post", "/api/campaigns", {
    ...quietly,
    onSuccess: ({ campaign }) => {
      if (!campaign) return;
      tell("The campaign runs.");
      setForm(EMPTY);
      onMade(campaign.id);
    },
  });
  const set = (change: Partial<Form>) => setForm({ ...form, ...change });
  const error = make.error ?? preview.error;
  return (
    <Dialog
      open={open}
      title="New campaign"
      size="large"
      onClose={onClose}
      footer={
        <>
          <Button
            busy={preview.isPending}
            disabled={!form.account}
            onClick={() => preview.mutate({ body: { ...campaignOf(form), dry_run: true } })}
          >
            Preview
          </Button>
          <Button
            look="primary"
            busy={make.isPending}
            disabled={!form.account || !form.name.trim()}
            onClick={() => make.mutate({ body: campaignOf(form) })}
          >
            Begin
          </Button>
        </>
      }
    >
      <div className="grid gap-4 sm:grid-cols-2">
        <InputField label="Name" value={form.name} onChange={(event) => set({ name: event.target.value })} />
        <SelectField
          label="Account"
          value={form.account}
          onChange={(event) => set({ account: event.target.value })}
        >
          <option value="">Choose one</option>
          {accounts.map((account) => (
            <option key={account.id} value={account.id}>
              {account.channel}: {account.name}
            </option>
          ))}
        </SelectField>
        <SelectField
          label="A tweet every"
          hint={`Slots are local times of ${ownZone()}; clock changes do not shift them.`}
          value={form.interval}
          onChange={(event) => set({ interval: event.target.value })}
        >
          {[60, 120, 180, 240, 360, 720, 1440].map((minutes) => (
            <option key={minutes} value={minutes}>
              {minutes / 60} {minutes === 60 ? "hour" : "hours"}
            </option>
          ))}
        </SelectField>
        <InputField
          label="How many"
          hint="Leave it empty to go on until you end it."
          type="number"
          min={1}
          value={form.count}
          onChange={(event) => set({ count: event.target.value })}
        />
        <InputField
          label="Topic"
          maxLength={400}
          value={form.topic}
          onChange={(event) => set({ topic: event.target.value })}
        />
        <InputField
          label="Share with a link, in percent"
          hint="Of the tweets that may carry one. X charges more for those."
          type="number"
          min={0}
          max={100}
          value={form.linkShare}
          onChange={(event) => set({ linkShare: event.target.value })}
        />
        <TextareaField
          label="What it says"
          hint="One point on each line. Without a model these are said in turn; a model is told them."
          className="sm:col-span-2"
          value={form.points}
          onChange={(event) => set({ points: event.target.value })}
        />
        <fieldset className="space-y-2">
          <legend className="mb-1 text-[0.8125rem] font-medium">Offers, in rotation</legend>
          {offers.length === 0 && (
            <p className="text-soft">There is no offer yet; the campaign says nothing to sell.</p>
          )}
          {offers.map((offer) => (
            <Checkbox
              key={offer.id}
              label={offer.name}
              checked={form.offers.includes(offer.id)}
              onChange={(event) =>
                set({
                  offers: event.target.checked
                    ? [...form.offers, offer.id]
                    : form.offers.filter((one) => one !== offer.id),
                })
              }
            />
          ))}
        </fieldset>
        <div className="space-y-2">
          <Checkbox
            label="Quiet from 23:00 to 7:00"
            checked={form.quiet}
            onChange={(event) => set({ quiet: event.target.checked })}
          />
          <Checkbox
            label="Write without a model"
            note="From the points above, by rules."
            checked={form.local}
            onChange={(event) => set({ local: event.target.checked })}
          />
        </div>
      </div>
      {error && <ProblemNote error={error} className="mt-4" />}
      {preview.data && <Preview tweets={preview.data.next} />}
    </Dialog>
  );
}

function Preview({ tweets }: { tweets: readonly Tweet[] }) {
  return (
    <ol aria-label="First tweets" className="mt-4 space-y-1 rounded-lg border border-line p-3">
      {tweets.map((tweet) => (
        <li key={tweet.number} className="flex gap-3">
          <span className="nums text-soft">{tweet.local.replace("T", " ").slice(5, 16)}</span>
          <span>
            {tweet.kind}
            {tweet.with_link && ", with the link"}
          </span>
        </li>
      ))}
    </ol>
  );
}
