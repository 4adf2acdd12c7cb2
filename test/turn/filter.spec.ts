/** What the filter lets through, masks and withholds of a whole text. */
import { describe, expect, it } from "@effect/vitest";
import { judge } from "#actors/agent/turn/filter.ts";
import { normalise } from "#actors/agent/turn/filter-text.ts";
import type { Direction } from "#actors/agent/turn/ports.ts";
import { listedWords } from "#src/models/moderator.ts";
import { anthropic, card, email, iban, keys, made, phone } from "../support/sensitive.ts";

const context = (...said: ReadonlyArray<string>) => ({ said, words: listedWords });
const verdict = (text: string, direction: Direction = "out", ...said: ReadonlyArray<string>) =>
  judge(text, direction, context(...said));

describe("text is read as people read it", () => {
  it.each([
    ["full-width letters", "ｓｅｃｒｅｔ", "secret"],
    ["letters with nothing between them", "se\u200bc\u00adr\u2060et", "secret"],
    ["a direction that is switched", "se\u202ecret", "secret"],
    ["accents and strokes", "sécr\u0336et", "secret"],
    ["letters of another script in a Latin word", "ѕесrеt", "secret"],
    ["dashes", "4111–1111", "4111-1111"],
  ])("%s", (_, written, read) => {
    expect(normalise(written).text).toBe(read);
  });

  it("a word of another script stays as it is", () => {
    expect(normalise("сор и хор").text).toBe("сор и хор");
  });

  it("and every place leads back to what was written", () => {
    const written = "ﬁn\u200be 𝕒b";
    const { text, from, to } = normalise(written);
    expect(text).toBe("fine ab");
    const b = text.indexOf("b");
    expect(written.slice(from(b), to(b + 1))).toBe("b");
    expect(written.slice(from(2), to(4))).toBe("n\u200be");
    expect(from(text.length)).toBe(written.length);
  });
});

describe("secrets are masked, whoever says them", () => {
  it.each(keys)("%s", (rule, key) => {
    for (const direction of ["in", "out"] as const)
      expect(verdict(`It is (${key}), ok?`, direction)).toEqual({
        action: "mask",
        rules: [rule],
        text: "It is ([secret]), ok?",
      });
  });

  it.each([
    ["Authorization: Bearer a1b2c3d4e5", "Authorization: Bearer [secret]"],
    ['{"authorization": "Basic ZGFuYTpodW50ZXIy"}', '{"authorization": "Basic [secret]"}'],
    ["curl -H 'bearer\n 0123456789abcdef'", "curl -H 'bearer\n [secret]'"],
    ["postgres://dana:hunter22@db.example.org/x", "postgres://[secret]@db.example.org/x"],
    [made("aws_secret_access_", "key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), "aws_secret_access_key = [secret]"],
  ])("only the secret part of %s", (text, shown) => {
    expect(verdict(text).text).toBe(shown);
  });

  it.each([
    "Authorization: Bearer YOUR_API_KEY",
    "Authorization: Bearer <token>",
    "Authorization: Basic authentication is the oldest",
    "postgres://user:password@localhost/db",
    made("-----BEGIN ", "PRIVATE KEY----- is how it begins"),
  ])("but an example stays: %s", (text) => {
    expect(verdict(text).action).toBe("pass");
  });

  it("in disguise too", () => {
    expect(verdict(`It is ${anthropic.replace("ant", "a\u200bnt")}!`).text).toBe("It is [secret]!");
    expect(verdict(`It is ${anthropic.replace("sk", "ѕk")}!`).text).toBe("It is [secret]!");
  });

  it("and even if the same was said before", () => {
    expect(verdict(anthropic, "out", anthropic).text).toBe("[secret]");
  });
});

describe("contact and payment data", () => {
  const all = `Mail ${email}, call ${phone}, pay ${iban} or ${card}.`;

  it("of nobody here are not said by an agent", () => {
    expect(verdict(all)).toEqual({
      action: "mask",
      rules: ["email", "phone", "iban", "card"],
      text: "Mail [email], call [phone], pay [iban] or [card].",
    });
  });

  it("are said back to those who said them, however they wrote them", () => {
    const said = ["I am DANA@example.org, +49 (170) 123-4567", "DE89370400440532013000 and 4111-1111-1111-1111"];
    expect(verdict(all, "out", ...said)).toEqual({ action: "pass", rules: [], text: all });
  });

  it("and of two, only the one that was said", () => {
    expect(verdict(`${email} or eli@example.org`, "out", email).text).toBe(`${email} or [email]`);
  });

  it("numbers on a model's way to be counted or paid stay here, addresses go along", () => {
    expect(verdict(all, "in")).toEqual({
      action: "mask",
      rules: ["iban", "card"],
      text: `Mail ${email}, call ${phone}, pay [iban] or [card].`,
    });
  });

  it.each([
    ["a check digit that is wrong", "4111 1111 1111 1112"],
    ["a number that no bank issues", "9999 9999 9999 9995"],
    ["an account number that does not add up", "DE89 3704 0044 0532 0130 01"],
    ["a fraction", "0.4111111111111111"],
    ["part of a name", "order4111111111111111"],
    ["a sum", "+12345678"],
    ["a program's address", "git@github.com:troupe/troupe.git"],
    ["a release", "effect@4.1.0 and troupe@1.2.3-rc.beta"],
  ])("%s is none", (_, text) => {
    expect(verdict(text).action).toBe("pass");
  });

  it("a number said back is found though another number follows it", () => {
    expect(verdict(`Dial ${phone} 12 times`, "out", phone).text).toBe(`Dial ${phone} 12 times`);
  });
});

describe("listed words", () => {
  it("withhold what an agent says, all of it", () => {
    expect(verdict(`Well, fuck. ${email}`)).toEqual({
      action: "withhold",
      rules: ["abusive-language", "email"],
      text: "",
    });
  });

  it("are let through when people say them", () => {
    expect(verdict("Well, fuck.", "in")).toEqual({ action: "pass", rules: [], text: "Well, fuck." });
  });
});
