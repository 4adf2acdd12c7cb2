/** Who was lent whose key, and what becomes of keys, as a specification of `decide`; the keys themselves are in no event. */
import { describe, it } from "@effect/vitest";
import { userName } from "#events/kit/ids.ts";
import { vault } from "#events/vault/decide.ts";
import {
  KeyIssued,
  KeyLent,
  KeyRecalled,
  KeyRenewed,
  KeyRetired,
  KeyShredded,
  RotationCompleted,
  RotationStarted,
} from "#events/vault/events.ts";
import { dana, eli, given } from "../support/given.ts";

const subject = userName(dana);
const lend = (stream: string) => ({ type: "LendKey", subject, stream }) as const;
const issued = (number = 1) => KeyIssued({ subject, number });
const lent = (stream: string) => KeyLent({ subject, stream });

describe("lending", () => {
  it("the first to ask makes the key", () => {
    given(vault).when(lend("room:1")).then(issued(), lent("room:1"));
  });

  it("every further borrower is noted, once", () => {
    given(vault, issued(), lent("room:1")).when(lend("room:2")).then(lent("room:2"));
    given(vault, issued(), lent("room:1")).when(lend("room:1")).nothing();
  });

  it("keys are kept apart by whose they are", () => {
    const other = KeyIssued({ subject: userName(eli), number: 1 });
    given(vault, other, KeyLent({ subject: userName(eli), stream: "room:1" }))
      .when(lend("room:1"))
      .then(issued(), lent("room:1"));
  });
});

describe("shredding", () => {
  const shred = { type: "ShredKey", subject, fingerprints: ["a1"], kek: 1 } as const;
  const shredded = KeyShredded({ subject, generations: [1], fingerprints: ["a1"], kek: 1 });
  const recalled = (stream: string, number = 1) => ({ type: "NoteRecalled", subject, stream, number }) as const;
  const confirmed = (stream: string, number = 1) => KeyRecalled({ subject, stream, number });

  it("destroys every living generation, once", () => {
    given(vault, issued(), lent("room:1")).when(shred).then(shredded);
    given(vault, issued(), lent("room:1"), issued(2))
      .when({ ...shred, fingerprints: ["a1", "b2"], kek: 1 })
      .then(KeyShredded({ subject, generations: [1, 2], fingerprints: ["a1", "b2"], kek: 1 }));
    given(vault, issued(), shredded).when(shred).nothing();
  });

  it("is possible before there is a key: then there will be none", () => {
    const nothingYet = KeyShredded({ subject, generations: [], fingerprints: [], kek: 1 });
    given(vault)
      .when({ ...shred, fingerprints: [], kek: 1 })
      .then(nothingYet);
    given(vault, nothingYet).when(lend("room:1")).nothing();
  });

  it("every borrower confirms once, and nobody who was lent nothing", () => {
    const past = [issued(), lent("room:1"), lent("room:2"), shredded];
    given(vault, ...past)
      .when(recalled("room:1"))
      .then(confirmed("room:1"));
    given(vault, ...past, confirmed("room:1"))
      .when(recalled("room:1"))
      .nothing();
    given(vault, ...past, confirmed("room:1"))
      .when(recalled("room:2"))
      .then(confirmed("room:2"));
    given(vault, ...past)
      .when(recalled("room:3"))
      .nothing();
    given(vault, issued(), lent("room:1")).when(recalled("room:1")).nothing();
  });

  it("ends lending, and a turning of keys that was under way", () => {
    given(vault, issued(), shredded).when(lend("room:1")).nothing();
    given(vault, issued(), shredded).when({ type: "RenewKey", subject }).nothing();
    given(
      vault,
      issued(),
      lent("room:1"),
      issued(2),
      KeyShredded({ subject, generations: [1, 2], fingerprints: [], kek: 1 }),
    )
      .when({ type: "NoteRenewed", subject, stream: "room:1", number: 2 })
      .nothing();
  });

  it("whoever comes back gets the next generation, when a command says so; every stream is lent it anew", () => {
    const admit = { type: "AdmitAgain", subject } as const;
    given(vault, issued(), lent("room:1"), shredded).when(admit).then(issued(2));
    given(vault, issued(), lent("room:1")).when(admit).nothing();
    given(vault).when(admit).nothing();
    const back = [issued(), lent("room:1"), shredded, issued(2)];
    given(vault, ...back)
      .when(lend("room:1"))
      .then(lent("room:1"));
    given(vault, ...back)
      .when(recalled("room:1"))
      .then(confirmed("room:1"));
    given(vault, ...back, lent("room:1"))
      .when({ ...shred, fingerprints: ["b2"], kek: 1 })
      .then(KeyShredded({ subject, generations: [2], fingerprints: ["b2"], kek: 1 }));
  });

  it("a stream that missed one shredding and was lent the next key confirms both with the second", () => {
    const again = KeyShredded({ subject, generations: [2], fingerprints: ["b2"], kek: 1 });
    const past = [issued(), lent("room:1"), shredded, issued(2), lent("room:1"), again];
    given(vault, ...past)
      .when(recalled("room:1", 1))
      .nothing();
    given(vault, ...past)
      .when(recalled("room:1", 2))
      .then(confirmed("room:1", 2));
  });
});

describe("turning keys", () => {
  const renew = { type: "RenewKey", subject } as const;
  const renewed = (stream: string, number = 2) => ({ type: "NoteRenewed", subject, stream, number }) as const;
  const confirmed = (stream: string, number = 2) => KeyRenewed({ subject, stream, number });
  const retire = { type: "RetireKey", subject, number: 1, fingerprint: "a1" } as const;
  const past = [issued(), lent("room:1"), lent("room:2"), issued(2)];

  it("is started once for each key-encryption key, and completed once", () => {
    given(vault)
      .when({ type: "StartRotation", kek: 2 })
      .then(RotationStarted({ kek: 2 }));
    given(vault, RotationStarted({ kek: 2 }))
      .when({ type: "StartRotation", kek: 2 })
      .nothing();
    given(vault, RotationStarted({ kek: 2 }))
      .when({ type: "StartRotation", kek: 3 })
      .then(RotationStarted({ kek: 3 }));
    given(vault, RotationStarted({ kek: 2 }))
      .when({ type: "CompleteRotation", kek: 2 })
      .then(RotationCompleted({ kek: 2 }));
    given(vault).when({ type: "CompleteRotation", kek: 2 }).nothing();
  });

  it("a living key gets the next generation, not another one before all borrowers have followed", () => {
    given(vault, issued(), lent("room:1")).when(renew).then(issued(2));
    given(vault, ...past)
      .when(renew)
      .nothing();
    given(vault, ...past, confirmed("room:1"), confirmed("room:2"))
      .when(renew)
      .then(issued(3));
    given(vault).when(renew).nothing();
  });

  it("every borrower of the old generation confirms once, for the newest only", () => {
    given(vault, ...past)
      .when(renewed("room:1"))
      .then(confirmed("room:1"));
    given(vault, ...past, confirmed("room:1"))
      .when(renewed("room:1"))
      .nothing();
    given(vault, ...past)
      .when(renewed("room:1", 1))
      .nothing();
    given(vault, ...past, lent("room:3"))
      .when(renewed("room:3"))
      .nothing();
  });

  it("the old generation dies when nobody needs it, and the newest never", () => {
    const followed = [confirmed("room:1"), confirmed("room:2")];
    given(vault, ...past, confirmed("room:1"))
      .when(retire)
      .nothing();
    given(vault, ...past, ...followed)
      .when(retire)
      .then(KeyRetired({ subject, number: 1, fingerprint: "a1" }));
    given(vault, ...past, ...followed)
      .when({ ...retire, number: 2 })
      .nothing();
    given(vault, ...past, ...followed, KeyRetired({ subject, number: 1, fingerprint: "a1" }))
      .when(retire)
      .nothing();
  });
});
