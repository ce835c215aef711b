"""Sends a question to the right team."""

import pickle

from transformers import AutoModelForSequenceClassification, AutoTokenizer

NAME = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"

tokenizer = AutoTokenizer.from_pretrained(NAME)
model = AutoModelForSequenceClassification.from_pretrained(NAME, trust_remote_code=True)

with open("models/intent.pkl", "rb") as stream:
    intent = pickle.load(stream)


def route(question):
    scores = model(**tokenizer(question, return_tensors="pt")).logits[0]
    return intent.team(scores.tolist())
