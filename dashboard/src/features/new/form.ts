/** The form of a new run as data, and the config that the API is asked with. Pure. */

import type { Schemas } from "@/api/client";

export type Clip = { assetId: string; name: string; seconds: number | null };

export type Form = {
  source: "prompts" | "clips";
  prompts: readonly string[];
  story: boolean;
  clips: readonly Clip[];
  providers: readonly string[];
  aspect: "" | "9:16" | "1:1" | "16:9";
  seconds: string;
  copywriter: "local" | "model";
  tone: string;
  accounts: readonly string[] | "all";
  offer: string;
  offerUrl: string;
  cta: string;
  publish: "now" | "next_slot" | "at" | "draft";
  at: string;
  tweets: boolean;
  tweetAccount: string;
  tweetEvery: string;
  tweetCount: string;
  budget: string;
};

export const NEW_OFFER = "new";
export const PARTS_MAX = 5;

export const EMPTY: Form = {
  source: "prompts",
  prompts: ["", "", ""],
  story: false,
  clips: [],
  providers: ["cards"],
  aspect: "9:16",
  seconds: "",
  copywriter: "local",
  tone: "",
  accounts: "all",
  offer: "",
  offerUrl: "",
  cta: "See the offer",
  publish: "now",
  at: "",
  tweets: false,
  tweetAccount: "",
  tweetEvery: "120",
  tweetCount: "12",
  budget: "",
};

/** Say whether there is something to make a video of, and somewhere to send it. */
export function isReady(form: Form): boolean {
  const made = form.source === "prompts" ? promptsOf(form).length > 0 : form.clips.length > 0;
  const timed = form.publish !== "at" || form.at !== "";
  const offered = form.offer !== NEW_OFFER || /^https?:\/\/\S+\.\S+/.test(form.offerUrl);
  const tweeted = !form.tweets || form.tweetAccount !== "";
  return made && timed && offered && tweeted && (form.accounts === "all" || form.accounts.length > 0);
}

export function configOf(form: Form): Schemas["PipelineConfig"] {
  const footage = form.source === "clips";
  return {
    ...(footage
      ? { clips: form.clips.map((clip) => `asset:${clip.assetId}`) }
      : { prompts: promptsOf(form) }),
    ...(!footage && { provider: [...form.providers], story: form.story && promptsOf(form).length === 1 }),
    ...(form.aspect && { aspect: form.aspect }),
    ...(!footage && form.seconds && { seconds: Number(form.seconds) }),
    ...(form.tone.trim() && { tone: form.tone.trim() }),
    ...(form.copywriter === "local" && { copywriter: "local" }),
    accounts: form.accounts === "all" ? ["all"] : [...form.accounts],
    ...offerOf(form),
    ...(form.tweets && {
      tweets: {
        account: form.tweetAccount,
        interval_minutes: Number(form.tweetEvery),
        count: Number(form.tweetCount) || 12,
      },
    }),
    publish: form.publish === "at" ? new Date(form.at).toISOString() : form.publish,
    ...(form.budget && { budget: { money_minor: Math.round(Number(form.budget) * 100) } }),
  };
}

function promptsOf(form: Form): string[] {
  const written = form.prompts.map((prompt) => prompt.trim()).filter(Boolean);
  return form.story ? written.slice(0, 1) : written;
}

function offerOf(form: Form): Pick<Schemas["PipelineConfig"], "offer"> {
  if (form.offer === NEW_OFFER)
    return { offer: { url: form.offerUrl.trim(), cta: form.cta.trim() || "See the offer" } };
  return form.offer ? { offer: { id: form.offer } } : {};
}
