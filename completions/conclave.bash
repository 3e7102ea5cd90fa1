# Completion of conclave for bash 4 and newer: what "conclave completion bash" prints.
#
# What has been typed goes through a pipe, where no list of processes shows it. "command conclave" is the
# program in PATH: the first word of the line may be another, and nothing that was only typed is to run.
_conclave_complete() {
  local kind value
  COMPREPLY=()
  {
    IFS= read -r kind || return 0
    while IFS= read -r value; do COMPREPLY+=("$value"); done
  } < <(
    printf '%s\0%s' "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" |
      command conclave __complete bash 2>/dev/null
  )
  # The candidates are quoted already. Readline would leave some of $ and ) in a name as they are.
  case $kind in
    files) compopt -o default ;;
    folders) compopt -o dirnames ;;
  esac
  # Behind a folder, or a flag that takes a value, the word goes on.
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[/=] ]]; then compopt -o nospace; fi
}
complete -F _conclave_complete conclave
