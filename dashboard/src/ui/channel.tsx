import {
  siBluesky,
  siDiscord,
  siFacebook,
  siInstagram,
  siMastodon,
  siPinterest,
  siReddit,
  siTelegram,
  siThreads,
  siTiktok,
  siX,
  siYoutube,
} from "simple-icons";

const PATHS: Record<string, { path: string }> = {
  bluesky: siBluesky,
  discord: siDiscord,
  facebook: siFacebook,
  instagram: siInstagram,
  mastodon: siMastodon,
  pinterest: siPinterest,
  reddit: siReddit,
  telegram: siTelegram,
  threads: siThreads,
  tiktok: siTiktok,
  x: siX,
  "x-web": siX,
  youtube: siYoutube,
};
const LETTERS: Record<string, string> = { linkedin: "in", blotato: "B", site: "S", webhook: "W" };

/** The mark of a channel: its own sign where it lets one be drawn, its letters else. */
export function ChannelMark({ channel }: { channel: string }) {
  const sign = PATHS[channel];
  return (
    <span
      aria-hidden
      title={channel}
      className="inline-flex size-6 shrink-0 items-center justify-center rounded-md bg-raised text-ink"
    >
      {sign ? (
        <svg aria-hidden="true" viewBox="0 0 24 24" className="size-3.5" fill="currentColor">
          <path d={sign.path} />
        </svg>
      ) : (
        <span className="text-[0.6875rem] font-bold">{LETTERS[channel] ?? channel.slice(0, 2)}</span>
      )}
    </span>
  );
}

/** An account by its channel's mark and its handle. */
export function AccountName({ channel, handle, name }: { channel: string; handle: string; name?: string }) {
  return (
    <span className="inline-flex min-w-0 items-center gap-2">
      <ChannelMark channel={channel} />
      <span className="min-w-0 truncate">
        <span className="sr-only">{channel}: </span>
        {name && name !== handle ? name : handle}
      </span>
    </span>
  );
}
