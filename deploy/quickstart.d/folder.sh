# The folder: postgres/ (the cluster), build/, log/, run/ (pids, the lock, sockets), synchrony.conf, and a marker without
# which nothing is ever removed. run/state says what the running `up` was told.
# shellcheck shell=bash

folder_make() {
    if [[ ! -e $DIR/$MARKER ]]; then
        mkdir -p -- "$DIR" 2>/dev/null || fail "cannot make the folder $DIR: choose another by --dir"
        [[ -z $(ls -A -- "$DIR" 2>/dev/null) ]] || fail "$DIR is not empty, and not a folder of quickstart: choose another by --dir"
        { echo 'Made by deploy/quickstart, which removes it by: destroy' >"$DIR/$MARKER"; } 2>/dev/null || fail "cannot write to the folder $DIR: choose another by --dir"
        echo '*' >"$DIR/.gitignore"
    fi
    mkdir -p "$RUN" "$LOG" 2>/dev/null || fail "cannot write to the folder $DIR: choose another by --dir"
    [[ -w $DIR && -w $RUN && -w $LOG ]] || fail "cannot write to the folder $DIR: choose another by --dir"
}

# One `up` at a time; file descriptor 9 holds the lock as long as the script lives, and no server inherits it.
folder_lock() {
    { exec 9>"$RUN/lock"; } 2>/dev/null || fail "cannot write to the folder $RUN: choose another by --dir"
    flock -n 9 || fail "another quickstart is at work on $DIR (process $(process_pid quickstart || echo unknown))"
    folder_read_state
    if web_is_running || cluster_is_running; then
        fail "already running on $(url_of_state): end it by: $(folder_command stop)"
    fi
    servers_down    # nothing, but for what servers that were killed have left
}

folder_check() {
    [[ -f $DIR/$MARKER ]] || fail "not a folder of quickstart: $DIR"
}

# How to call us again for this folder.
folder_command() {
    local option=''
    if [[ $DIR != "$TOP/var/quickstart" ]]; then
        option=" --dir $DIR"
    fi
    printf '%s%s %s%s' "${SUDO_USER:+sudo }" "$0" "$1" "$option"
}

# Where sockets go: below run/ unless the path is too long for a socket's address (107 bytes); then a private folder in /tmp.
folder_make_sockets() {
    SOCKETS=$RUN
    if (($(printf %s "$RUN" | wc -c) > 85)); then
        SOCKETS=$(mktemp -d /tmp/synchrony.XXXXXX) || fail 'cannot make a folder in /tmp'
        chmod 0711 "$SOCKETS"
    fi
    folder_write_state
}

folder_write_state() {
    printf '%s=%s\n' server "$SERVER" port "$PORT" sockets "$SOCKETS" >"$RUN/state"
    folder_read_state
}

# Sets STATE_SERVER, STATE_PORT and SOCKETS, empty if nothing runs here.
folder_read_state() {
    local name value
    STATE_SERVER='' STATE_PORT='' SOCKETS=''
    [[ -r $RUN/state ]] || return 0
    while IFS='=' read -r name value; do
        case $name in
            server) STATE_SERVER=$value ;;
            port) STATE_PORT=$value ;;
            sockets) SOCKETS=$value ;;
        esac
    done <"$RUN/state"
}

url_of_state() {
    local PORT=$STATE_PORT
    url
}

folder_forget_run() {
    if [[ ${SOCKETS:-} == /tmp/synchrony.* ]]; then
        rm -rf -- "$SOCKETS"
    fi
    rm -rf -- "$RUN/state" "$RUN"/*.pid "$RUN/db" "$RUN/web"
}
