/** The calculator: what it works out, and what it refuses before anything runs. */
import { describe, expect, it } from "@effect/vitest";
import { Effect } from "effect";
import { calculator } from "#src/tools/information/calculator.ts";

const caller = { agentId: "agt_1", turnId: "trn_1", roomId: "rm_1", key: "k" };

const resultOf = (expression: string) =>
  Effect.map(calculator.run(JSON.stringify({ expression }), caller), (text) => JSON.parse(text).value);
const refusalOf = (expression: string) =>
  Effect.map(Effect.flip(calculator.run(JSON.stringify({ expression }), caller)), ({ reason }) => reason._tag);

describe("it works out", () => {
  it.effect.each<[string, unknown]>([
    ["12.5% of 640", 80],
    ["100 - 20%", 80],
    ["10 + 5%", 10.5],
    ["15 percent of 80 = ?", 12],
    ["3*(4+5)", 27],
    ["2^10", 1024],
    ["-3^2", -9],
    ["10 % 3", 1],
    ["17 mod 5", 2],
    ["0.1 + 0.2", 0.3],
    ["1,250 * 3", 3750],
    ["max(1,200)", 200],
    ["$5 * 3", 15],
    ["123456789 * 1000", 123456789000],
    ["square root of 16", 4],
    ["√(9+16)", 5],
    ["9 squared plus 2 cubed", 89],
    ["2 to the power of 8", 256],
    ["8 divided by 4 times 3", 6],
    ["3 × 4 − 5 ÷ 2", 9.5],
    ["half of 10", 5],
    ["5!", 120],
    ["combinations(5, 2)", 10],
    ["permutations(5)", 120],
    ["gcd(12, 18) + lcm(4, 6)", 18],
    ["fraction(1/3 + 1/6)", "1/2"],
    ["fraction(3, 4) - fraction(1, 4)", "1/2"],
    ["mean([3, 4, 8])", 5],
    ["median(5, 3, 9)", 5],
    ["round(std([2, 4, 4, 4, 5, 5, 7, 9]), 3)", 2.138],
    ["sum([1, 2, 3]) + prod(2, 5)", 16],
    ["sin(30 deg)", 0.5],
    ["tan(pi / 4)", 1],
    ["ln(e^2) + log(100, 10) + log2(8)", 7],
    ["round(3.14159, 2)", 3.14],
    ["10 km to m", "10000 m"],
    ["20 °C to °F", "68 degF"],
    ["50 mph to km/h", "80.4672 km / h"],
    ["90 km/h * 2 h", "180 km"],
    ["2 hours + 30 minutes", "2.5 hours"],
    ["5 > 3", true],
    ["[1, 2] + [3, 4]", "[4, 6]"],
  ])("%s", ([expression, value]) =>
    Effect.gen(function* () {
      expect(yield* resultOf(expression)).toEqual(value);
    }),
  );
});

describe("it refuses", () => {
  it.effect.each([
    // ways out of arithmetic
    "import({a: 1})",
    "evaluate('1+1')",
    "parse('1')",
    "createUnit('foo')",
    "config({})",
    "chain(1)",
    "typed('a')",
    "sqrt.constructor",
    "cos.constructor('return process')()",
    '"abc".length',
    "[1, 2, 3][1]",
    "{a: 1}",
    "__proto__",
    "toString()",
    // programs
    "x = 3",
    "f(x) = x^2",
    "x = 3; x * 2",
    "true ? 1 : 2",
    "map([1], sqrt)",
    // what would never end, or fill memory
    "1:1e9",
    "sum(1:1e9)",
    "zeros([10000, 10000])",
    "combinations(1e9, 5e8)",
    "permutations(1e9, 1e8)",
    "bignumber(2)^1e9",
    `${"1+".repeat(200)}1`,
    `${"(".repeat(60)}1${")".repeat(60)}`,
    "1".repeat(501),
    // no number
    "9^9^9^9",
    "factorial(1e9)",
    "1/0",
    "sqrt(-1)",
    "'text'",
    "i",
    "apples + pears",
    "",
  ])("%s", (expression) =>
    Effect.gen(function* () {
      expect(yield* refusalOf(expression)).toBe("BadInput");
    }),
  );
});
