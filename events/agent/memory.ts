/** What a memory weighs, when it may be forgotten, and how close and how reliable somebody is: arithmetic over facts without words; used by deciders and by what forms and forgets memories. */

const DAY = 86_400_000;
/** After this long, what happened weighs half as much: memory.md § 6, for use, relations and tools alike. */
export const HALF_LIFE = 30 * DAY;

/** Half after each half-life; what lies ahead weighs as if it were now. */
export const faded = (ageMs: number): number => 2 ** (-Math.max(0, ageMs) / HALF_LIFE);

// ── importance ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What a message looks like, without what it says. */
export interface MessageForm {
  readonly firstPerson: boolean;
  /** How many stems it has, fillers left out. */
  readonly stems: number;
  readonly number: boolean;
  readonly timeWord: boolean;
  readonly quotation: boolean;
  readonly place: boolean;
  readonly question: boolean;
}

const logistic = (z: number): number => 1 / (1 + Math.exp(-z));
/** Where certainty would be infinite, it ends here: 0.999 and 0.001. */
const logit = (share: number): number => {
  const held = Math.min(0.999, Math.max(0.001, share));
  return Math.log(held / (1 - held));
};

/**
 * The share from 0 to 1 in which a text of that form is worth remembering: the logistic of form of memory.md § 6. Its last term,
 * 8 · mean idf / ln(1 + N), is held at that of middling words, 8 · 0.6: what is rare among the first hundred memories is common
 * among the next thousand, and on bench/memory the real frequencies separate no better (memory-rules).
 */
export const importanceOf = (form: MessageForm): number =>
  logistic(
    -9.2 +
      8 * 0.6 +
      (form.firstPerson ? 1 : 0) +
      Math.log(1 + form.stems) +
      (form.number ? 0.5 : 0) +
      (form.timeWord ? 1 : 0) +
      (form.quotation ? 1 : 0) +
      (form.place ? 0.5 : 0) -
      (form.question ? 0.5 : 0),
  );

// ── forgetting ──────────────────────────────────────────────────────────────────────────────────────────────────────

/** What forgetting looks at. Times are milliseconds since 1970. */
export interface Forgettable {
  readonly importance: number;
  readonly formedAt: number;
  readonly accessCount: number;
  readonly pinned: boolean;
  /** True while a fact that was drawn from it holds. */
  readonly inForce: boolean;
  /** False as long as nobody has looked what can be drawn from it. */
  readonly consolidated: boolean;
}

/** Younger than this, nothing is forgotten: memory.md § 6. */
export const NEVER_BEFORE = 30 * DAY;
/** How long what was archived can be brought back: memory.md § 6. */
export const RESTORABLE = 30 * DAY;

/** An agent has no more live memories than these, unless none of them may be forgotten: about what its object holds at ease. */
export const MOST_MEMORIES = 50_000;

/** Below this score nothing old is kept: of the turns of bench/memory 6 in 100 lie there after a month and 15 in the end, of the 515 that answer a question one. */
export const KEEP_FLOOR = -3.5;

/** The least that a memory of this importance can score, unused and old. */
export const leastKeepScore = (importance: number): number => logit(importance);

/** What keeps a memory: its importance as a logit, its use, and a little its youth (memory.md § 6, forgetting rule). */
export const keepScore = (memory: Forgettable, now: number): number =>
  logit(memory.importance) +
  0.5 * Math.log(1 + Math.max(0, memory.accessCount)) +
  Math.min(1, faded(now - memory.formedAt));

/** Pinned, young, the source of a fact that holds, or not yet looked through: never forgotten by the rule. */
export const mayBeForgotten = (memory: Forgettable, now: number): boolean =>
  !memory.pinned && !memory.inForce && memory.consolidated && now - memory.formedAt >= NEVER_BEFORE;

/**
 * Which memories to archive so that at most `cap` are left, those worth least first, of equals the older first. Fewer where the
 * rest may not be forgotten.
 */
export function toArchive<A extends Forgettable>(
  memories: ReadonlyArray<A>,
  cap: number,
  now: number,
): ReadonlyArray<A> {
  const tooMany = Math.max(0, memories.length - Math.max(0, cap));
  if (tooMany === 0) return [];
  return memories
    .filter((memory) => mayBeForgotten(memory, now))
    .map((memory) => ({ memory, score: keepScore(memory, now) }))
    .toSorted((left, right) => left.score - right.score || left.memory.formedAt - right.memory.formedAt)
    .slice(0, tooMany)
    .map(({ memory }) => memory);
}

/** Episodes are kept this long where neither the owner nor the house says otherwise (house.md II.20). */
export const RETENTION_DAYS = 90;

// ── relations ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** What passed between an agent and a person. */
export type Sign = "message" | "mention" | "reply" | "thanks";

/** By memory.md § 6, social; thumbs do not exist yet. */
export const WEIGHTS: Readonly<Record<Sign, number>> = { message: 1, mention: 2, reply: 2, thanks: 3 };

/** A sum that fades, as it stood at `at`. */
export interface Tie {
  readonly sum: number;
  readonly at: number;
}

export const noTie: Tie = { sum: 0, at: 0 };

/** How close somebody is now: Σ weight · 2^(−age / 30 days), memory.md § 6, social. */
export const tieAt = ({ sum, at }: Tie, now: number): number => sum * faded(now - at);

/** The tie with one more sign. The sum fades as a whole, so that no list of signs is needed; one that comes late counts as old as it is. */
export const tied = (tie: Tie, sign: Sign, at: number): Tie => {
  const latest = Math.max(tie.at, at);
  return { sum: tieAt(tie, latest) + WEIGHTS[sign] * faded(latest - at), at: latest };
};

/** From 0, where one side only speaks, to 1, where both speak as much: 2 · min(in, out) / (in + out), memory.md § 6. */
export const reciprocity = (received: number, sent: number): number =>
  received + sent <= 0 ? 0 : (2 * Math.min(received, sent)) / (received + sent);

/** How much somebody may be relied on: the lower 5 % bound of Beta(1 + up, 1 + down), memory.md § 6; 0.05 for a stranger. */
export const trust = (up: number, down: number): number =>
  betaQuantile(0.05, 1 + Math.max(0, up), 1 + Math.max(0, down));

// ── what worked ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Successes and failures that fade, as they stood at `at`. */
export interface Tally {
  readonly ok: number;
  readonly failed: number;
  readonly at: number;
}

export const noTally: Tally = { ok: 0, failed: 0, at: 0 };

/** The tally at a later moment. */
export const tallyAt = ({ ok, failed, at }: Tally, now: number): Tally => {
  const share = faded(now - at);
  return { ok: ok * share, failed: failed * share, at: Math.max(at, now) };
};

export const tallied = (tally: Tally, worked: boolean, at: number): Tally => {
  const latest = tallyAt(tally, Math.max(tally.at, at));
  const weight = faded(latest.at - at);
  return worked ? { ...latest, ok: latest.ok + weight } : { ...latest, failed: latest.failed + weight };
};

/** How probably it works again: the mean of Beta(1 + ok, 1 + failed), memory.md § 6, procedural. */
export const worksAgain = ({ ok, failed }: Tally): number => (1 + ok) / (2 + ok + failed);

/** Wilson's lower bound of a share at 95 % (E. B. Wilson, “Probable inference”, JASA 22, 1927): few successes prove little. 0 for none. */
export function wilsonLower(successes: number, tries: number, z = 1.959964): number {
  if (tries <= 0) return 0;
  const share = Math.min(1, Math.max(0, successes / tries));
  const square = z * z;
  const centre = share + square / (2 * tries);
  const spread = z * Math.sqrt((share * (1 - share)) / tries + square / (4 * tries * tries));
  return Math.max(0, (centre - spread) / (1 + square / tries));
}

// ── the beta distribution ───────────────────────────────────────────────────────────────────────────────────────────

/** Stirling's series behind a shift to 8 and more (NIST DLMF 5.11.1): good to 1e-12 for positive numbers. */
function logGamma(value: number): number {
  let shift = 0;
  let x = value;
  for (; x < 8; x += 1) shift += Math.log(x);
  const inverse = 1 / (x * x);
  const series = (1 / 12 - inverse * (1 / 360 - inverse * (1 / 1260 - inverse / 1680))) / x;
  return (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series - shift;
}

/** The continued fraction of the incomplete beta function (NIST DLMF 8.17.22), by Lentz's method. */
function betaFraction(x: number, a: number, b: number): number {
  const least = 1e-300;
  const held = (value: number): number => (Math.abs(value) < least ? least : value);
  let c = 1;
  let d = 1 / held(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / held(1 + even * d);
    c = held(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / held(1 + odd * d);
    c = held(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-12) break;
  }
  return fraction;
}

/** The share of Beta(a, b) that lies below x. */
function betaBelow(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x));
  // The fraction converges fast on this side of the mean only; the other side is its mirror (DLMF 8.17.4).
  return x < (a + 1) / (a + b + 2) ? (front * betaFraction(x, a, b)) / a : 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** Below which that share of Beta(a, b) lies, found by halving. */
export function betaQuantile(share: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (betaBelow(middle, a, b) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
