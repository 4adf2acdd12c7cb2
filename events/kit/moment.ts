/** Moments as people and programs write them; read where something comes in from outside. */

/** A date-time or a full-date of RFC 3339; without an offset it is taken for UTC. */
const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[Tt ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)([Zz]|[+-]\d\d:\d\d)?)?$/;

/** True for what is written like a date or date-time and is none: a month or an hour that there is not. */
export const isNoMoment = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d(?:$|[Tt ])/.test(text) && momentIn(text) === undefined;

/** The moment that a text names, in milliseconds since 1970; undefined when it names none. */
export function momentIn(text: string): number | undefined {
  const [, date, time = "00:00", offset = "Z"] = MOMENT.exec(text) ?? [];
  if (date === undefined) return undefined;
  const at = Date.parse(`${date}T${time}${offset.toUpperCase()}`);
  // A day that its month does not have would be taken for one of the next.
  const day = Date.parse(`${date}T00:00Z`);
  return Number.isNaN(at) || new Date(day).toISOString().slice(0, 10) !== date ? undefined : at;
}

/** True for a text that names a whole day. */
export const isDay = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && momentIn(text) !== undefined;
