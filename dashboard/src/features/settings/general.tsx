"use client";

import { useQueryClient } from "@tanstack/react-query";
import { LogOut, Moon, Zap } from "lucide-react";
import { useState } from "react";
import { api } from "@/api/client";
import { ownZone } from "@/lib/format";
import { Badge } from "@/ui/badge";
import { Button } from "@/ui/button";
import { Card } from "@/ui/card";
import { Loaded } from "@/ui/feedback";
import { InputField } from "@/ui/field";
import { Countdown, Time } from "@/ui/time";
import { tell } from "@/ui/toast";
import { StopAll } from "../accounts/stop-all";

/** Sleep, the switch for all, and the browsers that are logged in. */
export function General() {
  return (
    <div className="grid items-start gap-4 lg:grid-cols-2">
      <Sleep />
      <div className="space-y-4">
        <Publishing />
        <Sessions />
      </div>
    </div>
  );
}

function Sleep() {
  const status = api.useQuery("get", "/api/sleep/status");
  const agenda =
    api.useQuery("get", "/api/overview/agenda", { params: { query: { limit: 100 } } }).data ?? [];
  const [when, setWhen] = useState("");
  const enter = api.useMutation("post", "/api/sleep/enter");
  const wake = api.useMutation("post", "/api/sleep/wake");
  const client = useQueryClient();
  const again = () => client.invalidateQueries({ queryKey: ["get", "/api/overview/agenda"] });
  const back = api.useMutation("delete", "/api/sleep/wake/{wake_id}", {
    onSuccess: () => {
      void again();
      tell("The wake-up is taken back.");
    },
  });
  const schedule = api.useMutation("post", "/api/sleep/schedule-wake", {
    onSuccess: (made) => {
      setWhen("");
      void again();
      tell("It wakes then.", () => back.mutate({ params: { path: { wake_id: made.wake_id } } }));
    },
  });
  return (
    <Card
      title="Sleep"
      actions={
        <>
          <Button
            size="small"
            icon={<Moon aria-hidden className="size-4" />}
            busy={enter.isPending}
            onClick={() => enter.mutate({})}
          >
            Sleep
          </Button>
          <Button
            size="small"
            icon={<Zap aria-hidden className="size-4" />}
            busy={wake.isPending}
            onClick={() => wake.mutate({})}
          >
            Wake
          </Button>
        </>
      }
    >
      <Loaded of={status}>
        {(found) => (
          <p>
            {found.mode ? `The machine is ${found.mode}` : "No worker runs"}
            {found.since && (
              <>
                {" "}
                since <Time at={found.since} how="moment" />
              </>
            )}
            {found.next_wake_at && (
              <>
                ; it wakes in <Countdown to={found.next_wake_at} />
              </>
            )}
            .
          </p>
        )}
      </Loaded>
      <form
        className="mt-4 flex items-end gap-2"
        onSubmit={(event) => {
          event.preventDefault();
          schedule.mutate({ body: { wake_time: new Date(when).toISOString() } });
        }}
      >
        <InputField
          label="Wake at"
          hint={`Time of ${ownZone()}.`}
          className="flex-1"
          type="datetime-local"
          required
          value={when}
          onChange={(event) => setWhen(event.target.value)}
        />
        <Button type="submit" busy={schedule.isPending} className="mb-6">
          Schedule
        </Button>
      </form>
      <ul className="mt-2 space-y-1">
        {agenda
          .filter((row) => row.kind === "wake")
          .map((row) => (
            <li key={row.id} className="flex items-center gap-3">
              <Time at={row.at} how="moment" />
              <Button
                size="small"
                look="ghost"
                onClick={() => back.mutate({ params: { path: { wake_id: row.id } } })}
              >
                Take back
              </Button>
            </li>
          ))}
      </ul>
    </Card>
  );
}

function Publishing() {
  const [stopping, setStopping] = useState(false);
  const publishing = api.useQuery("get", "/api/publishing");
  const resume = api.useMutation("post", "/api/publishing/resume", {
    onSuccess: () => tell("Publishing goes on."),
  });
  return (
    <Card title="Publishing">
      <Loaded of={publishing}>
        {(found) => (
          <div className="flex flex-wrap items-center gap-3">
            <p className="min-w-0 flex-1">
              {found.on
                ? "On: what is due goes out by itself."
                : `Stopped everywhere${found.reason ? `: ${found.reason}` : "."}`}
            </p>
            {found.on ? (
              <Button look="danger" onClick={() => setStopping(true)}>
                Stop all
              </Button>
            ) : (
              <Button look="primary" busy={resume.isPending} onClick={() => resume.mutate({})}>
                Let it go on
              </Button>
            )}
          </div>
        )}
      </Loaded>
      <StopAll open={stopping} onClose={() => setStopping(false)} />
    </Card>
  );
}

function Sessions() {
  const sessions = api.useQuery("get", "/api/sessions");
  const end = api.useMutation("delete", "/api/sessions/{session_id}", {
    onSuccess: () => void sessions.refetch(),
  });
  const leave = api.useMutation("delete", "/api/session", { onSuccess: () => location.replace("/login/") });
  return (
    <Card
      title="Logged in"
      actions={
        <Button
          size="small"
          icon={<LogOut aria-hidden className="size-4" />}
          busy={leave.isPending}
          onClick={() => leave.mutate({})}
        >
          Log out
        </Button>
      }
    >
      <Loaded of={sessions}>
        {(all) => (
          <ul className="space-y-2">
            {all.map((one) => (
              <li key={one.id} className="flex items-center gap-3">
                <span className="min-w-0 flex-1 truncate">
                  {one.browser} {one.own && <Badge tone="accent">this one</Badge>}
                  <span className="block text-[0.8125rem] text-soft">
                    may {one.scopes.join(", ")} · seen <Time at={one.last_seen_at} />
                  </span>
                </span>
                {!one.own && (
                  <Button
                    size="small"
                    look="ghost"
                    onClick={() => end.mutate({ params: { path: { session_id: one.id } } })}
                  >
                    Log out
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Loaded>
      <p className="mt-4 text-[0.8125rem] text-soft">
        Another browser? Run <code className="text-ink">mediaposter dashboard --no-open</code> and open its
        link there. Programs use tokens:{" "}
        <a href="/api/docs" className="text-accent underline underline-offset-2">
          the API
        </a>
        .
      </p>
    </Card>
  );
}
