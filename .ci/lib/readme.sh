# A command of the README, so that what is promised there is what runs here.
readme() {
    local command
    command=$(grep -x -- "$1" README.md | head -n 1) || {
        echo "README.md has no line: $1" >&2
        exit 1
    }
    echo "\$ $command"
    bash -c "$command"
}
