import clsx from "clsx";
import { Play } from "lucide-react";
import type { Schemas } from "@/api/client";
import { clock, count } from "@/lib/format";
import { ChannelMark } from "@/ui/channel";

type AccountChecked = Schemas["AccountChecked"];

/** A post as its platform would lay it out: who says it, the words where they stand there, the picture in its shape. */
export function Preview({ one }: { one: AccountChecked }) {
  const { preview, counted } = one;
  const { width, height, seconds } = preview.media;
  const upright = !width || !height || height > width;
  const full = counted.limit !== null && counted.text > counted.limit;
  return (
    <figure aria-label={`How it would look on ${one.channel}`} className="rounded-xl border border-line p-3">
      <div className="flex items-center gap-2">
        <ChannelMark channel={one.channel} />
        <div className="min-w-0">
          <p className="truncate font-medium">{one.name}</p>
          <p className="truncate text-xs text-soft">{one.handle}</p>
        </div>
      </div>
      <div className={clsx("mt-3", upright && "flex gap-3")}>
        <div
          className={clsx(
            "flex items-center justify-center rounded-lg bg-raised text-soft",
            upright ? "aspect-9/16 w-24 shrink-0" : "aspect-video w-full",
            width === height && "aspect-square",
          )}
        >
          <span className="flex flex-col items-center gap-1 text-xs">
            <Play aria-hidden className="size-5" />
            {seconds ? clock(seconds) : width && height ? `${width}×${height}` : "video"}
          </span>
        </div>
        <div className={clsx("min-w-0 flex-1", !upright && "mt-3")}>
          {preview.title && preview.title !== preview.text && (
            <p className="font-semibold [overflow-wrap:anywhere]">{preview.title}</p>
          )}
          <p className="[overflow-wrap:anywhere] whitespace-pre-line">{preview.text}</p>
          {preview.link && (
            <p className="mt-1 truncate text-accent">
              {preview.link_label ? `${preview.link_label}: ` : ""}
              {preview.link}
            </p>
          )}
          {preview.thread.map((text) => (
            <p
              key={text}
              className="mt-2 border-l-2 border-line pl-2 [overflow-wrap:anywhere] whitespace-pre-line"
            >
              {text}
            </p>
          ))}
          {preview.first_comment && <p className="mt-2 text-soft">First comment: {preview.first_comment}</p>}
        </div>
      </div>
      <figcaption
        className={clsx("nums mt-2 text-right text-xs", full ? "font-medium text-bad" : "text-soft")}
      >
        {count(counted.text)}
        {counted.limit !== null && ` of ${count(counted.limit)}`}, as {one.channel} counts
      </figcaption>
    </figure>
  );
}
