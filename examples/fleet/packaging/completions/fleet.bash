# Completes the commands and options of fleet.
_fleet() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
  case $previous in
    --configuration | --authority)
      mapfile -t COMPREPLY < <(compgen -f -- "$current")
      return
      ;;
    --control)
      return
      ;;
  esac
  mapfile -t COMPREPLY < <(
    compgen -W 'list status control-version --configuration --control --authority --json --help --version' -- "$current"
  )
}
complete -F _fleet fleet
