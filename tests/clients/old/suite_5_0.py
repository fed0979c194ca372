"""Asks as the phrase test suite 5.0 does: httpx, 30 s, its key in X-Ash-Internal-Key; lost connections and timeouts are
tried again after 1, 2 and 4 s, no status ever is.
"""

import asyncio

import httpx

from observe import arguments, give_up, keyed, patiently, saw

RETRIES = 3
REQUIRED = {
    "crisis_detected": bool, "severity": str, "confidence": (int, float), "crisis_score": (int, float),
    "requires_intervention": bool, "recommended_action": str, "signals": dict, "processing_time_ms": (int, float),
    "models_used": list, "is_degraded": bool, "request_id": str, "timestamp": str,
}
OPTIONAL = ("explanation", "conflict_analysis", "consensus", "context_analysis")


def faults(answer: dict) -> list[str]:
    """What its validator would say of an answer."""
    missing = [f"{name} is missing" for name in REQUIRED if name not in answer]
    wrong = [f"{name} is {type(answer[name]).__name__}" for name, kind in REQUIRED.items()
             if name in answer and not isinstance(answer[name], kind)]
    odd = [f"{name} is {type(answer[name]).__name__}" for name in OPTIONAL
           if answer.get(name) is not None and not isinstance(answer[name], dict)]
    beyond = [f"{name} is {answer[name]}" for name in ("confidence", "crisis_score")
              if isinstance(answer.get(name), (int, float)) and not 0.0 <= answer[name] <= 1.0]
    return missing + wrong + odd + beyond


async def ask(client: httpx.AsyncClient, method: str, path: str, body: dict | None = None) -> dict | None:
    for attempt in range(RETRIES + 1):
        try:
            response = await client.request(method, path, json=body)
            if response.status_code >= 400:
                saw("refusal", path=path, status=response.status_code, text=response.text)
                return None
            return response.json()
        except httpx.HTTPError as error:
            saw("failure", kind=type(error).__name__)
        if attempt < RETRIES:
            await asyncio.sleep(2**attempt)
    saw("lost", attempts=RETRIES + 1)
    return None


async def usable(client: httpx.AsyncClient) -> bool:
    try:
        health = (await client.get("/health")).json()
        status = await client.get("/status")
    except httpx.HTTPError:
        return False
    return health.get("status", "").lower() in ("ok", "healthy") and health.get("ready") is True and (
        status.status_code in (200, 401, 403))


async def main() -> None:
    asked = arguments(__doc__)
    headers = {"Content-Type": "application/json", "User-Agent": "Ash-Thrash/v5.0", **keyed(asked.key)}
    async with httpx.AsyncClient(base_url=asked.url, timeout=httpx.Timeout(30.0), headers=headers) as client:
        for attempt in patiently(asked.start_within):
            if await usable(client):
                saw("start", attempts=attempt)
                break
        else:
            saw("no start")
            give_up()
        for _ in range(asked.again):
            for message in asked.message:
                answer = await ask(client, "POST", "/analyze", {
                    "message": message, "include_explanation": True, "explanation_verbosity": "standard",
                    "include_context_analysis": False})
                if answer is not None:
                    saw("verdict", severity=answer["severity"], action=answer["recommended_action"], faults=faults(answer))
        batch = await ask(client, "POST", "/analyze/batch", {
            "messages": [*asked.message, ""], "include_explanation": False, "include_context_analysis": False})
        if batch is not None:
            results = batch.get("results", [])
            saw("batch", severities=[result.get("severity", "none") for result in results],
                faults=[faults(result) for result in results if "error" not in result],
                failed=batch.get("failed"), total=batch.get("total"))


asyncio.run(main())
