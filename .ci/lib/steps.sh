# Runs steps, side by side where they are independent, and reports how long each took: in seconds,
# and in seconds of one core, which do not depend on what ran beside it.
# `.ci/run` sources this file.
#
# A step is a file in `.ci/steps`, which can be run alone as well. The line under its `#!` is
# its title.

gate=target/gate
mkdir -p "$gate"
rm -rf "$gate/cpu" "$gate/logs" "$gate/running" "$gate/failed" "$gate/seconds"
mkdir -p "$gate/cpu" "$gate/logs" "$gate/running"
: >"$gate/seconds"

# What a step prints comes out in one piece when it ends, so that steps of two lanes do not mix.
print() { flock "$gate/running" cat; }

# step SECONDS NAME [ARGUMENT...]: runs a step, which fails if it takes longer than that.
# Starts nothing more after a step of any lane has failed.
step() {
    local limit=$1 name=$2 title from status=0
    shift 2
    [[ ! -e $gate/failed ]] || return 1
    title=$(sed -n '2s/^# //p' ".ci/steps/$name")
    echo ".. $title" | print
    from=$SECONDS
    .ci/lib/cpu-seconds "$gate/cpu/$name" \
        timeout --kill-after 10 "$limit" ".ci/steps/$name" "$@" >"$gate/logs/$name" 2>&1 </dev/null &
    echo $! >"$gate/running/$name"
    wait $! || status=$?
    rm -f "$gate/running/$name"
    printf '%5d %5s  %s%s\n' $((SECONDS - from)) "$(cat "$gate/cpu/$name" 2>/dev/null || echo '?')" \
        "$title" "$( ((status == 0)) || echo ": FAILED")" >>"$gate/seconds"
    {
        printf '\n== %s (%d s)\n' "$title" $((SECONDS - from))
        cat "$gate/logs/$name"
        ((status != 124)) || echo "It took more than $limit seconds, which is its limit."
        ((status == 0)) || printf '== FAILED: %s (.ci/steps/%s)\n' "$title" "$name"
    } | print
    ((status == 0)) || {
        touch "$gate/failed"
        return 1
    }
}

# Runs lanes at the same time; each is a function with its steps in order.
side_by_side() {
    local lane lanes=() failed=0
    for lane in "$@"; do
        "$lane" &
        lanes+=($!)
    done
    for lane in "${lanes[@]}"; do
        wait "$lane" || failed=1
    done
    return "$failed"
}

# Steps are in process groups of their own, so an interrupt does not reach them by itself.
stop() {
    local file
    touch "$gate/failed"
    for file in "$gate"/running/*; do
        [[ ! -e $file ]] || kill "$(<"$file")" 2>/dev/null || true
    done
    exit 130
}
trap stop INT TERM

summary() {
    local status=$?
    printf '\n== seconds of each step (some ran side by side), and of one core\n'
    sort -rn "$gate/seconds"
    awk -v seconds="$SECONDS" '{ cpu += $2 } END { printf "%5d %5d  in all\n", seconds, cpu }' "$gate/seconds"
    if ((status == 0)); then
        printf '\nAll checks passed.\n'
    else
        printf '\nNot passed.\n'
    fi
    exit "$status"
}
trap summary EXIT
