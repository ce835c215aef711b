"""Answers customers' questions."""

from openai import OpenAI

client = OpenAI()

INSTRUCTIONS = "You are the support desk's assistant. The customer names a topic; stay with it."


def answer(question, topic):
    reply = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "system", "content": INSTRUCTIONS},
            {"role": "user", "content": f"Topic: {topic}\n\n{question}"},
        ],
    )
    return reply.choices[0].message.content
