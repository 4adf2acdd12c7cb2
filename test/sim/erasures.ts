/** Who was erased in a simulated house, as the vaults' logs tell; asked where words are read again, and by reckoning.ts. */
import type { Chronicle } from "./chronicle.ts";

/** Subjects of whom a key was ever destroyed. */
export const everShreddedIn = (chronicle: Chronicle): ReadonlySet<unknown> =>
  new Set(
    chronicle
      .all("vault")
      .flat()
      .flatMap(({ type, open }) => (type === "KeyShredded" ? [open["subject"]] : [])),
  );

/** Subjects whose key is destroyed, and who have not come back since. */
export function shreddedIn(chronicle: Chronicle): ReadonlySet<unknown> {
  const shredded = new Set<unknown>();
  for (const { type, open } of chronicle.all("vault").flat())
    if (type === "KeyShredded") shredded.add(open["subject"]);
    else if (type === "KeyIssued") shredded.delete(open["subject"]);
  return shredded;
}
