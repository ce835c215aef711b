import { openai } from "@ai-sdk/openai";
import { generateText } from "ai";

export async function POST(req: Request) {
  const { style, ticket } = await req.json();
  const { text } = await generateText({
    model: openai("gpt-4o-mini"),
    system: `You summarise support tickets. Write in this style: ${style}`,
    prompt: ticket,
  });
  return Response.json({ text });
}
