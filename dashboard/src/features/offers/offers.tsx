"use client";

import { Plus, Tag } from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { count, money } from "@/lib/format";
import { useQueryParam } from "@/lib/query";
import { PageHead } from "@/shell/shell";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Empty, Loaded } from "@/ui/feedback";
import { Segmented, Select } from "@/ui/field";
import { Learning } from "./learning";
import { OfferDetail } from "./offer-detail";
import { OfferForm } from "./offer-form";
import { Report } from "./report";

export type Offer = Schemas["OfferRead"];
export type ReportRow = Schemas["ReportRow"];

export const sums = (amounts: Record<string, number>): string =>
  Object.entries(amounts)
    .map(([currency, minor]) => money(minor, currency))
    .join(", ") || "–";

/** What is sold, what brought people to it, and what learning makes of that. */
export function Offers() {
  const [id] = useQueryParam("id");
  return id ? <OfferDetail id={id} /> : <Overview />;
}

function Overview() {
  const [making, setMaking] = useState(false);
  const [tab, setTab] = useQueryParam("tab");
  const [daysText, setDays] = useQueryParam("days");
  const days = Number(daysText) || 30;
  const shown = tab === "report" || tab === "learning" ? tab : "offers";
  return (
    <>
      <PageHead title="Offers" note="What you sell, which post brought whom, and what works.">
        <Segmented
          label="What to show"
          value={shown}
          onChange={(value) => setTab(value === "offers" ? null : value)}
          options={[
            ["offers", "Offers"],
            ["report", "Report"],
            ["learning", "Learning"],
          ]}
        />
        {shown !== "learning" && (
          <Select
            aria-label="Period"
            className="w-36!"
            value={days}
            onChange={(event) => setDays(event.target.value)}
          >
            <option value={7}>7 days</option>
            <option value={30}>30 days</option>
            <option value={90}>90 days</option>
          </Select>
        )}
        <Button look="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => setMaking(true)}>
          New offer
        </Button>
      </PageHead>
      {shown === "report" ? (
        <Report days={days} />
      ) : shown === "learning" ? (
        <Learning />
      ) : (
        <List days={days} onMake={() => setMaking(true)} />
      )}
      {making && <OfferForm onClose={() => setMaking(false)} />}
    </>
  );
}

function List({ days, onMake }: { days: number; onMake: () => void }) {
  const [, setId] = useQueryParam("id");
  const offers = api.useQuery("get", "/api/offers");
  const report =
    api.useQuery("get", "/api/traffic/report", { params: { query: { by: "offer", days } } }).data ?? [];
  return (
    <Card flush>
      <Loaded of={offers} lines={5}>
        {(all) =>
          all.length === 0 ? (
            <Empty
              icon={<Tag className="size-5" />}
              title="No offer yet"
              action={
                <Button look="primary" onClick={onMake}>
                  Add the first
                </Button>
              }
            >
              An offer is a page where something is sold or given. Every post gets a link of its own to it, so
              that each click and sale is traced back to the post, the account and the recipe.
            </Empty>
          ) : (
            <div className="overflow-x-auto">
              <table className="w-full min-w-2xl">
                <thead>
                  <tr className="text-left text-[0.8125rem] text-soft">
                    {["Offer", "Price", "Clicks", "Leads", "Sales", "Revenue"].map((name, at) => (
                      <th
                        key={name}
                        scope="col"
                        className={`px-4 py-2.5 font-medium ${at > 1 ? "text-right" : ""}`}
                      >
                        {name}
                      </th>
                    ))}
                  </tr>
                </thead>
                <tbody>
                  {all.map((offer) => {
                    const row = report.find((one) => one.key === offer.id);
                    return (
                      <tr key={offer.id} className="border-t border-line hover:bg-raised/60">
                        <td className="px-4 py-2.5">
                          <button
                            type="button"
                            className="text-left font-medium hover:underline"
                            onClick={() => setId(offer.id)}
                          >
                            {offer.name}
                          </button>
                          <p className="max-w-md truncate text-[0.8125rem] text-soft">{offer.url}</p>
                        </td>
                        <td className="nums px-4">
                          {offer.price_minor ? money(offer.price_minor, offer.currency ?? "USD") : "free"}
                        </td>
                        <td className="nums px-4 text-right">{count(row?.clicks ?? 0)}</td>
                        <td className="nums px-4 text-right">{count(row?.leads ?? 0)}</td>
                        <td className="nums px-4 text-right">{count(row?.sales ?? 0)}</td>
                        <td className="nums px-4 text-right font-medium">{row ? sums(row.revenue) : "–"}</td>
                      </tr>
                    );
                  })}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Card>
  );
}
