#!/bin/bash
# `synchrony migrate` and `synchrony partitions`: each migration once, whoever calls and however often; refusals; exit codes. TAP.
#
# Needs what cluster.py gives: PGHOST, PGUSER (a superuser) and SYNCHRONY_COMMAND.
set -u

here=$(cd "$(dirname "$0")" && pwd)
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

# exits CODE ARGUMENT...: runs synchrony with these arguments against $database; its output is in $output.
exits() {
    local wanted=$1 code=0
    shift
    SYNCHRONY_OWNER_DATABASE="host=$PGHOST dbname=$database user=${user:-$PGUSER}" "$SYNCHRONY_COMMAND" "$@" >"$output" 2>&1 </dev/null || code=$?
    [[ $code == "$wanted" ]] || { echo "# exit $code instead of $wanted"; return 1; }
}

says() {
    grep -Eq -- "$1" "$output"
}

says_not() {
    ! says "$1"
}

sql() {
    psql -XAtq -v ON_ERROR_STOP=1 -d "$database" -c "$1"
}

gives() {
    [[ $(sql "$2") == "$1" ]]
}

dump() {
    # shellcheck disable=SC1003
    pg_dump -s -d "$database" | grep -v '^\\'    # \restrict and \unrestrict carry a random key
}

fresh() {
    database=$1
    createdb "${@:2}" "$database"
}

migrations=$(find "$here/../../db/migrations" -name '[0-9]*.sql' | wc -l)

database=$PGDATABASE
dump >"$output.before"
ok 'migrate may be repeated' exits 0 migrate
dump >"$output.after"
ok 'and then changes nothing' cmp -s "$output.before" "$output.after"
rm -f "$output.before" "$output.after"
ok 'and each migration is noted once' gives "$migrations" 'SELECT count(*) FROM schema_migrations'
ok 'status: nothing is pending' exits 0 migrate --status
ok 'status names the first migration' says '0001.*events'
ok 'status says none is pending' says_not 'pending'

fresh empty
ok 'status of an empty database: exit 1' exits 1 migrate --status
ok 'status says what is pending' says '0001.*pending'
ok 'status changes nothing' gives 0 "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"
ok 'migrate of an empty database' exits 0 migrate
ok 'migrate tells a line per step' says '0001.*events'
ok 'migrate makes partitions ahead' gives t "SELECT count(*) >= 3 FROM pg_inherits WHERE inhparent = 'event_log'::regclass"
ok 'status afterwards: exit 0' exits 0 migrate --status

fresh contended
SYNCHRONY_OWNER_DATABASE="host=$PGHOST dbname=contended user=$PGUSER"
export SYNCHRONY_OWNER_DATABASE
pids=()
for _ in 1 2 3 4; do
    "$SYNCHRONY_COMMAND" migrate >>"$output" 2>&1 </dev/null &
    pids+=($!)
done
failures=0
for pid in "${pids[@]}"; do
    wait "$pid" || failures=$((failures + 1))
done
ok 'four migrations at once all succeed' test "$failures" = 0
ok 'and apply each migration once' gives "$migrations" 'SELECT count(*) FROM schema_migrations'

fresh changed
ok 'a database of its own' exits 0 migrate
sql "UPDATE schema_migrations SET checksum = repeat('0', 64) WHERE number = 1"
ok 'a migration whose text has changed is refused' exits 1 migrate
ok 'by name' says '0001'
ok 'status: exit 1' exits 1 migrate --status

fresh newer
ok 'another one' exits 0 migrate
sql "INSERT INTO schema_migrations VALUES (9999, 'future', repeat('0', 64))"
ok 'a migration of a newer program is refused' exits 1 migrate
ok 'by name' says 'future'

fresh ascii -E SQL_ASCII -T template0
ok 'a database that is not UTF-8 is refused' exits 1 migrate
ok 'and left empty' gives 0 "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"

# Without a superuser: a member of synchrony_owner that owns the database.
database=$PGDATABASE sql 'CREATE ROLE migrator LOGIN IN ROLE synchrony_owner'
fresh delegated -O migrator
user=migrator
ok 'a member of synchrony_owner may migrate' exits 0 migrate
ok 'and synchrony_owner owns the tables' gives synchrony_owner "SELECT tableowner FROM pg_tables WHERE tablename = 'events'"
unset user

fresh forbidden
user=synchrony_writer
ok 'the writer may not migrate' exits 1 migrate
unset user
ok 'and nothing was made' gives 0 "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace"

database=empty
count="SELECT count(*) FROM pg_inherits WHERE inhparent = 'event_log'::regclass"
ok 'partitions 14 months ahead' exits 0 partitions --ahead 14
ok 'are told' says 'event_log_2[0-9]{3}_[0-9]{2}_[0-9]{2}'
ok 'and made: at least 14 months of weeks' gives t "SELECT count(*) BETWEEN 14 * 4 AND 16 * 5 FROM pg_inherits WHERE inhparent = 'event_log'::regclass"
n_made=$(sql "$count")
ok 'repeated, they are there' exits 0 partitions --ahead 14
ok 'and nothing is told' says_not 'event_log_2'
for argument in -1 x 1000 '' 1.5; do
    ok "partitions --ahead '$argument' is a usage error" exits 2 partitions --ahead "$argument"
done
ok 'partitions without a number' exits 0 partitions
ok 'nothing was undone' gives "$n_made" "$count"
user=synchrony_operator
ok 'the operator may keep partitions' exits 0 partitions --ahead 15
unset user
ok 'and has made those of one month more' gives t "SELECT count(*) - $n_made BETWEEN 4 AND 5 FROM pg_inherits WHERE inhparent = 'event_log'::regclass"

# shellcheck disable=SC2016
ok 'exit 69 without a server' env SYNCHRONY_OWNER_DATABASE="host=/nonexistent dbname=x" bash -c '"$SYNCHRONY_COMMAND" migrate >/dev/null 2>&1; [[ $? == 69 ]]'
database=$PGDATABASE
ok 'an unknown sub-command is a usage error' exits 2 nonsense
ok 'so is an unknown option' exits 2 migrate --nonsense
ok 'so is nothing at all' exits 2
ok '--version' exits 0 --version
ok 'tells a version' says '[0-9]+\.[0-9]+'
ok '--help' exits 0 --help
ok 'names the sub-commands' says migrate

ok 'roles.sql may be repeated' psql -Xq -v ON_ERROR_STOP=1 -f "$here/../../db/roles.sql"

echo "1..$tests"
