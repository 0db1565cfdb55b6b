#compdef fleet
_arguments \
  '--configuration[configuration file]:file:_files' \
  '--control[address of the control service]:URL:_urls' \
  "--authority[the cluster's certificate, for https]:file:_files" \
  '--json[print JSON instead of a table]' \
  '(- *)--help[explain the command line]' \
  '(- *)--version[print the version]' \
  '1:command:((list\:"list every node" status\:"show one node" control-version\:"show the version of the control service"))' \
  '2:node:'
