# SPDX-License-Identifier: Apache-2.0
# Made by packaging/write: change the commands' --help, then run that.
# The words before the cursor's begin with these; --only, or no words at all: and are no more.
function __hardened_is
    set -l typed (commandline -opc)[2..-1]
    set -l asked (string match -v -- --only $argv)
    if not set -q argv[1]; or contains -- --only $argv
        test "$typed" = "$asked"
    else
        test (count $typed) -ge (count $asked); and test "$typed[1..$(count $asked)]" = "$asked"
    end
end
complete -c hardened -f
complete -c hardened -n __hardened_is -a dry-run -d 'print the rewritten config.json, or what changed and why'
complete -c hardened -n __hardened_is -a policy -d 'show, check, schema: the policy in force'
complete -c hardened -n __hardened_is -a doctor -d '--facts: what this host offers, for dry-run --host-facts'
complete -c hardened -n __hardened_is -a version -d 'hardened\'s own version, and the runtime it becomes'
complete -c hardened -n __hardened_is -a help -d 'this text'
complete -c hardened -n '__hardened_is dry-run' -s h -l help -d 'Print this help message and exit'
complete -c hardened -n '__hardened_is dry-run' -l bundle -r -F -d 'a bundle directory'
complete -c hardened -n '__hardened_is dry-run' -l config -r -F -d 'a config.json; - is standard input'
complete -c hardened -n '__hardened_is dry-run' -l process -r -F -d 'a process document of exec; a bundle or config beside it is its container\'s'
complete -c hardened -n '__hardened_is dry-run' -l resources -r -F -d 'a resources document of update'
complete -c hardened -n '__hardened_is dry-run' -l profile -x -a 'build pod standard strict' -d 'profile to use'
complete -c hardened -n '__hardened_is dry-run' -l policy -r -F -d 'a policy file (-: standard input) instead of the host\'s'
complete -c hardened -n '__hardened_is dry-run' -l host-facts -r -F -d 'facts about the host to judge by, as `doctor --facts` prints them'
complete -c hardened -n '__hardened_is dry-run' -l format -x -a 'config diff patch table json' -d 'config, diff, patch, table or json'
complete -c hardened -n '__hardened_is policy --only' -a show -d 'print the policy in force'
complete -c hardened -n '__hardened_is policy --only' -a check -d 'say nothing, or what is wrong and where'
complete -c hardened -n '__hardened_is policy --only' -a schema -d 'print the JSON Schema of policy files'
complete -c hardened -n '__hardened_is policy' -s h -l help -d 'Print this help message and exit'
complete -c hardened -n '__hardened_is policy show' -s h -l help -d 'Print this help message and exit'
complete -c hardened -n '__hardened_is policy show' -l profile -x -a 'build pod standard strict' -d 'one profile, with what it extends'
complete -c hardened -n '__hardened_is policy show' -l policy -r -F -d 'this file (-: standard input) instead of the installed ones'
complete -c hardened -n '__hardened_is policy check' -F
complete -c hardened -n '__hardened_is policy check' -s h -l help -d 'Print this help message and exit'
complete -c hardened -n '__hardened_is policy schema' -s h -l help -d 'Print this help message and exit'
complete -c hardened -n '__hardened_is doctor' -s h -l help -d 'Print this help message and exit'
complete -c hardened -n '__hardened_is doctor' -l facts -d 'as JSON, for `dry-run --host-facts`'
complete -c hardened -n '__hardened_is version' -s h -l help -d 'Print this help message and exit'
complete -c hardened -n '__hardened_is help' -a 'dry-run policy doctor version'
