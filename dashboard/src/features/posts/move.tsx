"use client";

import { useState } from "react";
import { api } from "@/api/client";
import { dayAndTime, ownZone } from "@/lib/format";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { InputField } from "@/ui/field";
import { tell } from "@/ui/toast";

/** Move a planned publication to another moment; the note that tells so can move it back. */
export function useMove(): {
  move: (publicationId: string, from: string | null, to: Date) => void;
  busy: boolean;
} {
  const put = api.useMutation("put", "/api/publications/{publication_id}/due");
  // Not by the callbacks of `mutate`: the dialog that has asked is gone when the answer comes.
  const move = (publicationId: string, from: string | null, to: Date) =>
    void put
      .mutateAsync({
        params: { path: { publication_id: publicationId } },
        body: { due_at: to.toISOString() },
      })
      .then(() =>
        tell(
          `Moved to ${dayAndTime(to)}.`,
          from && new Date(from) > new Date() ? () => move(publicationId, null, new Date(from)) : undefined,
        ),
      )
      .catch(() => undefined); // told already
  return { move, busy: put.isPending };
}

/** The same by a field: for keyboards and phones. */
export function MoveDialog({
  publicationId,
  at,
  onClose,
}: {
  publicationId: string;
  at: string | null;
  onClose: () => void;
}) {
  const [when, setWhen] = useState(at ? localValue(new Date(at)) : "");
  const { move } = useMove();
  return (
    <Dialog
      open
      title="Move it"
      size="small"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Not now</Button>
          <Button
            look="primary"
            disabled={!when}
            onClick={() => {
              move(publicationId, at, new Date(when));
              onClose();
            }}
          >
            Move
          </Button>
        </>
      }
    >
      <InputField
        label="To"
        hint={`Time of ${ownZone()}.`}
        type="datetime-local"
        value={when}
        onChange={(event) => setWhen(event.target.value)}
      />
    </Dialog>
  );
}

/** Write a moment as a date-time field has it: local, to the minute. */
export function localValue(moment: Date): string {
  const two = (value: number) => String(value).padStart(2, "0");
  return `${moment.getFullYear()}-${two(moment.getMonth() + 1)}-${two(moment.getDate())}T${two(moment.getHours())}:${two(moment.getMinutes())}`;
}
