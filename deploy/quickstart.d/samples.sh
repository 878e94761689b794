# A handful of events as a bank's page would send them, and what comes back. Each command is shown as one would type it.
# The times are those of today's first minute and the identities follow from the day: a second run on the same day stores nothing twice.
# shellcheck shell=bash

samples_post() {
    local day
    day=$(date -u +%F)
    echo
    samples_visit_one "$day"
    samples_visit_two "$day"
    samples_read
}

# Somebody looks at his accounts: the second page view replaces the first as the current item; the history keeps both.
samples_visit_one() {
    sample_post "{\"event_type\":\"page_view\",\"session_id\":\"s-1001\",$(sample_identity "$1" 1),\"page_url\":\"https://bank.example/login\",\"device_info\":{\"type\":\"desktop\",\"screen\":\"1920x1080\"}}"
    sample_post "{\"event_type\":\"page_view\",\"session_id\":\"s-1001\",$(sample_identity "$1" 2),\"page_url\":\"https://bank.example/accounts\",\"device_info\":{\"type\":\"desktop\",\"screen\":\"1920x1080\"}}"
}

# Somebody else compares loans and gives up halfway through the form; a number comes back as it was written.
samples_visit_two() {
    sample_post "{\"event_type\":\"page_view\",\"session_id\":\"s-1002\",$(sample_identity "$1" 3),\"page_url\":\"https://bank.example/loans\",\"device_info\":{\"type\":\"phone\"}}"
    sample_post "{\"event_type\":\"product_click\",\"session_id\":\"s-1002\",$(sample_identity "$1" 4),\"page_url\":\"https://bank.example/loans\",\"event_properties\":{\"product\":\"home loan\",\"rate_percent\":1.10}}"
    sample_post "{\"event_type\":\"form_abandon\",\"session_id\":\"s-1002\",$(sample_identity "$1" 5),\"page_url\":\"https://bank.example/loans/apply\",\"event_properties\":{\"form\":\"home loan\",\"last_field\":\"income\",\"seconds\":74}}"
}

# The members that make a repetition harmless: a UUID of the day and the number, and a time.
sample_identity() {
    printf '"event_id":"%s-0000-8000-8000-%012d","timestamp":"%sT00:00:%02dZ"' "${1//-/}" "$2" "$1" "$2"
}

samples_read() {
    sample_get "$(url)?event_type=page_view"
    sample_get "$(url)?event_type=product_click&session_id=s-1002"
}

sample_post() {
    printf "$ curl --json '%s' %s\n" "$1" "$(url)"
    sample_answer 201 --json "$1" "$(url)"
}

sample_get() {
    printf "$ curl '%s'\n" "$1"
    sample_answer 200 "$1"
}

# sample_answer STATUS CURL-ARGUMENT...: show the answer, and fail on any other status.
sample_answer() {
    local want=$1 answer
    shift
    answer=$(curl -sS -m 20 -w '\n%{http_code}' "$@") || fail 'the web server does not answer'
    printf '%s\n' "${answer%$'\n'*}"
    [[ ${answer##*$'\n'} == "$want" ]] || fail "the answer's status is ${answer##*$'\n'}, not $want; see $LOG"
}
