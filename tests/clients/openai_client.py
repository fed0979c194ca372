"""The official openai client, as it is, against a running Ash-NLP: openai_client.py BASE_URL API_KEY

BASE_URL without /v1; API_KEY is one that may analyze. Says "ok" if every promise is kept.
"""

import sys

import openai

CRISIS = "i have the pills here and i am going to take them all tonight, goodbye everyone"
CALM = "anyone up for a game tonight? bring snacks"
CATEGORIES = {
    "harassment", "harassment/threatening", "hate", "hate/threatening", "illicit", "illicit/violent", "self-harm",
    "self-harm/instructions", "self-harm/intent", "sexual", "sexual/minors", "violence", "violence/graphic",
}


def a_string_has_one_typed_result(client):
    answer = client.moderations.create(model="omni-moderation-latest", input=CRISIS)
    assert isinstance(answer, openai.types.ModerationCreateResponse)
    assert answer.id.startswith("modr-") and answer.model.startswith("ash-nlp-"), answer
    (result,) = answer.results
    assert result.flagged is True
    assert result.categories.self_harm is True and result.categories.self_harm_intent is True
    assert result.category_scores.self_harm >= 0.5 and result.category_scores.self_harm_intent >= 0.5
    assert result.category_applied_input_types.self_harm == ["text"]
    assert result.categories.self_harm_instructions is False and result.categories.violence is False
    # The client keeps what it does not know.
    assert result.ash["level"] == "critical" and result.ash["is_degraded"] is False, result.ash
    # Nothing that its types promise is missing, and nothing is null.
    for part in (result.categories, result.category_scores, result.category_applied_input_types):
        told = part.model_dump(by_alias=True)
        assert set(told) == CATEGORIES and None not in told.values(), told


def a_list_has_a_result_each_in_its_order(client):
    answer = client.moderations.create(input=[CALM, CRISIS, "", CALM])
    assert [result.flagged for result in answer.results] == [False, True, False, False]


def content_parts_are_one_message(client):
    parts = [{"type": "text", "text": CALM}, {"type": "text", "text": CRISIS}]
    answer = client.moderations.create(model="omni-moderation-latest", input=parts)
    assert [result.flagged for result in answer.results] == [True]


def an_image_is_a_bad_request(client):
    image = {"type": "image_url", "image_url": {"url": "https://example.org/picture.png"}}
    error = raised(openai.BadRequestError, client.moderations.create, input=[image])
    assert error.param == "input[0].type" and "image" in error.message, error


def a_bad_input_is_a_bad_request(client):
    error = raised(openai.BadRequestError, client.moderations.create, input=7)
    assert (error.status_code, error.type, error.param) == (400, "invalid_request_error", "input"), error
    error = raised(openai.BadRequestError, client.moderations.create, input=["a" * 50_000])
    assert (error.code, error.param) == ("string_above_max_length", "input[0]"), error
    raised(openai.BadRequestError, client.moderations.create, input=["a"] * 101)


def a_wrong_key_is_an_authentication_error(client):
    error = raised(openai.AuthenticationError, client.with_options(api_key="ash_wrong").moderations.create, input=CALM)
    assert (error.status_code, error.code) == (401, "invalid_api_key"), error


def what_there_is_not_is_not_found(client):
    error = raised(openai.NotFoundError, client.embeddings.create, model="any", input=CALM)
    assert error.code == "unknown_url", error


def raised(kind, call, **arguments):
    try:
        call(**arguments)
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}")


def main():
    base, key = sys.argv[1:]
    client = openai.OpenAI(base_url=f"{base.rstrip('/')}/v1", api_key=key, timeout=60, max_retries=2)
    for promise in (
        a_string_has_one_typed_result,
        a_list_has_a_result_each_in_its_order,
        content_parts_are_one_message,
        an_image_is_a_bad_request,
        a_bad_input_is_a_bad_request,
        a_wrong_key_is_an_authentication_error,
        what_there_is_not_is_not_found,
    ):
        promise(client)
        print(promise.__name__.replace("_", " "))
    print("ok")


if __name__ == "__main__":
    main()
