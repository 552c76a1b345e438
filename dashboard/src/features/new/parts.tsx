"use client";

import { api } from "@/api/client";
import { ownZone } from "@/lib/format";
import { Button, ButtonLink } from "@/ui/button";
import { Card } from "@/ui/card";
import { AccountName } from "@/ui/channel";
import { Empty, Loaded } from "@/ui/feedback";
import { Checkbox, InputField, SelectField } from "@/ui/field";
import { type Form, NEW_OFFER } from "./form";
import type { Change } from "./new";

type Part = { form: Form; set: Change };

/** Where it goes. */
export function AccountsPart({ form, set }: Part) {
  const accounts = api.useQuery("get", "/api/accounts");
  return (
    <Card
      title="Accounts"
      note={form.accounts === "all" ? "every account in use" : `${form.accounts.length} chosen`}
      actions={
        <>
          <Button size="small" look="ghost" onClick={() => set({ accounts: "all" })}>
            All
          </Button>
          <Button size="small" look="ghost" onClick={() => set({ accounts: [] })}>
            None
          </Button>
        </>
      }
    >
      <Loaded of={accounts}>
        {(all) =>
          all.length === 0 ? (
            <Empty
              icon={null}
              title="No account yet"
              action={<ButtonLink href="/accounts/">Connect one</ButtonLink>}
            >
              A run needs at least one place to publish.
            </Empty>
          ) : (
            <ul className="grid gap-x-4 gap-y-2 sm:grid-cols-2 lg:grid-cols-3">
              {all.map((account) => {
                const ids = form.accounts === "all" ? all.map((one) => one.id) : form.accounts;
                return (
                  <li key={account.id} className="min-w-0">
                    <Checkbox
                      label={
                        <AccountName channel={account.channel} handle={account.handle} name={account.name} />
                      }
                      checked={ids.includes(account.id)}
                      onChange={(event) =>
                        set({
                          accounts: event.target.checked
                            ? [...ids, account.id]
                            : ids.filter((one) => one !== account.id),
                        })
                      }
                    />
                  </li>
                );
              })}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}

/** When it goes out. */
export function PublishPart({ form, set }: Part) {
  return (
    <Card title="When">
      <div className="space-y-4">
        <SelectField
          label="Publish"
          value={form.publish}
          onChange={(event) => set({ publish: event.target.value as Form["publish"] })}
        >
          <option value="now">as soon as it is ready</option>
          <option value="next_slot">at each account's next free time</option>
          <option value="at">at a moment</option>
          <option value="draft">as a draft: you approve it first</option>
        </SelectField>
        {form.publish === "at" && (
          <InputField
            label="Moment"
            hint={`Time of ${ownZone()}.`}
            type="datetime-local"
            value={form.at}
            onChange={(event) => set({ at: event.target.value })}
          />
        )}
      </div>
    </Card>
  );
}

/** What it sells. */
export function OfferPart({ form, set }: Part) {
  const offers = api.useQuery("get", "/api/offers").data ?? [];
  return (
    <Card title="Offer">
      <div className="space-y-4">
        <SelectField
          label="Sells"
          hint="Each account gets a tracked link of its own."
          value={form.offer}
          onChange={(event) => set({ offer: event.target.value })}
        >
          <option value="">nothing</option>
          {offers.map((offer) => (
            <option key={offer.id} value={offer.id}>
              {offer.name}
            </option>
          ))}
          <option value={NEW_OFFER}>a new offer …</option>
        </SelectField>
        {form.offer === NEW_OFFER && (
          <>
            <InputField
              label="Its address"
              type="url"
              placeholder="https://"
              value={form.offerUrl}
              onChange={(event) => set({ offerUrl: event.target.value })}
            />
            <InputField
              label="Call to action"
              maxLength={60}
              value={form.cta}
              onChange={(event) => set({ cta: event.target.value })}
            />
          </>
        )}
      </div>
    </Card>
  );
}

/** Tweets after publishing. */
export function TweetsPart({ form, set }: Part) {
  const accounts = api.useQuery("get", "/api/accounts").data ?? [];
  return (
    <Card title="Tweets">
      <Checkbox
        label="Begin a campaign of tweets when it is public"
        checked={form.tweets}
        onChange={(event) => set({ tweets: event.target.checked })}
      />
      {form.tweets && (
        <div className="mt-4 grid gap-4 sm:grid-cols-3">
          <SelectField
            label="On"
            value={form.tweetAccount}
            onChange={(event) => set({ tweetAccount: event.target.value })}
          >
            <option value="">Choose an account</option>
            {accounts.map((account) => (
              <option key={account.id} value={account.id}>
                {account.channel}: {account.name}
              </option>
            ))}
          </SelectField>
          <SelectField
            label="Every"
            value={form.tweetEvery}
            onChange={(event) => set({ tweetEvery: event.target.value })}
          >
            <option value="60">hour</option>
            <option value="120">2 hours</option>
            <option value="240">4 hours</option>
            <option value="1440">day</option>
          </SelectField>
          <InputField
            label="How many"
            type="number"
            min={1}
            max={500}
            value={form.tweetCount}
            onChange={(event) => set({ tweetCount: event.target.value })}
          />
        </div>
      )}
    </Card>
  );
}
