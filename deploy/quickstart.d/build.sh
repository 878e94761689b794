# The two programs, built out of tree in build/ and built again only as far as the source has changed.
# Where the source cannot be written to, or belongs to somebody else, and autoreconf has to, a copy of it is used: source/.
# shellcheck shell=bash

SOURCE=$TOP

build() {
    build_choose_source
    if build_lacks_configure "$SOURCE"; then
        step 'making configure'
        quietly "$LOG/build.log" autoreconf -i "$SOURCE"
        step_done
    fi
    build_configure
    step 'building'
    quietly "$LOG/build.log" make -C "$DIR/build" -j"$(nproc)"
    step_done
    RESPONDER=$DIR/build/synchrony_data_analytics
    OPERATOR=$DIR/build/synchrony
}

build_lacks_configure() {
    [[ ! -e $1/configure || $1/configure.ac -nt $1/configure ]]
}

build_choose_source() {
    if [[ -w $TOP && -O $TOP ]] || ! build_lacks_configure "$TOP"; then
        return 0
    fi
    SOURCE=$DIR/source
    mkdir -p "$SOURCE"
    tar -C "$TOP" --exclude=./.git --exclude=./var -cf - . | tar -C "$SOURCE" --no-same-owner -xf -
}

# A build folder that was configured from another source is of no use.
build_configure() {
    local told_source=$DIR/build/.source
    if [[ -e $DIR/build && $(cat "$told_source" 2>/dev/null) != "$SOURCE" ]]; then
        rm -rf -- "$DIR/build"
    fi
    mkdir -p "$DIR/build"
    echo "$SOURCE" >"$told_source"
    if [[ -e $DIR/build/Makefile ]]; then
        return 0
    fi
    step 'configuring'
    quietly "$LOG/build.log" env -C "$DIR/build" "$SOURCE/configure"
    step_done
}
