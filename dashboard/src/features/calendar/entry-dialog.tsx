"use client";

import { api } from "@/api/client";
import { dayAndTime, inFull } from "@/lib/format";
import { Badge } from "@/ui/badge";
import { ButtonLink } from "@/ui/button";
import { AccountName } from "@/ui/channel";
import { Dialog } from "@/ui/dialog";
import { Loaded } from "@/ui/feedback";
import { OutcomeBadge } from "@/ui/states";
import { PublicationActions } from "../posts/publication-actions";
import type { Entry } from "./days";

/** What an entry of the calendar is, and what can be done with it. */
export function EntryDialog({
  entry,
  zone,
  onClose,
}: {
  entry: Entry | null;
  zone: string;
  onClose: () => void;
}) {
  if (!entry) return null;
  const place = entry.post_id ? `/posts/?id=${entry.post_id}` : `/tweets/?id=${entry.campaign_id}`;
  return (
    <Dialog
      open
      title={entry.title}
      onClose={onClose}
      footer={<ButtonLink href={place}>{entry.post_id ? "Open the post" : "Open the campaign"}</ButtonLink>}
    >
      <p className="flex flex-wrap items-center gap-3">
        {entry.state ? <OutcomeBadge outcome={entry.state} /> : <Badge>To be written</Badge>}
        <AccountName {...entry.account} />
      </p>
      <p className="mt-3" title={inFull(entry.at, zone)}>
        <span className="font-medium">{dayAndTime(entry.at, zone)}</span>{" "}
        <span className="text-soft">{zone}</span>
        {zone !== "UTC" && <span className="text-soft"> · {dayAndTime(entry.at, "UTC")} UTC</span>}
      </p>
      {entry.clashes.length > 0 && (
        <p className="mt-3 rounded-lg bg-warn-soft px-3 py-2 text-warn">
          {entry.clashes.length === 1 ? "Another entry" : `${entry.clashes.length} other entries`} of this
          account {entry.clashes.length === 1 ? "is" : "are"} less than 15 minutes away.
        </p>
      )}
      {entry.publication_id && <Actions id={entry.publication_id} />}
    </Dialog>
  );
}

function Actions({ id }: { id: string }) {
  const publication = api.useQuery("get", "/api/publications/{publication_id}", {
    params: { path: { publication_id: id } },
  });
  return (
    <div className="mt-4">
      <Loaded of={publication} lines={2}>
        {(found) => (
          <>
            <p className="mb-3 [overflow-wrap:anywhere]">
              {found.verdict} <span className="text-soft">{found.next}</span>
            </p>
            <div className="flex flex-wrap gap-2">
              <PublicationActions publication={found} />
            </div>
          </>
        )}
      </Loaded>
    </div>
  );
}
