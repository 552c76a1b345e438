"use client";

import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { IconButton } from "./button";

/** A text to take along, such as a link or a token. */
export function Copyable({ text, label }: { text: string; label: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard.writeText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 1500);
  };
  return (
    <span className="inline-flex max-w-full min-w-0 items-center gap-1 rounded-lg bg-raised py-0.5 pr-0.5 pl-2.5">
      <code className="min-w-0 truncate text-[0.8125rem]">{text}</code>
      <IconButton
        label={copied ? "Copied" : `Copy ${label}`}
        icon={
          copied ? (
            <Check aria-hidden className="size-4 text-good" />
          ) : (
            <Copy aria-hidden className="size-4" />
          )
        }
        onClick={() => void copy()}
      />
    </span>
  );
}
