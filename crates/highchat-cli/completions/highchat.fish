# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_highchat_global_optspecs
    string join \n h/help V/version
end

function __fish_highchat_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_highchat_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_highchat_using_subcommand
    set -l cmd (__fish_highchat_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c highchat -n "__fish_highchat_needs_command" -s h -l help -d 'Print help'
complete -c highchat -n "__fish_highchat_needs_command" -s V -l version -d 'Print version'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "ask" -d 'Send one message and stream the reply to standard output'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "chat" -d 'Talk with the bot, and with the person it hands over to'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "watch" -d 'Print what a person writes in a conversation, until the bot is back or the conversation is closed'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "rate" -d 'Rate a conversation'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "sandbox" -d 'Run a local /v1 service for development, demonstrations and tests'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "proxy" -d 'Put a backend between browsers and the service, so that the key never leaves your server'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c highchat -n "__fish_highchat_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l wait -d 'After a handoff, stay and print what the person writes, until the bot is back or the conversation is closed. With SECONDS, stay at most that long' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l key -d 'Client API key [env: HIGHCHAT_KEY]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l key-file -d 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l slug -d 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l base-url -d 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l ca-file -d 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l response-timeout -d 'Give up if the head of the response does not arrive in this time [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l idle-timeout -d 'Give up a reply if nothing arrives for this long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l progress-timeout -d 'Give up a reply if nothing but pings arrives for this long [default: 300]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l poll-interval -d 'Time between two polls for a person\'s messages [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l attempts -d 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l conversation -d 'Continue this conversation [env: HIGHCHAT_CONVERSATION]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l visitor -d 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]' -r
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l color -d 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l no-key -d 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l sandbox -d 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l insecure-http -d 'Allow http:// to another host. Anybody on the network path can read the key'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -l json -d 'Print one JSON object per line'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -s v -l verbose -d 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand ask" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l key -d 'Client API key [env: HIGHCHAT_KEY]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l key-file -d 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l slug -d 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l base-url -d 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l ca-file -d 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l response-timeout -d 'Give up if the head of the response does not arrive in this time [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l idle-timeout -d 'Give up a reply if nothing arrives for this long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l progress-timeout -d 'Give up a reply if nothing but pings arrives for this long [default: 300]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l poll-interval -d 'Time between two polls for a person\'s messages [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l attempts -d 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l conversation -d 'Continue this conversation [env: HIGHCHAT_CONVERSATION]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l visitor -d 'Your id of the end user, at most 200 characters [env: HIGHCHAT_VISITOR]' -r
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l color -d 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l no-key -d 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l sandbox -d 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l insecure-http -d 'Allow http:// to another host. Anybody on the network path can read the key'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -l json -d 'Print one JSON object per line'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -s v -l verbose -d 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand chat" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l after -d 'Start after this time, in the format of the service. Without it, start with what the service returns' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l key -d 'Client API key [env: HIGHCHAT_KEY]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l key-file -d 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l slug -d 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l base-url -d 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l ca-file -d 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l response-timeout -d 'Give up if the head of the response does not arrive in this time [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l idle-timeout -d 'Give up a reply if nothing arrives for this long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l progress-timeout -d 'Give up a reply if nothing but pings arrives for this long [default: 300]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l poll-interval -d 'Time between two polls for a person\'s messages [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l attempts -d 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]' -r
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l color -d 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l no-key -d 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l sandbox -d 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l insecure-http -d 'Allow http:// to another host. Anybody on the network path can read the key'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -l json -d 'Print one JSON object per line'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -s v -l verbose -d 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l comment -d 'A comment on the rating' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l key -d 'Client API key [env: HIGHCHAT_KEY]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l key-file -d 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l slug -d 'Public slug of the bot; no key is sent [env: HIGHCHAT_SLUG]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l base-url -d 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l ca-file -d 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l response-timeout -d 'Give up if the head of the response does not arrive in this time [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l idle-timeout -d 'Give up a reply if nothing arrives for this long [default: 60]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l progress-timeout -d 'Give up a reply if nothing but pings arrives for this long [default: 300]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l poll-interval -d 'Time between two polls for a person\'s messages [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l attempts -d 'Send a message (or a rating) at most N times; a message is sent again only if the service surely did not take it [default: 3]' -r
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l color -d 'Colour on standard error; `auto` colours a terminal unless NO_COLOR is set, and other outputs if CLICOLOR_FORCE is set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l no-key -d 'Send neither a key nor a slug, because --base-url is a proxy that adds its own key'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l sandbox -d 'Start a private sandbox for this run and talk to it, without a key or a network; the key, slug, URL and conversation in the environment are ignored. Send /human to ask the sandbox for a person, and /fault NAME for a fault (see `highchat sandbox --list-faults`)'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l insecure-http -d 'Allow http:// to another host. Anybody on the network path can read the key'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -l json -d 'Print one JSON object per line'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -s v -l verbose -d 'Log to standard error; -vv logs more [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand rate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l port -d 'Port on 127.0.0.1; 0 is any free port [default: 8787; any free port with --check]' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l key -d 'A client API key that is accepted; may be repeated' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l slug -d 'The public slug of the bot' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l token-delay -d 'Pause before each token of a reply, in milliseconds' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l ping-interval -d 'Send a ping after this many milliseconds without other data in a stream; 0: never' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l rate-limit -d 'Messages per minute for each key or slug; 0: no limit' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l poll-interval -d 'The shortest time that --check expects from the end of a poll to the start of the next; an eighth less is accepted [default: 4]' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l time-scale -d 'Run the sandbox\'s time this many times as fast as the clock. Its pauses, pings, person and rate limit are that much faster, and the default of --poll-interval is that much shorter' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l person -d 'Who answers after a handoff' -r -f -a "built-in\t'A built-in person who writes twice and hands back, unless the inbox is open in a browser'
inbox\t'Only the person who answers in the inbox'"
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l script -d 'JSON file with the bot\'s replies, the faults, and what a person does; its format is in the README of highchat-sandbox' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l fault -d 'Faults of every reply or poll, as NAME or NAME:AMOUNT, separated by commas; --list-faults prints the names. The message /fault NAME asks for one too' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l reading -d 'Choose how the sandbox behaves if the API\'s text leaves it open; may be repeated; --list-readings prints the names' -r
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l check -d 'Run COMMAND against the sandbox and report whether it behaves as a client should'
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l list-faults -d 'Print the name of each fault and its effect'
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -l list-readings -d 'Print the name of each reading and its meaning'
complete -c highchat -n "__fish_highchat_using_subcommand sandbox" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l listen -d 'Address to listen on; port 0 is any free port' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l key-file -d 'File that contains the client API key and nothing else [env: HIGHCHAT_KEY_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l base-url -d 'URL of the service; a path is kept as a prefix [default: https://app.highchat.am] [env: HIGHCHAT_BASE_URL]' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l ca-file -d 'Trust the certificate authorities in this PEM file, and no others [env: SSL_CERT_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l prefix -d 'Serve PATH/v1/… as well as /v1/…' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l allow-origin -d 'Allow pages of this origin to use the proxy; may be repeated' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l metrics -d 'Serve counters at http://ADDR/metrics, in the text format of Prometheus' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l trust -d 'Trust what peers in this network say about the visitor (x-forwarded-for and --visitor-header), such as 10.0.0.0/8; may be repeated' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-header -d 'Header in which a trusted peer names the visitor; it is sent to the service as visitor_ref' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l secret-file -d 'File with a secret of at least 16 bytes that signs conversation ids, so that nobody can read or rate another visitor\'s conversation by guessing its id' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l redis -d 'Share limits with other proxies through Redis or Valkey: redis://:PASSWORD@HOST:6379/0, or rediss:// with TLS [env: HIGHCHAT_REDIS]' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l redis-file -d 'File that contains the URL for --redis and nothing else [env: HIGHCHAT_REDIS_FILE]' -r -F
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l messages -d 'Messages per minute of all visitors together; 0: no limit' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-messages -d 'Messages per minute of one visitor; 0: no limit' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-polls -d 'Polls and ratings per minute of one visitor; 0: no limit' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l streams -d 'Replies that stream at the same time' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-streams -d 'Replies that stream to one visitor at the same time' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l connections -d 'Connections of all visitors at the same time' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l visitor-connections -d 'Connections of one visitor at the same time; peers in a --trust network are not counted' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l held-mib -d 'MiB of incomplete request bodies and of unread answers in memory, of all visitors' -r
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l log-format -d 'Form of the log on standard error: text, or one JSON object per line' -r -f -a "text\t''
json\t''"
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l insecure-http -d 'Allow http:// to another host. Anybody on the network path can read the key'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l system-roots -d 'Trust the certificate authorities of the operating system instead of Mozilla\'s'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l no-heal -d 'Do not search for the rest of a reply that the service cut; end it with an error'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -l check-config -d 'Read and check the options, the key, the secret and the URL of Redis, and end: with status 0 if the proxy would start, and 2 if not. Listens on no address, and asks neither the service nor Redis'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -s v -l verbose -d 'Log more to standard error [env: HIGHCHAT_LOG]'
complete -c highchat -n "__fish_highchat_using_subcommand proxy" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c highchat -n "__fish_highchat_using_subcommand completions" -s h -l help -d 'Print help'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "ask" -d 'Send one message and stream the reply to standard output'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "chat" -d 'Talk with the bot, and with the person it hands over to'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "watch" -d 'Print what a person writes in a conversation, until the bot is back or the conversation is closed'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "rate" -d 'Rate a conversation'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "sandbox" -d 'Run a local /v1 service for development, demonstrations and tests'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "proxy" -d 'Put a backend between browsers and the service, so that the key never leaves your server'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c highchat -n "__fish_highchat_using_subcommand help; and not __fish_seen_subcommand_from ask chat watch rate sandbox proxy completions help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
