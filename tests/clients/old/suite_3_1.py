"""Asks as the phrase test suite 3.1 and its tuning tools do: requests, 30 s; any other status than 200, and any lost
connection, is tried again three times, one second apart.
"""

import time

import requests

from observe import arguments, give_up, keyed, patiently, saw

RETRIES = 3
JSON = {"Content-Type": "application/json"}


def healthy(url: str) -> dict | None:
    try:
        response = requests.get(f"{url}/health", timeout=30, headers=JSON)
    except requests.exceptions.RequestException:
        return None
    health = response.json() if response.status_code == 200 else {}
    return health if health.get("status") == "healthy" else None


def analyze(url: str, key: str | None, message: str) -> None:
    body = {"message": message, "user_id": "ash_thrash_test", "channel_id": "testing_channel"}
    for attempt in range(RETRIES + 1):
        try:
            response = requests.post(f"{url}/analyze", json=body, timeout=30, headers=JSON | keyed(key))
            if response.status_code == 200:
                answer = response.json()
                saw("verdict", attempts=attempt + 1, read={
                    "crisis_level": answer.get("crisis_level", "unknown"),
                    "confidence": f"{answer.get('confidence_score', 0.0):.3f}",
                    "needs_response": answer.get("needs_response", False),
                    "took": f"{answer.get('processing_time_ms', 0.0):.1f}",
                    "method": answer.get("method", "unknown"),
                    "reasoning": answer.get("reasoning"),
                    "categories": answer.get("detected_categories"),
                })
                return
            saw("failure", kind=str(response.status_code))
        except requests.exceptions.RequestException as error:
            saw("failure", kind=type(error).__name__)
        if attempt < RETRIES:
            time.sleep(1)
    saw("lost", attempts=RETRIES + 1)


def compare_labels(url: str, key: str | None) -> None:
    """Finds the sets, switches to each, and back to the first."""
    current = requests.get(f"{url}/admin/labels/current", timeout=10, headers=keyed(key)).json().get("current_set", "")
    sets = [each["name"] for each in requests.get(f"{url}/admin/labels/list", timeout=10, headers=keyed(key)).json()["sets"]]
    saw("label sets", current=current, sets=sets)
    for name in [*sets, current, "no_such_set"]:
        response = requests.post(f"{url}/admin/labels/switch", json={"label_set": name}, timeout=15, headers=keyed(key))
        switched = response.status_code == 200 and response.json().get("success", False)
        saw("switch", to=name, status=response.status_code, switched=switched)


def tune_weights(url: str, key: str | None) -> None:
    """Weights that add up to 1 as doubles do, in every mode; then those of the configuration again."""
    weights = {"depression_weight": 0.5274193548387097, "sentiment_weight": 0.10000000000000003,
               "distress_weight": 0.3725806451612903}
    for mode in ("consensus", "majority", "weighted"):
        response = requests.post(f"{url}/ensemble/set-weights", params=weights | {"ensemble_mode": mode}, timeout=10,
                                 headers=keyed(key))
        result = response.json() if response.status_code == 200 else {"weights": None}
        saw("weights", status=response.status_code, weights=result["weights"], mode=result.get("ensemble_mode"))
    response = requests.post(f"{url}/ensemble/refresh-weights", timeout=10, headers=keyed(key))
    saw("refresh", status=response.status_code)


def main() -> None:
    asked = arguments(__doc__)
    for attempt in patiently(asked.start_within):
        if health := healthy(asked.url):
            saw("start", attempts=attempt, version=health.get("version"), managers=health.get("total_managers"))
            break
    else:
        saw("no start")
        give_up()
    for _ in range(asked.again):
        for message in asked.message:
            analyze(asked.url, asked.key, message)
    compare_labels(asked.url, asked.key)
    tune_weights(asked.url, asked.key)


main()
