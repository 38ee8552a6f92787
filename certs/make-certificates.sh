#!/usr/bin/env bash
set -euo pipefail
umask 077

usage() {
    cat <<'TEXT'
usage: make-certificates.sh [--host HOST]... DIR [CLASS/NAME...]

Makes a development authority in DIR (ca.crt, ca.key) and certificates signed by it, CLASS-NAME.crt and .key each; without
a list, those of a small cluster. What is there and valid for another day is kept, so it may be run at every start. Never
use them outside development: the authority's key lies beside them.

The deployment is STATOR_DEPLOYMENT, or dev. For each --host, the certificates of conductors and APIs are for that DNS
name or IP address too. For one certificate, and for how long, see issue-certificate.sh; to revoke one,
revoke-certificate.sh.
TEXT
}

hosts=()
while [[ ${1:-} == --* ]]; do
    case $1 in
    --help) usage && exit 0 ;;
    --host) hosts+=("${2:?--host needs a name or an address}") && shift ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done
if (($# < 1)) || [[ $1 == -* ]]; then
    usage >&2
    exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
directory=$1
shift
identities=("$@")
if ((${#identities[@]} == 0)); then
    identities=(
        compute/host1 compute/host2
        conductor/conductor1 conductor/conductor2
        api/api1
        operator/admin
        user/alice user/bob
    )
fi
day=86400

mkdir -p "$directory"
# One at a time: two runs at once would sign by two authorities.
exec 9>"$directory/.lock"
flock 9

deployment=${STATOR_DEPLOYMENT:-dev}

is_valid() { # FILE: valid for another day, signed by the authority that is here
    [[ -r $1.crt && -r $1.key ]] &&
        openssl x509 -in "$1.crt" -noout -checkend $day >/dev/null &&
        openssl verify -CAfile "$directory/ca.crt" "$1.crt" >/dev/null 2>&1
}

says() { # FILE URI HOST...: names that identity, which another deployment's would not, and is for those hosts
    local file=$1 host
    openssl x509 -in "$file.crt" -noout -ext subjectAltName 2>/dev/null | grep -Eqx " *URI:$2(,.*)?" || return
    for host in "${@:3}"; do
        case $host in
        *:* | [0-9]*.*.*.*[0-9]) openssl x509 -in "$file.crt" -noout -checkip "$host" ;;
        *) openssl x509 -in "$file.crt" -noout -checkhost "$host" ;;
        esac | grep -q 'does match' || return
    done
}

if ! is_valid "$directory/ca"; then
    export STATOR_DEPLOYMENT=$deployment STATOR_CLASS=authority STATOR_URI='' STATOR_HOSTS=''
    STATOR_NAME="development authority $(openssl rand -hex 4)"
    export STATOR_NAME
    openssl ecparam -name prime256v1 -genkey -noout -out "$directory/ca.key"
    openssl req -new -x509 -config "$here/openssl.cnf" -extensions authority -key "$directory/ca.key" \
        -set_serial "0x$(openssl rand -hex 15)" -sha256 -days 3650 -out "$directory/ca.crt"
    chmod 644 "$directory/ca.crt"
    echo "$directory/ca.crt: $STATOR_NAME, 3650 days"
fi

for identity in "${identities[@]}"; do
    class=${identity%%/*} name=${identity#*/}
    file=$directory/$class-$name
    options=() needed=()
    if [[ $class == conductor || $class == api ]]; then
        needed=(localhost "${hosts[@]}")
        for host in "${hosts[@]}"; do options+=(--host "$host"); done
    fi
    if ! is_valid "$file" || ! says "$file" "stator://$deployment/$class/$name" "${needed[@]}"; then
        "$here/issue-certificate.sh" "${options[@]}" "$directory" "$class" "$name"
    fi
done
