"""Asks as the Discord bot 3.0 does: aiohttp, 30 s, three attempts; 503 and timeouts are tried again, nothing else.

It starts only if /health says exactly "healthy", and counts levels in a table that has no "critical".
"""

import asyncio
import time

import aiohttp

from observe import arguments, give_up, keyed, patiently, saw

ATTEMPTS = 3
COUNTED = {"low": 0, "medium": 0, "high": 0}


async def healthy(url: str) -> bool:
    try:
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}/health", timeout=aiohttp.ClientTimeout(total=10)) as response:
                return response.status == 200 and (await response.json()).get("status") == "healthy"
    except (aiohttp.ClientError, asyncio.TimeoutError):
        return False


def read(answer: dict) -> dict:
    """What it keeps of an answer. Whatever is not as it expects raises here, as it did there."""
    analysis = answer.get("analysis", {})
    ensemble = analysis.get("ensemble_analysis", {})
    predictions = ensemble.get("predictions", {})
    level = answer.get("crisis_level", "none")
    if level != "none":
        COUNTED[level] += 1
    return {
        "needs_response": answer.get("needs_response", False),
        "crisis_level": level,
        "confidence": f"{answer.get('confidence_score', 0.0):.3f}",
        "took": f"{answer.get('processing_time_ms', 0.0):.1f}",
        "categories": list(answer.get("detected_categories", [])),
        "requires_staff_review": answer.get("requires_staff_review", False),
        "gaps_detected": answer.get("gaps_detected", False),
        "reasoning": answer.get("reasoning", ""),
        "consensus": ensemble.get("consensus", {}).get("method", "unknown"),
        "disagree": len(set(predictions.values())) > 1,
        "confidences": {m: f"{ensemble.get('confidence_scores', {}).get(m, 0.0):.3f}" for m in predictions},
        "gap_details": len(analysis.get("gap_details", [])),
        "thresholds": bool(analysis.get("thresholds_used", {})),
    }


async def analyze(url: str, key: str | None, message: str) -> None:
    for attempt in range(ATTEMPTS):
        payload = {"message": message, "user_id": str(184021847293001728), "channel_id": str(1101222333444555666),
                   "timestamp": time.time()}
        try:
            async with aiohttp.ClientSession() as session:
                async with session.post(f"{url}/analyze", json=payload, timeout=aiohttp.ClientTimeout(total=30),
                                        headers={"Content-Type": "application/json", **keyed(key)}) as response:
                    if response.status == 200:
                        saw("verdict", attempts=attempt + 1, read=read(await response.json()))
                        return
                    if response.status != 503:
                        saw("refusal", attempts=attempt + 1, status=response.status, text=await response.text())
                        return
                    wait = 2**attempt
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            saw("failure", kind=type(error).__name__)
            wait = 1
        if attempt < ATTEMPTS - 1:
            await asyncio.sleep(wait)
    saw("lost", attempts=ATTEMPTS)


REPORTS = [
    {"id": "fp_1753911604", "type": "false_positive", "path": "/analyze_false_positive", "text": "this exam is killing me",
     "error": {"detected_level": "medium", "correct_level": "none", "severity_score": 7}},
    {"id": "fn_1753911605", "type": "false_negative", "path": "/analyze_false_negative", "text": "i gave my dog away today",
     "error": {"should_detect_level": "high", "actually_detected": "none", "severity_score": 10}},
]


async def report(url: str, key: str | None, entry: dict) -> None:
    """Two requests for one report, as it sends them: the analysis, then the update."""
    context = {"description": "No additional context provided"}
    analysis = {"message": entry["text"], "context": context, **entry["error"]}
    update = {
        "learning_record_id": entry["id"], "record_type": entry["type"], "context_data": context,
        "message_data": {"content": entry["text"], "author_id": 184021847293001728, "author_name": "somebody",
                         "channel_id": 1101222333444555666, "guild_id": 1001222333444555666,
                         "message_id": 1200000000000000001, "timestamp": "2025-07-30T21:40:04.376699+00:00",
                         "link": "https://discord.com/channels/1/2/3"},
        "correction_data": {**entry["error"], "error_type": "over_detection"},
        "timestamp": "2025-07-30T21:41:00.000001+00:00",
    }
    async with aiohttp.ClientSession() as session:
        for path, payload in ((entry["path"], analysis), ("/update_learning_model", update)):
            async with session.post(f"{url}{path}", json=payload, timeout=aiohttp.ClientTimeout(total=30),
                                    headers=keyed(key)) as response:
                answer = await response.json()
                saw("feedback", path=path, status=response.status, success=answer.get("status") == "success",
                    patterns=answer.get("patterns_discovered", 0), adjustments=answer.get("confidence_adjustments", 0),
                    applied=answer.get("learning_applied", False), record_id=answer.get("record_id"))


async def main() -> None:
    asked = arguments(__doc__)
    for attempt in patiently(asked.start_within):
        if await healthy(asked.url):
            saw("start", attempts=attempt)
            break
    else:
        saw("no start")
        give_up()
    for _ in range(asked.again):
        for message in asked.message:
            await analyze(asked.url, asked.key, message)
    if asked.feedback:
        for entry in REPORTS:
            await report(asked.url, asked.key, entry)
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{asked.url}/stats", headers=keyed(asked.key)) as response:
                saw("stats", status=response.status, is_object=isinstance(await response.json(), dict))
    saw("counted", levels=COUNTED)


asyncio.run(main())
