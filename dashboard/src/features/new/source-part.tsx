"use client";

import { ArrowDown, ArrowUp, Plus, Trash2, Upload } from "lucide-react";
import { useRef, useState } from "react";
import { api } from "@/api/client";
import { clock } from "@/lib/format";
import { Badge } from "@/ui/badge";
import { Button, IconButton } from "@/ui/button";
import { Card } from "@/ui/card";
import { Progress } from "@/ui/feedback";
import { Checkbox, InputField, Segmented, SelectField, TextareaField } from "@/ui/field";
import { tellProblem } from "@/ui/toast";
import { type Clip, type Form, PARTS_MAX } from "./form";
import type { Change } from "./new";
import { upload } from "./upload";

type Part = { form: Form; set: Change };
const PLACEHOLDERS = [
  "The hook: what stops them",
  "The tension: why it matters",
  "The resolution, with the offer",
];

/** What the video is made of: prompts with a provider, or footage. */
export function SourcePart({ form, set }: Part) {
  return (
    <Card
      title="Video"
      actions={
        <Segmented
          label="Made of"
          value={form.source}
          onChange={(source) => set({ source, aspect: source === "clips" ? "" : "9:16" })}
          options={[
            ["prompts", "Prompts"],
            ["clips", "Footage"],
          ]}
        />
      }
    >
      {form.source === "prompts" ? <Prompts form={form} set={set} /> : <Footage form={form} set={set} />}
      <div className="mt-4 grid gap-4 sm:grid-cols-3">
        {form.source === "prompts" && <Provider form={form} set={set} />}
        <SelectField
          label="Aspect"
          value={form.aspect}
          onChange={(event) => set({ aspect: event.target.value as Form["aspect"] })}
        >
          {form.source === "clips" && <option value="">as the footage</option>}
          <option value="9:16">9:16 upright</option>
          <option value="1:1">1:1 square</option>
          <option value="16:9">16:9 wide</option>
        </SelectField>
        {form.source === "prompts" && (
          <InputField
            label="Seconds of each part"
            hint="Empty: as long as it needs."
            type="number"
            min={1}
            max={600}
            value={form.seconds}
            onChange={(event) => set({ seconds: event.target.value })}
          />
        )}
        <SelectField
          label="Words by"
          value={form.copywriter}
          onChange={(event) => set({ copywriter: event.target.value as Form["copywriter"] })}
        >
          <option value="local">rules, on this machine</option>
          <option value="model">the configured model</option>
        </SelectField>
        {form.copywriter === "model" && (
          <InputField
            label="Tone"
            className="sm:col-span-2"
            maxLength={400}
            value={form.tone}
            onChange={(event) => set({ tone: event.target.value })}
          />
        )}
        {form.source === "prompts" && (
          <InputField
            label="At most, in US dollars"
            hint="Empty: no limit of its own."
            type="number"
            min={0}
            step="0.01"
            value={form.budget}
            onChange={(event) => set({ budget: event.target.value })}
          />
        )}
      </div>
    </Card>
  );
}

function Prompts({ form, set }: Part) {
  const shown = form.story ? form.prompts.slice(0, 1) : form.prompts;
  const change = (at: number, text: string) =>
    set({ prompts: form.prompts.map((one, index) => (index === at ? text : one)) });
  return (
    <div className="space-y-3">
      {shown.map((prompt, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a part is its place
        <div key={at} className="flex items-end gap-1">
          <TextareaField
            label={form.story ? "Idea" : `Part ${at + 1}`}
            className="flex-1"
            rows={2}
            maxLength={4000}
            placeholder={form.story ? "One idea; it becomes three parts" : PLACEHOLDERS[at]}
            value={prompt}
            onChange={(event) => change(at, event.target.value)}
          />
          {shown.length > 1 && (
            <IconButton
              label={`Remove part ${at + 1}`}
              className="mb-1"
              icon={<Trash2 aria-hidden className="size-4" />}
              onClick={() => set({ prompts: form.prompts.filter((_, index) => index !== at) })}
            />
          )}
        </div>
      ))}
      <div className="flex flex-wrap items-center gap-4">
        {!form.story && form.prompts.length < PARTS_MAX && (
          <Button
            size="small"
            icon={<Plus aria-hidden className="size-4" />}
            onClick={() => set({ prompts: [...form.prompts, ""] })}
          >
            Part
          </Button>
        )}
        <Checkbox
          label="Split one idea into three parts: hook, tension, resolution"
          checked={form.story}
          onChange={(event) =>
            set({
              story: event.target.checked,
              prompts: event.target.checked ? form.prompts : fill(form.prompts),
            })
          }
        />
      </div>
    </div>
  );
}

const fill = (prompts: readonly string[]): string[] =>
  [...prompts, "", ""].slice(0, Math.max(3, prompts.length));

function Provider({ form, set }: Part) {
  const providers = api.useQuery("get", "/api/generation/providers").data ?? [];
  const chosen = providers.find((one) => one.name === form.providers[0]);
  return (
    <SelectField
      label="Made by"
      hint={chosen && !chosen.configured ? chosen.fix : undefined}
      value={form.providers[0]}
      onChange={(event) =>
        set({ providers: event.target.value === "cards" ? ["cards"] : [event.target.value, "cards"] })
      }
    >
      {providers
        .filter((one) => one.name !== "clips")
        .map((one) => (
          <option key={one.name} value={one.name}>
            {one.name}
            {one.name === "cards" ? ", free" : one.configured ? ", then cards" : " (not configured)"}
          </option>
        ))}
    </SelectField>
  );
}

function Footage({ form, set }: Part) {
  const [sending, setSending] = useState<Record<string, number>>({});
  const [over, setOver] = useState(false);
  const picker = useRef<HTMLInputElement>(null);
  const clips = useRef(form.clips);
  clips.current = form.clips;
  const keep = (next: readonly Clip[]) => {
    clips.current = next;
    set({ clips: next });
  };
  const send = async (files: Iterable<File>) => {
    for (const file of [...files].slice(0, PARTS_MAX - clips.current.length)) {
      try {
        const asset = await upload(file, (share) => setSending((now) => ({ ...now, [file.name]: share })));
        keep([
          ...clips.current.filter((one) => one.assetId !== asset.id),
          { assetId: asset.id, name: file.name, seconds: asset.facts.duration ?? null },
        ]);
      } catch (error) {
        tellProblem(error);
      }
      setSending(({ [file.name]: _, ...rest }) => rest);
    }
  };
  const move = (at: number, by: number) => {
    const next = [...form.clips];
    const [one] = next.splice(at, 1);
    if (one) next.splice(at + by, 0, one);
    keep(next);
  };
  return (
    <div className="space-y-3">
      <button
        type="button"
        onClick={() => picker.current?.click()}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          void send(event.dataTransfer.files);
        }}
        className={`flex w-full flex-col items-center rounded-xl border-2 border-dashed px-4 py-8 text-center transition ${over ? "border-accent bg-accent-soft" : "border-line-strong hover:border-accent"}`}
      >
        <Upload aria-hidden className="mb-2 size-6 text-accent" />
        <span className="font-medium">Drop footage here, or choose files</span>
        <span className="text-[0.8125rem] text-soft">
          One to five, joined in their order. They need not match.
        </span>
      </button>
      <input
        ref={picker}
        type="file"
        accept="video/*"
        multiple
        aria-label="Footage"
        className="sr-only"
        tabIndex={-1}
        onChange={(event) => {
          void send(event.target.files ?? []);
          event.target.value = "";
        }}
      />
      {Object.entries(sending).map(([name, share]) => (
        <div key={name}>
          <p className="mb-1 truncate text-[0.8125rem]">{name}</p>
          <Progress label={`Sending ${name}`} share={share} />
        </div>
      ))}
      <ol className="space-y-1.5">
        {form.clips.map((clip, at) => (
          <li key={clip.assetId} className="flex items-center gap-3 rounded-lg border border-line p-1.5">
            {/* biome-ignore lint/performance/noImgElement: the export has no image server */}
            <img
              src={`/api/media/assets/${clip.assetId}/thumbnail`}
              alt=""
              className="h-12 w-9 rounded object-cover"
            />
            <span className="min-w-0 flex-1 truncate">{clip.name}</span>
            {clip.seconds !== null && <Badge>{clock(clip.seconds)}</Badge>}
            <IconButton
              label={`Move ${clip.name} up`}
              disabled={at === 0}
              icon={<ArrowUp aria-hidden className="size-4" />}
              onClick={() => move(at, -1)}
            />
            <IconButton
              label={`Move ${clip.name} down`}
              disabled={at === form.clips.length - 1}
              icon={<ArrowDown aria-hidden className="size-4" />}
              onClick={() => move(at, 1)}
            />
            <IconButton
              label={`Remove ${clip.name}`}
              icon={<Trash2 aria-hidden className="size-4" />}
              onClick={() => keep(form.clips.filter((_, index) => index !== at))}
            />
          </li>
        ))}
      </ol>
    </div>
  );
}
