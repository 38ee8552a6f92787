#!/usr/bin/env bash
set -euo pipefail
umask 077

usage() {
    cat <<'TEXT'
usage: issue-certificate.sh [--without-san] [--file PREFIX] [--host HOST]... DIR CLASS NAME [DAYS]

Issues a certificate for stator://<deployment>/CLASS/NAME, signed by the authority in DIR (ca.crt, ca.key, see
make-certificates.sh), as DIR/CLASS-NAME.crt and DIR/CLASS-NAME.key, in place of any that are there. Those who dial a
conductor or an API check that its certificate is for the host they dialled: it is for localhost, 127.0.0.1 and ::1, and
for each HOST.

  CLASS          compute, conductor, api, operator or user
  NAME           lower-case letters, digits, '.' and '-'
  DAYS           for how long it is valid (default 365); -1 makes one that has expired, for tests
  --without-san  leaves the identity out, for tests
  --host HOST    a DNS name or IP address under which a conductor or an API is dialled
  --file PREFIX  writes PREFIX.crt and PREFIX.key in DIR instead

The deployment is STATOR_DEPLOYMENT, or dev.
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
section=
prefix=
hosts=(localhost 127.0.0.1 ::1)
while [[ ${1:-} == --* ]]; do
    case $1 in
    --help) usage && exit 0 ;;
    --without-san) section=anonymous ;;
    --host) hosts+=("${2:?--host needs a name or an address}") && shift ;;
    --file) prefix=${2:?--file needs a prefix} && shift ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done
if (($# < 3 || $# > 4)); then
    usage >&2
    exit 2
fi
directory=$1 class=$2 name=$3 days=${4:-365}

case $class in
conductor | api) section=${section:-server} ;;
compute | operator | user) section=${section:-client} ;;
*) echo "issue-certificate.sh: unknown class '$class'" >&2 && exit 2 ;;
esac
if [[ ! $name =~ ^[a-z0-9][a-z0-9.-]{0,62}$ ]]; then
    echo "issue-certificate.sh: '$name' cannot be a name: lower-case letters, digits, '.' and '-', at most 63" >&2
    exit 2
fi
if [[ ! $days =~ ^(-1|[0-9]{1,5})$ ]]; then
    echo "issue-certificate.sh: '$days' is no number of days" >&2
    exit 2
fi
if [[ $section == client ]] && ((${#hosts[@]} > 3)); then
    echo "issue-certificate.sh: nobody dials a $class, so its certificate has no hosts" >&2
    exit 2
fi
alternatives=
for host in "${hosts[@]}"; do
    if [[ $host == *:* && $host =~ ^[0-9a-fA-F:.]+$ ]] || [[ $host =~ ^[0-9]{1,3}(\.[0-9]{1,3}){3}$ ]]; then
        alternatives+=,IP:$host
    elif [[ $host =~ ^(\*\.)?[a-zA-Z0-9_-]{1,63}(\.[a-zA-Z0-9_-]{1,63})*$ ]] && ((${#host} < 254)); then
        alternatives+=,DNS:$host
    else
        echo "issue-certificate.sh: '$host' is neither a DNS name nor an IP address" >&2
        exit 2
    fi
done
if [[ ! -r $directory/ca.key ]]; then
    echo "issue-certificate.sh: $directory has no authority; run make-certificates.sh $directory first" >&2
    exit 1
fi

export STATOR_DEPLOYMENT=${STATOR_DEPLOYMENT:-dev} STATOR_CLASS=$class STATOR_NAME=$name
export STATOR_URI=stator://$STATOR_DEPLOYMENT/$class/$name STATOR_HOSTS=$alternatives
target=$directory/${prefix:-$class-$name}
# Beside the target, so that both files appear whole or not at all.
work=$(mktemp -d "$directory/.issue.XXXXXX")
trap 'rm -rf "$work"' EXIT

openssl ecparam -name prime256v1 -genkey -noout -out "$work/key"
openssl req -new -config "$here/openssl.cnf" -key "$work/key" -out "$work/request"
openssl x509 -req -in "$work/request" -CA "$directory/ca.crt" -CAkey "$directory/ca.key" \
    -set_serial "0x$(openssl rand -hex 15)" -sha256 -days "$days" \
    -extfile "$here/openssl.cnf" -extensions "$section" -out "$work/certificate" 2>"$work/log" ||
    { cat "$work/log" >&2 && exit 1; }
chmod 644 "$work/certificate"
mv "$work/key" "$target.key"
mv "$work/certificate" "$target.crt"

if [[ $section == anonymous ]]; then
    echo "$target.crt: without an identity, $days days"
else
    echo "$target.crt: $STATOR_URI, $days days"
fi
