/** The form of a sentence: what it is made of, whatever it is about. Read when a memory is kept, and compared with what is asked. */

/** One bit each, so that a memory's form is a number. */
export const Form = {
  /** Its last word is asked. */
  endsInQuestion: 1,
  /** It asks somewhere. */
  asks: 2,
  firstPerson: 4,
  quotation: 8,
  time: 16,
  place: 32,
  number: 64,
  /** A capital where no sentence begins. */
  capital: 128,
  reason: 256,
} as const;

// Every repetition has an end: a text may be 100 KB of anything, and none may keep an expression busy.
const QUOTATION = /["“«„][^"”»“\n]{2,200}["”»“]|(?:^|\s)['‘][^'’\n]{2,80}['’](?=[\s.,!?;:]|$)/;
const FIRST_PERSON = /\b(?:[Ii]|[Mm](?:e|y|ine|yself)|[Ww]e|us|[Oo]urs?|ourselves|[Ii]['’]?(?:m|ve|d|ll))\b/;
const DAYS = "(?:mon|tues|wednes|thurs|fri|satur|sun)days?";
const MONTHS = "(?:january|february|march|april|june|july|august|september|october|november|december)";
const TIME = new RegExp(
  [
    `\\b(?:${DAYS}|${MONTHS}|yesterday|today|tonight|tomorrow|ago|recently|lately|weekends?|midnight|noon)\\b`,
    "\\b(?:last|next|this|past|every|each|two|three|four|few|couple of|other|the) (?:days?|nights?|weeks?|months?|years?|mornings?|afternoons?|evenings?|spring|summer|autumn|fall|winter)\\b",
    "\\b(?:in|since|by|of|until|during|around|early|late) (?:may|spring|summer|autumn|winter|(?:19|20)\\d\\d)\\b",
    "\\bmay \\d{1,2}(?:st|nd|rd|th)?\\b|\\b\\d{1,2}(?:st|nd|rd|th)?(?: of)? may\\b",
    "\\b\\d{1,2}(?::\\d\\d)? ?(?:am|pm|o'clock)\\b|\\b\\d{1,2}(?:st|nd|rd|th)\\b|\\b(?:19|20)\\d\\d\\b",
    "\\b\\d{1,4}[/.-]\\d{1,2}[/.-]\\d{1,4}\\b",
    "\\b(?:\\d{1,4}|one|two|three|four|five|six|seven|eight|nine|ten) (?:minutes?|hours?|days?|weeks?|months?|years?)\\b",
    "\\b(?:christmas|thanksgiving|easter|halloween|new year)\\b",
  ].join("|"),
  "i",
);
const TOWARDS =
  /\b(?:[Ii]n|[Aa]t|[Tt]o|[Ff]rom|[Nn]ear|[Aa]round|[Tt]hrough|[Aa]cross|[Oo]utside|[Vv]isit(?:ed|ing)?)(?: the)? \p{Lu}/u;
const PLACE =
  /\b(?:at|in|to|from|near|by|around|into) (?:the |a |an |my |our |his |her |their |this |that )?(?:\p{Ll}{2,20} )?(?:park|beach|lake|river|sea|coast|island|mountains?|hills?|forest|woods|city|town|village|country|street|road|square|market|mall|shop|store|cafe|café|restaurant|bar|pub|hotel|hostel|airport|station|museum|gallery|theat(?:er|re)|cinema|library|school|university|college|church|temple|mosque|hospital|clinic|office|gym|studio|garden|house|home|apartment|flat|kitchen|garage|farm|zoo|stadium|pool|campus|downtown|abroad|cent(?:er|re)|neighbou?rhood|suburbs?|coffee shop)\b/iu;
const NUMBER =
  /\p{Nd}|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fifteen|twenty|thirty|forty|fifty|sixty|hundred|thousand|million|dozen|half|twice|once|couple|several)\b/iu;
const AFTER_SMALL = /[\p{Ll}\p{Nd},;:&'’)] (\p{Lu}[\p{L}\p{Nd}.'’-]{0,40})/gu;
const NO_NAME = new RegExp(`^(?:${DAYS}|${MONTHS}|may|ok|mom|mum|dad|i(?:['’](?:m|ve|d|ll))?)$`, "i");
const REASON =
  /\b(?:because|since|so that|so i|due to|thanks to|reason|that['’]s why|which is why|in order to|wanted to|decided to|inspired|motivated|feel|feels|feeling|felt|made me|makes me|making me|helped me|helps me|glad|happy|sad|proud|excited|grateful|thankful|scared|worried|nervous|anxious|relieved|upset|angry|amazing|awesome|great|hard|tough)\b/i;

const hasCapital = (text: string): boolean => {
  for (const [, word] of text.matchAll(AFTER_SMALL)) if (!NO_NAME.test(word!)) return true;
  return false;
};

/** Which of the forms above a text has, as bits. */
export function formOf(text: string): number {
  const asks = /[?？؟]/.test(text);
  const ends = asks && /[?？؟]["”’')\]]{0,3}$/.test(text.trimEnd().slice(-4));
  return (
    (ends ? Form.endsInQuestion : 0) |
    (asks ? Form.asks : 0) |
    (FIRST_PERSON.test(text) ? Form.firstPerson : 0) |
    (QUOTATION.test(text) ? Form.quotation : 0) |
    (TIME.test(text) ? Form.time : 0) |
    (TOWARDS.test(text) || PLACE.test(text) ? Form.place : 0) |
    (NUMBER.test(text) ? Form.number : 0) |
    (hasCapital(text) ? Form.capital : 0) |
    (REASON.test(text) ? Form.reason : 0)
  );
}
