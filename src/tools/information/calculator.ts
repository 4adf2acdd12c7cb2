/** The tool `calculator`: mathjs in a cage, where only arithmetic lives; on the shelf. */
import { Effect, Schema } from "effect";
import {
  absDependencies,
  acosDependencies,
  addDependencies,
  asinDependencies,
  atan2Dependencies,
  atanDependencies,
  cbrtDependencies,
  ceilDependencies,
  combinationsDependencies,
  cosDependencies,
  coshDependencies,
  create,
  divideDependencies,
  eDependencies,
  equalDependencies,
  expDependencies,
  type FactoryFunctionMap,
  factorialDependencies,
  floorDependencies,
  formatDependencies,
  gcdDependencies,
  hypotDependencies,
  isArrayNode,
  isConstantNode,
  isFunctionNode,
  isOperatorNode,
  isParenthesisNode,
  isRelationalNode,
  isSymbolNode,
  largerDependencies,
  largerEqDependencies,
  lcmDependencies,
  log2Dependencies,
  log10Dependencies,
  logDependencies,
  type MathNode,
  maxDependencies,
  meanDependencies,
  medianDependencies,
  minDependencies,
  modDependencies,
  modeDependencies,
  multiplyDependencies,
  parseDependencies,
  permutationsDependencies,
  piDependencies,
  powDependencies,
  prodDependencies,
  roundDependencies,
  signDependencies,
  sinDependencies,
  sinhDependencies,
  smallerDependencies,
  smallerEqDependencies,
  sqrtDependencies,
  stdDependencies,
  subtractDependencies,
  sumDependencies,
  tanDependencies,
  tanhDependencies,
  tauDependencies,
  toDependencies,
  unaryMinusDependencies,
  unaryPlusDependencies,
  unequalDependencies,
  unitDependencies,
  varianceDependencies,
} from "mathjs";
import { BadInput } from "#actors/agent/turn/failures.ts";
import { defineTool } from "../tool.ts";

const LONGEST = 500;
const MOST_NODES = 200;
const DEEPEST = 40;
const LONGEST_RESULT = 1_000;
/** These count down one by one inside mathjs: C(10^9, 5·10^8) would compute for minutes, and no clock here can stop it. */
const MOST_CHOICES = 10_000;

/** What an expression may call. Everything mathjs brings beside these (parse, import, unit, typed …) stays out of reach. */
const functions: ReadonlySet<string> = new Set(
  `abs acos add asin atan atan2 average cbrt ceil combinations cos cosh cube divide exp factorial floor fraction gcd hypot lcm ln log
  log10 log2 max mean median min mod mode multiply permutations pow prod round sign sin sinh sqrt square std stdev subtract sum tan
  tanh variance`.split(/\s+/),
);
const constants: ReadonlySet<string> = new Set(["pi", "e", "tau"]);
const operators: ReadonlySet<string> = new Set(
  `add subtract multiply divide pow mod unaryMinus unaryPlus factorial to equal unequal smaller larger smallerEq largerEq
  dotMultiply dotDivide percentage`.split(/\s+/),
);

const dependencies = [
  absDependencies,
  acosDependencies,
  addDependencies,
  asinDependencies,
  atan2Dependencies,
  atanDependencies,
  cbrtDependencies,
  ceilDependencies,
  combinationsDependencies,
  cosDependencies,
  coshDependencies,
  divideDependencies,
  eDependencies,
  equalDependencies,
  expDependencies,
  factorialDependencies,
  floorDependencies,
  formatDependencies,
  gcdDependencies,
  hypotDependencies,
  largerDependencies,
  largerEqDependencies,
  lcmDependencies,
  log2Dependencies,
  log10Dependencies,
  logDependencies,
  maxDependencies,
  meanDependencies,
  medianDependencies,
  minDependencies,
  modDependencies,
  modeDependencies,
  multiplyDependencies,
  parseDependencies,
  permutationsDependencies,
  piDependencies,
  powDependencies,
  prodDependencies,
  roundDependencies,
  signDependencies,
  sinDependencies,
  sinhDependencies,
  smallerDependencies,
  smallerEqDependencies,
  sqrtDependencies,
  stdDependencies,
  subtractDependencies,
  sumDependencies,
  tanDependencies,
  tanhDependencies,
  tauDependencies,
  toDependencies,
  unaryMinusDependencies,
  unaryPlusDependencies,
  unequalDependencies,
  unitDependencies,
  varianceDependencies,
];

type Cage = ReturnType<typeof makeCage>;
let cage: Cage | undefined;

/** Made at the first sum, not at start-up: building mathjs' typed functions takes tens of milliseconds. */
const theCage = (): Cage => {
  cage ??= makeCage();
  return cage;
};

function makeCage() {
  const parts: FactoryFunctionMap = Object.assign({}, ...dependencies);
  const math = create(parts, { matrix: "Array" });
  const few = (count: (n: number, k: number) => number) => (n: number, k?: number) => {
    if (!(n <= MOST_CHOICES)) throw new Refusal(`More than ${MOST_CHOICES} things to choose from.`);
    return count(n, k ?? n);
  };
  return {
    math,
    /** Names an expression finds before mathjs' own. */
    scope: (): Record<string, unknown> => ({
      ln: math.log,
      average: math.mean,
      stdev: math.std,
      square: (value: number) => math.multiply(value, value),
      cube: (value: number) => math.multiply(math.multiply(value, value), value),
      fraction: (over: number, under = 1) => over / under,
      combinations: few((n, k) => math.combinations(n, k)),
      permutations: few((n, k) => math.permutations(n, k)),
    }),
  };
}

/** The sum is not one we do; the message is for whoever wrote it. */
class Refusal extends Error {}

/** Words that people and models use for signs, in the order in which they are replaced. */
const words: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\s*(?:what is|what's|calculate|compute)\b/i, ""],
  [/\bhalf of\b/gi, " 0.5 * "],
  [/[×·∙]|\btimes\b|\bmultiplied by\b/gi, " * "],
  [/[÷]|\bdivided by\b/gi, " / "],
  [/[−–—]|\bminus\b/gi, " - "],
  [/\bplus\b/gi, " + "],
  [/²|\bsquared\b/gi, "^2 "],
  [/³|\bcubed\b/gi, "^3 "],
  [/\b(?:raised )?to the power of\b|\*\*/gi, "^"],
  [/π/g, " pi "],
  [/\bmodulo\b/gi, " mod "],
  [/\b(?:percent|per cent)\b/gi, "%"],
  [/(?:\bsquare root of\b|√)\s*(?=\()/gi, " sqrt"],
  [/(?:\bsquare root of\b|√)\s*(\d+(?:\.\d+)?)/gi, " sqrt($1)"],
  [/\bcube root of\b\s*(?=\()/gi, " cbrt"],
  [/\bcube root of\b\s*(\d+(?:\.\d+)?)/gi, " cbrt($1)"],
  [/\bthe\b/gi, " "],
  [/%\s*(?:\bof\b)/gi, "% * "],
  [/\bof\b/gi, " * "],
  [/(?<=\d)\s*x\s*(?=[\d(])/gi, " * "],
  [/\bm(?:iles )?ph\b|\bmiles per hour\b/gi, "mi/hour"],
  [/\bk(?:m)?ph\b/gi, "km/hour"],
  [/°\s*([CF])\b/g, "deg$1"],
  [/°/g, " deg "],
  [/\binto\b/gi, " to "],
  [/[$€£]\s*(?=[\d.])/g, ""],
  [/[\s=?]+$/g, ""],
];

/** An expression as mathjs reads it. */
function normalised(expression: string): string {
  let text = withoutGrouping(expression);
  for (const [word, sign] of words) text = text.replace(word, sign);
  return text.trim();
}

/** Takes the commas out of `1,250,000`, but only outside brackets: `max(1,200)` has two arguments. */
function withoutGrouping(expression: string): string {
  let depth = 0;
  return expression.replace(/[([]|[)\]]|\d{1,3}(?:,\d{3})+(?![\d,])/g, (found) => {
    if (found === "(" || found === "[") depth++;
    else if (found === ")" || found === "]") depth--;
    else if (depth === 0) return found.replaceAll(",", "");
    return found;
  });
}

function checkDepth(text: string): void {
  let depth = 0;
  for (const character of text) {
    if (character === "(" || character === "[") depth++;
    else if (character === ")" || character === "]") depth--;
    if (depth > DEEPEST) throw new Refusal("Too many brackets inside one another.");
  }
}

/** Refuses every node that is not arithmetic, before anything is computed. */
function checkTree(tree: MathNode, isUnit: (name: string) => boolean): void {
  let count = 0;
  tree.traverse((node, path, parent) => {
    if (++count > MOST_NODES) throw new Refusal("Too long a sum.");
    if (isConstantNode(node)) {
      if (typeof node.value === "string") throw new Refusal("Text is not a number.");
    } else if (isOperatorNode(node)) {
      if (!operators.has(node.fn)) throw new Refusal(`The sign “${node.op}” is not one I work with.`);
    } else if (isFunctionNode(node)) {
      const { fn } = node;
      const name = isSymbolNode(fn) ? fn.name : "";
      if (!functions.has(name)) throw new Refusal(`There is no function “${name}” here.`);
    } else if (isSymbolNode(node)) {
      const called = path === "fn" && isFunctionNode(parent);
      const { name } = node;
      if (!called && !constants.has(name) && !isUnit(name))
        throw new Refusal(`“${name}” is neither a number nor a unit.`);
    } else if (!(isParenthesisNode(node) || isArrayNode(node) || isRelationalNode(node))) {
      throw new Refusal("Only sums: no names, ranges, texts or programs.");
    }
  });
}

/** Whether the answer was asked for as a fraction. */
const wantsFraction = (tree: MathNode): boolean =>
  tree.filter((node) => isSymbolNode(node) && node.name === "fraction").length > 0;

/** The nearest fraction by continued fractions, `5/6` for 0.8333333333333333. */
function fractionOf(value: number): string {
  let [over, under, previousOver, previousUnder] = [Math.floor(value), 1, 1, 0];
  let rest = value - over;
  while (Math.abs(over / under - value) > Math.abs(value) * 1e-13 && under < 1e9) {
    const next = Math.floor(1 / rest);
    [over, under, previousOver, previousUnder] = [
      next * over + previousOver,
      next * under + previousUnder,
      over,
      under,
    ];
    rest = 1 / rest - next;
  }
  return under === 1 ? String(over) : `${over}/${under}`;
}

/** Evaluates; throws a Refusal for what is no sum of ours and mathjs' own errors for what it cannot work out. */
function calculate(expression: string): number | string | boolean {
  const text = normalised(expression);
  checkDepth(text);
  const { math, scope } = theCage();
  const tree = math.parse(text);
  checkTree(tree, (name) => math.Unit.isValuelessUnit(name));
  const value: unknown = tree.evaluate(scope());
  if (typeof value === "boolean") return value;
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw new Refusal("The result is not a finite number.");
    if (wantsFraction(tree)) return fractionOf(value);
    // 15 digits hide what binary fractions add (0.1 + 0.2); whole numbers are exact as they are.
    return Number.isSafeInteger(value) ? value : Number(math.format(value, { precision: 15 }));
  }
  if (!(math.isUnit(value) || Array.isArray(value))) throw new Refusal("The result is not a real number.");
  const written = math.format(value, { precision: 14 });
  if (written.length > LONGEST_RESULT) throw new Refusal("The result is too long to be written down.");
  if (/NaN|Infinity|undefined|(?:^|[\s\d[])i(?=$|[\s,\]])/.test(written))
    throw new Refusal("The result is not a finite number.");
  return written;
}

const detailOf = (error: unknown): string =>
  error instanceof RangeError ? "Too deep a sum." : error instanceof Error ? error.message.slice(0, 200) : "Not a sum.";

export const calculator = defineTool({
  name: "calculator",
  description:
    "Works out an arithmetic expression and converts units. Examples: `12.5% of 640`, `3*(4+5)^2`, `sqrt(2)`, `mean([3,4,8])`, " +
    "`sin(30 deg)`, `10 km to mi`, `fraction(1/3 + 1/6)`. No variables. A plain number comes back as a number, anything else as text.",
  family: "information",
  permission: "allow",
  replay: "pure",
  timeoutMs: 2_000,
  input: Schema.Struct({
    expression: Schema.String.check(Schema.isMinLength(1), Schema.isMaxLength(LONGEST)).annotate({
      description: "The expression, at most 500 characters.",
    }),
  }),
  run: ({ expression }) =>
    Effect.try({
      try: () => ({ value: calculate(expression) }),
      catch: (error) => new BadInput({ detail: detailOf(error) }),
    }),
});
