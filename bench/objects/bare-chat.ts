/** A conversation as the platform alone would have it: message and reply in a table, nothing else; the reference of parts/turn.ts. */
import { DurableObject } from "cloudflare:workers";

interface Block {
  readonly type: string;
  readonly id?: string;
  readonly name?: string;
  text?: string;
  input?: unknown;
}
interface StreamEvent {
  readonly type: string;
  readonly index?: number;
  readonly content_block?: Block;
  readonly delta?: { readonly text?: string; readonly partial_json?: string; readonly stop_reason?: string };
}
interface Message {
  readonly role: string;
  readonly content: unknown;
}

const calculator = {
  name: "calculator",
  description: "Multiplies two numbers.",
  input_schema: { type: "object", properties: { expression: { type: "string" } }, required: ["expression"] },
};

const MOST_ROUNDS = 8;

/** `12*7` → `84`: as much of a calculator as the bench asks for. */
const product = (expression: string): string =>
  String(expression.split("*").reduce((result, factor) => result * Number(factor), 1));

export class BareChat extends DurableObject<{ readonly MODEL_URL: string }> {
  constructor(ctx: DurableObjectState, env: { readonly MODEL_URL: string }) {
    super(ctx, env);
    ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS messages (id INTEGER PRIMARY KEY, role TEXT, content TEXT)");
  }

  async say(text: string): Promise<string> {
    const history = this.#history();
    this.#keep(history, { role: "user", content: text });
    for (let round = 0; round < MOST_ROUNDS; round++) {
      const { blocks, reason } = await this.#ask(history);
      if (reason !== "tool_use") {
        const reply = blocks.map((block) => block.text ?? "").join("");
        this.#keep(history, { role: "assistant", content: reply });
        return reply;
      }
      this.#keep(history, { role: "assistant", content: blocks });
      const results = blocks
        .filter(({ type }) => type === "tool_use")
        .map(({ id, input }) => ({
          ...{ type: "tool_result", tool_use_id: id },
          content: product((input as { readonly expression: string }).expression),
        }));
      this.#keep(history, { role: "user", content: results });
    }
    throw new Error("the model went round in circles");
  }

  #history(): Message[] {
    const rows = this.ctx.storage.sql.exec("SELECT role, content FROM messages ORDER BY id").raw();
    return Array.from(rows, ([role, content]) => ({ role: String(role), content: JSON.parse(String(content)) }));
  }

  #keep(history: Message[], message: Message): void {
    history.push(message);
    const { role, content } = message;
    this.ctx.storage.sql.exec("INSERT INTO messages (role, content) VALUES (?, ?)", role, JSON.stringify(content));
  }

  async #ask(messages: ReadonlyArray<Message>): Promise<{ readonly blocks: Block[]; readonly reason: string }> {
    const body = JSON.stringify({ model: "instant", max_tokens: 1024, stream: true, messages, tools: [calculator] });
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${this.env.MODEL_URL}/v1/messages`, { method: "POST", headers, body });
    const blocks: Block[] = [];
    const inputs: string[] = [];
    let reason = "";
    for await (const event of eventsOf(response)) {
      const index = event.index ?? 0;
      if (event.content_block) blocks[index] = { ...event.content_block };
      if (event.delta?.text !== undefined) blocks[index]!.text = (blocks[index]!.text ?? "") + event.delta.text;
      if (event.delta?.partial_json !== undefined) inputs[index] = (inputs[index] ?? "") + event.delta.partial_json;
      reason = event.delta?.stop_reason ?? reason;
    }
    for (const [index, input] of inputs.entries()) if (input) blocks[index]!.input = JSON.parse(input);
    return { blocks, reason };
  }
}

async function* eventsOf(response: Response): AsyncGenerator<StreamEvent> {
  let rest = "";
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const frames = (rest + chunk).split("\n\n");
    rest = frames.pop()!;
    for (const frame of frames) yield JSON.parse(frame.slice(frame.indexOf("data: ") + "data: ".length)) as StreamEvent;
  }
}
