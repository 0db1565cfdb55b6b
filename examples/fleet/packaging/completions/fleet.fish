# Completes the commands and options of fleet.
complete -c fleet -f -n __fish_use_subcommand -a list -d 'list every node'
complete -c fleet -f -n __fish_use_subcommand -a status -d 'show one node'
complete -c fleet -f -n __fish_use_subcommand -a control-version -d 'show the version of the control service'
complete -c fleet -l configuration -r -d 'configuration file'
complete -c fleet -l control -x -d 'address of the control service'
complete -c fleet -l authority -r -d 'certificate of the cluster, for https'
complete -c fleet -l json -d 'print JSON instead of a table'
complete -c fleet -l version -d 'print the version'
