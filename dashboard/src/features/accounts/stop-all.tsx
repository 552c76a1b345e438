"use client";

import { useState } from "react";
import { api } from "@/api/client";
import { Confirm } from "@/ui/dialog";
import { InputField } from "@/ui/field";
import { tell } from "@/ui/toast";

/** The switch that stops every account at once. */
export function StopAll({ open, onClose }: { open: boolean; onClose: () => void }) {
  const [reason, setReason] = useState("");
  const stop = api.useMutation("post", "/api/publishing/stop", {
    onSuccess: () => {
      onClose();
      tell("Publishing is stopped on every account.");
    },
  });
  return (
    <Confirm
      open={open}
      title="Stop publishing on every account?"
      action="Stop all"
      look="danger"
      busy={stop.isPending}
      onClose={onClose}
      onConfirm={() => stop.mutate({ body: { reason: reason.trim() } })}
    >
      <p>Nothing more is sent until you let it go on. What waits is kept; what is public stays public.</p>
      <InputField
        label="Why"
        hint="Shown to everybody who uses this dashboard."
        maxLength={300}
        value={reason}
        onChange={(event) => setReason(event.target.value)}
      />
    </Confirm>
  );
}
