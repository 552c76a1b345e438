"use client";

import { api, type Schemas } from "@/api/client";
import { shortCount } from "@/lib/format";
import { Badge } from "@/ui/badge";
import { Bars } from "@/ui/chart";
import { Loaded } from "@/ui/feedback";

type Snapshot = Schemas["SnapshotRead"];

const AGES = ["1h", "6h", "24h", "72h", "7d"] as const;
const SHOWN: readonly (readonly [name: string, read: (one: Snapshot) => number | null])[] = [
  ["Views", (one) => one.views ?? one.impressions],
  ["Likes", (one) => one.likes],
  ["Comments", (one) => one.comments],
  ["Clicks on the link", (one) => one.link_clicks],
];

/** The numbers of a publication at each of its checkbacks. What a platform does not tell is a gap, not a zero. */
export function Readings({ publicationId }: { publicationId: string }) {
  const snapshots = api.useQuery("get", "/api/metrics/snapshots", {
    params: { query: { publication_id: publicationId } },
  });
  return (
    <div>
      <h3 className="mb-2 flex items-center gap-2 text-[0.8125rem] font-medium text-soft">
        Numbers <Score publicationId={publicationId} read={(snapshots.data?.length ?? 0) > 0} />
      </h3>
      <Loaded of={snapshots}>
        {(found) =>
          found.length === 0 ? (
            <p className="text-soft">They are read 1, 6, 24 and 72 hours and 7 days after it is public.</p>
          ) : (
            <div className="grid grid-cols-2 gap-4">
              {SHOWN.map(([name, read]) => (
                <div key={name} className="min-w-0">
                  <p className="mb-1 text-[0.8125rem]">{name}</p>
                  <Bars
                    label={`${name}: ${AGES.map((age) => `${age} ${shortCount(valueAt(found, age, read))}`).join(", ")}`}
                    points={AGES.map((age) => ({ label: age, value: valueAt(found, age, read) }))}
                    write={shortCount}
                  />
                </div>
              ))}
            </div>
          )
        }
      </Loaded>
    </div>
  );
}

function valueAt(
  found: readonly Snapshot[],
  age: string,
  read: (one: Snapshot) => number | null,
): number | null {
  const one = found.find((snapshot) => snapshot.age === age);
  return one ? (read(one) ?? null) : null;
}

function Score({ publicationId, read }: { publicationId: string; read: boolean }) {
  const scores = api.useQuery(
    "get",
    "/api/learning/scores/{publication_id}",
    { params: { path: { publication_id: publicationId } } },
    { enabled: read },
  ).data;
  const latest = scores
    ?.filter((one) => one.score !== null)
    .sort((one, other) => one.taken_at.localeCompare(other.taken_at))
    .at(-1);
  if (!latest) return null;
  const score = Math.round(latest.score ?? 0);
  return (
    <Badge
      tone={score >= 60 ? "good" : score < 40 ? "bad" : "plain"}
      title="50 is what is usual on this account at this age."
    >
      score {score} of 100 at {latest.age}
    </Badge>
  );
}
