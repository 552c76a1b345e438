"use client";

import { api, type Schemas } from "@/api/client";
import { count, money, moneyOfMicros, ownZone, shortCount } from "@/lib/format";
import { Card, Figure } from "@/ui/card";
import { Loaded } from "@/ui/feedback";

type Numbers = Schemas["DayNumbers"];

/** The numbers of today, and yesterday's to compare them with. */
export function Numbers() {
  const found = api.useQuery("get", "/api/overview/today", { params: { query: { time_zone: ownZone() } } });
  return (
    <Card title="Today">
      <Loaded of={found} lines={2}>
        {({ today, yesterday }) => (
          <dl className="grid grid-cols-2 gap-x-4 gap-y-3 sm:grid-cols-4 xl:grid-cols-8">
            <Figure
              label="Published"
              value={count(today.published)}
              note={`${count(yesterday.published)} yesterday`}
            />
            <Figure
              label="Refused"
              value={count(today.refused)}
              note={`${count(yesterday.refused)} yesterday`}
              {...(today.refused > 0 && { tone: "bad" as const })}
            />
            <Figure
              label="Tweets"
              value={count(today.tweets)}
              note={`${count(yesterday.tweets)} yesterday`}
            />
            <Figure
              label="Views gained"
              value={shortCount(today.views)}
              note={`${shortCount(yesterday.views)} yesterday`}
            />
            <Figure
              label="Clicks"
              value={count(today.clicks)}
              note={`${count(yesterday.clicks)} yesterday`}
            />
            <Figure label="Leads and sales" value={sold(today)} note={`${sold(yesterday)} yesterday`} />
            <Figure
              label="Revenue"
              value={sums(today.revenue, money)}
              note={`${sums(yesterday.revenue, money)} yesterday`}
            />
            <Figure
              label="Spent"
              value={sums(today.spent_micros, moneyOfMicros)}
              note={`${sums(yesterday.spent_micros, moneyOfMicros)} yesterday`}
            />
          </dl>
        )}
      </Loaded>
    </Card>
  );
}

const sold = (numbers: Numbers): string => `${count(numbers.leads)} · ${count(numbers.sales)}`;

function sums(amounts: Record<string, number>, write: (amount: number, currency: string) => string): string {
  const words = Object.entries(amounts).map(([currency, amount]) => write(amount, currency));
  return words.length > 0 ? words.join(", ") : "0";
}
