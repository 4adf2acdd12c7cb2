/** Looks a key from outside up in a record; asked wherever people's or models' own words are the key. */

/** The value under a key of the record's own. A plain lookup would also find `constructor`, which every object inherits. */
export const own = <V>(record: Readonly<Record<string, V>>, key: string): V | undefined =>
  Object.hasOwn(record, key) ? record[key] : undefined;
