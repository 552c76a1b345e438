"use client";

import { CircleCheck, CirclePlay, RotateCcw, Square } from "lucide-react";
import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { Button } from "@/ui/button";
import { Confirm, Dialog } from "@/ui/dialog";
import { SelectField } from "@/ui/field";
import { STAGE_WORDS } from "@/ui/states";
import { tell } from "@/ui/toast";
import { isActive, type Run } from "./reading";

const icon = { "aria-hidden": true, className: "size-4" } as const;

/** What can be done with a run as it stands: approve, resume, retry, cancel. */
export function RunActions({ run }: { run: Run }) {
  const [asking, setAsking] = useState<"approve" | "cancel" | "retry" | null>(null);
  const params = { params: { path: { run_id: run.id } } };
  const close = () => setAsking(null);
  const done = (text: string) => ({
    onSuccess: () => {
      close();
      tell(text);
    },
  });
  const approve = api.useMutation(
    "post",
    "/api/pipeline/runs/{run_id}/approve",
    done("Approved: the run publishes now."),
  );
  const cancel = api.useMutation(
    "post",
    "/api/pipeline/runs/{run_id}/cancel",
    done("The run was cancelled."),
  );
  const resume = api.useMutation("post", "/api/pipeline/runs/{run_id}/resume", done("The run goes on."));
  const canResume = run.state === "failed" || run.state === "cancelled";
  const canRetry = !isActive(run) && run.state !== "waiting";
  return (
    <>
      {run.state === "waiting" && (
        <Button look="primary" icon={<CircleCheck {...icon} />} onClick={() => setAsking("approve")}>
          Approve
        </Button>
      )}
      {canResume && (
        <Button
          look="primary"
          icon={<CirclePlay {...icon} />}
          busy={resume.isPending}
          onClick={() => resume.mutate(params)}
        >
          Resume
        </Button>
      )}
      {canRetry && (
        <Button icon={<RotateCcw {...icon} />} onClick={() => setAsking("retry")}>
          Retry
        </Button>
      )}
      {(isActive(run) || run.state === "waiting") && (
        <Button look="danger" icon={<Square {...icon} />} onClick={() => setAsking("cancel")}>
          Cancel
        </Button>
      )}
      <Confirm
        open={asking === "approve"}
        title="Publish this run?"
        action="Publish"
        busy={approve.isPending}
        onClose={close}
        onConfirm={() => approve.mutate(params)}
      >
        <p>Its video goes out to every account of the run, with the words as they stand.</p>
      </Confirm>
      <Confirm
        open={asking === "cancel"}
        title="Cancel this run?"
        action="Cancel the run"
        look="danger"
        busy={cancel.isPending}
        onClose={close}
        onConfirm={() => cancel.mutate(params)}
      >
        <p>What is public stays public. What was not sent is taken back. You can resume the run later.</p>
      </Confirm>
      <Retry run={run} open={asking === "retry"} onClose={close} />
    </>
  );
}

function Retry({ run, open, onClose }: { run: Run; open: boolean; onClose: () => void }) {
  const [from, setFrom] = useState<Schemas["Stage"] | "">("");
  const retry = api.useMutation("post", "/api/pipeline/runs/{run_id}/retry", {
    onSuccess: () => {
      onClose();
      tell("The run begins again from there.");
    },
  });
  return (
    <Dialog
      open={open}
      title="Retry this run"
      size="small"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button
            look="primary"
            busy={retry.isPending}
            onClick={() =>
              retry.mutate({
                params: { path: { run_id: run.id } },
                body: { from_stage: from === "" ? null : from },
              })
            }
          >
            Retry
          </Button>
        </>
      }
    >
      <SelectField
        label="From"
        hint="Accounts where it is public are never touched again."
        value={from}
        onChange={(event) => setFrom(event.target.value as Schemas["Stage"] | "")}
      >
        <option value="">Only what failed or was refused</option>
        {run.stages.map((stage) => (
          <option key={stage.name} value={stage.name}>
            {STAGE_WORDS[stage.name]} and what follows
          </option>
        ))}
      </SelectField>
    </Dialog>
  );
}
