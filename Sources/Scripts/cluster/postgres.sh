# shellcheck shell=bash
# Sourced: the cluster's private PostgreSQL. It listens on a unix socket only, in a folder that only its user may
# enter. PostgreSQL refuses to run as root; root's runs as the user postgres that Debian's package made.

: "${cluster:?is the folder of the cluster}"

postgres_bin=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort --version-sort | tail -n 1)

as_postgres() {
    if ((EUID == 0)); then
        setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
    else
        "$@"
    fi
}

# A name for this cluster in a folder that all users share.
postgres_elsewhere() {
    say "/var/tmp/stator-$EUID-$(printf '%s' "$cluster" | cksum | cut -d ' ' -f 1)"
}

# postgres_prepare: makes the data folder, once. It is a link to a place outside the clone when the user postgres cannot
# reach the clone, or when the path is too long for a unix socket (107 bytes).
postgres_prepare() {
    local home=$cluster/postgres
    [[ ! -s $home/data/PG_VERSION ]] || return 0
    rm -rf "$home"
    mkdir -p "$cluster"
    if ((${#home} > 80)) || ! as_postgres test -x "$cluster"; then
        rm -rf "$(postgres_elsewhere)"
        mkdir "$(postgres_elsewhere)"
        ln -s "$(postgres_elsewhere)" "$home"
    else
        mkdir "$home"
    fi
    chmod 700 "$home/"
    ((EUID != 0)) || chown postgres: "$home/"
    as_postgres "$postgres_bin/initdb" --pgdata="$(readlink -f "$home")/data" --username=postgres --auth=trust \
        --encoding=UTF8 --locale=C.UTF-8 --no-sync >"$cluster/logs/initdb.log" 2>&1 \
        || die "initdb failed; its log is $cluster/logs/initdb.log"
}

postgres_start() {
    postgres_prepare
    local home
    home=$(readlink -f "$cluster/postgres")
    local command=(
        "$postgres_bin/postgres" -D "$home/data" -c "unix_socket_directories=$home" -c unix_socket_permissions=0700
        -c listen_addresses= -c max_connections=60
    )
    ((EUID != 0)) || command=(setpriv --reuid=postgres --regid=postgres --init-groups -- "${command[@]}")
    start_process postgres "${command[@]}"
    wait_until 30 postgres_settled || die "PostgreSQL does not answer after 30 s; its log is $cluster/logs/postgres.log"
    process_id postgres >/dev/null || die "PostgreSQL ended; its log is $cluster/logs/postgres.log"
    if [[ -z $(postgres_query postgres "SELECT 1 FROM pg_database WHERE datname = 'stator'") ]]; then
        postgres_query postgres "CREATE ROLE stator LOGIN" >/dev/null
        postgres_query postgres "CREATE DATABASE stator OWNER stator" >/dev/null
    fi
}

postgres_settled() {
    "$postgres_bin/pg_isready" --quiet --host="$(readlink -f "$cluster/postgres")" --username=postgres \
        || process_ended postgres
}

# postgres_query DATABASE SQL: prints rows, columns parted by a blank.
postgres_query() {
    "$postgres_bin/psql" --host="$(readlink -f "$cluster/postgres")" --username=postgres --dbname="$1" --no-psqlrc \
        --quiet --tuples-only --no-align --field-separator=' ' --set=ON_ERROR_STOP=1 --command="$2"
}

# What the conductors are given; libpq takes a quoted value with any character in it.
postgres_connection() {
    local home
    home=$(readlink -f "$cluster/postgres")
    home=${home//\\/\\\\}
    say "host='${home//\'/\\\'}' dbname=stator user=stator"
}

# INT is PostgreSQL's fast shutdown: it ends sessions instead of waiting for them.
postgres_stop() { stop_process postgres INT 30; }

postgres_remove() {
    postgres_stop
    [[ ! -L $cluster/postgres ]] || rm -rf "$(readlink -f "$cluster/postgres")"
    rm -rf "$cluster/postgres"
}
