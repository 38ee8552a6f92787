#!/usr/bin/env bash
set -euo pipefail
umask 077

usage() {
    cat <<'TEXT'
usage: revoke-certificate.sh [--days DAYS] [--list FILE] DIR [CERTIFICATE...]

Puts certificates of the authority in DIR (ca.crt, ca.key, see make-certificates.sh) on its revocation list DIR/ca.crl, for
good, and signs the list anew; without a certificate, it only signs it anew. Daemons that were given the list (--crl) take
up the new one by themselves, refuse those certificates from then on, and close the connections that are open with them.
Sign it anew before it expires: with an expired list, nobody is let in.

  CERTIFICATE  CLASS/NAME, whose certificate is DIR/CLASS-NAME.crt, or the path of a file
  --days DAYS  for how long the list is valid (default 30); -1 makes one that has expired, for tests
  --list FILE  keeps the list in FILE instead; what it was made from is kept in FILE.records
TEXT
}

here=$(cd "$(dirname "$0")" && pwd)
days=30
list=
while [[ ${1:-} == --* ]]; do
    case $1 in
    --help) usage && exit 0 ;;
    --days) days=${2:?--days needs a number} && shift ;;
    --list) list=${2:?--list needs a file} && shift ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done
if (($# < 1)) || [[ $1 == -* ]]; then
    usage >&2
    exit 2
fi
directory=$1
shift
if [[ ! $days =~ ^(-1|[0-9]{1,5})$ ]]; then
    echo "revoke-certificate.sh: '$days' is no number of days" >&2
    exit 2
fi
if [[ ! -r $directory/ca.key ]]; then
    echo "revoke-certificate.sh: $directory has no authority; run make-certificates.sh $directory first" >&2
    exit 1
fi
list=${list:-$directory/ca.crl}

# One at a time: two runs at once would forget each other's certificates.
exec 9>"$directory/.lock"
flock 9

export STATOR_REVOCATION_RECORDS=$list.records
mkdir -p "$STATOR_REVOCATION_RECORDS"
[[ -e $STATOR_REVOCATION_RECORDS/index ]] || : >"$STATOR_REVOCATION_RECORDS/index"
[[ -e $STATOR_REVOCATION_RECORDS/number ]] || echo 01 >"$STATOR_REVOCATION_RECORDS/number"
work=$(mktemp -d "$STATOR_REVOCATION_RECORDS/.work.XXXXXX")
trap 'rm -rf "$work"' EXIT

authority() { # runs openssl's authority, which says what it does on standard error
    openssl ca -batch -config "$here/revocation.cnf" -cert "$directory/ca.crt" -keyfile "$directory/ca.key" "$@" \
        >/dev/null 2>"$work/log" || { cat "$work/log" >&2 && exit 1; }
}

for certificate in "$@"; do
    file=$certificate
    if [[ $certificate =~ ^[a-z]+/[a-z0-9.-]+$ && ! -e $certificate ]]; then
        file=$directory/${certificate/\//-}.crt
    fi
    if ! openssl verify -no_check_time -CAfile "$directory/ca.crt" "$file" >/dev/null 2>&1; then
        echo "revoke-certificate.sh: $file is no certificate of the authority in $directory" >&2
        exit 1
    fi
    serial=$(openssl x509 -in "$file" -noout -serial)
    if ! grep -q $'^R\t[^\t]*\t[^\t]*\t'"${serial#serial=}"$'\t' "$STATOR_REVOCATION_RECORDS/index"; then
        authority -revoke "$file"
        echo "$file: revoked"
    fi
done

if ((days < 0)); then
    authority -gencrl -crl_lastupdate "$(date -ud '2 days ago' +%Y%m%d%H%M%SZ)" \
        -crl_nextupdate "$(date -ud '1 day ago' +%Y%m%d%H%M%SZ)" -out "$work/list"
else
    authority -gencrl -crldays "$days" -out "$work/list"
fi
chmod 644 "$work/list"
mv "$work/list" "$list"
echo "$list: $(grep -c '^R' "$STATOR_REVOCATION_RECORDS/index" || true) revoked, $days days"
