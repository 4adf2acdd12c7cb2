/** Times as people say them, in their own language and clock, with the exact one in the markup; used wherever a time stands. */
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const shortDay = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });

const midnight = (date: Date) => new Date(date).setHours(0, 0, 0, 0);
const daysAgo = (date: Date) => Math.round((midnight(new Date()) - midnight(date)) / 86_400_000);

/** "today", "yesterday", then the day itself. */
export function dayName(at: string): string {
  const date = new Date(at);
  const ago = daysAgo(date);
  return ago < 2 ? relative.format(-ago, "day") : day.format(date);
}

/** "14:03" today, "yesterday", "3 May" before. */
function lately(date: Date): string {
  const ago = daysAgo(date);
  if (ago <= 0) return clock.format(date);
  return ago === 1 ? relative.format(-1, "day") : shortDay.format(date);
}

export function Moment(props: { readonly at: string | number; readonly as?: "clock" | "lately" | "exact" }) {
  const date = new Date(props.at);
  if (Number.isNaN(date.getTime())) return null;
  const text = props.as === "exact" ? exact.format(date) : props.as === "lately" ? lately(date) : clock.format(date);
  return (
    <time dateTime={date.toISOString()} title={exact.format(date)}>
      {text}
    </time>
  );
}
