/** Asking to be erased, and the receipt; used by the page about oneself. */
import { queryOptions } from "@tanstack/react-query";
import type { ErasureReceipt } from "#src/http/api.ts";
import { call, client } from "../service/client.ts";

export type Receipt = ErasureReceipt;

const RECEIPT_MS = 2_000;

export const eraseMe = (headers: Record<string, string>) => call(client.privacy.eraseMe({}), { headers });

/** A receipt; asked again until everything has confirmed. */
export const erasureQuery = (id: string) =>
  queryOptions({
    queryKey: ["me", "erasures", id],
    queryFn: ({ signal }) => call(client.privacy.getErasure({ params: { id } }), { signal }),
    refetchInterval: ({ state }) => (state.data?.completed_at === null ? RECEIPT_MS : false),
  });

/** From then on what the person says is taken again. */
export const comeBack = () => call(client.privacy.comeBack({}));
