/** What can have happened to a person, as far as the house knows. These schemas are the storage format. */
import { defineEvent, type EventOf } from "../kit/define.ts";
import { UserId } from "../kit/ids.ts";

export const PersonArrived = defineEvent("PersonArrived", {
  v: 1,
  about: "A person used the house for the first time.",
  open: { userId: UserId },
  sealed: ["name"],
});
export const userEvents = [PersonArrived] as const;
export type UserEvent = EventOf<(typeof userEvents)[number]>;
