"use client";

import { Download } from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { count, shortCount } from "@/lib/format";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Bars } from "@/ui/chart";
import { Empty, Loaded } from "@/ui/feedback";
import { Segmented, Select } from "@/ui/field";
import { type ReportRow, sums } from "./offers";

const BY: readonly (readonly [Schemas["By"], string])[] = [
  ["channel", "Channel"],
  ["account", "Account"],
  ["post", "Post"],
  ["recipe", "Recipe"],
  ["campaign", "Campaign"],
  ["offer", "Offer"],
  ["run", "Run"],
  ["day", "Day"],
];
const DIMENSIONS = ["hook", "template", "style", "provider", "length", "slot", "voice"];

/** Clicks, leads, sales and revenue by what brought them. */
export function Report({ days, offerId }: { days: number; offerId?: string }) {
  const [by, setBy] = useState<Schemas["By"]>("channel");
  const [dimension, setDimension] = useState("hook");
  const [model, setModel] = useState<Schemas["Model"]>("last");
  const query = {
    by,
    days,
    model,
    ...(by === "recipe" && { dimension }),
    ...(offerId && { offer_id: offerId }),
  };
  const report = api.useQuery("get", "/api/traffic/report", { params: { query } });
  return (
    <Card
      title="What brought them"
      actions={
        <>
          <Segmented
            label="Credit"
            value={model}
            onChange={setModel}
            options={[
              ["last", "Last click"],
              ["first", "First click"],
            ]}
          />
          <Button
            size="small"
            icon={<Download aria-hidden className="size-4" />}
            disabled={!report.data?.length}
            onClick={() => save(report.data ?? [], by)}
          >
            CSV
          </Button>
        </>
      }
      flush
    >
      <div className="flex flex-wrap gap-2 px-4 pb-3">
        <Select
          aria-label="Rows"
          className="w-40!"
          value={by}
          onChange={(event) => setBy(event.target.value as Schemas["By"])}
        >
          {BY.map(([value, word]) => (
            <option key={value} value={value}>
              by {word.toLowerCase()}
            </option>
          ))}
        </Select>
        {by === "recipe" && (
          <Select
            aria-label="Dimension"
            className="w-40!"
            value={dimension}
            onChange={(event) => setDimension(event.target.value)}
          >
            {DIMENSIONS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </Select>
        )}
      </div>
      <Loaded of={report} lines={6}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty icon={null} title="Nothing in this time">
              Clicks on tracked links, and the leads and sales that they led to, stand here.
            </Empty>
          ) : (
            <>
              {by === "day" && (
                <div className="px-4 pb-3">
                  <Bars
                    label="Clicks of each day"
                    points={[...rows]
                      .sort((one, other) => one.key.localeCompare(other.key))
                      .slice(-31)
                      .map((row) => ({ label: row.key.slice(8), value: row.clicks }))}
                    write={() => ""}
                  />
                </div>
              )}
              <Table rows={rows} />
            </>
          )
        }
      </Loaded>
    </Card>
  );
}

const HEADS = [
  "",
  "Clicks",
  "People",
  "Robots",
  "Leads",
  "Sales",
  "Revenue",
  "Impressions",
  "For a thousand",
];

function Table({ rows }: { rows: readonly ReportRow[] }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
    <section tabIndex={0} aria-label="Report" className="max-h-[34rem] overflow-auto">
      <table className="w-full min-w-3xl">
        <thead className="sticky top-0 bg-surface">
          <tr className="text-right text-[0.8125rem] text-soft">
            {HEADS.map((name) => (
              <th key={name} scope="col" className="px-4 py-2 font-medium first:text-left">
                {name || <span className="sr-only">Name</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="nums text-right">
          {rows.map((row) => (
            <tr key={row.key} className="border-t border-line">
              <th scope="row" className="max-w-72 truncate px-4 py-2 text-left font-medium" title={row.name}>
                {row.name}
              </th>
              {[row.clicks, row.unique, row.robots, row.leads, row.sales].map((value, at) => (
                <td key={HEADS[at + 1]} className="px-4">
                  {count(value)}
                </td>
              ))}
              <td className="px-4 font-medium">{sums(row.revenue)}</td>
              <td className="px-4">{shortCount(row.impressions)}</td>
              <td className="px-4">
                {sums(
                  Object.fromEntries(
                    Object.entries(row.rpm).map(([currency, value]) => [currency, Math.round(value)]),
                  ),
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** Save rows as a file that spreadsheets open. A cell that would be taken for a formula is quoted. */
function save(rows: readonly ReportRow[], by: string): void {
  const cell = (value: unknown) => {
    const text = String(value ?? "");
    return `"${(/^[=+\-@]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`;
  };
  const lines = rows.map((row) =>
    [
      row.key,
      row.name,
      row.clicks,
      row.unique,
      row.robots,
      row.leads,
      row.sales,
      row.refunds,
      JSON.stringify(row.revenue),
      row.impressions,
    ]
      .map(cell)
      .join(","),
  );
  const text = ["key,name,clicks,unique,robots,leads,sales,refunds,revenue_minor,impressions", ...lines].join(
    "\r\n",
  );
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = `by-${by}.csv`;
  link.click();
  URL.revokeObjectURL(link.href);
}
