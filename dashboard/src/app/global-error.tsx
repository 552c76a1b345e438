"use client";

import "./globals.css";

export default function GlobalError({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <html lang="en">
      <body className="font-sans text-sm">
        <main className="mx-auto flex min-h-dvh max-w-md flex-col items-start justify-center gap-3 px-5">
          <h1 className="text-xl font-semibold tracking-tight">This page has failed</h1>
          <p className="text-soft">{error.message}</p>
          <button
            type="button"
            onClick={reset}
            className="font-medium text-accent underline underline-offset-4"
          >
            Load it again
          </button>
        </main>
      </body>
    </html>
  );
}
