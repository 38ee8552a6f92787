#!/usr/bin/env bash
# previous-release.sh [COMMIT]: builds the four programs of the previous release, or of COMMIT, from this clone's own
# history, once per commit; the last line that it prints is the folder that they are in.
#
# The previous release is the newest in Protos/releases with a smaller service version than the work tree's.
source "$(dirname "${BASH_SOURCE[0]}")/environment.sh"
cd "$repository"

programs=(stator stator-api stator-conductor stator-compute)

# The second word of the line that begins with the first argument.
value() { awk -v key="$1" '$1 == key { print $2; exit }' "$2"; }

recorded_commit() {
    local current file version best=-1 commit=
    current=$(sed -nE 's/.*serviceVersion: UInt32 = ([0-9]+).*/\1/p' Sources/ComputeObjects/Release.swift)
    [[ -n $current ]] || die "Sources/ComputeObjects/Release.swift states no service version"
    for file in Protos/releases/*/release.txt; do
        [[ -f $file ]] || continue
        version=$(value service_version "$file")
        [[ $version =~ ^[0-9]+$ ]] || die "$file states no service version"
        if ((version < current && version > best)); then
            best=$version
            commit=$(value commit "$file")
            [[ -n $commit ]] || die "$file names no commit to build this release from"
        fi
    done
    [[ -n $commit ]] || die "no release in Protos/releases is older than service version $current"
    say "$commit"
}

# Four plain builds: a build of everything takes the bench, the generator and what they need besides.
build() {
    local program
    # The versions of dependencies that this clone has, if it has been built.
    [[ ! -f Package.resolved ]] || cp Package.resolved "$target/source/"
    mkdir -p "$data/tmp"
    for program in "${programs[@]}"; do
        warn "building $program of the previous release, ${commit:0:12}"
        TMPDIR=$data/tmp swift build --package-path "$target/source" --scratch-path "$target/build" \
            --configuration "$configuration" --product "$program" >>"$target/build.log" 2>&1 || {
            grep 'error:' "$target/build.log" | head -n 20 >&2 || tail -n 20 "$target/build.log" >&2
            die "the previous release does not build; the log is $target/build.log"
        }
    done
}

(($# <= 1)) || die "usage: previous-release.sh [COMMIT]"
wanted=${1:-$(recorded_commit)}
commit=$(git rev-parse --verify --quiet "$wanted^{commit}") || {
    [[ $(git rev-parse --is-shallow-repository) != true ]] \
        || die "this clone is shallow and lacks commit $wanted of the previous release; run 'git fetch --unshallow'"
    die "this clone's history lacks commit $wanted of the previous release; run 'git fetch'"
}
configuration=${PREVIOUS_CONFIGURATION:-debug}
target=$repository/.build/previous/$commit-$configuration
mkdir -p "$target"
# One build at a time; whoever waited finds it done.
exec 9>"$target/lock"
flock 9
if [[ ! -f $target/done ]]; then
    began=$SECONDS
    rm -rf "$target/source"
    mkdir -p "$target/source"
    git archive "$commit" | tar --extract --directory "$target/source"
    build
    for program in "${programs[@]}"; do
        [[ -x $target/build/$configuration/$program ]] || die "the build made no $program"
    done
    touch "$target/done"
    warn "built the previous release in $((SECONDS - began)) s"
fi
say "$target/build/$configuration"
