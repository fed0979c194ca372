"""Asks as the Discord bot 5.0 does: httpx over one client, 5 s; timeouts, lost connections and 5xx are tried again
after 1 s and 2 s, 4xx never. Every failure it takes for a harmless message.
"""

import asyncio

import httpx

from observe import arguments, give_up, keyed, patiently, saw

RETRIES = 2
ALERTS = ("medium", "high", "critical")


async def ready(client: httpx.AsyncClient) -> bool:
    try:
        response = await client.get("/health", timeout=httpx.Timeout(2.0))
        return response.status_code == 200 and bool(response.json().get("ready", False))
    except httpx.HTTPError:
        return False


def read(answer: dict) -> dict:
    """What it keeps of an answer, and whether it alerts."""
    signals = {
        model: {"label": signal.get("label", "unknown"), "score": float(signal.get("score", 0.0)),
                "crisis_signal": float(signal.get("crisis_signal", 0.0))}
        for model, signal in answer.get("signals", {}).items()
    }
    explanation = answer.get("explanation") or {}
    context, conflict = answer.get("context_analysis") or {}, answer.get("conflict_analysis") or {}
    severity = answer.get("severity", "safe")
    return {
        "crisis_detected": answer.get("crisis_detected", False),
        "severity": severity,
        "confidence": f"{float(answer.get('confidence', 0.0)):.1%}",
        "crisis_score": f"{float(answer.get('crisis_score', 0.0)):.2f}",
        "requires_intervention": answer.get("requires_intervention", False),
        "action": answer.get("recommended_action", "none").replace("_", " ").title(),
        "request_id": answer.get("request_id", "unknown"),
        "took": f"{float(answer.get('processing_time_ms', 0.0)):.0f}ms",
        "models_used": answer.get("models_used", []),
        "is_degraded": answer.get("is_degraded", False),
        "signals": signals,
        "summary": explanation.get("decision_summary"),
        "key_factors": [f"• {factor}" for factor in explanation.get("key_factors", [])[:5]],
        "has_conflicts": conflict.get("has_conflicts", False),
        "escalation_detected": context.get("escalation_detected", False),
        "alerts": severity.lower() in ALERTS,
    }


async def analyze(client: httpx.AsyncClient, message: str, history: list[dict]) -> None:
    body = {"message": message, "include_explanation": True, "verbosity": "standard",
            "user_id": "184021847293001728", "channel_id": "1101222333444555666"}
    if history:
        body["message_history"] = history
    for attempt in range(RETRIES + 1):
        try:
            response = await client.post("/analyze", json=body)
            if response.status_code < 400:
                answer = response.json()
                saw("verdict", attempts=attempt + 1, read=read(answer))
                # Newest first, with the score that it was given.
                history.insert(0, {"message": message, "timestamp": answer["timestamp"],
                                   "crisis_score": answer["crisis_score"], "message_id": "1200000000000000001"})
                del history[20:]
                return
            if response.status_code < 500:
                data = response.json()
                saw("refusal", attempts=attempt + 1, status=response.status_code,
                    text=str(data.get("message", data.get("detail", data))))
                return
            saw("failure", kind=str(response.status_code))
        except httpx.HTTPError as error:
            saw("failure", kind=type(error).__name__)
        if attempt < RETRIES:
            await asyncio.sleep(1.0 * 2**attempt)
    saw("lost", attempts=RETRIES + 1)


async def main() -> None:
    asked = arguments(__doc__)
    headers = {"Content-Type": "application/json", "Accept": "application/json", **keyed(asked.key)}
    async with httpx.AsyncClient(base_url=asked.url, timeout=httpx.Timeout(5.0), headers=headers) as client:
        for attempt in patiently(asked.start_within):
            if await ready(client):
                saw("start", attempts=attempt)
                break
        else:
            saw("no start")
            give_up()
        history: list[dict] = []
        for _ in range(asked.again):
            for message in asked.message:
                await analyze(client, message, history)
        status = await client.get("/status")
        saw("status", status=status.status_code, is_object=isinstance(status.json(), dict))


asyncio.run(main())
