/** What a part of the bench measures: figures with their rounds, beside the bare platform's and a budget; used by parts/ and report.ts. */

/** Where a figure should lie: itself, or its ratio to the bare platform. */
export interface Budget {
  readonly of: "figure" | "ratio";
  readonly at: "most" | "least";
  readonly limit: number;
  /** Who says so. */
  readonly source: string;
}

export interface Figure {
  readonly name: string;
  readonly unit: string;
  /** One value per round. */
  readonly rounds: ReadonlyArray<number>;
  /** The same on the bare platform, in the same rounds. */
  readonly bare?: ReadonlyArray<number>;
  readonly budget?: Budget;
}

export interface Measured {
  readonly figures: ReadonlyArray<Figure>;
  /** What a reader of the table must know. */
  readonly notes: ReadonlyArray<string>;
}

/** How much a run may cost. */
export interface Scale {
  /** A tenth or less of the load and one round: shows that it runs, measures nothing. */
  readonly quick: boolean;
  readonly rounds: number;
}

export interface Part {
  readonly name: string;
  readonly about: string;
  measure(scale: Scale): Promise<Measured>;
}

const house = "house II.16";
const experience = "ux.md A.3";
const aim = (number: number): string => `performance.md aim ${number}`;
const budget = (of: Budget["of"], at: Budget["at"], limit: number, source: string): Budget => ({
  of,
  at,
  limit,
  source,
});

/** Every budget of the house that this bench can check, in one place. */
export const budgets = {
  commitMs: budget("figure", "most", 0.2, house),
  commitsRatio: budget("ratio", "least", 0.6, aim(5)),
  batchRatio: budget("ratio", "least", 0.4, aim(5)),
  foldMicroseconds: budget("figure", "most", 10, house),
  replayRatio: budget("ratio", "most", 3, aim(6)),
  wakeMs: budget("figure", "most", 10, house),
  rebuildPerSecond: budget("figure", "least", 2_000, house),
  turnRatio: budget("ratio", "most", 2.5, house),
  turnRatioTen: budget("ratio", "most", 2.3, aim(2)),
  turnsPerSecondTen: budget("figure", "least", 80, aim(2)),
  toolTurnRatio: budget("ratio", "most", 2.5, aim(3)),
  houseMs: budget("figure", "most", 50, house),
  flatRatio: budget("figure", "most", 1.1, aim(4)),
  eventBytesPerTurn: budget("figure", "most", 5_000, aim(4)),
  deliveryMs: budget("figure", "most", 30, house),
  deliveryCpuRatio: budget("ratio", "most", 1.2, aim(7)),
  lost: budget("figure", "most", 0, aim(7)),
  firstDeltaMs: budget("figure", "most", 300, experience),
  framesPerSecond: budget("figure", "most", 20, experience),
  resumedMs: budget("figure", "most", 5_000, house),
  workerKilobytes: budget("figure", "most", 3_000, house),
  pageKilobytes: budget("figure", "most", 170, "house II.20"),
  searchMsTenThousand: budget("figure", "most", 30, house),
  searchMsHundredThousand: budget("figure", "most", 100, house),
  rememberMs: budget("figure", "most", 5, "memory.md § 7"),
  chunkKilobytes: budget("figure", "most", 60, "house II.20"),
} as const satisfies Record<string, Budget>;

const engine = "memory.md § 7";
/** What recall is to reach, in per cent. */
export const aboutMemory = {
  recall: {
    5: budget("figure", "least", 70, engine),
    10: budget("figure", "least", 78, engine),
    25: budget("figure", "least", 85, engine),
    50: budget("figure", "least", 89, engine),
  },
  gain: budget("figure", "least", 60, engine),
  /** R@10 where ten conversations share a store. */
  oneStore: budget("figure", "least", 75, engine),
  /** R@10 of a category, where § 7 has one like it. */
  byCategory: {
    "single-hop": budget("figure", "least", 88, engine),
    "multi-hop": budget("figure", "least", 42, engine),
    temporal: budget("figure", "least", 74, engine),
    "never-said": budget("figure", "least", 84, engine),
    misspelt: budget("figure", "least", 75, engine),
  } as Readonly<Partial<Record<string, Budget>>>,
  /** R@10 when so many in a hundred of the turns were forgotten. */
  forgetting: {
    30: budget("figure", "least", 74, engine),
    50: budget("figure", "least", 68, engine),
  },
} as const;

/** What the rules of memory are to reach without a model, in per cent, and what they may cost. */
export const aboutRules = {
  plain: budget("figure", "least", 100, engine),
  free: budget("figure", "least", 65, engine),
  precision: budget("figure", "least", 100, engine),
  recall: budget("figure", "least", 95, engine),
  messageMs: budget("figure", "most", 1, "memory.md § 5"),
} as const;

/** The value below which this share of all values lies. */
export function percentile(values: ReadonlyArray<number>, share: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function median(values: ReadonlyArray<number>): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median of the ratios of each round: both sides of a round ran back to back, so a busy machine moves them
 * together. Undefined where there is nothing to divide by.
 */
export function ratioOf({ rounds, bare }: Figure): number | undefined {
  if (bare === undefined || bare.some((value) => value === 0)) return undefined;
  return median(rounds.map((value, round) => value / bare[round]!));
}

/** Undefined when the figure has no budget. */
export function withinBudget(figure: Figure): boolean | undefined {
  if (figure.budget === undefined) return undefined;
  const { of, at, limit } = figure.budget;
  const value = of === "ratio" ? ratioOf(figure) : median(figure.rounds);
  if (value === undefined) return undefined;
  return at === "most" ? value <= limit : value >= limit;
}

type Values<Name extends string> = Readonly<Record<Name, number>>;
/** What was measured under each name, one value per round. */
export type Rounds<Name extends string> = Readonly<Record<Name, ReadonlyArray<number>>>;

function byName<Name extends string>(gathered: ReadonlyArray<Values<Name>>): Rounds<Name> {
  const named = Object.keys(gathered[0]!).map((name) => [name, gathered.map((values) => values[name as Name])]);
  return Object.fromEntries(named) as Record<Name, number[]>;
}

/** Runs a measurement round after round; what each answers under a name becomes that name's list. */
export async function rounds<Name extends string>(
  count: number,
  measure: (round: number) => Promise<Values<Name>>,
): Promise<Rounds<Name>> {
  const gathered: Array<Values<Name>> = [];
  for (let round = 0; round < count; round++) gathered.push(await measure(round));
  return byName(gathered);
}

export type Side = "house" | "bare";

/** The same for the house and the bare platform in turn, so that whatever else the machine does falls on both. */
export async function sideBySide<Name extends string>(
  count: number,
  measure: (side: Side, round: number) => Promise<Values<Name>>,
): Promise<Readonly<Record<Side, Rounds<Name>>>> {
  const bare: Array<Values<Name>> = [];
  const house = await rounds(count, async (round) => {
    bare.push(await measure("bare", round));
    return measure("house", round);
  });
  return { house, bare: byName(bare) };
}
