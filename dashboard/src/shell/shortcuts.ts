import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { PLACES } from "./places";

const SOON_MS = 1200;

/** Keys that work on every page: Ctrl-K or `/`, `g` and a letter, `?`. Never while somebody types. */
export function useShortcuts(open: (what: "search" | "keys") => void): void {
  const router = useRouter();
  useEffect(() => {
    let went = 0;
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        open("search");
        return;
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const place = PLACES.find((one) => one.key === event.key);
      if (Date.now() - went < SOON_MS && place) {
        went = 0;
        router.push(place.href);
      } else if (event.key === "g") went = Date.now();
      else if (event.key === "?") open("keys");
      else if (event.key === "/") {
        event.preventDefault();
        const search = document.querySelector<HTMLInputElement>("main input[type=search]");
        if (search) search.focus();
        else open("search");
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [open, router]);
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
