"""Answers customers' questions."""

from openai import OpenAI

client = OpenAI()


def instructions(topic):
    return f"You are the support desk's assistant. You help customers with {topic}."


def answer(question, topic):
    reply = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "system", "content": instructions(topic)},
            {"role": "user", "content": question},
        ],
    )
    return reply.choices[0].message.content
