# The private PostgreSQL: one cluster in postgres/, on a Unix socket only, for the users whom pg_ident.conf names and nobody else.
# PostgreSQL's own pid file is believed, so that one may stop and start it by pg_ctl meanwhile. Durability is PostgreSQL's default: on.
# shellcheck shell=bash

readonly CLUSTER_PORT=5432      # no TCP: part of the socket's name
readonly CLUSTER_ROLES=(postgres synchrony_writer synchrony_reader synchrony_report synchrony_operator)

cluster_up() {
    cluster_choose_user
    folder_make_sockets
    cluster_create
    cluster_find_programs
    cluster_configure
    cluster_start
    cluster_migrate
}

# Root may not run PostgreSQL. A cluster that exists keeps its owner.
cluster_choose_user() {
    CLUSTER_USER=$(id -un)
    if [[ -e $DIR/postgres ]]; then
        CLUSTER_USER=$(stat -c %U "$DIR/postgres")
    elif ((EUID == 0)); then
        CLUSTER_USER=$(unprivileged_user)
    fi
    set_become "$CLUSTER_USER"
}

unprivileged_user() {
    if id -u postgres >/dev/null 2>&1; then
        echo postgres
    else
        echo nobody
    fi
}

# BECOME: what to put before a command for USER to run it.
set_become() {
    BECOME=()
    if ((EUID == 0)); then
        BECOME=(setpriv "--reuid=$1" "--regid=$(id -g "$1")" --init-groups --)
    fi
}

# PostgreSQL, and the web server, run as somebody who must be able to get to the folder.
cluster_check_reach() {
    local folder=$DIR
    ((EUID == 0)) || return 0
    set_become "$(unprivileged_user)"
    "${BECOME[@]}" test -x "$DIR" && return 0
    while [[ -n ${folder%/*} ]] && ! "${BECOME[@]}" test -x "${folder%/*}"; do
        folder=${folder%/*}
    done
    fail "PostgreSQL runs as $(unprivileged_user), who may not enter $folder: ${SUDO_USER:+do without sudo, or }choose another place, such as --dir /var/tmp/synchrony"
}

# Made aside and renamed: what an interrupted run leaves is no cluster.
cluster_create() {
    local fresh=$DIR/postgres.new
    [[ ! -e $DIR/postgres ]] || return 0
    step 'making a PostgreSQL cluster'
    rm -rf -- "$fresh"
    install -d -m 0700 "$fresh"
    cluster_give "$fresh"
    quietly "$LOG/postgresql.log" "${BECOME[@]}" \
        "/usr/lib/postgresql/$(postgresql_newest)/bin/initdb" -D "$fresh" -U postgres -A peer -E UTF8 --locale=C.UTF-8
    mv "$fresh" "$DIR/postgres"
    step_done
}

cluster_give() {
    if ((EUID == 0)); then
        chown "$CLUSTER_USER:" "$1"
    fi
}

cluster_find_programs() {
    local version
    version=$(<"$DIR/postgres/PG_VERSION")
    CLUSTER_BIN=/usr/lib/postgresql/$version/bin
    [[ -x $CLUSTER_BIN/postgres ]] || fail "the data in $DIR/postgres are of PostgreSQL $version, which is not installed"
}

# In files, not on the command line, so that pg_ctl can stop and start the cluster by hand.
cluster_configure() {
    local data=$DIR/postgres
    cluster_make_socket_folder
    "${BECOME[@]}" tee "$data/quickstart.conf" >/dev/null <<END
# Written by deploy/quickstart at each start; settings of your own go to postgresql.conf, below the include.
listen_addresses = ''
port = $CLUSTER_PORT
unix_socket_directories = '$SOCKETS/db'
log_line_prefix = '%m [%p] %u@%d '
cluster_name = 'synchrony quickstart'
END
    if ! grep -q "^include = 'quickstart.conf'" "$data/postgresql.conf"; then
        "${BECOME[@]}" tee -a "$data/postgresql.conf" >/dev/null <<<"include = 'quickstart.conf'"
    fi
    "${BECOME[@]}" tee "$data/pg_hba.conf" >/dev/null <<<'local all all peer map=quickstart'
    cluster_user_map | "${BECOME[@]}" tee "$data/pg_ident.conf" >/dev/null
}

# Only PostgreSQL's user and, as their group, the web server's; with sudo also the user behind it, who is to try psql.
cluster_make_socket_folder() {
    local mode=0750
    [[ -z ${SUDO_USER:-} ]] || mode=0711
    install -d -m "$mode" "$SOCKETS/db"
    if ((EUID == 0)); then
        chown "$CLUSTER_USER:$WEB_GROUP" "$SOCKETS/db"
    fi
}

# MAP-NAME SYSTEM-USER DATABASE-ROLE: who starts this may be anyone; the web server's user only what the responder needs.
cluster_user_map() {
    local user role
    while read -r user; do
        for role in "${CLUSTER_ROLES[@]}"; do
            echo "quickstart \"$user\" $role"
        done
    done < <(printf '%s\n' "$(id -un)" "$CLUSTER_USER" ${SUDO_USER:+"$SUDO_USER"} | sort -u)
    for role in synchrony_writer synchrony_reader; do
        echo "quickstart \"$WEB_USER\" $role"
    done
}

cluster_start() {
    step 'starting PostgreSQL'
    process_spawn postgres "$LOG/postgresql.log" "${BECOME[@]}" "$CLUSTER_BIN/postgres" -D "$DIR/postgres"
    await 60 cluster_answers_or_died || true
    process_is_alive postgres || fail "PostgreSQL does not start: $(tail -n 1 "$LOG/postgresql.log")"
    cluster_answers || fail "PostgreSQL does not answer within 60 s; see $LOG/postgresql.log"
    step_done
}

cluster_answers() {
    "$CLUSTER_BIN/pg_isready" -q -h "$SOCKETS/db" -p "$CLUSTER_PORT"
}

cluster_answers_or_died() {
    cluster_answers || process_is_dead postgres
}

cluster_connection() {
    printf 'host=%s port=%s dbname=%s user=%s' "$SOCKETS/db" "$CLUSTER_PORT" synchrony "$1"
}

# The connections hold no secret: the socket's other end asks the kernel who is there.
cluster_write_conf() {
    cat >"$CONF" <<END
# Written by deploy/quickstart at each start.
writer_database = "$(cluster_connection synchrony_writer)"
reader_database = "$(cluster_connection synchrony_reader)"
owner_database  = "$(cluster_connection postgres)"
run_directory   = "$SOCKETS/web"
queue_directory = "$DIR/queue"
END
}

cluster_migrate() {
    local ask=("$CLUSTER_BIN/psql" -X -A -t -h "$SOCKETS/db" -p "$CLUSTER_PORT" -U postgres -d postgres)
    step 'bringing the database up to date'
    if [[ -z $("${ask[@]}" -c "SELECT 1 FROM pg_database WHERE datname = 'synchrony'") ]]; then
        quietly "$LOG/migrate.log" "${ask[@]}" -c 'CREATE DATABASE synchrony'
    fi
    cluster_write_conf
    quietly "$LOG/migrate.log" env "SYNCHRONY_CONF=$CONF" "$OPERATOR" migrate
    step_done
}

# PostgreSQL's pid by its own account, if that process really works on our data.
cluster_pid() {
    local pid
    { read -r pid <"$DIR/postgres/postmaster.pid"; } 2>/dev/null || return 1
    [[ $(readlink "/proc/$pid/cwd") == "$DIR/postgres" ]] && printf '%s\n' "$pid"
}

cluster_is_running() {
    cluster_pid >/dev/null || process_is_alive postgres
}

cluster_is_down() {
    ! cluster_is_running
}

# Fast shutdown; immediate, if it takes too long: the next start then recovers.
cluster_down() {
    local pid
    cluster_is_running || return 0
    pid=$(cluster_pid || process_pid postgres)
    kill -INT "$pid"
    await 60 cluster_is_down && return 0
    kill -QUIT "$pid"
    await 10 cluster_is_down || fail "PostgreSQL (process $pid) does not end"
}

cluster_psql_command() {
    local psql=psql
    command -v psql >/dev/null || psql=$CLUSTER_BIN/psql
    printf '%s -h %s -p %s -U postgres synchrony' "$psql" "$SOCKETS/db" "$CLUSTER_PORT"
}

cluster_status() {
    if ! cluster_is_running; then
        echo 'PostgreSQL    not running'
        return 1
    fi
    echo "PostgreSQL    process $(cluster_pid || process_pid postgres)    $(cluster_psql_command)"
}
