/** Who was lent whose key, as a specification of `decide`; the keys themselves are in no event. */
import { it } from "@effect/vitest";
import { userName } from "#events/kit/ids.ts";
import { vault } from "#events/vault/decide.ts";
import { KeyIssued, KeyLent } from "#events/vault/events.ts";
import { dana, eli, given } from "../support/given.ts";

const subject = userName(dana);
const lend = (stream: string) => ({ type: "LendKey", subject, stream }) as const;
const issued = KeyIssued({ subject, number: 1 });
const lent = (stream: string) => KeyLent({ subject, stream });

it("the first to ask makes the key", () => {
  given(vault).when(lend("room:1")).then(issued, lent("room:1"));
});

it("every further borrower is noted, once", () => {
  given(vault, issued, lent("room:1")).when(lend("room:2")).then(lent("room:2"));
  given(vault, issued, lent("room:1")).when(lend("room:1")).nothing();
});

it("keys are kept apart by whose they are", () => {
  const other = KeyIssued({ subject: userName(eli), number: 1 });
  given(vault, other, KeyLent({ subject: userName(eli), stream: "room:1" }))
    .when(lend("room:1"))
    .then(issued, lent("room:1"));
});
