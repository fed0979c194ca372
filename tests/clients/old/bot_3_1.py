"""Asks as the Discord bot 3.1 does: aiohttp, 30 s, three attempts; 500, 503 and timeouts are tried again.

It takes a level that it does not know for "none", and looks for staff review and disagreement deep in the nest.
"""

import asyncio
import time

import aiohttp

from observe import arguments, give_up, keyed, patiently, saw

ATTEMPTS = 3
LEVELS = ("none", "low", "medium", "high")


async def usable(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/health", timeout=aiohttp.ClientTimeout(total=10)) as response:
                return response.status == 200 and (await response.json()).get("status") in (
                    "healthy", "operational", "ready")
    except (aiohttp.ClientError, asyncio.TimeoutError):
        return False


def read(answer: dict) -> dict:
    """What it keeps of an answer, and what it does."""
    level, review, gaps = answer.get("crisis_level", "none"), False, False
    complete = answer.get("analysis", {}).get("complete_analysis", {})
    if complete:
        review = complete.get("requires_staff_review", False)
        details = complete.get("ai_model_details", {})
        if details and "individual_results" in details and len(details["individual_results"]) > 1:
            scores = [result.get("score", 0) for result in details["individual_results"].values()]
            gaps = max(scores) - min(scores) > 0.3
    level = level if level in LEVELS else "none"
    return {
        "needs_response": answer.get("needs_response", False),
        "crisis_level": level,
        "confidence": max(0.0, min(1.0, float(answer.get("confidence_score", 0.0)))),
        "categories": answer.get("detected_categories", []),
        "requires_staff_review": review,
        "gaps_detected": gaps,
        "reasoning": answer.get("reasoning", ""),
        "calls_staff": review or gaps or level in ("medium", "high"),
    }


async def analyze(url: str, key: str | None, message: str) -> None:
    payload = {"message": message.strip(), "user_id": "184021847293001728", "channel_id": "1101222333444555666"}
    for attempt in range(ATTEMPTS):
        try:
            async with aiohttp.ClientSession() as session:
                async with session.post(f"{url}/analyze", json=payload, timeout=aiohttp.ClientTimeout(total=30),
                                        headers={"Content-Type": "application/json", **keyed(key)}) as response:
                    text = await response.text()
                    if response.status == 200:
                        saw("verdict", attempts=attempt + 1, read=read(await response.json()))
                        return
                    if response.status not in (500, 503):
                        saw("refusal", attempts=attempt + 1, status=response.status, text=text)
                        return
                    wait = 2**attempt
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            saw("failure", kind=type(error).__name__)
            wait = 1
        if attempt < ATTEMPTS - 1:
            await asyncio.sleep(wait)
    saw("lost", attempts=ATTEMPTS)


async def report(url: str, key: str | None, kind: str, levels: dict, message: str) -> None:
    payload = {"message": message, **levels, "severity_score": 1.0,
               "context": {"source": "discord_bot_v3.1", "timestamp": time.time(), "correction_type": kind}}
    async with aiohttp.ClientSession() as session:
        async with session.post(f"{url}/analyze_{kind}", json=payload, timeout=aiohttp.ClientTimeout(total=30),
                                headers={"Content-Type": "application/json", **keyed(key)}) as response:
            answer = await response.json()
            saw("feedback", path=f"/analyze_{kind}", status=response.status, success=response.status == 200,
                patterns=answer.get("patterns_discovered", 0), adjustments=answer.get("confidence_adjustments", 0),
                record_id=answer.get("record_id"))


async def statistics(url: str, key: str | None) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/stats", timeout=aiohttp.ClientTimeout(total=10), headers=keyed(key)) as response:
            stats = await response.json()
            saw("stats", status=response.status,
                ensemble="active" if stats.get("model_loaded", False) else "inactive",
                total_requests=stats.get("total_requests", 0), successful=stats.get("successful_analyses", 0),
                failed=stats.get("failed_analyses", 0), uptime=stats.get("uptime_seconds", 0),
                model_version=stats.get("model_version", "unknown"))


async def main() -> None:
    asked = arguments(__doc__)
    for attempt in patiently(asked.start_within):
        if await usable(asked.url):
            saw("start", attempts=attempt)
            break
    else:
        saw("no start")
        give_up()
    for _ in range(asked.again):
        for message in asked.message:
            await analyze(asked.url, asked.key, message)
    if asked.feedback:
        await report(asked.url, asked.key, "false_positive",
                     {"detected_level": "medium", "correct_level": "none"}, "this boss fight is murder")
        await report(asked.url, asked.key, "false_negative",
                     {"should_detect_level": "high", "actually_detected": "low"}, "i gave my cat away today")
        await statistics(asked.url, asked.key)


asyncio.run(main())
