"use client";

import { Monitor, Moon, Search, Sun } from "lucide-react";
import { useEffect } from "react";
import { useLiveState } from "@/api/live";
import { useStored } from "@/lib/stored";
import { Badge } from "@/ui/badge";
import { IconButton } from "@/ui/button";
import { PowerChip } from "./power-chip";

/** The bar at the top: search, whether the page is live, whether the machine sleeps, and the theme. */
export function TopBar({ onSearch }: { onSearch: () => void }) {
  return (
    <header className="sticky top-0 z-20 flex h-13 items-center gap-2 border-b border-line bg-bg px-3 sm:px-5 lg:px-7">
      <button
        type="button"
        onClick={onSearch}
        className="flex h-8 min-w-0 items-center gap-2 rounded-lg border border-line bg-surface px-2.5 text-soft transition hover:text-ink sm:w-64"
      >
        <Search aria-hidden className="size-4 shrink-0" />
        <span className="truncate">Go to …</span>
        <kbd className="ml-auto hidden rounded border border-line px-1 font-sans text-[0.6875rem] sm:block">
          Ctrl K
        </kbd>
      </button>
      <div className="ml-auto flex items-center gap-2">
        <LiveBadge />
        <PowerChip />
        <ThemeButton />
      </div>
    </header>
  );
}

/** Says only when the page is not live: what is as it should be needs no words. */
function LiveBadge() {
  const open = useLiveState();
  return open === false ? (
    <span role="status">
      <Badge tone="warn" title="MediaPoster does not answer. The page goes on by itself when it does.">
        Not live
      </Badge>
    </span>
  ) : null;
}

const THEMES = ["system", "light", "dark"] as const;

function ThemeButton() {
  const [theme, setTheme] = useStored<(typeof THEMES)[number]>("theme", "system");
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const Icon = { system: Monitor, light: Sun, dark: Moon }[theme];
  return (
    <IconButton
      label={`Theme: ${theme}. Change to ${next}`}
      icon={<Icon aria-hidden className="size-4.5" />}
      onClick={() => setTheme(next)}
    />
  );
}
