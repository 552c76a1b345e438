"use client";

import { Plus } from "lucide-react";
import { api } from "@/api/client";
import { day } from "@/lib/format";
import { PageHead } from "@/shell/shell";
import { ButtonLink } from "@/ui/button";
import { Agenda } from "./agenda";
import { Needs } from "./needs";
import { Now } from "./now";
import { Numbers } from "./numbers";
import { Tour, useTour } from "./tour";

/** What runs, what is due, what needs you, and how the day goes. */
export function Home() {
  const tour = useTour();
  const zone = api.useQuery("get", "/api/session").data?.time_zone;
  return (
    <>
      <PageHead
        title="Home"
        note={zone ? `${day(new Date())} · times of this browser; the machine plans in ${zone}` : undefined}
      >
        <ButtonLink href="/new/" look="primary" icon={<Plus aria-hidden className="size-4" />}>
          New run
        </ButtonLink>
      </PageHead>
      {tour.shown && <Tour onClose={tour.close} />}
      <Numbers />
      <div className="mt-4 grid items-start gap-4 lg:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="min-w-0 space-y-4">
          <Now />
          <Needs />
        </div>
        <Agenda />
      </div>
    </>
  );
}
