"use client";

import { useState } from "react";
import { api, type Schemas } from "@/api/client";
import { Badge } from "@/ui/badge";
import { Card } from "@/ui/card";
import { Loaded } from "@/ui/feedback";
import { Checkbox, Input } from "@/ui/field";

type Value = Schemas["SettingRead"];

/** Every setting with its value. They come from the environment, so they are only shown here. */
export function Values() {
  const settings = api.useQuery("get", "/api/settings");
  const [text, setText] = useState("");
  const [changed, setChanged] = useState(false);
  const wanted = text.trim().toLowerCase();
  return (
    <Loaded of={settings} lines={10}>
      {(all) => {
        const shown = all
          .filter((one) => `${one.variable} ${one.description}`.toLowerCase().includes(wanted))
          .filter((one) => !changed || !one.is_default);
        return (
          <>
            <div className="mb-3 flex flex-wrap items-center gap-4">
              <Input
                type="search"
                aria-label="Search settings"
                placeholder="Search"
                className="max-w-64"
                value={text}
                onChange={(event) => setText(event.target.value)}
              />
              <Checkbox
                label="Only what is set"
                checked={changed}
                onChange={(event) => setChanged(event.target.checked)}
              />
              <p className="text-soft">
                Set in the environment or in .env, and read when MediaPoster starts.
              </p>
            </div>
            <div className="space-y-4">
              {[...new Set(shown.map((one) => one.group))].map((group) => (
                <Card key={group} title={group} flush>
                  <ul>
                    {shown
                      .filter((one) => one.group === group)
                      .map((one) => (
                        <li
                          key={one.name}
                          className="grid gap-x-4 border-t border-line px-4 py-2 md:grid-cols-[minmax(0,22rem)_minmax(0,1fr)_minmax(0,14rem)]"
                        >
                          <code className="text-[0.8125rem] [overflow-wrap:anywhere]">{one.variable}</code>
                          <p className="text-[0.8125rem] text-soft">{one.description}</p>
                          <p className="text-[0.8125rem] [overflow-wrap:anywhere] md:text-right">
                            <Shown one={one} />
                          </p>
                        </li>
                      ))}
                  </ul>
                </Card>
              ))}
            </div>
          </>
        );
      }}
    </Loaded>
  );
}

function Shown({ one }: { one: Value }) {
  if (one.secret) return <Badge tone={one.is_set ? "good" : "plain"}>{one.is_set ? "set" : "not set"}</Badge>;
  const text =
    one.value === null || one.value === undefined
      ? "none"
      : typeof one.value === "string"
        ? one.value
        : JSON.stringify(one.value);
  return <span className={one.is_default ? "text-soft" : "font-medium"}>{text}</span>;
}
