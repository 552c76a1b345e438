"use client";

import { ChevronLeft, Pencil, QrCode, Trash2 } from "lucide-react";
import { useRouter } from "next/navigation";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { count, money } from "@/lib/format";
import { PageHead } from "@/shell/shell";
import { Button, IconButton } from "@/ui/button";
import { Card } from "@/ui/card";
import { ChannelMark } from "@/ui/channel";
import { Copyable } from "@/ui/copyable";
import { Confirm, Dialog } from "@/ui/dialog";
import { Empty, Loaded } from "@/ui/feedback";
import Link from "@/ui/link";
import { Time } from "@/ui/time";
import { tell } from "@/ui/toast";
import { OfferForm } from "./offer-form";
import type { Offer } from "./offers";
import { Report } from "./report";
import { Selling } from "./selling";

/** One offer: what brought people, its links, its conversions, and how sales get here. */
export function OfferDetail({ id }: { id: string }) {
  const offer = api.useQuery("get", "/api/offers/{offer_id}", { params: { path: { offer_id: id } } });
  return (
    <>
      <Link href="/offers/" className="mb-2 inline-flex items-center gap-1 text-soft hover:text-ink">
        <ChevronLeft aria-hidden className="size-4" />
        Offers
      </Link>
      <Loaded of={offer} lines={8}>
        {(found) => <Shown offer={found} />}
      </Loaded>
    </>
  );
}

function Shown({ offer }: { offer: Offer }) {
  const router = useRouter();
  const [asking, setAsking] = useState<"edit" | "archive" | null>(null);
  const archive = api.useMutation("delete", "/api/offers/{offer_id}", {
    onSuccess: () => {
      tell("The offer is out of use. Its links go on working.");
      router.push("/offers/");
    },
  });
  return (
    <>
      <PageHead
        title={offer.name}
        note={
          <>
            {offer.price_minor ? money(offer.price_minor, offer.currency ?? "USD") : "free"} ·{" "}
            <a
              href={offer.url}
              target="_blank"
              rel="noreferrer"
              className="text-accent underline underline-offset-2"
            >
              {offer.url}
            </a>
          </>
        }
      >
        <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => setAsking("edit")}>
          Change
        </Button>
        <Button
          look="ghost"
          icon={<Trash2 aria-hidden className="size-4" />}
          onClick={() => setAsking("archive")}
        >
          Take out of use
        </Button>
      </PageHead>
      <div className="space-y-4">
        <Report days={30} offerId={offer.id} />
        <div className="grid items-start gap-4 xl:grid-cols-2">
          <Links offer={offer} />
          <div className="min-w-0 space-y-4">
            <Conversions offer={offer} />
            <Selling offer={offer} />
          </div>
        </div>
      </div>
      {asking === "edit" && <OfferForm offer={offer} onClose={() => setAsking(null)} />}
      <Confirm
        open={asking === "archive"}
        title={`Take ${offer.name} out of use?`}
        action="Take out of use"
        look="danger"
        busy={archive.isPending}
        onClose={() => setAsking(null)}
        onConfirm={() => archive.mutate({ params: { path: { offer_id: offer.id } } })}
      >
        <p>New posts do not sell it. Links that are out in the world go on working.</p>
      </Confirm>
    </>
  );
}

function Links({ offer }: { offer: Offer }) {
  const [code, setCode] = useState<Schemas["LinkRead"] | null>(null);
  const links = api.useQuery("get", "/api/offers/{offer_id}/links", {
    params: { path: { offer_id: offer.id } },
  });
  return (
    <Card title="Links" note={links.data && count(links.data.length)} flush>
      <Loaded of={links} lines={5}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon={null} title="No link yet">
              A run that sells this offer makes one for each account.
            </Empty>
          ) : (
            // biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, so the keyboard must reach it
            <section tabIndex={0} aria-label="Tracked links" className="max-h-[28rem] overflow-y-auto">
              <ul>
                {all.slice(0, 300).map((link) => (
                  <li key={link.id} className="flex items-center gap-3 border-t border-line px-4 py-1.5">
                    <ChannelMark channel={link.channel} />
                    <div className="min-w-0 flex-1">
                      <Copyable text={link.url} label="link" />
                    </div>
                    <span className="nums text-[0.8125rem] text-soft">{count(link.clicks)} clicks</span>
                    <IconButton
                      label={`QR code of ${link.slug}`}
                      icon={<QrCode aria-hidden className="size-4" />}
                      onClick={() => setCode(link)}
                    />
                  </li>
                ))}
              </ul>
            </section>
          )
        }
      </Loaded>
      <Dialog open={code !== null} title="QR code" size="small" onClose={() => setCode(null)}>
        {code && (
          <div className="space-y-3 text-center">
            {/* biome-ignore lint/performance/noImgElement: the export has no image server */}
            <img
              src={`/api/offers/links/${code.id}/code?format=svg`}
              alt={`QR code of ${code.url}`}
              className="mx-auto w-64 rounded-lg bg-white p-3"
            />
            <Copyable text={code.url} label="link" />
          </div>
        )}
      </Dialog>
    </Card>
  );
}

function Conversions({ offer }: { offer: Offer }) {
  const conversions = api.useQuery("get", "/api/offers/{offer_id}/conversions", {
    params: { path: { offer_id: offer.id } },
  });
  return (
    <Card title="Leads and sales" flush>
      <Loaded of={conversions}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon={null} title="None yet">
              When your shop tells of a sale, it stands here with the click that led to it.
            </Empty>
          ) : (
            <ul>
              {all.slice(0, 20).map((one) => (
                <li key={one.id} className="flex items-center gap-3 border-t border-line px-4 py-2">
                  <span className="w-14 font-medium">{one.kind}</span>
                  <span className="min-w-0 flex-1 truncate text-[0.8125rem] text-soft">
                    by {one.source},{" "}
                    {one.matched_by === "none" ? "credited to nothing" : `credited by ${one.matched_by}`}
                  </span>
                  <span className="nums">{one.currency ? money(one.value_minor, one.currency) : ""}</span>
                  <span className="text-[0.8125rem] text-soft">
                    <Time at={one.occurred_at} />
                  </span>
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
