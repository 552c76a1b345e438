"use client";

import { useState } from "react";
import { api } from "@/api/client";
import { Button } from "@/ui/button";
import { Confirm, Dialog } from "@/ui/dialog";
import { InputField } from "@/ui/field";
import { tell } from "@/ui/toast";
import { MoveDialog } from "./move";
import type { Publication } from "./post-row";

/** What can be done with a publication as it stands. What may be public is never sent again. */
export function PublicationActions({ publication }: { publication: Publication }) {
  const [asking, setAsking] = useState<"publish" | "cancel" | "retry" | "move" | "answer" | null>(null);
  const params = { params: { path: { publication_id: publication.id } } };
  const close = () => setAsking(null);
  const done = (text: string) => ({
    onSuccess: () => {
      close();
      tell(text);
    },
  });
  const publish = api.useMutation(
    "post",
    "/api/publications/{publication_id}/publish",
    done("It goes out now."),
  );
  const cancel = api.useMutation(
    "post",
    "/api/publications/{publication_id}/cancel",
    done("It was taken back."),
  );
  const retry = api.useMutation(
    "post",
    "/api/publications/{publication_id}/retry",
    done("It is tried once more."),
  );
  const where = `${publication.handle} on ${publication.channel}`;
  return (
    <>
      {publication.outcome === "planned" && (
        <>
          <Button size="small" onClick={() => setAsking("move")}>
            Move
          </Button>
          <Button size="small" onClick={() => setAsking("publish")}>
            Publish now
          </Button>
          <Button size="small" look="ghost" onClick={() => setAsking("cancel")}>
            Take back
          </Button>
        </>
      )}
      {publication.outcome === "rejected" && (
        <Button size="small" onClick={() => setAsking("retry")}>
          Try again
        </Button>
      )}
      {publication.outcome === "unknown" && (
        <Button size="small" look="primary" onClick={() => setAsking("answer")}>
          Settle it
        </Button>
      )}
      <Confirm
        open={asking === "publish"}
        title="Publish it now?"
        action="Publish"
        busy={publish.isPending}
        onClose={close}
        onConfirm={() => publish.mutate(params)}
      >
        <p>It goes out to {where} at once, within its limits.</p>
      </Confirm>
      <Confirm
        open={asking === "cancel"}
        title="Take it back?"
        action="Take back"
        look="danger"
        busy={cancel.isPending}
        onClose={close}
        onConfirm={() => cancel.mutate(params)}
      >
        <p>It does not go out to {where}. The other accounts are not touched.</p>
      </Confirm>
      <Confirm
        open={asking === "retry"}
        title="Try it again?"
        action="Try again"
        busy={retry.isPending}
        onClose={close}
        onConfirm={() => retry.mutate(params)}
      >
        <p>It is surely not public on {where}. Mend what was refused first, or it is refused again.</p>
      </Confirm>
      {asking === "move" && (
        <MoveDialog publicationId={publication.id} at={publication.due_at} onClose={close} />
      )}
      {asking === "answer" && <Settle publication={publication} onClose={close} />}
    </>
  );
}

function Settle({ publication, onClose }: { publication: Publication; onClose: () => void }) {
  const [url, setUrl] = useState("");
  const answer = api.useMutation("post", "/api/publications/{publication_id}/answer", {
    onSuccess: (_, { body }) => {
      onClose();
      tell(body.public ? "Noted: it is public." : "Noted: it is not there. It can be tried again.");
    },
  });
  const say = (isPublic: boolean) =>
    answer.mutate({
      params: { path: { publication_id: publication.id } },
      body: { public: isPublic, ...(isPublic && url.trim() && { url: url.trim() }) },
    });
  return (
    <Dialog
      open
      title="Is it public?"
      size="small"
      onClose={onClose}
      footer={
        <>
          <Button busy={answer.isPending} onClick={() => say(false)}>
            It is not there
          </Button>
          <Button look="primary" busy={answer.isPending} onClick={() => say(true)}>
            It is public
          </Button>
        </>
      }
    >
      <div className="space-y-4">
        <p>
          {publication.verdict} Look at <span className="font-medium">{publication.handle}</span> on{" "}
          {publication.channel}. MediaPoster does not send it again before you have answered.
        </p>
        <InputField
          label="Its address, if it is public"
          type="url"
          placeholder="https://"
          value={url}
          onChange={(event) => setUrl(event.target.value)}
        />
      </div>
    </Dialog>
  );
}
