"""Lets the model look at a host."""

import subprocess

from openai import OpenAI

client = OpenAI()

COMMANDS = {
    "disk": ["df", "-h"],
    "memory": ["free", "-m"],
    "load": ["uptime"],
}


def diagnose(symptom):
    reply = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "system", "content": f"Answer with one of these words: {', '.join(COMMANDS)}."},
            {"role": "user", "content": symptom},
        ],
    )
    choice = reply.choices[0].message.content.strip()
    done = subprocess.run(COMMANDS.get(choice, ["uptime"]), capture_output=True, text=True)
    return done.stdout
