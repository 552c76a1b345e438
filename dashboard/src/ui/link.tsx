"use client";

import NextLink from "next/link";
import { useRouter } from "next/navigation";
import type { ComponentProps } from "react";

type Props = Omit<ComponentProps<typeof NextLink>, "href" | "prefetch"> & { href: string };

/** A link within the dashboard. What it leads to is fetched when somebody is about to follow it, not before. */
export default function Link({ href, ...rest }: Props) {
  const router = useRouter();
  const fetchAhead = () => router.prefetch(href);
  return (
    <NextLink
      href={href}
      prefetch={false}
      onPointerEnter={fetchAhead}
      onTouchStart={fetchAhead}
      onFocus={fetchAhead}
      {...rest}
    />
  );
}
