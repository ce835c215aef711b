"""Lets the model look at a host."""

import subprocess

from openai import OpenAI

client = OpenAI()


def diagnose(symptom):
    reply = client.chat.completions.create(
        model="gpt-4o-mini",
        messages=[
            {"role": "system", "content": "Answer with one shell command that finds the cause."},
            {"role": "user", "content": symptom},
        ],
    )
    command = reply.choices[0].message.content
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return done.stdout
