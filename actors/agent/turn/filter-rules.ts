/** What the filter looks for besides words: secrets, payment data, contact data, and where a text may be cut without hiding one; used by filter.ts. */
import { UNSPACED } from "./filter-text.ts";
import type { Direction } from "./ports.ts";

/** What becomes of a match: it stays, it is replaced by the rule's marker, or the whole text is held back. */
export type Action = "pass" | "mask" | "withhold";

/** One way to read what was found: up to where it goes, and its value in a form in which equal values are equal. */
export interface Reading {
  readonly end: number;
  readonly value: string;
}

/** Something found. Where it could end in several places, the longest reading comes first. */
export interface Found {
  readonly start: number;
  readonly readings: ReadonlyArray<Reading>;
}

/** What is looked for in normalised text, and what is done about it. No match reaches over a seam (see `lastSeam`). */
export interface Rule extends Readonly<Record<Direction, Action>> {
  /** As verdicts name it, and so the log: never renamed. */
  readonly name: string;
  /** What people read in its place. */
  readonly marker: string;
  /** Whether it is somebody's own to say: such a value may be said again to those who said it. */
  readonly personal: boolean;
  readonly find: (text: string) => Iterable<Found>;
}

// ── secrets ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** What stands in examples where a secret would, such as `YOUR_API_KEY`. Masking those would spoil every manual. */
const isPlaceholder = (value: string): boolean =>
  /^[A-Z]+(?:_[A-Z]+)+$|^(?:[x*.]{3,}|[<$%{[].*)$/.test(value) ||
  /^(?:(?:your|my|the|some|example|user|access|auth|api|db)[_-]?)*(?:name|username|password|passwd|pass|pwd|secret|token|key)$/i.test(
    value,
  );

/** “Basic authentication” is prose: one short word, with nothing in it that a token would have. */
const isWord = (value: string): boolean => value.length < 24 && /^[A-Za-z]?[a-z-]*[.=]*$/.test(value);

/** Matches of a pattern; where it has a group `secret`, only that group. */
const matches = (pattern: RegExp, plausible: (value: string) => boolean = () => true) =>
  function* (text: string): Iterable<Found> {
    for (const match of text.matchAll(pattern)) {
      const value = match.groups?.secret ?? match[0];
      const start = match.indices?.groups?.secret?.[0] ?? match.index;
      if (plausible(value)) yield { start, readings: [{ end: start + value.length, value }] };
    }
  };

/** The first line of a PEM or PGP private key, then its lines, headers included, then its last line if it is there. */
const PRIVATE_KEY =
  /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----(?:(?:\s|\\+[nr])+(?:Proc-Type: ?4,ENCRYPTED|DEK-Info: ?[A-Z0-9-]+,[0-9A-Fa-f]+|[A-Za-z0-9+/]{16,}={0,2}))+(?:(?:(?:\s|\\+[nr])+[A-Za-z0-9+/=]{1,15})?(?:\s|\\+[nr])*-----END (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----)?/g;

/**
 * Keys that name their issuer: the prefixes that secret scanners know them by (docs.github.com “Supported secret scanning
 * patterns”). Of Stripe's and of OpenAI's, only what a page may not show; a bare `sk-` must have a digit, for `sk-` also
 * begins names of packages.
 */
const ISSUED_KEYS = new RegExp(
  [
    "(?<![A-Za-z0-9])sk-(?:ant|proj|svcacct|admin|or)-[A-Za-z0-9_-]{16,}",
    "(?<![A-Za-z0-9])sk-(?=[A-Za-z_-]{0,40}\\d)[A-Za-z0-9_-]{20,}",
    "(?<![A-Z0-9])(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Z0-9])",
    "AIza[A-Za-z0-9_-]{30,}|ya29\\.[A-Za-z0-9_-]{20,}|GOCSPX-[A-Za-z0-9_-]{20,}",
    "gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,}|glpat-[A-Za-z0-9_-]{20,}",
    "xox[abeoprs]-[A-Za-z0-9-]{10,}|xapp-\\d-[A-Za-z0-9-]{10,}",
    "hooks\\.slack\\.com/services/[A-Za-z0-9]{6,}/[A-Za-z0-9]{6,}/[A-Za-z0-9]{10,}",
    "(?<![A-Za-z0-9])(?:[rs]k_(?:live|test)_[A-Za-z0-9]{16,}|whsec_[A-Za-z0-9+/=]{20,})",
    "(?<![A-Za-z0-9])(?:hf_[A-Za-z0-9]{30,}|npm_[A-Za-z0-9]{36}|SG\\.[A-Za-z0-9_-]{22}\\.[A-Za-z0-9_-]{43})",
  ].join("|"),
  "g",
);

/** Three parts in base64url of which the first is a JSON object (`eyJ` is `{"`), five when encrypted: RFC 7519, 7516. */
const JWT = /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){1,3}/g;

/** The credentials of RFC 6750 and 7617; a lone `Bearer` counts with something long and random behind it. */
const AUTHORIZATION =
  /\bauthorization["'`]?\s{0,3}[:=]\s{0,3}["'`]?(?:bearer|basic|token)\s{1,3}(?<secret>[A-Za-z0-9._~+/=-]{8,})/dgi;
const BEARER = /\bbearer\s{1,3}(?<secret>(?=[A-Za-z._~+/=-]{0,60}\d)[A-Za-z0-9._~+/=-]{16,})/dgi;
/** AWS's other half has no prefix, only a name and 40 characters. */
const AWS_SECRET =
  /aws_?secret_?(?:access_?)?key["'`]?\s{0,3}[:=]\s{0,3}["'`]?(?<secret>[A-Za-z0-9/+]{40})(?![A-Za-z0-9/+=])/dgi;
/** `scheme://user:password@host`. */
const URL_CREDENTIALS = /:\/\/(?<secret>[^\s:@/?#]{0,100}:[^\s/?#]{1,200})@/dg;

// ── numbers ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The check of ISO/IEC 7812-1, annex B: from the right, every second digit doubled, the sum of digits divisible by ten. */
function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index++) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

/**
 * Who issues cards of which length (ISO/IEC 7812's first digits): Visa, Mastercard, American Express, Diners, Discover, JCB,
 * UnionPay, Maestro. Without it, Luhn's check alone would take one number in ten, the IMEI of every telephone among them.
 */
const ISSUERS =
  /^(?:4\d{15}(?:\d{3})?|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|3(?:0[0-5]|[68]\d)\d{11}|6(?:011|4[4-9]\d|5\d\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|62\d{14,17}|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{9,15})$/;

interface Group {
  readonly start: number;
  readonly digits: string;
}

const groupsIn = (run: string, at: number): ReadonlyArray<Group> =>
  [...run.matchAll(/\d+/g)].map(({ 0: digits, index }) => ({ start: at + index, digits }));

/** From this group on, each reading that ends with a group and has from `least` to `most` digits; the longest first. */
function readingsFrom(groups: ReadonlyArray<Group>, first: number, least: number, most: number): Array<Reading> {
  const readings: Array<Reading> = [];
  let value = "";
  for (const { start, digits } of groups.slice(first, first + most)) {
    value += digits;
    if (value.length > most) break;
    if (value.length >= least) readings.unshift({ end: start + digits.length, value });
  }
  return readings;
}

/** Runs of digits in groups, one blank or hyphen between two. Fractions and parts of longer names are no card. */
function* cards(text: string): Iterable<Found> {
  for (const { 0: run, index } of text.matchAll(/(?<![A-Za-z0-9]|\d[.,])\d+(?:[ -]\d+)*/g)) {
    const whole = !/[A-Za-z]/.test(text[index + run.length] ?? "");
    const groups = groupsIn(run, index).slice(0, whole ? undefined : -1);
    for (let first = 0; first < groups.length; first++) {
      const readings = readingsFrom(groups, first, 13, 19).filter(
        ({ value }) => ISSUERS.test(value) && passesLuhn(value),
      );
      if (readings.length === 0) continue;
      const start = groups[first]!.start;
      yield { start, readings: readings.slice(0, 1) };
      while (first + 1 < groups.length && groups[first + 1]!.start < readings[0]!.end) first += 1;
    }
  }
}

/** E.164: at most 15 digits, none of them a leading zero; eight at least, or every sum would be one. North America's are eleven. */
const isDialled = (digits: string): boolean =>
  digits.startsWith("1") ? /^1[2-9]\d\d[2-9]\d{6}$/.test(digits) : /^[2-9]\d{7,14}$/.test(digits);

/**
 * International telephone numbers only: without `+` and country a telephone number cannot be told from any other number.
 * All readings, because “+49 170 1234567 12 times” has one more group than the number has.
 */
function* phones(text: string): Iterable<Found> {
  for (const { 0: run, index } of text.matchAll(/(?<![A-Za-z0-9.])\+\d+(?:(?: ?\(|\)[ .-]?|[ ./-])\d+)*/g)) {
    const readings = readingsFrom(groupsIn(run, index), 0, 8, 15).filter(({ value }) => isDialled(value));
    if (readings.length > 0) yield { start: index, readings };
  }
}

/** How many characters a country's account numbers have (SWIFT's IBAN registry, release 99). */
const IBAN_LENGTHS = new Map(
  "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HN28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20 YE30"
    .split(" ")
    .map((entry) => [entry.slice(0, 2), Number(entry.slice(2))]),
);

/** ISO 13616: the first four characters behind the rest, letters as 10 to 35, and the whole is 1 modulo 97. */
function passesMod97(iban: string): boolean {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}

/** Written in one, or in groups with one blank or hyphen between two; groups with blanks in capitals, as they are printed. */
function* ibans(text: string): Iterable<Found> {
  for (const { 0: head, index } of text.matchAll(/(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}/g)) {
    const wanted = IBAN_LENGTHS.get(head.slice(0, 2).toUpperCase()) ?? 0;
    let value = head;
    let end = index + head.length;
    while (value.length < wanted) {
      const blank = text[end] === " " && /[A-Z0-9]/.test(text[end - 1]!) && /[A-Z0-9]/.test(text[end + 1] ?? "");
      const next = blank || text[end] === "-" ? end + 1 : end;
      if (!/[A-Za-z0-9]/.test(text[next] ?? "")) break;
      value += text[next];
      end = next + 1;
    }
    value = value.toUpperCase();
    if (value.length === wanted && !/[A-Za-z0-9]/.test(text[end] ?? "") && passesMod97(value))
      yield { start: index, readings: [{ end, value }] };
  }
}

// ── addresses ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** RFC 5321's address as people write it; the host ends in letters, which `lodash@4.17.21` does not. */
const EMAIL = /[A-Za-z0-9._%+-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}/g;
/** `git@host` is a program's address, `logo@2x.png` a picture for fine screens, `tool@1.2.3-rc.beta` a release. */
const isNobody = (value: string): boolean => /^git@|@\dx\.|@v?\d+\.\d+/i.test(value);

function* emails(text: string): Iterable<Found> {
  for (const { 0: written, index } of text.matchAll(EMAIL))
    if (!isNobody(written))
      yield { start: index, readings: [{ end: index + written.length, value: written.toLowerCase() }] };
}

// ── the rules ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** Nobody can want a secret shown to a room or sent to a model, not even who said it: it is as good as spent. */
const secret = { marker: "[secret]", in: "mask", out: "mask", personal: false } as const;
/**
 * The industry's rule for card numbers (PCI DSS 3.4) is that whoever needs none sees none, and no model needs one to answer;
 * an account number opens direct debits. Agents may say back what a person has said themselves.
 */
const payment = { in: "mask", out: "mask", personal: true } as const;
/** A person who gives an address wants it used; an agent that says one nobody gave has it from elsewhere, or made it up. */
const contact = { in: "pass", out: "mask", personal: true } as const;

/**
 * All rules. What one has found is out of sight for those behind it, so the surer ones come first: a key may hold
 * anything, a telephone number may pass for a card's.
 */
export const rules: ReadonlyArray<Rule> = [
  { name: "private-key", ...secret, find: matches(PRIVATE_KEY) },
  { name: "api-key", ...secret, find: matches(ISSUED_KEYS) },
  { name: "jwt", ...secret, find: matches(JWT) },
  {
    name: "authorization",
    ...secret,
    find: matches(AUTHORIZATION, (value) => !isPlaceholder(value) && !isWord(value)),
  },
  { name: "authorization", ...secret, find: matches(BEARER) },
  { name: "api-key", ...secret, find: matches(AWS_SECRET) },
  {
    name: "url-credentials",
    ...secret,
    find: matches(URL_CREDENTIALS, (value) => !isPlaceholder(value.slice(value.indexOf(":") + 1))),
  },
  { name: "iban", marker: "[iban]", ...payment, find: ibans },
  { name: "phone", marker: "[phone]", ...contact, find: phones },
  { name: "card", marker: "[card]", ...payment, find: cards },
  { name: "email", marker: "[email]", ...contact, find: emails },
];

// ── seams ───────────────────────────────────────────────────────────────────────────────────────────────────────────

const GAPS = new RegExp(`[${UNSPACED}]+|\\s+`, "gu");
const ENDS_UNSPACED = new RegExp(`[${UNSPACED}]$`, "u");

/** A private key, or what may become one: all of it that has come, up to its last line or to what no key has in it. */
const KEY_SO_FAR = /-----BEGIN(?: [A-Z0-9]{1,12}){0,5}(?:-----[A-Za-z0-9+/=:,\\\s-]*)?/g;
const KEY_IS_OVER = /-----END[^-]*-----/;

/** What a name in front of a secret looks like at a gap inside AUTHORIZATION, BEARER or AWS_SECRET. */
const NAME_SO_FAR =
  /(?:authorization["'`]?\s{0,3}[:=]?\s{0,3}["'`]?(?:bearer|basic|token)?|\bbearer|aws_?secret_?(?:access_?)?key["'`]?\s{0,3}[:=]?)$/i;

/** Where each key so far begins and ends. Behind its last line, a gap is a gap again, and another key may begin. */
function keysSoFar(text: string): ReadonlyArray<readonly [start: number, end: number]> {
  const keys: Array<readonly [number, number]> = [];
  KEY_SO_FAR.lastIndex = 0;
  for (let key = KEY_SO_FAR.exec(text); key !== null; key = KEY_SO_FAR.exec(text)) {
    const over = KEY_IS_OVER.exec(key[0]);
    if (over !== null) KEY_SO_FAR.lastIndex = key.index + over.index + over[0].length;
    keys.push([key.index, over === null ? KEY_SO_FAR.lastIndex : KEY_SO_FAR.lastIndex - 1]);
  }
  return keys;
}

/** Whether a match may reach from in front of one gap to behind it; `after` is empty when nothing came yet. */
function bridges(before: string, gap: string, after: string): boolean {
  if (NAME_SO_FAR.test(before)) return true;
  if (gap.length > 1) return false;
  // Groups of digits, and those of an account number, which have capitals.
  if (/[A-Z0-9)]$/.test(before) && /^(?:[A-Z0-9(]|$)/.test(after)) return true;
  // Letters that stand alone, as in a word that is spelled out.
  return /(?<![A-Za-z0-9])[A-Za-z0-9@$]$/.test(before) && /^(?:[A-Za-z0-9@$](?![A-Za-z0-9])|$)/.test(after);
}

/**
 * The last seam of a normalised text that may go on: a place behind white space, or behind a script without any, that no
 * match reaches over, whatever comes. What stands in front of it can be judged without what follows. 0 when there is none.
 */
export function lastSeam(text: string): number {
  const keys = keysSoFar(text);
  for (const { 0: gap, index } of [...text.matchAll(GAPS)].reverse()) {
    const end = index + gap.length;
    if (ENDS_UNSPACED.test(gap)) return end;
    if (keys.some(([from, to]) => from < index && index <= to)) continue;
    if (!bridges(text.slice(Math.max(0, index - 64), index), gap, text.slice(end, end + 2))) return end;
  }
  return 0;
}
