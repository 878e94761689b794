# What must be installed: Debian's names of it, and only where something is missing root's rights.
# shellcheck shell=bash

readonly PACKAGES_TO_BUILD=(
    gcc make libc6-dev autoconf automake pkg-config
    libfcgi-dev libjson-c-dev libpq-dev libunistring-dev libconfuse-dev libdeflate-dev libpcre2-dev libsqlite3-dev libssl-dev
)
readonly POSTGRESQL_OLDEST=14

packages_install() {
    local missing sudo=()
    packages_find_missing
    if ((${#missing[@]} == 0)); then
        return 0
    fi
    if ((EUID != 0)); then
        packages_ask_for_root
        sudo=(sudo)
    fi
    step "installing ${#missing[@]} packages"
    # In the foreground: apt is not to be interrupted halfway, and sudo may ask for a password.
    if ! "${sudo[@]}" "$HERE/install-packages" "${missing[@]}" >>"$LOG/apt.log" 2>&1; then
        fail "cannot install: ${missing[*]} (no network? see $LOG/apt.log)"
    fi
    step_done
}

packages_find_missing() {
    local package wanted=("${PACKAGES_TO_BUILD[@]}" curl)
    case $SERVER in
        lighttpd) wanted+=(lighttpd) ;;
        apache) wanted+=(apache2-bin libapache2-mod-fcgid) ;;
    esac
    missing=()
    for package in "${wanted[@]}"; do
        package_is_installed "$package" || missing+=("$package")
    done
    if [[ -z $(postgresql_newest) ]]; then
        missing+=(postgresql)
    fi
}

package_is_installed() {
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

packages_ask_for_root() {
    local ask=(sudo -v)
    [[ -t 0 ]] || ask=(sudo -n -v)
    echo "to be installed by sudo: ${missing[*]}"
    "${ask[@]}" 2>/dev/null || fail "packages are missing; as root, run: $HERE/install-packages ${missing[*]}"
}

# The highest installed version of PostgreSQL that will do, or nothing.
postgresql_newest() {
    local initdb version newest=
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        version=${initdb#/usr/lib/postgresql/}
        version=${version%%/*}
        if [[ -x $initdb ]] && ((version >= POSTGRESQL_OLDEST && version > ${newest:-0})); then
            newest=$version
        fi
    done
    printf %s "$newest"
}
