#!/bin/bash
# `synchrony key` and `synchrony plan`: what they take, what they print, and what they refuse; exit codes. TAP.
#
# Needs what cluster.py gives: PGHOST, PGDATABASE, PGUSER and SYNCHRONY_COMMAND; leaves keys and its record there, so it runs behind the SQL.
set -u

output=$(mktemp)
trap 'rm -f "$output"' EXIT
tests=0

# ok NAME COMMAND...: passes when the command succeeds.
ok() {
    local name=$1
    shift
    tests=$((tests + 1))
    if "$@"; then
        echo "ok $tests - $name"
    else
        echo "not ok $tests - $name"
        sed 's/^/# /' "$output"
    fi
}

# exits CODE ARGUMENT...: runs synchrony with these arguments as $user; what it prints is in $output.
exits() {
    local wanted=$1 code=0
    shift
    SYNCHRONY_OWNER_DATABASE="host=$PGHOST dbname=$PGDATABASE user=${user:-$PGUSER}" "$SYNCHRONY_COMMAND" "$@" >"$output" 2>&1 </dev/null || code=$?
    [[ $code == "$wanted" ]] || { echo "# exit $code instead of $wanted"; return 1; }
}

says() {
    grep -qE -- "$1" "$output"
}

# The id of the key that was printed.
id() {
    grep -oE 'syk_[0-9A-Za-z]{8}' "$output" | head -n 1
}

user=synchrony_operator
ok 'there are no plans' exits 0 plan list
ok 'and it says so' says '^There are no plans\.$'
ok 'as JSON' exits 0 plan list --json
ok 'an empty array' says '^\[\]$'
ok 'a plan is put by the operator' exits 0 plan put --rate 0.5 --burst 10 --quota 1000 slow
ok 'a plan without a burst' exits 2 plan put --rate 1 x
ok 'a plan of no rate' exits 1 plan put --rate 0 --burst 1 x
ok 'a plan with a rate that is no number' exits 1 plan put --rate fast --burst 1 x
ok 'a plan without a name' exits 2 plan put --rate 1 --burst 1
ok 'it is listed' exits 0 plan list
ok 'with its numbers' says '^slow +0\.5 +10 +1000 +0$'

ok 'there are no keys' exits 0 key list
ok 'and it says so' says '^There are no keys\.$'
ok 'a key is made' exits 0 key create --scope ingest,read --plan slow --origin 'https://*.shop.example' --event-type click --expires 90d 'the shop'
ok 'and printed' says '^syk_[0-9A-Za-z]{49}$'
ok 'with a word on its id' says 'shown this once'
shop=$(id)
ok 'a key as JSON' exits 0 key create --scope metrics --json prometheus
ok 'with id and key' says '^\{"id":"(syk_[0-9A-Za-z]{8})","key":"\1[0-9A-Za-z]{41}"\}$'
ok 'a key without a scope' exits 2 key create x
ok 'a scope that is none' exits 2 key create --scope owner x
ok 'an origin that is none' exits 2 key create --scope ingest --origin '*' x
ok 'a time that is none' exits 2 key create --scope ingest --expires 90 x
ok 'a plan that is not there' exits 1 key create --scope ingest --plan none x
ok 'in words' says '^synchrony: key create: there is no plan none$'
ok 'a key without a name' exits 2 key create --scope ingest
ok 'an option of another action' exits 2 key list --plan slow
ok 'an action that is none' exits 2 key make
ok 'they are listed' exits 0 key list
ok 'with what people need' says "^$shop  valid +ingest,read +slow .* the shop\$"
ok 'and none of them whole' bash -c '! grep -qE "syk_[0-9A-Za-z]{9}" "$1"' check "$output"
ok 'as JSON' exits 0 key list --json
ok 'with all there is' says '"key_id":"'"$shop"'","key_name":"the shop","state":"valid","scopes":\["ingest","read"\],"plan_name":"slow","allowed_origins":\["https://\*\.shop\.example"\],"allowed_event_types":\["click"\]'
ok 'but no digest' bash -c '! grep -q digest "$1"' check "$output"
ok 'a plan in use stays' exits 1 plan remove slow
ok 'a key is rotated' exits 0 key rotate --grace 1h "$shop"
ok 'into another' says '^syk_[0-9A-Za-z]{49}$'
next=$(id)
ok 'both are valid' exits 0 key list
ok 'the old one until its grace is over' says "^$shop  valid"
ok 'the new one' says "^$next  valid"
ok 'a key is revoked' exits 0 key revoke "$shop"
ok 'at once' exits 0 key list
ok 'and says so' says "^$shop  revoked"
ok 'one that is not there' exits 1 key revoke syk_nothing1
ok 'a revoked one is not rotated' exits 1 key rotate "$shop"
ok 'the last key of a plan is revoked' exits 0 key revoke "$next"
ok 'and the plan removed' exits 0 plan remove slow
ok 'a plan that is not there' exits 1 plan remove slow
ok 'the record has it all' test "$(psql -Atc "SELECT string_agg(action, ' ' ORDER BY audit_id) FROM audit_log WHERE actor LIKE 'role:synchrony_operator %'")" = \
    'plan.put key.create key.create key.rotate key.revoke key.revoke plan.remove'

for role in synchrony_writer synchrony_reader synchrony_report; do
    user=$role
    ok "$role makes no key" exits 1 key create --scope read x
    ok "$role lists none" exits 1 key list
    ok "$role puts no plan" exits 1 plan put --rate 1 --burst 1 x
done
user=nobody_there
ok 'a database that refuses' exits 69 key list
echo "1..$tests"
