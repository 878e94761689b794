# The web server and, as its child, the responder. Its configuration is the template of lighttpd/ or apache/ with this run's values.
# shellcheck shell=bash

WEB_USER=$(id -un)
WEB_GROUP=$(id -gn)
if ((EUID == 0)); then
    WEB_USER=www-data
    WEB_GROUP=www-data
fi

web_check_port() {
    local first_free=1024
    read -r first_free 2>/dev/null </proc/sys/net/ipv4/ip_unprivileged_port_start || true
    if ((EUID != 0 && PORT < first_free)); then
        fail "port $PORT is root's: choose one from $first_free on by --port"
    fi
    if (: <>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; then
        fail "port $PORT is in use: choose another by --port"
    fi
}

web_up() {
    web_make_folder
    web_fill_template "$HERE/$SERVER/standalone.conf.in" >"$DIR/$SERVER.conf"
    step "starting $SERVER and the responder"
    case $SERVER in
        lighttpd) process_spawn web "$LOG/lighttpd.log" lighttpd -D -f "$DIR/lighttpd.conf" ;;
        apache) process_spawn web "$LOG/apache.log" apache2 -DFOREGROUND -f "$DIR/apache.conf" ;;
    esac
    await 30 web_is_ready_or_died || true
    process_is_alive web || fail "$SERVER does not start: $(tail -n 1 "$LOG/$SERVER.log")"
    web_is_ready || fail "$(url)/readyz answers $(web_readyz); see $LOG"
    step_done
}

# lighttpd opens its logs as the user it becomes.
web_make_folder() {
    local logs=("$LOG"/{lighttpd,responder,access}.log)
    install -d -m 0700 "$SOCKETS/web" "$DIR/queue"
    if ((EUID == 0)); then
        chown "$WEB_USER:$WEB_GROUP" "$SOCKETS/web" "$DIR/queue"
        touch "${logs[@]}"
        chown "$WEB_USER:$WEB_GROUP" "${logs[@]}"
    fi
}

web_fill_template() {
    local text
    text=$(<"$1")
    text=${text//@PORT@/"$PORT"}
    text=${text//@DIR@/"$DIR"}
    text=${text//@SOCKETS@/"$SOCKETS/web"}
    text=${text//@RESPONDER@/"$RESPONDER"}
    text=${text//@CONF@/"$(web_short_conf)"}
    text=${text//@DEPLOY@/"$HERE"}
    text=${text//@USER@/"$WEB_USER"}
    text=${text//@GROUP@/"$WEB_GROUP"}
    printf '%s\n' "$text"
}

# The configuration by a path that Apache can hand on: mod_fcgid cuts values of FcgidInitialEnv at 127 bytes without a word.
web_short_conf() {
    local link=$SOCKETS/synchrony.conf
    if [[ $SOCKETS == "$RUN" ]]; then
        printf %s "$CONF"
    else
        ln -sf "$CONF" "$link"
        printf %s "$link"
    fi
}

# Status and body, in one line.
web_readyz() {
    curl -s -m 5 -w ' %{http_code}' "$(url)/readyz" | tr -d '\n' || true
}

web_is_ready() {
    [[ $(web_readyz) == *' 200' ]]
}

web_is_ready_or_died() {
    web_is_ready || process_is_dead web
}

web_is_running() {
    process_is_alive web
}

# lighttpd and Apache let running requests finish for these; the responder then has 5 s.
web_down() {
    local signal=INT
    if [[ $STATE_SERVER == apache ]]; then
        signal=WINCH
    fi
    process_end_group web "$signal" 8
}

# In the foreground: until somebody says so, or the web server ends by itself.
web_wait() {
    CODE_WHEN_TOLD_TO_END=0
    wait "$(process_pid web)" || true
    fail "$SERVER has ended by itself; see $LOG"
}

web_status() {
    local PORT=$STATE_PORT
    if ! web_is_running; then
        echo 'web server    not running'
        return 1
    fi
    echo "web server    process $(process_pid web)    $(url)    ($STATE_SERVER)"
    echo "ready         $(web_readyz)"
}
