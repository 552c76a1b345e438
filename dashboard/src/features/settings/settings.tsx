"use client";

import { useQueryParam } from "@/lib/query";
import { PageHead } from "@/shell/shell";
import { Segmented } from "@/ui/field";
import { Events } from "./events";
import { General } from "./general";
import { Providers } from "./providers";
import { Tokens } from "./tokens";
import { Values } from "./values";
import { Webhooks } from "./webhooks";

const TABS = {
  general: ["General", General],
  providers: ["Providers", Providers],
  webhooks: ["Webhooks", Webhooks],
  tokens: ["Tokens", Tokens],
  values: ["Settings", Values],
  events: ["Events", Events],
} as const;

/** Everything about the machine itself. */
export function Settings() {
  const [name, setName] = useQueryParam("tab");
  const tab = (name && name in TABS ? name : "general") as keyof typeof TABS;
  const [, Shown] = TABS[tab];
  return (
    <>
      <PageHead title="Settings" note="Sleep, what is connected, who may do what, and what has happened." />
      <div className="mb-4 max-w-full">
        <Segmented
          label="Part"
          value={tab}
          onChange={(value) => setName(value === "general" ? null : value)}
          options={(Object.keys(TABS) as (keyof typeof TABS)[]).map((key) => [key, TABS[key][0]] as const)}
        />
      </div>
      <Shown />
    </>
  );
}
