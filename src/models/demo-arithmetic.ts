/** The sums in what people say: how the demo's rules find one, hand it to the calculator, and say what came out. */

/** First the unit as the calculator knows it, then what people call it. */
const units = new Map(
  `km km kilometer kilometers kilometre kilometres, m m meter meters metre metres, cm cm centimeter centimeters centimetre
  centimetres, mm mm, mi mi mile miles, yd yard yards, ft ft foot feet, inch inch inches, kg kg kilo kilos kilogram kilograms,
  g g gram grams, lb lb lbs pound pounds, oz oz ounce ounces, liter l liter liters litre litres, ml ml, gallon gallon gallons,
  degC c °c celsius, degF f °f fahrenheit, K kelvin, hour hour hours, minutes minute minutes, seconds second seconds,
  days day days, weeks week weeks, km/hour km/h kmh, mi/hour mph, kB kb, MB mb, GB gb, TB tb`
    .split(/,\s*/)
    .flatMap((line) => {
      const [known = "", ...names] = line.trim().split(/\s+/);
      return names.map((name) => [name, known] as const);
    }),
);

const unit = [...units.keys()].sort((one, other) => other.length - one.length).join("|");
const number = "-?\\d[\\d,]*(?:\\.\\d+)?";
const CONVERT = new RegExp(
  `(${number})\\s*(?:degrees? )?(${unit})\\s+(?:to|in|into|as)\\s+(?:degrees? )?(${unit})(?![\\w/])`,
  "i",
);
const HOW_MANY = new RegExp(
  `how many (${unit}) (?:is|are|are there in|are in|in|go into|make)\\s+(?:a |an |one )?(${number})?\\s*(${unit})(?![\\w/])`,
  "i",
);
const SERIES = /\b(average|mean|sum|median|maximum|minimum|product|total) of (-?\d[\d.,\s]*(?:\band\b\s*-?\d[\d.]*)?)/i;
const series: Readonly<Record<string, string>> = {
  average: "mean",
  mean: "mean",
  sum: "sum",
  total: "sum",
  median: "median",
  maximum: "max",
  minimum: "min",
  product: "prod",
};

const TOKEN = /\d[\d,]*(?:\.\d+)?(?:e[+-]?\d+)?|[\p{L}][\p{L}\d']*|[-+*/^%()=×÷−·!²³√]|\S/giu;
const NUMBER = /^\d/;
const OPERATOR = /^(?:[-+*/^%×÷−·]|plus|minus|times|x|multiplied|divided|over|mod|modulo|of|power|percent)$/i;
const FUNCTION =
  /^(?:sqrt|square|cube|root|√|squared|cubed|!|²|³|sin|cos|tan|asin|acos|atan|log|log10|log2|ln|exp|abs|round|floor|ceil|factorial)$/i;
const JOINER = /^(?:[()]|by|to|the|pi|degrees?|deg|raised)$/i;
const FILLER =
  /^(?:be|please|thanks|thank|for|exactly|roughly|again|now|equals?|and|then|in|total|or|but|because|so|if|when)$/i;
const CUE =
  /\b(?:what(?:s|'s|’s| is| are| would| does)|how much|how many|calculate|compute|work out|evaluate|solve|add up|figure out|do the sum)\b|=\s*\??\s*$/i;

interface Run {
  readonly from: number;
  readonly to: number;
  readonly weight: number;
}

/** The sum in a text, in words the calculator takes; undefined when there is none, or when it only looks like one. */
export function sumIn(text: string): string | undefined {
  const conversion = CONVERT.exec(text);
  if (conversion) return `${plain(conversion[1])} ${unitOf(conversion[2])} to ${unitOf(conversion[3])}`;
  const howMany = HOW_MANY.exec(text);
  if (howMany) return `${plain(howMany[2] ?? "1")} ${unitOf(howMany[3])} to ${unitOf(howMany[1])}`;
  const listed = SERIES.exec(text);
  if (listed?.[1] !== undefined && listed[2] !== undefined) {
    const numbers = listed[2].match(/-?\d+(?:\.\d+)?/g) ?? [];
    if (numbers.length > 1) return `${series[listed[1].toLowerCase()]}([${numbers.join(", ")}])`;
  }
  const tokens = [...text.matchAll(TOKEN)].map((match) => ({
    text: match[0],
    from: match.index,
    to: match.index + match[0].length,
  }));
  let best: Run | undefined;
  for (let start = 0; start < tokens.length; start++) {
    const run = runFrom(tokens, start);
    if (run !== undefined && run.weight > (best?.weight ?? 0)) best = run;
  }
  if (best === undefined) return undefined;
  const expression = text
    .slice(best.from, best.to)
    .replace(/(\d),(?=\d{3}\b)/g, "$1")
    .trim();
  if (/^\d{4}[-/]\d{1,2}[-/]\d{1,2}$/.test(expression)) return undefined;
  const around = `${text.slice(0, best.from)} ${text.slice(best.to)}`.replace(
    /\b(?:please|thanks|ok|so|and|hey|hi)\b|[\s?.!,=:]/gi,
    "",
  );
  return around === "" || CUE.test(text) ? expression : undefined;
}

const plain = (digits: string | undefined): string => (digits ?? "1").replaceAll(",", "");
const unitOf = (word: string | undefined): string => units.get((word ?? "").toLowerCase()) ?? "";

/** The longest run of arithmetic that begins at a token, if it is worth calculating. */
function runFrom(
  tokens: ReadonlyArray<{ readonly text: string; readonly from: number; readonly to: number }>,
  start: number,
): Run | undefined {
  const first = tokens[start];
  if (first === undefined || !(NUMBER.test(first.text) || FUNCTION.test(first.text) || /^[-(√−]$/.test(first.text)))
    return undefined;
  let numbers = 0;
  let operators = 0;
  let functions = 0;
  let end = start;
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at]?.text ?? "";
    // “What a day!” ends in no factorial: one needs its number in front of it.
    if (token === "!" && !NUMBER.test(tokens[at - 1]?.text ?? "") && tokens[at - 1]?.text !== ")") break;
    if (NUMBER.test(token)) numbers++;
    else if (OPERATOR.test(token)) operators++;
    else if (FUNCTION.test(token)) functions++;
    else if (!JOINER.test(token)) break;
    depth += token === "(" ? 1 : token === ")" ? -1 : 0;
    if (depth < 0) {
      depth = 0;
      break;
    }
    // A run ends well on a number, a closing bracket or a word like “squared”.
    if (NUMBER.test(token) || /^(?:\)|%|!|²|³|squared|cubed|percent|pi|deg|degrees)$/i.test(token)) end = at;
  }
  const next = tokens[end + 1]?.text;
  // “24/7 support”, “3-4 weeks”: a word right behind the number makes it no sum.
  if (next !== undefined && /^\p{L}/u.test(next) && !FILLER.test(next) && !OPERATOR.test(next)) return undefined;
  if (depth !== 0 || numbers === 0 || (functions === 0 && (numbers < 2 || operators === 0))) return undefined;
  return { from: first.from, to: tokens[end]?.to ?? first.to, weight: end - start + 1 };
}

/** An expression as a person would write it: `12.5% of 640` → “12.5 % of 640”, `3*(4+5)` → “3 × (4 + 5)”. */
export function spelled(expression: string): string {
  const conversion = /^(\S+) (\S+) to (\S+)$/.exec(expression);
  if (conversion) return `${conversion[1]} ${conversion[2]}`;
  const written = expression
    .replace(/\s*%\s*/g, " % ")
    .replace(/\s*[*·]\s*/g, " × ")
    .replace(/\s*\/\s*/g, " ÷ ")
    .replace(/(?<=[\d)%]\s*)\s*([-+])\s*/g, " $1 ")
    .replace(/\s+/g, " ")
    .trim();
  return /^(?:square|cube) root/i.test(written) ? `the ${written}` : written;
}

/** A result as a person would say it: long fractions rounded and said to be so. */
export function rounded(value: unknown): string {
  if (typeof value === "number") {
    const short = Number(value.toPrecision(7));
    return short === value
      ? String(value)
      : Math.abs(value) >= 1e7 && Number.isInteger(value)
        ? String(value)
        : `about ${short}`;
  }
  const text = String(value);
  const quantity = /^(-?\d+\.\d{6,})( \S.*)$/.exec(text);
  return quantity ? `about ${Number(Number(quantity[1]).toPrecision(6))}${quantity[2]}` : text;
}
