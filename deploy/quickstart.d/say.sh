# What the user sees: one line per step with the time it took, and one line on standard error when something fails.
# shellcheck shell=bash

STEP_BEGAN=
STEP_JOB=

# step TITLE: say what begins; step_done says how long it took.
step() {
    printf '%-56s' "$1 ..."
    STEP_BEGAN=$SECONDS
}

step_done() {
    printf ' %3d s\n' $((SECONDS - STEP_BEGAN))
    STEP_BEGAN=
}

say_end_of_line() {
    if [[ -n $STEP_BEGAN ]]; then
        printf '\n'
        STEP_BEGAN=
    fi
}

# quietly LOGFILE COMMAND...: run it with its output in LOGFILE, or fail with the last lines of it.
# It runs in the background, for a signal to be obeyed at once, and as a group of its own, to be ended as a whole.
quietly() {
    local log=$1
    shift
    setsid "$@" </dev/null >>"$log" 2>&1 9>&- &
    STEP_JOB=$!
    if ! wait "$STEP_JOB"; then
        STEP_JOB=
        say_end_of_line
        tail -n 12 "$log" | sed 's/^/    /' >&2
        fail "that failed: ${*##*/}; all of it is in $log"
    fi
    STEP_JOB=
}

step_kill() {
    if [[ -n $STEP_JOB ]]; then
        kill -TERM -- "-$STEP_JOB" 2>/dev/null || true
    fi
}

fail() {
    say_end_of_line
    printf 'quickstart: %s\n' "$1" >&2
    exit 1
}

usage_error() {
    printf 'quickstart: %s; see %s --help\n' "$1" "$0" >&2
    exit 2
}
