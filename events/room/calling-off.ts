/** Whether a message says nothing but to leave off, in five languages; read by the room at its door. */
import { placeOf } from "./addressing.ts";

type Named = ReadonlyArray<{ readonly name: string }>;

/** What means "leave off" where nothing else is said. One phrase too many in here would cut off answers that were wanted. */
const calls: ReadonlyArray<string> = [
  ...["stop", "stop it", "stop that", "stop there", "stop now", "stop talking", "stop writing", "halt", "abort"],
  ...["never mind", "never mind that", "nevermind", "nvm", "cancel", "cancel it", "cancel that", "cancel this"],
  ...["forget it", "forget about it", "forget that", "scratch that", "drop it", "leave it", "enough"],
  ...["that is enough", "that s enough", "thats enough", "be quiet", "you can stop", "you can stop now"],
  ...["stopp", "anhalten", "abbrechen", "abbruch", "brich ab", "brich das ab", "aufhören", "hör auf", "hör auf damit"],
  ...["vergiss es", "vergiss das", "lass es", "lass das", "lass gut sein", "lass mal", "schon gut", "genug"],
  ...["das reicht", "es reicht", "hat sich erledigt"],
  ...["arrête", "arrete", "arrêtez", "arretez", "arrête toi", "arrête ça", "annule", "annulez", "annule ça"],
  ...["laisse tomber", "laissez tomber", "oublie", "oublie ça", "oubliez ça", "ça suffit", "tais toi"],
  ...["detente", "detén", "para", "para ya", "cancela", "cancela eso", "cancelar", "olvídalo", "olvidalo"],
  ...["déjalo", "dejalo", "basta", "basta ya"],
  ...["fermati", "annulla", "lascia perdere", "lascia stare", "lascia stare così", "smettila", "basta così"],
];

/** What may stand on either side of it. */
const courtesies: ReadonlyArray<string> = [
  ...["please", "pls", "ok", "okay", "thanks", "thank you", "thx", "sorry"],
  ...["bitte", "danke", "danke dir", "vielen dank", "sorry", "entschuldige", "entschuldigung"],
  ...["merci", "s il te plaît", "s il te plait", "s il vous plaît", "s il vous plait", "stp", "svp", "pardon"],
  ...["por favor", "gracias", "perdón", "perdon", "vale"],
  ...["per favore", "per piacere", "grazie", "scusa", "scusami"],
];

/** What leads up to it. */
const leads: ReadonlyArray<string> = [
  ...["wait", "actually", "oh", "oh well", "ah", "uh", "um", "hey", "hold on", "just", "alright", "all right"],
  ...["warte", "moment", "halt", "ach", "ach so", "na gut", "also", "äh"],
  ...["attends", "attendez", "en fait", "finalement", "bon", "eh", "euh"],
  ...["espera", "en realidad", "bueno", "ay", "oye", "mejor"],
  ...["aspetta", "anzi", "in realtà", "dai", "ehi", "beh", "ora", "adesso"],
];

/** What leads up to it with a pause, and means something else without: "no, cancel" is a call, "no cancelar" is not. */
const denials: ReadonlyArray<string> = ["well", "no", "nope", "nein", "nee", "nö", "non"];

/** Why an answer is not wanted any more, or when. */
const reasons: ReadonlyArray<string> = [
  ...["found it", "i found it", "i ve found it", "got it", "i got it", "i ve got it", "solved it", "solved"],
  ...["figured it out", "i figured it out", "no need", "no longer needed", "all good", "it works now", "now"],
  ...["gefunden", "schon gefunden", "habs gefunden", "hab s gefunden", "hab es gefunden", "ich hab s gefunden"],
  ...["ich habe es gefunden", "hat sich erledigt", "hab s schon", "habs schon", "schon erledigt"],
  ...["j ai trouvé", "je l ai trouvé", "c est bon", "trouvé", "maintenant"],
  ...["ya lo encontré", "lo encontré", "ya lo tengo", "ya está", "ahora", "ya"],
  ...["trovato", "l ho trovato", "ho trovato", "già trovato", "ho risolto", "adesso", "ora"],
];

/** The longest of these phrases has so many words. */
const LONGEST = 4;

const setOf = (...phrases: ReadonlyArray<ReadonlyArray<string>>): ReadonlySet<string> => new Set(phrases.flat());
const offs = setOf(calls);
const upTo = setOf(leads, courtesies, denials);
const inFront = setOf(leads, courtesies);
const apart = setOf(leads, courtesies, denials, reasons);
const behind = setOf(reasons, courtesies);

type Words = ReadonlyArray<string>;

/** The places between these words that one phrase leads to, from any of those places. */
const onePast = (words: Words, places: ReadonlyArray<number>, phrases: ReadonlySet<string>): ReadonlyArray<number> =>
  places.flatMap((at) =>
    Array.from({ length: LONGEST }, (_, more) => at + more + 1).filter(
      (end) => end <= words.length && phrases.has(words.slice(at, end).join(" ")),
    ),
  );

/** Those places, and all that any number of phrases lead to; each is looked at once, whatever somebody writes. */
function allPast(words: Words, places: ReadonlyArray<number>, phrases: ReadonlySet<string>): ReadonlyArray<number> {
  const reached = new Set(places);
  for (const place of reached) for (const end of onePast(words, [place], phrases)) reached.add(end);
  return [...reached];
}

/** One call or more, with what may lead up to it and follow it without a pause. */
function isCall(words: Words): boolean {
  const begun = [0, ...onePast(words, allPast(words, [0], upTo), inFront)];
  const called = allPast(words, onePast(words, begun, offs), offs);
  return allPast(words, called, behind).includes(words.length);
}

const isMadeOf = (words: Words, phrases: ReadonlySet<string>): boolean =>
  allPast(words, [0], phrases).includes(words.length);

/** What is said between two pauses, as its words alone. An apostrophe, and a hyphen within a word, are no pause. */
const clausesOf = (lower: string): ReadonlyArray<Words> =>
  lower
    .split(/[^\p{L}\p{N}\s'’ʼ`´-]+|\s-+\s|\n/u)
    .map((clause) => clause.match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((words) => words.length > 0);

/** True when some clause is a call, those before it only lead up to it or say why, and those after it only say why. */
function isNothingButCalls(lower: string): boolean {
  const clauses = clausesOf(lower);
  const first = clauses.findIndex(isCall);
  return (
    first >= 0 &&
    clauses.slice(0, first).every((words) => isMadeOf(words, apart)) &&
    clauses.slice(first + 1).every((words) => isCall(words) || isMadeOf(words, behind))
  );
}

/** `lower` without the names of these agents, with or without @, and without any other @name. */
function withoutNames(lower: string, agents: Named): string {
  let rest = lower;
  // The longest first: with "ada" taken away, "ada lovelace" would leave half a name.
  for (const { name } of [...agents].sort((one, other) => other.name.length - one.name.length))
    for (const wanted of [`@${name.toLowerCase()}`, name.toLowerCase()])
      for (let at = placeOf(rest, wanted); at >= 0; at = placeOf(rest, wanted, at + 1))
        rest = `${rest.slice(0, at)} ${rest.slice(at + wanted.length)}`;
  return rest.replace(/(?<![\p{L}\p{N}_])@[\p{L}\p{N}_.-]+/gu, " ");
}

/**
 * True when a whole message, names taken away, says nothing but to leave off: "stop", "@Ada never mind!", "oh, stop
 * please", "never mind, found it". Case and punctuation do not matter, nor how often it is said.
 */
export function callsOff(text: string, agents: Named): boolean {
  if (text.length > 200) return false; // a call to leave off is short, and looking costs time
  const lower = text.normalize("NFC").toLowerCase();
  return isNothingButCalls(lower) || isNothingButCalls(withoutNames(lower, agents));
}
