"use client";

import { useEffect, useRef, useState } from "react";
import { api, problemOf } from "@/api/client";
import { Logo } from "@/shell/menu";
import { Button } from "@/ui/button";
import { InputField } from "@/ui/field";

/** Log in by the one-time code of a login link, which stands behind `#`, or by a token. */
export function Login() {
  const [token, setToken] = useState("");
  const begin = api.useMutation("post", "/api/session", {
    onSuccess: () => location.replace(wayOn()),
    onError: () => undefined, // shown at the field
  });
  const { mutate } = begin;
  const used = useRef(false); // a code works once
  useEffect(() => {
    const code = new URLSearchParams(location.hash.slice(1)).get("code");
    if (!code || used.current) return;
    used.current = true;
    history.replaceState(null, "", location.pathname + location.search);
    mutate({ body: { code } });
  }, [mutate]);
  const problem = begin.error ? problemOf(begin.error) : null;
  return (
    <main className="mx-auto flex min-h-dvh max-w-md flex-col justify-center px-5">
      <div className="mb-6 flex items-center gap-3">
        <Logo />
        <h1 className="text-xl font-semibold tracking-tight">MediaPoster</h1>
      </div>
      <form
        className="space-y-4 rounded-xl border border-line bg-surface p-5 shadow-raised"
        onSubmit={(event) => {
          event.preventDefault();
          if (token.trim()) mutate({ body: { token: token.trim() } });
        }}
      >
        <p className="text-soft">
          Open the link that <code className="text-ink">mediaposter dashboard</code> prints on the machine
          that runs MediaPoster; or give a token.
        </p>
        <InputField
          label="Token"
          error={problem && `${problem.detail} ${problem.fix ?? ""}`}
          type="password"
          name="token"
          autoComplete="current-password"
          value={token}
          onChange={(event) => setToken(event.target.value)}
        />
        <Button type="submit" look="primary" busy={begin.isPending || begin.isSuccess} className="w-full">
          Log in
        </Button>
      </form>
    </main>
  );
}

/** Where somebody was going before they had to log in: only ever a page of ours. */
function wayOn(): string {
  const next = new URLSearchParams(location.search).get("next") ?? "/";
  return next.startsWith("/") && !next.startsWith("//") && !next.includes("\\") ? next : "/";
}
