"use client";

import clsx from "clsx";
import { Ban, Pin, Undo2 } from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { count, share } from "@/lib/format";
import { Badge } from "@/ui/badge";
import { Button, IconButton } from "@/ui/button";
import { Card, Figure } from "@/ui/card";
import { Confirm } from "@/ui/dialog";
import { Empty, Loaded } from "@/ui/feedback";
import { Segmented } from "@/ui/field";
import { Time } from "@/ui/time";
import { tell } from "@/ui/toast";

type Value = Schemas["ValueRead"];
type Decision = Schemas["DecisionRead"];

/** What is believed of every creative choice and how sure that is, what was decided and why, and the way back. */
export function Learning() {
  const [goal, setGoal] = useState<Schemas["Goal"]>("default");
  const standing = api.useQuery("get", "/api/learning/standing", { params: { query: { goal } } });
  return (
    <div className="space-y-4">
      <Card
        title="What works"
        note="in standard deviations of what is usual on the account; the line is where it lies with 90 %"
        actions={
          <Segmented
            label="Goal"
            value={goal}
            onChange={setGoal}
            options={[
              ["default", "All"],
              ["followers", "Followers"],
              ["leads", "Leads"],
              ["purchases", "Purchases"],
            ]}
          />
        }
      >
        <Loaded of={standing} lines={6}>
          {(found) =>
            found.posts === 0 ? (
              <Empty icon={null} title="Nothing is known yet">
                Each reading of a public post teaches something. After a day of posts the first beliefs stand
                here.
              </Empty>
            ) : (
              <>
                <dl className="mb-5 grid grid-cols-2 gap-4 sm:grid-cols-3">
                  <Figure label="Posts it has learned from" value={count(found.posts)} />
                  <Figure
                    label="Score of what it chose"
                    value={score(found.lift.chosen)}
                    note={`${count(found.lift.chosen_posts)} posts`}
                  />
                  <Figure
                    label="Score of the hold-out"
                    value={score(found.lift.hold_out)}
                    note={`${count(found.lift.hold_out_posts)} posts`}
                  />
                </dl>
                <div className="grid gap-6 lg:grid-cols-2">
                  {Object.entries(found.dimensions).map(([dimension, values]) => (
                    <Dimension key={dimension} name={dimension} values={values} />
                  ))}
                </div>
              </>
            )
          }
        </Loaded>
      </Card>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Decisions />
        <Adjustments />
      </div>
    </div>
  );
}

const score = (value: number | null): string => (value === null ? "–" : String(Math.round(value)));

function Dimension({ name, values }: { name: string; values: readonly Value[] }) {
  const widest = Math.max(0.5, ...values.flatMap((one) => [Math.abs(one.low), Math.abs(one.high)]));
  const said = { onSuccess: () => tell("Noted. It counts from the next choice on.") };
  const pin = api.useMutation("post", "/api/learning/pins", said);
  const exclude = api.useMutation("post", "/api/learning/exclusions", said);
  return (
    <section aria-label={name}>
      <h3 className="mb-1.5 font-medium capitalize">{name}</h3>
      <ul className="space-y-1">
        {values.map((one) => (
          <li
            key={one.value}
            className="grid grid-cols-[minmax(0,7rem)_minmax(0,1fr)_3rem_auto] items-center gap-2"
          >
            <span className={clsx("truncate", one.excluded && "text-soft line-through")} title={one.value}>
              {one.value}
            </span>
            <Whisker one={one} widest={widest} />
            <span className="nums text-right text-[0.8125rem] text-soft" title="share of the choices">
              {share(one.share)}
            </span>
            <span className="flex">
              {one.pinned && <Badge tone="accent">pinned</Badge>}
              <IconButton
                label={`Pin ${one.value}`}
                disabled={one.pinned}
                icon={<Pin aria-hidden className="size-4" />}
                onClick={() => pin.mutate({ body: { dimension: name, value: one.value } })}
              />
              <IconButton
                label={`Exclude ${one.value}`}
                disabled={one.excluded}
                icon={<Ban aria-hidden className="size-4" />}
                onClick={() => exclude.mutate({ body: { dimension: name, value: one.value } })}
              />
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A mean with its interval around the zero line. */
function Whisker({ one, widest }: { one: Value; widest: number }) {
  const at = (value: number) => 50 + (value / widest) * 48;
  return (
    <svg
      role="img"
      aria-label={`${one.mean.toFixed(2)}, between ${one.low.toFixed(2)} and ${one.high.toFixed(2)}, from ${Math.round(one.n)} posts`}
      viewBox="0 0 100 16"
      preserveAspectRatio="none"
      className={clsx("h-4 w-full", one.low > 0 ? "text-good" : one.high < 0 ? "text-bad" : "text-soft")}
    >
      <line
        x1="50"
        x2="50"
        y1="0"
        y2="16"
        stroke="var(--line-strong)"
        strokeWidth="1"
        vectorEffect="non-scaling-stroke"
      />
      <line
        x1={at(one.low)}
        x2={at(one.high)}
        y1="8"
        y2="8"
        stroke="currentColor"
        strokeWidth="2"
        vectorEffect="non-scaling-stroke"
      />
      <line
        x1={at(one.mean)}
        x2={at(one.mean)}
        y1="3"
        y2="13"
        stroke="currentColor"
        strokeWidth="4"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  );
}

function Decisions() {
  const [back, setBack] = useState<Decision | null>(null);
  const decisions = api.useQuery("get", "/api/learning/decisions", { params: { query: { limit: 30 } } });
  const undo = api.useMutation("delete", "/api/learning/adjustments/{adjustment_id}");
  const revert = api.useMutation("post", "/api/learning/reverts", {
    onSuccess: (made) => {
      setBack(null);
      tell("What was learned since is forgotten.", () =>
        undo.mutate({ params: { path: { adjustment_id: made.id } } }),
      );
    },
  });
  return (
    <Card title="What it decided, and why" flush>
      <Loaded of={decisions}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon={null} title="No decision yet">
              When a recipe is chosen, the choice stands here with its reason.
            </Empty>
          ) : (
            <ol>
              {all.map((one) => (
                <li key={one.id} className="flex items-start gap-3 border-t border-line px-4 py-2.5">
                  <div className="min-w-0 flex-1">
                    <p className="[overflow-wrap:anywhere]">{one.explanation}</p>
                    <p className="mt-0.5 text-[0.8125rem] text-soft">
                      <Time at={one.created_at} how="moment" />{" "}
                      {one.hold_out && <Badge tone="info">hold-out</Badge>}
                    </p>
                  </div>
                  <Button
                    size="small"
                    look="ghost"
                    icon={<Undo2 aria-hidden className="size-4" />}
                    onClick={() => setBack(one)}
                  >
                    Back to here
                  </Button>
                </li>
              ))}
            </ol>
          )
        }
      </Loaded>
      <Confirm
        open={back !== null}
        title="Forget what was learned since?"
        action="Forget it"
        look="danger"
        busy={revert.isPending}
        onClose={() => setBack(null)}
        onConfirm={() => back && revert.mutate({ body: { to: back.id } })}
      >
        <p>
          Only what was known before this decision counts. Readings are kept, and you can take the revert
          back.
        </p>
      </Confirm>
    </Card>
  );
}

function Adjustments() {
  const adjustments = api.useQuery("get", "/api/learning/adjustments");
  const undo = api.useMutation("delete", "/api/learning/adjustments/{adjustment_id}", {
    onSuccess: () => tell("It does not count any more."),
  });
  return (
    <Card title="What people said" flush>
      <Loaded of={adjustments}>
        {(all) =>
          all.length === 0 ? (
            <Empty icon={null} title="Nothing">
              Pins, exclusions and reverts stand here, and can be taken back.
            </Empty>
          ) : (
            <ul>
              {all.map((one) => (
                <li key={one.id} className="flex items-center gap-3 border-t border-line px-4 py-2">
                  <p className={clsx("min-w-0 flex-1", one.undone_at && "text-soft line-through")}>
                    {one.kind} {one.dimension} {one.value} {one.since && <Time at={one.since} how="moment" />}
                    {one.reason && <span className="text-soft"> · {one.reason}</span>}
                  </p>
                  {!one.undone_at && (
                    <Button
                      size="small"
                      look="ghost"
                      busy={undo.isPending}
                      onClick={() => undo.mutate({ params: { path: { adjustment_id: one.id } } })}
                    >
                      Take back
                    </Button>
                  )}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
    </Card>
  );
}
