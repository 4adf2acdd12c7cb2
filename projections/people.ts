/** `users`: every person the house has met, the name sealed; read by whoever lists people. */
import { moment, sealedText } from "./kit/columns.ts";
import { defineProjection, defineTable } from "./kit/projection.ts";

const rows = defineTable({
  name: "users_v1",
  scope: "clerk_user_id",
  key: [],
  columns: { display_name: "text?", created_at: "text" },
});

export const people = defineProjection({
  name: "people",
  version: 1,
  reads: "user",
  tables: [rows],
  project: {
    PersonArrived: (event) => [rows.insert({ display_name: sealedText(event), created_at: moment(event.at) })],
    // Already unreadable, for its key is destroyed; but what nobody can read need not lie about either.
    ErasureRequested: () => [rows.update({}, { display_name: null })],
    PersonReturned: (event) => [rows.update({}, { display_name: sealedText(event) })],
  },
});
