#!/bin/sh
# An agent for the kill tests: it commits and pushes, commits without pushing, changes a file without committing, and then
# waits to be let go. Whatever an earlier run left it does not do again. $1 is a ledger outside of every workspace.
set -eu
ledger=$1
mine="$GASTOWN_AGENT_ROLE-$(echo "$GASTOWN_BRANCH" | tr / _)"
cat > "$ledger/.prompt" && mv "$ledger/.prompt" "$ledger/prompt-$mine"
if [ "$GASTOWN_AGENT_ROLE" = refinery ]; then
  exec gt done --branch "$GASTOWN_BRANCH" --head-sha "$(git rev-parse HEAD)"
fi
git log --format=%s > "$ledger/found-$mine"
git status --porcelain --untracked-files=all >> "$ledger/found-$mine"
trap 'echo last > last.txt; touch "$ledger/last"; exit 1' TERM

commit() {
  echo "$1" > "$1.txt"
  git add "$1.txt"
  git commit --quiet -m "$1"
  git rev-parse HEAD > "$ledger/sha-$1"
}
await_remote() { until git ls-remote origin | grep "$1" | grep -q "$2"; do sleep 0.1; done; }

if [ ! -e one.txt ]; then
  commit one
  git push --quiet origin "HEAD:refs/heads/$GASTOWN_BRANCH"
fi
touch "$ledger/one"
if [ ! -e two.txt ]; then
  commit two
  await_remote "$(cat "$ledger/sha-two")" "refs/gastown/wip/"
fi
touch "$ledger/two"
if [ ! -e open.txt ]; then
  echo half > open.txt
  touch "$ledger/open"
  until git ls-remote origin "refs/gastown/wip/*" | grep -qv "$(cat "$ledger/sha-two")"; do sleep 0.1; done
fi
touch "$ledger/saved"
while [ ! -e "$ledger/go" ]; do sleep 0.1; done
[ -e three.txt ] || commit three
git add --all
git commit --quiet -m "open" || true
git push --quiet origin "HEAD:refs/heads/$GASTOWN_BRANCH"
touch "$ledger/pushed"
gt done --summary "did it"
touch "$ledger/done"
