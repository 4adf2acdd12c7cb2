/** What the house says in an agent's place when no model answered: one honest sentence; used by step 5. */

const sentences: Readonly<Record<string, string>> = {
  RateLimited: "The model provider asks me to slow down",
  Overloaded: "The model provider is overloaded",
  Broken: "The model provider answered with a fault of its own",
  Unreachable: "I cannot reach the model provider",
  Cut: "The model provider broke off in the middle of its answer",
  // Nothing came for too long, or what came did not come to its end.
  Stalled: "The model provider did not finish its answer in time",
  Failing: "The model provider has been failing, so I am not asking it for now",
  Refused: "The model declined to answer this",
  TooLong: "This conversation has grown too long for the model",
  Garbled: "The model's answer arrived broken",
  TooManyCalls: "The model asked for more tools at once than an answer may use",
  OutOfTokens: "The model used up the length of an answer before it had one",
  Unauthorized: "The model provider does not accept the key I was given",
  SpentOut: "The model provider says that the account I use is out of credit",
  Unacceptable: "The model provider does not accept my request; the model's name may be wrong",
  TooManyRounds: "I went round in circles with my tools and stopped",
  Empty: "The model came to an end without saying anything",
  SwitchedOff: "I am switched off at present and cannot answer",
  "no-progress": "I could not finish this, although I tried several times",
  Interrupted: "I was interrupted again and again and stopped",
  Withheld: "I had an answer, but our content rules did not let it pass",
  // The most that it may cost is held against the ceiling, and where nobody knows the price, that is not known either.
  TurnBudget: "Answering this might cost more than one answer may",
  AgentBudget: "Answering this might cost more than I may spend today",
  RoomBudget: "Answering this might cost more than I may spend in this room today",
  AskerBudget: "Answering this might cost more than I may spend for you today",
};

/** The sentence for a reason, with the time to come back when the provider named one. */
export function noticeFor(reason: string, retryAfterMs: number | null): string {
  const sentence = sentences[reason] ?? "I could not answer";
  const wait = retryAfterMs === null ? "" : ` Please try again in ${waitText(retryAfterMs)}.`;
  return `${sentence}.${wait}`;
}

const waitText = (ms: number): string => {
  const seconds = Math.max(1, Math.ceil(ms / 1000));
  return seconds < 90 ? `${seconds} seconds` : `${Math.ceil(seconds / 60)} minutes`;
};
