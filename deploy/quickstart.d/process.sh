# Processes that outlive a function: NAME is remembered as "PID START" in run/NAME.pid, and is only ever ended by that pid.
# The time of the start tells it from a stranger who has got the same pid since. Linux's /proc is used, as ps may be missing.
# shellcheck shell=bash

# process_look PID: put the fields of /proc/PID/stat from the third on into LOOK; false for a process that is gone or a zombie.
LOOK=()
readonly LOOK_STATE=0 LOOK_GROUP=2 LOOK_START=19
process_look() {
    local line
    { read -r line <"/proc/$1/stat"; } 2>/dev/null || return 1
    read -ra LOOK <<<"${line##*) }"
    [[ ${LOOK[LOOK_STATE]} != Z ]]
}

# Whether SIGINT (bit 1) was ignored when this shell was started.
process_ignores_sigint() {
    local mask
    mask=$(sed -n 's/^SigIgn:[[:space:]]*//p' "/proc/$$/status")
    ((0x$mask & 2))
}

process_pid() {
    local pid
    { read -r pid _ <"$RUN/$1.pid"; } 2>/dev/null && printf '%s\n' "$pid"
}

process_is_alive() {
    local pid start
    { read -r pid start <"$RUN/$1.pid"; } 2>/dev/null || return 1
    process_look "$pid" && [[ ${LOOK[LOOK_START]} == "$start" ]]
}

# process_spawn NAME LOGFILE COMMAND...: start it in a session and an environment of its own.
process_spawn() {
    local name=$1 log=$2
    shift 2
    setsid env -i --default-signal=INT,QUIT,PIPE PATH="$PATH" LANG=C.UTF-8 "$@" </dev/null >>"$log" 2>&1 9>&- &
    process_remember "$name" "$!" || true     # dead already: process_is_alive will say so
}

process_remember() {
    process_look "$2" && echo "$2 ${LOOK[LOOK_START]}" >"$RUN/$1.pid"
}

process_signal() {
    kill "-$2" "$(process_pid "$1")" 2>/dev/null || fail "process $(process_pid "$1") belongs to somebody else"
}

# await SECONDS CONDITION...: true as soon as the condition is.
await() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@"; do
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

process_is_dead() {
    ! process_is_alive "$1"
}

process_await_end() {
    await "$2" process_is_dead "$1"
}

# True while no process is left of the group that pid PID leads or led. A zombie waits for its parent only.
group_is_gone() {
    local folder
    for folder in /proc/[0-9]*; do
        if process_look "${folder#/proc/}" && [[ ${LOOK[LOOK_GROUP]} == "$1" ]]; then
            return 1
        fi
    done
}

# process_end_group NAME SIGNAL SECONDS: ask its leader to end by SIGNAL; whoever of its group is left then gets SIGTERM, then SIGKILL.
# A leader that is dead may have left children; as long as one lives, the kernel gives the leader's number to nobody else.
process_end_group() {
    local pid
    pid=$(process_pid "$1") || return 0
    if process_is_alive "$1"; then
        process_signal "$1" "$2"
        await "$3" group_is_gone "$pid" && return 0
    elif process_look "$pid" || group_is_gone "$pid"; then
        return 0
    fi
    kill -TERM -- "-$pid" 2>/dev/null || true
    await 6 group_is_gone "$pid" && return 0
    kill -KILL -- "-$pid" 2>/dev/null || true
    await 3 group_is_gone "$pid"
}
