import {
  CalendarDays,
  Clapperboard,
  House,
  type LucideIcon,
  MessagesSquare,
  Newspaper,
  Settings,
  Sparkles,
  Tag,
  Users,
} from "lucide-react";

export type Place = { href: string; word: string; icon: LucideIcon; key: string };

/** The pages, in the order of the menu. `key` opens one after `g`. */
export const PLACES: readonly Place[] = [
  { href: "/", word: "Home", icon: House, key: "h" },
  { href: "/new/", word: "New run", icon: Sparkles, key: "n" },
  { href: "/runs/", word: "Runs", icon: Clapperboard, key: "r" },
  { href: "/calendar/", word: "Calendar", icon: CalendarDays, key: "c" },
  { href: "/posts/", word: "Posts", icon: Newspaper, key: "p" },
  { href: "/accounts/", word: "Accounts", icon: Users, key: "a" },
  { href: "/offers/", word: "Offers", icon: Tag, key: "o" },
  { href: "/tweets/", word: "Tweets", icon: MessagesSquare, key: "t" },
  { href: "/settings/", word: "Settings", icon: Settings, key: "s" },
];

/** The places at the foot of a phone's screen; the others are behind More. */
export const AT_THE_FOOT: readonly string[] = ["/", "/calendar/", "/new/", "/posts/"];
