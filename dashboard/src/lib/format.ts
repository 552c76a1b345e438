/** Numbers, money and moments in the reader's own language and zone. */

const number = new Intl.NumberFormat();
const compact = new Intl.NumberFormat(undefined, { notation: "compact", maximumFractionDigits: 1 });
const percent = new Intl.NumberFormat(undefined, { style: "percent", maximumFractionDigits: 1 });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const listOf = new Intl.ListFormat();

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export const count = (value: number | null | undefined): string =>
  value == null ? "–" : number.format(value);

export const shortCount = (value: number | null | undefined): string =>
  value == null ? "–" : compact.format(value);

export const share = (value: number | null | undefined): string =>
  value == null ? "–" : percent.format(value);

export const and = (words: readonly string[]): string => listOf.format(words);

/** Write money from minor units, as the currency has them: cents, or yen. */
export function money(minor: number | null | undefined, currency = "USD"): string {
  if (minor == null) return "–";
  const format = currencyFormat(currency);
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return format.format(minor / 10 ** digits);
}

/** Write money from millionths of the currency, which is how platforms charge for posts. */
export function moneyOfMicros(micros: number | null | undefined, currency = "USD"): string {
  if (micros == null) return "–";
  const value = micros / 1e6;
  return value !== 0 && Math.abs(value) < 0.01
    ? new Intl.NumberFormat(undefined, { style: "currency", currency, maximumSignificantDigits: 2 }).format(
        value,
      )
    : currencyFormat(currency).format(value);
}

function currencyFormat(currency: string): Intl.NumberFormat {
  return new Intl.NumberFormat(undefined, { style: "currency", currency });
}

/** Write a length of time from seconds: `0:07`, `12:30`, `1:02:03`. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [
    Math.floor(whole / HOUR),
    Math.floor((whole % HOUR) / MINUTE),
    whole % MINUTE,
  ];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** Write how long something took: `0.4 s`, `12 s`, `3 min`, `2 h 5 min`. */
export function duration(seconds: number): string {
  if (seconds < 10) return `${Math.round(seconds * 10) / 10} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 90 * MINUTE) return `${Math.round(seconds / MINUTE)} min`;
  const hours = Math.floor(seconds / HOUR);
  if (hours >= 48) return `${Math.round(seconds / DAY)} d`;
  const minutes = Math.round((seconds % HOUR) / MINUTE);
  return minutes ? `${hours} h ${minutes} min` : `${hours} h`;
}

/** Write how far off a moment is: `in 5 minutes`, `2 hours ago`. */
export function fromNow(moment: string | Date, now: number): string {
  const seconds = (new Date(moment).getTime() - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 0 ? "in a moment" : "just now";
  if (size < 45 * MINUTE) return relative.format(Math.round(seconds / MINUTE), "minute");
  if (size < 22 * HOUR) return relative.format(Math.round(seconds / HOUR), "hour");
  if (size < 26 * DAY) return relative.format(Math.round(seconds / DAY), "day");
  return relative.format(Math.round(seconds / (30 * DAY)), "month");
}

export const timeOfDay = (moment: string | Date, timeZone?: string): string =>
  format({ hour: "2-digit", minute: "2-digit" }, timeZone).format(new Date(moment));

export const dayAndTime = (moment: string | Date, timeZone?: string): string =>
  format(
    { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" },
    timeZone,
  ).format(new Date(moment));

export const day = (moment: string | Date, timeZone?: string): string =>
  format({ weekday: "short", day: "numeric", month: "short" }, timeZone).format(new Date(moment));

/** Write a moment in full, with its zone: what a tooltip says. */
export const inFull = (moment: string | Date, timeZone?: string): string =>
  format({ dateStyle: "full", timeStyle: "long" }, timeZone).format(new Date(moment));

export const bytes = (size: number): string => {
  const units = ["B", "KB", "MB", "GB"];
  const step = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, size)) / 3));
  return `${Math.round((size / 1000 ** step) * 10) / 10} ${units[step]}`;
};

/** The zone of this browser, such as Europe/Berlin. */
export const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

const formats = new Map<string, Intl.DateTimeFormat>();

function format(options: Intl.DateTimeFormatOptions, timeZone?: string): Intl.DateTimeFormat {
  const key = JSON.stringify([options, timeZone]);
  const found =
    formats.get(key) ?? new Intl.DateTimeFormat(undefined, timeZone ? { ...options, timeZone } : options);
  formats.set(key, found);
  return found;
}
