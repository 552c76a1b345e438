"use client";

import {
  Bell,
  CalendarClock,
  ChartLine,
  Clock,
  type LucideIcon,
  MessageSquare,
  RefreshCw,
  Search,
  Send,
} from "lucide-react";
import { api, type Schemas } from "@/api/client";
import { day, timeOfDay } from "@/lib/format";
import { ButtonLink } from "@/ui/button";
import { Card } from "@/ui/card";
import { ChannelMark } from "@/ui/channel";
import { Empty, Loaded } from "@/ui/feedback";
import Link from "@/ui/link";
import { Countdown } from "@/ui/time";

type Due = Schemas["DueRead"];

const SHOWN = 40;
const ICONS: Record<Schemas["DueKind"], LucideIcon> = {
  post: Send,
  tweet: MessageSquare,
  checkback: ChartLine,
  wake: Bell,
  look_ahead: Search,
  webhook: RefreshCw,
  renewal: RefreshCw,
  other: Clock,
};

/** Everything that is due next, on one timeline. */
export function Agenda() {
  const agenda = api.useQuery("get", "/api/overview/agenda", { params: { query: { limit: SHOWN } } });
  return (
    <Card
      title="Due next"
      actions={
        <ButtonLink href="/calendar/" size="small" look="ghost">
          Calendar
        </ButtonLink>
      }
      flush
    >
      <Loaded of={agenda} lines={6}>
        {(rows) =>
          rows.length === 0 ? (
            <Empty icon={<CalendarClock className="size-5" />} title="Nothing is due">
              Planned posts, tweets, readings of numbers and wake-ups stand here in their order.
            </Empty>
          ) : (
            <ol className="pb-2">
              {rows.map((row, at) => (
                <Row key={row.id} row={row} before={rows[at - 1]} first={at === 0} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </Card>
  );
}

function Row({ row, before, first }: { row: Due; before: Due | undefined; first: boolean }) {
  const Icon = ICONS[row.kind];
  const place = row.post_id
    ? `/posts/?id=${row.post_id}`
    : row.campaign_id
      ? `/tweets/?id=${row.campaign_id}`
      : "/calendar/";
  return (
    <li>
      {(!before || day(before.at) !== day(row.at)) && (
        <h3 className="border-t border-line bg-raised/50 px-4 py-1.5 text-xs font-medium text-soft">
          {day(row.at)}
        </h3>
      )}
      <Link href={place} className="flex h-10 items-center gap-3 px-4 transition hover:bg-raised/60">
        <time dateTime={row.at} className="nums w-16 shrink-0 whitespace-nowrap text-[0.8125rem] text-soft">
          {timeOfDay(row.at)}
        </time>
        <Icon aria-hidden className="size-4 shrink-0 text-soft" />
        <span className="min-w-0 flex-1 truncate">{row.what}</span>
        {first && (
          <span className="shrink-0 text-[0.8125rem] font-medium text-accent">
            in <Countdown to={row.at} />
          </span>
        )}
        {row.account && (
          <>
            <ChannelMark channel={row.account.channel} />
            <span className="sr-only">
              on {row.account.channel}: {row.account.handle}
            </span>
          </>
        )}
      </Link>
    </li>
  );
}
