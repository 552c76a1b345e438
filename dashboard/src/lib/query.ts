/** The query part of the address as state: what is in it can be linked to, and gone back to. */

import { usePathname, useRouter, useSearchParams } from "next/navigation";
import { useCallback } from "react";

/** Return the value of `name` in the address, and a function that sets it (null takes it away). */
export function useQueryParam(name: string): [string | null, (value: string | null) => void] {
  const params = useSearchParams();
  const router = useRouter();
  const path = usePathname();
  const set = useCallback(
    (value: string | null) => {
      const next = new URLSearchParams(location.search);
      if (value === null || value === "") next.delete(name);
      else next.set(name, value);
      const query = next.toString();
      router.replace(query ? `${path}?${query}` : path, { scroll: false });
    },
    [name, path, router],
  );
  return [params.get(name), set];
}
