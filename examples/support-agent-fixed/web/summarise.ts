import { openai } from "@ai-sdk/openai";
import { generateText } from "ai";

const STYLES: Record<string, string> = {
  short: "Write one sentence.",
  full: "Write a paragraph with all facts.",
};

export async function POST(req: Request) {
  const { style, ticket } = await req.json();
  const manner = style === "full" ? STYLES.full : STYLES.short;
  const { text } = await generateText({
    model: openai("gpt-4o-mini"),
    system: `You summarise support tickets. ${manner}`,
    prompt: ticket,
  });
  return Response.json({ text });
}
