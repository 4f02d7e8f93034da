#!/bin/sh
# Commands at /graphql, reads under /api, and changes as a stream, with curl and jq.
set -eu
url=${MANDATE:-http://127.0.0.1:8000}
authorization="Authorization: Bearer $TOKEN"

graphql() {
    curl --silent --show-error --fail-with-body "$url/graphql" -H "$authorization" -H "Content-Type: application/json" \
        -d "$(jq -n --arg query "$1" --argjson variables "$2" '{$query, $variables}')"
}

submitted=$(graphql 'mutation ($input: SubmitDeploymentRequestInput!) {
    submitDeploymentRequest(input: $input) {
      __typename
      ... on DeploymentRequestRecorded { position deploymentRequest { id reference } }
      ... on Refusal { message }
    }
  }' '{"input": {
    "force": "Kosovo Security Force", "strength": 120, "region": "xk/north/zubin-potok",
    "purpose": "EXERCISE: to secure the repair of the canal.",
    "period": {"start": "2035-01-01T00:00:00Z", "end": "2035-04-01T00:00:00Z"},
    "idempotencyKey": "'"$(date +%s)-$$"'"
  }}')
echo "$submitted" | jq --exit-status '.data.submitDeploymentRequest | if .message then error(.message) else . end' >/dev/null
id=$(echo "$submitted" | jq -r .data.submitDeploymentRequest.deploymentRequest.id)
position=$(echo "$submitted" | jq -r .data.submitDeploymentRequest.position)

# Everything is read with GET too; atLeast reads what was just written.
curl --silent --show-error --fail-with-body -H "$authorization" "$url/api/requests/$id?atLeast=$position" |
    jq -r '"read \(.reference) \(.status)"'

graphql 'mutation ($input: DeploymentRequestCommandInput!) {
    withdrawDeploymentRequest(input: $input) { __typename ... on Refusal { message } }
  }' "$(jq -n --arg id "$id" '{input: {$id, reason: "EXERCISE: an example."}}')" >/dev/null

# Events after a position, as they are recorded: each is a `data:` line of a stream. The first one ends it here.
{
    curl --silent --no-buffer -G "$url/graphql" -H "$authorization" -H "Accept: text/event-stream" \
        --data-urlencode 'query=subscription ($after: Position, $id: ID) {
          eventsRecorded(after: $after, subject: $id) { type subject { ... on DeploymentRequest { reference } } }
        }' --data-urlencode "variables=$(jq -n --arg after "$position" --arg id "$id" '{$after, $id}')" &
    echo "curl: $!"
    wait
} | while read -r name value; do
    case $name in
    curl:) following=$value ;;
    data:)
        echo "$value" | jq -r '.data.eventsRecorded | "followed \(.subject.reference) \(.type)"'
        kill "$following"
        break
        ;;
    esac
done
