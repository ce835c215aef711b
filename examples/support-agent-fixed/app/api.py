"""The support desk's HTTP interface."""

from fastapi import FastAPI, Request

from app.assistant import answer
from app.diagnose import diagnose
from app.routing import route

app = FastAPI()


@app.post("/ask")
async def ask(request: Request):
    body = await request.json()
    team = route(body["question"])
    return {"team": team, "answer": answer(body["question"], body["topic"])}


@app.post("/diagnose")
async def diagnose_host(request: Request):
    body = await request.json()
    return {"report": diagnose(body["symptom"])}
